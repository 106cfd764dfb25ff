use super::*;

fn seat(seat: PanelSeat) -> Sitting {
    Sitting { seat, outcome: ConflictOutcome::None, available: true, name: "Nguyễn Văn Mẫu".to_owned() }
}

#[test]
fn a_panel_is_held_against_each_of_its_rules() {
    use PanelSeat::{Chair, Member, Reviewer, Secretary};
    let whole = vec![seat(Chair), seat(Secretary), seat(Reviewer)];
    let with = |outcome| vec![seat(Chair), seat(Secretary), Sitting { outcome, ..seat(Reviewer) }];
    let paused = vec![seat(Chair), seat(Secretary), Sitting { available: false, ..seat(Reviewer) }];
    for (sitting, fewest, expected) in [
        (whole.clone(), 3, vec![]),
        (whole.clone(), 5, vec!["too_few"]),
        (vec![], 3, vec!["chair", "secretary", "too_few", "even"]),
        (vec![seat(Chair), seat(Chair), seat(Secretary)], 3, vec!["chair"]),
        (vec![seat(Chair), seat(Reviewer), seat(Member)], 3, vec!["secretary"]),
        (vec![seat(Chair), seat(Secretary), seat(Reviewer), seat(Member)], 3, vec!["even"]),
        (with(ConflictOutcome::Waived), 3, vec![]),
        (with(ConflictOutcome::Open), 3, vec!["too_few", "conflict"]),
        (with(ConflictOutcome::Declared), 2, vec!["conflict"]),
        (with(ConflictOutcome::Recused), 3, vec!["too_few", "conflict"]),
        (paused, 3, vec!["too_few", "not_available"]),
    ] {
        let seen: Vec<&str> = lacks(&sitting, fewest).iter().map(|lack| lack.code).collect();
        assert_eq!(seen, expected, "{sitting:?}");
    }
    assert!(lacks(&whole, 3).is_empty());
}
