//! Who may change what, what a patch makes of a request, and how much time there must be.

use crate::fields::DEFAULT_SCHEME;
use serde_json::json;

use super::*;
use crate::consultations::calendar::tests::{day, vietnam};
use crate::consultations::words::{ConsultationKind, ConsultationObject};
use crate::kernel::clock::now;

fn row() -> Row {
    Row {
        id: Uuid::nil(),
        version: 1,
        kind: ConsultationKind::Consultation,
        origin: ConsultationOrigin::Ordered,
        state: ConsultationState::Draft,
        asker_id: Uuid::nil(),
        kept_by_union: false,
        authority_id: None,
        authority_name: None,
        object: None,
        title: "Cũ".to_owned(),
        summary: Some("Tóm tắt".to_owned()),
        questions: vec!["Một?".to_owned()],
        letter: None,
        letter_key: None,
        letter_year: None,
        letter_issuer: None,
        decision_on: None,
        wanted_by: None,
        agreed_by: None,
        agreed_after: None,
        urgency: Urgency::Normal,
        short_time: false,
        funding: None,
        no_state_secrets: false,
        lead_id: None,
        register_number: None,
        decision_document: None,
        asked_anew_on: None,
        created_at: now(),
        updated_at: now(),
    }
}

fn case(state: ConsultationState, origin: ConsultationOrigin) -> Case {
    use ConsultationState::{Declined, Draft, NeedsCompletion, Submitted, Withdrawn};
    let asked = matches!(state, Draft | Submitted | NeedsCompletion | Declined | Withdrawn);
    let register_number = (!asked).then(|| "TV-2026-0001".to_owned());
    let row = Row { state, origin, register_number, ..row() };
    Case { row, fields: Vec::new(), drafters: Vec::new(), moves: Vec::new(), files: Vec::new() }
}

fn on(today: &str) -> Reckoning {
    Reckoning { calendar: vietnam(), limits: Limits::default(), today: day(today) }
}

fn known() -> Known {
    let pair = |code: &str| (DEFAULT_SCHEME.to_owned(), code.to_owned());
    Known {
        organisations: [("SYT".to_owned(), (Uuid::from_u128(7), "Sở Y tế".to_owned()))].into(),
        experts: [("CG-000001".to_owned(), Uuid::from_u128(8))].into(),
        fields: [pair("404"), pair("401")].into(),
    }
}

/// A patch over a row, on a day: what it makes, or the first place and code.
fn patched(patch: serde_json::Value, row: Row, today: &str) -> Result<Changed, (String, &'static str)> {
    let patch: ConsultationPatch = serde_json::from_value(patch).expect("a patch");
    let mut reader = Reader::default();
    let changed = apply(&mut reader, patch, row, &known(), &on(today));
    let first = |problem: Problem| (problem.errors()[0].pointer.clone(), problem.errors()[0].code);
    reader.done(changed).map_err(first)
}

#[test]
fn each_side_changes_its_part_in_its_time() {
    use ConsultationState as S;
    let asker = Hands { asker: true, ..Hands::default() };
    let officer = Hands { officer: true, ..Hands::default() };
    let kept = Hands { asker: true, officer: true, leader: false };
    let ordered = ConsultationOrigin::Ordered;
    for (state, hands, count, has_title, has_urgency) in [
        (S::Draft, asker, 16, true, true),
        (S::Draft, officer, 0, false, false),
        (S::Draft, kept, 16, true, true),
        (S::Submitted, asker, 0, false, false),
        (S::Submitted, officer, 3, false, true),
        (S::NeedsCompletion, asker, 16, true, true),
        (S::NeedsCompletion, kept, 17, true, true),
        (S::Accepted, asker, 0, false, false),
        (S::Accepted, officer, 2, false, false),
        (S::Suspended, officer, 2, false, false),
        (S::Delivered, officer, 2, false, false),
        (S::Closed, officer, 0, false, false),
        (S::Withdrawn, kept, 0, false, false),
    ] {
        let open = editable(&case(state, ordered), hands);
        assert_eq!(open.len(), count, "{} {hands:?}: {open:?}", state.as_str());
        assert_eq!((open.contains(&"title"), open.contains(&"urgency")), (has_title, has_urgency), "{open:?}");
    }
    let begun = editable(&case(S::Accepted, ConsultationOrigin::SelfInitiated), officer);
    assert!(begun.contains(&"title"));
    for promised in ["origin", "kind", "urgency", "decision_on"] {
        assert!(!begun.contains(&promised), "{promised} stays as it was accepted");
    }
    let begun = editable(&case(S::InReview, ConsultationOrigin::SelfInitiated), officer);
    assert!(!begun.contains(&"title"));
}

