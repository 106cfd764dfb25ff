//! All SQL of associations.

mod standing;

pub use super::filter::Filter;
pub use standing::{FittingSql, Standing, StandingSql, fitting, living, standing};

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::model::{
    AssociationField, CharterRow, CongressRow, CountRow, ExtensionRow, OfficerRow, Record, Registry, ReportRow,
    RequestRow, SpecialRow, StateRow, TermRow, UnionRow,
};
use crate::db::{Conn, bulk};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

/// All that is kept of some associations, as JSON, one a row.
#[derive(Debug)]
pub struct WholeSql {
    ids: Vec<Uuid>,
}

impl WholeSql {
    /// Of these.
    pub const fn of(ids: Vec<Uuid>) -> Self {
        Self { ids }
    }
}

/// Name in the JSON, table, order.
const LISTS: [(&str, &str, &str); 11] = [
    ("fields", "association_fields", "NOT t.main, t.scheme, t.code"),
    ("states", "association_states", "t.valid_from NULLS FIRST"),
    ("special_statuses", "association_special_statuses", "t.valid_from"),
    ("charters", "association_charters", "t.valid_from"),
    ("terms", "association_terms", "t.valid_from"),
    ("extensions", "association_extensions", "t.until"),
    ("congresses", "association_congresses", "t.held_from, t.id"),
    ("officers", "association_officers", "t.valid_from, t.id"),
    ("unions", "union_memberships", "t.valid_from NULLS FIRST"),
    ("counts", "association_counts", "t.year, t.kind"),
    ("reports", "association_reports", "t.year"),
];

impl QueryFragment<Pg> for WholeSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT json_build_object('record', row_to_json(a)");
        for (name, table, order) in LISTS {
            out.push_sql(", '");
            out.push_sql(name);
            out.push_sql("', (SELECT coalesce(json_agg(t ORDER BY ");
            out.push_sql(order);
            out.push_sql("), '[]') FROM ");
            out.push_sql(table);
            out.push_sql(" t WHERE t.organisation_id = a.organisation_id)");
        }
        out.push_sql(")::text FROM associations a WHERE a.organisation_id = ANY (");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for WholeSql {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for WholeSql {
    type SqlType = Text;
}

/// All that is kept of some associations, in any order.
pub async fn registries(conn: &mut Conn, ids: Vec<Uuid>) -> Answer<Vec<Registry>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<String> = WholeSql::of(ids).load(conn).await?;
    rows.iter().map(|row| serde_json::from_str(row).map_err(Problem::internal)).collect()
}

/// All that is kept of an association.
///
/// # Errors
/// 404 for an organisation that is none.
pub async fn registry(conn: &mut Conn, id: Uuid) -> Answer<Registry> {
    registries(conn, vec![id]).await?.pop().ok_or_else(|| Problem::new(Code::NotFound))
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Locks an association until the transaction ends: its rules look at what else is kept of it.
pub async fn lock(tx: &mut Conn, id: Uuid) -> Answer<Registry> {
    let locked = diesel::sql_query("SELECT version FROM associations WHERE organisation_id = $1 FOR UPDATE");
    let _: Version = locked.bind::<SqlUuid, _>(id).get_result(tx).await?;
    registry(tx, id).await
}

/// Counts an association's version up; it as it is now.
pub async fn touch(tx: &mut Conn, id: Uuid) -> Answer<i64> {
    let sql = "UPDATE associations SET version = version + 1, updated_at = now() WHERE organisation_id = $1 RETURNING version";
    let row: Version = diesel::sql_query(sql).bind::<SqlUuid, _>(id).get_result(tx).await?;
    Ok(row.version)
}

/// Replaces the row of an association, and counts its version up.
pub async fn put_record(tx: &mut Conn, record: &Record) -> Answer<()> {
    const SET: &str = "ON CONFLICT (organisation_id) DO UPDATE SET version = associations.version + 1, updated_at = now(), \
        kind = excluded.kind, scope = excluded.scope, area = excluded.area, area_key = excluded.area_key, \
        minority_name = excluded.minority_name, department_id = excluded.department_id, \
        headquarters = excluded.headquarters, phone = excluded.phone, email = excluded.email, website = excluded.website, \
        tax_code = excluded.tax_code";
    put(tx, "associations", std::slice::from_ref(record), SET).await
}

/// Replaces the fields of an association.
pub async fn put_fields(tx: &mut Conn, id: Uuid, fields: &[AssociationField]) -> Answer<()> {
    let gone = diesel::sql_query("DELETE FROM association_fields WHERE organisation_id = $1");
    gone.bind::<SqlUuid, _>(id).execute(tx).await?;
    put(tx, "association_fields", fields, "").await
}

/// Enters states; the days of one that is there may change.
pub async fn put_states(tx: &mut Conn, rows: &[StateRow]) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, valid_to = excluded.valid_to";
    put(tx, "association_states", rows, SET).await
}

/// Enters tasks from Party or State; one that is there may end.
pub async fn put_special(tx: &mut Conn, rows: &[SpecialRow]) -> Answer<()> {
    put(tx, "association_special_statuses", rows, "ON CONFLICT (id) DO UPDATE SET valid_to = excluded.valid_to").await
}

/// Enters a version of the charter.
pub async fn add_charter(tx: &mut Conn, row: &CharterRow) -> Answer<()> {
    put(tx, "association_charters", std::slice::from_ref(row), "").await
}

/// Enters or replaces a term.
pub async fn put_term(tx: &mut Conn, row: &TermRow) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET number = excluded.number, valid_from = excluded.valid_from, \
        valid_to = excluded.valid_to, extended_to = excluded.extended_to, document = excluded.document, note = excluded.note";
    put(tx, "association_terms", std::slice::from_ref(row), SET).await
}

