//! Works on plans beside the requests, on any instance: claims one, renews the lease while it works, and takes over what a
//! worker left that is dead.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use super::apply;
use super::keep;
use super::planner::Planner;
use super::revert;
use super::store::work::{self, Claim};
use super::store::{self, PlanRow};
use super::words::PlanState;
use crate::audit::event::{Event, Recorder};
use crate::experts;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::state::State;

/// How often a worker looks for work that nobody woke it for.
const LOOK: Duration = Duration::from_secs(1);
/// How often a lease is renewed.
const BEAT: Duration = Duration::from_secs(1);
/// How often it looks for plans that are over for long.
const KEEP: Duration = Duration::from_secs(3_600);
/// How often a plan is taken up before it is given up.
const MOST_ATTEMPTS: i32 = 5;

/// Wakes the worker of this instance.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There is something to do.
    pub fn up(&self) {
        self.0.notify_one();
    }
}

/// Runs until the server stops.
pub async fn run(state: State) {
    let worker = new_id();
    let mut kept = Instant::now();
    loop {
        if kept.elapsed() > KEEP {
            kept = Instant::now();
            if let Err(problem) = keep::forget_old(&state).await {
                tracing::warn!(%problem, "old plans are forgotten later");
            }
        }
        match once(&state, worker).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(problem) if problem.code() == Code::Unavailable => {}
            Err(problem) => tracing::error!(%problem, "a plan could not be worked on"),
        }
        tokio::select! {
            () = state.wake.0.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Claims a plan and works on it to the end; false when there is none.
///
/// # Errors
/// 503 when the database is away: the plan is taken up again.
pub async fn once(state: &State, worker: Uuid) -> Answer<bool> {
    let Some(claim) = work::claim(&mut state.db.conn().await?, worker).await? else { return Ok(false) };
    let done = AtomicI64::new(0);
    let job = Box::pin(work_on(state, worker, &claim, &done));
    let worked = tokio::select! {
        worked = job => worked,
        Err(lost) = beats(state, worker, claim.plan_id, &done) => Err(lost),
    };
    match worked {
        // nobody's lease any more: the plan is over, or somebody else's next step
        Ok(worked) => tidy(state, worked).await.map(|()| true),
        Err(problem) if problem.code() == Code::Unavailable => {
            tracing::warn!(plan = %claim.plan_id, %problem, "a plan is taken up again later");
            work::let_go(&mut state.db.conn().await?, claim.plan_id, worker).await?;
            tokio::time::sleep(LOOK).await;
            Ok(true)
        }
        Err(problem) => {
            tracing::error!(plan = %claim.plan_id, %problem, "a plan failed");
            fail(state, claim.plan_id, "internal").await.map(|()| true)
        }
    }
}

/// Renews the lease until another worker has the plan; never ends otherwise.
async fn beats(state: &State, worker: Uuid, plan: Uuid, done: &AtomicI64) -> Answer<Infallible> {
    loop {
        tokio::time::sleep(BEAT).await;
        // while the database is away nobody else gets the plan either
        let Ok(mut conn) = state.db.conn().await else { continue };
        if let Ok(false) = work::beat(&mut conn, plan, worker, done.load(Ordering::Relaxed)).await {
            return Err(Problem::unavailable("another worker has the plan"));
        }
    }
}

/// What was done with a plan.
enum Worked {
    Nothing,
    Planned,
    /// Applied or undone.
    Written,
}

async fn work_on(state: &State, worker: Uuid, claim: &Claim, done: &AtomicI64) -> Answer<Worked> {
    let plan = store::find(&mut state.db.conn().await?, claim.plan_id).await?;
    if claim.attempts > MOST_ATTEMPTS {
        return fail(state, plan.id, "gave_up").await.map(|()| Worked::Nothing);
    }
    match plan.state.as_str() {
        // the upload stands still for longer than it may, or its server is gone
        store::RECEIVING => fail(state, plan.id, "upload_cut").await.map(|()| Worked::Nothing),
        "planning" => Planner::begin(state, plan, worker, done).await?.run().await.map(|()| Worked::Planned),
        "applying" => apply::run(state, plan, done).await.map(|()| Worked::Written),
        "reverting" => revert::run(state, plan, done).await.map(|()| Worked::Written),
        _ => Ok(Worked::Nothing),
    }
}

/// After many rows were written: what was counted is added up, or the first searches would do it again and again, and PostgreSQL
/// looks at the tables anew.
async fn tidy(state: &State, worked: Worked) -> Answer<()> {
    if matches!(worked, Worked::Nothing) {
        return Ok(());
    }
    if matches!(worked, Worked::Written) {
        experts::store::compact(&state.db).await?;
        noted(experts::store::look_anew(&state.db).await);
    }
    noted(store::changes::look_anew(&state.db).await);
    Ok(())
}

/// What was planned or written stands, whether PostgreSQL's statistics are as fresh or not.
fn noted(looked: Answer<()>) {
    if let Err(problem) = looked {
        tracing::warn!(%problem, "the tables could not be looked at anew");
    }
}

/// Says of a plan that it came to nothing, or of one that could not be applied or undone that it is as before.
///
/// # Errors
/// 503 when the database is away.
pub async fn fail(state: &State, plan: Uuid, code: &str) -> Answer<()> {
    let recorder = Recorder::system(state.sealer.clone(), "sync.plan");
    let failure = json!({ "code": code });
    for from in [PlanState::Applying, PlanState::Reverting] {
        // nothing of it was written: it may be tried again
        store::back(&state.db, plan, from, failure.clone(), &recorder).await?;
    }
    state
        .db
        .transaction(async move |tx| {
            let mut row: PlanRow = store::lock(tx, plan).await?;
            if !["receiving", "planning"].contains(&row.state.as_str()) {
                return Ok(());
            }
            store::fail(tx, &mut row, failure).await?;
            recorder.record(tx, vec![Event::on("sync_plan", plan).fields(["state"])]).await
        })
        .await
}
