//! Loading of expert records from a file of one JSON object a line (NDJSON).
//!
//! A line needs `external_id` and `full_name`; the rest is the form of `POST /experts`. A broken line is reported with its
//! number and never stops the others. Loading the same file again changes nothing; a record that was edited here since it
//! was loaded is left as it is and reported, never overwritten in silence.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::BufRead;

use diesel_async::RunQueryDsl;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::consent_texts::version_of;
use super::form::{self, Checked, ExpertForm};
use super::keys::Keys;
use super::model::{Draft, Publication, Purpose};
use super::profile::{created_event, updated_event};
use super::publications;
use super::store::{self, ConsentRow, Entry, SourceRow};
use super::vocabulary::Vocabulary;
use super::workplaces;
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::http::body::{document, from_value};
use crate::kernel::clock::{now, today};
use crate::kernel::form::Repair;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code, FieldError, Problem};
use crate::say;
use crate::state::State;

/// Lines in one transaction.
const BATCH: usize = 1_000;
/// Longest line in bytes.
const MAX_LINE: usize = 1 << 20;
/// What some programs write before the first line of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

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
    /// Edited here since they were loaded: left as they are.
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
        if !self.normalised.is_empty() {
            let counts: Vec<String> = self.normalised.iter().map(|(code, count)| format!("{count} {code}")).collect();
            write!(f, "; put right: {}", counts.join(", "))?;
        }
        Ok(())
    }
}

/// A line with an id; what else it says is looked at when it is not what was loaded before.
struct RawLine {
    number: usize,
    external_id: String,
    digest: Vec<u8>,
    digests: Vec<Vec<u8>>,
    members: Map<String, Value>,
}

struct Line {
    number: usize,
    external_id: String,
    digest: Vec<u8>,
    draft: Draft,
    publications: Vec<Publication>,
    repairs: Vec<Repair>,
}

/// Lines of one transaction.
#[derive(Default)]
struct Batch {
    lines: Vec<RawLine>,
    /// Those that are broken whatever the database holds.
    rejected: Vec<Refused>,
    count: usize,
    /// Where in the file the batch ends.
    end: u64,
}

/// Lines between two looks at whether the database has answered.
const BREATH: usize = 8;

/// Loads a file; `progress` is told the report so far after each batch. While a batch is written the next one is read.
///
/// # Errors
/// 503 when the database goes away: batches that were committed stay, and the same file can be loaded again.
/// A file that can't be read further is a [`Code::BadRequest`].
pub async fn load(
    state: &State,
    file: impl BufRead,
    options: Options<'_>,
    mut progress: impl FnMut(&Report),
) -> Answer<Report> {
    let vocabulary = Vocabulary::read(&mut state.db.conn().await?).await?;
    let mut report = Report::default();
    let mut seen = HashSet::new();
    let mut reader = Reader { state, vocabulary: &vocabulary, file, buffer: Vec::new(), number: 0, bytes: 0 };
    let mut next = reader.batch().await?;
    while let Some(batch) = next {
        let applied = apply(state, &vocabulary, options, batch, &mut seen, &mut report);
        let (applied, read) = tokio::join!(applied, reader.batch());
        applied?;
        progress(&report);
        next = read?;
    }
    // what the batches counted is added up, or the first searches would do it again and again
    store::compact(&state.db).await?;
    Ok(report)
}

/// Reads a file batch by batch.
struct Reader<'a, F> {
    state: &'a State,
    vocabulary: &'a Vocabulary,
    file: F,
    buffer: Vec<u8>,
    number: usize,
    bytes: u64,
}

