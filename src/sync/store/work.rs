//! Who works on which plan: a lease that is renewed while the worker lives.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::kernel::problem::Answer;

/// Seconds a lease is good for.
pub const LEASE: f64 = 15.0;
/// Seconds an upload may stand still before it is taken for dead.
pub const UPLOAD_LEASE: f64 = 90.0;

/// Work that was claimed.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct Claim {
    #[diesel(sql_type = SqlUuid)]
    pub plan_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
}

/// How far work is.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct Progress {
    #[diesel(sql_type = BigInt)]
    pub done: i64,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub started_at: Option<DateTime<Utc>>,
}

/// True while somebody makes, applies or undoes a plan.
pub async fn is_at_work(conn: &mut Conn) -> Answer<bool> {
    use crate::db::schema::sync_work;
    let is_leased = diesel::dsl::sql::<Bool>("lease_until > clock_timestamp()");
    let leased = sync_work::table.filter(sync_work::worker.is_not_null()).filter(is_leased);
    Ok(diesel::select(diesel::dsl::exists(leased)).get_result(conn).await?)
}

/// For a new plan: its upload is at work.
pub async fn begin(tx: &mut Conn, plan: Uuid) -> Answer<()> {
    let sql = "INSERT INTO sync_work (plan_id, lease_until) VALUES ($1, clock_timestamp() + make_interval(secs => $2))";
    diesel::sql_query(sql).bind::<SqlUuid, _>(plan).bind::<Double, _>(UPLOAD_LEASE).execute(tx).await?;
    Ok(())
}

/// The upload goes on; false when the plan is no longer received.
pub async fn upload_goes_on(conn: &mut Conn, plan: Uuid) -> Answer<bool> {
    let sql = "UPDATE sync_work w SET lease_until = clock_timestamp() + make_interval(secs => $2)
                 FROM sync_plans p WHERE w.plan_id = $1 AND p.id = w.plan_id AND p.state = 'receiving'";
    let renewed = diesel::sql_query(sql).bind::<SqlUuid, _>(plan).bind::<Double, _>(UPLOAD_LEASE).execute(conn).await?;
    Ok(renewed == 1)
}

/// There is work to be claimed.
pub async fn offer(tx: &mut Conn, plan: Uuid, total: i64) -> Answer<()> {
    diesel::sql_query(
        "UPDATE sync_work SET worker = NULL, lease_until = '-infinity', attempts = 0, done = 0, total = $2, started_at = NULL
          WHERE plan_id = $1",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<BigInt, _>(total)
    .execute(tx)
    .await?;
    Ok(())
}

/// Claims a plan that wants work and that nobody living works on.
pub async fn claim(conn: &mut Conn, worker: Uuid) -> Answer<Option<Claim>> {
    Ok(diesel::sql_query(
        "UPDATE sync_work SET worker = $1, lease_until = clock_timestamp() + make_interval(secs => $2),
                attempts = attempts + 1, done = 0, started_at = clock_timestamp()
          WHERE plan_id = (
                SELECT w.plan_id FROM sync_plans p JOIN sync_work w ON w.plan_id = p.id
                 WHERE p.state IN ('receiving', 'planning', 'applying', 'reverting') AND w.lease_until < clock_timestamp()
                 ORDER BY p.created_at LIMIT 1 FOR UPDATE OF w SKIP LOCKED)
         RETURNING plan_id, attempts",
    )
    .bind::<SqlUuid, _>(worker)
    .bind::<Double, _>(LEASE)
    .get_result(conn)
    .await
    .optional()?)
}

/// Renews a lease and tells how far the work is; false when another worker has the plan.
pub async fn beat(conn: &mut Conn, plan: Uuid, worker: Uuid, done: i64) -> Answer<bool> {
    let renewed = diesel::sql_query(
        "UPDATE sync_work SET lease_until = clock_timestamp() + make_interval(secs => $3), done = greatest(done, $4)
          WHERE plan_id = $1 AND worker = $2",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<SqlUuid, _>(worker)
    .bind::<Double, _>(LEASE)
    .bind::<BigInt, _>(done)
    .execute(conn)
    .await?;
    Ok(renewed == 1)
}

/// Holds the work until the transaction ends, so that nobody else begins it; false when another worker has it.
pub async fn hold(tx: &mut Conn, plan: Uuid, worker: Uuid) -> Answer<bool> {
    let sql = "SELECT count(*) AS n FROM (SELECT FROM sync_work WHERE plan_id = $1 AND worker = $2 FOR KEY SHARE) w";
    let held: super::Number =
        diesel::sql_query(sql).bind::<SqlUuid, _>(plan).bind::<SqlUuid, _>(worker).get_result(tx).await?;
    Ok(held.n == 1)
}

/// Lets go of a plan, so that it can be claimed at once.
pub async fn let_go(conn: &mut Conn, plan: Uuid, worker: Uuid) -> Answer<()> {
    diesel::sql_query("UPDATE sync_work SET lease_until = '-infinity' WHERE plan_id = $1 AND worker = $2")
        .bind::<SqlUuid, _>(plan)
        .bind::<SqlUuid, _>(worker)
        .execute(conn)
        .await?;
    Ok(())
}

/// How far the work on a plan is.
pub async fn progress(conn: &mut Conn, plan: Uuid) -> Answer<Progress> {
    let sql = "SELECT done, total, started_at FROM sync_work WHERE plan_id = $1";
    Ok(diesel::sql_query(sql).bind::<SqlUuid, _>(plan).get_result(conn).await?)
}
