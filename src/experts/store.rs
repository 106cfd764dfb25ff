//! All SQL of experts but the search.

mod availability;
mod consents;
mod counts;
mod publications;
mod search;
mod sources;
mod workplaces;

pub use availability::{add_period, delete_period, find_period, overlapping, periods, update_period};
pub use consents::{ConsentRow, find_consent, insert_consents, latest_consents, list_consents, standing_withdrawal};
pub use counts::{FieldCounts, GroupCounts, count_fields, count_groups};
pub use publications::{
    add_publication, delete_publication, find_publication, publications, publications_page, put_publications,
    update_publication,
};
pub use search::{Hit, Order, SearchSql, SeekKey, run as search};
pub use sources::{SourceRow, put_sources, source_ids, sources};
pub use workplaces::{
    AfterWorkplace, OpenWorkplace, assign_workplace, open_workplaces, people_at, set_workplace_keys,
    without_workplace_key,
};

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::keys::Keys;
use super::model::{Draft, ExpertField, Restricted};
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::db::schema::{expert_fields, expert_restricted, experts};
use crate::kernel::clock::now;
use crate::kernel::name::PersonName;
use crate::kernel::problem::{Answer, Problem, on_constraint};
use crate::kernel::sealed::Sealer;
use crate::say;

/// Rows inserted in one statement; an expert has some 25 columns and PostgreSQL allows 65,535 parameters.
const BATCH: usize = 1_000;

/// A stored profile.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = experts)]
#[expect(missing_docs, reason = "columns")]
pub struct ProfileRow {
    pub id: Uuid,
    pub code: String,
    pub version: i64,
    pub status: String,
    pub full_name: String,
    pub family_name: Option<String>,
    pub middle_name: Option<String>,
    pub given_name: String,
    pub gender: Option<String>,
    pub birth_year: Option<i16>,
    pub academic_rank: Option<String>,
    pub degree: Option<String>,
    pub other_titles: Vec<Option<String>>,
    pub position: Option<String>,
    pub workplace: Option<String>,
    pub workplace_id: Option<Uuid>,
    pub province_id: Option<i32>,
    pub specialties: Vec<Option<String>>,
    pub languages: Vec<Option<String>>,
    pub publications_count: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl ProfileRow {
    /// The draft this row was stored from.
    pub fn into_draft(self, fields: Vec<ExpertField>, restricted: Restricted) -> Draft {
        Draft {
            name: PersonName {
                full: self.full_name,
                family: self.family_name,
                middle: self.middle_name,
                given: self.given_name,
            },
            academic_rank: self.academic_rank,
            degree: self.degree,
            other_titles: self.other_titles.into_iter().flatten().collect(),
            gender: self.gender,
            position: self.position,
            workplace: self.workplace,
            workplace_id: self.workplace_id,
            province_id: self.province_id,
            fields,
            specialties: self.specialties.into_iter().flatten().collect(),
            languages: self.languages.into_iter().flatten().collect(),
            publications_count: self.publications_count,
            restricted,
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = experts, treat_none_as_null = true)]
struct WriteRow<'a> {
    id: Uuid,
    full_name: &'a str,
    family_name: Option<&'a str>,
    middle_name: Option<&'a str>,
    given_name: &'a str,
    name_sort: &'a [u8],
    gender: Option<&'a str>,
    birth_year: Option<i16>,
    academic_rank: Option<&'a str>,
    degree: Option<&'a str>,
    other_titles: &'a [String],
    position: Option<&'a str>,
    workplace: Option<&'a str>,
    workplace_id: Option<Uuid>,
    workplace_key: Option<&'a str>,
    province_id: Option<i32>,
    specialties: &'a [String],
    languages: &'a [String],
    publications_count: Option<i32>,
    standing: i16,
    name_key: &'a str,
    topic_key: &'a str,
    work_key: &'a str,
    search_key: &'a str,
    accent_key: &'a str,
    updated_at: DateTime<Utc>,
}

/// A draft with its id and derived keys.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The expert.
    pub id: Uuid,
    /// The profile.
    pub draft: Draft,
    /// Its search keys.
    pub keys: Keys,
}

