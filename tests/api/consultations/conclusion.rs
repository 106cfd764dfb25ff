//! The conclusion: drafted, written, signed, delivered, corrected; who sees what of it, and as which file.

use reqwest::Method;
use serde_json::{Value, json};

use super::{at, attach_scheme, bring, callers, draft, example, fault, own_record, panel_of, put_panel, verb};
use crate::support::bank::text;
use crate::support::{Answer, Caller, TestApp};

const ANY: [(&str, &str); 1] = [("if-match", "*")];

/// Replies to the recommendations of [`sign_conclusion`].
pub fn replies() -> Value {
    json!([
        { "recommendation": 1, "outcome": "adopted" },
        { "recommendation": 2, "outcome": "not_adopted", "reason": "Trái quy hoạch đã duyệt" },
    ])
}

/// What an officer writes, with these recommendations.
pub fn written(recommendations: &Value) -> Value {
    json!({
        "basis": ["Căn cứ Công văn số 215/SNNMT-KL"], "summary": "Phù hợp nếu chỉnh sửa phần vốn.",
        "agreements": [{ "part": "Mục 1", "text": "Mục tiêu rõ." }], "alternatives": ["Chia hai giai đoạn"],
        "majority": "Đa số tán thành.", "minority": ["Một ý kiến chưa tán thành vì chưa có vốn."],
        "recommendations": recommendations,
    })
}

/// Number, date and signatory of a report.
pub fn signature(number: &str) -> Value {
    json!({ "document": { "number": number, "date": "2026-03-09", "signatory": "Trần Văn Mẫu" } })
}

/// A request about the conclusion, whatever the version.
pub async fn on(caller: &Caller<'_>, method: Method, consultation: &Value, rest: &str, body: Option<&Value>) -> Answer {
    caller.send(method, &at(consultation, &format!("/conclusion{rest}")), &ANY, body).await
}

