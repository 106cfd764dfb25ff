//! Plans and changes as callers see them. The Department sees what it supplied; of everybody else it reads `needs_review`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::detail::{Detail, StoredCandidate};
use super::planner::count;
use super::settings::Brake;
use super::store::PlanRow;
use super::store::changes::{ChangeRow, MovedRow};
use super::store::work::Progress;
use super::words::{ChangeKind, ChangeOutcome, PlanState, SyncMode, Take};
use crate::experts::duplicates::EvidenceKind;
use crate::kernel::clock::now;
use crate::kernel::problem::Lang;

/// How many changes there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeCounts {
    pub create: i64,
    pub update: i64,
    pub unchanged: i64,
    pub conflict: i64,
    pub ambiguous: i64,
    pub absent: i64,
    pub tombstone: i64,
    pub rejected: i64,
}

/// Who reads a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Decides about it.
    Union,
    /// Looks over everybody's shoulder; who may be whom is for those alone who decide it.
    Auditor,
    /// Sends the files, and is told of those it supplied.
    Source,
}

impl ChangeCounts {
    /// Of people the source did not supply nobody but the Union is told what would change: `unchanged` stands for all of it.
    fn of(row: &PlanRow, reader: Reader) -> Self {
        let hidden = |kind| if reader == Reader::Source { count(&row.others, kind) } else { 0 };
        let count = |kind| count(&row.counts, kind);
        let (updates, conflicts) = (hidden(ChangeKind::Update), hidden(ChangeKind::Conflict));
        Self {
            create: count(ChangeKind::Create),
            update: count(ChangeKind::Update) - updates,
            unchanged: count(ChangeKind::Unchanged) + updates + conflicts,
            conflict: count(ChangeKind::Conflict) - conflicts,
            ambiguous: count(ChangeKind::Ambiguous),
            absent: count(ChangeKind::Absent),
            tombstone: count(ChangeKind::Tombstone),
            rejected: count(ChangeKind::Rejected),
        }
    }
}

/// Somebody who did something to a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncActor {
    /// `account`, `client` or `system`.
    #[schema(example = "client")]
    pub kind: String,
    /// Their id.
    pub id: Option<Uuid>,
    /// Their role then.
    #[schema(example = "science_dept")]
    pub role: Option<String>,
}

/// Why a plan failed, or could not be applied as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanFailure {
    /// `upload_cut`, `refused`, `gave_up`, `internal`, `expired`, `moved`: then plan anew; or `edited_since`: it can't be undone.
    #[schema(example = "upload_cut")]
    pub code: String,
    /// What to do.
    pub detail: String,
    /// With `moved` and `edited_since`: the records that are no longer what the plan rests on, one hundred at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<PlanRecord>,
}

/// A record of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanRecord {
    /// Number of the change.
    pub number: i64,
    /// Its id at the source.
    pub external_id: Option<String>,
}

/// A plan, and the run that it becomes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncPlan {
    /// Its id.
    pub id: Uuid,
    /// The source.
    #[schema(example = "skhcn")]
    pub source: String,
    /// What the file holds.
    pub mode: SyncMode,
    /// Where it stands.
    pub state: PlanState,
    /// Send it back to apply exactly this; it is another one whenever anything of the plan is.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub hash: Option<String>,
    /// How many changes there are of each kind.
    pub counts: ChangeCounts,
    /// While it is made, applied or undone: how many seconds that will take still, as far as can be told.
    pub seconds_left: Option<i64>,
    /// While it is made, applied or undone: how many records are done.
    pub done: Option<i64>,
    /// Records of the file.
    pub records: i64,
    /// Bytes of the file, unpacked.
    pub bytes: i64,
    /// SHA-256 of the file as it was sent.
    pub file_hash: Option<String>,
    /// An earlier plan of the very same file.
    pub same_file_as: Option<Uuid>,
    /// It is applied at once when nothing needs a person.
    pub auto_apply: bool,
    /// Why it is blocked, or was.
    pub brake: Option<Brake>,
    /// Why it failed, or could not be applied.
    pub failure: Option<PlanFailure>,
    /// Who sent the file.
    pub created_by: SyncActor,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was made.
    pub planned_at: Option<DateTime<Utc>>,
    /// When the Union released it.
    pub released_at: Option<DateTime<Utc>>,
    /// Who had it applied.
    pub applied_by: Option<SyncActor>,
    /// When that was done.
    pub applied_at: Option<DateTime<Utc>>,
    /// Seconds it took to make it.
    pub planning_seconds: Option<f64>,
    /// Seconds it took to apply it.
    pub applying_seconds: Option<f64>,
    /// When it was undone.
    pub reverted_at: Option<DateTime<Utc>>,
}

