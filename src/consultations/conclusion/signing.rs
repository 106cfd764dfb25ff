//! Signing a conclusion, and correcting one that went out.

use actix_web::post;
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::adoption::wait_for_replies;
use super::drafting::reckoned;
use super::forms::{CorrectionForm, SignatureForm};
use super::model::{ConclusionRow, Content, Report};
use super::routes::{answer, must_be, next_version, open_draft, states_of};
use super::store;
use super::view::Conclusion;
use crate::access::permit::{Permit, Scope};
use crate::audit::event::Event;
use crate::consultations::opinions::heard;
use crate::consultations::panel::store::touch;
use crate::consultations::policy::{DecideConsultation, PrepareConsultation};
use crate::consultations::reader::Reader;
use crate::consultations::work;
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::path::Id;
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(sign_conclusion).service(correct_conclusion);
}

/// Most lines of in whose name it is signed.
const MOST_LINES: usize = 5;

/// What a conclusion lacks before it is signed: a summary, a recommendation, and the word of those who differ.
fn check_content(reader: &mut Reader, content: &Content) {
    if content.summary.is_none() {
        let detail = say!("Viết tóm tắt kết luận.", "Write the summary.");
        reader.fault("/conclusion/summary", "required", detail);
    }
    if content.live().next().is_none() {
        let detail = say!("Cần ít nhất một kiến nghị.", "One recommendation is needed at least.");
        reader.fault("/conclusion/recommendations", "required", detail);
    }
    let dissents = content.tally.dissents();
    if dissents > 0 && content.minority.is_empty() {
        let detail = say!(
            "Có {dissents} ý kiến khác với đa số; báo cáo phải nêu, không được bỏ.",
            "{dissents} opinions differ from the majority: the report tells of them.",
        );
        reader.fault("/conclusion/minority", "required", detail);
    }
}

/// Reads with what it is signed: number, date and signatory are all there.
fn read_report(reader: &mut Reader, form: SignatureForm, today: chrono::NaiveDate) -> Option<Report> {
    let authority = reader.list("/authority", &form.authority, MOST_LINES);
    let letter = reader.paper("/document", Some(form.document), today)?;
    if letter.date.is_none() {
        reader.fault("/document/date", "required", say!("Nêu ngày báo cáo.", "Give the date of the report."));
    }
    if letter.signatory.is_none() {
        reader.fault("/document/signatory", "required", say!("Nêu người ký.", "Say who signs."));
    }
    Some(Report { letter, authority })
}

/// Sign a conclusion
///
/// By a leader, with number, date and signatory of the report, as they read it. It tells of who differs, as long as somebody does. The
/// report goes out by `deliver`; a correction by its signature.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), IfMatch, Once),
    request_body = SignatureForm,
    security(("session" = ["consultations.decide"])),
    responses((status = 200, description = "The conclusion as it is now", body = Conclusion)),
)]
#[post("/consultations/{id}/conclusion/sign")]
async fn sign_conclusion(
    permit: Permit<DecideConsultation>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    body: Body<SignatureForm>,
) -> Answer {
    let (once, scope) = (once.of(&body), permit.scope().clone());
    permit
        .write_once(once, async move |tx| {
            let event = Box::pin(sign(tx, &scope, (id.0, if_match), body.0)).await?;
            Ok((id.0, event))
        })
        .await?;
    answer(&permit, id.0, false).await
}

async fn sign(tx: &mut Conn, scope: &Scope, (id, if_match): (Uuid, IfMatch), form: SignatureForm) -> Answer<Event> {
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, None).await?;
    let mut rows = open_draft(tx, &locked, &if_match).await?;
    let mut row = rows.pop().ok_or_else(|| Problem::new(Code::NotFound))?;
    if row.signed_at.is_some() {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Đã ký; gửi bằng `deliver`, hoặc sửa (PUT) để rút chữ ký.",
            "It is signed: `deliver` it, or change it (PUT) to take the signature back.",
        )));
    }
    if row.number == 1 {
        let (members, tally) = reckoned(&heard(tx, &locked.case).await?);
        if !row.content.is_of(&members, tally) {
            return Err(Problem::new(Code::Conflict).detail(outdated()));
        }
    }
    let mut reader = Reader::default();
    let report = read_report(&mut reader, form, locked.on.today);
    check_content(&mut reader, &row.content);
    row.report = reader.done(report)?;
    row.signed_at = Some(now());
    // a correction needs no step of its own: the asker has the report already
    row.delivered_at = row.signed_at.filter(|_| row.number > 1);
    (row.version, row.updated_at) = (next_version(&locked.case, row.number), now());
    store::put(tx, &row).await?;
    let values = json!({ "number": row.number, "report": row.report, "delivered": row.delivered_at.is_some() });
    match row.number {
        1 => touch(tx, id).await?,
        _ => {
            rows.push(row);
            wait_for_replies(tx, &locked, &rows).await?;
        }
    }
    Ok(locked.event("consultations.sign_conclusion").fields(["conclusion"]).values(values))
}