/// Enters extensions; one that is there may be shortened.
pub async fn put_extensions(tx: &mut Conn, rows: &[ExtensionRow]) -> Answer<()> {
    put(tx, "association_extensions", rows, "ON CONFLICT (id) DO UPDATE SET until = excluded.until").await
}

/// Removes extensions.
pub async fn remove_extensions(tx: &mut Conn, rows: &[ExtensionRow]) -> Answer<()> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let gone = diesel::sql_query("DELETE FROM association_extensions WHERE id = ANY ($1)");
    gone.bind::<Array<SqlUuid>, _>(ids).execute(tx).await?;
    Ok(())
}

/// Removes an officer who was entered by mistake.
pub async fn remove_officer(tx: &mut Conn, id: Uuid) -> Answer<()> {
    let gone = diesel::sql_query("DELETE FROM association_officers WHERE id = $1");
    gone.bind::<SqlUuid, _>(id).execute(tx).await?;
    Ok(())
}

/// Enters a congress.
pub async fn add_congress(tx: &mut Conn, row: &CongressRow) -> Answer<()> {
    put(tx, "association_congresses", std::slice::from_ref(row), "").await
}

/// Enters or replaces officers.
pub async fn put_officers(tx: &mut Conn, rows: &[OfficerRow]) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET expert_id = excluded.expert_id, full_name = excluded.full_name, \
        name_key = excluded.name_key, position = excluded.position, valid_from = excluded.valid_from, \
        valid_to = excluded.valid_to, concurrent_post = excluded.concurrent_post, full_time = excluded.full_time, \
        document = excluded.document";
    put(tx, "association_officers", rows, SET).await
}

/// Enters a membership in a Union, or ends it.
pub async fn put_union(tx: &mut Conn, row: &UnionRow) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET valid_to = excluded.valid_to, leaving = excluded.leaving, \
        reason = excluded.reason";
    put(tx, "union_memberships", std::slice::from_ref(row), SET).await
}

/// The memberships in a Union that last longer than a day.
pub async fn memberships_in(tx: &mut Conn, union: Uuid, day: NaiveDate) -> Answer<Vec<UnionRow>> {
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT row_to_json(m)::text AS json FROM union_memberships m
          WHERE union_id = $1 AND (valid_to IS NULL OR valid_to > $2) ORDER BY organisation_id, valid_from",
    )
    .bind::<SqlUuid, _>(union)
    .bind::<Date, _>(day)
    .load(tx)
    .await?;
    rows.iter().map(|row| serde_json::from_str(&row.json).map_err(Problem::internal)).collect()
}

/// Replaces the members that were counted in a year.
pub async fn put_counts(tx: &mut Conn, id: Uuid, year: i16, rows: &[CountRow]) -> Answer<()> {
    let gone = diesel::sql_query("DELETE FROM association_counts WHERE organisation_id = $1 AND year = $2");
    gone.bind::<SqlUuid, _>(id).bind::<diesel::sql_types::SmallInt, _>(year).execute(tx).await?;
    put(tx, "association_counts", rows, "").await
}

/// Enters or replaces a yearly report.
pub async fn put_report(tx: &mut Conn, row: &ReportRow) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET year = excluded.year, received_on = excluded.received_on, \
        document = excluded.document, note = excluded.note";
    put(tx, "association_reports", std::slice::from_ref(row), SET).await
}

/// Removes a yearly report that was entered by mistake.
pub async fn remove_report(tx: &mut Conn, id: Uuid) -> Answer<()> {
    let gone = diesel::sql_query("DELETE FROM association_reports WHERE id = $1");
    gone.bind::<SqlUuid, _>(id).execute(tx).await?;
    Ok(())
}

