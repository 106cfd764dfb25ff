//! Makes a plan of the lines of a file, chunk by chunk: what becomes of each record is decided here and nowhere else.

mod judge;

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel_async::SimpleAsyncConnection;
use serde_json::Value;
use tokio::sync::mpsc::{self, Receiver, Sender};
use uuid::Uuid;

use self::judge::{Facts, Judged, judge};
pub(super) use self::judge::{Linked, decided};
use super::chunks;
use super::detail::{self, Detail, Doubt, StoredCandidate};
use super::settings::{Limits, brake};
use super::store::changes::{self, ChangeRow};
use super::store::{self, PlanRow, work};
use super::words::{ChangeKind, PlanState, SyncMode};
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::experts::duplicates::{self, LIKELY, Person};
use crate::experts::load::Aside;
use crate::experts::load::plan::{Before, link};
use crate::experts::load::read::{Broken, RawLine};
use crate::experts::load::verdict::is_same;
use crate::experts::store as experts;
use crate::kernel::background::aside;
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Problem};
use crate::state::State;

/// Rows of absent records at a time.
const BATCH: i64 = 1_000;
/// People who are looked for in the bank at a time.
const LOOKED_FOR: usize = 200;
/// What is said of a whole plan takes longer than what is said to a caller.
const PATIENCE: &str = "SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '60s'";

/// A plan in the making.
pub struct Planner<'a> {
    state: &'a State,
    plan: PlanRow,
    worker: Uuid,
    tools: Arc<Aside>,
    done: &'a AtomicI64,
}

