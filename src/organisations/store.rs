//! All SQL of organisations.

mod matching;
mod search;

pub use matching::{Candidate, accept_workplaces, accepted, candidates, exact};
pub use search::{Found, Hit, Wanted, find_names, list};

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::model::{Body, Kind, OtherName, Period, Place, Subordination, Succession, SuccessionKind, Version};
use super::names;
use crate::db::Conn;
use crate::db::schema::{organisation_names, organisation_successions, organisation_versions, organisations};
use crate::kernel::clock::now;
use crate::kernel::document::Document;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code, Problem, on_constraint};
use crate::kernel::text::fold;
use crate::reference::places::Places;
use crate::say;

/// Rows inserted in one statement; PostgreSQL allows 65,535 parameters.
const BATCH: usize = 1_000;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = organisations)]
struct BodyRow {
    id: Uuid,
    code: String,
    version: i64,
    kind: String,
    source: String,
    note: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = organisation_versions)]
struct VersionRow {
    id: Uuid,
    organisation_id: Uuid,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    name: String,
    name_en: Option<String>,
    short_name: Option<String>,
    parent_id: Option<Uuid>,
    province_id: Option<i32>,
    name_key: String,
    document_number: Option<String>,
    document_date: Option<NaiveDate>,
    document_issuer: Option<String>,
    document_signatory: Option<String>,
}

/// A name with its keys.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = organisation_names)]
#[expect(missing_docs, reason = "columns")]
pub struct NameRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub kind: String,
    pub name: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub province_id: Option<i32>,
    pub key: String,
    pub search_key: String,
    pub accent_key: String,
    pub match_key: String,
    pub decision_id: Option<Uuid>,
}

impl VersionRow {
    fn of(body: Uuid, version: &Version) -> Self {
        let document = version.document.clone();
        let (number, date, issuer, signatory) = document_columns(document);
        Self {
            id: new_id(),
            organisation_id: body,
            valid_from: version.period.from,
            valid_to: version.period.to,
            name: version.name.clone(),
            name_en: version.name_en.clone(),
            short_name: version.short_name.clone(),
            parent_id: version.parent_id,
            province_id: version.province_id,
            name_key: fold(&version.name),
            document_number: number,
            document_date: date,
            document_issuer: issuer,
            document_signatory: signatory,
        }
    }

    fn into_version(self) -> Version {
        Version {
            period: Period { from: self.valid_from, to: self.valid_to },
            name: self.name,
            name_en: self.name_en,
            short_name: self.short_name,
            parent_id: self.parent_id,
            province_id: self.province_id,
            document: document(self.document_number, self.document_date, self.document_issuer, self.document_signatory),
        }
    }
}

type DocumentColumns = (Option<String>, Option<NaiveDate>, Option<String>, Option<String>);

fn document_columns(document: Option<Document>) -> DocumentColumns {
    document.map_or_else(Default::default, |d| (Some(d.number), d.date, d.issuer, d.signatory))
}

fn document(
    number: Option<String>,
    date: Option<NaiveDate>,
    issuer: Option<String>,
    signatory: Option<String>,
) -> Option<Document> {
    number.map(|number| Document { number, date, issuer, signatory })
}

/// Where to look a body up: its id or its code.
fn by_key(
    key: &str,
) -> Box<dyn BoxableExpression<organisations::table, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>> {
    match key.parse::<Uuid>() {
        Ok(id) => Box::new(organisations::id.eq(id)),
        Err(_no_uuid) => Box::new(organisations::code.eq(key.to_owned())),
    }
}

/// A body with its history, by id or code.
pub async fn find(conn: &mut Conn, key: &str) -> Answer<Body> {
    let row: BodyRow = organisations::table.filter(by_key(key)).select(BodyRow::as_select()).first(conn).await?;
    whole(conn, row).await
}

/// As [`find`], locked until the transaction ends.
pub async fn lock(tx: &mut Conn, key: &str) -> Answer<Body> {
    let query = organisations::table.filter(by_key(key)).select(BodyRow::as_select()).for_update();
    let row: BodyRow = query.first(tx).await?;
    whole(tx, row).await
}

