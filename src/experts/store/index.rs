//! The search row of an expert: derived from the record, its fields and its publications as they are in the database.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Array, BigInt, Bool, Text, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use super::words::WordCounts;
use super::{BATCH, Entry, fields};
use crate::db::Conn;
use crate::db::schema::{expert_publications, experts};
use crate::experts::duplicates::person::{Person, dois_of, names_of, titles_of};
use crate::experts::keys::{Folds, Lexemes, Place, Word, WordIndex};
use crate::experts::model::{ExpertField, Publication};
use crate::experts::vocabulary::Vocabulary;
use crate::fields::store::{self as field_store, FieldRow};
use crate::kernel::partial_date::PartialDate;
use crate::kernel::problem::Answer;
use crate::kernel::text::fold;

/// PostgreSQL's `tsvector`, by the numbers of its catalogue, which never change.
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 3614, array_oid = 3643))]
pub struct Tsvector;

/// As PostgreSQL reads it.
#[derive(Debug, diesel::expression::AsExpression)]
#[diesel(sql_type = Tsvector)]
struct Words(Vec<u8>);

impl Words {
    /// As `tsvectorrecv` has it: the number of words; each with a zero byte, the number of its positions, and these.
    fn of(lexemes: &Lexemes) -> Self {
        let (mut out, mut count) = (vec![0; 4], 0_u32);
        for (word, positions) in lexemes.each() {
            count += 1;
            out.extend_from_slice(word.as_bytes());
            out.push(0);
            out.extend_from_slice(&u16::try_from(positions.len()).unwrap_or(u16::MAX).to_be_bytes());
            out.extend(positions.iter().flat_map(|lexeme| lexeme.position.to_be_bytes()));
        }
        if let Some(head) = out.first_chunk_mut() {
            *head = count.to_be_bytes();
        }
        Self(out)
    }
}

impl ToSql<Tsvector, Pg> for Words {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.0)?;
        Ok(IsNull::No)
    }
}

/// What a search reads of a record.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = experts)]
struct TextRow {
    id: Uuid,
    full_name: String,
    former_names: Vec<Option<String>>,
    other_names: Vec<Option<String>>,
    specialties: Vec<Option<String>>,
    workplace: Option<String>,
    unit: Option<String>,
    position: Option<String>,
    biography: Option<String>,
    birth_year: Option<i16>,
    workplace_id: Option<Uuid>,
    workplace_key: Option<String>,
}

impl TextRow {
    fn of(entry: &Entry) -> Self {
        let draft = &entry.draft;
        let list = |texts: &[String]| texts.iter().cloned().map(Some).collect();
        Self {
            id: entry.id,
            full_name: draft.name.full.clone(),
            former_names: list(&draft.former_names),
            other_names: list(&draft.other_names),
            specialties: list(&draft.specialties),
            workplace: draft.workplace.clone(),
            unit: draft.unit.clone(),
            position: draft.position.clone(),
            biography: draft.biography.clone(),
            birth_year: draft.restricted.date_of_birth.map(PartialDate::year),
            workplace_id: draft.workplace_id,
            workplace_key: entry.keys.workplace_key.clone(),
        }
    }

    /// The keys by which those are found who may be the same person.
    fn alike(&self, works: &[Work]) -> Vec<i64> {
        let others = self.former_names.iter().chain(&self.other_names).flatten();
        let person = Person {
            names: names_of(&self.full_name, others),
            born: self.birth_year.and_then(|year| PartialDate::new(year, None, None)),
            workplace_id: self.workplace_id,
            workplace: self.workplace_key.clone(),
            dois: dois_of(works.iter().filter_map(|work| work.doi.as_deref())),
            titles: titles_of(works.iter().map(|work| work.title.as_str())),
            ..Person::default()
        };
        person.keys()
    }
}

/// What is read of a publication.
#[derive(Debug)]
struct Work {
    title: String,
    doi: Option<String>,
}

