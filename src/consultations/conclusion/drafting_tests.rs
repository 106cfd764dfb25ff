use chrono::Utc;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::consultations::opinions::AnswerText;

fn heard(at: u128, assessment: OpinionAssessment, body: Option<&str>, answers: &[(i32, &str)]) -> Heard {
    Heard {
        member_id: Uuid::from_u128(at),
        expert_id: Uuid::from_u128(at),
        seat: if at == 1 { PanelSeat::Chair } else { PanelSeat::Member },
        full_name: format!("Người{at}"),
        title: Some("TS".to_owned()),
        workplace: None,
        assessment,
        answers: answers
            .iter()
            .map(|(question, text)| AnswerText { question: *question, text: (*text).to_owned() })
            .collect(),
        body: body.map(str::to_owned),
        revision: 1,
        submitted_at: chrono::DateTime::<Utc>::default(),
        counts: true,
    }
}

#[test]
fn the_majority_is_told_apart_from_those_who_differ() {
    use OpinionAssessment::{Agree, AgreeWithChanges, Disagree};
    let all = [
        heard(2, AgreeWithChanges, Some("Sửa mục 3"), &[(1, "Phù hợp")]),
        heard(1, AgreeWithChanges, None, &[(1, "Phù hợp"), (2, "Chưa khả thi")]),
        heard(3, Disagree, Some("Không đủ vốn"), &[(2, "Không")]),
    ];
    let content = draft(&all, vec!["Căn cứ A".to_owned()]);
    assert_eq!(
        content.majority.as_deref(),
        Some(
            "Đa số (2/3 ý kiến) tán thành với điều kiện chỉnh sửa.\nSửa mục 3\nVề câu hỏi 1: Phù hợp\n\
             Về câu hỏi 1: Phù hợp\nVề câu hỏi 2: Chưa khả thi"
        )
    );
    assert_eq!(content.minority, ["Ý kiến không tán thành.\nKhông đủ vốn\nVề câu hỏi 2: Không"]);
    assert_eq!(content.answers[0], ConclusionAnswer { question: 1, texts: vec!["Phù hợp".to_owned()] });
    assert_eq!(content.answers[1].texts, ["Chưa khả thi", "Không"]);
    assert_eq!(
        content.members.iter().map(|one| one.full_name.as_str()).collect::<Vec<_>>(),
        ["Người1", "Người2", "Người3"]
    );
    assert_eq!(
        content.summary.as_deref(),
        Some(
            "Liên hiệp hội đã tổng hợp ý kiến của 3 chuyên gia: 2 ý kiến tán thành với điều kiện chỉnh sửa, \
             1 ý kiến không tán thành."
        )
    );
    // who has a conflict of interest is not heard
    let mut all = all.to_vec();
    all[2].counts = false;
    let content = draft(&all, Vec::new());
    assert_eq!((content.minority.len(), content.members.len(), content.tally.all()), (0, 2, 2));
    // as many on each side: there is no majority, and each stands for itself
    let tie = draft(&[heard(1, Agree, None, &[]), heard(2, Disagree, None, &[])], Vec::new());
    assert_eq!((tie.majority, tie.minority.len()), (None, 2));
    let nobody = draft(&[], Vec::new());
    assert_eq!((nobody.summary, nobody.majority, nobody.tally), (None, None, Tally::default()));
}

#[test]
fn a_basis_cites_the_letter_and_the_panel() {
    let letter = |number: &str, date: Option<&str>| Letter {
        number: number.to_owned(),
        date: date.map(|day| day.parse().unwrap()),
        issuer: None,
        signatory: None,
    };
    let (asked, panel) = (letter("Số: 215 / SNNMT-KL", Some("2026-03-02")), letter("9/QĐ-LHH", None));
    assert_eq!(
        basis(Some(&asked), "Sở Mẫu", Some(&panel)),
        [
            "Căn cứ Công văn số 215/SNNMT-KL ngày 02/03/2026 của Sở Mẫu",
            "Căn cứ văn bản số 9/QĐ-LHH về hội đồng chuyên gia"
        ]
    );
    assert_eq!(basis(None, "", None), Vec::<String>::new());
}

/// Opinions with texts of their own.
fn opinions() -> impl Strategy<Value = Vec<Heard>> {
    let one = (
        0..3_usize,
        any::<bool>(),
        proptest::option::of("[a-z]{1,8}"),
        proptest::collection::vec((1..4_i32, "[a-z]{1,8}"), 0..3),
    );
    proptest::collection::vec(one, 0..9).prop_map(|all| {
        let of = |(at, (which, counts, body, answers)): (u128, Said)| {
            let body = body.map(|text| format!("thân{at}-{text}"));
            let answers: Vec<(i32, String)> =
                answers.into_iter().map(|(of, text)| (of, format!("đáp{at}-{text}"))).collect();
            let answers: Vec<(i32, &str)> = answers.iter().map(|(of, text)| (*of, text.as_str())).collect();
            let one = heard(at, OpinionAssessment::ALL[which], body.as_deref(), &answers);
            Heard { counts, ..one }
        };
        (1_u128..).zip(all).map(of).collect()
    })
}

/// Which assessment, whether it counts, the body, the answers.
type Said = (usize, bool, Option<String>, Vec<(i32, String)>);

proptest! {
    #[test]
    fn no_dissent_is_ever_lost(all in opinions()) {
        let content = draft(&all, Vec::new());
        let most = content.tally.majority();
        let dissents: Vec<&Heard> = all.iter().filter(|one| one.counts && Some(one.assessment) != most).collect();
        prop_assert_eq!(content.minority.len(), dissents.len());
        prop_assert_eq!(usize::try_from(content.tally.dissents()).unwrap(), dissents.len());
        for one in dissents {
            let whole = |text: &&String| {
                one.body.iter().all(|body| text.contains(body.as_str()))
                    && one.answers.iter().all(|answer| text.contains(answer.text.as_str()))
                    && text.contains(assessed(one.assessment))
            };
            prop_assert!(content.minority.iter().any(|text| whole(&text)), "{:?}", one);
        }
    }

    #[test]
    fn no_opinion_that_counts_is_lost_no_other_is_told_and_none_bears_a_name(all in opinions()) {
        let content = draft(&all, Vec::new());
        let texts = content.answers.iter().flat_map(|answer| answer.texts.iter());
        let told: Vec<&String> = texts.chain(&content.minority).chain(&content.majority).collect();
        for one in &all {
            for text in one.body.iter().chain(one.answers.iter().map(|answer| &answer.text)) {
                let is_told = told.iter().any(|told| told.contains(text.as_str()));
                prop_assert_eq!(is_told, one.counts, "{}", text);
            }
            prop_assert!(!told.iter().any(|told| told.contains(&one.full_name)));
            let listed = content.members.iter().any(|listed| listed.member_id == one.member_id);
            prop_assert_eq!(listed, one.counts);
        }
    }

    #[test]
    fn the_order_of_the_opinions_tells_nothing(all in opinions(), turn in 0..9_usize) {
        let mut turned = all.clone();
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
        }
        prop_assert_eq!(draft(&all, Vec::new()), draft(&turned, Vec::new()));
    }
}
