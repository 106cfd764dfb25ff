//! Who in the bank may be somebody: found by the keys two alike share, read as people to compare.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::open_restricted;
use crate::db::Conn;
use crate::experts::duplicates::person::{Person, dois_of, names_of, titles_of};
use crate::kernel::partial_date::PartialDate;
use crate::kernel::problem::Answer;
use crate::kernel::sealed::Sealer;
use crate::kernel::text::fold;
use crate::organisations::matching::match_key;

/// Most people of the bank that one is compared with. A key holds a name and a year or a workplace, or a publication; in a
/// bank of 30,000 those who share one are some ten.
const MOST_COMPARED: i32 = 500;

/// A stored person, and what tells people who it is.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as in the record")]
pub struct StoredPerson {
    pub code: String,
    pub full_name: String,
    pub person: Person,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    full_name: String,
    #[diesel(sql_type = Array<Text>)]
    other_names: Vec<String>,
    #[diesel(sql_type = Nullable<diesel::sql_types::SmallInt>)]
    birth_year: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    gender: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    degree: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    workplace: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    workplace_key: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    workplace_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Integer>)]
    province_id: Option<i32>,
    #[diesel(sql_type = Array<Text>)]
    specialties: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    fields: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    dois: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    titles: Vec<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Array<Binary>>)]
    email_hashes: Option<Vec<Vec<u8>>>,
    #[diesel(sql_type = Nullable<Array<Binary>>)]
    phone_hashes: Option<Vec<Vec<u8>>>,
}

impl Row {
    /// The birth date is opened to be compared, and goes nowhere else.
    fn read(self, sealer: &Sealer) -> Answer<StoredPerson> {
        let year = self.birth_year.and_then(|year| PartialDate::new(year, None, None));
        let born = match &self.sealed {
            Some(sealed) => open_restricted(sealer, self.id, sealed)?.date_of_birth,
            None => None,
        };
        let person = Person {
            id: Some(self.id),
            names: names_of(&self.full_name, self.other_names.iter()),
            born: born.or(year),
            gender: self.gender,
            workplace_id: self.workplace_id,
            workplace: self.workplace_key.or_else(|| self.workplace.as_deref().map(match_key)),
            emails: self.email_hashes.unwrap_or_default(),
            phones: self.phone_hashes.unwrap_or_default(),
            dois: dois_of(self.dois.iter().map(String::as_str)),
            titles: titles_of(self.titles.iter().map(String::as_str)),
            degree: self.degree,
            fields: self.fields,
            specialties: self.specialties.iter().map(|text| fold(text)).collect(),
            province: self.province_id,
            distinct: Vec::new(),
        };
        Ok(StoredPerson { code: self.code, full_name: self.full_name, person })
    }
}

/// Stored people as values to compare, by id.
///
/// # Errors
/// 503 when the database is away.
pub async fn stored_people(conn: &mut Conn, sealer: &Sealer, ids: &[Uuid]) -> Answer<HashMap<Uuid, StoredPerson>> {
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT e.id, e.code, e.full_name, e.former_names || e.other_names AS other_names, e.birth_year, e.gender, e.degree,
                e.workplace, e.workplace_key, e.workplace_id, e.province_id, e.specialties,
                ARRAY(SELECT f.code FROM expert_fields f WHERE f.expert_id = e.id ORDER BY f.ordinal) AS fields,
                ARRAY(SELECT p.doi FROM expert_publications p WHERE p.expert_id = e.id AND p.doi IS NOT NULL
                       ORDER BY p.ordinal) AS dois,
                ARRAY(SELECT p.title FROM expert_publications p WHERE p.expert_id = e.id ORDER BY p.ordinal) AS titles,
                r.sealed, r.email_hashes, r.phone_hashes
           FROM experts e LEFT JOIN expert_restricted r ON r.expert_id = e.id WHERE e.id = ANY($1)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)
    .await?;
    rows.into_iter().map(|row| Ok((row.id, row.read(sealer)?))).collect()
}

#[derive(QueryableByName)]
struct Met {
    #[diesel(sql_type = Integer)]
    at: i32,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Who in the bank shares a key or an e-mail address with people, each by its place among these; pairs that somebody said
/// are two people are left out.
///
/// # Errors
/// 503 when the database is away.
pub async fn meet(conn: &mut Conn, people: &[Person]) -> Answer<Vec<Vec<Uuid>>> {
    let (mut at, mut keys) = (Vec::new(), Vec::new());
    let (mut of, mut emails) = (Vec::new(), Vec::new());
    let mut ids = Vec::with_capacity(people.len());
    for (place, person) in (0_i32..).zip(people) {
        for key in person.keys() {
            at.push(place);
            keys.push(key);
        }
        for email in &person.emails {
            of.push(place);
            emails.push(email.clone());
        }
        ids.push(person.id.unwrap_or_default());
    }
    // those who share most first, then the newest: whoever is new meets who came shortly before, however large the block is
    let rows: Vec<Met> = diesel::sql_query(
        "WITH shared AS (
             SELECT a.at, s.expert_id AS id, row_number() OVER (PARTITION BY a.at ORDER BY count(*) DESC, s.expert_id DESC) AS rank
               FROM unnest($1::int[], $2::bigint[]) a (at, key) JOIN expert_search s ON s.alike @> ARRAY[a.key]
              GROUP BY a.at, s.expert_id),
              met AS (
             SELECT at, id FROM shared WHERE rank <= $6
              UNION
             SELECT a.at, r.expert_id FROM unnest($3::int[], $4::bytea[]) a (at, email)
               JOIN expert_restricted r ON r.email_hashes @> ARRAY[a.email])
         SELECT m.at, m.id FROM met m
           JOIN unnest($5::uuid[]) WITH ORDINALITY asker (id, place) ON asker.place = m.at + 1
          WHERE m.id <> asker.id AND NOT EXISTS (
                SELECT FROM expert_distinctions d
                 WHERE d.one_id = least(m.id, asker.id) AND d.other_id = greatest(m.id, asker.id))
          ORDER BY m.at, m.id",
    )
    .bind::<Array<Integer>, _>(&at)
    .bind::<Array<BigInt>, _>(&keys)
    .bind::<Array<Integer>, _>(&of)
    .bind::<Array<Binary>, _>(&emails)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Integer, _>(MOST_COMPARED)
    .load(conn)
    .await?;
    let mut met = vec![Vec::new(); people.len()];
    for row in rows {
        let place = usize::try_from(row.at).unwrap_or(usize::MAX);
        if let Some((found, person)) = met.get_mut(place).zip(people.get(place))
            && !person.distinct.contains(&row.id)
        {
            found.push(row.id);
        }
    }
    Ok(met)
}