impl Entry {
    fn row(&self) -> WriteRow<'_> {
        use chrono::Datelike;
        let Self { id, draft, keys } = self;
        let year = draft.restricted.date_of_birth.and_then(|date| i16::try_from(date.year()).ok());
        WriteRow {
            id: *id,
            full_name: &draft.name.full,
            family_name: draft.name.family.as_deref(),
            middle_name: draft.name.middle.as_deref(),
            given_name: &draft.name.given,
            name_sort: &keys.name_sort,
            gender: draft.gender.as_deref(),
            birth_year: year,
            academic_rank: draft.academic_rank.as_deref(),
            degree: draft.degree.as_deref(),
            other_titles: &draft.other_titles,
            position: draft.position.as_deref(),
            workplace: draft.workplace.as_deref(),
            workplace_id: draft.workplace_id,
            workplace_key: keys.workplace_key.as_deref(),
            province_id: draft.province_id,
            specialties: &draft.specialties,
            languages: &draft.languages,
            publications_count: draft.publications_count,
            standing: keys.standing,
            name_key: &keys.name_key,
            topic_key: &keys.topic_key,
            work_key: &keys.work_key,
            search_key: &keys.search_key,
            accent_key: &keys.accent_key,
            updated_at: now(),
        }
    }
}

/// Which experts exist for a caller.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<experts::table, Pg, SqlType = Bool>> {
    let living = experts::status.ne_all(["left", "deceased"]);
    let own = experts::id.eq(scope.actor.expert_id().unwrap_or_default());
    match scope.reach {
        Reach::All => Box::new(diesel::dsl::sql::<Bool>("true")),
        Reach::Public => Box::new(experts::public_profile.and(living)),
        Reach::Agencies => Box::new(experts::agency_search.and(living)),
        Reach::Own => Box::new(own),
        Reach::PublicAndOwn => Box::new(experts::public_profile.and(living).or(own)),
        Reach::No => Box::new(diesel::dsl::sql::<Bool>("false")),
    }
}

/// An expert by id or by code (`CG-000123`).
fn by_key(key: &str) -> Box<dyn BoxableExpression<experts::table, Pg, SqlType = Bool>> {
    match key.parse::<Uuid>() {
        Ok(id) => Box::new(experts::id.eq(id)),
        Err(_no_uuid) => Box::new(experts::code.eq(key.to_ascii_uppercase())),
    }
}

/// Finds an expert among those the caller may know of.
pub async fn find(conn: &mut Conn, scope: &Scope, key: &str) -> Answer<ProfileRow> {
    let query = experts::table.filter(visible(scope)).filter(by_key(key));
    Ok(query.select(ProfileRow::as_select()).first(conn).await?)
}

/// Finds and locks an expert until the transaction ends.
pub async fn lock(tx: &mut Conn, scope: &Scope, key: &str) -> Answer<ProfileRow> {
    let query = experts::table.filter(visible(scope)).filter(by_key(key));
    Ok(query.select(ProfileRow::as_select()).for_update().first(tx).await?)
}

