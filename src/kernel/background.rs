//! Bulk work that steps behind the requests: on threads, and in sessions of PostgreSQL, with a small claim on the processor. On a
//! machine that has nothing else to do it is as fast as any other work.

use std::sync::LazyLock;

use rustix::process::{Pid, setpriority_process};
use tokio::runtime::{Builder, Handle, Runtime};

use super::problem::{Answer, Problem};

/// Of the processor's time it gets about a tenth of what a request gets, where both want it.
const NICENESS: i32 = 10;

/// Threads of their own: niceness is of a thread, and nobody but root takes it back.
static THREADS: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    Builder::new_current_thread().max_blocking_threads(threads).on_thread_start(|| step_back(None)).build()
});

/// Runs what takes its time on a thread that may.
///
/// # Errors
/// 500 when it panicked or no thread can be had; 503 when the server stops.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    let threads = THREADS.as_ref().map_err(Problem::internal)?;
    threads.spawn_blocking(work).await.map_err(Problem::task)
}

/// The same for what asks the database between its reckoning, which then is driven by a thread that steps behind the others.
///
/// # Errors
/// As [`aside`].
pub async fn aside_with<F: Future>(work: impl FnOnce() -> F + Send + 'static) -> Answer<F::Output>
where
    F::Output: Send + 'static,
{
    let runtime = Handle::current();
    aside(move || runtime.block_on(work())).await
}

/// Lets a process of this machine, or the calling thread, step behind the others. Where that is not allowed it stays as it is.
pub fn step_back(process: Option<i32>) {
    let process = process.map(Pid::from_raw);
    // a number that is none of a process would mean this thread
    if let Some(process) = process.map_or(Some(None), |process| process.map(Some))
        && let Err(error) = setpriority_process(process, NICENESS)
    {
        tracing::debug!(%error, "bulk work stays at the priority of requests");
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn bulk_work_is_nicer_than_its_caller() {
        let mine = getpriority_process(None).unwrap();
        let its = aside(|| getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!(its, NICENESS.max(mine));
        assert_eq!(getpriority_process(None).unwrap(), mine, "the caller stays as it is");
        step_back(Some(0));
        assert_eq!(getpriority_process(None).unwrap(), mine, "no process is not this one");
    }

    #[tokio::test]
    async fn what_asks_between_its_reckoning_is_nicer_too_and_waits_where_it_was_called() {
        let work = || async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            getpriority_process(None).unwrap()
        };
        let mine = getpriority_process(None).unwrap();
        assert_eq!(aside_with(work).await.unwrap(), NICENESS.max(mine));
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        assert!(aside(|| panic!("on purpose")).await.is_err());
    }
}
