//! What becomes of lines, given what is known of their records: no database here.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::super::detail::StoredCandidate;
use super::super::words::{ChangeKind, ChangeOutcome};
use crate::experts::form::Checked;
use crate::experts::load::Aside;
use crate::experts::load::plan::Before;
use crate::experts::load::read::{Broken, RawLine, check};
use crate::experts::load::verdict::{Line, Update, apart, is_same};
use crate::experts::store::{KnownRecord, KnownRecords, SourceDecision, Standing, Stored, base_of};
use crate::experts::three_way::{Members, said};
use crate::kernel::problem::{FieldError, Say};
use crate::say;

/// What is known of the records of some lines.
#[derive(Default)]
pub(crate) struct Facts {
    /// Ids that an earlier line has.
    pub(crate) seen: HashSet<String>,
    pub(crate) standing: Standing,
    pub(crate) known: KnownRecords,
    pub(crate) before: Before,
    /// Who records that are none yet were decided to be.
    pub(crate) linked: HashMap<Uuid, Stored>,
    pub(crate) states: HashMap<Uuid, String>,
    /// Those of them of whom another record of the source is followed.
    pub(crate) led: HashSet<Uuid>,
    /// Experts whom an earlier line writes: one record of a person is followed, and no two.
    pub(crate) written: HashSet<Uuid>,
    /// What is missing from the file is absent.
    pub(crate) is_snapshot: bool,
}

/// What a change rests on.
#[derive(Debug, Clone)]
pub(crate) struct Resting {
    pub(crate) expert: Uuid,
    pub(crate) version: i64,
    /// The version the source last wrote, of a record that is known.
    pub(crate) loaded: Option<i64>,
    /// The source brought the expert.
    pub(crate) is_supplied: bool,
    /// The record's row, as `store::mark_of` tells it apart.
    pub(crate) mark: Option<String>,
}

/// A record somebody decided about.
pub(crate) struct Asked {
    pub(crate) line: Line,
    pub(crate) by: Option<Uuid>,
}

/// What becomes of a line.
pub(crate) struct Judged {
    pub(crate) number: i64,
    pub(crate) external_id: Option<String>,
    pub(crate) kind: ChangeKind,
    pub(crate) outcome: Option<ChangeOutcome>,
    pub(crate) known: Option<Resting>,
    pub(crate) digest: Option<Vec<u8>>,
    pub(crate) new: Option<Box<Line>>,
    pub(crate) update: Option<Box<Update>>,
    /// What the source had said before.
    pub(crate) base: Option<Members>,
    pub(crate) faults: Vec<FieldError>,
    pub(crate) candidates: Vec<StoredCandidate>,
    /// An officer said that it is somebody new.
    pub(crate) is_decided: bool,
    /// An officer said who it is, or that it is not taken.
    pub(crate) asked: Option<Box<Asked>>,
}

impl Judged {
    fn of(raw: &RawLine, kind: ChangeKind) -> Self {
        Self {
            number: i64::try_from(raw.number).unwrap_or(i64::MAX),
            external_id: Some(raw.external_id.clone()),
            kind,
            outcome: None,
            known: None,
            digest: Some(raw.digest.clone()),
            new: None,
            update: None,
            base: None,
            faults: Vec::new(),
            candidates: Vec::new(),
            is_decided: false,
            asked: None,
        }
    }

    /// Whom it writes as a record that is followed.
    pub(crate) fn writes_expert(&self) -> Option<Uuid> {
        let update = self.update.as_ref()?;
        let writes = update.writes() || self.kind == ChangeKind::Conflict;
        let is_followed = self.outcome != Some(ChangeOutcome::Merged);
        self.known.as_ref().filter(|_| writes && is_followed).map(|known| known.expert)
    }

    fn unchanged(raw: &RawLine, outcome: Option<ChangeOutcome>) -> Self {
        Self { outcome, ..Self::of(raw, ChangeKind::Unchanged) }
    }

    fn rejected(raw: &RawLine, faults: Vec<FieldError>) -> Self {
        Self { faults, ..Self::of(raw, ChangeKind::Rejected) }
    }
}

/// What becomes of each line, in their order.
pub(crate) fn judge(lines: Vec<Result<RawLine, Broken>>, mut facts: Facts, tools: &Aside) -> Vec<Judged> {
    let judge = |line: Result<RawLine, Broken>| match line {
        Ok(raw) => judge_one(raw, &mut facts, tools),
        Err(broken) => {
            let mut refused = broken.refused(&tools.vocabulary);
            if facts.is_snapshot && refused.external_id.is_none() {
                refused.errors.push(FieldError::new("", "absent_unknown", absent_unknown()));
            }
            let (number, external_id) = (refused.line, refused.external_id.unwrap_or_default());
            let raw =
                RawLine { number, external_id, digest: Vec::new(), digests: Vec::new(), members: Default::default() };
            let judged = Judged::rejected(&raw, refused.errors);
            Judged { external_id: Some(raw.external_id).filter(|id| !id.is_empty()), digest: None, ..judged }
        }
    };
    lines.into_iter().map(judge).collect()
}

