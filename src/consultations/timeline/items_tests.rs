use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::super::dues::tests::{WHOLE, case, reckoning};
use super::*;
use crate::consultations::calendar::tests::day;

const CHAIR: u128 = 1;
const GONE: u128 = 2;
const HEIR: u128 = 3;
const SILENT: u128 = 4;
const WAITING: u128 = 5;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Somebody who was asked: the seat and the person have the same number.
fn member(number: u128, state: &str, more: Value) -> Value {
    let mut row = json!({
        "id": id(number), "expert_id": id(number), "full_name": format!("Người {number}"), "seat": "reviewer", "rank": 0,
        "state": state, "asked_at": "2026-03-25T04:00:00Z", "answered_at": null, "declined": false,
        "answer_document": null, "replaces": null, "agreed_at": null, "agreed_deliver_by": null, "ended_at": null,
    });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        row[name] = value;
    }
    row
}

/// A panel at work: one accepted and delivered, one declined with a letter and was replaced, one was silent, one is asked.
fn facts() -> Facts {
    let letter = json!({ "number": "7/GM", "date": "2026-03-27" });
    let of = |kind: &str, who: Option<u128>, due: &str| {
        json!({ "id": id(900 + u128::from(who.is_some())), "member_id": who.map(id), "kind": kind, "due_on": due,
            "at": format!("{due}T01:00:00Z") })
    };
    let conflict = |number: u128, who: u128, outcome: Value| {
        json!({ "id": id(number), "expert_id": id(who), "full_name": format!("Người {who}"), "outcome": outcome,
            "at": "2026-03-28T03:00:00Z", "actor_id": null, "actor_role": "expert" })
    };
    serde_json::from_value(json!({
        "members": [
            member(CHAIR, "accepted", json!({ "answered_at": "2026-03-26T03:00:00Z", "seat": "chair",
                "agreed_at": "2026-03-27T03:00:00Z", "agreed_deliver_by": "2026-04-09" })),
            member(GONE, "declined", json!({ "answered_at": "2026-03-31T03:00:00Z", "declined": true,
                "answer_document": letter, "ended_at": "2026-03-31T03:00:00Z" })),
            member(HEIR, "accepted", json!({ "asked_at": "2026-03-31T03:00:00Z", "answered_at": "2026-04-01T03:00:00Z",
                "replaces": id(GONE) })),
            member(SILENT, "silent", json!({ "ended_at": "2026-03-31T17:30:00Z" })),
            member(WAITING, "invited", json!({})),
        ],
        "opinions": [
            { "member_id": id(CHAIR), "number": 1, "at": "2026-04-10T03:00:00Z", "actor_id": null, "actor_role": "expert" },
            { "member_id": id(CHAIR), "number": 2, "at": "2026-04-13T03:00:00Z", "actor_id": id(70),
              "actor_role": "union_officer" },
        ],
        "reminders": [of("deliver_soon", Some(HEIR), "2026-04-13"), of("reply_soon", None, "2026-05-12")],
        "meetings": [
            { "id": id(20), "number": 1, "held_on": "2026-04-07", "signed_at": "2026-04-07T09:00:00Z" },
            { "id": id(21), "number": 2, "held_on": "2026-04-08", "signed_at": null },
        ],
        "conclusions": [
            { "id": id(30), "number": 1, "report": { "number": "12/BC-LHH", "date": "2026-04-13" },
              "created_at": "2026-04-10T05:00:00Z", "signed_at": "2026-04-13T01:00:00Z", "delivered_at": "2026-04-13T03:00:00Z" },
            { "id": id(31), "number": 2, "report": null, "created_at": "2026-05-18T05:00:00Z", "signed_at": null,
              "delivered_at": null },
        ],
        "replies": [{ "id": id(40), "number": 1, "at": "2026-05-20T03:00:00Z", "document": { "number": "9/SNNMT" },
            "actor_id": null, "actor_role": "agency", "adopted": 1, "partly": 1, "not": 0 }],
        "conflicts": [conflict(50, HEIR, json!("declared")), conflict(51, HEIR, json!("waived")),
            conflict(52, HEIR, json!("recused")), conflict(53, CHAIR, Value::Null)],
        "decision": { "number": "385/QĐ-UBND", "date": "2026-05-30" },
    }))
    .unwrap()
}

