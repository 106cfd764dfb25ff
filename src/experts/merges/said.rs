//! What people said on two records that become one, and two again: no merge and no undo widens a consent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Journal;
use crate::access::permit::Scope;
use crate::accounts::manage;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::experts::model::Purpose;
use crate::experts::status::Status;
use crate::experts::store::{self, ConsentRow, ProfileRow};
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::problem::Answer;

/// A consent of the winner that the loser had withdrawn.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Narrowed {
    pub(super) purpose: String,
    /// The entry that stood.
    stood: Uuid,
    /// The entry that withdraws it.
    entry: Uuid,
}

/// Withdraws from the winner what the person withdrew on the loser's record or on those merged into it, on the same day or
/// later than they agreed. Being listed is a state, which is looked at before.
pub(super) async fn narrow(tx: &mut Conn, winner: Uuid, said: &[Uuid], by: Option<Uuid>) -> Answer<Vec<Narrowed>> {
    let standing = latest(store::list_consents(tx, winner).await?.into_iter());
    let said = words(tx, said).await?;
    let mut narrowed = Vec::new();
    let mut entries = Vec::new();
    for purpose in [Purpose::AgencySearch, Purpose::PublicProfile, Purpose::ContactSharing] {
        let (Some(stands), Some(word)) = (standing.get(purpose.as_str()), said.get(purpose.as_str())) else { continue };
        if !stands.given || word.given || word.decided_on < stands.decided_on {
            continue;
        }
        // as it was recorded, now on the record that stands
        let entry = ConsentRow { id: new_id(), expert_id: winner, recorded_at: now(), recorded_by: by, ..word.clone() };
        narrowed.push(Narrowed { purpose: purpose.as_str().to_owned(), stood: stands.id, entry: entry.id });
        entries.push(entry);
    }
    store::insert_consents(tx, &entries).await?;
    Ok(narrowed)
}

/// The latest word on each purpose over records of one person; of two of the same day the withdrawal.
async fn words(tx: &mut Conn, records: &[Uuid]) -> Answer<BTreeMap<String, ConsentRow>> {
    let mut words: BTreeMap<String, ConsentRow> = BTreeMap::new();
    for record in records {
        for (purpose, row) in latest(store::list_consents(tx, *record).await?.into_iter()) {
            let is_later = |known: &ConsentRow| (row.decided_on, !row.given) > (known.decided_on, !known.given);
            if words.get(&purpose).is_none_or(is_later) {
                words.insert(purpose, row);
            }
        }
    }
    Ok(words)
}

/// Gives back the consents that the merge withdrew, where nothing was said since: as they were recorded.
pub(super) async fn widen_again(tx: &mut Conn, scope: &Scope, winner: Uuid, journal: &Journal) -> Answer<()> {
    let ledger = store::list_consents(tx, winner).await?;
    let standing = latest(ledger.clone().into_iter());
    let mut entries = Vec::new();
    for item in &journal.narrowed {
        let untouched = standing.get(&item.purpose).is_some_and(|row| row.id == item.entry);
        if let Some(stood) = ledger.iter().find(|row| row.id == item.stood && untouched) {
            entries.push(ConsentRow {
                id: new_id(),
                recorded_at: now(),
                recorded_by: scope.actor.id(),
                ..stood.clone()
            });
        }
    }
    store::insert_consents(tx, &entries).await
}

/// True for who left the bank or died.
pub(super) fn is_gone(status: &str) -> bool {
    ["left", "deceased"].contains(&status)
}

/// While the merge stood, who spoke of the winner's record spoke of both: what they withdrew since is withdrawn from the loser's
/// as well, and who left the bank or died does not come back with it. What changed on the loser's record, and the events of
/// what goes with it.
pub(super) async fn carry_over(
    tx: &mut Conn,
    scope: &Scope,
    (winner, loser): (&ProfileRow, Uuid),
    journal: &Journal,
) -> Answer<(Vec<String>, Vec<Event>)> {
    let ledger = store::list_consents(tx, winner.id).await?;
    let since = ledger.into_iter().filter(|row| !row.given && !journal.heard.contains(&row.id));
    let entries: Vec<ConsentRow> = latest(since)
        .into_values()
        .map(|row| ConsentRow {
            id: new_id(),
            expert_id: loser,
            recorded_at: now(),
            recorded_by: scope.actor.id(),
            ..row
        })
        .collect();
    store::insert_consents(tx, &entries).await?;
    let mut fields: Vec<String> = entries.into_iter().map(|row| row.purpose).collect();
    let left = Status::parse(&winner.status).filter(|status| is_gone(status.as_str()) && !is_gone(&journal.status));
    let before = store::find(tx, &Scope::SYSTEM, &loser.to_string()).await?.status;
    let Some(left) = left.filter(|status| status.as_str() != before) else { return Ok((fields, Vec::new())) };
    store::move_to(tx, loser, left).await?;
    store::void_links(tx, loser).await?;
    fields.push("status".to_owned());
    let closed = if left == Status::Deceased { manage::close_of_expert(tx, loser).await? } else { None };
    Ok((fields, closed.into_iter().collect()))
}

/// The latest entry of each purpose, of entries with the latest first.
fn latest(entries: impl Iterator<Item = ConsentRow>) -> BTreeMap<String, ConsentRow> {
    let mut first = BTreeMap::new();
    for row in entries {
        first.entry(row.purpose.clone()).or_insert(row);
    }
    first
}
