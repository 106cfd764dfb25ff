//! What runs beside the requests, safely on many instances: the audit chain is extended, what is over is forgotten.

use std::time::Duration;

use crate::access::{replay, throttle};
use crate::audit::chain;
use crate::consultations;
use crate::db::Db;
use crate::experts;
use crate::kernel::background::aside_with;
use crate::kernel::clock::today;
use crate::kernel::problem::{Answer, Code};
use crate::kernel::sealed::Sealer;
use crate::state::State;
use crate::sync;

/// How long people are compared at a time, while nothing else here goes on.
const COMPARE_FOR: Duration = Duration::from_secs(2);
/// How long texts of experts are read at a time.
const READ_FOR: Duration = Duration::from_millis(500);
/// Changes of experts that are forgotten at a time.
const FORGET_CHANGES: i64 = 5_000;
/// Seconds between two clean-ups.
const CLEAN_EVERY: u32 = 600;

/// Seconds between two looks for panels whose change nobody entered, and for what is due.
const LOOK_EVERY: u32 = 60;

/// Runs until the server stops.
pub async fn run(state: State) {
    let State { db, sealer, matching, .. } = state;
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for second in 1_u32.. {
        tick.tick().await;
        report("the audit chain could not be extended", chain::seal(&db).await);
        report("changes of experts could not be put in order", experts::store::place_changes(&db).await);
        report("texts of experts could not be read", matching.keep_up(&db, READ_FOR).await);
        report("consultations could not be reckoned anew", consultations::work::catch_up(&db).await);
        let all = second % LOOK_EVERY == 0;
        report("panels could not be looked at again", consultations::panel::watch(&db, &sealer, all).await);
        if second % LOOK_EVERY == 1 {
            let followed = consultations::invitations::follow(&db, &sealer, today()).await;
            report("what is due on panels could not be done", followed);
            report("words could not be put into their indexes", db.transaction(experts::store::index_words).await);
        }
        report("duplicates could not be looked for", look_for_duplicates(&db, &sealer).await);
        if second % CLEAN_EVERY == 0 {
            report("old idempotency keys could not be forgotten", replay::forget_old(&db).await);
            report("the words of the search could not be added up", experts::store::compact(&db).await);
            report(
                "superfluous changes of experts could not be forgotten",
                experts::store::forget_superfluous(&db, FORGET_CHANGES).await,
            );
            report("pieces of files that never came could not be forgotten", consultations::forget_pieces(&db).await);
            report("old sign-in meters could not be forgotten", throttle::forget_old(&db).await);
        }
    }
}

/// Not while a plan is made or applied: who sends a hundred thousand people does not wait for those who came before to be compared.
async fn look_for_duplicates(db: &Db, sealer: &Sealer) -> Answer<usize> {
    if sync::is_at_work(db).await? {
        return Ok(0);
    }
    let (db, sealer) = (db.clone(), sealer.clone());
    aside_with(move || async move { experts::duplicates::pairs::catch_up(&db, &sealer, COMPARE_FOR).await }).await?
}

/// While the database is away there is nothing to do but to try again.
fn report(what: &'static str, done: Answer<usize>) {
    match done {
        Err(problem) if problem.code() != Code::Unavailable => tracing::error!(%problem, what, "housekeeping"),
        _ => {}
    }
}
