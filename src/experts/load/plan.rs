//! What is to become of lines: decided, checked and made into statements, all without a transaction.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use uuid::Uuid;

use super::read::{Parsed, RawLine, check};
use super::verdict::{Line, Update, Verdict, is_same, verdict};
use super::{Aside, Refused, Report, fault, held};
use crate::db::Conn;
use crate::db::bulk::Insert;
use crate::experts::form::Checked;
use crate::experts::keys::Keys;
use crate::experts::model::{Draft, Publication};
use crate::experts::profile::created_event_of;
use crate::experts::store::{self, Entry, KnownRecord, KnownRecords, SearchRows, SourceRow, Standing, Stored};
use crate::experts::three_way::{Members, MergeRules};
use crate::experts::workplaces;
use crate::kernel::problem::Answer;
use crate::kernel::sealed::Sealer;

/// New experts as statements.
#[derive(Default)]
pub(crate) struct Prepared {
    pub(crate) ids: Vec<Uuid>,
    pub(super) records: Vec<Insert>,
    pub(super) search: SearchRows,
    pub(super) sources: Vec<Insert>,
    pub(super) events: Vec<Insert>,
}

impl Prepared {
    /// Makes statements of the new experts of lines, whose records will have this version.
    pub(crate) fn of(lines: Vec<Line>, tools: &Aside, source: &str, version: i64) -> Answer<Self> {
        let mut people = Vec::with_capacity(lines.len());
        let (mut sources, mut events) = (Vec::with_capacity(lines.len()), Vec::with_capacity(lines.len()));
        for line in lines {
            let base = store::seal_base(&tools.sealer, source, &line.external_id, &line.said)?;
            sources.push(SourceRow {
                source: source.to_owned(),
                base: Some(base),
                external_id: line.external_id,
                expert_id: line.id,
                digest: line.digest,
                loaded_version: version,
                supplied: true,
            });
            let keys = Keys::of(&line.draft, &tools.vocabulary);
            let entry = Entry { id: line.id, keys, draft: line.draft };
            events.push(created_event_of(&entry, line.said));
            people.push((entry, line.publications));
        }
        let search = SearchRows::of(&people, &tools.vocabulary, &mut held(&tools.folds));
        let (entries, publications): (Vec<Entry>, Vec<Vec<Publication>>) = people.into_iter().unzip();
        let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
        let mut records = store::new_rows(&tools.sealer, &entries)?;
        let publications: Vec<(Uuid, Vec<Publication>)> = ids.iter().copied().zip(publications).collect();
        records.extend(store::publication_rows(&publications));
        let (sources, events) = (store::source_rows(sources), tools.recorder.prepare(events)?);
        Ok(Self { ids, records, search, sources, events })
    }
}

/// What is known of the records of some lines: what their source said last, and what is kept here.
#[derive(Default)]
pub(crate) struct Before {
    pub(crate) bases: HashMap<String, Members>,
    pub(crate) stored: HashMap<Uuid, Stored>,
}

impl Before {
    /// Of the records that are known and must be looked at.
    pub(crate) async fn read(
        conn: &mut Conn,
        sealer: &Sealer,
        source: &str,
        known: &[(&str, &KnownRecord)],
    ) -> Answer<Self> {
        let external_ids: Vec<&str> = known.iter().map(|(external_id, _)| *external_id).collect();
        let ids: Vec<Uuid> = known.iter().map(|(_, known)| known.expert_id).collect();
        let bases = store::bases(conn, sealer, source, &external_ids).await?;
        Ok(Self { bases, stored: store::stored(conn, sealer, &ids).await? })
    }
}

/// Those of the lines that are known and don't say what they said before.
pub(crate) fn differing<'a>(
    parsed: &'a Parsed,
    known: &'a KnownRecords,
    rules: &MergeRules,
) -> Vec<(&'a str, &'a KnownRecord)> {
    let differs = |raw: &'a RawLine| {
        let known = known.get(&raw.external_id)?;
        (!is_same(raw, known, rules)).then_some((raw.external_id.as_str(), known))
    };
    parsed.lines.iter().filter_map(differs).collect()
}

