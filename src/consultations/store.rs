//! All SQL of consultations.

mod calendar;
mod files;
mod list;

pub use calendar::{PROVISIONAL, calendar, keep_year, put_days, version_of_year, years};
pub use files::{add_file, bytes_of, drop_chunks, find_file, put_chunk, remove_file, sweep_chunks};
pub use list::{Asked, Condition, Facet, FacetRow, ListSql, Listed, Sort, count, facet, list};

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use super::clock::Clock;
use super::model::{Case, Contact, DrafterRow, FieldCode, MoveRow, Row};
use super::policy::FileConsultation;
use crate::access::actor::Role;
use crate::access::permit::Scope;
use crate::access::policy::{Policy, Reach};
use crate::db::{Conn, bulk};
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sealed::Sealer;

/// Which consultations exist for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The organisation whose own these are; none for all.
    pub own: Option<Uuid>,
    /// The expert whose panels these are; with it, `own` is nobody's.
    pub panelist: Option<Uuid>,
    /// Whether drafts are among them, and what was withdrawn as one.
    pub drafts: bool,
    /// The day by which organisations took the place of others.
    pub today: NaiveDate,
}

impl Seen {
    /// Those of a scope. Who acts for no asker owns none: an expert sees those they sit on the panel of, wherever they work.
    pub fn by(scope: &Scope, today: NaiveDate) -> Self {
        let asks = matches!(scope.actor.role(), Some(Role::Agency | Role::ScienceDept));
        let office = scope.actor.organisation_id().filter(|_| asks);
        let own = (scope.reach != Reach::All).then(|| office.unwrap_or_default());
        let is_expert = scope.actor.role() == Some(Role::Expert);
        let panelist = scope.actor.expert_id().filter(|_| is_expert && scope.reach == Reach::Own);
        Self { own, panelist, drafts: FileConsultation::RULE.reach_of(&scope.actor) != Reach::No, today }
    }
}

/// What was sent in: no draft, nor one that was withdrawn as a draft.
const SENT: &str = "(c.state <> 'draft' AND (c.state <> 'withdrawn' OR EXISTS (
    SELECT FROM consultation_moves s WHERE s.consultation_id = c.id AND s.to_state = 'submitted')))";

/// Those on whose panel an expert sits, once they were asked: before, an officer tries names.
const PANELS: &str = "(SELECT p.consultation_id FROM panel_members p WHERE p.expert_id = $5 AND p.rank = 0
    AND p.asked_at IS NOT NULL AND p.state IN ('chosen', 'invited', 'accepted'))";

/// An organisation and those whose place it took: whose files its office keeps.
const OWN: &str =
    "(SELECT $2::uuid UNION ALL SELECT ancestor_id FROM organisation_heirs WHERE heir_id = $2 AND since <= $3)";

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Answer<T> {
    serde_json::from_str(json).map_err(Problem::internal)
}

/// The organisations an office acts for: itself and those whose place it took.
pub async fn askers(conn: &mut Conn, organisation: Option<Uuid>, today: NaiveDate) -> Answer<Vec<Uuid>> {
    let Some(own) = organisation else { return Ok(Vec::new()) };
    let rows: Vec<Id> = diesel::sql_query(
        "SELECT $1 AS id UNION SELECT ancestor_id FROM organisation_heirs WHERE heir_id = $1 AND since <= $2",
    )
    .bind::<SqlUuid, _>(own)
    .bind::<Date, _>(today)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A consultation that exists for a caller, with what is kept beside it.
///
/// # Errors
/// 404 for any other.
pub async fn find(conn: &mut Conn, seen: Seen, id: Uuid) -> Answer<Case> {
    let sql = format!(
        "SELECT json_build_object(
                'row', row_to_json(c),
                'fields', (SELECT coalesce(json_agg(f ORDER BY f.ordinal), '[]') FROM consultation_fields f
                            WHERE f.consultation_id = c.id),
                'drafters', (SELECT coalesce(json_agg(d ORDER BY d.ordinal), '[]') FROM consultation_drafters d
                              WHERE d.consultation_id = c.id),
                'moves', (SELECT coalesce(json_agg(m ORDER BY m.ordinal), '[]') FROM consultation_moves m
                           WHERE m.consultation_id = c.id),
                'files', (SELECT coalesce(json_agg(json_build_object(
                              'id', a.id, 'consultation_id', a.consultation_id, 'kind', a.kind, 'name', a.name,
                              'media_type', a.media_type, 'bytes', a.bytes, 'sha256', encode(a.sha256, 'hex'),
                              'by_union', a.by_union, 'internal', a.internal, 'created_at', a.created_at) ORDER BY a.id), '[]')
                            FROM consultation_files a
                           WHERE a.consultation_id = c.id AND a.opinion_id IS NULL AND ($2 IS NULL OR NOT a.internal)))::text AS json
           FROM consultations c
          WHERE c.id = $1 AND ($2 IS NULL OR c.asker_id IN {OWN} OR c.id IN {PANELS}) AND ($4 OR {SENT})"
    );
    let row: Json = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(id)
        .bind::<Nullable<SqlUuid>, _>(seen.own)
        .bind::<Date, _>(seen.today)
        .bind::<Bool, _>(seen.drafts)
        .bind::<Nullable<SqlUuid>, _>(seen.panelist)
        .get_result(conn)
        .await?;
    read(&row.json)
}