/// A line that is taken has its id; one that is broken leaves it to a line that mends it. Of a person one record is followed.
fn judge_one(raw: RawLine, facts: &mut Facts, tools: &Aside) -> Judged {
    let external_id = raw.external_id.clone();
    let judged = judge_line(raw, facts, tools);
    if judged.kind != ChangeKind::Rejected {
        facts.seen.insert(external_id);
    }
    if judged.update.is_some() && judged.outcome != Some(ChangeOutcome::Merged) {
        facts.written.extend(judged.known.as_ref().map(|known| known.expert));
    }
    judged
}

fn judge_line(raw: RawLine, facts: &mut Facts, tools: &Aside) -> Judged {
    if facts.seen.contains(&raw.external_id) {
        let detail = say!(
            "Mã bản ghi này đã có ở một dòng trước; giữ một dòng.",
            "An earlier line has the same id; keep one of them."
        );
        return Judged::rejected(&raw, vec![FieldError::new("/external_id", "duplicate", detail)]);
    }
    match raw.members.get("deleted") {
        Some(Value::Bool(true)) => return tombstone(&raw, facts),
        None | Some(Value::Bool(false) | Value::Null) => {}
        Some(_) => {
            let detail = say!("Chỉ nhận true hoặc false.", "Only true or false.");
            return Judged::rejected(&raw, vec![FieldError::new("/deleted", "wrong_type", detail)]);
        }
    }
    match facts.known.get(&raw.external_id).cloned() {
        Some(known) => judge_known(&raw, &known, facts, tools),
        None => judge_unknown(&raw, facts, tools),
    }
}

/// What the source took out. The expert stays.
fn tombstone(raw: &RawLine, facts: &Facts) -> Judged {
    let Some(known) = facts.known.get(&raw.external_id) else {
        let outcome = if facts.standing.erased.contains(&raw.external_id) {
            ChangeOutcome::Erased
        } else {
            ChangeOutcome::NotKnown
        };
        return Judged::unchanged(raw, Some(outcome));
    };
    let kind = if known.is_withdrawn { ChangeKind::Unchanged } else { ChangeKind::Tombstone };
    Judged { known: Some(resting(known)), ..Judged::of(raw, kind) }
}

fn resting(known: &KnownRecord) -> Resting {
    Resting {
        expert: known.expert_id,
        version: known.version,
        loaded: Some(known.loaded_version),
        is_supplied: known.is_supplied,
        mark: Some(known.mark.clone()),
    }
}

fn state_of(status: &str) -> Option<ChangeOutcome> {
    apart(status).and_then(ChangeOutcome::parse)
}

fn judge_known(raw: &RawLine, known: &KnownRecord, facts: &mut Facts, tools: &Aside) -> Judged {
    let resting = Some(resting(known));
    let outcome = state_of(&known.status);
    let is_twin = facts.standing.followers.contains(&raw.external_id) || facts.written.contains(&known.expert_id);
    let outcome = outcome.or_else(|| is_twin.then_some(ChangeOutcome::Merged));
    if outcome.is_some() || is_same(raw, known, &tools.rules) {
        return Judged { known: resting, ..Judged::unchanged(raw, outcome) };
    }
    let line = match read(raw, tools) {
        Ok(line) => line,
        Err(faults) => return Judged { known: resting, ..Judged::rejected(raw, faults) },
    };
    let Some(stored) = facts.before.stored.get(&known.expert_id).cloned() else {
        return Judged { known: resting, ..Judged::unchanged(raw, None) };
    };
    let base = facts.before.bases.remove(&raw.external_id);
    let judged = merged(raw, line, known, base, stored, tools);
    let outcome = known.is_gone.then_some(ChangeOutcome::Returned);
    Judged { known: resting, outcome, ..judged }
}

fn merged(
    raw: &RawLine,
    line: Line,
    known: &KnownRecord,
    base: Option<Members>,
    stored: Stored,
    tools: &Aside,
) -> Judged {
    let ours = said(&stored.draft, &stored.publications);
    let base = base_of(base.as_ref(), known, &line.said, &ours);
    let update = Update::of(line, known, base.as_ref(), stored, &tools.rules, &BTreeMap::new());
    let kind = match (update.merged.conflicts.is_empty(), update.merged.taken.is_empty()) {
        (false, _) => ChangeKind::Conflict,
        (true, false) => ChangeKind::Update,
        (true, true) => ChangeKind::Unchanged,
    };
    Judged { digest: Some(update.digest.clone()), base, update: Some(Box::new(update)), ..Judged::of(raw, kind) }
}

