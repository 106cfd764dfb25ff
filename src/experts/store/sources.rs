//! Which record of which source an expert came from.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::db::bulk::Insert;
use crate::db::schema::expert_sources;
use crate::db::{Conn, Reader};
use crate::experts::three_way::Members;
use crate::kernel::packed;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sealed::{Sealer, plain};
use crate::row;

/// A record of a source.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "columns")]
pub struct SourceRow {
    pub source: String,
    pub external_id: String,
    pub expert_id: Uuid,
    pub digest: Vec<u8>,
    pub loaded_version: i64,
    /// The expert came into the bank with this record; one that is known keeps what is said of it.
    pub supplied: bool,
    /// Sealed; see [`seal_base`].
    pub base: Option<Vec<u8>>,
}

row!(SourceRow: source, external_id, expert_id, digest, loaded_version, supplied, base);

/// A record's row, told apart from what it was or becomes: whoever writes it writes another mark. What is sealed in it is left out,
/// since the same is sealed otherwise each time. `row` is the name of the row in the statement.
pub fn mark_of(row: &str) -> String {
    format!(
        "md5(concat_ws('|', {row}.expert_id, encode({row}.digest, 'hex'), {row}.loaded_version, {row}.supplied,
                       extract(epoch FROM {row}.loaded_at), extract(epoch FROM {row}.absent_since),
                       extract(epoch FROM {row}.withdrawn_at)))"
    )
}

/// What is known of a record of a source.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct KnownRecord {
    /// Its id at the source.
    #[diesel(sql_type = Text)]
    pub external_id: String,
    /// Whom it stands for.
    #[diesel(sql_type = SqlUuid)]
    pub expert_id: Uuid,
    /// What it said last, as a keyed digest.
    #[diesel(sql_type = Binary)]
    pub digest: Vec<u8>,
    /// The version of the expert that the source wrote last.
    #[diesel(sql_type = BigInt)]
    pub loaded_version: i64,
    /// The expert came into the bank with this record.
    #[diesel(sql_type = Bool)]
    pub is_supplied: bool,
    /// Missing from the last snapshot, or taken out by the source.
    #[diesel(sql_type = Bool)]
    pub is_gone: bool,
    /// Taken out by the source.
    #[diesel(sql_type = Bool)]
    pub is_withdrawn: bool,
    /// The row as [`mark_of`] tells it apart.
    #[diesel(sql_type = Text)]
    pub mark: String,
    /// The version of the expert now.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// The state of the expert now.
    #[diesel(sql_type = Text)]
    pub status: String,
}

impl KnownRecord {
    /// True when nobody edited the expert here since the source last wrote it.
    pub const fn is_untouched(&self) -> bool {
        self.loaded_version == self.version
    }
}

/// Records by their id at the source.
pub type KnownRecords = HashMap<String, KnownRecord>;

/// What is known of records of a source.
pub async fn sources(conn: &mut Conn, source: &str, external_ids: &[&str]) -> Answer<KnownRecords> {
    known(conn, source, external_ids, "").await
}

/// The same, locked with the experts until the transaction ends: first the experts, in the order in which everybody locks them,
/// then the records in the order of their ids, so that no two wait for each other in a circle.
pub async fn lock_sources(tx: &mut Conn, source: &str, external_ids: &[&str]) -> Answer<KnownRecords> {
    if external_ids.is_empty() {
        return Ok(KnownRecords::new());
    }
    let sql = format!(
        "SELECT count(*) AS n FROM (
                SELECT FROM experts WHERE id IN (SELECT s.expert_id FROM {}) ORDER BY id FOR UPDATE) held",
        by_key("")
    );
    let held = diesel::sql_query(sql).bind::<Text, _>(source).bind::<Array<Text>, _>(external_ids);
    held.execute(tx).await?;
    let mut in_order = external_ids.to_vec();
    in_order.sort_unstable();
    known(tx, source, &in_order, "FOR UPDATE").await
}

/// The records `s` of the source `$1` with one of the ids `$2`, each found by its key, in the order of the ids: a source that came
/// with one big file may look rare to the planner, which would then read all of it for each batch.
pub(super) fn by_key(lock: &str) -> String {
    format!(
        "unnest($2) asked (external_id), LATERAL (
            SELECT * FROM expert_sources k WHERE k.source = $1 AND k.external_id = asked.external_id OFFSET 0 {lock}) s"
    )
}

