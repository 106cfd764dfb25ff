//! Loading of expert records from a file of one JSON object a line (NDJSON).
//!
//! A line needs `external_id` and `full_name`; the rest is the form of `POST /experts`. A broken line is reported with its
//! number and never stops the others. Loading the same file again changes nothing; a record that was edited here since it
//! was loaded is merged with what the file says (`three_way`), and where both changed the same it is left as it is and reported,
//! never overwritten in silence.
//!
//! While batches are written the next one is read, checked and made into statements aside, on another core. What is known of
//! its records is looked up before the transaction and again in it; where that differs, the batch is planned anew.

pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod verdict;
pub(crate) mod write;

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::BufRead;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, future, stream};
use tokio::sync::mpsc;

use self::plan::{Before, Plan, differing};
use self::read::{Lines, Parsed};
use super::keys::Folds;
use super::settings;
use super::store;
use super::three_way::MergeRules;
use super::vocabulary::Vocabulary;
use crate::audit::event::Recorder;
use crate::db::Conn;
use crate::kernel::background::aside;
use crate::kernel::problem::{Answer, FieldError};
use crate::kernel::sealed::Sealer;
use crate::say;
use crate::state::State;

/// How to load.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Name of the source; its records are told apart by `external_id`.
    pub source: &'a str,
    /// For the demo: new experts agree to everything and are active.
    pub with_all_consents: bool,
}

/// A line that was not taken.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Line in the file, from 1.
    pub line: usize,
    /// Its record, where it could be read.
    pub external_id: Option<String>,
    /// Why, place by place.
    pub errors: Vec<FieldError>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(id) = &self.external_id {
            write!(f, " ({id})")?;
        }
        for error in &self.errors {
            write!(f, "; {} {}: {}", error.pointer, error.code, error.detail.en)?;
        }
        Ok(())
    }
}

/// What a load did.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "counts of lines by what became of them")]
pub struct Report {
    /// Read of the file so far.
    pub bytes: u64,
    pub lines: usize,
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    /// Taken out by the source.
    pub withdrawn: usize,
    /// Edited here and at the source, no longer in the bank, or decided otherwise: that is left as it is.
    pub conflicts: Vec<Refused>,
    /// Broken.
    pub rejected: Vec<Refused>,
    /// What was put right in lines that were taken, counted by its code.
    pub normalised: BTreeMap<&'static str, usize>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lines == self.unchanged {
            return write!(f, "{} records, nothing changed", self.lines);
        }
        write!(
            f,
            "{} lines: {} created, {} updated, {} unchanged, {} edited here and left, {} rejected",
            self.lines,
            self.created,
            self.updated,
            self.unchanged,
            self.conflicts.len(),
            self.rejected.len()
        )?;
        if self.withdrawn > 0 {
            write!(f, ", {} taken out by the source", self.withdrawn)?;
        }
        if !self.normalised.is_empty() {
            let counts: Vec<String> = self.normalised.iter().map(|(code, count)| format!("{count} {code}")).collect();
            write!(f, "; put right: {}", counts.join(", "))?;
        }
        Ok(())
    }
}

/// Loads a file; `progress` is told the report so far after each batch.
///
/// # Errors
/// 503 when the database goes away: batches that were committed stay, but for those of its last second where the machine itself
/// fails; the same file can be loaded again. A load that is done is on the disk.
/// A file that can't be read further is a [`Code::BadRequest`](crate::kernel::problem::Code::BadRequest).
pub async fn load(
    state: &State,
    file: impl BufRead + Send + 'static,
    options: Options<'_>,
    mut progress: impl FnMut(&Report),
) -> Answer<Report> {
    let recorder = Recorder::system(state.sealer.clone(), "experts.load");
    let aside = Arc::new(Aside::read(&mut state.db.conn().await?, recorder).await?);
    let loader = Loader { state, options, aside };
    let (sender, batches) = mpsc::channel(1);
    let (prepared, written) =
        tokio::join!(loader.prepare_all(Lines::of(file), sender), loader.write_all(batches, &mut progress));
    let report = written?;
    prepared?;
    write::settle(&state.db).await?;
    // what the batches counted is added up, or the first searches would do it again and again
    if report.created + report.updated + report.withdrawn >= MANY {
        tokio::try_join!(store::compact(&state.db), store::look_anew(&state.db))?;
    } else {
        store::compact(&state.db).await?;
    }
    Ok(report)
}

/// From so many records on a load is more than PostgreSQL expects between two looks of its own.
const MANY: usize = 1_000;