fn judge_unknown(raw: &RawLine, facts: &mut Facts, tools: &Aside) -> Judged {
    if facts.standing.erased.contains(&raw.external_id) {
        return Judged::unchanged(raw, Some(ChangeOutcome::Erased));
    }
    let decision = facts.standing.decisions.get(&raw.external_id).cloned();
    let line = match read(raw, tools) {
        Ok(line) => line,
        Err(faults) => return Judged::rejected(raw, faults),
    };
    let Some(decision) = decision else {
        return Judged { new: Some(Box::new(line)), ..Judged::of(raw, ChangeKind::Create) };
    };
    let linked = decision.expert_id.and_then(|id| {
        let status = facts.states.get(&id).cloned().unwrap_or_default();
        let is_twin = facts.led.contains(&id) || facts.written.contains(&id);
        Some((facts.linked.get(&id)?.clone(), Linked { status, is_twin }))
    });
    by_decision(raw, line, &decision, linked, tools)
}

/// What becomes of a record that was read already, now that somebody decided who it is.
pub(crate) fn decided(
    number: i64,
    line: Line,
    decision: &SourceDecision,
    linked: Option<(Stored, Linked)>,
    tools: &Aside,
) -> Judged {
    let raw = RawLine {
        number: usize::try_from(number).unwrap_or(usize::MAX),
        external_id: line.external_id.clone(),
        digest: line.digest.clone(),
        digests: vec![line.digest.clone()],
        members: Default::default(),
    };
    by_decision(&raw, line, decision, linked, tools)
}

fn by_decision(
    raw: &RawLine,
    line: Line,
    decision: &SourceDecision,
    linked: Option<(Stored, Linked)>,
    tools: &Aside,
) -> Judged {
    let asked = Some(Box::new(Asked { line: line.clone(), by: decision.decided_by }));
    let judged = match (decision.decision.as_str(), decision.expert_id.zip(linked)) {
        ("reject", _) => Judged::rejected(raw, vec![FieldError::new("", "rejected_by_union", rejected())]),
        (_, Some((id, (stored, linked)))) => link(raw, line, id, stored, linked, tools),
        (decision, None) => {
            let is_decided = decision == "create";
            Judged { new: Some(Box::new(line)), is_decided, ..Judged::of(raw, ChangeKind::Create) }
        }
    };
    Judged { asked, ..judged }
}

fn rejected() -> Say {
    say!("Liên hiệp hội đã quyết định không nhận bản ghi này.", "The Union decided not to take this record.")
}

fn absent_unknown() -> Say {
    say!(
        "Chưa biết dòng này là bản ghi nào, nên bản chụp này không đánh dấu bản ghi nào là vắng mặt; sửa dòng này rồi gửi lại.",
        "Nobody knows which record this line is, so this snapshot marks no record as absent; mend it and send the file again.",
    )
}

/// What is known of somebody a record was decided to be.
pub(crate) struct Linked {
    pub(crate) status: String,
    /// Another record of the source is followed.
    pub(crate) is_twin: bool,
}

/// A record of somebody known, of whom the source has said nothing before: what is empty here is filled in.
fn link(raw: &RawLine, line: Line, id: Uuid, stored: Stored, linked: Linked, tools: &Aside) -> Judged {
    let Linked { status, is_twin } = linked;
    let version = stored.version;
    let known = Some(Resting { expert: id, version, loaded: None, is_supplied: false, mark: None });
    if let Some(outcome) = state_of(&status) {
        return Judged { known, ..Judged::unchanged(raw, Some(outcome)) };
    }
    if is_twin {
        let update = Some(Box::new(Update::twin(id, line, stored)));
        return Judged { known, update, digest: None, ..Judged::unchanged(raw, Some(ChangeOutcome::Merged)) };
    }
    let record = KnownRecord {
        external_id: raw.external_id.clone(),
        mark: String::new(),
        expert_id: id,
        digest: Vec::new(),
        loaded_version: 0,
        is_supplied: false,
        is_gone: false,
        is_withdrawn: false,
        version,
        status,
    };
    Judged { known, ..merged(raw, line, &record, Some(Members::new()), stored, tools) }
}

fn read(raw: &RawLine, tools: &Aside) -> Result<Line, Vec<FieldError>> {
    let checked: Checked = check(&raw.members, &tools.vocabulary)?;
    Ok(Line::of(raw, checked))
}
