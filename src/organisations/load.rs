//! Loading of organisations from a CSV file.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

use super::form::is_code;
use super::model::{Body, Kind, Period, Succession, SuccessionKind, Version, after, before, check_successor};
use super::register;
use super::store::{self, Handover};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::kernel::clock::today;
use crate::kernel::document::Document;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sheet::{self, Fault, Loaded, Row, Sheet};
use crate::kernel::text::{display, fold};
use crate::reference::load::{LoadError, load_recorder};
use crate::reference::places::Places;
use crate::state::State;

/// What a name ends in when a list wants to tell a body that is no more from the one that bears its name today.
const FORMERLY: &str = "(cũ)";

/// A row, with its references still as codes.
struct Line {
    number: u64,
    body: Body,
    code: String,
    parent: Option<String>,
    succeeded_by: Option<String>,
    succession_kind: Option<SuccessionKind>,
    /// It went into another body, and the file does not say which.
    merged: bool,
    /// The file gives no code: the body is told by its name, and this code is only a proposal.
    nameless_code: bool,
    /// The columns the file does not have: of these a body that is stored keeps what it has.
    absent: Vec<&'static str>,
}

/// Columns a file may leave out.
const OPTIONAL: [&str; 7] =
    ["name_en", "short_vi", "province_code", "parent", "establishment_decision", "note", "succeeded_by"];

/// Organisations: `name_vi`, `kind`, `valid_from`, `valid_to`, `source`, and where known `code`, `name_en`, `short_vi`,
/// `province_code`, `parent` and `succeeded_by` (codes, of this file or loaded before), `succession_kind`, the founding
/// document (`establishment_decision`: number, date, issuer), `note`. The whole file or nothing; a second time without
/// effect. A body that was edited here since it was loaded is left as it is. Rows marked as typical are left out.
///
/// # Errors
/// See [`LoadError`]; what breaks a rule of the register is a broken cell.
pub async fn load(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let columns = ["name_vi", "kind", "valid_from", "valid_to", "source"];
    let places = Places::read(&mut state.db.conn().await?).await?;
    let lines = sheet::read(file, &columns, |row| line(row, &places))?;
    let total = lines.len();
    let lines: Vec<Line> = lines.into_iter().flatten().collect();
    let skipped = total - lines.len();
    let recorder = load_recorder(state);
    let written = state
        .db
        .transaction(async move |tx| {
            store::lock_register(tx).await?;
            let existing = store::all(tx).await?;
            let edited = store::edited_here(tx).await?;
            let plan = match plan(lines, &existing, &edited, &places) {
                Ok(plan) => plan,
                Err(faults) => return Ok(Err(faults)),
            };
            let changed = write(tx, &plan, &places).await?;
            let loaded = Loaded { rows: total, changed, skipped, left: plan.left, ..Loaded::default() };
            recorder.record(tx, load_event(loaded)).await?;
            Ok(Ok(loaded))
        })
        .await;
    match written {
        Ok(Ok(loaded)) => Ok(loaded),
        Ok(Err(faults)) => Err(file.broken(faults).into()),
        Err(problem) if problem.code() == Code::Invalid => Err(file.broken(as_faults(&problem)).into()),
        Err(problem) => Err(problem.into()),
    }
}

fn load_event(loaded: Loaded) -> Vec<Event> {
    crate::reference::load::load_event("organisations", loaded).into_iter().collect()
}

/// The kinds of the register; `agencies.csv` tells kinds of agency apart, which the register does not. `None` is a row
/// that stands for a typical body, not for one that exists.
fn kind(row: &Row<'_>) -> Result<Option<Kind>, Fault> {
    match row.text("kind")? {
        "union" => Ok(Some(Kind::Union)),
        "association" => Ok(Some(Kind::Association)),
        "association_typical" => Ok(None),
        "institution" | "school" | "media" => Ok(Some(Kind::Institution)),
        "agency" | "party" | "elected" | "state" | "state_department" | "political_social" => Ok(Some(Kind::Agency)),
        other => Err(row.fault("kind", format!("`{other}` is not agency, union, association or institution"))),
    }
}

