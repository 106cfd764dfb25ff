//! Applies a plan: exactly what it says, all of it in one transaction, or nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use diesel_async::SimpleAsyncConnection;
use serde_json::Value;
use uuid::Uuid;

use super::detail::{self, Detail, Undo};
use super::store::changes::{self, ChangeRow, MovedRow};
use super::store::written::{self, Written};
use super::store::{self, PlanRow};
use super::words::{ChangeKind, ChangeOutcome, PlanState};
use crate::audit::event::{Event, Recorder};
use crate::db::{Conn, write_many};
use crate::experts::duplicates::list::distinguished;
use crate::experts::duplicates::{self, Candidate, Person};
use crate::experts::load::Aside;
use crate::experts::load::plan::Prepared;
use crate::experts::load::verdict::{Line, Update};
use crate::experts::load::write::{self, create};
use crate::experts::store::{self as experts, KnownRecords, Stored, WordCounts};
use crate::experts::three_way::Merged;
use crate::kernel::background::aside;
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::state::State;

/// Changes at a time.
const BATCH: i64 = 500;
/// Most records that are named of those that moved.
pub(super) const MOST_NAMED: i64 = 100;
/// People who are looked for in the bank at a time.
const LOOKED_FOR: i64 = 200;
/// One statement may wait for the triggers of many rows, and between two of them a batch is prepared.
pub(super) const PATIENCE: &str = "SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '60s'; \
                                   SET LOCAL idle_in_transaction_session_timeout = '5min'";
/// Rows are looked at as they are written: at the end it would be all of them at once.
pub(super) const AT_ONCE: &str = "SET CONSTRAINTS ALL IMMEDIATE";

/// Applies a plan, or takes it back to where it can be looked at again when something moved under it.
///
/// # Errors
/// 503 when the database is away: nothing was written.
pub async fn run(state: &State, plan: PlanRow, done: &AtomicI64) -> Answer<()> {
    let id = plan.id;
    let mut recorder = Recorder::system(state.sealer.clone(), "sync.apply");
    recorder.actor = plan.applier();
    let tools = Arc::new(Aside::read(&mut state.db.conn().await?, recorder).await?);
    let moved = Moved::default();
    let applied = state
        .db
        .behind()
        .await?
        .transaction(async |tx| {
            tx.batch_execute(PATIENCE).await?;
            experts::keep_merges_out(tx).await?;
            let mut plan = store::lock(tx, id).await?;
            if plan.state != PlanState::Applying.as_str() {
                return Ok(());
            }
            let mut rows = changes::moved(tx, id, &plan.source, MOST_NAMED).await?;
            if rows.is_empty() {
                rows = came_since(tx, &tools, &plan).await?;
            }
            if !rows.is_empty() {
                moved.set(rows);
                return Err(Problem::new(Code::Conflict));
            }
            plan.state = PlanState::Applied.as_str().to_owned();
            (plan.applied_at, plan.failure) = (Some(now()), None);
            let event = Event::on("sync_plan", id).fields(["state"]);
            tools.recorder.record(tx, vec![event]).await?;
            changes::lock_to_write(tx, id).await?;
            tx.batch_execute(AT_ONCE).await?;
            write_many(tx).await?;
            let writer = Writer { state, plan: &plan, tools: &tools, done, moved: &moved };
            writer.write_all(tx).await?;
            plan.applied_at = Some(now());
            store::put(tx, &mut plan).await
        })
        .await;
    match moved.take() {
        rows if rows.is_empty() => applied,
        rows => {
            let failure = MovedRow::failure(&rows, "moved");
            store::back(&state.db, id, PlanState::Applying, failure, &tools.recorder).await
        }
    }
}