fn seconds(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of some hours")]
    Some((to? - from?).num_milliseconds() as f64 / 1_000.0)
}

/// Seconds that are left when so much was done since.
fn left(progress: &Progress) -> Option<i64> {
    let elapsed = (now() - progress.started_at?).num_milliseconds().max(0);
    (progress.done > 0).then(|| elapsed * (progress.total - progress.done).max(0) / progress.done / 1_000)
}

fn failure_of(failure: &Value, reader: Reader, lang: Lang) -> Option<PlanFailure> {
    let code = failure.get("code")?.as_str()?.to_owned();
    let said = |name: &str| failure.get(name).and_then(Value::as_str).map(str::to_owned);
    let own = said(if lang == Lang::Vi { "vi" } else { "en" });
    let told = MovedRow::of_failure(failure).into_iter().filter(|row| row.supplied || reader != Reader::Source);
    let records = told.map(|row| PlanRecord { number: row.number, external_id: row.external_id }).collect();
    let say = match code.as_str() {
        "upload_cut" => crate::say!("Tải lên bị đứt; gửi lại tệp.", "The upload was cut; send the file again."),
        "expired" => crate::say!(
            "Kế hoạch để quá lâu không áp dụng; gửi lại tệp.",
            "Nobody applied the plan for too long; send the file again.",
        ),
        "moved" => crate::say!(
            "Dữ liệu đã thay đổi sau khi lập kế hoạch; gửi lại tệp để lập kế hoạch mới.",
            "The registry has moved since the plan was made; send the file again for a new one.",
        ),
        "edited_since" => crate::say!(
            "Không hoàn tác được: có bản ghi đã được sửa hoặc dùng sau khi áp dụng.",
            "It could not be undone: records were edited or used since it was applied.",
        ),
        _ => crate::say!(
            "Không lập hoặc áp dụng được; gửi lại tệp, nếu vẫn lỗi hãy báo quản trị.",
            "It could not be made or applied; send the file again, and tell the administrator if that fails, too.",
        ),
    };
    Some(PlanFailure { detail: own.unwrap_or_else(|| lang.of(&say).to_owned()), records, code })
}

impl SyncPlan {
    /// A plan as somebody sees it who may.
    pub fn of(row: PlanRow, progress: Option<&Progress>, reader: Reader, lang: Lang) -> Self {
        let state = row.state();
        let at_work = [PlanState::Planning, PlanState::Applying, PlanState::Reverting];
        let working = progress.filter(|_| at_work.contains(&state));
        let begun = row.released_at.max(row.apply_asked_at);
        Self {
            id: row.id,
            mode: SyncMode::parse(&row.mode).unwrap_or(SyncMode::Delta),
            state,
            hash: row.hash.as_deref().map(hex::encode),
            counts: ChangeCounts::of(&row, reader),
            seconds_left: working.and_then(left),
            done: working.map(|progress| progress.done.min(row.records.max(progress.total))),
            records: row.records,
            bytes: row.bytes,
            file_hash: row.file_hash.as_deref().map(hex::encode),
            same_file_as: row.same_as,
            auto_apply: row.auto_apply,
            brake: row.brake.clone().and_then(|brake| serde_json::from_value(brake).ok()),
            failure: row.failure.as_ref().and_then(|failure| failure_of(failure, reader, lang)),
            created_by: SyncActor { kind: row.actor_kind.clone(), id: row.actor_id, role: row.actor_role.clone() },
            created_at: row.created_at,
            planned_at: row.planned_at,
            released_at: row.released_at,
            applied_by: row.apply_kind.clone().map(|kind| SyncActor {
                kind,
                id: row.apply_id,
                role: row.apply_role.clone(),
            }),
            applied_at: row.applied_at,
            planning_seconds: seconds(Some(row.created_at), row.planned_at),
            applying_seconds: seconds(begun, row.applied_at),
            reverted_at: row.reverted_at,
            source: row.source,
        }
    }
}

