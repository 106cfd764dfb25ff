//! Live panels are looked at again when something they rest on changed, and once a day: a conflict that came up raises one alert.

use uuid::Uuid;

use super::coi::Finding;
use super::model::{Standing, is_live};
use super::store::{self, FindingKey, FindingRow};
use crate::access::permit::Scope;
use crate::audit::event::{Event, Recorder};
use crate::consultations::model::Case;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::db::{Conn, Db, give_way};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code};
use crate::kernel::sealed::Sealer;

/// Panels that are looked at in one go: the rest waits for the next second, and what else is done beside the requests does not.
const MOST: i64 = 50;

/// The audit event of an alert.
pub const ALERT: &str = "consultations.conflict_found";

/// The audit event of a finding that holds no more.
const ENDED: &str = "consultations.conflict_ended";

/// Looks at panels that changed, and at those nobody looked at today; how many. With `all` also at those that changed while somebody
/// was not on them yet. Each in a transaction of its own: one that fails, or that an officer holds, keeps no other from being looked
/// at and is tried again. Safe on many instances at once: a finding is kept once.
///
/// # Errors
/// 503 when the database is away; the first fault, when all others were looked at.
pub async fn watch(db: &Db, sealer: &Sealer, all: bool) -> Answer<usize> {
    let due = db.transaction(async |tx| {
        give_way(tx).await?;
        store::due(tx, today(), all, MOST).await
    });
    let due = due.await?;
    let (mut looked, mut fault) = (0, None);
    for id in due {
        let recorder = Recorder::system(sealer.clone(), ALERT);
        let done = db.transaction(async |tx| {
            give_way(tx).await?;
            store::take_up(tx, id, today()).await?;
            let events = look(tx, id).await?;
            recorder.record(tx, events).await?;
            Ok(())
        });
        match done.await {
            Ok(()) => looked += 1,
            Err(problem) => {
                fault = fault.or(Some(problem));
                let back = db.transaction(async |tx| {
                    give_way(tx).await?;
                    store::put_back(tx, id).await
                });
                back.await?;
            }
        }
    }
    fault.map_or(Ok(looked), Err)
}

/// Looks at one panel: the alert, where something came up, and what ended.
async fn look(tx: &mut Conn, id: Uuid) -> Answer<Vec<Event>> {
    let case = match consultation_store::find(tx, Seen::by(&Scope::SYSTEM, today()), id).await {
        Ok(case) => case,
        Err(problem) if problem.code() == Code::NotFound => return Ok(Vec::new()),
        Err(problem) => return Err(problem),
    };
    if !is_live(&case) {
        return Ok(Vec::new());
    }
    let Noted { new, ended } = note(tx, &case, true).await?;
    let new: Vec<FindingRow> = new.into_iter().filter(|row| row.raised).collect();
    let event = |action, keys| Event::on("consultation", id).action(action).fields(["panel"]).values(keys);
    let mut events = Vec::new();
    if !new.is_empty() {
        events.push(event(ALERT, store::told(new.iter().map(|row| (row.expert_id, row.key.as_str())))));
    }
    if !ended.is_empty() {
        events.push(event(ENDED, store::told(ended.iter().map(|gone| (gone.expert_id, gone.key.as_str())))));
    }
    Ok(events)
}

/// What became of the findings on those who sit.
pub struct Noted {
    /// What was not known.
    pub new: Vec<FindingRow>,
    /// What holds no more.
    pub ended: Vec<FindingKey>,
}

/// Keeps what is found now of those who sit; what was not known. It is `raised` when it came up by itself. What holds no more ends.
///
/// # Errors
/// 503 when the database is away.
pub async fn note(tx: &mut Conn, case: &Case, raised: bool) -> Answer<Noted> {
    let sitting: Vec<Uuid> =
        store::members(tx, case.id()).await?.iter().filter(|row| row.sits()).map(|row| row.expert_id).collect();
    let mut standings: Vec<_> = store::standings(tx, case, &sitting).await?.into_iter().collect();
    standings.sort_by_key(|(id, _)| *id);
    // what was waived is no alert: of works a waiver holds when one of them is too old to count
    let of = |(expert, standing): &(Uuid, Standing)| -> Vec<FindingRow> {
        let is_open = |found: &Finding| standing.open.contains(&found.key);
        standing.findings.iter().map(|found| row(case, *expert, found, raised && is_open(found))).collect()
    };
    let rows: Vec<FindingRow> = standings.iter().flat_map(of).collect();
    let ended = store::end_findings(tx, case.id(), &rows).await?;
    let new = if rows.is_empty() { Vec::new() } else { store::note_findings(tx, &rows).await? };
    Ok(Noted { new, ended })
}

/// Keeps that these findings on somebody are known: they were just told of, or decided.
///
/// # Errors
/// 503 when the database is away.
pub async fn note_known(tx: &mut Conn, case: &Case, expert: Uuid, found: &[Finding]) -> Answer<()> {
    let rows: Vec<FindingRow> = found.iter().map(|found| row(case, expert, found, false)).collect();
    if !rows.is_empty() {
        store::note_findings(tx, &rows).await?;
    }
    Ok(())
}

fn row(case: &Case, expert_id: Uuid, found: &Finding, raised: bool) -> FindingRow {
    FindingRow {
        id: new_id(),
        consultation_id: case.id(),
        expert_id,
        key: found.key.clone(),
        finding: found.bare(),
        raised,
        found_at: now(),
        ended_at: None,
    }
}