/// New records that are for certain somebody who came into the bank, or was changed, since the plan was made.
async fn came_since(tx: &mut Conn, tools: &Aside, plan: &PlanRow) -> Answer<Vec<MovedRow>> {
    let (mut moved, mut after) = (Vec::new(), 0);
    if !experts::touched_since(tx, plan.created_at).await? {
        return Ok(moved);
    }
    loop {
        let rows = changes::undecided(tx, plan.id, after, LOOKED_FOR).await?;
        let Some(last) = rows.last() else { return Ok(moved) };
        after = last.number;
        let mut people = Vec::with_capacity(rows.len());
        for row in &rows {
            let line = detail::of(&tools.sealer, plan.id, row)?.line;
            people
                .push(line.map(|line| Person::of(&line.draft, &line.publications, &tools.sealer)).unwrap_or_default());
        }
        let found = duplicates::like(tx, &tools.sealer, &people).await?;
        let is_known = |found: &Vec<Candidate>| found.iter().any(|candidate| candidate.likeness.certain);
        let known = rows.iter().zip(&found).filter(|(_, found)| is_known(found));
        moved.extend(known.map(|(row, _)| MovedRow::of(row)));
    }
}

/// What is found to have moved; the transaction that found it is rolled back.
#[derive(Default)]
pub(super) struct Moved(Mutex<Vec<MovedRow>>);

impl Moved {
    pub(super) fn set(&self, rows: Vec<MovedRow>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = rows;
    }

    pub(super) fn take(&self) -> Vec<MovedRow> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Writer<'a> {
    state: &'a State,
    plan: &'a PlanRow,
    tools: &'a Arc<Aside>,
    done: &'a AtomicI64,
    moved: &'a Moved,
}

/// Changes of a batch, by what is done with them.
#[derive(Default)]
struct Batch {
    new: Vec<Line>,
    new_rows: Vec<ChangeRow>,
    /// New experts of whom somebody said whom they are not, and who said it.
    apart: Vec<(Uuid, Vec<Uuid>, Option<Uuid>)>,
    prepared: Prepared,
    known: Vec<(ChangeRow, Detail)>,
    gone: Vec<ChangeRow>,
    last: i64,
    rows: i64,
}