/// Profiles by id, of those the caller may know of, in any order.
pub async fn by_ids(conn: &mut Conn, scope: &Scope, ids: &[Uuid]) -> Answer<HashMap<Uuid, ProfileRow>> {
    let rows: Vec<ProfileRow> = experts::table
        .filter(visible(scope))
        .filter(experts::id.eq_any(ids))
        .select(ProfileRow::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The fields of experts, in their order.
pub async fn fields(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, Vec<ExpertField>>> {
    let rows: Vec<(Uuid, String, String, bool)> = expert_fields::table
        .filter(expert_fields::expert_id.eq_any(ids))
        .order((expert_fields::expert_id, expert_fields::ordinal))
        .select((expert_fields::expert_id, expert_fields::scheme, expert_fields::code, expert_fields::main))
        .load(conn)
        .await?;
    let mut fields: HashMap<Uuid, Vec<ExpertField>> = HashMap::new();
    for (id, scheme, code, main) in rows {
        fields.entry(id).or_default().push(ExpertField { scheme, code, main });
    }
    Ok(fields)
}

fn reference_fault(error: diesel::result::Error) -> Problem {
    on_constraint(error, "experts_workplace_id_fkey", || {
        Problem::field(
            "/workplace_id",
            "unknown_reference",
            say!(
                "Không có tổ chức này; xem GET /api/v1/organisations.",
                "There is no such organisation; see GET /api/v1/organisations.",
            ),
        )
    })
}

/// Inserts new experts with fields and restricted data.
pub async fn insert(tx: &mut Conn, sealer: &Sealer, entries: &[Entry]) -> Answer<()> {
    for chunk in entries.chunks(BATCH) {
        let rows: Vec<WriteRow<'_>> = chunk.iter().map(Entry::row).collect();
        diesel::insert_into(experts::table).values(rows).execute(tx).await.map_err(reference_fault)?;
        insert_fields(tx, chunk).await?;
        put_restricted(tx, sealer, chunk).await?;
    }
    Ok(())
}

/// Replaces a stored profile and counts its version up; returns the row as it is now.
pub async fn update(tx: &mut Conn, sealer: &Sealer, entry: &Entry) -> Answer<ProfileRow> {
    diesel::update(experts::table.find(entry.id))
        .set((entry.row(), experts::version.eq(experts::version + 1)))
        .execute(tx)
        .await
        .map_err(reference_fault)?;
    diesel::delete(expert_fields::table.filter(expert_fields::expert_id.eq(entry.id))).execute(tx).await?;
    let entries = std::slice::from_ref(entry);
    insert_fields(tx, entries).await?;
    put_restricted(tx, sealer, entries).await?;
    Ok(experts::table.find(entry.id).select(ProfileRow::as_select()).first(tx).await?)
}

async fn insert_fields(tx: &mut Conn, entries: &[Entry]) -> Answer<()> {
    let rows: Vec<_> = entries
        .iter()
        .flat_map(|entry| entry.draft.fields.iter().zip(0_i16..).map(move |(field, at)| (entry.id, field, at)))
        .map(|(id, field, at)| {
            (
                expert_fields::expert_id.eq(id),
                expert_fields::ordinal.eq(at),
                expert_fields::scheme.eq(&field.scheme),
                expert_fields::code.eq(&field.code),
                expert_fields::main.eq(field.main),
            )
        })
        .collect();
    for chunk in rows.chunks(BATCH) {
        diesel::insert_into(expert_fields::table).values(chunk).execute(tx).await?;
    }
    Ok(())
}

fn restricted_context(id: Uuid) -> String {
    format!("expert_restricted/{id}")
}

/// Seals and stores restricted data; an empty one is not kept.
async fn put_restricted(tx: &mut Conn, sealer: &Sealer, entries: &[Entry]) -> Answer<()> {
    let mut empty = Vec::new();
    let mut rows = Vec::new();
    for entry in entries {
        let restricted = &entry.draft.restricted;
        if restricted.is_empty() {
            empty.push(entry.id);
            continue;
        }
        let plain = serde_json::to_vec(restricted).map_err(Problem::internal)?;
        let hash = |purpose, value: &Option<String>| -> Vec<Vec<u8>> {
            value.iter().map(|value| sealer.keyed_hash(purpose, value)).collect()
        };
        rows.push((
            expert_restricted::expert_id.eq(entry.id),
            expert_restricted::sealed
                .eq(sealer.seal(&restricted_context(entry.id), &plain).map_err(Problem::internal)?),
            expert_restricted::email_hashes.eq(hash("email", &restricted.email)),
            expert_restricted::phone_hashes.eq(hash("phone", &restricted.phone)),
        ));
    }
    let gone = expert_restricted::table.filter(expert_restricted::expert_id.eq_any(&empty));
    diesel::delete(gone).execute(tx).await?;
    use diesel::upsert::excluded;
    diesel::insert_into(expert_restricted::table)
        .values(rows)
        .on_conflict(expert_restricted::expert_id)
        .do_update()
        .set((
            expert_restricted::sealed.eq(excluded(expert_restricted::sealed)),
            expert_restricted::email_hashes.eq(excluded(expert_restricted::email_hashes)),
            expert_restricted::phone_hashes.eq(excluded(expert_restricted::phone_hashes)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Opens the restricted data of an expert; whoever shows it records a disclosure first.
pub async fn restricted(conn: &mut Conn, sealer: &Sealer, id: Uuid) -> Answer<Restricted> {
    let sealed: Option<Vec<u8>> =
        expert_restricted::table.find(id).select(expert_restricted::sealed).first(conn).await.optional()?;
    let Some(sealed) = sealed else { return Ok(Restricted::default()) };
    let plain = sealer.open(&restricted_context(id), &sealed).map_err(Problem::internal)?;
    serde_json::from_slice(&plain).map_err(Problem::internal)
}

/// Sets the state of experts.
pub async fn set_status(tx: &mut Conn, ids: &[Uuid], status: &str) -> Answer<()> {
    let rows = experts::table.filter(experts::id.eq_any(ids));
    diesel::update(rows)
        .set((experts::status.eq(status), experts::version.eq(experts::version + 1)))
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts an expert's version up after a change beside the profile itself (publications, availability), and returns it.
/// What is derived of the whole record is derived here.
pub async fn changed(tx: &mut Conn, id: Uuid) -> Answer<i64> {
    Ok(diesel::update(experts::table.find(id))
        .set((experts::version.eq(experts::version + 1), experts::updated_at.eq(now())))
        .returning(experts::version)
        .get_result(tx)
        .await?)
}