/// A member that changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberChange {
    /// The value kept here; not for restricted members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What the source says; not for restricted members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// Contacts and full birth dates are not shown here; see `…/changes/{change}/restricted`.
    pub restricted: bool,
    /// Changed here and at the source, and not to the same.
    pub conflict: bool,
}

/// The restricted members of a change: what is kept here, and what the source says.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestrictedChange {
    /// Named as in the form of an expert.
    #[schema(example = json!({"email": {"old": null, "new": "hoa.mau@chuyengia.example", "conflict": false}}))]
    pub fields: BTreeMap<String, RestrictedMember>,
}

/// A restricted member.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestrictedMember {
    /// The value kept here.
    pub old: Value,
    /// What the source says.
    pub new: Value,
    /// Changed here and at the source, and not to the same.
    pub conflict: bool,
}

impl RestrictedChange {
    /// Those of a change.
    pub fn of(detail: &Detail) -> Self {
        let said = detail.line.as_ref().filter(|_| detail.values.is_empty());
        let new = said.into_iter().flat_map(|line| &line.said).map(|(name, new)| (name, &Value::Null, new));
        let pairs = detail.values.iter().map(|(name, (old, new))| (name, old, new)).chain(new);
        let restricted = pairs.filter(|(name, ..)| RESTRICTED.contains(&name.as_str())).map(|(name, old, new)| {
            let conflict = detail.open.contains_key(name);
            (name.clone(), RestrictedMember { old: old.clone(), new: new.clone(), conflict })
        });
        Self { fields: restricted.collect() }
    }
}

/// What is wrong with a line.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineFault {
    /// JSON pointer into the record.
    #[schema(example = "/fields/0")]
    pub pointer: String,
    /// Stable code of the fault.
    #[schema(example = "unknown_code")]
    pub code: String,
    /// What is wrong and what would repair it.
    pub detail: String,
    /// The value to send instead, where that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
}

/// Somebody a record may be, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncCandidate {
    /// The expert.
    pub expert_id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    pub code: String,
    /// Name without titles.
    pub full_name: String,
    /// From 0 to 1.
    pub score: f64,
    /// There is no doubt.
    pub certain: bool,
    /// What speaks for it, and against.
    pub evidence: Vec<EvidenceKind>,
}

impl From<StoredCandidate> for SyncCandidate {
    fn from(candidate: StoredCandidate) -> Self {
        let StoredCandidate { id, code, full_name, score, certain, evidence } = candidate;
        let evidence = evidence.into_iter().map(|evidence| evidence.kind).collect();
        Self { expert_id: id, code, full_name, score, certain, evidence }
    }
}

/// What becomes of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncChange {
    /// Number of the change in its plan.
    pub number: i64,
    /// What becomes of it.
    pub kind: ChangeKind,
    /// What else is to be said.
    pub outcome: Option<ChangeOutcome>,
    /// Line of the file; in a JSON array the number of the item.
    pub line: Option<i64>,
    /// Id of the record at its source.
    pub external_id: Option<String>,
    /// The expert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expert_id: Option<Uuid>,
    /// Members that come in or are open, named as in the form of an expert.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, MemberChange>,
    /// What is wrong with the line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<LineFault>,
    /// Who it may be; for the Union.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<SyncCandidate>,
    /// How a conflict was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Take>,
}