impl Writer<'_> {
    /// Writes batch after batch; while one is written the next is read and made into statements.
    async fn write_all(&self, tx: &mut Conn) -> Answer<()> {
        let (mut next, mut words) = (self.next(0).await?, WordCounts::default());
        while let Some(batch) = next {
            let (written, following) = tokio::join!(self.write(tx, &batch, &mut words), self.next(batch.last));
            written?;
            self.done.fetch_add(batch.rows, Ordering::Relaxed);
            next = following?;
        }
        words.write(tx).await
    }

    async fn next(&self, after: i64) -> Answer<Option<Batch>> {
        let rows = changes::writing(&mut self.state.db.conn().await?, self.plan.id, after, BATCH).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let (plan, source, tools) = (self.plan.id, self.plan.source.clone(), Arc::clone(self.tools));
        aside(move || Batch::of(rows, plan, &source, &tools).map(Some)).await?
    }

    async fn write(&self, tx: &mut Conn, batch: &Batch, words: &mut WordCounts) -> Answer<()> {
        if !batch.prepared.ids.is_empty() && !create(tx, &batch.prepared, words).await? {
            let clash = changes::moved(tx, self.plan.id, &self.plan.source, MOST_NAMED).await?;
            return self.stop(clash, batch.new_rows.first());
        }
        self.keep_apart(tx, batch).await?;
        let ids: Vec<&str> = batch.all().filter_map(|row| row.external_id.as_deref()).collect();
        let known = experts::lock_sources(tx, &self.plan.source, &ids).await?;
        let before = experts::source_images(tx, &self.plan.source, &ids).await?;
        if let Some(row) = batch.all().find(|row| !rests(row, &known)) {
            return self.stop(Vec::new(), Some(row));
        }
        let updates = self.updates(tx, batch).await?;
        let versions = write::update(tx, self.tools, &self.plan.source, &updates).await?;
        self.mark(tx, batch).await?;
        let undo = self.undo(batch, &updates, &versions, before)?;
        written::written(tx, self.plan.id, &self.plan.source, &undo).await
    }

    /// Who was said to be somebody new is not proposed as one of those they are like.
    async fn keep_apart(&self, tx: &mut Conn, batch: &Batch) -> Answer<()> {
        let others: Vec<Uuid> = batch.apart.iter().flat_map(|(_, others, _)| others.iter().copied()).collect();
        if others.is_empty() {
            return Ok(());
        }
        let there = experts::states_of(tx, &others).await?;
        let mut events = Vec::new();
        for (new, others, by) in &batch.apart {
            for other in others.iter().filter(|other| there.contains_key(other)) {
                experts::distinguish(tx, (*new, *other), *by, None).await?;
                events.push(distinguished((*other, *new), None));
            }
        }
        self.tools.recorder.record(tx, events).await
    }

    /// Something moved while this was written: all of it is rolled back.
    fn stop(&self, mut moved: Vec<MovedRow>, row: Option<&ChangeRow>) -> Answer<()> {
        if let (true, Some(row)) = (moved.is_empty(), row) {
            moved.push(MovedRow::of(row));
        }
        self.moved.set(moved);
        Err(Problem::new(Code::Conflict))
    }

    /// The known records as they are to be written.
    async fn updates(&self, tx: &mut Conn, batch: &Batch) -> Answer<Vec<Update>> {
        if batch.known.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = batch.known.iter().filter_map(|(row, _)| row.expert_id).collect();
        experts::lock_all(tx, &ids).await?;
        let stored = experts::stored(tx, &self.tools.sealer, &ids).await?;
        let mut updates = Vec::with_capacity(batch.known.len());
        for (row, detail) in &batch.known {
            // two records of one expert: the one that is not followed is entered alone
            let old = row.expert_id.and_then(|id| stored.get(&id)).cloned();
            let is_same = |old: &Stored| row.kind == "unchanged" || Some(old.version) == row.expert_version;
            match old.filter(is_same) {
                Some(old) => updates.extend(planned(row, detail, old)),
                None => return self.stop(Vec::new(), Some(row)).map(|()| Vec::new()),
            }
        }
        Ok(updates)
    }

    async fn mark(&self, tx: &mut Conn, batch: &Batch) -> Answer<()> {
        for (kind, is_withdrawn) in [(ChangeKind::Absent, false), (ChangeKind::Tombstone, true)] {
            let rows = batch.gone.iter().filter(|row| row.kind == kind.as_str());
            let ids: Vec<&str> = rows.filter_map(|row| row.external_id.as_deref()).collect();
            if !ids.is_empty() {
                experts::mark_gone(tx, &self.plan.source, &ids, is_withdrawn).await?;
            }
        }
        Ok(())
    }

    /// How the records of a batch were before, so that the plan can be undone.
    fn undo(
        &self,
        batch: &Batch,
        updates: &[Update],
        versions: &BTreeMap<Uuid, i64>,
        mut before: HashMap<String, Value>,
    ) -> Answer<Vec<Written>> {
        let new = |row: &ChangeRow| Written { number: row.number, version: 1, undo: None, weight: 0 };
        let mut rows: Vec<Written> = batch.new_rows.iter().map(new).collect();
        let by_record: HashMap<&str, &Update> =
            updates.iter().map(|update| (update.line.external_id.as_str(), update)).collect();
        for row in batch.known.iter().map(|(row, _)| row).chain(&batch.gone) {
            let update = row.external_id.as_deref().and_then(|id| by_record.get(id)).filter(|_| row.detail.is_some());
            let changed = update.filter(|update| !update.merged.taken.is_empty());
            let undo = Undo {
                source: row.external_id.as_ref().and_then(|id| before.remove(id)),
                draft: changed.map(|update| update.old.draft.clone()),
                publications: changed
                    .filter(|update| update.publications().is_some())
                    .map(|update| update.old.publications.clone()),
            };
            let version = changed.and_then(|update| versions.get(&update.id)).copied();
            let version = version.or(row.expert_version).unwrap_or_default();
            let (sealed, weight) = detail::weigh(&self.tools.sealer, self.plan.id, row.number, "undo", &undo)?;
            rows.push(Written { number: row.number, version, undo: Some(sealed), weight });
        }
        Ok(rows)
    }
}