/// What becomes of the lines of a batch.
#[derive(Default)]
pub(super) struct Plan {
    /// What the plan goes by.
    pub(super) known: KnownRecords,
    before: Before,
    standing: Standing,
    /// Ids that no earlier line had.
    first_seen: Vec<String>,
    new: Vec<Line>,
    pub(super) prepared: Prepared,
    pub(super) update: Vec<Update>,
    /// Records that the source took out.
    pub(super) gone: Vec<String>,
    updated: usize,
    unchanged: usize,
    conflicts: Vec<Refused>,
    rejected: Vec<Refused>,
    normalised: BTreeMap<&'static str, usize>,
}

impl Plan {
    pub(super) fn of(parsed: &Parsed, known: KnownRecords, before: Before, standing: Standing, tools: &Aside) -> Self {
        let broken = parsed.broken.iter().map(|broken| broken.refused(&tools.vocabulary));
        let mut plan = Self { known, before, standing, rejected: broken.collect(), ..Self::default() };
        for raw in &parsed.lines {
            plan.add(raw, tools);
        }
        plan.rejected.sort_by_key(|refused| refused.line);
        plan
    }

    fn add(&mut self, raw: &RawLine, tools: &Aside) {
        let known = self.known.get(&raw.external_id).cloned();
        let is_first = !held(&tools.seen).contains(&raw.external_id);
        if is_first && known.as_ref().is_some_and(|known| is_same(raw, known, &tools.rules)) {
            self.see(&raw.external_id, tools);
            self.unchanged += 1;
            return;
        }
        let refuse = |errors| Refused { line: raw.number, external_id: Some(raw.external_id.clone()), errors };
        let deleted = raw.members.get("deleted").filter(|deleted| !matches!(deleted, Value::Bool(false) | Value::Null));
        let apart = self.apart(raw, known.is_some());
        match deleted {
            Some(Value::Bool(true)) if is_first => return self.take_out(raw, known.as_ref(), tools),
            Some(Value::Bool(true)) => return self.rejected.push(refuse(vec![twice()])),
            None => {}
            Some(_) => return self.rejected.push(refuse(vec![fault("/deleted", "wrong_type", "true or false")])),
        }
        if let (true, Some((code, message))) = (is_first, apart) {
            self.see(&raw.external_id, tools);
            return self.conflicts.push(refuse(vec![fault("", code, message)]));
        }
        let checked = match check(&raw.members, &tools.vocabulary) {
            Ok(checked) => checked,
            Err(errors) => return self.rejected.push(refuse(errors)),
        };
        if !is_first {
            return self.rejected.push(refuse(vec![twice()]));
        }
        self.see(&raw.external_id, tools);
        self.put_right(&checked);
        let line = Line::of(raw, checked);
        let base = self.before.bases.get(&raw.external_id);
        let stored = known.as_ref().and_then(|known| self.before.stored.remove(&known.expert_id));
        if known.is_some() && stored.is_none() {
            // another line of the batch is a record of the same expert
            return self.conflicts.push(refuse(vec![merged()]));
        }
        let known = known.as_ref().zip(stored);
        match verdict(line, known, base, &tools.rules, &BTreeMap::new()) {
            Verdict::New(line) => self.new.push(*line),
            Verdict::Apart(state) => self.conflicts.push(refuse(vec![fault(
                "",
                state,
                "the expert is no longer in the bank; the record is left as it is",
            )])),
            Verdict::Known(update) => {
                if !update.merged.conflicts.is_empty() {
                    self.conflicts.push(refuse(update.merged.conflicts.iter().map(edited_here).collect()));
                } else if update.merged.taken.is_empty() {
                    self.unchanged += 1;
                } else {
                    self.updated += 1;
                }
                if update.writes() {
                    self.update.push(*update);
                }
            }
        }
    }

