//! Opinions as they are shown: by name, to the Union and each to who wrote it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::desk::{self, is_at_work};
use super::model::{AnswerText, Content, Declaration, HandedFile, OpinionRow, RevisionRow};
use super::{rules, store};
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::consultations::model::{Case, FileRow};
use crate::consultations::panel::model::MemberRow;
use crate::consultations::panel::store::{self as panel_store, Who};
use crate::consultations::panel::{PanelExpert, Standing};
use crate::consultations::words::{OpinionAssessment, OpinionState, PanelMemberState, PanelSeat};
use crate::db::Conn;
use crate::kernel::document::DocumentReference;
use crate::kernel::problem::{Answer, Code, Problem};

/// A file that belongs to an opinion.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpinionFile {
    /// Its id.
    id: Uuid,
    /// Name.
    #[schema(example = "Y kien.pdf")]
    name: String,
    /// By its content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// How long it is.
    bytes: i64,
    /// SHA-256 in hexadecimal.
    sha256: String,
    /// Whether the Union's office attached it.
    by_union: bool,
    /// When it was attached.
    created_at: DateTime<Utc>,
}

impl From<&FileRow> for OpinionFile {
    fn from(row: &FileRow) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            media_type: row.media_type.clone(),
            bytes: row.bytes,
            sha256: row.sha256.clone(),
            by_union: row.by_union,
            created_at: row.created_at,
        }
    }
}

/// The opinion of somebody on a panel.
#[derive(Debug, Serialize, ToSchema)]
pub struct Opinion {
    /// Id of the seat.
    member_id: Uuid,
    /// Who.
    expert: PanelExpert,
    /// The kind of seat.
    seat: PanelSeat,
    /// How the person stands to the panel.
    member_state: PanelMemberState,
    /// Where the opinion stands; empty where nothing was written yet.
    state: Option<OpinionState>,
    /// What was declared on conflicts of interest.
    declaration: Option<Declaration>,
    /// What it comes to.
    assessment: Option<OpinionAssessment>,
    /// Question by question.
    answers: Vec<AnswerText>,
    /// As a whole.
    body: Option<String>,
    /// The letter it came on, where the Union's office entered it.
    paper: Option<DocumentReference>,
    /// Files that belong to it.
    attachments: Vec<OpinionFile>,
    /// How many versions were handed in; the last one counts, also while another one is written.
    revision: i32,
    /// When the last one was handed in.
    submitted_at: Option<DateTime<Utc>>,
    /// Why it was opened again.
    reopened_reason: Option<String>,
    /// Whether it counts: handed in, by somebody who sits, accepted and has no open conflict.
    counts: bool,
    /// What may be done now by who may write it: `write`, `submit`, `reopen`.
    #[schema(example = json!(["write", "submit"]))]
    allowed_actions: Vec<&'static str>,
    /// When it was changed last.
    updated_at: Option<DateTime<Utc>>,
}

/// A version of an opinion that was handed in, as it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpinionRevision {
    /// Its number, from 1.
    #[schema(example = 1)]
    number: i32,
    /// When it was handed in.
    at: DateTime<Utc>,
    /// In which role.
    role: Option<String>,
    /// What was declared on conflicts of interest.
    declaration: Declaration,
    /// What it comes to.
    assessment: OpinionAssessment,
    /// Question by question.
    answers: Vec<AnswerText>,
    /// As a whole.
    body: Option<String>,
    /// The letter it came on.
    paper: Option<DocumentReference>,
    /// Files that were handed in with it.
    attachments: Vec<HandedFile>,
}

impl From<RevisionRow> for OpinionRevision {
    fn from(row: RevisionRow) -> Self {
        let Content { declaration, assessment, answers, body, paper, files } = row.content;
        Self {
            number: row.number,
            at: row.at,
            role: row.actor_role,
            declaration,
            assessment,
            answers,
            body,
            paper: paper.map(Into::into),
            attachments: files,
        }
    }
}

/// What is looked up to show opinions.
struct Shown {
    who: HashMap<Uuid, Who>,
    standings: HashMap<Uuid, Standing>,
    files: Vec<FileRow>,
}