impl Batch {
    fn of(rows: Vec<ChangeRow>, plan: Uuid, source: &str, tools: &Aside) -> Answer<Self> {
        let last = rows.last().map(|row| row.number).unwrap_or_default();
        let mut batch = Self { last, rows: i64::try_from(rows.len()).unwrap_or(i64::MAX), ..Self::default() };
        for row in rows {
            match ChangeKind::parse(&row.kind) {
                Some(ChangeKind::Absent | ChangeKind::Tombstone) => batch.gone.push(row),
                Some(ChangeKind::Create) => {
                    let line = linked(detail::of(&tools.sealer, plan, &row)?);
                    if let (Some(line), Some(doubt)) = (&line, detail::doubt_of(&tools.sealer, plan, &row)?) {
                        let others = doubt.candidates.iter().map(|candidate| candidate.id).collect();
                        batch.apart.push((line.id, others, doubt.decided_by));
                    }
                    batch.new.extend(line);
                    batch.new_rows.push(row);
                }
                _ => {
                    let detail = detail::of(&tools.sealer, plan, &row)?;
                    batch.known.push((row, detail));
                }
            }
        }
        batch.prepared = Prepared::of(std::mem::take(&mut batch.new), tools, source, 1)?;
        Ok(batch)
    }

    /// Changes of records that are known.
    fn all(&self) -> impl Iterator<Item = &ChangeRow> {
        self.known.iter().map(|(row, _)| row).chain(&self.gone)
    }
}

/// True when a record is still what its change rests on.
fn rests(row: &ChangeRow, known: &KnownRecords) -> bool {
    let known = row.external_id.as_ref().and_then(|id| known.get(id));
    match (known, row.loaded_version) {
        (None, None) => true,
        (Some(known), Some(loaded)) => {
            let is_exact = matches!(row.kind.as_str(), "unchanged" | "absent" | "tombstone")
                || row.expert_version == Some(known.version);
            let is_same = row.resting_mark.as_ref() == Some(&known.mark);
            row.expert_id == Some(known.expert_id) && loaded == known.loaded_version && is_same && is_exact
        }
        _ => false,
    }
}

/// A new record, with its workplace as it was found.
fn linked(detail: Detail) -> Option<Line> {
    let (mut line, place) = (detail.line?, detail.place);
    if let Some((workplace_id, workplace)) = place {
        (line.draft.workplace_id, line.draft.workplace) = (workplace_id, workplace);
    }
    Some(line)
}

/// A known record as the plan says, with what was decided of its conflicts.
pub(super) fn planned(row: &ChangeRow, detail: &Detail, old: Stored) -> Option<Update> {
    let line = detail.line.clone()?;
    if row.outcome.as_deref() == Some(ChangeOutcome::Merged.as_str()) {
        return row.expert_id.map(|id| Update::twin(id, line, old));
    }
    let mut merged = Merged { taken: detail.taken.clone(), conflicts: Default::default(), base: line.said.clone() };
    match row.decision.as_deref() {
        Some("theirs") => merged.taken.extend(detail.open.keys().cloned()),
        Some("ours") => {}
        _ => {
            for (name, before) in &detail.open {
                merged.conflicts.insert(name.clone());
                match before {
                    Some(before) => merged.base.insert(name.clone(), before.clone()),
                    None => merged.base.remove(name),
                };
            }
        }
    }
    let mut draft = merged.draft(&line.draft, &old.draft);
    if let Some((workplace_id, workplace)) = detail.place.clone() {
        (draft.workplace_id, draft.workplace) = (workplace_id, workplace);
    }
    // while something is open the record is looked at again, whatever is sent
    let digest = if merged.conflicts.is_empty() { line.digest.clone() } else { row.digest.clone().unwrap_or_default() };
    row.expert_id.map(|id| Update::planned(id, line, merged, draft, old, digest))
}
