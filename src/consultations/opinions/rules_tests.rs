use super::*;
use crate::consultations::opinions::model::Declaration;
use crate::consultations::words::OpinionAssessment;
use crate::kernel::clock::now;
use uuid::Uuid;

fn answer(question: i32) -> AnswerText {
    AnswerText { question, text: "Phù hợp".to_owned() }
}

fn row(is_declared: bool, assessment: Option<OpinionAssessment>, answers: &[i32], body: Option<&str>) -> OpinionRow {
    let declaration = Declaration { has_conflict: false, statement: None, signed_at: now() };
    OpinionRow {
        id: Uuid::nil(),
        version: 1,
        consultation_id: Uuid::nil(),
        member_id: Uuid::nil(),
        expert_id: Uuid::nil(),
        state: OpinionState::Draft,
        declaration: is_declared.then_some(declaration),
        assessment,
        answers: answers.iter().map(|question| answer(*question)).collect(),
        body: body.map(str::to_owned),
        paper: None,
        reopened_reason: None,
        revision: 0,
        submitted_at: None,
        created_at: now(),
        updated_at: now(),
    }
}

#[test]
fn an_opinion_is_whole_with_a_declaration_an_assessment_and_every_question_or_a_text() {
    let agrees = Some(OpinionAssessment::Agree);
    for (opinion, questions, expected) in [
        (row(true, agrees, &[1, 2], None), 2, vec![]),
        (row(true, agrees, &[2, 1], None), 2, vec![]),
        (row(true, agrees, &[], Some("Đồng ý")), 2, vec![]),
        (row(true, agrees, &[1], Some("Đồng ý")), 2, vec![]),
        (row(true, agrees, &[1], None), 2, vec!["/answers"]),
        (row(true, agrees, &[], None), 2, vec!["/answers"]),
        (row(true, agrees, &[], None), 0, vec!["/body"]),
        (row(true, agrees, &[], Some("Đồng ý")), 0, vec![]),
        (row(true, None, &[1, 2], None), 2, vec!["/assessment"]),
        (row(false, agrees, &[1, 2], None), 2, vec!["/declaration"]),
        (row(false, None, &[], None), 2, vec!["/declaration", "/assessment", "/answers"]),
    ] {
        let mut reader = Reader::default();
        check_whole(&mut reader, &opinion, questions);
        let problem = reader.done(()).err();
        let places: Vec<&str> =
            problem.iter().flat_map(|problem| problem.errors()).map(|error| error.pointer.as_str()).collect();
        assert_eq!(places, expected, "{opinion:?}");
    }
    assert_eq!(unanswered(&[answer(2), answer(-1), answer(9)], 3), [1, 3]);
}

#[test]
fn only_who_accepted_and_has_no_open_conflict_counts() {
    for state in PanelMemberState::ALL {
        for outcome in ConflictOutcome::ALL {
            let free = matches!(outcome, ConflictOutcome::None | ConflictOutcome::Waived);
            assert_eq!(counts(*state, *outcome), *state == PanelMemberState::Accepted && free, "{state:?} {outcome:?}");
        }
    }
}

#[test]
fn it_is_concluded_with_enough_that_count_and_everybody_or_a_reason() {
    let silent = |count: usize| vec!["Nguyễn Văn Mẫu".to_owned(); count];
    for (counting, missing, fewest, is_waived, expected) in [
        (5, 0, 5, false, vec![]),
        (5, 0, 3, false, vec![]),
        (3, 2, 3, false, vec!["missing"]),
        (3, 2, 3, true, vec![]),
        (2, 1, 3, true, vec!["too_few"]),
        (2, 1, 3, false, vec!["too_few", "missing"]),
        // all said something, and one of them does not count
        (2, 0, 3, true, vec!["too_few"]),
        (0, 0, 3, false, vec!["too_few"]),
    ] {
        let lacks = lacks(counting, &silent(missing), fewest, is_waived);
        let codes: Vec<&str> = lacks.iter().map(|lack| lack.code).collect();
        assert_eq!(codes, expected, "{counting} of {fewest}, {missing} silent, {is_waived}");
    }
}

#[test]
fn what_was_handed_in_is_opened_before_it_is_written_and_nothing_is_handed_in_unwritten() {
    let names = |state| acts(state).iter().map(|act| act.as_str()).collect::<Vec<_>>();
    assert_eq!(names(None), ["write"]);
    assert_eq!(names(Some(OpinionState::Draft)), ["write", "submit"]);
    assert_eq!(names(Some(OpinionState::Submitted)), ["reopen"]);
}
