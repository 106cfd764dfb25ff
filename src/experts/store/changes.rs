//! What changed of experts, in an order without gaps.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::schema::expert_changes;
use crate::db::{Conn, Db, Reader, give_way};
use crate::experts::vocabulary::VERSION;
use crate::kernel::problem::Answer;

/// "EBFEED" in ASCII: one who gives places at a time, over all instances.
const LOCK: i64 = 0x0000_4542_4645_4544;
/// Changes that are given a place in one transaction.
const BATCH: i64 = 5_000;

/// Changes of transactions that are over, as are all that began before them. In a database restored elsewhere transaction numbers
/// begin anew.
const CAN_BE_PLACED: &str = "seq IS NULL AND (xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                                           OR xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)";

/// Gives a place to the changes of transactions that are over, in the order of these; how many those were.
///
/// # Errors
/// 503 when the database is away.
pub async fn place_changes(db: &Db) -> Answer<usize> {
    let mut total = 0;
    loop {
        let placed = db.transaction(async |tx| place_some(tx).await).await?;
        total += placed;
        if placed < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(total);
        }
    }
}

/// The same for one batch, unless somebody is at it: a reader helps, and neither waits nor does the work of all.
///
/// # Errors
/// 503 when the database is away.
pub async fn place_some_changes(db: &Db) -> Answer<usize> {
    db.transaction(async |tx| {
        let free = sql::<Bool>(&format!("pg_try_advisory_xact_lock({LOCK})"));
        if diesel::select(free).get_result(tx).await? { place_batch(tx).await } else { Ok(0) }
    })
    .await
}

async fn place_some(tx: &mut Conn) -> Answer<usize> {
    // a statement of its own: the next one has a snapshot in which everything stands that another holder of the lock placed
    diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(tx).await?;
    give_way(tx).await?;
    place_batch(tx).await
}

async fn place_batch(tx: &mut Conn) -> Answer<usize> {
    let before: Option<i64> = expert_changes::table.select(diesel::dsl::max(expert_changes::seq)).first(tx).await?;
    let placed = diesel::sql_query(format!(
        "UPDATE expert_changes c SET seq = placed.seq
           FROM (SELECT id, (SELECT coalesce(max(seq), 0) FROM expert_changes) + row_number() OVER (ORDER BY xid, id) AS seq
                   FROM expert_changes WHERE {CAN_BE_PLACED} ORDER BY xid, id LIMIT $1) placed
          WHERE c.id = placed.id"
    ))
    .bind::<BigInt, _>(BATCH)
    .execute(tx)
    .await?;
    if placed > 0 {
        tell_open(tx, before.unwrap_or_default()).await?;
    }
    Ok(placed)
}

/// Members of a record that are shown to the Union, the auditor and the person alone; what follows from the record is left out,
/// too. A new column counts as shown until it stands here.
const HIDDEN: &str = "'{version,status,gender,birth_year,birth_precision,nationality,nominated_by,verified_by,verified_at,\
                      standing_evidence,max_parallel,accepted_kinds,last_confirmed,created_at,updated_at,public_profile,\
                      agency_search,standing,name_sort,workplace_key}'::text[]";

/// Of the changes placed after a place, marks those after which something else is shown than before: of each expert the last.
/// What lies between is not told one by one; who follows reads the record as it is.
async fn tell_open(tx: &mut Conn, after: i64) -> Answer<()> {
    diesel::sql_query(format!(
        "WITH last AS (SELECT expert_id, max(seq) AS seq FROM expert_changes WHERE seq > $1 AND is_agencies GROUP BY 1),
              now AS (
             SELECT l.expert_id, md5(concat_ws(E'\\n', to_jsonb(e) - {HIDDEN},
                    (SELECT jsonb_agg(f ORDER BY f.ordinal) FROM expert_fields f WHERE f.expert_id = e.id),
                    (SELECT jsonb_agg(m ORDER BY m.ordinal) FROM expert_memberships m WHERE m.expert_id = e.id),
                    (SELECT jsonb_agg(p ORDER BY p.ordinal) FROM expert_publications p WHERE p.expert_id = e.id))) AS digest
               FROM last l JOIN experts e ON e.id = l.expert_id),
              changed AS (
             INSERT INTO expert_shown AS s (expert_id, digest) SELECT expert_id, digest FROM now
                 ON CONFLICT (expert_id) DO UPDATE SET digest = excluded.digest WHERE s.digest <> excluded.digest
             RETURNING expert_id)
         UPDATE expert_changes c SET is_open = true FROM last l JOIN changed USING (expert_id)
          WHERE c.expert_id = l.expert_id AND c.seq = l.seq"
    ))
    .bind::<BigInt, _>(after)
    .execute(tx)
    .await?;
    diesel::sql_query(
        "DELETE FROM expert_shown s USING expert_changes c WHERE c.seq > $1 AND NOT c.is_known AND s.expert_id = c.expert_id
            AND NOT EXISTS (SELECT FROM experts e WHERE e.id = c.expert_id)",
    )
    .bind::<BigInt, _>(after)
    .execute(tx)
    .await?;
    Ok(())
}

