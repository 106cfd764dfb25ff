//! The hash chain over committed events.
//!
//! Writers never queue on it: a background sealer takes the events of transactions that are over (below
//! `pg_snapshot_xmin`, so that nothing earlier can still appear), in the order of their transactions, gives them gap-free
//! numbers and links each to the one before: `hash = SHA-256(previous hash || canonical event)`.

use diesel_async::RunQueryDsl;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::event::{detail_digest, open_detail};
use super::store::{self, ChainedEvent};
use crate::db::{Conn, Db, plan_anew, plan_as_usual};
use crate::kernel::problem::Answer;
use crate::kernel::sealed::Sealer;

/// "EBCHAIN" in ASCII: one sealer at a time over all instances.
const LOCK: i64 = 0x0045_4243_4841_494e;
const BATCH: i64 = 1_000;
const GENESIS: [u8; 32] = [0; 32];

/// Chains what is committed and not chained yet; returns how many events that were.
///
/// # Errors
/// 503 when the database is away.
pub async fn seal(db: &Db) -> Answer<usize> {
    let mut total = 0;
    loop {
        let sealed = db.transaction(async |tx| seal_batch(tx).await).await?;
        total += sealed;
        if sealed < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(total);
        }
    }
}

async fn seal_batch(tx: &mut Conn) -> Answer<usize> {
    let free: bool =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("pg_try_advisory_xact_lock({LOCK})")))
            .get_result(tx)
            .await?;
    if !free {
        return Ok(0);
    }
    plan_anew(tx).await?;
    let (mut seq, mut previous) = store::head(tx).await?.unwrap_or((0, GENESIS.to_vec()));
    let events = store::pending(tx, BATCH).await?;
    if events.is_empty() {
        return Ok(0);
    }
    let mut links = Vec::with_capacity(events.len());
    for event in &events {
        seq += 1;
        previous = link(&previous, event);
        links.push((seq, event.id, previous.clone()));
    }
    store::take_out(tx, &links).await?;
    plan_as_usual(tx).await?;
    store::append(tx, &links).await?;
    Ok(links.len())
}

/// One link. The canonical event is JSON with its members in this order; times in microseconds since 1970.
fn link(previous: &[u8], event: &ChainedEvent) -> Vec<u8> {
    let canonical = json!([
        event.id,
        event.at.timestamp_micros(),
        event.actor_kind,
        event.actor_id,
        event.actor_role,
        event.action,
        event.subject_kind,
        event.subject_id,
        event.fields,
        hex::encode(&event.digest),
        event.request_id,
    ]);
    Sha256::new().chain_update(previous).chain_update(canonical.to_string()).finalize().to_vec()
}

/// What a walk along the chain found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events whose link is right.
    pub chained: i64,
    /// Committed events the sealer has not reached.
    pub pending: i64,
    /// Events whose details were erased.
    pub erased: i64,
    /// The hash of the last event in hexadecimal: keep it elsewhere, and a cut-off end shows too.
    pub head: String,
    /// What is wrong, first things first.
    pub faults: Vec<String>,
}

/// Walks the whole chain: numbers without gaps, every link, every detail against its digest, no event outside.
///
/// # Errors
/// 503 when the database is away.
pub async fn verify(db: &Db, sealer: &Sealer) -> Answer<Report> {
    db.transaction(async |tx| walk(tx, sealer).await).await
}

async fn walk(tx: &mut Conn, sealer: &Sealer) -> Answer<Report> {
    // one snapshot for all: events that come or are chained on the way must not look like a fault
    diesel::sql_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(tx).await?;
    let mut report = Report::default();
    let mut previous = GENESIS.to_vec();
    loop {
        let events = store::chained(tx, report.chained, BATCH).await?;
        if events.is_empty() {
            break;
        }
        for (seq, hash, event, detail) in events {
            report.chained += 1;
            if seq != report.chained {
                report.faults.push(format!("number {} is missing; the next is {seq}", report.chained));
                return Ok(report);
            }
            if link(&previous, &event) != hash {
                report.faults.push(format!("event {seq} ({}) was altered, or the one before it", event.id));
            }
            check_detail(&mut report, sealer, &event, detail);
            previous = hash;
        }
    }
    report.head = hex::encode(previous);
    report.pending = store::count_pending(tx).await?;
    let outside = store::count_events(tx).await? - report.chained - report.pending;
    if outside != 0 {
        report.faults.push(format!("{outside} events are neither chained nor waiting"));
    }
    Ok(report)
}

fn check_detail(report: &mut Report, sealer: &Sealer, event: &ChainedEvent, detail: Option<(Vec<u8>, Vec<u8>)>) {
    let Some((salt, sealed)) = detail else {
        report.erased += 1;
        return;
    };
    let whole = open_detail(sealer, event.id, &sealed).is_ok_and(|plain| detail_digest(&salt, &plain) == event.digest);
    if !whole {
        report.faults.push(format!("the details of event {} were altered", event.id));
    }
}