impl<F: BufRead> Reader<'_, F> {
    /// The next lines; none at the end of the file.
    async fn batch(&mut self) -> Answer<Option<Batch>> {
        let mut batch = Batch::default();
        while batch.count < BATCH && read_line(&mut self.file, &mut self.buffer)? {
            self.number += 1;
            self.bytes += self.buffer.len() as u64;
            if self.number == 1 && self.buffer.starts_with(BYTE_ORDER_MARK) {
                self.buffer.drain(..BYTE_ORDER_MARK.len());
            }
            if self.buffer.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            batch.count += 1;
            match self.line() {
                Ok(line) => batch.lines.push(line),
                Err(refused) => batch.rejected.push(refused),
            }
            if batch.count.is_multiple_of(BREATH) {
                tokio::task::yield_now().await;
            }
        }
        batch.end = self.bytes;
        Ok((batch.count > 0).then_some(batch))
    }

    /// What can be said of a line without the database.
    fn line(&self) -> Result<RawLine, Refused> {
        let (number, bytes) = (self.number, self.buffer.as_slice());
        let refuse = |external_id: Option<String>, errors| Refused { line: number, external_id, errors };
        if bytes.len() > MAX_LINE {
            return Err(refuse(None, vec![fault("", "too_long", "a line has at most 1 MiB")]));
        }
        let (value, mut errors) = document(bytes).map_err(|problem| refuse(None, faults(&problem)))?;
        let said = value.to_string();
        let digest = self.state.sealer.keyed_hash("source-record", &said);
        // under every key of the ring: after a rotation the same file still changes nothing
        let digests = self.state.sealer.keyed_hashes("source-record", &said);
        let Value::Object(mut members) = value else {
            return Err(refuse(None, vec![fault("", "wrong_type", "a line is one JSON object")]));
        };
        let external_id = take_id(&mut members).map_err(|fault| errors.push(fault)).ok();
        match external_id {
            Some(external_id) if errors.is_empty() => Ok(RawLine { number, external_id, digest, digests, members }),
            // a line that is refused anyway is read to its end, so that whoever mends it knows everything
            external_id => {
                let more = check(members, self.vocabulary).err().unwrap_or_default();
                let more = more.into_iter().filter(|fault| errors.iter().all(|known| known.pointer != fault.pointer));
                let more: Vec<FieldError> = more.collect();
                errors.extend(more);
                Err(refuse(external_id, errors))
            }
        }
    }
}

fn read_line(file: &mut impl BufRead, buffer: &mut Vec<u8>) -> Answer<bool> {
    buffer.clear();
    match file.read_until(b'\n', buffer) {
        Ok(count) => Ok(count > 0),
        Err(error) => {
            Err(Problem::new(Code::BadRequest)
                .detail(say!("Không đọc được tệp: {error}", "Cannot read the file: {error}")))
        }
    }
}

/// The id of a record at its source.
fn take_id(members: &mut Map<String, Value>) -> Result<String, FieldError> {
    let id = members.remove("external_id").unwrap_or_default();
    let id = id.as_str().unwrap_or_default().trim().to_owned();
    if (1..=100).contains(&id.chars().count()) {
        return Ok(id);
    }
    Err(fault("/external_id", "required", "1 to 100 characters that name the record at its source"))
}

/// What a line says, or what is wrong with it.
fn read_record(raw: RawLine, vocabulary: &Vocabulary, seen: &mut HashSet<String>) -> Result<Line, Refused> {
    let RawLine { number, external_id, digest, members, .. } = raw;
    let refuse = |errors| Refused { line: number, external_id: Some(external_id.clone()), errors };
    let Checked { draft, publications, repairs, .. } = check(members, vocabulary).map_err(refuse)?;
    if !seen.insert(external_id.clone()) {
        return Err(refuse(vec![fault("/external_id", "duplicate", "an earlier line has the same id")]));
    }
    let publications = publications::without_ids(publications);
    Ok(Line { number, external_id, digest, draft, publications, repairs })
}

/// The form of a line.
fn check(mut members: Map<String, Value>, vocabulary: &Vocabulary) -> Result<Checked, Vec<FieldError>> {
    // when the source last touched the record: no part of the profile
    members.remove("updated_at");
    // a source writes null for what it does not know
    members.retain(|_, member| !member.is_null());
    if members.contains_key("source") {
        return Err(vec![fault(
            "/source",
            "unknown_field",
            "the source is named when a file is loaded, not in its lines",
        )]);
    }
    let form: ExpertForm = from_value(Value::Object(members)).map_err(|problem| faults(&problem))?;
    form::check(&form, vocabulary)
}

