//! The demo's consultations: of two agencies, in several states, some of them late; everything in them is invented.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{organisation_id, panels, reports};
use crate::access::actor::Role;
use crate::access::permit::Scope;
use crate::accounts::store as account_store;
use crate::audit::event::{Event, Recorder};
use crate::consultations::model::{Contact, FieldCode, FileRow, Funding, Letter, MoveRow, Row};
use crate::consultations::state::{To, Verb, step};
use crate::consultations::store;
use crate::consultations::words::{
    AttachmentKind, ConsultationKind, ConsultationObject, ConsultationOrigin, ConsultationState, DeclineReason,
    FundingSource, Urgency,
};
use crate::consultations::work;
use crate::db::Conn;
use crate::fields::DEFAULT_SCHEME;
use crate::kernel::clock::{date_in_vietnam, day_begins, now, today};
use crate::kernel::document_number::DocumentNumber;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sealed::Sealer;
use crate::state::State;

/// What is attached to each: nobody has to download more.
const FILE: &[u8] = "Hồ sơ minh họa.\n".as_bytes();

/// A request of the demo: who asks, kind, title, field, and what happened so many days ago.
type Sketch = (&'static str, ConsultationKind, &'static str, &'static str, &'static [(u64, Option<Verb>)]);

#[rustfmt::skip] // a line for each
const SKETCHES: &[Sketch] = {
    use ConsultationKind::{Consultation, CriticalReview, SocialAssessment};
    use Verb::{Accept, ApprovePanel, Close, Conclude, Decline, Deliver, FormPanel, RequestCompletion, Respond, Submit, Suspend};
    const fn on(days: u64, verb: Verb) -> (u64, Option<Verb>) {
        (days, Some(verb))
    }
    &[
        ("SNNMT-DEMO", CriticalReview, "Đề án phát triển rừng gỗ lớn giai đoạn tới (minh họa)", "404",
         &[(3, None)]),
        ("SNNMT-DEMO", Consultation, "Kế hoạch phòng, chống sạt lở đất (minh họa)", "105",
         &[(2, None), on(1, Submit)]),
        ("SNNMT-DEMO", CriticalReview, "Quy hoạch vùng chè đặc sản (minh họa)", "401",
         &[(30, None), on(29, Submit), on(27, RequestCompletion)]),
        ("SNNMT-DEMO", SocialAssessment, "Dự án cấp nước sạch nông thôn (minh họa)", "207",
         &[(20, None), on(18, Submit), on(15, Accept)]),
        ("SNNMT-DEMO", CriticalReview, "Chính sách hỗ trợ trồng cây dược liệu (minh họa)", "40401",
         &[(60, None), on(58, Submit), on(55, Accept), on(50, FormPanel), on(40, ApprovePanel)]),
        ("SNNMT-DEMO", Consultation, "Dự thảo quy định bảo vệ nguồn nước (minh họa)", "207",
         &[(40, None), on(38, Submit), on(35, Accept), on(20, Suspend)]),
        ("SYT-DEMO", CriticalReview, "Đề án mạng lưới y tế cơ sở (minh họa)", "303",
         &[(90, None), on(88, Submit), on(85, Accept), on(80, FormPanel), on(75, ApprovePanel), on(60, Conclude), on(55, Deliver)]),
        ("SYT-DEMO", SocialAssessment, "Chương trình khám sức khỏe học sinh (minh họa)", "303",
         &[(200, None), on(198, Submit), on(195, Accept), on(190, FormPanel), on(180, ApprovePanel), on(165, Conclude),
           on(160, Deliver), on(140, Respond), on(130, Close)]),
        ("SYT-DEMO", Consultation, "Phương án mua sắm trang thiết bị (minh họa)", "303",
         &[(15, None), on(14, Submit), on(11, Decline)]),
    ]
};