/// Search rows, ready to be written. To make them needs no database, so they can be made aside.
#[derive(Debug, Default)]
pub struct SearchRows {
    people: Vec<Uuid>,
    /// Folded, each once, to be counted.
    counted: Vec<Vec<Word>>,
    /// Folded, by which people are found.
    words: Vec<Words>,
    /// The same with their accents, by which those who are found are ranked.
    accents: Vec<Words>,
    specialties: Vec<String>,
    /// Numbers with commas between them: PostgreSQL's arrays of arrays are rectangles.
    alike: Vec<String>,
}

impl SearchRows {
    /// The rows of new experts with their publications.
    pub fn of(new: &[(Entry, Vec<Publication>)], vocabulary: &Vocabulary, folds: &mut Folds) -> Self {
        let mut rows = Self::default();
        for (entry, publications) in new {
            let topics = topics(&entry.draft.fields, |scheme, code| vocabulary.field(Some(scheme), code));
            let work = |item: &Publication| Work { title: item.title.clone(), doi: item.doi.clone() };
            let works: Vec<Work> = publications.iter().map(work).collect();
            rows.push(&TextRow::of(entry), &topics, &works, folds);
        }
        rows
    }

    fn push(&mut self, row: &TextRow, topics: &BTreeSet<String>, works: &[Work], folds: &mut Folds) {
        let keys: Vec<String> = row.alike(works).iter().map(ToString::to_string).collect();
        self.people.push(row.id);
        self.alike.push(keys.join(","));
        self.specialties.push(keyed(row.specialties.iter().flatten()));
        let WordIndex { folded, accented, .. } = words(row, topics, works, folds);
        self.counted.push(folded.each().map(|(word, _)| Word::clone(word)).collect());
        self.words.push(Words::of(&folded));
        self.accents.push(Words::of(&accented));
    }

    /// Writes them. The rest of a search row follows the record.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn write(&self, tx: &mut Conn) -> Answer<()> {
        const REPLACE: &str =
            "ON CONFLICT (expert_id) DO UPDATE SET words = excluded.words, accents = excluded.accents,
                    specialties = excluded.specialties, alike = excluded.alike, standing = excluded.standing,
                    name_sort = excluded.name_sort, public_profile = excluded.public_profile,
                    agency_search = excluded.agency_search";
        self.put(tx, REPLACE).await.map(|_shown| ())
    }

    /// Writes those of people who are new; their words are added to `counts`, which whoever writes many of them enters at the end.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn write_new(&self, tx: &mut Conn, counts: &mut WordCounts) -> Answer<()> {
        tx.batch_execute("SET LOCAL expert_bank.words_counted = 'on'").await?;
        let shown: HashMap<Uuid, Shown> = self.put(tx, "").await?.into_iter().map(|row| (row.expert_id, row)).collect();
        tx.batch_execute("SET LOCAL expert_bank.words_counted = 'off'").await?;
        for ((id, words), specialties) in self.people.iter().zip(&self.counted).zip(&self.specialties) {
            let Some(shown) = shown.get(id) else { continue };
            counts.add(words, specialties.lines(), shown.agency_search, shown.public_profile);
        }
        Ok(())
    }

    /// `conflict` is an `ON CONFLICT` clause or nothing.
    async fn put(&self, tx: &mut Conn, conflict: &str) -> Answer<Vec<Shown>> {
        let rows = diesel::sql_query(format!(
            "INSERT INTO expert_search
                    (expert_id, words, accents, specialties, alike, standing, name_sort, public_profile, agency_search)
             SELECT e.id, n.words, n.accents, array_remove(string_to_array(n.specialties, E'\\n'), ''),
                    string_to_array(n.alike, ',')::bigint[], e.standing, e.name_sort, e.public_profile, e.agency_search
               FROM unnest($1, $2, $3, $4, $5) n (id, words, accents, specialties, alike) JOIN experts e ON e.id = n.id
             {conflict}
             RETURNING expert_id, agency_search, public_profile",
        ));
        Ok(rows
            .bind::<Array<SqlUuid>, _>(&self.people)
            .bind::<Array<Tsvector>, _>(&self.words)
            .bind::<Array<Tsvector>, _>(&self.accents)
            .bind::<Array<Text>, _>(&self.specialties)
            .bind::<Array<Text>, _>(&self.alike)
            .load(tx)
            .await?)
    }
}