/// As [`find`], locked until the transaction ends.
///
/// # Errors
/// As there.
pub async fn lock(tx: &mut Conn, seen: Seen, id: Uuid) -> Answer<Case> {
    // what does not exist for the caller is not waited for
    let sql = format!(
        "SELECT c.id FROM consultations c
          WHERE c.id = $1 AND ($2 IS NULL OR c.asker_id IN {OWN} OR c.id IN {PANELS}) AND ($4 OR {SENT}) FOR UPDATE OF c"
    );
    let _: Id = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(id)
        .bind::<Nullable<SqlUuid>, _>(seen.own)
        .bind::<Date, _>(seen.today)
        .bind::<Bool, _>(seen.drafts)
        .bind::<Nullable<SqlUuid>, _>(seen.panelist)
        .get_result(tx)
        .await?;
    find(tx, seen, id).await
}

/// Keeps a consultation from being written until the transaction ends.
///
/// # Errors
/// 503 when the database is away.
pub async fn hold(tx: &mut Conn, id: Uuid) -> Answer<()> {
    diesel::sql_query("SELECT FROM consultations WHERE id = $1 FOR UPDATE").bind::<SqlUuid, _>(id).execute(tx).await?;
    Ok(())
}

async fn put<R: Serialize>(tx: &mut Conn, table: &'static str, rows: &[R], conflict: &'static str) -> Answer<()> {
    Ok(bulk::insert(tx, table, rows, conflict).await?)
}

/// Enters a consultation, or writes it anew and counts its version up.
pub async fn put_row(tx: &mut Conn, row: &Row) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET version = consultations.version + 1, updated_at = now(), \
        kind = excluded.kind, origin = excluded.origin, state = excluded.state, authority_id = excluded.authority_id, \
        authority_name = excluded.authority_name, object = excluded.object, title = excluded.title, \
        summary = excluded.summary, questions = excluded.questions, letter = excluded.letter, \
        letter_key = excluded.letter_key, letter_year = excluded.letter_year, \
        letter_issuer = excluded.letter_issuer, agreed_after = excluded.agreed_after, decision_on = excluded.decision_on, \
        wanted_by = excluded.wanted_by, agreed_by = excluded.agreed_by, urgency = excluded.urgency, \
        short_time = excluded.short_time, funding = excluded.funding, no_state_secrets = excluded.no_state_secrets, \
        lead_id = excluded.lead_id, register_number = excluded.register_number, \
        decision_document = excluded.decision_document, asked_anew_on = excluded.asked_anew_on";
    put(tx, "consultations", std::slice::from_ref(row), SET).await
}

#[derive(Serialize)]
struct FieldRow<'a> {
    consultation_id: Uuid,
    ordinal: i16,
    scheme: &'a str,
    code: &'a str,
}

/// Replaces the fields.
pub async fn put_fields(tx: &mut Conn, id: Uuid, fields: &[FieldCode]) -> Answer<()> {
    let gone = diesel::sql_query("DELETE FROM consultation_fields WHERE consultation_id = $1");
    gone.bind::<SqlUuid, _>(id).execute(tx).await?;
    let rows = fields.iter().zip(0_i16..).map(|(field, ordinal)| FieldRow {
        consultation_id: id,
        ordinal,
        scheme: &field.scheme,
        code: &field.code,
    });
    put(tx, "consultation_fields", &rows.collect::<Vec<_>>(), "").await
}