/// Loads them, once.
///
/// # Errors
/// 503 when the database is away.
pub(super) async fn add(state: &State) -> Answer<()> {
    let recorder = Recorder::system(state.sealer.clone(), "demo.load");
    let sealer = state.sealer.clone();
    state
        .db
        .transaction(async move |tx| {
            let known =
                store::Asked { seen: store::Seen::by(&Scope::SYSTEM, today()), own: None, conditions: Vec::new() };
            if store::count(tx, &known).await? > 0 {
                return Ok(());
            }
            let mut events = Vec::new();
            for sketch in SKETCHES {
                events.push(Box::pin(enter(tx, &sealer, sketch)).await?);
            }
            recorder.record(tx, events).await
        })
        .await
}

fn ago(days: u64) -> NaiveDate {
    today().checked_sub_days(Days::new(days)).unwrap_or_default()
}

/// Nine in the morning, so many days ago.
fn morning(days: u64) -> DateTime<Utc> {
    day_begins(ago(days)).map_or_else(now, |begin| begin + chrono::TimeDelta::hours(9))
}

async fn enter(tx: &mut Conn, sealer: &Sealer, sketch: &Sketch) -> Answer<Event> {
    let (asker, kind, title, field, course) = *sketch;
    let asker_id = organisation_id(tx, Some(asker)).await?.unwrap_or_default();
    let begun = course.first().map(|(days, _)| *days).unwrap_or_default();
    let mut row = row(asker_id, kind, title, begun);
    let mut moves: Vec<MoveRow> = Vec::new();
    for (days, verb) in course {
        let from = moves.last().map(|last| last.to_state);
        let to = from.zip(*verb).and_then(|(from, verb)| step(from, verb, row.origin)).map(|step| step.to);
        let to = match to {
            Some(To::State(to)) => to,
            _ => ConsultationState::Draft,
        };
        if *verb == Some(Verb::Accept) {
            row.register_number = Some(store::next_number(tx, kind.series(), ago(*days).year()).await?);
            row.lead_id = account(tx, "union_officer").await?;
        }
        if *verb == Some(Verb::Close) {
            row.decision_document = Some(letter("88/QĐ-MH", morning(*days)));
        }
        row.state = to;
        let move_ = moved(tx, asker, (row.id, from, to), *verb, morning(*days)).await?;
        moves.push(MoveRow { ordinal: i32::try_from(moves.len()).map_err(Problem::internal)?, ..move_ });
    }
    store::put_row(tx, &row).await?;
    let field = FieldCode { scheme: DEFAULT_SCHEME.to_owned(), code: field.to_owned() };
    store::put_fields(tx, row.id, &[field]).await?;
    let contact = Contact {
        name: "Ma Thị Mẫu".to_owned(),
        position: Some("Chuyên viên".to_owned()),
        phone: Some("0207 3822 000".to_owned()),
        email: Some("mau@example.gov.vn".to_owned()),
    };
    store::put_contact(tx, sealer, row.id, Some(&contact)).await?;
    attach(tx, row.id, morning(begun)).await?;
    for row in &moves {
        store::add_move(tx, row).await?;
    }
    let (on, version) = work::reckoning(tx).await?;
    work::settle(tx, (&on, version), &row, &moves).await?;
    let case = store::find(tx, store::Seen::by(&Scope::SYSTEM, today()), row.id).await?;
    panels::add(tx, &case).await?;
    reports::add(tx, &case).await?;
    Ok(Event::on("consultation", row.id).fields(["state", "title"]).values(json!({ "source": super::SOURCE })))
}