/// Whom a search row is shown to.
#[derive(QueryableByName)]
struct Shown {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
    #[diesel(sql_type = Bool)]
    agency_search: bool,
    #[diesel(sql_type = Bool)]
    public_profile: bool,
}

/// Writes the search rows of experts anew. Call it in the transaction that changed a record, its fields or its publications,
/// after the change (and, where many people come with their consents, after these: their words are counted once).
///
/// # Errors
/// 503 when the database is away.
pub async fn reindex(tx: &mut Conn, ids: &[Uuid]) -> Answer<()> {
    let rows: Vec<TextRow> =
        experts::table.filter(experts::id.eq_any(ids)).select(TextRow::as_select()).load(tx).await?;
    let mut works = works(tx, ids).await?;
    let by_expert = fields(tx, ids).await?;
    let known = field_names(tx, &by_expert).await?;
    let folds = &mut Folds::default();
    let mut written = SearchRows::default();
    for row in rows {
        let fields = by_expert.get(&row.id).map_or(&[][..], Vec::as_slice);
        let topics = topics(fields, |scheme, code| known.get(&(scheme.to_owned(), code.to_owned())));
        written.push(&row, &topics, &works.remove(&row.id).unwrap_or_default(), folds);
    }
    written.write(tx).await
}

fn words(row: &TextRow, topics: &BTreeSet<String>, works: &[Work], folds: &mut Folds) -> WordIndex {
    let mut index = WordIndex::default();
    let names = [&row.former_names, &row.other_names].into_iter().flatten().flatten();
    std::iter::once(&row.full_name).chain(names).for_each(|text| index.add(Place::Name, text, folds));
    row.specialties.iter().flatten().chain(topics).for_each(|text| index.add(Place::Topic, text, folds));
    let work = [&row.workplace, &row.unit, &row.position].into_iter().flatten();
    work.for_each(|text| index.add(Place::Work, text, folds));
    let titles = works.iter().map(|work| &work.title);
    row.biography.iter().chain(titles).for_each(|text| index.add(Place::Text, text, folds));
    index.sorted()
}

/// Specialties as `expert_search` keeps them, one a line: those that are spelled alike but for accents and signs once.
fn keyed<'a>(specialties: impl Iterator<Item = &'a String>) -> String {
    let by_key: BTreeMap<String, &str> =
        specialties.map(|text| (fold(text), text.as_str())).filter(|(key, _)| !key.is_empty()).collect();
    let lines: Vec<String> = by_key.iter().map(|(key, text)| format!("{key}\t{text}")).collect();
    lines.join("\n")
}

/// What a hit may be found by and its card does not show in full.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "named as the columns")]
pub struct Texts {
    pub names: Vec<String>,
    pub biography: Option<String>,
    pub titles: Vec<String>,
}

