//! Several panels against brute force and against one by one.

use proptest::prelude::*;

use super::*;
use crate::panels::solver::panel::{self, Rule, SeatKind, keeps};

fn person(score: f64, employer: u32) -> Candidate {
    Candidate {
        scores: [score; 4],
        degree: 3,
        fields: Vec::new(),
        employer: Some(employer),
        outside_province: false,
        outside_asker: false,
        load: 0,
        conflicted: false,
    }
}

/// The largest total and the largest smallest value of all joint proposals of panels of three members.
fn brute(requests: &[Request<'_>], spare: &[usize]) -> Option<(i64, i64)> {
    let Some((request, rest)) = requests.split_last() else { return Some((0, i64::MAX)) };
    let (people, mut best): (usize, Option<(i64, i64)>) = (spare.len(), None);
    for set in (0_u32..1 << people).filter(|set| set.count_ones() == 3) {
        let sitting: Sitting =
            (0..people).filter(|one| set >> one & 1 == 1).map(|one| (one, SeatKind::Member)).collect();
        let free = sitting.iter().all(|seat| spare[seat.0] > 0 && !request.people[seat.0].conflicted);
        if !free || !request.order.rules.iter().all(|rule| keeps(request.people, *rule, &sitting)) {
            continue;
        }
        let mut left = spare.to_vec();
        sitting.iter().for_each(|seat| left[seat.0] -= 1);
        let value: i64 = sitting.iter().map(|seat| (request.people[seat.0].scores[3] * UNIT).round() as i64).sum();
        if let Some((total, worst)) = brute(rest, &left) {
            let (most, fairest) = best.unwrap_or((0, 0));
            best = Some((most.max(total + value), fairest.max(worst.min(value))));
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn jointly_is_never_worse_than_one_by_one_and_within_the_bound(
        scores in prop::collection::vec(prop::collection::vec(0..=20_u32, 7), 2),
        employers in prop::collection::vec(0..4_u32, 7),
        spare in prop::collection::vec(0..=2_usize, 7),
        fair in any::<bool>(),
    ) {
        let people: Vec<Vec<Candidate>> = scores
            .iter()
            .map(|row| row.iter().zip(&employers).map(|(score, employer)| person(f64::from(*score) / 20.0, *employer)).collect())
            .collect();
        let order = Order { seats: [0, 0, 0, 3], rules: vec![Rule::Odd, Rule::PerEmployer { most: 2 }] };
        let requests: Vec<Request<'_>> = people.iter().map(|people| Request { people, order: &order }).collect();
        let objective = if fair { Objective::Worst } else { Objective::Total };
        let best = brute(&requests, &spare);
        match propose(&requests, &spare, objective, &Effort::default()) {
            Ok(joint) => {
                let (total, worst) = best.unwrap();
                let units = |value: f64| (value * UNIT).round() as i64;
                let (found, optimum) = if fair { (joint.worst, worst) } else { (joint.total, total) };
                prop_assert!(units(found) <= optimum && optimum <= units(joint.bound));
                prop_assert!(!joint.optimal || units(found) == optimum);
                let mut left = spare.clone();
                for panel in &joint.panels {
                    for seat in &panel.seats {
                        prop_assert!(left[seat.candidate] > 0);
                        left[seat.candidate] -= 1;
                    }
                }
                let first = panel::propose(&people[0], &Order { rules: order.rules.clone(), ..order.clone() }, Effort::default());
                prop_assert!(first.is_err() || joint.panels[0].value <= joint.panels[0].bound);
                let effort = Effort::default();
                let office = Office { requests: &requests, spare: &spare, effort: &effort, objective };
                let alone = office.one_by_one().unwrap();
                prop_assert!((units(found)) >= office.rank(&alone).0);
            }
            // what was tried may miss what there is, and says then that nothing is proven
            Err(clash) => prop_assert!(best.is_none() || !clash.proven, "{clash:?}"),
        }
    }
}

#[test]
fn two_panels_share_who_is_good_at_both() {
    let scores = [[0.9, 0.9, 0.9, 0.8, 0.8, 0.8], [0.9, 0.9, 0.9, 0.1, 0.1, 0.1]];
    let people = scores.map(|row| row.iter().zip(0..).map(|(score, one)| person(*score, one)).collect::<Vec<_>>());
    let order = Order { seats: [0, 0, 0, 3], rules: Vec::new() };
    let requests = [Request { people: &people[0], order: &order }, Request { people: &people[1], order: &order }];
    let joint = propose(&requests, &[1; 6], Objective::Total, &Effort::default()).unwrap();
    assert!((joint.total - 5.1).abs() < 1e-9 && joint.optimal, "{joint:?}");
    let clash = propose(&requests, &[1, 1, 1, 1, 1, 0], Objective::Total, &Effort::default()).unwrap_err();
    assert!(clash.clash.relaxation.is_some(), "{clash:?}");
}

#[test]
fn who_is_needed_elsewhere_is_left_to_others() {
    let with = |scores: [f64; 6], fields: [u32; 6]| -> Vec<Candidate> {
        let people = scores.into_iter().zip(fields).zip(0..);
        people.map(|((score, field), one)| Candidate { fields: vec![field], ..person(score, one) }).collect()
    };
    // two know field 1, two know field 2; each request wants a pair that leaves the other none of what it needs
    let fields = [1, 1, 2, 2, 0, 0];
    let first = with([0.9, 0.9, 0.8, 0.1, 0.2, 0.2], fields);
    let second = with([0.8, 0.1, 0.9, 0.9, 0.2, 0.2], fields);
    let order = |field| Order { seats: [0, 0, 0, 3], rules: vec![Rule::Odd, Rule::Field { field, least: 1 }] };
    let (of_first, of_second) = (order(2), order(1));
    let requests = [Request { people: &first, order: &of_first }, Request { people: &second, order: &of_second }];
    let joint = propose(&requests, &[1; 6], Objective::Total, &Effort::default()).unwrap();
    assert!(joint.total <= joint.bound, "{joint:?}");
    // where one has no panel even alone, that is proven
    let nobody = order(9);
    let requests = [Request { people: &first, order: &of_first }, Request { people: &second, order: &nobody }];
    let clash = propose(&requests, &[1; 6], Objective::Total, &Effort::default()).unwrap_err();
    assert!(clash.proven && clash.request == 1, "{clash:?}");
}

#[test]
fn a_spent_effort_ends_all_searches() {
    let people: Vec<Vec<Candidate>> = (0..4_u32)
        .map(|request| {
            (0..400_u32).map(|one| person(f64::from((one * 37 + request * 11) % 101) / 101.0, one % 40)).collect()
        })
        .collect();
    let order = Order { seats: [1, 17, 17, 16], rules: vec![Rule::Odd, Rule::Balance] };
    let requests: Vec<Request<'_>> = people.iter().map(|people| Request { people, order: &order }).collect();
    let effort = Effort::new(5_000, 20_000_000);
    let found = propose(&requests, &[1; 400], Objective::Total, &effort);
    let again = propose(&requests, &[1; 400], Objective::Total, &Effort::new(5_000, 20_000_000));
    assert_eq!(found, again, "steps are counted, not seconds");
}