#[test]
fn absent_null_and_value_differ() {
    let new = patched(json!({}), row(), "2026-03-02").unwrap();
    assert_eq!((new.row.title.as_str(), new.row.summary.as_deref()), ("Cũ", Some("Tóm tắt")));
    assert!(new.fields.is_none() && new.drafters.is_none() && new.contact == Change::Keep);
    let cleared = json!({ "summary": null, "questions": null, "fields": null, "drafters": null, "contact": null,
        "letter": null, "urgency": null, "no_state_secrets": null, "object": null });
    let new = patched(cleared, row(), "2026-03-02").unwrap();
    assert_eq!((new.row.summary, new.row.questions.len(), new.contact), (None, 0, Change::Clear));
    assert_eq!((new.fields, new.drafters), (Some(vec![]), Some(vec![])));
    let set = json!({
        "title": " Mới  ", "object": "scheme", "fields": ["404", "BKHCN-2008:404", "401"],
        "deciding_authority": { "organisation": "SYT" }, "letter": { "number": "Số: 12/SYT-KH", "date": "2026-03-01" },
        "drafters": [{ "expert": "CG-000001", "organisation": "SYT" }, { "organisation": "SYT" }, { "name": "Ai" }],
    });
    let new = patched(set, row(), "2026-03-02").unwrap();
    assert_eq!((new.row.title.as_str(), new.row.object), ("Mới", Some(ConsultationObject::Scheme)));
    assert_eq!((new.row.authority_id, new.row.authority_name.as_deref()), (Some(Uuid::from_u128(7)), Some("Sở Y tế")));
    assert_eq!((new.row.letter_key.as_deref(), new.row.letter_year), (Some("12/SYT-KH"), Some(2026)));
    assert_eq!(new.fields.unwrap().len(), 2, "the same field once");
    let names: Vec<Option<String>> = new.drafters.unwrap().into_iter().map(|drafter| drafter.name).collect();
    assert_eq!(names, [None, None, Some("Ai".to_owned())], "a record bears its own name");
}

#[test]
fn a_fault_is_named_with_its_place() {
    for (patch, place, code) in [
        (json!({ "title": null }), "/title", "required"),
        (json!({ "kind": null }), "/kind", "required"),
        (json!({ "origin": "self_initiated" }), "/origin", "fixed"),
        (json!({ "fields": ["9"] }), "/fields/0", "unknown_code"),
        (
            json!({ "deciding_authority": { "organisation": "X" } }),
            "/deciding_authority/organisation",
            "unknown_reference",
        ),
        (json!({ "deciding_authority": {} }), "/deciding_authority", "required"),
        (json!({ "drafters": [{ "expert": "CG-9" }] }), "/drafters/0/expert", "unknown_reference"),
        (json!({ "decision_on": "2026-03-02" }), "/decision_on", "in_the_past"),
        (json!({ "wanted_by": "2026-03-27" }), "/wanted_by", "too_early"),
        (json!({ "wanted_by": "2026-03-13", "urgency": "urgent" }), "/wanted_by", "too_early"),
        (json!({ "wanted_by": "2026-05-29", "decision_on": "2026-05-28" }), "/wanted_by", "after_decision"),
    ] {
        let seen = patched(patch.clone(), row(), "2026-03-02").map(|_| ()).unwrap_err();
        assert_eq!(seen, (place.to_owned(), code), "{patch}");
    }
    for patch in [
        json!({ "wanted_by": "2026-03-30" }),
        json!({ "wanted_by": "2026-03-16", "urgency": "urgent" }),
        json!({ "wanted_by": "2026-05-28", "decision_on": "2026-05-28" }),
    ] {
        assert!(patched(patch.clone(), row(), "2026-03-02").is_ok(), "{patch}");
    }
}

#[test]
fn there_is_time_or_a_word_that_there_is_little() {
    // accepted on 2026-03-02: an urgent report is ready on the 16th, a normal one on the 30th
    for (decision, urgency, short, place) in [
        (None, Urgency::Normal, false, None),
        (Some("2026-04-06"), Urgency::Normal, false, None),
        (Some("2026-04-03"), Urgency::Normal, false, Some("/urgency")),
        (Some("2026-04-03"), Urgency::Urgent, false, None),
        (Some("2026-03-23"), Urgency::Urgent, false, None),
        (Some("2026-03-20"), Urgency::Urgent, false, Some("/short_time")),
        (Some("2026-03-20"), Urgency::Normal, false, Some("/short_time")),
        (Some("2026-03-20"), Urgency::Normal, true, None),
        (Some("2026-03-03"), Urgency::Urgent, true, None),
        (Some("2026-03-02"), Urgency::Urgent, true, Some("/decision_on")),
    ] {
        let row = Row { decision_on: decision.map(day), urgency, ..row() };
        let mut reader = Reader::default();
        check_time(&mut reader, &row, short, &on("2026-03-02"));
        let seen = reader.done(()).map_err(|problem| problem.errors()[0].pointer.clone()).err();
        assert_eq!(seen.as_deref(), place, "{decision:?} {urgency:?} {short}");
    }
}