fn fault(pointer: &str, code: &'static str, message: &str) -> FieldError {
    FieldError::new(pointer, code, say!("{message}", "{message}"))
}

fn faults(problem: &Problem) -> Vec<FieldError> {
    if problem.errors().is_empty() {
        vec![fault("", problem.code().name(), &problem.to_string())]
    } else {
        problem.errors().to_vec()
    }
}

/// What becomes of the lines of a batch.
#[derive(Default)]
struct Plan {
    create: Vec<(Entry, Line)>,
    update: Vec<(Uuid, Line)>,
    unchanged: usize,
    conflicts: Vec<Refused>,
    rejected: Vec<Refused>,
    normalised: BTreeMap<&'static str, usize>,
}

async fn apply(
    state: &State,
    vocabulary: &Vocabulary,
    options: Options<'_>,
    batch: Batch,
    seen: &mut HashSet<String>,
    report: &mut Report,
) -> Answer<()> {
    let recorder = Recorder::system(state.sealer.clone(), "experts.load");
    let plan = state
        .db
        .transaction(async |tx| {
            lock_source(tx, options.source).await?;
            let plan = plan(tx, vocabulary, options.source, batch.lines, seen).await?;
            let mut events = create(tx, state, options, &plan.create).await?;
            for (id, line) in &plan.update {
                events.extend(update(tx, state, vocabulary, options.source, *id, line).await?);
            }
            recorder.record(tx, events).await?;
            Ok(plan)
        })
        .await?;
    report.created += plan.create.len();
    report.updated += plan.update.len();
    report.unchanged += plan.unchanged;
    report.conflicts.extend(plan.conflicts);
    for (code, count) in plan.normalised {
        *report.normalised.entry(code).or_default() += count;
    }
    let begin = report.rejected.len();
    report.rejected.extend(batch.rejected.into_iter().chain(plan.rejected));
    report.rejected.get_mut(begin..).unwrap_or_default().sort_by_key(|refused| refused.line);
    (report.lines, report.bytes) = (report.lines + batch.count, batch.end);
    Ok(())
}

/// One load of a source at a time: two would each enter a person the other does not see yet.
async fn lock_source(tx: &mut Conn, source: &str) -> Answer<()> {
    let lock = diesel::sql_query("SELECT pg_advisory_xact_lock(hashtext('experts/load/' || $1))");
    lock.bind::<diesel::sql_types::Text, _>(source).execute(tx).await?;
    Ok(())
}

async fn plan(
    tx: &mut Conn,
    vocabulary: &Vocabulary,
    source: &str,
    lines: Vec<RawLine>,
    seen: &mut HashSet<String>,
) -> Answer<Plan> {
    let mut plan = Plan::default();
    let ids: Vec<&str> = lines.iter().map(|line| line.external_id.as_str()).collect();
    let known = store::sources(tx, source, &ids).await?;
    let mut new = Vec::new();
    for (at, raw) in lines.into_iter().enumerate() {
        if at % BREATH == 0 {
            tokio::task::yield_now().await;
        }
        let before = known.get(&raw.external_id);
        if before.is_some_and(|(_, digest, _, _)| raw.digests.contains(digest)) && !seen.contains(&raw.external_id) {
            seen.insert(raw.external_id);
            plan.unchanged += 1;
            continue;
        }
        let line = match read_record(raw, vocabulary, seen) {
            Ok(line) => line,
            Err(refused) => {
                plan.rejected.push(refused);
                continue;
            }
        };
        for repair in &line.repairs {
            *plan.normalised.entry(repair.code).or_default() += 1;
        }
        match before {
            None => new.push(line),
            Some((id, _, loaded, version)) if loaded == version => plan.update.push((*id, line)),
            Some(_) => plan.conflicts.push(Refused {
                line: line.number,
                external_id: Some(line.external_id),
                errors: vec![fault(
                    "",
                    "edited_here",
                    "the record was edited here since it was loaded; it is left as it is",
                )],
            }),
        }
    }
    let changed = plan.update.iter_mut().map(|(_, line)| line).chain(&mut new);
    let mut drafts: Vec<&mut Draft> = changed.map(|line| &mut line.draft).collect();
    workplaces::link(tx, &mut drafts).await?;
    plan.create = new
        .into_iter()
        .map(|line| {
            let keys = Keys::of(&line.draft, vocabulary);
            (Entry { id: new_id(), keys, draft: line.draft.clone() }, line)
        })
        .collect();
    Ok(plan)
}