/// True when changes can get their place; those of a transaction that is open wait for its end.
///
/// # Errors
/// Those of the database.
pub async fn changes_wait(mut conn: &Reader) -> QueryResult<bool> {
    let waiting = sql::<Bool>(&format!("EXISTS (SELECT FROM expert_changes WHERE {CAN_BE_PLACED})"));
    diesel::select(waiting).get_result(&mut conn).await
}

/// The version of the names that cards show, of provinces, fields and titles.
///
/// # Errors
/// Those of the database.
pub async fn reference_version(mut conn: &Reader) -> QueryResult<i64> {
    diesel::select(sql::<BigInt>(VERSION)).get_result(&mut conn).await
}

/// Days after which a change that a later one repeats is forgotten.
const KEPT_DAYS: i32 = 7;

/// Forgets old upserts that a later one of the same expert makes superfluous, told to the same audiences or more; how many, at
/// most so many. Whoever followed them reads the record as it is now, as they do at the later one.
///
/// # Errors
/// 503 when the database is away.
pub async fn forget_superfluous(db: &Db, most: i64) -> Answer<usize> {
    let forgotten = diesel::sql_query(
        "DELETE FROM expert_changes WHERE id = ANY (ARRAY(
            SELECT c.id FROM expert_changes c
             WHERE c.seq IS NOT NULL AND c.at < now() - make_interval(days => $2)
               AND (c.was_known, c.was_agencies, c.was_public) = (c.is_known, c.is_agencies, c.is_public)
               AND EXISTS (SELECT FROM expert_changes d
                            WHERE d.expert_id = c.expert_id AND d.seq > c.seq AND (d.is_open OR NOT c.is_open)
                              AND (d.was_known, d.was_agencies, d.was_public) = (c.was_known, c.was_agencies, c.was_public)
                              AND (d.is_known, d.is_agencies, d.is_public) = (c.is_known, c.is_agencies, c.is_public))
             ORDER BY c.seq LIMIT $1))",
    );
    let query = forgotten.bind::<BigInt, _>(most).bind::<Integer, _>(KEPT_DAYS);
    Ok(query.execute(&mut db.conn().await?).await?)
}

/// A change as an audience sees it.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct ChangeRow {
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = SqlUuid)]
    pub expert_id: Uuid,
    /// The caller may know of the expert after it; else might before.
    #[diesel(sql_type = Bool)]
    pub is_seen: bool,
}

/// The changes that some callers are told of, `is_seen` by `sees`, after `$1`, at most `$2`. Each of these conditions stands word
/// for word in a partial index.
fn told(sees: &str, told: &str) -> String {
    format!(
        "(SELECT seq, at, expert_id, {sees} AS is_seen FROM expert_changes WHERE seq > $1 AND {told} ORDER BY seq LIMIT $2)"
    )
}

/// The statement of [`changes`]; `$3` is the caller's own expert.
pub fn changes_sql(reach: Reach) -> String {
    let public = "(was_public OR is_public) AND (was_public <> is_public OR is_open)";
    let own = told("is_known", "expert_id = $3");
    let changes = match reach {
        Reach::All => told("is_known", "true"),
        Reach::Agencies => {
            told("is_agencies", "(was_agencies OR is_agencies) AND (was_agencies <> is_agencies OR is_open)")
        }
        Reach::Public => told("is_public", public),
        Reach::Own => own,
        // two lists, each by its index: their own record whoever else may see it, and of the others those in public
        Reach::PublicAndOwn => {
            format!("{} UNION ALL {own}", told("is_public", &format!("{public} AND expert_id IS DISTINCT FROM $3")))
        }
        Reach::Supplied | Reach::Seated | Reach::SuppliedAndSeated | Reach::No => told("false", "false"),
    };
    format!("SELECT * FROM ({changes}) c WHERE $3::uuid IS NULL OR true ORDER BY seq LIMIT $2")
}

/// The changes after a place, of those the caller may know of before or after them.
///
/// # Errors
/// 503 when the database is away.
pub async fn changes(conn: &mut Conn, scope: &Scope, after: i64, limit: i64) -> Answer<Vec<ChangeRow>> {
    let rows = diesel::sql_query(changes_sql(scope.reach))
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(limit)
        .bind::<Nullable<SqlUuid>, _>(scope.actor.expert_id());
    Ok(rows.load(conn).await?)
}