fn row(asker_id: Uuid, kind: ConsultationKind, title: &str, begun: u64) -> Row {
    let letter = Letter {
        number: format!("{}/CV-MH", 100 + begun),
        date: Some(ago(begun)),
        issuer: None,
        signatory: Some("Nguyễn Văn Mẫu".to_owned()),
    };
    Row {
        id: new_id(),
        version: 1,
        kind,
        origin: ConsultationOrigin::Ordered,
        state: ConsultationState::Draft,
        asker_id,
        kept_by_union: false,
        authority_id: None,
        authority_name: Some("UBND tỉnh".to_owned()),
        object: Some(ConsultationObject::Scheme),
        title: title.to_owned(),
        summary: Some("Hồ sơ minh họa, nội dung do chương trình đặt ra.".to_owned()),
        questions: vec!["Mục tiêu có phù hợp với điều kiện của tỉnh?".to_owned(), "Nguồn vốn có khả thi?".to_owned()],
        letter_key: Some(DocumentNumber::read(&letter.number).key()),
        letter_issuer: None,
        letter_year: letter.date.map(|date| date.year()),
        letter: Some(letter),
        decision_on: today().checked_add_days(Days::new(120)),
        wanted_by: None,
        agreed_by: None,
        agreed_after: None,
        urgency: if begun.is_multiple_of(20) { Urgency::Urgent } else { Urgency::Normal },
        short_time: false,
        funding: Some(Funding { source: FundingSource::Asker, amount_vnd: Some(45_000_000), note: None }),
        no_state_secrets: true,
        lead_id: None,
        register_number: None,
        decision_document: None,
        asked_anew_on: None,
        created_at: morning(begun),
        updated_at: morning(begun),
    }
}

/// A document of a day.
fn letter(number: &str, at: DateTime<Utc>) -> Letter {
    Letter {
        number: number.to_owned(),
        date: Some(date_in_vietnam(at)),
        issuer: None,
        signatory: Some("Trần Văn Mẫu".to_owned()),
    }
}

async fn account(tx: &mut Conn, username: &str) -> Answer<Option<Uuid>> {
    Ok(account_store::credentials(tx, username).await?.map(|(row, _)| row.id))
}

/// A move, by the demo account whose it is.
async fn moved(
    tx: &mut Conn,
    asker: &str,
    (id, from, to): (Uuid, Option<ConsultationState>, ConsultationState),
    verb: Option<Verb>,
    at: DateTime<Utc>,
) -> Answer<MoveRow> {
    use Verb::{Accept, ApprovePanel, Decline, Deliver, Respond, Submit};
    let office = if asker == "SYT-DEMO" { "agency_2" } else { "agency" };
    let (username, role) = match verb {
        None | Some(Submit | Respond) => (office, Role::Agency),
        Some(Accept | Decline | ApprovePanel | Deliver) => ("union_leader", Role::UnionLeader),
        Some(_) => ("union_officer", Role::UnionOfficer),
    };
    let document = match verb {
        Some(ApprovePanel) => Some(letter("15/QĐ-LHH", at)),
        Some(Deliver) => Some(letter("15/BC-LHH", at)),
        Some(Respond) => Some(letter("15/CV-MH", at)),
        _ => None,
    };
    let missing = match verb {
        Some(Verb::RequestCompletion) => vec!["Bản thuyết minh nguồn vốn".to_owned()],
        _ => Vec::new(),
    };
    Ok(MoveRow {
        id: new_id(),
        consultation_id: id,
        ordinal: 0,
        at,
        verb: verb.map(|verb| verb.as_str().to_owned()),
        from_state: from,
        to_state: to,
        actor_kind: "account".to_owned(),
        actor_id: account(tx, username).await?,
        actor_role: Some(role.as_str().to_owned()),
        reason_code: (verb == Some(Decline)).then_some(DeclineReason::OutOfScope),
        reason: matches!(verb, Some(Decline | Verb::Suspend)).then(|| "Lý do minh họa".to_owned()),
        document,
        missing,
        resume_on: None,
        schedule: None,
    })
}

async fn attach(tx: &mut Conn, consultation_id: Uuid, created_at: DateTime<Utc>) -> Answer<()> {
    use sha2::{Digest as _, Sha256};
    let hash = Sha256::digest(FILE).to_vec();
    let row = FileRow {
        id: new_id(),
        consultation_id,
        kind: AttachmentKind::Scheme,
        name: "Hồ sơ minh họa.txt".to_owned(),
        media_type: "text/plain; charset=utf-8".to_owned(),
        bytes: i64::try_from(FILE.len()).map_err(Problem::internal)?,
        sha256: hex::encode(&hash),
        by_union: false,
        internal: false,
        opinion_id: None,
        created_at,
    };
    store::put_chunk(tx, row.id, 0, FILE).await?;
    store::add_file(tx, &row, &hash, None).await
}
