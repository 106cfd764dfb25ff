//! Conflicts of interest as they are shown.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::actor::Role;
use crate::consultations::model::Case;
use crate::consultations::panel::coi::{Finding, may_sit};
use crate::consultations::panel::model::Standing;
use crate::consultations::panel::store::{self, CheckRow, DecisionRow, Who};
use crate::consultations::words::{ConflictKind, ConflictOutcome, ConflictSeverity, ConflictSide, ConflictTie};
use crate::db::Conn;
use crate::kernel::problem::{Answer, Lang};

/// A person of a panel.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PanelExpert {
    /// Id of the expert.
    pub id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    pub code: String,
    /// Name without titles.
    #[schema(example = "Nguyễn Thị Minh Họa")]
    pub full_name: String,
    /// Academic rank (học hàm).
    pub academic_rank: Option<String>,
    /// Degree (học vị).
    pub degree: Option<String>,
    /// Where the person works.
    pub workplace: Option<String>,
}

impl From<&Who> for PanelExpert {
    fn from(who: &Who) -> Self {
        Self {
            id: who.id,
            code: who.code.clone(),
            full_name: who.full_name.clone(),
            academic_rank: who.academic_rank.clone(),
            degree: who.degree.clone(),
            workplace: who.workplace.clone(),
        }
    }
}

/// A conflict of interest that was found, with what it rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConflictFinding {
    /// The same as long as the relation is the same; a waiver covers keys.
    #[schema(example = "declared:0190c0de-0000-7000-8000-000000000001")]
    key: String,
    /// What it is.
    kind: ConflictKind,
    /// How much it weighs.
    severity: ConflictSeverity,
    /// In words.
    #[schema(example = "Đang làm việc tại Sở Nông nghiệp và Môi trường (cơ quan đề nghị), từ 2019.")]
    detail: String,
    /// Which part the body has.
    side: Option<ConflictSide>,
    /// How it stands to the one that has this part.
    tie: Option<ConflictTie>,
    /// The body.
    organisation_id: Option<Uuid>,
    /// The drafter's record.
    drafter_id: Option<Uuid>,
    /// Since, as far as it is known.
    #[schema(example = "2019")]
    from: Option<String>,
    /// Until, as far as it is known.
    to: Option<String>,
    /// Whether a leader waived it.
    waived: bool,
}

impl ConflictFinding {
    /// One that holds no more, or of somebody who sits no more: nobody waived it.
    pub fn past(finding: &Finding, lang: Lang) -> Self {
        Self::new(finding, std::slice::from_ref(&finding.key), lang)
    }

    /// In a language; `open` are the keys nobody waived.
    pub fn new(finding: &Finding, open: &[String], lang: Lang) -> Self {
        let evidence = finding.evidence.clone();
        Self {
            key: finding.key.clone(),
            kind: finding.kind,
            severity: finding.severity,
            detail: lang.of(&finding.words()).to_owned(),
            side: evidence.side,
            tie: evidence.tie,
            organisation_id: evidence.organisation_id,
            drafter_id: evidence.drafter_id,
            from: evidence.from,
            to: evidence.to,
            waived: !open.contains(&finding.key),
        }
    }
}

/// How a person stands to a consultation as to conflicts of interest.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConflictResult {
    /// Who.
    expert: PanelExpert,
    /// Where it leads: `none` and `waived` may sit, `open`, `declared` and `recused` never count.
    outcome: ConflictOutcome,
    /// Whether the person may count on the panel.
    may_sit: bool,
    /// What was found.
    findings: Vec<ConflictFinding>,
}

impl ConflictResult {
    pub fn new(who: &Who, standing: &Standing, lang: Lang) -> Self {
        let found = standing.findings.iter().map(|finding| ConflictFinding::new(finding, &standing.open, lang));
        Self {
            expert: who.into(),
            outcome: standing.outcome,
            may_sit: may_sit(standing.outcome),
            findings: found.collect(),
        }
    }
}

/// Something that was said or decided of a conflict.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConflictDecision {
    /// Its id.
    id: Uuid,
    /// `declared`, `waived` or `recused`.
    outcome: ConflictOutcome,
    /// Why; the person concerned reads what they said themself.
    reason: Option<String>,
    /// The findings a waiver covers, by their keys.
    covers: Vec<String>,
    /// When.
    at: DateTime<Utc>,
    /// In which role.
    role: Option<String>,
}

/// How a person stands, and what was decided of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictRecord {
    /// The consultation.
    consultation_id: Uuid,
    /// How the person stands now.
    standing: ConflictResult,
    /// What was said and decided, the first first.
    decisions: Vec<ConflictDecision>,
}

/// A check for conflicts of interest, as it was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictCheck {
    /// Its id.
    pub id: Uuid,
    /// The consultation.
    consultation_id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// In which role.
    role: Option<String>,
    /// What was found then, in the order asked for.
    results: Vec<ConflictResult>,
}

/// A check as it was made: what is kept of it.
///
/// # Errors
/// 503 when the database is away.
pub async fn checks(conn: &mut Conn, rows: &[CheckRow], lang: Lang) -> Answer<HashMap<Uuid, ConflictCheck>> {
    let ids: Vec<Uuid> = rows.iter().flat_map(|row| row.results.iter().map(|result| result.expert_id)).collect();
    let who = store::who_became(conn, &ids).await?;
    let check = |row: &CheckRow| {
        let results = row.results.iter().filter_map(|result| {
            let standing =
                Standing { findings: result.findings.clone(), outcome: result.outcome, open: result.open.clone() };
            Some(ConflictResult::new(who.get(&result.expert_id)?, &standing, lang))
        });
        let check = ConflictCheck {
            id: row.id,
            consultation_id: row.consultation_id,
            at: row.at,
            role: row.actor_role.clone(),
            results: results.collect(),
        };
        (row.id, check)
    };
    Ok(rows.iter().map(check).collect())
}

/// How a person stands, and what was decided of them; with `own` as it is told the person.
///
/// # Errors
/// 503 when the database is away.
pub async fn record(conn: &mut Conn, case: &Case, (who, own): (&Who, bool), lang: Lang) -> Answer<ConflictRecord> {
    let nothing = || Standing { findings: Vec::new(), outcome: ConflictOutcome::None, open: Vec::new() };
    let standing = store::standings(conn, case, &[who.id]).await?.remove(&who.id).unwrap_or_else(nothing);
    let standing = if own { standing.for_the_person() } else { standing };
    let decisions = store::decisions(conn, case.id()).await?.into_iter().filter(|row| row.expert_id == who.id);
    let decision = |row: DecisionRow| ConflictDecision {
        id: row.id,
        outcome: row.outcome,
        // what others wrote may name who is not shown to the person
        reason: Some(row.reason).filter(|_| !own || row.actor_role.as_deref() == Some(Role::Expert.as_str())),
        covers: row.covers,
        at: row.at,
        role: row.actor_role,
    };
    Ok(ConflictRecord {
        consultation_id: case.id(),
        standing: ConflictResult::new(who, &standing, lang),
        decisions: decisions.map(decision).collect(),
    })
}