async fn whole(conn: &mut Conn, row: BodyRow) -> Answer<Body> {
    with_history(conn, vec![row]).await?.pop().ok_or_else(|| Problem::new(Code::NotFound))
}

/// Bodies by id, in any order.
pub async fn bodies(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, Body>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = organisations::table.filter(organisations::id.eq_any(ids)).select(BodyRow::as_select());
    let rows = query.load(conn).await?;
    Ok(with_history(conn, rows).await?.into_iter().map(|body| (body.id, body)).collect())
}

/// Every body, in the order of the codes.
pub async fn all(conn: &mut Conn) -> Answer<Vec<Body>> {
    let rows = organisations::table.select(BodyRow::as_select()).order(organisations::code).load(conn).await?;
    with_history(conn, rows).await
}

async fn with_history(conn: &mut Conn, rows: Vec<BodyRow>) -> Answer<Vec<Body>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let versions: Vec<VersionRow> = organisation_versions::table
        .filter(organisation_versions::organisation_id.eq_any(&ids))
        .order(organisation_versions::valid_from.asc().nulls_first())
        .select(VersionRow::as_select())
        .load(conn)
        .await?;
    let others: Vec<(Uuid, String, String)> = organisation_names::table
        .filter(organisation_names::organisation_id.eq_any(&ids))
        .filter(organisation_names::kind.eq_any(["former", "other"]))
        .order(organisation_names::id)
        .select((organisation_names::organisation_id, organisation_names::kind, organisation_names::name))
        .load(conn)
        .await?;
    let mut history: HashMap<Uuid, (Vec<Version>, Vec<OtherName>)> = HashMap::new();
    for version in versions {
        history.entry(version.organisation_id).or_default().0.push(version.into_version());
    }
    for (id, kind, name) in others {
        let name = if kind == "former" { OtherName::Former(name) } else { OtherName::Other(name) };
        history.entry(id).or_default().1.push(name);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let (versions, other_names) = history.remove(&row.id).unwrap_or_default();
            let BodyRow { id, code, version, kind, source, note } = row;
            let kind = Kind::parse(&kind).unwrap_or(Kind::Institution);
            Body { id, code: Some(code), version, kind, source, note, other_names, versions }
        })
        .collect())
}

/// The ids of all, past ones too.
pub async fn ids(conn: &mut Conn) -> Answer<Vec<Uuid>> {
    Ok(organisations::table.select(organisations::id).load(conn).await?)
}

/// One change of the register at a time: its rules look at other bodies than the one that is changed.
pub async fn lock_register(tx: &mut Conn) -> Answer<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtext('organisations'))").execute(tx).await?;
    Ok(())
}

/// Inserts or replaces bodies with all their versions and names; a stored one counts its version up.
///
/// # Errors
/// 409 for a code that another body has; 422 for a parent that is nowhere or two living bodies of one name in one place
/// (the register's rules say it better before, and the database holds it for sure).
pub async fn put(tx: &mut Conn, bodies: &[Body], places: &Places) -> Answer<()> {
    let mut numbered = Vec::with_capacity(bodies.len());
    for body in bodies {
        numbered.push(match &body.code {
            Some(code) => code.clone(),
            None => diesel::select(next_organisation_code()).get_result(tx).await?,
        });
    }
    let rows: Vec<BodyWrite<'_>> = bodies.iter().zip(&numbered).map(|(body, code)| BodyWrite::of(body, code)).collect();
    for chunk in rows.chunks(BATCH) {
        put_bodies(tx, chunk).await?;
    }
    let ids: Vec<Uuid> = bodies.iter().map(|body| body.id).collect();
    clear(tx, &ids).await?;
    let versions: Vec<VersionRow> =
        bodies.iter().flat_map(|body| body.versions.iter().map(|version| VersionRow::of(body.id, version))).collect();
    for chunk in versions.chunks(BATCH) {
        diesel::insert_into(organisation_versions::table).values(chunk).execute(tx).await.map_err(version_fault)?;
    }
    put_names(tx, bodies, places).await
}