fn line(row: &Row<'_>, places: &Places) -> Result<Option<Line>, Fault> {
    let Some(kind) = kind(row)? else { return Ok(None) };
    let period = Period { from: row.date("valid_from")?, to: row.date("valid_to")? };
    if !period.is_sound() {
        return Err(row.fault("valid_to", "lies before valid_from"));
    }
    let written = display(row.text("name_vi")?);
    let name = written.strip_suffix(FORMERLY).map_or(written.as_str(), str::trim_end).to_owned();
    if name.is_empty() {
        return Err(row.fault("name_vi", "must not be blank"));
    }
    let code = code(row, &written)?;
    let version = Version {
        period,
        name,
        name_en: row.optional("name_en").map(str::to_owned),
        short_name: row.optional("short_vi").map(str::to_owned),
        parent_id: None,
        province_id: province(row, period, places)?,
        document: row.optional("establishment_decision").map(decision),
    };
    Ok(Some(Line {
        number: row.line(),
        parent: row.optional("parent").map(str::to_owned),
        succeeded_by: row.optional("succeeded_by").map(str::to_owned),
        succession_kind: succession_kind(row)?,
        merged: row.optional("status") == Some("merged"),
        nameless_code: row.optional("code").is_none(),
        absent: OPTIONAL.into_iter().filter(|column| !row.has(column)).collect(),
        body: Body {
            id: new_id(),
            code: Some(code.clone()),
            version: 1,
            kind,
            source: row.text("source")?.to_owned(),
            note: row.optional("note").map(str::to_owned),
            other_names: Vec::new(),
            versions: vec![version],
        },
        code,
    }))
}

/// As the register's check has it. A file without codes names its bodies by the first letters of their names.
fn code(row: &Row<'_>, name: &str) -> Result<String, Fault> {
    let Some(code) = row.optional("code") else {
        let folded = fold(name);
        let letters = folded.split(' ').filter_map(|word| word.chars().next()).filter(char::is_ascii_alphanumeric);
        let letters: String = letters.take(30).collect();
        return Ok(if letters.is_empty() { "TC".to_owned() } else { letters.to_uppercase() });
    };
    if is_code(code) {
        return Ok(code.to_owned());
    }
    Err(row.fault("code", format!("`{code}` is not 1 to 40 of A-Z a-z 0-9 -")))
}

fn province(row: &Row<'_>, period: Period, places: &Places) -> Result<Option<i32>, Fault> {
    let Some(text) = row.optional("province_code") else { return Ok(None) };
    let found = places.during(text, period.from, period.to, today());
    found.map(Some).ok_or_else(|| row.fault("province_code", format!("there is no province `{text}` in that time")))
}

fn succession_kind(row: &Row<'_>) -> Result<Option<SuccessionKind>, Fault> {
    let Some(text) = row.optional("succession_kind") else { return Ok(None) };
    let kind = SuccessionKind::parse(text).filter(|kind| kind.ends_predecessor());
    kind.map(Some)
        .ok_or_else(|| row.fault("succession_kind", format!("`{text}` is not merged_into, consolidated or divided")))
}

/// `1112/QĐ-UBND, 09/5/2006, UBND tỉnh Hà Giang (remark)`: number, date, issuer; what can't be told stays in the number.
fn decision(text: &str) -> Document {
    let bare = text.split(" (").next().unwrap_or(text);
    let mut parts = bare.splitn(3, ',').map(str::trim);
    let number = parts.next().unwrap_or_default().to_owned();
    let date = parts.next().and_then(|date| NaiveDate::parse_from_str(date, "%d/%m/%Y").ok());
    let issuer = parts.next().map(str::to_owned);
    if date.is_some_and(|date| date.year() >= 1900) {
        return Document { number, date, issuer, signatory: None };
    }
    Document { number: bare.to_owned(), date: None, issuer: None, signatory: None }
}

/// What a load is to do.
struct Plan {
    bodies: Vec<(u64, Body)>,
    handovers: Vec<(u64, Handover)>,
    /// The bodies whose successors the file states, all of them.
    stated: Vec<Uuid>,
    /// Rows whose bodies were edited here and differ.
    left: usize,
}