/// A draft that tells of other opinions than those that count now.
pub(super) fn outdated() -> crate::kernel::problem::Say {
    say!(
        "Các ý kiến được tính đã thay đổi từ khi lập dự thảo: lưu lại (PUT) để cập nhật, đọc rồi ký.",
        "Other opinions count than when it was drafted: save it anew (PUT), read it, then sign.",
    )
}

/// Begin a correction
///
/// Of the version that went out last, with a reason: a draft of the next number, which refers to it. Recommendations keep their numbers.
/// It is written by `PUT` and goes out when a leader signs it.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), IfMatch, Once),
    request_body = CorrectionForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 201, description = "The draft", body = Conclusion)),
)]
#[post("/consultations/{id}/conclusion/correct")]
async fn correct_conclusion(
    permit: Permit<PrepareConsultation>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    body: Body<CorrectionForm>,
) -> Answer {
    let (once, scope) = (once.of(&body), permit.scope().clone());
    permit
        .write_once(once, async move |tx| {
            let event = Box::pin(correct(tx, &scope, (id.0, if_match), body.0)).await?;
            Ok((id.0, event))
        })
        .await?;
    answer(&permit, id.0, true).await
}

async fn correct(tx: &mut Conn, scope: &Scope, (id, if_match): (Uuid, IfMatch), form: CorrectionForm) -> Answer<Event> {
    let locked = work::lock(tx, scope, id, None).await?;
    let last = store::versions(tx, id).await?.pop().ok_or_else(|| Problem::new(Code::NotFound))?;
    if_match.check(last.version)?;
    if last.delivered_at.is_none() {
        return Err(Problem::new(Code::Conflict)
            .detail(say!("Bản cuối chưa gửi: sửa bằng PUT.", "The last version did not go out: change it by PUT.",)));
    }
    let mut reader = Reader::default();
    let row = ConclusionRow {
        id: new_id(),
        version: next_version(&locked.case, last.number + 1),
        consultation_id: id,
        number: last.number + 1,
        content: last.content,
        corrects: Some(last.id),
        correction_reason: Some(reader.needed_note("/reason", &form.reason)),
        report: None,
        signed_at: None,
        delivered_at: None,
        created_at: now(),
        updated_at: now(),
    };
    must_be(&locked.case, states_of(&row))?;
    let row = reader.done(row)?;
    store::put(tx, &row).await?;
    let values = json!({ "number": row.number, "reason": row.correction_reason });
    Ok(locked.event("consultations.correct_conclusion").fields(["conclusion"]).values(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consultations::conclusion::model::{Recommendation, Tally};

    #[test]
    fn a_conclusion_is_signed_whole_and_tells_of_who_differs() {
        let live = Recommendation { number: 1, text: "A".to_owned(), withdrawn: false };
        let gone = Recommendation { withdrawn: true, ..live.clone() };
        let whole =
            Content { summary: Some("Tóm tắt".to_owned()), recommendations: vec![live], ..Content::default() };
        let differ = Tally { agree: 2, agree_with_changes: 0, disagree: 1 };
        for (content, expected) in [
            (whole.clone(), vec![]),
            (Content { summary: None, ..whole.clone() }, vec!["/conclusion/summary"]),
            (Content { recommendations: vec![gone], ..whole.clone() }, vec!["/conclusion/recommendations"]),
            (Content { tally: differ, ..whole.clone() }, vec!["/conclusion/minority"]),
            (Content { tally: differ, minority: vec!["Một ý kiến khác".to_owned()], ..whole }, vec![]),
        ] {
            let mut reader = Reader::default();
            check_content(&mut reader, &content);
            let told = reader.done(()).err();
            let seen: Vec<&str> =
                told.iter().flat_map(|problem| problem.errors()).map(|error| error.pointer.as_str()).collect();
            assert_eq!(seen, expected);
        }
    }
}