/// Replaces the drafters.
pub async fn put_drafters(tx: &mut Conn, id: Uuid, rows: &[DrafterRow]) -> Answer<()> {
    let gone = diesel::sql_query("DELETE FROM consultation_drafters WHERE consultation_id = $1");
    gone.bind::<SqlUuid, _>(id).execute(tx).await?;
    put(tx, "consultation_drafters", rows, "").await
}

fn contact_context(id: Uuid) -> String {
    format!("consultation_contacts/{id}")
}

/// Replaces the contact person.
pub async fn put_contact(tx: &mut Conn, sealer: &Sealer, id: Uuid, contact: Option<&Contact>) -> Answer<()> {
    let gone = diesel::sql_query("DELETE FROM consultation_contacts WHERE consultation_id = $1");
    gone.bind::<SqlUuid, _>(id).execute(tx).await?;
    let Some(contact) = contact else { return Ok(()) };
    let plain = serde_json::to_vec(contact).map_err(Problem::internal)?;
    let sealed = sealer.seal(&contact_context(id), &plain).map_err(Problem::internal)?;
    let entered = diesel::sql_query("INSERT INTO consultation_contacts (consultation_id, sealed) VALUES ($1, $2)");
    entered.bind::<SqlUuid, _>(id).bind::<diesel::sql_types::Binary, _>(sealed).execute(tx).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Sealed {
    #[diesel(sql_type = diesel::sql_types::Binary)]
    sealed: Vec<u8>,
}

/// The contact person.
pub async fn contact(conn: &mut Conn, sealer: &Sealer, id: Uuid) -> Answer<Option<Contact>> {
    let rows = diesel::sql_query("SELECT sealed FROM consultation_contacts WHERE consultation_id = $1");
    let rows: Vec<Sealed> = rows.bind::<SqlUuid, _>(id).load(conn).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let plain = sealer.open(&contact_context(id), &row.sealed).map_err(Problem::internal)?;
    serde_json::from_slice(&plain).map(Some).map_err(Problem::internal)
}

/// Whether there is a contact person.
pub async fn has_contact(conn: &mut Conn, id: Uuid) -> Answer<bool> {
    let sql = "SELECT count(*) AS n FROM consultation_contacts WHERE consultation_id = $1";
    let row: Number = diesel::sql_query(sql).bind::<SqlUuid, _>(id).get_result(conn).await?;
    Ok(row.n > 0)
}

/// Enters a move.
pub async fn add_move(tx: &mut Conn, row: &MoveRow) -> Answer<()> {
    put(tx, "consultation_moves", std::slice::from_ref(row), "").await
}

/// The next number of a series in a year. The series stays locked until the transaction ends: when it rolls back, the number was
/// never given.
pub async fn next_number(tx: &mut Conn, series: &str, year: i32) -> Answer<String> {
    let row: Number = diesel::sql_query(
        "INSERT INTO consultation_series (series, year, last) VALUES ($1, $2, 1)
         ON CONFLICT (series, year) DO UPDATE SET last = consultation_series.last + 1 RETURNING last::bigint AS n",
    )
    .bind::<Text, _>(series)
    .bind::<Integer, _>(year)
    .get_result(tx)
    .await?;
    Ok(format!("{series}-{year}-{:04}", row.n))
}

/// Keeps what lists ask for.
pub async fn put_index(tx: &mut Conn, id: Uuid, clock: &Clock, (version, told): (i64, i64), words: &str) -> Answer<()> {
    diesel::sql_query(
        "INSERT INTO consultation_index (consultation_id, step, due_key, report_due_on, left_when_stopped, calendar_version,
                                         search_key, told)
         VALUES ($1, $2, coalesce($3, '9999-12-31'), $4, $5, $6, $7, $8)
         ON CONFLICT (consultation_id) DO UPDATE SET step = excluded.step, due_key = excluded.due_key,
            report_due_on = excluded.report_due_on, left_when_stopped = excluded.left_when_stopped, told = excluded.told,
            calendar_version = excluded.calendar_version, search_key = excluded.search_key",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<Text>, _>(clock.step.map(|step| step.as_str()))
    .bind::<Nullable<Date>, _>(clock.due_on)
    .bind::<Nullable<Date>, _>(clock.report_due_on)
    .bind::<Nullable<BigInt>, _>(clock.left_when_stopped)
    .bind::<BigInt, _>(version)
    .bind::<Text, _>(words)
    .bind::<BigInt, _>(told)
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Renames {
    #[diesel(sql_type = SqlUuid)]
    consultation_id: Uuid,
    #[diesel(sql_type = BigInt)]
    renames: i64,
}

/// How often the names of the askers of consultations changed.
pub async fn renames(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, i64>> {
    let sql = "SELECT consultation_id, renames FROM consultation_index WHERE consultation_id = ANY ($1)";
    let rows: Vec<Renames> = diesel::sql_query(sql).bind::<Array<SqlUuid>, _>(ids).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.consultation_id, row.renames)).collect())
}