/// Asks now for the rule the database holds at the end of a transaction: no two living associations of one name, scope and
/// area.
///
/// # Errors
/// 422 at `/name`.
pub async fn settle(tx: &mut Conn) -> Answer<()> {
    for when in ["IMMEDIATE", "DEFERRED"] {
        let sql = format!("SET CONSTRAINTS organisation_versions_association, associations_namesake {when}");
        diesel::sql_query(sql).execute(tx).await.map_err(version_fault)?;
    }
    Ok(())
}

/// Bodies without names to be found by: from before names were kept.
pub async fn nameless(tx: &mut Conn) -> Answer<Vec<Uuid>> {
    use organisation_names as n;
    let named = n::table.filter(n::organisation_id.eq(organisations::id)).filter(n::kind.eq("full"));
    let nameless = organisations::table.filter(diesel::dsl::not(diesel::dsl::exists(named.select(n::id))));
    Ok(nameless.select(organisations::id).load(tx).await?)
}

/// Writes the names of bodies that have none.
pub async fn put_names(tx: &mut Conn, bodies: &[Body], places: &Places) -> Answer<()> {
    let names: Vec<NameRow> = bodies.iter().flat_map(|body| names::of_body(body, places)).collect();
    for chunk in names.chunks(BATCH) {
        diesel::insert_into(organisation_names::table).values(chunk).execute(tx).await?;
    }
    Ok(())
}

diesel::define_sql_function! {
    /// The next code of the register.
    fn next_organisation_code() -> diesel::sql_types::Text;
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = organisations)]
struct BodyWrite<'a> {
    id: Uuid,
    code: &'a str,
    kind: &'static str,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    source: &'a str,
    note: Option<&'a str>,
}

impl<'a> BodyWrite<'a> {
    fn of(body: &'a Body, code: &'a str) -> Self {
        let Period { from, to } = body.period();
        Self {
            id: body.id,
            code,
            kind: body.kind.as_str(),
            valid_from: from,
            valid_to: to,
            source: &body.source,
            note: body.note.as_deref(),
        }
    }
}