#[test]
fn what_is_missing_is_named_all_at_once() {
    let mut reader = Reader::default();
    let bare = case(ConsultationState::Draft, ConsultationOrigin::Ordered);
    check_whole(&mut reader, &bare, false, &on("2026-03-02"));
    let problem = reader.done(()).unwrap_err();
    let places: Vec<&str> = problem.errors().iter().map(|error| error.pointer.as_str()).collect();
    let expected = [
        "/letter",
        "/object",
        "/deciding_authority",
        "/decision_on",
        "/contact",
        "/funding",
        "/attachments",
        "/no_state_secrets",
    ];
    assert_eq!(places, expected);
}

#[test]
fn who_is_named_again_stays_the_row_they_were() {
    let drafter = |id: u128, expert: Option<u128>, name: &str| DrafterRow {
        id: Uuid::from_u128(id),
        consultation_id: Uuid::nil(),
        ordinal: 0,
        expert_id: expert.map(Uuid::from_u128),
        organisation_id: None,
        name: Some(name.to_owned()),
    };
    let before =
        [drafter(1, Some(7), "Ma Thị Mẫu"), drafter(2, None, "Phòng Kế hoạch"), drafter(3, None, "Phòng Kế hoạch")];
    for (now, expected) in [
        (vec![drafter(11, None, "Ai đó"), drafter(12, Some(7), "Ma Thị Mẫu")], vec![11, 1]),
        (vec![drafter(11, Some(8), "Ma Thị Mẫu"), drafter(12, Some(7), "Ma Mẫu")], vec![11, 12]),
        (vec![drafter(11, None, "Phòng Kế hoạch"); 3], vec![2, 3, 11]),
        (vec![], vec![]),
    ] {
        let mut now = now;
        keep_rows(&mut now, &before);
        assert_eq!(now.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_new_schedule_is_days_to_come_and_a_change() {
    for (form, fault) in [
        (json!({ "deadline": "2026-03-07" }), Some(("/deadline", "not_a_working_day"))),
        (json!({ "deadline": "2026-02-27" }), Some(("/deadline", "in_the_past"))),
        (json!({ "deadline": "2026-05-22", "decision_on": "2026-05-28" }), Some(("/deadline", "too_late"))),
        (json!({ "deadline": "2026-05-21", "decision_on": "2026-05-28" }), None),
        (json!({ "deadline": "2026-05-22" }), None),
        (json!({ "deadline": null, "urgency": "urgent" }), None),
        (json!({ "decision_on": "2026-03-02" }), Some(("/decision_on", "in_the_past"))),
        (json!({ "urgency": "normal" }), Some(("/deadline", "required"))),
        (json!({}), Some(("/deadline", "required"))),
    ] {
        let mut said = form.clone();
        said["reason"] = json!("Theo công văn");
        let mut reader = Reader::default();
        let case = case(ConsultationState::Accepted, ConsultationOrigin::Ordered);
        let row = reschedule(&mut reader, &case, serde_json::from_value(said).unwrap(), &on("2026-03-02"));
        let seen = reader.done(()).map_err(|problem| (problem.errors()[0].pointer.clone(), problem.errors()[0].code));
        let expected = fault.map_or(Ok(()), |(place, code)| Err((place.to_owned(), code)));
        assert_eq!(seen, expected, "{form}");
        assert_eq!(row.agreed_by.is_some(), row.agreed_after.is_some());
    }
}

#[test]
fn what_differs_is_named_as_the_api_names_it() {
    let before = row();
    let mut after = Row { title: "Mới".to_owned(), urgency: Urgency::Urgent, version: 2, ..row() };
    after.agree(Some(day("2026-05-22")), &[]);
    let changes = after.changes(&before);
    assert_eq!(changes.keys().collect::<Vec<_>>(), ["deadline", "title", "urgency"]);
    assert_eq!(changes["title"], json!(["Cũ", "Mới"]));
}