fn plan(lines: Vec<Line>, existing: &[Body], edited: &HashSet<Uuid>, places: &Places) -> Result<Plan, Vec<Fault>> {
    let mut linker = Linker::new(lines, existing, edited, places)?;
    linker.find_unnamed_successors(places);
    linker.end_before_successors();
    let states = |line: &&Line| !line.absent.contains(&"succeeded_by") || line.merged;
    let stated = linker.lines.iter().filter(states).map(|line| line.body.id);
    let stated: Vec<Uuid> = stated.filter(|id| !edited.contains(id)).collect();
    let (bodies, handovers) = linker.link(existing)?;
    let stored: HashMap<Uuid, &Body> = existing.iter().map(|body| (body.id, body)).collect();
    let left = bodies.iter().filter(|(_, body)| edited.contains(&body.id) && !is_stored(body, &stored)).count();
    let ours = |id: Uuid| !edited.contains(&id);
    Ok(Plan {
        bodies: bodies.into_iter().filter(|(_, body)| ours(body.id) && !is_stored(body, &stored)).collect(),
        handovers: handovers.into_iter().filter(|(_, known)| ours(known.succession.predecessor)).collect(),
        stated,
        left,
    })
}

/// True when the register says the same already.
fn is_stored(body: &Body, stored: &HashMap<Uuid, &Body>) -> bool {
    stored.get(&body.id).is_some_and(|known| Body { version: known.version, ..body.clone() } == **known)
}

/// Resolves the codes of a file.
struct Linker {
    lines: Vec<Line>,
    ids: HashMap<String, Uuid>,
    periods: HashMap<Uuid, Period>,
    stored_parents: HashMap<Uuid, Option<Uuid>>,
}

/// Gives lines without codes the codes of the bodies they are, or free ones.
fn name_codes(lines: &mut [Line], existing: &[Body], places: &Places) {
    let mut taken: HashSet<String> = existing.iter().filter_map(|body| body.code.clone()).collect();
    taken.extend(lines.iter().filter(|line| !line.nameless_code).map(|line| line.code.clone()));
    for line in lines.iter_mut().filter(|line| line.nameless_code) {
        let code = named(&line.body, existing, places).and_then(|body| body.code.clone());
        line.code = code.unwrap_or_else(|| {
            let next = (1_u32..).map(|n| if n == 1 { line.code.clone() } else { format!("{}-{n}", line.code) });
            next.into_iter().find(|code| !taken.contains(code)).unwrap_or_default()
        });
        taken.insert(line.code.clone());
        line.body.code = Some(line.code.clone());
    }
}

/// The stored body that a line without a code means: of its kind and name, at its time and in its province; of several the
/// one that begins when it does.
fn named<'a>(body: &Body, existing: &'a [Body], places: &Places) -> Option<&'a Body> {
    let version = body.versions.first()?;
    let key = fold(&version.name);
    let today = |version: &Version| version.province_id.map(|id| places.at(id, NaiveDate::MAX));
    let elsewhere = |known: &Version| today(known).zip(today(version)).is_some_and(|(a, b)| a != b);
    let fits = |known: &&Body| {
        known.kind == body.kind
            && !known.versions.last().is_some_and(elsewhere)
            && known.period().overlaps(version.period)
            && known.versions.iter().any(|version| fold(&version.name) == key)
    };
    let begins = |known: &&Body| known.period().from == version.period.from;
    existing.iter().filter(fits).find(begins).or_else(|| existing.iter().find(fits))
}

/// What a file has no column for stays as it is stored.
fn keep_absent(line: &mut Line, stored: &Body) {
    let (Some(new), Some(old)) = (line.body.versions.first_mut(), stored.versions.last()) else { return };
    for column in &line.absent {
        match *column {
            "name_en" => new.name_en.clone_from(&old.name_en),
            "short_vi" => new.short_name.clone_from(&old.short_name),
            "province_code" => new.province_id = old.province_id,
            "establishment_decision" => new.document.clone_from(&old.document),
            "note" => line.body.note.clone_from(&stored.note),
            _ => {}
        }
    }
    line.body.other_names.clone_from(&stored.other_names);
}

fn fault(line: u64, column: &str, message: impl Into<String>) -> Fault {
    Fault { line, column: column.to_owned(), message: message.into() }
}