async fn create(tx: &mut Conn, state: &State, options: Options<'_>, new: &[(Entry, Line)]) -> Answer<Vec<Event>> {
    let entries: Vec<Entry> = new.iter().map(|(entry, _)| entry.clone()).collect();
    store::insert(tx, &state.sealer, &entries).await?;
    let with_publications: Vec<(Uuid, Vec<Publication>)> = new
        .iter()
        .filter(|(_, line)| !line.publications.is_empty())
        .map(|(entry, line)| (entry.id, line.publications.clone()))
        .collect();
    store::put_publications(tx, &with_publications).await?;
    let mut version = 1;
    if options.with_all_consents {
        let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
        store::set_status(tx, &ids, "active").await?;
        version = 2;
        let (texts, day) = (store::consent_texts(tx).await?, today());
        let mut consents = Vec::with_capacity(ids.len() * Purpose::ALL.len());
        for purpose in Purpose::ALL {
            let version = version_of(&texts, purpose, day, None)?;
            consents.extend(ids.iter().map(|id| consent(*id, purpose, &version)));
        }
        store::insert_consents(tx, &consents).await?;
    }
    // last, so that the words of a batch are counted once, for the audiences they end up with
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
    store::reindex(tx, &ids).await?;
    let sources: Vec<SourceRow> =
        new.iter().map(|(entry, line)| source_row(options.source, entry.id, line, version)).collect();
    store::put_sources(tx, &sources).await?;
    Ok(entries.iter().map(created_event).collect())
}

fn consent(expert_id: Uuid, purpose: Purpose, text_version: &str) -> ConsentRow {
    ConsentRow {
        id: new_id(),
        expert_id,
        purpose: purpose.as_str().to_owned(),
        given: true,
        decided_on: today(),
        channel: "import".to_owned(),
        document: None,
        text_version: text_version.to_owned(),
        recorded_at: now(),
        recorded_by: None,
    }
}

fn source_row(source: &str, expert_id: Uuid, line: &Line, loaded_version: i64) -> SourceRow {
    SourceRow {
        source: source.to_owned(),
        external_id: line.external_id.clone(),
        expert_id,
        digest: line.digest.clone(),
        loaded_version,
    }
}

async fn update(
    tx: &mut Conn,
    state: &State,
    vocabulary: &Vocabulary,
    source: &str,
    id: Uuid,
    line: &Line,
) -> Answer<Option<Event>> {
    let scope = crate::access::permit::Scope::SYSTEM;
    let row = store::lock(tx, &scope, &id.to_string()).await?;
    let old = row.into_draft(store::parts(tx, &state.sealer, id).await?);
    let publications = publications::replace(tx, id, line.publications.clone()).await?;
    let event = updated_event(id, &old, &line.draft, publications);
    let entry = Entry { id, keys: Keys::of(&line.draft, vocabulary), draft: line.draft.clone() };
    let row = store::update(tx, &state.sealer, &entry).await?;
    store::reindex(tx, &[id]).await?;
    store::put_sources(tx, &[source_row(source, id, line, row.version)]).await?;
    // a record may differ at its source in what is not kept here; the new version still wants its event
    Ok(Some(event.unwrap_or_else(|| Event::on("expert", id).action("experts.update"))))
}