/// The texts of experts the caller may know of: of those found.
///
/// # Errors
/// 503 when the database is away.
pub async fn searched_texts(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, Texts>> {
    let rows: Vec<TextRow> =
        experts::table.filter(experts::id.eq_any(ids)).select(TextRow::as_select()).load(conn).await?;
    let mut works = works(conn, ids).await?;
    let texts = |row: TextRow| {
        let names = row.former_names.into_iter().chain(row.other_names).flatten().collect();
        let titles = works.remove(&row.id).unwrap_or_default().into_iter().map(|work| work.title).collect();
        (row.id, Texts { names, biography: row.biography, titles })
    };
    Ok(rows.into_iter().map(texts).collect())
}

async fn works(tx: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, Vec<Work>>> {
    let rows: Vec<(Uuid, String, Option<String>)> = expert_publications::table
        .filter(expert_publications::expert_id.eq_any(ids))
        .order((expert_publications::expert_id, expert_publications::ordinal))
        .select((expert_publications::expert_id, expert_publications::title, expert_publications::doi))
        .load(tx)
        .await?;
    let mut works: HashMap<Uuid, Vec<Work>> = HashMap::new();
    for (id, title, doi) in rows {
        works.entry(id).or_default().push(Work { title, doi });
    }
    Ok(works)
}

type FieldNames = HashMap<(String, String), FieldRow>;

async fn field_names(tx: &mut Conn, by_expert: &HashMap<Uuid, Vec<ExpertField>>) -> Answer<FieldNames> {
    let mut codes: Vec<&str> = by_expert.values().flatten().map(|field| field.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let rows = field_store::with_ancestors(tx, &codes).await?;
    Ok(rows.into_iter().map(|row| ((row.scheme.clone(), row.code.clone()), row)).collect())
}

/// The names of the fields of an expert and of those above them. The broadest level says too little ("Khoa học tự nhiên"
/// would match every second person), unless it is all that is known.
fn topics<'a>(fields: &[ExpertField], known: impl Fn(&str, &str) -> Option<&'a FieldRow>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for field in fields {
        let mut next = known(&field.scheme, &field.code);
        while let Some(row) = next {
            if row.level > 1 || row.code == field.code {
                names.insert(row.name_vi.clone());
            }
            next = row.parent_code.as_deref().and_then(|parent| known(&field.scheme, parent));
        }
    }
    names
}

/// Writes the search rows of everybody anew who is in one of these fields, (scheme, code), or under one: they have other
/// names now.
///
/// # Errors
/// 503 when the database is away.
pub async fn reindex_fields(tx: &mut Conn, renamed: &[(String, String)]) -> Answer<()> {
    let (schemes, codes): (Vec<&str>, Vec<&str>) = renamed.iter().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
    let mut last = Uuid::nil();
    loop {
        let rows: Vec<IdRow> = diesel::sql_query(
            "SELECT DISTINCT f.expert_id AS id FROM unnest($1::text[], $2::text[]) r (scheme, code)
               JOIN expert_fields f ON f.scheme = r.scheme AND starts_with(f.code, r.code)
              WHERE f.expert_id > $3 ORDER BY 1 LIMIT $4",
        )
        .bind::<Array<Text>, _>(&schemes)
        .bind::<Array<Text>, _>(&codes)
        .bind::<SqlUuid, _>(last)
        .bind::<BigInt, _>(i64::try_from(BATCH).unwrap_or(i64::MAX))
        .load(tx)
        .await?;
        let ids: Vec<Uuid> = rows.into_iter().map(|row| row.id).collect();
        let Some(end) = ids.last() else { return Ok(()) };
        last = *end;
        reindex(tx, &ids).await?;
    }
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Gives experts without a search row theirs, and those whose row is from an older release a new one, at most this many; how
/// many they were.
///
/// # Errors
/// 503 when the database is away.
pub async fn reindex_missing(tx: &mut Conn, limit: i64) -> Answer<usize> {
    let rows: Vec<IdRow> = diesel::sql_query(
        "SELECT e.id FROM experts e WHERE NOT EXISTS (
            SELECT FROM expert_search s WHERE s.expert_id = e.id AND s.alike IS NOT NULL) LIMIT $1",
    )
    .bind::<BigInt, _>(limit)
    .load(tx)
    .await?;
    let ids: Vec<Uuid> = rows.into_iter().map(|row| row.id).collect();
    if !ids.is_empty() {
        reindex(tx, &ids).await?;
    }
    Ok(ids.len())
}