impl Linker {
    fn new(
        mut lines: Vec<Line>,
        existing: &[Body],
        edited: &HashSet<Uuid>,
        places: &Places,
    ) -> Result<Self, Vec<Fault>> {
        name_codes(&mut lines, existing, places);
        let mut ids: HashMap<String, Uuid> =
            existing.iter().filter_map(|body| Some((body.code.clone()?, body.id))).collect();
        let mut seen = HashSet::new();
        let twice = |line: &&Line| !seen.insert(line.code.clone());
        let faults: Vec<Fault> =
            lines.iter().filter(twice).map(|line| fault(line.number, "code", "stands twice in the file")).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut periods: HashMap<Uuid, Period> = existing.iter().map(|body| (body.id, body.period())).collect();
        for line in &mut lines {
            line.body.id = *ids.entry(line.code.clone()).or_insert(line.body.id);
            if let Some(stored) = existing.iter().find(|body| body.id == line.body.id) {
                keep_absent(line, stored);
            }
            // what was edited here stays as it is, so others must fit that
            if !edited.contains(&line.body.id) {
                periods.insert(line.body.id, line.body.period());
            }
        }
        let parent = |body: &Body| body.versions.last().and_then(|version| version.parent_id);
        let stored_parents = existing.iter().map(|body| (body.id, parent(body))).collect();
        Ok(Self { lines, ids, periods, stored_parents })
    }

    /// A row that says "merged" and not into what: the one body of its kind that begins then in what its province is then.
    fn find_unnamed_successors(&mut self, places: &Places) {
        let found: Vec<Option<String>> = self.lines.iter().map(|line| self.unnamed_successor(line, places)).collect();
        for (line, code) in self.lines.iter_mut().zip(found) {
            line.succeeded_by = line.succeeded_by.take().or(code);
        }
    }

    fn unnamed_successor(&self, line: &Line, places: &Places) -> Option<String> {
        let last = line.body.period().to.filter(|_| line.merged)?;
        let there = |body: &Body| {
            let province = body.versions.first()?.province_id?;
            Some(places.at(province, after(last)))
        };
        let place = there(&line.body)?;
        let begins = |from: NaiveDate| from == last || from == after(last);
        let mut fits = self.lines.iter().filter(|other| {
            other.code != line.code
                && other.body.kind == line.body.kind
                && other.body.period().from.is_some_and(begins)
                && there(&other.body) == Some(place)
        });
        let only = fits.next()?.code.clone();
        fits.next().is_none().then_some(only)
    }