/// Enters a change request, or what was decided.
pub async fn put_request(tx: &mut Conn, row: &RequestRow) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, \
        decided_by = excluded.decided_by, decided_at = excluded.decided_at, decision_reason = excluded.decision_reason";
    put(tx, "change_requests", std::slice::from_ref(row), SET).await
}

async fn put<R: Serialize>(tx: &mut Conn, table: &'static str, rows: &[R], conflict: &'static str) -> Answer<()> {
    bulk::insert(tx, table, rows, conflict).await.map_err(fault)?;
    Ok(())
}

/// What a constraint of these tables means. The rules say it better before; the database holds it for sure.
fn fault(error: diesel::result::Error) -> Problem {
    let constraint = match &error {
        diesel::result::Error::DatabaseError(_, info) => info.constraint_name().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let (pointer, code, detail) = match constraint.as_str() {
        "association_terms_overlap" => {
            ("/from", "term_overlap", say!("Trùng thời gian với nhiệm kỳ khác.", "It shares days with another term."))
        }
        "association_terms_number" => {
            ("/number", "number_taken", say!("Nhiệm kỳ này đã có.", "The term is on record already."))
        }
        "association_officers_president" => {
            ("/position", "two_presidents", say!("Cùng lúc chỉ có một chủ tịch.", "There is one president at a time."))
        }
        "association_officers_twice" => (
            "/position",
            "post_held_already",
            say!("Người này đang giữ chức vụ đó.", "This person holds that post already."),
        ),
        "association_congresses_founding" => {
            ("/kind", "founded_already", say!("Đại hội thành lập chỉ có một.", "There is one founding congress."))
        }
        "union_memberships_overlap" => {
            ("/effective_on", "overlap", say!("Đã là hội viên trong thời gian đó.", "It belongs to it at that time."))
        }
        "association_charters_day" => {
            ("/from", "taken", say!("Đã có điều lệ từ ngày đó.", "A charter from that day is on record."))
        }
        "association_reports_year" => {
            ("/year", "taken", say!("Báo cáo năm này đã nhận.", "The report of that year was received."))
        }
        "association_states_overlap" | "association_special_statuses_overlap" => {
            ("/effective_on", "overlap", say!("Trùng với trạng thái khác.", "It overlaps another state."))
        }
        "associations_department_id_fkey" => {
            ("/department_id", "unknown_reference", say!("Không có tổ chức này.", "There is no such organisation."))
        }
        "association_fields_scheme_code_fkey" => {
            ("/main_field", "unknown_code", say!("Không có lĩnh vực này.", "There is no such field."))
        }
        _ => return error.into(),
    };
    Problem::field(pointer, code, detail)
}

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

/// The change requests of an association or of all, the latest first: after an id, so many.
pub async fn requests(
    conn: &mut Conn,
    organisation: Option<Uuid>,
    state: Option<&'static str>,
    before: Option<Uuid>,
    limit: i64,
) -> Answer<Vec<RequestRow>> {
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT row_to_json(r)::text AS json FROM change_requests r
          WHERE ($1 IS NULL OR organisation_id = $1) AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR id < $3)
          ORDER BY id DESC LIMIT $4",
    )
    .bind::<Nullable<SqlUuid>, _>(organisation)
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    rows.iter().map(|row| serde_json::from_str(&row.json).map_err(Problem::internal)).collect()
}

/// A change request; `lock` holds it until the transaction ends.
pub async fn request(conn: &mut Conn, id: Uuid, lock: bool) -> Answer<RequestRow> {
    let lock = if lock { " FOR UPDATE" } else { "" };
    let sql = format!("SELECT row_to_json(r)::text AS json FROM change_requests r WHERE id = $1{lock}");
    let row: Json = diesel::sql_query(sql).bind::<SqlUuid, _>(id).get_result(conn).await?;
    serde_json::from_str(&row.json).map_err(Problem::internal)
}

/// The degrees, the highest first: code and abbreviation.
pub async fn degrees(conn: &mut Conn) -> Answer<Vec<(String, String)>> {
    let titles = crate::reference::store::titles(conn).await?;
    let degrees = titles.into_iter().filter(|title| title.kind == "degree");
    Ok(degrees.map(|title| (title.code, title.abbreviation)).collect())
}

/// The code of the Union this server works for.
pub async fn home_union(conn: &mut Conn, day: NaiveDate) -> Answer<Option<String>> {
    let value = crate::reference::store::setting(conn, "home_union", day).await?;
    Ok(value.as_ref().and_then(Value::as_str).map(str::to_owned))
}
