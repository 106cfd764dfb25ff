//! Live panels are looked at again when something they rest on changed, and once a day: a conflict that came up raises one alert.

use uuid::Uuid;

use super::model::is_live;
use super::store::{self, FindingRow};
use crate::access::permit::Scope;
use crate::audit::event::{Event, Recorder};
use crate::consultations::model::Case;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::db::{Conn, Db, give_way};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code};
use crate::kernel::sealed::Sealer;

/// Entries of the queue that are taken in one transaction.
const BATCH: i64 = 200;
/// Panels that are looked at in one transaction because a new day began.
const DAILY: i64 = 20;

/// The audit event of an alert.
pub const ALERT: &str = "consultations.conflict_found";

/// Looks at panels that changed, and at those nobody looked at today; how many. Safe on many instances at once: an entry is taken by
/// one of them, and a finding is kept once.
///
/// # Errors
/// 503 when the database is away.
pub async fn watch(db: &Db, sealer: &Sealer) -> Answer<usize> {
    let mut all = 0;
    while store::has_work(&mut db.conn().await?, today()).await? {
        let recorder = Recorder::system(sealer.clone(), ALERT);
        let done = db.transaction(async |tx| {
            give_way(tx).await?;
            let mut ids = store::take_rechecks(tx, BATCH).await?;
            if ids.is_empty() {
                ids = store::unwatched(tx, today(), DAILY).await?;
            }
            let mut events = Vec::new();
            for id in &ids {
                events.extend(look(tx, *id).await?);
            }
            store::watched(tx, &ids, today()).await?;
            recorder.record(tx, events).await?;
            Ok(ids.len())
        });
        let done = done.await?;
        all += done;
        if done == 0 {
            // another instance holds the rest
            break;
        }
    }
    Ok(all)
}

/// Looks at one panel; the alert, where something came up.
async fn look(tx: &mut Conn, id: Uuid) -> Answer<Option<Event>> {
    let case = match consultation_store::find(tx, Seen::by(&Scope::SYSTEM, today()), id).await {
        Ok(case) => case,
        Err(problem) if problem.code() == Code::NotFound => return Ok(None),
        Err(problem) => return Err(problem),
    };
    if !is_live(&case) {
        return Ok(None);
    }
    let new = note(tx, &case, true).await?;
    let event = Event::on("consultation", id).action(ALERT).fields(["panel"]).values(store::told(&new));
    Ok((!new.is_empty()).then_some(event))
}

/// Keeps what is found now of those who sit; what was not known. It is `raised` when it came up by itself.
///
/// # Errors
/// 503 when the database is away.
pub async fn note(tx: &mut Conn, case: &Case, raised: bool) -> Answer<Vec<FindingRow>> {
    let sitting: Vec<Uuid> =
        store::members(tx, case.id()).await?.iter().filter(|row| row.sits()).map(|row| row.expert_id).collect();
    let mut standings: Vec<_> = store::standings(tx, case, &sitting).await?.into_iter().collect();
    standings.sort_by_key(|(id, _)| *id);
    let rows = standings.into_iter().flat_map(|(expert_id, standing)| {
        standing.findings.into_iter().map(move |finding| FindingRow {
            id: new_id(),
            consultation_id: case.id(),
            expert_id,
            key: finding.key.clone(),
            finding,
            raised,
            found_at: now(),
        })
    });
    let rows: Vec<FindingRow> = rows.collect();
    if rows.is_empty() { Ok(Vec::new()) } else { store::note_findings(tx, &rows).await }
}