impl Shown {
    async fn of(conn: &mut Conn, case: &Case, seats: &[MemberRow], opinions: &[&OpinionRow]) -> Answer<Self> {
        let ids: Vec<Uuid> = seats.iter().map(|seat| seat.expert_id).collect();
        let opinions: Vec<Uuid> = opinions.iter().map(|row| row.id).collect();
        Ok(Self {
            who: panel_store::who(conn, &ids, &[]).await?.into_iter().map(|who| (who.id, who)).collect(),
            standings: panel_store::standings(conn, case, &ids).await?,
            files: store::files(conn, &opinions).await?,
        })
    }

    /// None of somebody who is in the bank no more.
    fn opinion(&self, case: &Case, seat: &MemberRow, row: Option<&OpinionRow>) -> Option<Opinion> {
        let outcome = self.standings.get(&seat.expert_id).map(|standing| standing.outcome);
        let is_in = row.is_some_and(|row| row.revision > 0);
        let counts = is_in && seat.sits() && outcome.is_some_and(|outcome| rules::counts(seat.state, outcome));
        let files = self.files.iter().filter(|file| row.is_some_and(|row| file.opinion_id == Some(row.id)));
        let state = row.map(|row| row.state);
        let acts = if is_at_work(case, seat) { rules::acts(state) } else { &[] };
        Some(Opinion {
            member_id: seat.id,
            expert: self.who.get(&seat.expert_id)?.into(),
            seat: seat.seat,
            member_state: seat.state,
            state,
            declaration: row.and_then(|row| row.declaration.clone()),
            assessment: row.and_then(|row| row.assessment),
            answers: row.map(|row| row.answers.clone()).unwrap_or_default(),
            body: row.and_then(|row| row.body.clone()),
            paper: row.and_then(|row| row.paper.clone()).map(Into::into),
            attachments: files.map(OpinionFile::from).collect(),
            revision: row.map(|row| row.revision).unwrap_or_default(),
            submitted_at: row.and_then(|row| row.submitted_at),
            reopened_reason: row.and_then(|row| row.reopened_reason.clone()),
            counts,
            allowed_actions: acts.iter().map(|act| act.as_str()).collect(),
            updated_at: row.map(|row| row.updated_at),
        })
    }
}

/// The opinions of a panel, for a caller: of who sits, also where nothing was written yet, and of who sat and wrote something. One of the
/// panel sees their own.
///
/// # Errors
/// 503 when the database is away.
pub async fn opinions(conn: &mut Conn, scope: &Scope, case: &Case) -> Answer<Vec<Opinion>> {
    let rows = store::all(conn, case.id()).await?;
    let of = |seat: &MemberRow| rows.iter().find(|row| row.member_id == seat.id);
    let own = scope.actor.expert_id();
    let mut seats = panel_store::members(conn, case.id()).await?;
    seats.retain(|seat| {
        let is_shown = scope.reach == Reach::All || (seat.sits() && Some(seat.expert_id) == own);
        is_shown && seat.rank == 0 && (seat.sits() || of(seat).is_some())
    });
    let opinions: Vec<&OpinionRow> = seats.iter().filter_map(of).collect();
    let shown = Shown::of(conn, case, &seats, &opinions).await?;
    Ok(seats.iter().filter_map(|seat| shown.opinion(case, seat, of(seat))).collect())
}

/// The opinion of a seat for a caller, and its version: 0 where nothing was written yet.
///
/// # Errors
/// 404 when the seat does not exist for the caller.
pub async fn opinion(conn: &mut Conn, scope: &Scope, case: &Case, member: Uuid) -> Answer<(Opinion, i64)> {
    let seat = desk::seat(conn, scope, case, member).await?;
    let row = store::find(conn, member).await?;
    let opinions: Vec<&OpinionRow> = row.iter().collect();
    let shown = Shown::of(conn, case, std::slice::from_ref(&seat), &opinions).await?;
    let opinion = shown.opinion(case, &seat, row.as_ref()).ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok((opinion, row.map(|row| row.version).unwrap_or_default()))
}