/// Drafts the conclusion of a consultation that is concluded, writes two recommendations, and signs it: by officer and leader.
pub async fn sign_conclusion(callers: &[Caller<'_>; 3], consultation: &Value) -> Value {
    let (officer, leader) = (&callers[1], &callers[2]);
    on(officer, Method::POST, consultation, "", None).await.expect(201);
    let body = written(&json!([{ "text": "Bổ sung phương án vốn" }, { "text": "Lùi một năm" }]));
    on(officer, Method::PUT, consultation, "", Some(&body)).await.expect(200);
    on(leader, Method::POST, consultation, "/sign", Some(&signature("12/BC-LHH"))).await.expect(200)
}

async fn brought(callers: &[Caller<'_>; 3], state: &str) -> Value {
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    bring(callers, &made, state).await
}

#[tokio::test]
async fn a_conclusion_is_drafted_written_signed_and_delivered() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let made = brought(&callers, "concluding").await;
    on(officer, Method::GET, &made, "", None).await.problem(404);
    on(officer, Method::PUT, &made, "", Some(&written(&json!([])))).await.problem(404);
    assert_eq!(fault(verb(leader, &made, "deliver", &Value::Null).await), ("/conclusion".into(), "required".into()));
    on(agency, Method::POST, &made, "", None).await.problem(403);
    let drafted = on(officer, Method::POST, &made, "", None).await;
    assert_eq!(drafted.header("location"), at(&made, "/conclusion"));
    let etag = drafted.header("etag");
    let drafted = drafted.expect(201);
    assert_eq!((&drafted["number"], &drafted["state"], &drafted["report"]), (&json!(1), &json!("draft"), &Value::Null));
    assert!(text(&drafted["basis"][0]).contains("215/SNNMT-KL ngày 02/03/2026"), "{drafted}");
    on(officer, Method::POST, &made, "", None).await.problem(409);
    // not before it is written
    let places = on(leader, Method::POST, &made, "/sign", Some(&signature("12/BC-LHH"))).await.places(422);
    assert!(places.contains(&"/conclusion/recommendations".to_owned()), "{places:?}");
    let body = written(&json!([{ "text": "A" }, { "text": "B" }]));
    let path = at(&made, "/conclusion");
    officer.send(Method::PUT, &path, &[], Some(&body)).await.problem(428);
    let now = officer.send(Method::PUT, &path, &[("if-match", &etag)], Some(&body)).await;
    let newer = now.header("etag");
    let now = now.expect(200);
    assert_eq!(now["recommendations"][1], json!({ "number": 2, "text": "B", "withdrawn": false }));
    officer.send(Method::PUT, &path, &[("if-match", &etag)], Some(&body)).await.problem(412);
    // number, date and signatory
    for (body, place) in [
        (json!({ "document": { "number": "12/BC-LHH", "signatory": "Trần Văn Mẫu" } }), "/document/date"),
        (json!({ "document": { "number": "12/BC-LHH", "date": "2026-03-09" } }), "/document/signatory"),
        (json!({ "document": { "number": " ", "date": "2026-03-09" } }), "/document/number"),
        (json!({ "document": signature("1/BC")["document"], "authority": [" "] }), "/authority/0"),
    ] {
        let places = on(leader, Method::POST, &made, "/sign", Some(&body)).await.places(422);
        assert_eq!(places, [place], "{body}");
    }
    let sign = format!("{path}/sign");
    officer.send(Method::POST, &sign, &[("if-match", &newer)], Some(&signature("12/BC-LHH"))).await.problem(403);
    leader.send(Method::POST, &sign, &[("if-match", &etag)], Some(&signature("12/BC-LHH"))).await.problem(412);
    let signed =
        leader.send(Method::POST, &sign, &[("if-match", &newer)], Some(&signature("12/BC-LHH"))).await.expect(200);
    assert_eq!((&signed["state"], &signed["report"]["number"]["text"]), (&json!("signed"), &json!("12/BC-LHH")));
    on(leader, Method::POST, &made, "/sign", Some(&signature("12/BC-LHH"))).await.problem(409);
    // the report that goes out is the one that was signed
    let other = json!({ "document": { "number": "13/BC-LHH" } });
    let told = verb(leader, &made, "deliver", &other).await;
    assert_eq!(fault(told), ("/document/number".into(), "another_document".into()));
    on(agency, Method::GET, &made, "", None).await.problem(404);
    verb(leader, &made, "deliver", &json!({ "document": { "number": "12 / BC-LHH" } })).await.expect(200);
    let events = agency.get(&at(&made, "/events")).await.expect(200);
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["document"]["number"]["text"], &last["document"]["date"]),
        (&json!("12/BC-LHH"), &json!("2026-03-09"))
    );
    let seen = on(agency, Method::GET, &made, "", None).await.expect(200);
    assert_eq!((&seen["state"], &seen["number"]), (&json!("delivered"), &json!(1)));
    // what went out never changes
    on(leader, Method::PUT, &made, "", Some(&body)).await.problem(409);
    on(leader, Method::DELETE, &made, "", None).await.problem(409);
    let said = crate::support::bank::try_change(&app, "UPDATE conclusions SET content = '{}'").await.unwrap_err();
    assert!(said.contains("never changes"), "{said}");
}

