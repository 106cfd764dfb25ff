//! The pairs that are kept: derived beside the writers, some hundred people at a time, from a queue that a trigger fills.
//!
//! To compare everybody with everybody when somebody asks would take seconds; to do it while a record is written would make
//! every writer wait. So a change only queues the person, housekeeping derives their pairs anew, and whoever reads the list
//! helps first, as long as few wait.

use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::sql_query;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{Person, like};
use crate::db::{Behind, Conn, Db, give_way, plan_anew};
use crate::experts::store::{self, NewPair};
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sealed::Sealer;

/// People of one transaction.
const BATCH: i64 = 250;
/// As many are derived while a reader waits.
const MOST_WAITING: i64 = 1_000;

/// "EBPAIRS" in ASCII: one who derives at a time, over all instances.
const LOCK: i64 = 0x0045_4250_4149_5253;

/// Derives the pairs of everybody who waits, unless another instance is at it, as far as `time` lasts; how many that were.
///
/// # Errors
/// 503 when the database is away; what was done stays.
pub async fn catch_up(db: &Db, sealer: &Sealer, time: Duration) -> Answer<usize> {
    let (mut total, mut behind, begin) = (0, None, Instant::now());
    loop {
        let some = async |tx: &mut Conn| {
            if !is_free(tx).await? {
                return Ok(0);
            }
            give_way(tx).await?;
            derive(tx, sealer).await
        };
        let done = match &mut behind {
            None => db.transaction(some).await?,
            Some(behind) => Behind::transaction(behind, some).await?,
        };
        total += done;
        if done == 0 || begin.elapsed() >= time {
            return Ok(total);
        }
        // where more than some wait, many do
        if behind.is_none() && i64::try_from(done).is_ok_and(|done| done >= BATCH) {
            behind = Some(db.behind().await?);
        }
    }
}

async fn is_free(tx: &mut Conn) -> Answer<bool> {
    Ok(diesel::select(sql::<Bool>(&format!("pg_try_advisory_xact_lock({LOCK})"))).get_result(tx).await?)
}

/// Helps before the list is read, where that takes no longer than a reader waits; how many wait afterwards, if so many that
/// the list is not all there is.
///
/// # Errors
/// 503 when the database is away, or another one derives for long.
pub async fn help(db: &Db, sealer: &Sealer) -> Answer<i64> {
    let waiting = store::count_due(&mut db.conn().await?, MOST_WAITING + 1).await?;
    if waiting == 0 || waiting > MOST_WAITING {
        return Ok(waiting);
    }
    for _ in 0..=MOST_WAITING / BATCH {
        let done = db.transaction(async |tx| {
            sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(tx).await?;
            plan_anew(tx).await?;
            derive(tx, sealer).await
        });
        if done.await? == 0 {
            return Ok(0);
        }
    }
    store::count_due(&mut db.conn().await?, MOST_WAITING).await
}

/// Derives the pairs of some who wait: how many entries of the queue that were.
async fn derive(tx: &mut Conn, sealer: &Sealer) -> Answer<usize> {
    let (count, ids) = store::take_due(tx, BATCH).await?;
    if ids.is_empty() {
        return Ok(count);
    }
    let stored = store::stored_people(tx, sealer, &ids).await?;
    let people: Vec<Person> = ids.iter().filter_map(|id| stored.get(id)).map(|known| known.person.clone()).collect();
    let found = like(tx, sealer, &people).await?;
    let mut pairs = Vec::new();
    for (person, candidates) in people.iter().zip(found) {
        let id = person.id.unwrap_or_default();
        for candidate in candidates {
            pairs.push(NewPair {
                one: id.min(candidate.id),
                other: id.max(candidate.id),
                score: candidate.likeness.score,
                certain: candidate.likeness.certain,
                evidence: evidence(&candidate.likeness.evidence)?,
            });
        }
    }
    store::replace_pairs(tx, &ids, &pairs).await?;
    Ok(count)
}

fn evidence(items: &[super::Evidence]) -> Answer<Value> {
    serde_json::to_value(items).map_err(Problem::internal)
}