/// Batches that are written at a time: while PostgreSQL writes one, another one is sent.
const WRITERS: usize = 2;

/// What a load works with.
struct Loader<'a> {
    state: &'a State,
    options: Options<'a>,
    aside: Arc<Aside>,
}

/// What it takes to read, check and prepare lines without the database, on a thread of its own.
pub(crate) struct Aside {
    pub(crate) sealer: Sealer,
    pub(crate) recorder: Recorder,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) rules: MergeRules,
    /// Ids of earlier lines.
    seen: Mutex<HashSet<String>>,
    folds: Mutex<Folds>,
}

impl Aside {
    /// With the words and the rules of today.
    pub(crate) async fn read(conn: &mut Conn, recorder: Recorder) -> Answer<Self> {
        Ok(Self {
            sealer: recorder.sealer.clone(),
            recorder,
            vocabulary: Vocabulary::read(conn).await?,
            rules: settings::merge_rules(conn).await?,
            seen: Mutex::default(),
            folds: Mutex::default(),
        })
    }
}

/// Lines of one transaction, and what is to become of them.
struct Batch {
    parsed: Arc<Parsed>,
    plan: Plan,
}

impl Loader<'_> {
    /// Prepares batch after batch, until the file ends or nobody takes them.
    async fn prepare_all(&self, mut lines: Lines, batches: mpsc::Sender<Batch>) -> Answer<()> {
        while let Some(batch) = self.next(&mut lines).await? {
            if batches.send(batch).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Writes them, two at a time. After a failure those under way are brought to their end, and no more are taken.
    async fn write_all(&self, batches: mpsc::Receiver<Batch>, progress: &mut impl FnMut(&Report)) -> Answer<Report> {
        let next = |mut batches: mpsc::Receiver<Batch>| async { Some((batches.recv().await?, batches)) };
        let is_failed = Cell::new(false);
        let batches = stream::unfold(batches, next).take_while(|_| future::ready(!is_failed.get()));
        let mut writes = std::pin::pin!(batches.map(|batch| self.write(batch)).buffered(WRITERS));
        let (mut report, mut failure) = (Report::default(), None);
        while let Some(written) = writes.next().await {
            match written {
                Ok(batch) => {
                    (report.lines, report.bytes) = (report.lines + batch.parsed.count, batch.parsed.end);
                    batch.plan.tell(&mut report);
                    progress(&report);
                }
                Err(problem) => {
                    is_failed.set(true);
                    failure.get_or_insert(problem);
                }
            }
        }
        failure.map_or(Ok(report), Err)
    }

    /// The next lines, ready to be written; none at the end of the file.
    async fn next(&self, lines: &mut Lines) -> Answer<Option<Batch>> {
        let mut source = std::mem::take(lines);
        let tools = Arc::clone(&self.aside);
        let (source, parsed) = aside(move || {
            let parsed = source.parse(&tools.sealer);
            (source, parsed)
        })
        .await?;
        *lines = source;
        let Some(parsed) = parsed? else { return Ok(None) };
        let parsed = Arc::new(parsed);
        let plan = self.plan(&parsed).await?;
        Ok(Some(Batch { parsed, plan }))
    }

    /// What is to become of lines, given what is known of their records.
    async fn plan(&self, parsed: &Arc<Parsed>) -> Answer<Plan> {
        let conn = &mut self.state.db.conn().await?;
        let source = self.options.source;
        let known = store::sources(conn, source, &parsed.ids()).await?;
        let differing = differing(parsed, &known, &self.aside.rules);
        let before = Before::read(conn, &self.aside.sealer, source, &differing).await?;
        let ids = parsed.ids();
        let unknown: Vec<&str> = ids.iter().filter(|id| !known.contains_key(**id)).copied().collect();
        let standing = store::standing(conn, &self.aside.sealer, source, &ids, &unknown).await?;
        let (tools, lines) = (Arc::clone(&self.aside), Arc::clone(parsed));
        let mut plan = aside(move || Plan::of(&lines, known, before, standing, &tools)).await?;
        plan.link(conn).await?;
        let (tools, source) = (Arc::clone(&self.aside), source.to_owned());
        let version = if self.options.with_all_consents { 2 } else { 1 };
        aside(move || plan.prepare(&tools, &source, version).map(|()| plan)).await?
    }
}

/// Nothing here leaves a half-made value behind.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fault(pointer: &str, code: &'static str, message: &str) -> FieldError {
    FieldError::new(pointer, code, say!("{message}", "{message}"))
}
