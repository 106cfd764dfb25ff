//! Retried POSTs: the key row is written in the transaction that does the work, so both exist or neither.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::actor::Actor;
use crate::db::schema::idempotency_keys;
use crate::db::{Conn, Db};
use crate::http::idempotency::Once;
use crate::kernel::clock::now;
use crate::kernel::database_fault::is_lock_timeout;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;

/// Hours a key is kept.
const KEPT_HOURS: i64 = 24;

/// A key as it is stored.
pub(super) struct Key {
    scope: Vec<u8>,
    body: Vec<u8>,
}

impl Key {
    /// The hashes for one caller; `None` without the header.
    pub(super) fn new(once: &Once, actor: &Actor, sealer: &Sealer) -> Option<Self> {
        let key = once.key.as_ref()?;
        let caller = actor.id().unwrap_or_default();
        Some(Self {
            scope: sealer.keyed_hash("idempotency-scope", &format!("{caller}\n{key}")),
            body: sealer.keyed_hash("idempotency-body", &once.body),
        })
    }

    /// Takes the key for this transaction, or says what it stood for.
    ///
    /// While another transaction holds it, waits up to two seconds.
    ///
    /// # Errors
    /// 409 when the other one takes longer; 422 when the key stood for another body.
    pub(super) async fn take(&self, tx: &mut Conn) -> Answer<Option<Uuid>> {
        diesel::sql_query("SET LOCAL lock_timeout = '2s'").execute(tx).await?;
        let old = idempotency_keys::table
            .find(&self.scope)
            .filter(idempotency_keys::created_at.lt(now() - TimeDelta::hours(KEPT_HOURS)));
        diesel::delete(old).execute(tx).await.map_err(busy)?;
        let taken = diesel::insert_into(idempotency_keys::table)
            .values((idempotency_keys::scope_hash.eq(&self.scope), idempotency_keys::body_hash.eq(&self.body)))
            .on_conflict_do_nothing()
            .execute(tx)
            .await
            .map_err(busy)?;
        diesel::sql_query("SET LOCAL lock_timeout = '5s'").execute(tx).await?;
        if taken == 1 {
            return Ok(None);
        }
        let (body, resource): (Vec<u8>, Option<Uuid>) = idempotency_keys::table
            .find(&self.scope)
            .select((idempotency_keys::body_hash, idempotency_keys::resource_id))
            .first(tx)
            .await?;
        if body != self.body {
            return Err(Problem::new(Code::IdempotencyMismatch).detail(say!(
                "Khóa này đã dùng cho một nội dung khác; hãy dùng khóa mới.",
                "This key was used with another body; use a new one.",
            )));
        }
        Ok(Some(resource.unwrap_or_default()))
    }

    /// Keeps what the work made.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn keep(&self, tx: &mut Conn, resource: Uuid) -> Answer<()> {
        let row = idempotency_keys::table.find(&self.scope);
        diesel::update(row).set(idempotency_keys::resource_id.eq(resource)).execute(tx).await?;
        Ok(())
    }
}

fn busy(error: Error) -> Problem {
    if is_lock_timeout(&error) {
        return Problem::new(Code::Conflict).detail(say!(
            "Yêu cầu đầu tiên với khóa này còn đang chạy; hãy gửi lại sau.",
            "The first request with this key is still running; send it again later.",
        ));
    }
    error.into()
}

/// Forgets keys older than a day.
///
/// # Errors
/// 503 when the database is away.
pub async fn forget_old(db: &Db) -> Answer<usize> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(now() - TimeDelta::hours(KEPT_HOURS)));
    Ok(diesel::delete(old).execute(&mut db.conn().await?).await?)
}
