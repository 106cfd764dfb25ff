//! Undoes a plan as a whole: what it entered goes, what it changed is as before.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::apply::{AT_ONCE, MOST_NAMED, Moved, PATIENCE};
use super::detail::{self, Undo};
use super::store::changes::{self, ChangeRow, MovedRow};
use super::store::written::{self, Undone};
use super::store::{self, PlanRow};
use super::words::PlanState;
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::experts::keys::Keys;
use crate::experts::load::Aside;
use crate::experts::profile::updated_event;
use crate::experts::store::{self as experts, Entry, Stored};
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::state::State;

/// Changes at a time.
const BATCH: i64 = 500;

/// Undoes a plan, or takes it back to where it is applied when something stands in the way.
///
/// # Errors
/// 503 when the database is away: nothing was undone.
pub async fn run(state: &State, plan: PlanRow, done: &AtomicI64) -> Answer<()> {
    let id = plan.id;
    let mut recorder = Recorder::system(state.sealer.clone(), "sync.revert");
    recorder.actor = plan.reverter();
    let tools = Aside::read(&mut state.db.conn().await?, recorder).await?;
    let in_the_way = Moved::default();
    let undone = state
        .db
        .behind()
        .await?
        .transaction(async |tx| {
            tx.batch_execute(PATIENCE).await?;
            experts::keep_merges_out(tx).await?;
            let mut plan = store::lock(tx, id).await?;
            if plan.state() != PlanState::Reverting {
                return Ok(());
            }
            // from here on nobody comes in between
            changes::lock_to_undo(tx, id).await?;
            let rows = written::obstacles(tx, id, &plan.source, MOST_NAMED).await?;
            if !rows.is_empty() {
                in_the_way.set(rows);
                return Err(Problem::new(Code::Conflict));
            }
            tools.recorder.record(tx, vec![Event::on("sync_plan", id).fields(["state"])]).await?;
            tx.batch_execute(AT_ONCE).await?;
            undo_all(tx, &tools, &plan, done).await?;
            plan.state = PlanState::Reverted.as_str().to_owned();
            (plan.reverted_at, plan.failure) = (Some(now()), None);
            store::put(tx, &mut plan).await
        })
        .await;
    match in_the_way.take() {
        rows if rows.is_empty() => undone,
        rows => {
            let failure = MovedRow::failure(&rows, "edited_since");
            store::back(&state.db, id, PlanState::Reverting, failure, &tools.recorder).await
        }
    }
}

async fn undo_all(tx: &mut Conn, tools: &Aside, plan: &PlanRow, done: &AtomicI64) -> Answer<()> {
    let mut after = 0;
    loop {
        let rows = changes::to_undo(tx, plan.id, after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.number;
        done.fetch_add(i64::try_from(rows.len()).unwrap_or(i64::MAX), Ordering::Relaxed);
        undo(tx, tools, plan, rows).await?;
    }
}

async fn undo(tx: &mut Conn, tools: &Aside, plan: &PlanRow, rows: Vec<ChangeRow>) -> Answer<()> {
    let (created, known): (Vec<ChangeRow>, Vec<ChangeRow>) = rows.into_iter().partition(|row| row.kind == "create");
    let entered: Vec<Uuid> = created.iter().filter_map(|row| row.expert_id).collect();
    experts::remove(tx, &entered).await?;
    let mut events: Vec<Event> = entered.iter().map(|id| Event::on("expert", *id)).collect();
    let mut undos = Vec::with_capacity(known.len());
    for row in &known {
        let sealed = row.undo.as_deref().unwrap_or_default();
        let undo: Undo = detail::open(&tools.sealer, plan.id, row.number, "undo", sealed)?;
        undos.push((row, undo));
    }
    let changed: Vec<Uuid> =
        undos.iter().filter(|(_, undo)| undo.draft.is_some()).filter_map(|(row, _)| row.expert_id).collect();
    let mut stored = experts::stored(tx, &tools.sealer, &changed).await?;
    let mut versions = BTreeMap::new();
    // of two records of one expert, that which was followed
    for (row, undo) in undos.iter().filter(|(_, undo)| undo.draft.is_some()) {
        let Some(current) = row.expert_id.and_then(|id| stored.remove(&id)) else { continue };
        let id = row.expert_id.unwrap_or_default();
        let (version, event) = put_back(tx, tools, id, &current, undo).await?;
        versions.insert(id, version);
        events.extend(event);
    }
    if !changed.is_empty() {
        experts::reindex(tx, &changed).await?;
    }
    let images: Vec<Value> = undos.iter().filter_map(|(row, undo)| image(row, undo, &versions)).collect();
    let gone: Vec<&str> = undos
        .iter()
        .filter(|(_, undo)| undo.source.is_none())
        .filter_map(|(row, _)| row.external_id.as_deref())
        .collect();
    experts::put_sources_back(tx, &plan.source, &images, &gone).await?;
    let undone: Vec<Undone> = undos
        .into_iter()
        .filter_map(|(row, undo)| {
            let now = row.expert_id.and_then(|id| versions.get(&id)).copied();
            Some(Undone { image: undo.source?, before: row.expert_version, now })
        })
        .collect();
    written::carry_back(tx, plan.id, &plan.source, &undone).await?;
    tools.recorder.record(tx, events).await
}

/// An expert as before, in a new version.
async fn put_back(
    tx: &mut Conn,
    tools: &Aside,
    id: Uuid,
    current: &Stored,
    undo: &Undo,
) -> Answer<(i64, Option<Event>)> {
    let draft = undo.draft.clone().unwrap_or_else(|| current.draft.clone());
    let listed = undo.publications.as_ref().map(|before| {
        json!([
            current.publications.iter().map(|item| &item.title).collect::<Vec<_>>(),
            before.iter().map(|item| &item.title).collect::<Vec<_>>()
        ])
    });
    let event = updated_event(id, &current.draft, &draft, listed);
    if let Some(publications) = &undo.publications {
        experts::put_publications(tx, &[(id, publications.clone())]).await?;
    }
    let entry = Entry { id, keys: Keys::of(&draft, &tools.vocabulary), draft };
    let row = experts::update(tx, &tools.sealer, &entry).await?;
    Ok((
        row.version,
        Some(event.unwrap_or_else(|| Event::on("expert", id))).map(|event| event.action("experts.update")),
    ))
}

/// The row of a record as before. Who had not been edited here has not been edited by this either.
fn image(row: &ChangeRow, undo: &Undo, versions: &BTreeMap<Uuid, i64>) -> Option<Value> {
    let mut image = undo.source.clone()?;
    let version = row.expert_id.and_then(|id| versions.get(&id));
    if let Some(version) = version.filter(|_| row.loaded_version == row.expert_version) {
        image["loaded_version"] = json!(version);
    }
    Some(image)
}
