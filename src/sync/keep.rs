//! How long plans are kept: what they say of people is forgotten when they are over for long, and nothing waits for ever.

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use super::apply::PATIENCE;
use super::settings::keep_days;
use super::store::{self, changes};
use super::words::PlanState;
use crate::audit::event::{Event, Recorder};
use crate::kernel::clock::now;
use crate::kernel::problem::Answer;
use crate::state::State;

/// Plans at a time.
const BATCH: i64 = 100;
/// What waits for somebody.
const WAITING: [PlanState; 2] = [PlanState::Ready, PlanState::Blocked];
/// What is over.
const OVER: [PlanState; 2] = [PlanState::Applied, PlanState::Reverted];

/// Forgets what old plans say of people, and lets plans fail that nobody applied; how many there were.
///
/// # Errors
/// 503 when the database is away.
pub async fn forget_old(state: &State) -> Answer<usize> {
    let conn = &mut state.db.conn().await?;
    let since = now() - TimeDelta::days(keep_days(conn).await?);
    let mut count = 0;
    for states in [WAITING, OVER] {
        let words = states.map(PlanState::as_str);
        for plan in store::old(conn, &words, since, BATCH).await? {
            let recorder = Recorder::system(state.sealer.clone(), "sync.forget");
            let forgotten = state.db.transaction(async move |tx| {
                tx.batch_execute(PATIENCE).await?;
                let mut plan = store::lock(tx, plan.id).await?;
                if !states.contains(&plan.state()) || plan.forgotten_at.is_some() {
                    return Ok(0);
                }
                plan.forgotten_at = Some(now());
                if states == WAITING {
                    store::fail(tx, &mut plan, json!({ "code": "expired" })).await?;
                } else {
                    changes::forget(tx, plan.id).await?;
                    store::put(tx, &mut plan).await?;
                }
                recorder.record(tx, vec![Event::on("sync_plan", plan.id).fields(["state"])]).await?;
                Ok(1)
            });
            count += forgotten.await?;
        }
    }
    Ok(count)
}