#[tokio::test]
async fn what_is_wrong_with_a_draft_is_told_in_its_place() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = brought(&callers, "concluding").await;
    on(officer, Method::POST, &made, "", None).await.expect(201);
    for (change, place) in [
        (json!({ "summary": "x".repeat(200_001) }), "/summary"),
        (json!({ "basis": [" "] }), "/basis/0"),
        (json!({ "minority": ["a", ""] }), "/minority/1"),
        (json!({ "agreements": [{ "part": "Mục 1", "text": " " }] }), "/agreements/0/text"),
        (json!({ "disagreements": [{ "part": "x".repeat(301), "text": "a" }] }), "/disagreements/0/part"),
        (json!({ "alternatives": vec!["a"; 101] }), "/alternatives"),
        (json!({ "recommendations": [{ "text": "" }] }), "/recommendations/0/text"),
        (json!({ "answers": [{ "question": 3, "texts": [] }] }), "/answers/0/question"),
        (
            json!({ "answers": [{ "question": 1, "texts": ["a"] }, { "question": 1, "texts": [] }] }),
            "/answers/1/question",
        ),
        (json!({ "answers": [{ "question": 1, "texts": [" "] }] }), "/answers/0/texts/0"),
        (json!({ "members": [] }), "/members"),
        (json!({ "tally": {} }), "/tally"),
    ] {
        let places = on(officer, Method::PUT, &made, "", Some(&change)).await.places(422);
        assert_eq!(places, [place], "{change}");
    }
    // absent answers stay
    let body = json!({ "answers": [{ "question": 2, "texts": ["Khả thi"] }] });
    on(officer, Method::PUT, &made, "", Some(&body)).await.expect(200);
    let now = on(officer, Method::PUT, &made, "", Some(&json!({}))).await.expect(200);
    assert_eq!((&now["answers"], &now["summary"]), (&body["answers"], &Value::Null));
    on(officer, Method::DELETE, &made, "", None).await.expect(204);
    on(officer, Method::GET, &made, "", None).await.problem(404);
    on(officer, Method::POST, &made, "", None).await.expect(201);
}

#[tokio::test]
async fn a_signature_is_taken_back_by_a_leader_alone() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let made = brought(&callers, "concluding").await;
    sign_conclusion(&callers, &made).await;
    let body = written(&json!([{ "text": "Sửa lại" }]));
    on(officer, Method::PUT, &made, "", Some(&body)).await.problem(403);
    on(officer, Method::DELETE, &made, "", None).await.problem(403);
    let back = on(leader, Method::PUT, &made, "", Some(&body)).await.expect(200);
    assert_eq!((&back["state"], &back["report"], &back["signed_at"]), (&json!("draft"), &Value::Null, &Value::Null));
    verb(leader, &made, "deliver", &Value::Null).await.problem(422);
    on(leader, Method::POST, &made, "/sign", Some(&signature("13/BC-LHH"))).await.expect(200);
    // nor while it stands still
    verb(officer, &made, "suspend", &example("suspend")).await.expect(200);
    on(leader, Method::PUT, &made, "", Some(&body)).await.problem(409);
    verb(officer, &made, "resume", &Value::Null).await.expect(200);
    verb(leader, &made, "deliver", &Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_correction_is_a_new_version_that_keeps_the_numbers() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let made = brought(&callers, "concluding").await;
    sign_conclusion(&callers, &made).await;
    let reason = json!({ "reason": "Ghi nhầm diện tích" });
    on(officer, Method::POST, &made, "/correct", Some(&reason)).await.problem(409);
    verb(leader, &made, "deliver", &Value::Null).await.expect(200);
    on(agency, Method::POST, &made, "/correct", Some(&reason)).await.problem(403);
    let blank = on(officer, Method::POST, &made, "/correct", Some(&json!({ "reason": " " }))).await;
    assert_eq!(fault(blank), ("/reason".into(), "required".into()));
    let begun = on(officer, Method::POST, &made, "/correct", Some(&reason)).await.expect(201);
    assert_eq!(
        json!([begun["number"], begun["corrects"], begun["correction_reason"], begun["state"]]),
        json!([2, 1, "Ghi nhầm diện tích", "draft"])
    );
    on(officer, Method::POST, &made, "/correct", Some(&reason)).await.problem(409);
    // an ETag of the version that went out is none of the draft
    let first = officer.get(&at(&made, "/conclusion?number=1")).await.header("etag");
    let body = written(&json!([{ "text": "Mới" }, { "number": 2, "text": "Lùi hai năm" }]));
    officer.send(Method::PUT, &at(&made, "/conclusion"), &[("if-match", &first)], Some(&body)).await.problem(412);
    let now = on(officer, Method::PUT, &made, "", Some(&body)).await.expect(200);
    let expected = json!([
        { "number": 1, "text": "Bổ sung phương án vốn", "withdrawn": true },
        { "number": 2, "text": "Lùi hai năm", "withdrawn": false },
        { "number": 3, "text": "Mới", "withdrawn": false },
    ]);
    assert_eq!(now["recommendations"], expected);
    // the asker holds the first until the second is signed, and nothing is archived meanwhile
    assert_eq!(on(agency, Method::GET, &made, "", None).await.expect(200)["number"], 1);
    agency.get(&at(&made, "/conclusion?number=2")).await.problem(404);
    assert_eq!(
        fault(verb(officer, &made, "close", &example("close")).await),
        ("/conclusion".into(), "open_draft".into())
    );
    let out = on(leader, Method::POST, &made, "/sign", Some(&signature("20/BC-LHH"))).await.expect(200);
    assert_eq!((&out["state"], out["delivered_at"].is_string()), (&json!("delivered"), true), "it goes out at once");
    let seen = on(agency, Method::GET, &made, "", None).await.expect(200);
    assert_eq!((&seen["number"], &seen["recommendations"]), (&json!(2), &expected));
    let old = agency.get(&at(&made, "/conclusion?number=1")).await.expect(200);
    assert_eq!(
        (&old["report"]["number"]["text"], &old["recommendations"][0]["withdrawn"]),
        (&json!("12/BC-LHH"), &json!(false))
    );
    let list = agency.get(&at(&made, "/conclusions")).await.expect(200);
    let told: Vec<Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["number"], one["corrects"], one["report"]["number"]["text"], one["recommendations"]]))
        .collect();
    assert_eq!(json!(told), json!([[1, null, "12/BC-LHH", 2], [2, 1, "20/BC-LHH", 2]]));
    // what was withdrawn does not come back under its number
    on(officer, Method::POST, &made, "/correct", Some(&reason)).await.expect(201);
    let again = written(&json!([{ "number": 1, "text": "Bổ sung" }]));
    assert_eq!(
        fault(on(officer, Method::PUT, &made, "", Some(&again)).await),
        ("/recommendations/0/number".into(), "withdrawn".into())
    );
    on(officer, Method::DELETE, &made, "", None).await.expect(204);
    verb(officer, &made, "close", &example("close")).await.expect(200);
    on(officer, Method::POST, &made, "/correct", Some(&reason)).await.problem(409);
}

