//! What a change says of a person. It is kept packed and sealed, for its place in its plan alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::store::changes::ChangeRow;
use crate::experts::duplicates::{Candidate, Evidence};
use crate::experts::load::verdict::{Line, Update};
use crate::experts::model::{Draft, Publication};
use crate::experts::vocabulary::Vocabulary;
use crate::kernel::packed;
use crate::kernel::problem::{Answer, FieldError, Problem};
use crate::kernel::sealed::Sealer;

/// What a change says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// The record as the source sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<Line>,
    /// Where the person works, as it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<(Option<Uuid>, Option<String>)>,
    /// Members that come in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub taken: BTreeSet<String>,
    /// Members that are open, with what the source had said of them before.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub open: BTreeMap<String, Option<Value>>,
    /// Those that come in or are open: what is kept here, and what the source says.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, (Value, Value)>,
    /// What is wrong with the line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<StoredFault>,
    /// Who it may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<StoredCandidate>,
}

/// A fault of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredFault {
    pub pointer: String,
    pub code: String,
    pub vi: String,
    pub en: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
}

impl From<&FieldError> for StoredFault {
    fn from(fault: &FieldError) -> Self {
        Self {
            pointer: fault.pointer.clone(),
            code: fault.code.to_owned(),
            vi: fault.detail.vi.clone(),
            en: fault.detail.en.clone(),
            repair: fault.repair.as_deref().map(str::to_owned),
        }
    }
}

/// Somebody a record may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredCandidate {
    pub id: Uuid,
    pub code: String,
    pub full_name: String,
    pub score: f64,
    pub certain: bool,
    pub evidence: Vec<Evidence>,
}

impl From<Candidate> for StoredCandidate {
    fn from(candidate: Candidate) -> Self {
        let Candidate { id, code, full_name, likeness } = candidate;
        Self { id, code, full_name, score: likeness.score, certain: likeness.certain, evidence: likeness.evidence }
    }
}

impl Detail {
    /// Of a merged record.
    pub(crate) fn of_update(update: &Update, base: Option<&crate::experts::three_way::Members>) -> Self {
        let ours = crate::experts::three_way::said(&update.old.draft, &update.old.publications);
        let merged = &update.merged;
        let value =
            |members: &crate::experts::three_way::Members, name: &str| members.get(name).cloned().unwrap_or_default();
        let pair = |name: &String| (name.clone(), (value(&ours, name), value(&update.line.said, name)));
        let before = |name: &String| (name.clone(), base.and_then(|base| base.get(name)).cloned());
        Self {
            line: Some(update.line.clone()),
            place: update.moves().then(|| (update.draft.workplace_id, update.draft.workplace.clone())),
            taken: merged.taken.clone(),
            open: merged.conflicts.iter().map(before).collect(),
            values: merged.taken.iter().chain(&merged.conflicts).map(pair).collect(),
            ..Self::default()
        }
    }

    /// Of a new record.
    pub(crate) fn of_new(line: Line) -> Self {
        let place = Some((line.draft.workplace_id, line.draft.workplace.clone()));
        Self { line: Some(line), place, ..Self::default() }
    }

    /// With provinces by their names.
    pub(super) fn named(mut self, vocabulary: &Vocabulary) -> Self {
        for (name, (old, new)) in &mut self.values {
            vocabulary.name_province(name, old);
            vocabulary.name_province(name, new);
        }
        for (name, value) in self.line.iter_mut().flat_map(|line| &mut line.said) {
            vocabulary.name_province(name, value);
        }
        self
    }

    /// Of a broken line.
    pub fn of_faults(faults: &[FieldError]) -> Self {
        Self { faults: faults.iter().map(StoredFault::from).collect(), ..Self::default() }
    }
}

/// A record that may be somebody known, once that is decided: what it takes to decide it anew, and to remember of a new expert whom
/// it is not.
#[derive(Debug, Serialize, Deserialize)]
pub struct Doubt {
    pub(crate) line: Line,
    /// Who it may be.
    pub candidates: Vec<StoredCandidate>,
    /// Who decided it.
    pub decided_by: Option<Uuid>,
}

/// How a record was before a plan wrote it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Undo {
    /// Its row as a record of the source; none where there was none.
    pub source: Option<Value>,
    /// The expert, where that was changed.
    pub draft: Option<Draft>,
    /// The publications, where these were changed.
    pub publications: Option<Vec<Publication>>,
}

fn context(plan: Uuid, number: i64, what: &str) -> String {
    format!("sync_changes/{plan}/{number}/{what}")
}

/// Packs and seals.
///
/// # Errors
/// Those of sealing.
pub fn seal<T: Serialize>(sealer: &Sealer, plan: Uuid, number: i64, what: &str, value: &T) -> Answer<Vec<u8>> {
    weigh(sealer, plan, number, what, value).map(|(sealed, _)| sealed)
}

/// The same, and how many bytes it is unpacked.
///
/// # Errors
/// Those of sealing.
pub fn weigh<T: Serialize>(sealer: &Sealer, plan: Uuid, number: i64, what: &str, value: &T) -> Answer<(Vec<u8>, i64)> {
    weigh_text(sealer, plan, number, what, &text(value)?)
}

/// The same of what was written already, as [`text`] writes it.
///
/// # Errors
/// Those of sealing.
pub fn weigh_text(sealer: &Sealer, plan: Uuid, number: i64, what: &str, plain: &str) -> Answer<(Vec<u8>, i64)> {
    let sealed = packed::seal(sealer, &context(plan, number, what), plain.as_bytes())?;
    Ok((sealed, i64::try_from(plain.len()).unwrap_or(i64::MAX)))
}

/// A value as it is packed and hashed.
///
/// # Errors
/// 500 for what is no JSON.
pub fn text<T: Serialize>(value: &T) -> Answer<String> {
    serde_json::to_string(value).map_err(Problem::internal)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// 500 when it was sealed for another place, or with a key that is gone.
pub fn open<T: DeserializeOwned>(sealer: &Sealer, plan: Uuid, number: i64, what: &str, sealed: &[u8]) -> Answer<T> {
    let plain = packed::open(sealer, &context(plan, number, what), sealed)?;
    serde_json::from_slice(&plain).map_err(Problem::internal)
}

/// The detail of a change; an empty one where there is none.
///
/// # Errors
/// As [`open`].
pub fn of(sealer: &Sealer, plan: Uuid, row: &ChangeRow) -> Answer<Detail> {
    row.detail
        .as_deref()
        .map_or_else(|| Ok(Detail::default()), |sealed| open(sealer, plan, row.number, "detail", sealed))
}

/// What was in doubt of a change; none where nothing was.
///
/// # Errors
/// As [`open`].
pub fn doubt_of(sealer: &Sealer, plan: Uuid, row: &ChangeRow) -> Answer<Option<Doubt>> {
    row.doubt.as_deref().map(|sealed| open(sealer, plan, row.number, "doubt", sealed)).transpose()
}

/// The digest of a change: of all it says (its detail as [`text`] writes it, of no detail the empty text), what it rests on, and how it
/// was decided. It is keyed, so that nobody can try out what it was made of.
pub fn row_hash(sealer: &Sealer, row: &ChangeRow, detail: &str) -> Vec<u8> {
    let mut said = serde_json::json!([
        row.number,
        row.kind,
        row.outcome,
        row.external_id,
        row.expert_id,
        row.expert_version,
        row.loaded_version,
        row.digest.as_deref().map(hex::encode),
        row.decision,
    ])
    .to_string();
    // an array and an object behind it: where the one ends and the other begins is plain
    said.push_str(detail);
    sealer.keyed_hash("sync-change", &said)
}