async fn put_bodies(tx: &mut Conn, rows: &[BodyWrite<'_>]) -> Answer<()> {
    diesel::insert_into(organisations::table)
        .values(rows)
        .on_conflict(organisations::id)
        .do_update()
        .set((
            organisations::version.eq(organisations::version + 1),
            organisations::kind.eq(excluded(organisations::kind)),
            organisations::valid_from.eq(excluded(organisations::valid_from)),
            organisations::valid_to.eq(excluded(organisations::valid_to)),
            organisations::source.eq(excluded(organisations::source)),
            organisations::note.eq(excluded(organisations::note)),
            organisations::updated_at.eq(now()),
        ))
        .execute(tx)
        .await
        .map_err(|error| {
            on_constraint(error, "organisations_code_key", || {
                Problem::new(Code::Conflict).and_field(
                    "/code",
                    "taken",
                    say!("Mã này đã có tổ chức khác dùng.", "Another body has this code."),
                )
            })
        })?;
    Ok(())
}

/// The bodies that were edited here since a file was loaded into them, or never came from one.
pub async fn edited_here(tx: &mut Conn) -> Answer<HashSet<Uuid>> {
    let edited = organisations::loaded_version.is_distinct_from(organisations::version.nullable());
    let ids: Vec<Uuid> = organisations::table.filter(edited).select(organisations::id).load(tx).await?;
    Ok(ids.into_iter().collect())
}

/// Marks bodies as loaded from a file, as they are now.
pub async fn mark_loaded(tx: &mut Conn, ids: &[Uuid]) -> Answer<()> {
    let rows = organisations::table.filter(organisations::id.eq_any(ids));
    diesel::update(rows).set(organisations::loaded_version.eq(organisations::version.nullable())).execute(tx).await?;
    Ok(())
}

/// Removes what [`put`] writes anew; accepted workplaces stay.
async fn clear(tx: &mut Conn, ids: &[Uuid]) -> Answer<()> {
    use organisation_names as n;
    let versions = organisation_versions::table.filter(organisation_versions::organisation_id.eq_any(ids));
    diesel::delete(versions).execute(tx).await?;
    let names =
        n::table.filter(n::organisation_id.eq_any(ids)).filter(n::kind.ne_all([names::WORKPLACE, names::REPLACED]));
    diesel::delete(names).execute(tx).await?;
    Ok(())
}

fn version_fault(error: diesel::result::Error) -> Problem {
    let constraint = match &error {
        diesel::result::Error::DatabaseError(_, info) => info.constraint_name().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    match constraint.as_str() {
        "association_namesake" => Problem::field(
            "/name",
            "association_namesake",
            say!(
                "Đã có hội cùng tên, cùng phạm vi hoạt động đang tồn tại trong thời gian đó.",
                "An association of that name and scope lives at that time.",
            ),
        ),
        "organisation_versions_namesake" => Problem::field(
            "/name",
            "namesake",
            say!("Đã có tổ chức cùng tên ở cùng nơi.", "A body of that name lives in that place."),
        ),
        "organisation_versions_parent_id_fkey" => Problem::field(
            "/parent_id",
            "unknown_reference",
            say!("Không có tổ chức này.", "There is no such organisation."),
        ),
        _ => error.into(),
    }
}

/// A body that has or had a name.
#[derive(Debug, Clone)]
pub struct Namesake {
    /// Its id.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// When and where it bears the name.
    pub place: Place,
}

/// The bodies that ever bear one of these names as their full name, by folded name.
pub async fn namesakes(tx: &mut Conn, keys: &[String]) -> Answer<HashMap<String, Vec<Namesake>>> {
    type Row = (String, Uuid, String, Option<NaiveDate>, Option<NaiveDate>, Option<i32>, Option<Uuid>);
    use organisation_versions as v;
    let rows: Vec<Row> = v::table
        .inner_join(organisations::table.on(organisations::id.eq(v::organisation_id)))
        .filter(v::name_key.eq_any(keys))
        .select((
            v::name_key,
            organisations::id,
            organisations::code,
            v::valid_from,
            v::valid_to,
            v::province_id,
            v::parent_id,
        ))
        .load(tx)
        .await?;
    let mut found: HashMap<String, Vec<Namesake>> = HashMap::new();
    for (key, id, code, from, to, province_id, parent_id) in rows {
        let place = Place { period: Period { from, to }, province_id, parent_id };
        found.entry(key).or_default().push(Namesake { id, code, place });
    }
    Ok(found)
}

/// What stands under what, of all times.
pub async fn subordinations(tx: &mut Conn) -> Answer<Vec<Subordination>> {
    use organisation_versions as v;
    type Row = (Uuid, Option<Uuid>, Option<NaiveDate>, Option<NaiveDate>);
    let rows: Vec<Row> = v::table
        .filter(v::parent_id.is_not_null())
        .select((v::organisation_id, v::parent_id, v::valid_from, v::valid_to))
        .load(tx)
        .await?;
    let link =
        |(child, parent, from, to): Row| Some(Subordination { child, parent: parent?, period: Period { from, to } });
    Ok(rows.into_iter().filter_map(link).collect())
}

/// What stands or stood directly under these bodies.
pub async fn subordinations_under(tx: &mut Conn, ids: &[Uuid]) -> Answer<Vec<Subordination>> {
    let mut links = subordinations(tx).await?;
    links.retain(|link| ids.contains(&link.parent));
    Ok(links)
}

/// Every body that is no more, since when, and who held its place from then on.
pub async fn all_heirs(tx: &mut Conn) -> Answer<Vec<(Uuid, NaiveDate, Uuid)>> {
    use crate::db::schema::organisation_heirs as h;
    Ok(h::table.select((h::ancestor_id, h::since, h::heir_id)).load(tx).await?)
}

/// A succession with the document that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Who follows whom, how and when.
    pub succession: Succession,
    /// The decision.
    pub document: Option<Document>,
}

/// The successions in which these bodies hand over or take over, in the order of time.
pub async fn handovers(conn: &mut Conn, ids: &[Uuid]) -> Answer<Vec<Handover>> {
    use organisation_successions as s;
    type Row = (Uuid, Uuid, String, NaiveDate, DocumentColumns);
    let rows: Vec<Row> = s::table
        .filter(s::predecessor_id.eq_any(ids).or(s::successor_id.eq_any(ids)))
        .order((s::effective_on, s::id))
        .select((
            s::predecessor_id,
            s::successor_id,
            s::kind,
            s::effective_on,
            (s::document_number, s::document_date, s::document_issuer, s::document_signatory),
        ))
        .load(conn)
        .await?;
    let handover = |(predecessor, successor, kind, effective_on, columns): Row| {
        let kind = SuccessionKind::parse(&kind)?;
        let (number, date, issuer, signatory) = columns;
        let document = document(number, date, issuer, signatory);
        Some(Handover { succession: Succession { predecessor, successor, kind, effective_on }, document })
    };
    Ok(rows.into_iter().filter_map(handover).collect())
}

/// Records successions; one that is known is replaced.
pub async fn put_handovers(tx: &mut Conn, handovers: &[Handover]) -> Answer<()> {
    use organisation_successions as s;
    let rows: Vec<_> = handovers
        .iter()
        .map(|Handover { succession, document }| {
            let (number, date, issuer, signatory) = document_columns(document.clone());
            (
                s::id.eq(new_id()),
                s::predecessor_id.eq(succession.predecessor),
                s::successor_id.eq(succession.successor),
                s::kind.eq(succession.kind.as_str()),
                s::effective_on.eq(succession.effective_on),
                (
                    s::document_number.eq(number),
                    s::document_date.eq(date),
                    s::document_issuer.eq(issuer),
                    s::document_signatory.eq(signatory),
                ),
            )
        })
        .collect();
    for chunk in rows.chunks(BATCH) {
        diesel::insert_into(s::table)
            .values(chunk)
            .on_conflict((s::predecessor_id, s::successor_id))
            .do_update()
            .set((
                s::kind.eq(excluded(s::kind)),
                s::effective_on.eq(excluded(s::effective_on)),
                s::document_number.eq(excluded(s::document_number)),
                s::document_date.eq(excluded(s::document_date)),
                s::document_issuer.eq(excluded(s::document_issuer)),
                s::document_signatory.eq(excluded(s::document_signatory)),
            ))
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Forgets the successions by which a body handed over on a day; how many there were of each kind.
pub async fn forget_handovers(tx: &mut Conn, predecessor: Uuid, day: NaiveDate) -> Answer<Vec<SuccessionKind>> {
    use organisation_successions as s;
    let rows = s::table.filter(s::predecessor_id.eq(predecessor).and(s::effective_on.eq(day)));
    let kinds: Vec<String> = diesel::delete(rows).returning(s::kind).get_results(tx).await?;
    Ok(kinds.iter().filter_map(|kind| SuccessionKind::parse(kind)).collect())
}

/// Forgets successions.
pub async fn forget_successions(tx: &mut Conn, successions: &[Succession]) -> Answer<()> {
    use organisation_successions as s;
    for Succession { predecessor, successor, .. } in successions {
        let row = s::table.filter(s::predecessor_id.eq(predecessor)).filter(s::successor_id.eq(successor));
        diesel::delete(row).execute(tx).await?;
    }
    Ok(())
}

/// Who holds the place of bodies that are no more, on a day: living bodies only.
pub async fn heirs(conn: &mut Conn, ids: &[Uuid], day: NaiveDate) -> Answer<Vec<(Uuid, Uuid)>> {
    use crate::db::schema::organisation_heirs as h;
    use organisations as o;
    let living = o::valid_from.is_null().or(o::valid_from.le(day)).assume_not_null();
    let living = living.and(o::valid_to.is_null().or(o::valid_to.ge(day)).assume_not_null());
    Ok(h::table
        .inner_join(o::table.on(o::id.eq(h::heir_id)))
        .filter(h::ancestor_id.eq_any(ids).and(h::since.le(day)))
        .filter(living)
        .order((h::ancestor_id, h::heir_id))
        .select((h::ancestor_id, h::heir_id))
        .load(conn)
        .await?)
}