#[tokio::test]
async fn who_reads_a_conclusion_and_when() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let (own, expert) = (own_record(&app).await, app.sign_in("expert").await);
    let made = draft(agency, "critical_review", &json!({})).await;
    attach_scheme(agency, &made).await;
    let made = bring(&callers, &made, "accepted").await;
    verb(officer, &made, "form-panel", &Value::Null).await.expect(200);
    let mut people = super::free_people(&app, 3).await;
    people.retain(|code| *code != own);
    people.truncate(2);
    people.push(own);
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    verb(leader, &made, "approve-panel", &example("approve-panel")).await.expect(200);
    super::hear(officer, &made).await;
    super::go(&callers, &made, &["conclude"]).await;
    sign_conclusion(&callers, &made).await;
    let auditor = app.sign_in("auditor").await;
    for rest in ["/conclusion", "/conclusions", "/conclusion?format=docx"] {
        for caller in [officer, leader, &auditor] {
            assert_eq!(caller.get(&at(&made, rest)).await.status, 200, "{rest}");
        }
    }
    for caller in [agency, &expert] {
        caller.get(&at(&made, "/conclusion")).await.problem(404);
        caller.get(&at(&made, "/conclusion?format=docx")).await.problem(404);
        assert_eq!(caller.get(&at(&made, "/conclusions")).await.expect(200)["items"], json!([]));
        caller.get(&at(&made, "/adoption")).await.problem(404);
    }
    verb(leader, &made, "deliver", &Value::Null).await.expect(200);
    for caller in [agency, &expert, officer, &auditor] {
        let seen = caller.get(&at(&made, "/conclusion")).await.expect(200);
        assert_eq!(seen["state"], "delivered");
        assert!(!seen.to_string().contains("member_id"), "who said what is nowhere in it");
    }
    for (role, status) in [("agency_2", 404), ("science_dept", 404), ("association", 403), ("admin", 403)] {
        let caller = app.sign_in(role).await;
        for rest in ["/conclusion", "/conclusions", "/adoption"] {
            caller.get(&at(&made, rest)).await.problem(status);
        }
    }
    for query in ["format=pdf", "number=x", "a=b"] {
        officer.get(&at(&made, &format!("/conclusion?{query}"))).await.problem(400);
    }
    officer.get(&at(&made, "/conclusion?number=9")).await.problem(404);
}