async fn known(conn: &mut Conn, source: &str, external_ids: &[&str], lock: &str) -> Answer<KnownRecords> {
    let sql = format!(
        "SELECT s.external_id, s.expert_id, s.digest, s.loaded_version, s.supplied AS is_supplied, {} AS mark, e.version, e.status,
                s.absent_since IS NOT NULL OR s.withdrawn_at IS NOT NULL AS is_gone, s.withdrawn_at IS NOT NULL AS is_withdrawn
           FROM {} JOIN experts e ON e.id = s.expert_id",
        mark_of("s"),
        by_key(lock)
    );
    let rows = diesel::sql_query(sql).bind::<Text, _>(source).bind::<Array<Text>, _>(external_ids);
    let rows: Vec<KnownRecord> = rows.load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.external_id.clone(), row)).collect())
}

/// The source records of an expert as `source:external_id`.
pub async fn source_ids(mut conn: &Reader, expert: Uuid) -> Answer<Vec<String>> {
    let rows: Vec<(String, String)> = expert_sources::table
        .filter(expert_sources::expert_id.eq(expert))
        .order((expert_sources::source, expert_sources::external_id))
        .select((expert_sources::source, expert_sources::external_id))
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(|(source, external)| format!("{source}:{external}")).collect())
}

/// Enters a record of a source, or says whose it is already.
pub async fn claim_source(tx: &mut Conn, row: &SourceRow) -> Answer<Option<Uuid>> {
    let values = (
        expert_sources::source.eq(&row.source),
        expert_sources::external_id.eq(&row.external_id),
        expert_sources::expert_id.eq(row.expert_id),
        expert_sources::digest.eq(&row.digest),
        expert_sources::loaded_version.eq(row.loaded_version),
        expert_sources::base.eq(&row.base),
    );
    let entered = diesel::insert_into(expert_sources::table).values(values).on_conflict_do_nothing();
    let entered = entered.execute(tx).await?;
    if entered == 1 {
        return Ok(None);
    }
    let known = expert_sources::table.find((&row.source, &row.external_id));
    Ok(Some(known.select(expert_sources::expert_id).first(tx).await?))
}

/// Inserts or replaces records of a source, which are there again if they were gone.
pub async fn put_sources(tx: &mut Conn, rows: &[SourceRow]) -> Answer<()> {
    const REPLACE: &str = "ON CONFLICT (source, external_id) DO UPDATE SET digest = excluded.digest, \
                           loaded_version = excluded.loaded_version, base = excluded.base, loaded_at = now(), \
                           absent_since = NULL, withdrawn_at = NULL";
    super::run(tx, &Insert::of_rows("expert_sources", rows, REPLACE)).await?;
    Ok(())
}

/// The inserts of new records of a source, in an order in which two loads don't wait for each other in a circle. Those that
/// are known by then are left as they are.
pub fn source_rows(mut rows: Vec<SourceRow>) -> Vec<Insert> {
    rows.sort_by(|one, two| one.external_id.cmp(&two.external_id));
    Insert::of_rows("expert_sources", &rows, "ON CONFLICT DO NOTHING")
}

fn base_context(source: &str, external_id: &str) -> String {
    format!("expert_sources/{source}/{external_id}")
}

/// Packs and seals what a source says of a record.
///
/// # Errors
/// Those of sealing.
pub fn seal_base(sealer: &Sealer, source: &str, external_id: &str, said: &Members) -> Answer<Vec<u8>> {
    packed::seal(sealer, &base_context(source, external_id), &plain(said)?)
}

fn open_base(sealer: &Sealer, source: &str, external_id: &str, sealed: &[u8]) -> Answer<Members> {
    let plain = packed::open(sealer, &base_context(source, external_id), sealed)?;
    serde_json::from_slice(&plain).map_err(Problem::internal)
}