fn dues() -> Vec<MemberDue> {
    let due = |number| MemberDue {
        member_id: id(number),
        answer_by: Some(day("2026-03-30")),
        deliver_by: Some(day("2026-04-09")),
    };
    [CHAIR, GONE, HEIR, SILENT, WAITING].map(due).to_vec()
}

fn told(eyes: Eyes) -> Vec<Item> {
    items(&reckoning("2026-06-01"), (&case(&WHOLE), &facts()), &dues(), eyes)
}

fn kind(item: &Item) -> String {
    serde_json::to_value(item.kind).unwrap().as_str().unwrap().to_owned()
}

/// What is told of somebody: kind, day, late.
fn of(items: &[Item], who: u128) -> Vec<(String, String, bool)> {
    let about = items.iter().filter(|item| item.person.as_ref().is_some_and(|one| one.expert_id == id(who)));
    about.map(|item| (kind(item), item.on.to_string(), item.late)).collect()
}

#[test]
fn the_union_sees_every_step_of_a_panel_and_what_was_late() {
    let items = told(Eyes::All);
    let line = |kind: &str, on: &str, late| (kind.to_owned(), on.to_owned(), late);
    let chair = [
        line("invited", "2026-03-25", false),
        line("invitation_accepted", "2026-03-26", false),
        line("dates_agreed", "2026-03-27", false),
        line("conflict_found", "2026-03-28", false),
        line("opinion_submitted", "2026-04-10", true),
        line("opinion_submitted", "2026-04-13", false),
    ];
    assert_eq!(of(&items, CHAIR), chair);
    assert_eq!(
        of(&items, GONE),
        [line("invited", "2026-03-25", false), line("invitation_declined", "2026-03-31", true)]
    );
    // half past midnight in Vietnam
    assert_eq!(
        of(&items, SILENT),
        [line("invited", "2026-03-25", false), line("invitation_silent", "2026-04-01", true)]
    );
    let heir: Vec<String> = of(&items, HEIR).into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(heir, ["conflict_declared", "conflict_waived", "stepped_in", "invitation_accepted", "reminder"]);
    let stepped = items.iter().find(|item| item.kind == TimelineKind::SteppedIn).unwrap();
    assert!(stepped.title.en.contains("Người 3") && stepped.title.en.contains("in place of Người 2"), "{stepped:?}");
    let declined = items.iter().find(|item| item.kind == TimelineKind::InvitationDeclined).unwrap();
    assert_eq!(
        (declined.by.as_ref().unwrap().side, declined.document.as_ref().unwrap().number.as_str()),
        ("union", "7/GM"),
        "the office entered a letter"
    );
    let replied = items.iter().find(|item| item.kind == TimelineKind::Replied).unwrap();
    assert_eq!((replied.due_on, replied.late), (Some(day("2026-05-14")), true));
    assert_eq!(facts().handed_in(), (1, 3));
}

