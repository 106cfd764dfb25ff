//! Undoes a plan as a whole: what it entered goes, what it changed is as before.

use std::collections::BTreeMap;

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::apply::PATIENCE;
use super::detail::{self, Undo};
use super::store::changes::{self, ChangeRow};
use super::store::written::{self, Undone};
use super::store::{self, PlanRow};
use super::verbs::moved_problem;
use super::words::PlanState;
use crate::access::permit::Scope;
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::experts::keys::Keys;
use crate::experts::load::Aside;
use crate::experts::profile::updated_event;
use crate::experts::store::{self as experts, Entry, Stored};
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;

/// Changes at a time.
const BATCH: i64 = 500;
/// Most records that are named of those that stand in the way.
const MOST_NAMED: i64 = 100;

/// Undoes a locked plan; its events.
///
/// # Errors
/// 409 when it was not applied, or with the records that stand in the way.
pub async fn revert(tx: &mut Conn, sealer: &Sealer, plan: &mut PlanRow, scope: &Scope) -> Answer<Vec<Event>> {
    if plan.state() == PlanState::Reverted {
        return Ok(Vec::new());
    }
    if plan.state() != PlanState::Applied {
        return Err(Problem::new(Code::Conflict)
            .detail(say!("Chỉ hoàn tác được kế hoạch đã áp dụng.", "Only a plan that was applied can be undone.",)));
    }
    if plan.forgotten_at.is_some() {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Kế hoạch đã quá hạn lưu giữ, dữ liệu để hoàn tác đã xóa.",
            "The plan is older than what is kept: what it takes to undo it is gone.",
        )));
    }
    tx.batch_execute(PATIENCE).await?;
    experts::keep_merges_out(tx).await?;
    // from here on nobody comes in between
    changes::lock_to_undo(tx, plan.id).await?;
    in_the_way(tx, plan).await?;
    let mut recorder = Recorder::system(sealer.clone(), "sync.revert");
    recorder.actor = scope.actor.clone();
    let tools = Aside::read(tx, recorder).await?;
    let mut after = 0;
    loop {
        let rows = changes::to_undo(tx, plan.id, after, BATCH).await?;
        let Some(last) = rows.last() else { break };
        after = last.number;
        undo(tx, &tools, plan, rows).await?;
    }
    plan.state = PlanState::Reverted.as_str().to_owned();
    (plan.reverted_by, plan.reverted_at) = (scope.actor.id(), Some(now()));
    store::put(tx, plan).await?;
    Ok(vec![Event::on("sync_plan", plan.id).fields(["state"])])
}

async fn in_the_way(tx: &mut Conn, plan: &PlanRow) -> Answer<()> {
    let rows = written::obstacles(tx, plan.id, &plan.source, MOST_NAMED).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let detail = say!(
        "Có bản ghi đã được sửa hoặc dùng sau khi áp dụng; không hoàn tác được cả kế hoạch.",
        "Records were edited or used since it was applied, so it can't be undone as a whole.",
    );
    Err(moved_problem(&rows, "edited_since").detail(detail))
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
