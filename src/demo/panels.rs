//! The panels of the demo's consultations that came so far: who was asked, and what they said.

use chrono::{DateTime, Days, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::consultations::model::{Case, Letter};
use crate::consultations::opinions::model::{AnswerText, Content, Declaration, OpinionRow, RevisionRow};
use crate::consultations::opinions::store as opinion_store;
use crate::consultations::panel::{MemberRow, store as panel_store};
use crate::consultations::state::Verb;
use crate::consultations::words::{OpinionAssessment, OpinionState, PanelMemberState, PanelSeat};
use crate::db::Conn;
use crate::kernel::clock::date_in_vietnam;
use crate::kernel::id::new_id;
use crate::kernel::problem::Answer;

/// Who sits, and what each says who says anything.
const SEATS: [(PanelSeat, OpinionAssessment, &str); 5] = [
    (PanelSeat::Chair, OpinionAssessment::Agree, "Hồ sơ đầy đủ, mục tiêu rõ ràng (minh họa)."),
    (PanelSeat::Secretary, OpinionAssessment::Agree, "Tán thành, không có ý kiến thêm (minh họa)."),
    (PanelSeat::Reviewer, OpinionAssessment::AgreeWithChanges, "Cần bổ sung phương án vốn từng năm (minh họa)."),
    (PanelSeat::Reviewer, OpinionAssessment::Disagree, "Chưa có căn cứ cho diện tích dự kiến (minh họa)."),
    (PanelSeat::Member, OpinionAssessment::Agree, "Phù hợp với điều kiện của tỉnh (minh họa)."),
];
/// So many of a panel that is at work handed their opinion in; the others are late.
const HANDED_IN: usize = 3;

/// Seats the panel of a consultation whose panel was approved: all accepted, and said what they had to say once it was concluded.
pub(super) async fn add(tx: &mut Conn, case: &Case) -> Answer<()> {
    let done = |verb: Verb| case.moves.iter().find(|row| row.verb.as_deref() == Some(verb.as_str()));
    let Some(approved) = done(Verb::ApprovePanel) else { return Ok(()) };
    let begun = done(Verb::FormPanel).map_or(approved.at, |row| row.at);
    let handed_in = if done(Verb::Conclude).is_some() { SEATS.len() } else { HANDED_IN };
    let field = case.fields.as_slice().first().map(|field| field.code.as_str()).unwrap_or_default();
    let people = free_people(tx, field).await?;
    for (at, (expert, (seat, assessment, text))) in people.into_iter().zip(SEATS).enumerate() {
        let member = seated(case, (expert, seat), (begun, approved.at));
        let said_at = approved.at + Days::new(4);
        let delivered_at = Some(said_at).filter(|_| at < handed_in);
        let member = MemberRow { delivered_at, ..member };
        panel_store::add_members(tx, std::slice::from_ref(&member)).await?;
        if delivered_at.is_some() {
            let paper = Letter {
                number: format!("{}/PYK-MH", at + 1),
                date: Some(date_in_vietnam(said_at)),
                issuer: None,
                signatory: None,
            };
            say(tx, case, &member, (assessment, text), (said_at, paper)).await?;
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Five people who work nowhere that the register knows, no two at one place: those of a group of fields first, and of them the one of
/// the highest degree.
async fn free_people(tx: &mut Conn, field: &str) -> Answer<Vec<Uuid>> {
    let group: String = field.chars().take(3).collect();
    let rows: Vec<Id> = diesel::sql_query(
        "WITH free AS (
            SELECT e.id, e.code, e.degree, e.workplace_key,
                   EXISTS (SELECT FROM expert_fields f WHERE f.expert_id = e.id AND starts_with(f.code, $1)) AS is_near
              FROM experts e
             WHERE e.status = 'active' AND e.workplace_id IS NULL AND e.workplace_key IS NOT NULL
               AND NOT EXISTS (SELECT FROM association_officers o WHERE o.expert_id = e.id)
        ), one_each AS (SELECT DISTINCT ON (workplace_key) * FROM free ORDER BY workplace_key, is_near DESC, code DESC)
        SELECT p.id FROM one_each p
         ORDER BY p.is_near DESC,
                  (SELECT max(t.rank) FROM academic_titles t WHERE t.code = p.degree) DESC NULLS LAST, p.code DESC LIMIT 5",
    )
    .bind::<Text, _>(group)
    .load(tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Somebody who was chosen, asked when the panel was approved, and accepted a day later.
fn seated(case: &Case, (expert, seat): (Uuid, PanelSeat), (begun, asked): (DateTime<Utc>, DateTime<Utc>)) -> MemberRow {
    MemberRow {
        state: PanelMemberState::Accepted,
        asked_at: Some(asked),
        answered_at: Some(asked + Days::new(1)),
        created_at: begun,
        ..MemberRow::chosen(case.id(), expert, (seat, 0))
    }
}

/// Hands an opinion in.
async fn say(
    tx: &mut Conn,
    case: &Case,
    member: &MemberRow,
    (assessment, text): (OpinionAssessment, &str),
    (at, paper): (DateTime<Utc>, Letter),
) -> Answer<()> {
    let declaration = Declaration { has_conflict: false, statement: None, signed_at: at };
    let answers = case.row.questions.iter().zip(1..);
    let answers: Vec<AnswerText> =
        answers.map(|(_, question)| AnswerText { question, text: text.to_owned() }).collect();
    let content = Content {
        declaration: declaration.clone(),
        assessment,
        answers: answers.clone(),
        body: Some(text.to_owned()),
        paper: Some(paper),
        files: Vec::new(),
    };
    let row = OpinionRow {
        id: new_id(),
        version: 1,
        consultation_id: case.id(),
        member_id: member.id,
        expert_id: member.expert_id,
        state: OpinionState::Submitted,
        declaration: Some(declaration),
        assessment: Some(assessment),
        answers,
        body: content.body.clone(),
        paper: content.paper.clone(),
        reopened_reason: None,
        revision: 1,
        submitted_at: Some(at),
        created_at: at,
        updated_at: at,
    };
    opinion_store::put(tx, &row).await?;
    let role = Some("union_officer".to_owned());
    let revision =
        RevisionRow { id: new_id(), opinion_id: row.id, number: 1, content, at, actor_id: None, actor_role: role };
    opinion_store::add_revision(tx, &revision).await
}