/// Whether any consultation waits for something and was reckoned by an earlier calendar, or its asker got another name.
pub async fn is_behind(conn: &mut Conn) -> Answer<bool> {
    let row: Number = diesel::sql_query(
        "SELECT count(*) AS n FROM (
            (SELECT 1 FROM consultation_index WHERE step IS NOT NULL
                AND calendar_version < (SELECT sum(version) FROM calendar_years) LIMIT 1)
            UNION ALL (SELECT 1 FROM consultation_index WHERE renames <> told LIMIT 1)) late",
    )
    .get_result(conn)
    .await?;
    Ok(row.n > 0)
}

/// Consultations that wait for something and were reckoned by an earlier calendar, or whose asker got another name: some of them,
/// with their moves; locked unless somebody holds them, who then tells lists anew.
pub async fn reckoned_otherwise(tx: &mut Conn, version: i64, limit: i64) -> Answer<Vec<(Row, Vec<MoveRow>)>> {
    let locked: Vec<Id> = diesel::sql_query(
        "SELECT c.id FROM consultations c
          WHERE c.id IN ((SELECT consultation_id FROM consultation_index
                           WHERE step IS NOT NULL AND calendar_version < $1 LIMIT $2)
                         UNION ALL (SELECT consultation_id FROM consultation_index WHERE renames <> told LIMIT $2))
          ORDER BY c.id
            FOR UPDATE SKIP LOCKED",
    )
    .bind::<BigInt, _>(version)
    .bind::<BigInt, _>(limit)
    .load(tx)
    .await?;
    // apart: the moves are read as they are now that nobody else makes one
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT json_build_array(row_to_json(c), (SELECT coalesce(json_agg(m ORDER BY m.ordinal), '[]')
                  FROM consultation_moves m WHERE m.consultation_id = c.id))::text AS json
           FROM consultations c WHERE c.id = ANY ($1) ORDER BY c.id",
    )
    .bind::<Array<SqlUuid>, _>(locked.into_iter().map(|row| row.id).collect::<Vec<_>>())
    .load(tx)
    .await?;
    rows.iter().map(|row| read(&row.json)).collect()
}

/// The earliest other request whose letter has this number and year and, as far as that is said, this issuer: of the same asker,
/// and of any for who sees all.
pub async fn letter_twin(conn: &mut Conn, row: &Row, all: bool) -> Answer<Option<Uuid>> {
    let Some((key, year)) = row.letter_key.as_ref().zip(row.letter_year) else { return Ok(None) };
    let rows: Vec<Id> = diesel::sql_query(
        "SELECT id FROM consultations WHERE letter_year = $1 AND letter_key = $2 AND id <> $3
            AND ((asker_id = $4 AND coalesce(letter_issuer = $5, true)) OR ($6 AND letter_issuer = $5))
          ORDER BY id LIMIT 1",
    )
    .bind::<Integer, _>(year)
    .bind::<Text, _>(key)
    .bind::<SqlUuid, _>(row.id)
    .bind::<SqlUuid, _>(row.asker_id)
    .bind::<Nullable<Text>, _>(row.letter_issuer.as_ref())
    .bind::<Bool, _>(all)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next().map(|row| row.id))
}

#[derive(QueryableByName)]
struct Person {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    display_name: String,
    #[diesel(sql_type = Bool)]
    works_here: bool,
}

/// The names of accounts, and whether they are of the Union and enabled.
pub async fn people(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, (String, bool)>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Person> = diesel::sql_query(
        "SELECT id, display_name, role IN ('union_officer', 'union_leader') AND disabled_at IS NULL AS works_here
           FROM accounts WHERE id = ANY ($1)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, (row.display_name, row.works_here))).collect())
}
