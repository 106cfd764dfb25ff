//! What becomes of one record of a source. A load of a file and a sync go by the same words.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::read::RawLine;
use crate::experts::form::Checked;
use crate::experts::model::{Draft, Publication};
use crate::experts::publications;
use crate::experts::store::{KnownRecord, Stored, base_of};
use crate::experts::three_way::{Members, MergeRules, Merged, said};
use crate::kernel::id::new_id;

/// A line that was checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    /// The expert it becomes, if it is new.
    pub(crate) id: Uuid,
    pub(crate) external_id: String,
    pub(crate) digest: Vec<u8>,
    /// What it says, member by member.
    pub(crate) said: Members,
    pub(crate) draft: Draft,
    pub(crate) publications: Vec<Publication>,
}

impl Line {
    pub(crate) fn of(raw: &RawLine, checked: Checked) -> Self {
        let publications = publications::without_ids(checked.publications);
        Self {
            id: new_id(),
            external_id: raw.external_id.clone(),
            digest: raw.digest.clone(),
            said: said(&checked.draft, &publications),
            draft: checked.draft,
            publications,
        }
    }
}

/// Members by which somebody works elsewhere.
pub(crate) const MOVING: [&str; 3] = ["workplace", "province", "workplace_id"];

/// A record that is known, merged.
#[derive(Debug, Clone)]
pub(crate) struct Update {
    pub(crate) id: Uuid,
    pub(crate) line: Line,
    pub(crate) merged: Merged,
    /// The record after the merge.
    pub(crate) draft: Draft,
    /// The record as it is kept.
    pub(crate) old: Stored,
    /// What the source is remembered by: while something is open, what it was before.
    pub(crate) digest: Vec<u8>,
    is_news: bool,
    /// Another record of the expert is followed.
    pub(crate) is_twin: bool,
}

impl Update {
    pub(crate) fn of(
        line: Line,
        known: &KnownRecord,
        base: Option<&Members>,
        old: Stored,
        rules: &MergeRules,
        decided: &BTreeMap<String, bool>,
    ) -> Self {
        let ours = said(&old.draft, &old.publications);
        let base = base_of(base, known, &line.said, &ours);
        let rules = MergeRules { of_news_alone: !known.is_supplied, ..rules.clone() };
        let merged = Merged::of(base.as_ref(), &line.said, &ours, &rules, decided);
        let draft = merged.draft(&line.draft, &old.draft);
        let digest = if merged.conflicts.is_empty() { line.digest.clone() } else { known.digest.clone() };
        let is_news = digest != known.digest || base.as_ref() != Some(&merged.base) || known.is_gone;
        Self { id: known.expert_id, line, merged, draft, old, digest, is_news, is_twin: false }
    }

    /// As it was planned: nothing is merged again.
    pub(crate) fn planned(id: Uuid, line: Line, merged: Merged, draft: Draft, old: Stored, digest: Vec<u8>) -> Self {
        Self { id, line, merged, draft, old, digest, is_news: true, is_twin: false }
    }

    /// Another record of somebody of whom the source has one already, which is followed: it is entered, and nothing else. What it
    /// says counts when it is the one to be followed.
    pub(crate) fn twin(id: Uuid, line: Line, old: Stored) -> Self {
        let merged = Merged { taken: BTreeSet::new(), conflicts: BTreeSet::new(), base: Members::new() };
        let draft = old.draft.clone();
        Self { is_twin: true, ..Self::planned(id, line, merged, draft, old, Vec::new()) }
    }

    /// The publications as the source has them, where these come in.
    pub(crate) fn publications(&self) -> Option<&[Publication]> {
        self.merged.taken.contains("publications").then_some(self.line.publications.as_slice())
    }

    /// True when the expert works elsewhere now.
    pub(crate) fn moves(&self) -> bool {
        MOVING.iter().any(|name| self.merged.taken.contains(*name))
    }

    /// True when there is something to write: of the expert, or of what the source said.
    pub(crate) fn writes(&self) -> bool {
        self.is_news || !self.merged.taken.is_empty()
    }
}

/// What becomes of a line.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Nobody knows the record.
    New(Box<Line>),
    /// The expert left the bank or died: the record is left as it is.
    Apart(&'static str),
    /// It is known.
    Known(Box<Update>),
}

/// True when a line says what it said before and nothing here may have to give way to it.
pub(crate) fn is_same(raw: &RawLine, known: &KnownRecord, rules: &MergeRules) -> bool {
    let gives_way = known.is_supplied && !known.is_untouched() && !rules.source_wins.is_empty();
    !known.is_gone && raw.digests.contains(&known.digest) && !gives_way
}

/// The state of an expert who is no longer in the bank.
pub(crate) fn apart(status: &str) -> Option<&'static str> {
    match status {
        "left" => Some("left"),
        "deceased" => Some("deceased"),
        _ => None,
    }
}

/// What becomes of a line, given what is known of its record.
pub(crate) fn verdict(
    line: Line,
    known: Option<(&KnownRecord, Stored)>,
    base: Option<&Members>,
    rules: &MergeRules,
    decided: &BTreeMap<String, bool>,
) -> Verdict {
    let Some((known, stored)) = known else { return Verdict::New(Box::new(line)) };
    match apart(&known.status) {
        Some(state) => Verdict::Apart(state),
        None => Verdict::Known(Box::new(Update::of(line, known, base, stored, rules, decided))),
    }
}
