//! The reports of the demo's consultations that were delivered, and what their askers made of them.

use crate::consultations::conclusion::model::{ConclusionRow, Content, Recommendation, Remark, ReplyRow, Report};
use crate::consultations::conclusion::{basis, draft, store as conclusion_store};
use crate::consultations::model::{Case, MoveRow};
use crate::consultations::opinions::heard;
use crate::consultations::state::Verb;
use crate::consultations::words::RecommendationOutcome;
use crate::db::Conn;
use crate::kernel::id::new_id;
use crate::kernel::problem::Answer;

/// What is recommended in each of them.
const RECOMMENDATIONS: [&str; 3] = [
    "Bổ sung phương án cân đối vốn cho từng năm (minh họa).",
    "Lấy ý kiến các xã, phường trong vùng thực hiện (minh họa).",
    "Lùi thời gian thực hiện một năm (minh họa).",
];

/// Writes the report of a consultation that was delivered, and the replies to it where there was one.
pub(super) async fn add(tx: &mut Conn, case: &Case) -> Answer<()> {
    let done = |verb: Verb| case.moves.iter().find(|row| row.verb.as_deref() == Some(verb.as_str()));
    let Some(delivered) = done(Verb::Deliver) else { return Ok(()) };
    let begun = done(Verb::Conclude).map_or(delivered.at, |row| row.at);
    let panel = done(Verb::ApprovePanel).and_then(|row| row.document.as_ref());
    let basis = basis(case.row.letter.as_ref(), "", panel);
    let row = ConclusionRow {
        id: new_id(),
        version: case.row.version,
        consultation_id: case.id(),
        number: 1,
        content: written(draft(&heard(tx, case).await?, basis)),
        corrects: None,
        correction_reason: None,
        report: delivered.document.clone().map(|letter| Report { letter, authority: Vec::new() }),
        signed_at: Some(delivered.at),
        delivered_at: Some(delivered.at),
        created_at: begun,
        updated_at: delivered.at,
    };
    conclusion_store::put(tx, &row).await?;
    let replies = done(Verb::Respond).map(|responded| replies(&row, responded)).unwrap_or_default();
    conclusion_store::add_replies(tx, &replies).await
}

/// What the office makes of a draft.
fn written(draft: Content) -> Content {
    let remark = |part: &str, text: &str| vec![Remark { part: Some(part.to_owned()), text: text.to_owned() }];
    let recommendations = RECOMMENDATIONS.iter().zip(1..).map(|(text, number)| Recommendation {
        number,
        text: (*text).to_owned(),
        withdrawn: false,
    });
    Content {
        summary: draft
            .summary
            .or_else(|| Some("Hồ sơ phù hợp nếu chỉnh sửa theo các kiến nghị (minh họa).".to_owned())),
        agreements: remark("Mục tiêu", "Rõ ràng, phù hợp với điều kiện của tỉnh (minh họa)."),
        disagreements: remark("Nguồn vốn", "Chưa nêu cách cân đối từng năm (minh họa)."),
        alternatives: vec!["Chia thành hai giai đoạn (minh họa).".to_owned()],
        recommendations: recommendations.collect(),
        ..draft
    }
}

/// One adopted, one in part, one not.
fn replies(to: &ConclusionRow, responded: &MoveRow) -> Vec<ReplyRow> {
    use RecommendationOutcome::{Adopted, NotAdopted, PartlyAdopted};
    let Some(document) = &responded.document else { return Vec::new() };
    let said = [
        (Adopted, None),
        (PartlyAdopted, Some("Đã lấy ý kiến các xã, phường đại diện (minh họa).")),
        (NotAdopted, Some("Không kịp mùa vụ (minh họa).")),
    ];
    let reply = |((outcome, reason), recommendation): ((RecommendationOutcome, Option<&str>), i32)| ReplyRow {
        id: new_id(),
        consultation_id: to.consultation_id,
        conclusion_id: to.id,
        recommendation,
        outcome,
        reason: reason.map(str::to_owned),
        document: document.clone(),
        asked_anew_on: None,
        at: responded.at,
        actor_id: responded.actor_id,
        actor_role: responded.actor_role.clone(),
    };
    said.into_iter().zip(1..).map(reply).collect()
}