/// What a source last said of a record. One that was kept before bases were is what is kept here, while nobody edited that. Of
/// one that was entered by hand the source has said nothing yet: what it names counts until it is edited here, and what it leaves
/// out is ours.
pub fn base_of(kept: Option<&Members>, known: &KnownRecord, theirs: &Members, ours: &Members) -> Option<Members> {
    let mut base = match kept {
        Some(kept) => return Some(kept.clone()),
        None if known.is_untouched() => ours.clone(),
        None => return None,
    };
    if known.digest.is_empty() {
        base.retain(|name, _| theirs.contains_key(name));
    }
    Some(base)
}

#[derive(QueryableByName)]
struct BaseRow {
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = Nullable<Binary>)]
    base: Option<Vec<u8>>,
}

/// What a source last said of records, by their ids.
///
/// # Errors
/// 503 when the database is away.
pub async fn bases(
    conn: &mut Conn,
    sealer: &Sealer,
    source: &str,
    external_ids: &[&str],
) -> Answer<HashMap<String, Members>> {
    if external_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!("SELECT s.external_id, s.base FROM {}", by_key(""));
    let rows: Vec<BaseRow> =
        diesel::sql_query(sql).bind::<Text, _>(source).bind::<Array<Text>, _>(external_ids).load(conn).await?;
    let open = |BaseRow { external_id, base }: BaseRow| {
        let sealed = base.filter(|sealed| !sealed.is_empty())?;
        Some(open_base(sealer, source, &external_id, &sealed).map(|base| (external_id, base)))
    };
    rows.into_iter().filter_map(open).collect()
}

/// Those of the experts that a record of the source stands for.
///
/// # Errors
/// 503 when the database is away.
pub async fn of_source(conn: &mut Conn, source: &str, experts: &[Uuid]) -> Answer<Vec<Uuid>> {
    if experts.is_empty() {
        return Ok(Vec::new());
    }
    // found by the experts: no index serves a source that is compared like this
    let is_theirs = expert_sources::source.concat("").eq(source);
    Ok(expert_sources::table
        .filter(is_theirs.and(expert_sources::expert_id.eq_any(experts)))
        .select(expert_sources::expert_id)
        .load(conn)
        .await?)
}

#[derive(QueryableByName)]
struct ImageRow {
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = Jsonb)]
    image: Value,
}

/// The rows of records of a source as they are, to be put back later.
///
/// # Errors
/// 503 when the database is away.
pub async fn source_images(tx: &mut Conn, source: &str, external_ids: &[&str]) -> Answer<HashMap<String, Value>> {
    if external_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!("SELECT s.external_id, to_jsonb(s) AS image FROM {}", by_key(""));
    let rows: Vec<ImageRow> =
        diesel::sql_query(sql).bind::<Text, _>(source).bind::<Array<Text>, _>(external_ids).load(tx).await?;
    Ok(rows.into_iter().map(|row| (row.external_id, row.image)).collect())
}

/// A record of which this is the row before stays missing or taken out.
///
/// # Errors
/// 503 when the database is away.
pub async fn stay_gone(tx: &mut Conn, image: &Value) -> Answer<()> {
    diesel::sql_query(
        "UPDATE expert_sources s SET absent_since = o.absent_since, withdrawn_at = o.withdrawn_at
           FROM jsonb_populate_record(NULL::expert_sources, $1) o
          WHERE s.source = o.source AND s.external_id = o.external_id
            AND (o.absent_since IS NOT NULL OR o.withdrawn_at IS NOT NULL)",
    )
    .bind::<Jsonb, _>(image)
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts rows back as they were; `gone` are records that were none.
///
/// # Errors
/// 503 when the database is away.
pub async fn put_sources_back(tx: &mut Conn, source: &str, images: &[Value], gone: &[&str]) -> Answer<()> {
    diesel::sql_query(
        "UPDATE expert_sources s SET digest = o.digest, base = o.base, loaded_at = o.loaded_at,
                absent_since = o.absent_since, withdrawn_at = o.withdrawn_at, loaded_version = o.loaded_version
           FROM jsonb_populate_recordset(NULL::expert_sources, $1) o
          WHERE s.source = o.source AND s.external_id = o.external_id",
    )
    .bind::<Jsonb, _>(Value::Array(images.to_vec()))
    .execute(tx)
    .await?;
    diesel::delete(
        expert_sources::table.filter(expert_sources::source.eq(source).and(expert_sources::external_id.eq_any(gone))),
    )
    .execute(tx)
    .await?;
    Ok(())
}