#[tokio::test]
async fn a_report_comes_as_a_text_document() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let made = brought(&callers, "delivered").await;
    let agency = &callers[0];
    let path = at(&made, "/conclusion?format=docx");
    let answer = agency.get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    );
    let disposition = answer.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"bao-cao-PB-") && disposition.ends_with("-1.docx\""));
    let held = agency.send(Method::GET, &path, &[("if-none-match", &answer.header("etag"))], None).await;
    assert_eq!(held.status, 304);
    let url = format!("http://{}{path}", app.address);
    let request = app.client.get(url).bearer_auth(agency.token.clone().unwrap());
    let bytes = request.send().await.unwrap().bytes().await.unwrap();
    let document = document_of(bytes.to_vec());
    let union = "SELECT v.name FROM organisations o JOIN organisation_versions v ON v.organisation_id = o.id
                  WHERE o.code = 'LHH-DEMO'";
    let union = app.sql(union).await.to_uppercase();
    let place = app.sql("SELECT name FROM provinces WHERE code = '08' AND valid_to IS NULL").await;
    for said in [
        union.as_str(),
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Số: 12/BC-LHH",
        &format!("{place}, ngày 09 tháng 3 năm 2026"),
        "Kết quả phản biện “Đề án trồng rừng gỗ lớn”",
        "1. Bổ sung phương án vốn",
        "2. Lùi một năm",
        "- Như trên;",
        "- UBND tỉnh;",
        "Trần Văn Mẫu",
    ] {
        assert!(document.contains(said), "{said}");
    }
}

/// The document part of an archive.
fn document_of(bytes: Vec<u8>) -> String {
    use std::io::Read as _;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut document = String::new();
    archive.by_name("word/document.xml").unwrap().read_to_string(&mut document).unwrap();
    document
}

#[tokio::test]
async fn the_demo_shows_a_report_and_what_became_of_it() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let closed = officer.get(&format!("{}?state=closed", super::PATH)).await.expect(200)["items"][0].clone();
    let seen = officer.get(&at(&closed, "/conclusion")).await.expect(200);
    assert_eq!((&seen["state"], seen["recommendations"].as_array().unwrap().len()), (&json!("delivered"), 3));
    assert_eq!(seen["members"].as_array().unwrap().len(), 5, "who was heard: {seen}");
    assert!(text(&seen["minority"][0]).contains("căn cứ"), "who differs: {seen}");
    // the panel that is at work: whole, without a conflict, two of five late
    let at_work = officer.get(&format!("{}?state=in_review", super::PATH)).await.expect(200)["items"][0].clone();
    let panel = officer.get(&at(&at_work, "/panel")).await.expect(200);
    assert_eq!((&panel["lacks"], panel["members"].as_array().unwrap().len()), (&json!([]), 5), "{panel}");
    let said = officer.get(&at(&at_work, "/opinions")).await.expect(200)["items"].as_array().unwrap().clone();
    assert_eq!(said.iter().filter(|one| one["revision"] == 1).count(), 3, "{said:?}");
    let adoption = officer.get(&at(&closed, "/adoption")).await.expect(200);
    assert_eq!(
        json!([adoption["adopted"], adoption["partly_adopted"], adoption["not_adopted"], adoption["open"]]),
        json!([1, 1, 1, 0])
    );
    assert!(officer.get(&at(&closed, "")).await.expect(200)["decision"]["number"]["text"].is_string());
    let delivered = officer.get(&format!("{}?state=delivered", super::PATH)).await.expect(200)["items"][0].clone();
    assert_eq!(officer.get(&at(&delivered, "/adoption")).await.expect(200)["open"], 3);
}
