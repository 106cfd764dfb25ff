//! What is to become of lines: decided, checked and made into statements, all without a transaction.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::read::{Parsed, RawLine, check};
use super::{Aside, Refused, Report, fault, held};
use crate::db::Conn;
use crate::db::bulk::Insert;
use crate::experts::form::Checked;
use crate::experts::keys::Keys;
use crate::experts::model::{Draft, Publication};
use crate::experts::profile::created_event;
use crate::experts::publications;
use crate::experts::store::{self, Entry, KnownRecords, SearchRows, SourceRow};
use crate::experts::workplaces;
use crate::kernel::id::new_id;
use crate::kernel::problem::Answer;

/// The version of records that came to an expert by a merge; see `store::move_references`.
const MERGED: i64 = 0;

/// A line that was checked.
pub(super) struct Line {
    pub(super) external_id: String,
    pub(super) digest: Vec<u8>,
    pub(super) draft: Draft,
    pub(super) publications: Vec<Publication>,
}

/// New experts as statements.
#[derive(Default)]
pub(super) struct Prepared {
    pub(super) ids: Vec<Uuid>,
    pub(super) records: Vec<Insert>,
    pub(super) search: SearchRows,
    pub(super) sources: Option<Insert>,
    pub(super) events: Vec<Insert>,
}

/// What becomes of the lines of a batch.
#[derive(Default)]
pub(super) struct Plan {
    /// What the plan goes by.
    pub(super) known: KnownRecords,
    /// Ids that no earlier line had.
    first_seen: Vec<String>,
    new: Vec<Line>,
    pub(super) prepared: Prepared,
    pub(super) update: Vec<(Uuid, Line)>,
    unchanged: usize,
    conflicts: Vec<Refused>,
    rejected: Vec<Refused>,
    normalised: BTreeMap<&'static str, usize>,
}

impl Plan {
    pub(super) fn of(parsed: &Parsed, known: KnownRecords, tools: &Aside) -> Self {
        let broken = parsed.broken.iter().map(|broken| broken.refused(&tools.vocabulary));
        let mut plan = Self { known, rejected: broken.collect(), ..Self::default() };
        for raw in &parsed.lines {
            plan.add(raw, tools);
        }
        plan.rejected.sort_by_key(|refused| refused.line);
        plan
    }

    fn add(&mut self, raw: &RawLine, tools: &Aside) {
        let before = self.known.get(&raw.external_id);
        let is_first = !held(&tools.seen).contains(&raw.external_id);
        if is_first && before.is_some_and(|known| raw.digests.contains(&known.digest)) {
            self.see(&raw.external_id, tools);
            self.unchanged += 1;
            return;
        }
        let merged = before.is_some_and(|known| known.loaded_version == MERGED);
        let before = before.map(|known| (known.expert_id, known.loaded_version == known.version));
        let refuse = |errors| Refused { line: raw.number, external_id: Some(raw.external_id.clone()), errors };
        let Checked { draft, publications, repairs, .. } = match check(raw.members.clone(), &tools.vocabulary) {
            Ok(checked) => checked,
            Err(errors) => return self.rejected.push(refuse(errors)),
        };
        if !is_first {
            let errors = vec![fault("/external_id", "duplicate", "an earlier line has the same id")];
            return self.rejected.push(refuse(errors));
        }
        self.see(&raw.external_id, tools);
        for repair in &repairs {
            *self.normalised.entry(repair.code).or_default() += 1;
        }
        let publications = publications::without_ids(publications);
        let (external_id, digest) = (raw.external_id.clone(), raw.digest.clone());
        let line = Line { external_id, digest, draft, publications };
        match before {
            None => self.new.push(line),
            Some((id, true)) => self.update.push((id, line)),
            Some(_) if merged => self.conflicts.push(refuse(vec![fault(
                "",
                "merged_here",
                "the record was merged into another one of the same person; that one is left as it is",
            )])),
            Some((_, false)) => self.conflicts.push(refuse(vec![fault(
                "",
                "edited_here",
                "the record was edited here since it was loaded; it is left as it is",
            )])),
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
        let changed = self.update.iter_mut().map(|(_, line)| line).chain(&mut self.new);
        let mut drafts: Vec<&mut Draft> = changed.map(|line| &mut line.draft).collect();
        workplaces::link(conn, &mut drafts).await
    }

    /// Makes statements of the new experts.
    pub(super) fn prepare(&mut self, tools: &Aside, source: &str, version: i64) -> Answer<()> {
        let mut people = Vec::with_capacity(self.new.len());
        let mut sources = Vec::with_capacity(self.new.len());
        for line in self.new.drain(..) {
            let id = new_id();
            sources.push(source_row(source, id, &line, version));
            let keys = Keys::of(&line.draft, &tools.vocabulary);
            people.push((Entry { id, keys, draft: line.draft }, line.publications));
        }
        let search = SearchRows::of(&people, &tools.vocabulary, &mut held(&tools.folds));
        let (entries, publications): (Vec<Entry>, Vec<Vec<Publication>>) = people.into_iter().unzip();
        let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
        let mut records = store::new_rows(&tools.sealer, &entries)?;
        let publications: Vec<(Uuid, Vec<Publication>)> = ids.iter().copied().zip(publications).collect();
        records.extend(store::publication_rows(&publications)?);
        let (sources, events) = (store::source_rows(sources), entries.iter().map(created_event).collect());
        let events = tools.recorder.prepare(events)?;
        self.prepared = Prepared { ids, records, search, sources, events };
        Ok(())
    }

    /// True when there is nothing to write.
    pub(super) fn is_idle(&self) -> bool {
        self.prepared.ids.is_empty() && self.update.is_empty()
    }

    /// Adds what became of the lines to the report.
    pub(super) fn tell(self, report: &mut Report) {
        report.created += self.prepared.ids.len();
        report.updated += self.update.len();
        report.unchanged += self.unchanged;
        report.conflicts.extend(self.conflicts);
        report.rejected.extend(self.rejected);
        for (code, count) in self.normalised {
            *report.normalised.entry(code).or_default() += count;
        }
    }
}

pub(super) fn source_row(source: &str, expert_id: Uuid, line: &Line, loaded_version: i64) -> SourceRow {
    SourceRow {
        source: source.to_owned(),
        external_id: line.external_id.clone(),
        expert_id,
        digest: line.digest.clone(),
        loaded_version,
    }
}