    /// Why a record is left as it is, whatever it says: what was decided of it, or of the person, counts.
    fn apart(&self, raw: &RawLine, is_known: bool) -> Option<(&'static str, &'static str)> {
        let id = raw.external_id.as_str();
        if is_known {
            return self.standing.followers.contains(id).then_some(MERGED);
        }
        if self.standing.erased.contains(id) {
            return Some(("erased", "the person was erased here, and stays so"));
        }
        match self.standing.decisions.get(id)?.decision.as_str() {
            "reject" => Some(("rejected_by_union", "the Union decided not to take this record")),
            "link" => {
                Some(("linked", "the Union decided that this is an expert of the bank: send it to POST /sync/plans"))
            }
            _ => None,
        }
    }

    /// The expert stays.
    fn take_out(&mut self, raw: &RawLine, known: Option<&KnownRecord>, tools: &Aside) {
        self.see(&raw.external_id, tools);
        if known.is_some_and(|known| !known.is_withdrawn) {
            self.gone.push(raw.external_id.clone());
        } else {
            self.unchanged += 1;
        }
    }

    fn put_right(&mut self, checked: &Checked) {
        for repair in &checked.repairs {
            *self.normalised.entry(repair.code).or_default() += 1;
        }
    }

    fn see(&mut self, external_id: &str, tools: &Aside) {
        held(&tools.seen).insert(external_id.to_owned());
        self.first_seen.push(external_id.to_owned());
    }

    /// As if these lines had not been looked at.
    pub(super) fn forget(&self, tools: &Aside) {
        let mut seen = held(&tools.seen);
        self.first_seen.iter().for_each(|id| {
            seen.remove(id);
        });
    }

    /// Finds the organisations of the workplaces.
    pub(super) async fn link(&mut self, conn: &mut Conn) -> Answer<()> {
        link(conn, self.new.iter_mut(), self.update.iter_mut()).await
    }

    /// Makes statements of the new experts.
    pub(super) fn prepare(&mut self, tools: &Aside, source: &str, version: i64) -> Answer<()> {
        self.prepared = Prepared::of(std::mem::take(&mut self.new), tools, source, version)?;
        Ok(())
    }

    /// True when there is nothing to write.
    pub(super) fn is_idle(&self) -> bool {
        self.prepared.ids.is_empty() && self.update.is_empty() && self.gone.is_empty()
    }

    /// Adds what became of the lines to the report.
    pub(super) fn tell(self, report: &mut Report) {
        report.created += self.prepared.ids.len();
        report.updated += self.updated;
        report.unchanged += self.unchanged;
        report.withdrawn += self.gone.len();
        report.conflicts.extend(self.conflicts);
        report.rejected.extend(self.rejected);
        for (code, count) in self.normalised {
            *report.normalised.entry(code).or_default() += count;
        }
    }
}

/// Why a record of somebody is left who has another one.
const MERGED: (&str, &str) = ("merged", "the expert has another record of the source, which is followed");

fn merged() -> crate::kernel::problem::FieldError {
    let (code, message) = MERGED;
    fault("", code, message)
}

fn twice() -> crate::kernel::problem::FieldError {
    fault("/external_id", "duplicate", "an earlier line has the same id")
}

fn edited_here(member: &String) -> crate::kernel::problem::FieldError {
    fault(
        &format!("/{member}"),
        "edited_here",
        "edited here and at the source, and not to the same; the value kept here is left as it is",
    )
}

/// Finds the organisations of the workplaces of new records, and of those that moved.
pub(crate) async fn link<'a>(
    conn: &mut Conn,
    new: impl Iterator<Item = &'a mut Line>,
    known: impl Iterator<Item = &'a mut Update>,
) -> Answer<()> {
    let moved = known.filter(|update| update.moves()).map(|update| &mut update.draft);
    let mut drafts: Vec<&mut Draft> = new.map(|line| &mut line.draft).chain(moved).collect();
    if drafts.is_empty() { Ok(()) } else { workplaces::link(conn, &mut drafts).await }
}