#[test]
fn an_asker_sees_who_sits_and_nothing_of_how_that_came_about() {
    let items = told(Eyes::Asker);
    let seen: BTreeSet<String> = items.iter().map(kind).collect();
    let expected = [
        "conclusion_delivered",
        "conclusion_signed",
        "decision",
        "meeting_held",
        "minutes_signed",
        "move",
        "reminder",
        "replied",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
    assert!(items.iter().all(|item| item.person.is_none()), "who sits is read from the panel");
    let reminders: Vec<TimelineLane> =
        items.iter().filter(|item| item.kind == TimelineKind::Reminder).map(|item| item.lane).collect();
    assert_eq!(reminders, [TimelineLane::Asker], "its own");
    let meetings: Vec<Option<i32>> =
        items.iter().filter(|item| item.kind == TimelineKind::MeetingHeld).map(|item| item.number).collect();
    assert_eq!(meetings, [Some(1)], "whose minutes are signed");
    let words: String = items.iter().map(|item| format!("{} {}", item.title.vi, item.title.en)).collect();
    for hidden in ["Người 2", "Người 4", "Người 5", "version 2"] {
        assert!(!words.contains(hidden), "{hidden}");
    }
}

#[test]
fn one_of_the_panel_sees_their_own_besides() {
    let asker: Vec<String> = told(Eyes::Asker).into_iter().map(|item| item.key).collect();
    let own = told(Eyes::Expert(id(HEIR)));
    let more: Vec<String> = own.iter().filter(|item| !asker.contains(&item.key)).map(kind).collect();
    assert_eq!(more, ["conflict_declared", "conflict_waived", "invited", "invitation_accepted", "reminder"]);
    assert!(own.iter().all(|item| !item.title.vi.contains("Người 2")), "whom they stand in for is not told");
    let keys: BTreeSet<&str> = own.iter().map(|item| item.key.as_str()).collect();
    assert!(asker.iter().all(|key| keys.contains(key.as_str())));
}

#[test]
fn what_is_to_come_follows_what_happened() {
    let by = reckoning("2026-04-15");
    let open = case(&WHOLE[..7]);
    let due = |eyes| -> Vec<(String, String, bool)> {
        let items = items(&by, (&open, &facts()), &dues(), eyes);
        let due = items.iter().filter(|item| !item.done);
        due.map(|item| (item.key.clone(), item.on.to_string(), item.late)).collect()
    };
    let line = |key: String, on: &str, late| (key, on.to_owned(), late);
    let opinions = line("due:opinions".to_owned(), "2026-04-08", true);
    let report = line("due:report".to_owned(), "2026-04-17", false);
    let answer = line(format!("member:{}:due", id(WAITING)), "2026-03-30", true);
    let deliver = line(format!("member:{}:due", id(HEIR)), "2026-04-09", true);
    assert_eq!(due(Eyes::All), [answer.clone(), opinions.clone(), deliver, report.clone()]);
    assert_eq!(due(Eyes::Expert(id(WAITING))), [answer, opinions.clone(), report.clone()]);
    assert_eq!(due(Eyes::Asker), [opinions, report]);
}

#[test]
fn a_decision_is_planned_until_it_is_known_and_nobody_is_late_with_it() {
    let mut open = case(&WHOLE[..5]);
    let by = reckoning("2026-06-01");
    let seen = |case: &Case, facts: &Facts| {
        decision(case, facts).map(|item| (item.on.to_string(), item.done, item.late, item.document.is_some()))
    };
    let none = Facts::default();
    assert_eq!(seen(&open, &none), None);
    open.row.decision_on = Some(day("2026-05-29"));
    assert_eq!(seen(&open, &none), Some(("2026-05-29".to_owned(), false, false, false)));
    assert_eq!(seen(&open, &facts()), Some(("2026-05-30".to_owned(), true, false, true)));
    let mut over = case(&WHOLE);
    over.row.decision_on = Some(day("2026-05-29"));
    assert_eq!(seen(&over, &none), None, "whatever was decided, nobody told");
    let mut stopped = case(&[
        ("2026-03-02", None, ConsultationState::Accepted),
        ("2026-03-03", Some("suspend"), ConsultationState::Suspended),
    ]);
    stopped.moves[1].resume_on = Some(day("2026-03-20"));
    let keys: Vec<String> = items(&by, (&stopped, &none), &[], Eyes::Asker).into_iter().map(|item| item.key).collect();
    assert_eq!(keys.last().map(String::as_str), Some("due:resume"));
    assert!(!keys.iter().any(|key| key == "due:report"), "while the clock stands still nothing is due");
}

proptest! {
    #[test]
    fn what_an_asker_may_not_know_changes_nothing_it_sees(
        state in prop::sample::select(vec!["declined", "silent", "recused", "released"]),
        answered in any::<bool>(),
        revisions in 0_i32..3,
    ) {
        let before = told(Eyes::Asker);
        let mut facts = facts();
        let answered_at = answered.then_some("2026-04-02T03:00:00Z");
        let more = json!({ "answered_at": answered_at, "declined": state == "declined", "ended_at": "2026-04-02T03:00:00Z" });
        facts.members.push(serde_json::from_value(member(77, state, more)).unwrap());
        let opinion = |number| OpinionFact {
            member_id: id(77), number, at: "2026-04-02T03:00:00Z".parse().unwrap(), actor_id: None, actor_role: None,
        };
        facts.opinions.extend((1..=revisions).map(opinion));
        facts.conclusions.push(ConclusionFact { id: id(78), number: 3, delivered_at: None, ..facts.conclusions[1].clone() });
        prop_assert_eq!(items(&reckoning("2026-06-01"), (&case(&WHOLE), &facts), &dues(), Eyes::Asker), before);
        prop_assert_eq!(facts.handed_in(), (1, 3));
    }
}