impl<'a> Planner<'a> {
    /// Sets out, with nothing of an earlier attempt left.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn begin(state: &'a State, plan: PlanRow, worker: Uuid, done: &'a AtomicI64) -> Answer<Self> {
        let mut recorder = Recorder::system(state.sealer.clone(), "sync.plan");
        recorder.actor = plan.author();
        let tools = Arc::new(Aside::read(&mut state.db.conn().await?, recorder).await?);
        let planner = Self { state, plan, worker, tools, done };
        planner.write(async |tx| changes::clear(tx, planner.plan.id).await).await?;
        Ok(planner)
    }

    /// Makes it: while one chunk is judged others are read, settled, sealed and kept, each at its own pace.
    ///
    /// # Errors
    /// 503 when the database is away, 409 when another worker has the plan.
    pub async fn run(mut self) -> Answer<()> {
        let flights = Flights::default();
        let (lines, read) = mpsc::channel(1);
        let (judging, judged) = mpsc::channel(1);
        let (settling, settled) = mpsc::channel(1);
        let (sealing, sealed) = mpsc::channel(1);
        let (_, (read, last), ..) = tokio::try_join!(
            self.read_all(lines),
            self.judge_all(read, judging, &flights),
            self.settle_all(judged, settling),
            self.seal_all(settled, sealing),
            self.put_all(sealed, &flights),
        )?;
        if read != self.plan.records {
            return Err(Problem::internal(format!("{read} of {} lines of a file are there", self.plan.records)));
        }
        if self.is_snapshot() && !changes::has_nameless(&mut self.state.db.conn().await?, self.plan.id).await? {
            self.absent(last).await?;
        }
        self.finish().await
    }

    async fn read_all(&self, to: Sender<Lines>) -> Answer<()> {
        for number in 0.. {
            let Some(lines) = self.lines(number).await? else { break };
            pass(&to, lines).await?;
        }
        Ok(())
    }

    /// How many lines there are, and the number of the last.
    async fn judge_all(
        &self,
        mut from: Receiver<Lines>,
        to: Sender<Vec<Judged>>,
        flights: &Flights,
    ) -> Answer<(i64, i64)> {
        let (mut read, mut last) = (0, 0);
        while let Some(lines) = from.recv().await {
            let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
            last = lines.iter().map(number_of).max().unwrap_or(last).max(last);
            let judged = self.judged(lines, flights).await?;
            flights.take_off(&judged);
            pass(&to, judged).await?;
            read += count;
        }
        Ok((read, last))
    }

    async fn settle_all(&self, mut from: Receiver<Vec<Judged>>, to: Sender<Vec<Judged>>) -> Answer<()> {
        while let Some(mut judged) = from.recv().await {
            settle(&mut self.state.db.conn().await?, &self.tools, &self.plan.source, &mut judged).await?;
            pass(&to, judged).await?;
        }
        Ok(())
    }

    async fn seal_all(&self, mut from: Receiver<Vec<Judged>>, to: Sender<Vec<ChangeRow>>) -> Answer<()> {
        while let Some(judged) = from.recv().await {
            let (plan, tools) = (self.plan.id, Arc::clone(&self.tools));
            let seal = move || judged.into_iter().map(|judged| row(&tools, plan, judged)).collect::<Answer<Vec<_>>>();
            pass(&to, aside(seal).await??).await?;
        }
        Ok(())
    }

    async fn put_all(&self, mut from: Receiver<Vec<ChangeRow>>, flights: &Flights) -> Answer<()> {
        while let Some(rows) = from.recv().await {
            self.put(&rows).await?;
            flights.land();
            // each line has become a row
            self.done.fetch_add(i64::try_from(rows.len()).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
        Ok(())
    }

    /// The lines of a chunk; none behind the last.
    async fn lines(&self, number: i32) -> Answer<Option<Lines>> {
        let Some(sealed) = store::chunk(&mut self.state.db.conn().await?, self.plan.id, number).await? else {
            return Ok(None);
        };
        let (plan, tools) = (self.plan.id, Arc::clone(&self.tools));
        Ok(Some(aside(move || chunks::read(&tools.sealer, plan, number, &sealed)).await??))
    }

    fn is_snapshot(&self) -> bool {
        self.plan.mode == SyncMode::Snapshot.as_str()
    }

    /// Writes while this worker still has the plan.
    async fn write<T>(&self, work: impl AsyncFnOnce(&mut Conn) -> Answer<T>) -> Answer<T> {
        let (plan, worker) = (self.plan.id, self.worker);
        self.state
            .db
            .transaction(async move |tx| {
                tx.batch_execute(PATIENCE).await?;
                if !work::hold(tx, plan, worker).await? {
                    return Err(Problem::unavailable("another worker has the plan"));
                }
                work(tx).await
            })
            .await
    }

    async fn put(&self, rows: &[ChangeRow]) -> Answer<()> {
        if rows.is_empty() { Ok(()) } else { self.write(async |tx| changes::put(tx, self.plan.id, rows).await).await }
    }

    /// What becomes of lines, while those of some chunks before are not kept yet.
    async fn judged(&self, lines: Lines, flights: &Flights) -> Answer<Vec<Judged>> {
        // before what is kept is read: what lands in between is in both, and nothing is in neither
        let flying = flights.now();
        let mut facts = self.facts(&mut self.state.db.conn().await?, &lines).await?;
        for flight in flying {
            facts.seen.extend(flight.ids.iter().cloned());
            facts.written.extend(&flight.written);
        }
        facts.is_snapshot = self.is_snapshot();
        let tools = Arc::clone(&self.tools);
        aside(move || judge(lines, facts, &tools)).await
    }

    /// What is known of the records of lines.
    async fn facts(&self, conn: &mut Conn, lines: &[Result<RawLine, Broken>]) -> Answer<Facts> {
        let source = &self.plan.source;
        let ids: Vec<&str> = lines.iter().flatten().map(|line| line.external_id.as_str()).collect();
        let known = experts::sources(conn, source, &ids).await?;
        let differing: Vec<_> = lines
            .iter()
            .flatten()
            .filter_map(|raw| Some((raw, known.get(&raw.external_id)?)))
            .filter(|(raw, known)| !is_same(raw, known, &self.tools.rules))
            .map(|(raw, known)| (raw.external_id.as_str(), known))
            .collect();
        let before = Before::read(conn, &self.tools.sealer, source, &differing).await?;
        let people: Vec<Uuid> = differing.iter().map(|(_, known)| known.expert_id).collect();
        let unknown: Vec<&str> = ids.iter().filter(|id| !known.contains_key(**id)).copied().collect();
        let facts = Facts {
            seen: changes::seen(conn, self.plan.id, &ids).await?.into_iter().collect(),
            standing: experts::standing(conn, &self.tools.sealer, source, &ids, &unknown).await?,
            written: changes::written_experts(conn, self.plan.id, None, &people).await?.into_iter().collect(),
            known,
            before,
            ..Facts::default()
        };
        self.decided(conn, facts).await
    }

    /// Adds what is known of those whom records that are none yet were decided to be.
    async fn decided(&self, conn: &mut Conn, facts: Facts) -> Answer<Facts> {
        let linked: Vec<Uuid> = facts.standing.decisions.values().filter_map(|row| row.expert_id).collect();
        if linked.is_empty() {
            return Ok(facts);
        }
        let stored = experts::stored(conn, &self.tools.sealer, &linked).await?;
        let states = experts::states_of(conn, &linked).await?;
        let led = twins(conn, self.plan.id, &self.plan.source, None, &linked).await?;
        Ok(Facts { linked: stored, states, led, ..facts })
    }

    /// Adds what a snapshot no longer has.
    async fn absent(&self, mut number: i64) -> Answer<()> {
        let mut after = String::new();
        loop {
            let conn = &mut self.state.db.conn().await?;
            let gone = changes::absent(conn, self.plan.id, &self.plan.source, &after, BATCH).await?;
            let Some(end) = gone.last() else { return Ok(()) };
            after.clone_from(&end.external_id);
            let mut rows = Vec::with_capacity(gone.len());
            for gone in gone {
                number += 1;
                let row = ChangeRow {
                    number,
                    kind: ChangeKind::Absent.as_str().to_owned(),
                    external_id: Some(gone.external_id),
                    expert_id: Some(gone.expert_id),
                    expert_version: Some(gone.expert_version),
                    loaded_version: Some(gone.loaded_version),
                    supplied: gone.supplied,
                    resting_mark: Some(gone.resting_mark),
                    ..ChangeRow::default()
                };
                let row_hash = detail::row_hash(&self.tools.sealer, &row, "");
                rows.push(ChangeRow { row_hash, ..row });
            }
            self.put(&rows).await?;
        }
    }

    async fn finish(&mut self) -> Answer<()> {
        let (id, tools) = (self.plan.id, Arc::clone(&self.tools));
        self.write(async move |tx| {
            let mut plan = store::lock(tx, id).await?;
            if plan.state != PlanState::Planning.as_str() {
                return Err(Problem::unavailable("the plan went on without this worker"));
            }
            sum_up(tx, &mut plan).await?;
            // a conflict about somebody the source did not supply stays open when the plan is applied: whether there is one is
            // not to be told by a plan that is not
            let conflicts = count(&plan.counts, ChangeKind::Conflict) - count(&plan.others, ChangeKind::Conflict);
            let needs_somebody = conflicts + count(&plan.counts, ChangeKind::Ambiguous) > 0;
            let state = match plan.brake {
                Some(_) => PlanState::Blocked,
                None if plan.auto_apply && !needs_somebody => PlanState::Applying,
                None => PlanState::Ready,
            };
            plan.state = state.as_str().to_owned();
            plan.planned_at = Some(now());
            store::drop_chunks(tx, id).await?;
            if state == PlanState::Applying {
                plan.apply_kind = Some(plan.actor_kind.clone());
                (plan.apply_id, plan.apply_role) = (plan.actor_id, plan.actor_role.clone());
                plan.apply_asked_at = plan.planned_at;
            }
            work::offer(tx, id, plan.records).await?;
            store::put(tx, &mut plan).await?;
            tools.recorder.record(tx, vec![Event::on("sync_plan", id).fields(["state"])]).await
        })
        .await
    }
}

type Lines = Vec<Result<RawLine, Broken>>;

/// Hands a chunk on.
async fn pass<T>(to: &Sender<T>, chunk: T) -> Answer<()> {
    to.send(chunk).await.map_err(|_closed| Problem::internal("the next step of a plan is gone"))
}

/// What later lines must know of a chunk that is not kept yet.
#[derive(Default)]
struct Flight {
    /// Ids that are taken.
    ids: Vec<String>,
    /// Experts of whom a record is followed.
    written: Vec<Uuid>,
}

impl Flight {
    fn of(judged: &[Judged]) -> Self {
        let taken = judged.iter().filter(|judged| judged.kind != ChangeKind::Rejected);
        Self {
            ids: taken.filter_map(|judged| judged.external_id.clone()).collect(),
            written: judged.iter().filter_map(Judged::writes_expert).collect(),
        }
    }
}

/// The chunks that were judged and are not kept yet, in their order.
#[derive(Default)]
struct Flights(Mutex<VecDeque<Arc<Flight>>>);

impl Flights {
    fn now(&self) -> Vec<Arc<Flight>> {
        self.held().iter().cloned().collect()
    }

    fn take_off(&self, judged: &[Judged]) {
        self.held().push_back(Arc::new(Flight::of(judged)));
    }

    /// The first of them is kept now.
    fn land(&self) {
        self.held().pop_front();
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<Arc<Flight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn count(counts: &Value, kind: ChangeKind) -> i64 {
    counts.get(kind.as_str()).and_then(Value::as_i64).unwrap_or_default()
}

/// Adds up what a plan changes: its counts, its hash, and whether the brake holds it.
pub(super) async fn sum_up(tx: &mut Conn, plan: &mut PlanRow) -> Answer<()> {
    let sums = store::sums(tx, plan.id).await?;
    (plan.counts, plan.others, plan.hash) = (sums.counts, sums.others, Some(sums.hash));
    let gone = count(&plan.counts, ChangeKind::Absent) + count(&plan.counts, ChangeKind::Tombstone);
    let changed = count(&plan.counts, ChangeKind::Update) + count(&plan.counts, ChangeKind::Conflict);
    let held = brake(store::live(tx, &plan.source).await?, gone, changed, Limits::read(tx).await?);
    plan.brake = held.map(serde_json::to_value).transpose().map_err(Problem::internal)?;
    Ok(())
}

/// Those of the experts of whom another record of the source is followed, or will be when the plan is applied.
pub(super) async fn twins(
    conn: &mut Conn,
    plan: Uuid,
    source: &str,
    but: Option<i64>,
    experts: &[Uuid],
) -> Answer<HashSet<Uuid>> {
    if experts.is_empty() {
        return Ok(HashSet::new());
    }
    let mut led: HashSet<Uuid> = changes::led(conn, source, experts).await?.into_iter().collect();
    led.extend(changes::written_experts(conn, plan, but, experts).await?);
    Ok(led)
}

fn number_of(line: &Result<RawLine, Broken>) -> i64 {
    let number = line.as_ref().map_or_else(|broken| broken.refused.line, |raw| raw.number);
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Finds the workplaces, and who the new ones may be.
pub(super) async fn settle(conn: &mut Conn, tools: &Aside, source: &str, judged: &mut [Judged]) -> Answer<()> {
    let (mut new, mut known) = (Vec::new(), Vec::new());
    for judged in judged.iter_mut() {
        match judged {
            Judged { new: Some(line), .. } => new.push(&mut **line),
            Judged { update: Some(update), .. } => known.push(&mut **update),
            _ => {}
        }
    }
    link(conn, new.into_iter(), known.into_iter()).await?;
    let asked: Vec<&mut Judged> = judged.iter_mut().filter(|judged| judged.new.is_some()).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let person = |judged: &&mut Judged| {
        judged.new.as_deref().map(|line| Person::of(&line.draft, &line.publications, &tools.sealer))
    };
    let people: Vec<Person> = asked.iter().filter_map(person).collect();
    let mut found = Vec::with_capacity(people.len());
    for some in people.chunks(LOOKED_FOR) {
        found.extend(duplicates::like(conn, &tools.sealer, some).await?);
    }
    let ids: Vec<Uuid> = found.iter().flatten().map(|candidate| candidate.id).collect();
    // the source itself tells its records apart, unless there is no doubt at all
    let own: HashSet<Uuid> = experts::of_source(conn, source, &ids).await?.into_iter().collect();
    for (judged, candidates) in asked.into_iter().zip(found) {
        let likely = candidates.into_iter().filter(|candidate| {
            let likeness = &candidate.likeness;
            likeness.certain || (likeness.score >= LIKELY && !own.contains(&candidate.id))
        });
        judged.candidates = likely.map(StoredCandidate::from).collect();
        if !judged.candidates.is_empty() && !judged.is_decided {
            judged.kind = ChangeKind::Ambiguous;
        }
    }
    Ok(())
}

/// A change as it is kept.
pub(super) fn row(tools: &Aside, plan: Uuid, judged: Judged) -> Answer<ChangeRow> {
    let Judged { number, external_id, kind, outcome, known, candidates, .. } = judged;
    let likes: Vec<Option<Uuid>> = candidates.iter().map(|candidate| Some(candidate.id)).collect();
    let (open, settled) =
        if kind == ChangeKind::Ambiguous { (candidates, Vec::new()) } else { (Vec::new(), candidates) };
    let detail = match (judged.new, judged.update) {
        (Some(line), _) => Some(Detail { candidates: open, ..Detail::of_new(*line) }),
        (None, Some(update)) if update.writes() || kind == ChangeKind::Conflict => {
            Some(Detail::of_update(&update, judged.base.as_ref()))
        }
        _ if !judged.faults.is_empty() => Some(Detail::of_faults(&judged.faults)),
        _ => None,
    };
    let asked = judged.asked.filter(|_| kind != ChangeKind::Ambiguous);
    let doubt = asked.map(|asked| Doubt { line: asked.line, candidates: settled, decided_by: asked.by });
    let row = ChangeRow {
        number,
        kind: kind.as_str().to_owned(),
        outcome: outcome.map(|outcome| outcome.as_str().to_owned()),
        line: Some(number),
        external_id,
        expert_id: known.as_ref().map(|known| known.expert).or_else(|| {
            let line = detail.as_ref().and_then(|detail| detail.line.as_ref());
            line.filter(|_| kind == ChangeKind::Create).map(|line| line.id)
        }),
        expert_version: known.as_ref().map(|known| known.version),
        loaded_version: known.as_ref().and_then(|known| known.loaded),
        supplied: known.as_ref().is_none_or(|known| known.is_supplied),
        resting_mark: known.and_then(|known| known.mark),
        digest: judged.digest,
        likes: (!likes.is_empty()).then_some(likes),
        ..ChangeRow::default()
    };
    let text = detail.as_ref().map(detail::text).transpose()?;
    let row_hash = detail::row_hash(&tools.sealer, &row, text.as_deref().unwrap_or_default());
    let doubt = doubt.map(|doubt| detail::seal(&tools.sealer, plan, number, "doubt", &doubt)).transpose()?;
    let sealed = text.map(|text| detail::weigh_text(&tools.sealer, plan, number, "detail", &text)).transpose()?;
    let (sealed, weight) = sealed.map_or((None, 0), |(sealed, weight)| (Some(sealed), weight));
    Ok(ChangeRow { row_hash, detail: sealed, doubt, weight, ..row })
}
