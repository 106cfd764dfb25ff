//! Accounts in a merge: one person signs in with one.

use diesel::sql_types::{Jsonb, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::rows::kept;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// The winner's account, where it is disabled and the loser's is not: nobody's until an undo, so that the person goes on with
/// the one they sign in with. The row as it was.
///
/// # Errors
/// 503 when the database is away.
pub async fn displace_account(tx: &mut Conn, winner: Uuid, loser: Uuid) -> Answer<Vec<Value>> {
    let rows = diesel::sql_query(
        "WITH old AS (SELECT w.* FROM accounts w WHERE w.expert_id = $1 AND w.disabled_at IS NOT NULL
                         AND EXISTS (SELECT FROM accounts l WHERE l.expert_id = $2 AND l.disabled_at IS NULL)),
              done AS (UPDATE accounts t SET expert_id = NULL, version = t.version + 1, updated_at = now()
                         FROM old WHERE t.id = old.id)
         SELECT to_jsonb(old) AS row FROM old",
    )
    .bind::<SqlUuid, _>(winner)
    .bind::<SqlUuid, _>(loser)
    .load(tx)
    .await?;
    Ok(kept(rows))
}

/// The loser's account, where it did not move because the winner has one: closed, and nobody's until an undo. The row as it was.
///
/// # Errors
/// 503 when the database is away.
pub async fn close_account(tx: &mut Conn, loser: Uuid) -> Answer<Vec<Value>> {
    let rows = diesel::sql_query(
        "WITH old AS (SELECT * FROM accounts WHERE expert_id = $1),
              done AS (UPDATE accounts SET expert_id = NULL, disabled_at = coalesce(disabled_at, now()),
                                           version = version + 1, updated_at = now() WHERE expert_id = $1)
         SELECT to_jsonb(old) AS row FROM old",
    )
    .bind::<SqlUuid, _>(loser)
    .load(tx)
    .await?;
    Ok(kept(rows))
}

/// Gives accounts back to their experts as they were; false when somebody gave one another expert or role meanwhile. One that
/// was changed in between, as by who disabled it, stays disabled.
///
/// # Errors
/// 503 when the database is away.
pub async fn reopen_accounts(tx: &mut Conn, closed: &[Value]) -> Answer<bool> {
    let back = diesel::sql_query(
        "UPDATE accounts t SET expert_id = old.expert_id, version = t.version + 1, updated_at = now(),
                disabled_at = CASE WHEN t.version = old.version + 1 THEN old.disabled_at ELSE t.disabled_at END
           FROM jsonb_populate_recordset(NULL::accounts, $1) old
          WHERE t.id = old.id AND t.expert_id IS NULL AND t.role = 'expert'",
    )
    .bind::<Jsonb, _>(Value::Array(closed.to_vec()))
    .execute(tx)
    .await?;
    Ok(back == closed.len())
}