/// Members that are sealed wherever they are kept.
const RESTRICTED: [&str; 4] = ["date_of_birth", "email", "phone", "address"];

impl SyncChange {
    /// A change as somebody sees it who reads plans.
    pub fn of(row: ChangeRow, detail: Detail, reader: Reader, lang: Lang) -> Self {
        let kind = ChangeKind::parse(&row.kind).unwrap_or(ChangeKind::Rejected);
        let outcome = row.outcome.as_deref().and_then(ChangeOutcome::parse);
        let of_others = is_of_others(kind, &row);
        if reader == Reader::Source && (of_others || is_for_the_union(kind, outcome, &detail)) {
            return Self {
                number: row.number,
                // equal to what is kept or not: a source could try values out
                kind: if of_others { ChangeKind::Unchanged } else { kind },
                outcome: Some(ChangeOutcome::NeedsReview),
                line: row.line,
                external_id: row.external_id,
                expert_id: None,
                fields: BTreeMap::new(),
                errors: Vec::new(),
                candidates: Vec::new(),
                decision: None,
            };
        }
        let candidates = if reader == Reader::Union { detail.candidates.clone() } else { Vec::new() };
        Self {
            number: row.number,
            kind,
            outcome,
            line: row.line,
            external_id: row.external_id,
            expert_id: row.expert_id.filter(|_| reader != Reader::Source),
            fields: fields(&detail, kind),
            errors: detail.faults.iter().map(|fault| fault_of(fault, lang)).collect(),
            candidates: candidates.into_iter().map(SyncCandidate::from).collect(),
            decision: row.decision.as_deref().and_then(Take::parse),
        }
    }
}

/// A change of somebody whom the source did not supply: its record came to them by a merge, or because an officer said who it is.
/// What it no longer has it knows itself, and what is wrong with a line is said of the line.
const fn is_of_others(kind: ChangeKind, row: &ChangeRow) -> bool {
    !row.supplied && !matches!(kind, ChangeKind::Absent | ChangeKind::Tombstone | ChangeKind::Rejected)
}

/// What would tell of people the Department did not supply, or of what the Union or the people themselves decided.
fn is_for_the_union(kind: ChangeKind, outcome: Option<ChangeOutcome>, detail: &Detail) -> bool {
    use ChangeOutcome::{Deceased, Erased, Left, Merged};
    kind == ChangeKind::Ambiguous
        || matches!(outcome, Some(Left | Deceased | Merged | Erased))
        || detail.faults.iter().any(|fault| fault.code == "rejected_by_union")
}

fn fault_of(fault: &super::detail::StoredFault, lang: Lang) -> LineFault {
    let detail = if lang == Lang::Vi { &fault.vi } else { &fault.en };
    LineFault {
        pointer: fault.pointer.clone(),
        code: fault.code.clone(),
        detail: detail.clone(),
        repair: fault.repair.clone(),
    }
}

fn fields(detail: &Detail, kind: ChangeKind) -> BTreeMap<String, MemberChange> {
    let change = |name: &str, old: Value, new: Value| {
        let restricted = RESTRICTED.contains(&name);
        let shown = |value: Value| (!restricted).then_some(value);
        let conflict = detail.open.contains_key(name);
        MemberChange { old: shown(old), new: shown(new), restricted, conflict }
    };
    if !detail.values.is_empty() {
        let pairs = detail.values.iter();
        return pairs.map(|(name, (old, new))| (name.clone(), change(name, old.clone(), new.clone()))).collect();
    }
    let said = detail.line.as_ref().filter(|_| matches!(kind, ChangeKind::Create | ChangeKind::Ambiguous));
    let members = said.into_iter().flat_map(|line| &line.said);
    members.map(|(name, new)| (name.clone(), change(name, Value::Null, new.clone()))).collect()
}