    /// Lists name the day of the decision as the last of the old and the first of the new body; it belongs to the new one.
    fn end_before_successors(&mut self) {
        for at in 0..self.lines.len() {
            let line = &self.lines[at];
            let successor = line.succeeded_by.as_ref().and_then(|code| self.ids.get(code));
            let begins = successor.and_then(|id| self.periods.get(id)).and_then(|period| period.from);
            let (id, last) = (line.body.id, line.body.period().to);
            if last.is_none() || last != begins {
                continue;
            }
            if let Some(version) = self.lines[at].body.versions.last_mut() {
                version.period.to = last.map(before);
                self.periods.insert(id, Period { from: version.period.from, to: version.period.to });
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "bodies and handovers with their lines")]
    fn link(mut self, existing: &[Body]) -> Result<(Vec<(u64, Body)>, Vec<(u64, Handover)>), Vec<Fault>> {
        let (mut handovers, mut faults) = (Vec::new(), Vec::new());
        for at in 0..self.lines.len() {
            match self.parent(at) {
                Ok(parent) => self.lines[at].body.versions.iter_mut().for_each(|version| version.parent_id = parent),
                Err(fault) => faults.push(fault),
            }
            match self.handover(at, &handovers, existing) {
                Ok(handover) => handovers.extend(handover.map(|handover| (self.lines[at].number, handover))),
                Err(fault) => faults.push(fault),
            }
        }
        let bodies = self.lines.into_iter().map(|line| (line.number, line.body)).collect();
        if faults.is_empty() { Ok((bodies, handovers)) } else { Err(faults) }
    }

    fn parent(&self, at: usize) -> Result<Option<Uuid>, Fault> {
        let line = &self.lines[at];
        if line.absent.contains(&"parent") {
            let stored = self.stored_parents.get(&line.body.id).copied();
            return Ok(stored.flatten());
        }
        let Some(code) = &line.parent else { return Ok(None) };
        let found = self.ids.get(code).copied();
        found.map(Some).ok_or_else(|| fault(line.number, "parent", format!("there is no `{code}`")))
    }

    fn handover(&self, at: usize, known: &[(u64, Handover)], existing: &[Body]) -> Result<Option<Handover>, Fault> {
        let line = &self.lines[at];
        let Some(code) = &line.succeeded_by else { return Ok(None) };
        let broken = |message: String| fault(line.number, "succeeded_by", message);
        let Some(successor) = self.ids.get(code).copied() else {
            return Err(broken(format!("there is no `{code}`")));
        };
        let Some(last) = line.body.period().to else {
            return Err(fault(line.number, "valid_to", "what is succeeded has a last day"));
        };
        let effective_on = after(last);
        let period = self.periods.get(&successor).copied().unwrap_or_default();
        let born =
            if period.from == Some(effective_on) { SuccessionKind::Consolidated } else { SuccessionKind::MergedInto };
        let kind = line.succession_kind.unwrap_or(born);
        let succession = Succession { predecessor: line.body.id, successor, kind, effective_on };
        let before: Vec<Succession> = known.iter().map(|(_, known)| known.succession).collect();
        check_successor("", succession, period, &before).map_err(|problem| {
            broken(problem.errors().first().map(|error| error.detail.en.clone()).unwrap_or_default())
        })?;
        let heir = self.lines.iter().map(|line| &line.body).chain(existing).find(|body| body.id == successor);
        let founding = heir.and_then(|body| body.versions.first()).and_then(|version| version.document.clone());
        let document = founding.filter(|_| kind == SuccessionKind::Consolidated);
        Ok(Some(Handover { succession, document }))
    }
}

/// Writes what differs; the number of bodies and successions that did.
async fn write(tx: &mut Conn, plan: &Plan, places: &Places) -> Answer<usize> {
    let bodies: Vec<Body> = plan.bodies.iter().map(|(_, body)| body.clone()).collect();
    let known = store::handovers(tx, &plan.stated).await?;
    let states = |old: &&Handover| plan.handovers.iter().any(|(_, new)| new.succession == old.succession);
    let ours =
        |old: &&Handover| old.succession.kind.ends_predecessor() && plan.stated.contains(&old.succession.predecessor);
    let gone: Vec<Succession> =
        known.iter().filter(ours).filter(|old| !states(old)).map(|old| old.succession).collect();
    store::forget_successions(tx, &gone).await?;
    let new: Vec<Handover> =
        plan.handovers.iter().map(|(_, handover)| handover).filter(|new| !known.contains(new)).cloned().collect();
    if !bodies.is_empty() {
        let at = |place: usize| format!("/{}", plan.bodies.get(place).map_or(0, |(line, _)| *line));
        register::save(tx, &bodies, at, places).await?;
        let ids: Vec<Uuid> = bodies.iter().map(|body| body.id).collect();
        store::mark_loaded(tx, &ids).await?;
    }
    store::put_handovers(tx, &new).await?;
    let handed = new.iter().map(|handover| handover.succession.predecessor);
    let changed = bodies.iter().map(|body| body.id).chain(handed).chain(gone.iter().map(|old| old.predecessor));
    Ok(changed.collect::<HashSet<Uuid>>().len())
}

/// Problems of [`register::save`] carry the line as the first step of their pointers.
fn as_faults(problem: &Problem) -> Vec<Fault> {
    let fault_of = |error: &crate::kernel::problem::FieldError| {
        let mut steps = error.pointer.trim_start_matches('/').splitn(2, '/');
        let line = steps.next().and_then(|line| line.parse().ok()).unwrap_or_default();
        let column = match steps.next().unwrap_or_default() {
            "name" => "name_vi",
            "parent_id" => "parent",
            other => other,
        };
        fault(line, column, error.detail.en.clone())
    };
    problem.errors().iter().map(fault_of).collect()
}
