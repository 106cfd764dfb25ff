//! Panels against brute force.

use proptest::prelude::*;

use super::*;
use crate::panels::solver::clash::Relaxation;

fn person(score: f64) -> Candidate {
    Candidate {
        scores: [score; 4],
        degree: 3,
        fields: Vec::new(),
        employer: None,
        outside_province: false,
        outside_asker: false,
        load: 0,
        conflicted: false,
    }
}

/// Who sits where.
type Seating = [(usize, SeatKind)];

/// All ways to seat people, given the kinds of the seats in order.
fn seatings(people: usize, kinds: &[SeatKind], sitting: &mut Vec<(usize, SeatKind)>, see: &mut dyn FnMut(&Seating)) {
    let Some(&kind) = kinds.get(sitting.len()) else { return see(sitting) };
    // within a kind in ascending order
    let from = sitting.last().filter(|last| last.1 == kind).map_or(0, |last| last.0 + 1);
    for one in from..people {
        if sitting.iter().all(|seat| seat.0 != one) {
            sitting.push((one, kind));
            seatings(people, kinds, sitting, see);
            sitting.pop();
        }
    }
}

fn brute(people: &[Candidate], order: &Order) -> Option<i64> {
    let kinds: Vec<SeatKind> =
        SeatKind::ALL.into_iter().flat_map(|kind| vec![kind; order.seats[kind.index()]]).collect();
    let mut best: Option<i64> = None;
    seatings(people.len(), &kinds, &mut Vec::new(), &mut |sitting| {
        let good = order.rules.iter().all(|rule| keeps(people, *rule, sitting));
        if good && sitting.iter().all(|seat| !people[seat.0].conflicted) {
            let value = sitting.iter().map(|seat| (people[seat.0].scores[seat.1.index()] * UNIT).round() as i64).sum();
            best = Some(best.map_or(value, |best| best.max(value)));
        }
    });
    best
}

/// The least steps that make a panel possible, among all of them.
fn smallest(people: &[Candidate], order: &Order, most: usize) -> Option<usize> {
    fn orders(people: &[Candidate], order: &Order, at: usize, steps: usize) -> bool {
        let Some(&rule) = order.rules.get(at) else { return steps == 0 && brute(people, order).is_some() };
        if orders(people, order, at + 1, steps) {
            return true;
        }
        // an even panel is no way out
        if steps == 0 || rule == Rule::Odd {
            return false;
        }
        let mut eased = order.clone();
        match rule.weaker(order.size(), people.iter().map(|person| person.load).max().unwrap_or(0)) {
            Some(weaker) => eased.rules[at] = weaker,
            None => drop(eased.rules.remove(at)),
        }
        orders(people, &eased, at, steps - 1)
    }
    (0..=most).find(|&size| {
        let spare = order.seats[3].min(size);
        (0..=spare)
            .map(|fewer| (fewer, order.seats[3] - fewer))
            .chain([(1, order.seats[3] + 1), (2, order.seats[3] + 2)])
            .any(|(cost, members)| {
                let mut order = order.clone();
                order.seats[3] = members;
                cost <= size && order.size() > 0 && orders(people, &order, 0, size - cost)
            })
    })
}

fn candidate() -> impl Strategy<Value = Candidate> {
    let scores = [0..=20_u32, 0..=20, 0..=20, 0..=20].prop_map(|scores| scores.map(|score| f64::from(score) / 20.0));
    let fields = prop::collection::vec(0..3_u32, 0..3);
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.1));
    (scores, 1..=3_u8, fields, prop::option::of(0..3_u32), flags, 0..3_u32).prop_map(
        |(scores, degree, fields, employer, (outside_province, outside_asker, conflicted), load)| Candidate {
            scores,
            degree,
            fields,
            employer,
            outside_province,
            outside_asker,
            load,
            conflicted,
        },
    )
}

fn rule(people: usize) -> impl Strategy<Value = Rule> {
    let seat = prop::sample::select(SeatKind::ALL.to_vec());
    prop_oneof![
        Just(Rule::Odd),
        (0..3_u32, 1..=3_usize).prop_map(|(field, least)| Rule::Field { field, least }),
        (1..=2_usize).prop_map(|least| Rule::OutsideProvince { least }),
        (1..=2_usize).prop_map(|least| Rule::OutsideAsker { least }),
        (1..=2_usize).prop_map(|most| Rule::PerEmployer { most }),
        Just(Rule::Balance),
        (seat, 1..=3_u8).prop_map(|(seat, rank)| Rule::LeastDegree { seat, rank }),
        (1..=3_u32).prop_map(|most| Rule::MostLoad { most }),
        (0..people).prop_map(|candidate| Rule::Include { candidate }),
        (0..people).prop_map(|candidate| Rule::Exclude { candidate }),
    ]
}

fn order() -> impl Strategy<Value = (Vec<Candidate>, Order)> {
    let seats =
        prop_oneof![Just([1, 0, 0, 2]), Just([1, 1, 1, 0]), Just([1, 1, 2, 1]), Just([0, 0, 0, 3]), Just([1, 0, 1, 2])];
    (3..=7_usize).prop_flat_map(move |people| {
        (prop::collection::vec(candidate(), people), seats.clone(), prop::collection::vec(rule(people), 0..5))
            .prop_map(|(people, seats, rules)| (people, Order { seats, rules }))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_best_panel_is_that_of_brute_force((people, order) in order()) {
        match (propose(&people, &order, Effort::default()), brute(&people, &order)) {
            (Ok(panel), Some(best)) => {
                let sitting: Vec<_> = panel.seats.iter().map(|seat| (seat.candidate, seat.kind)).collect();
                prop_assert!(order.rules.iter().all(|rule| keeps(&people, *rule, &sitting)));
                prop_assert_eq!((panel.value * UNIT).round() as i64, best);
                prop_assert!(panel.optimal && panel.bound >= panel.value);
            }
            (Err(_), None) => {}
            (found, best) => prop_assert!(false, "{found:?} {best:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rules_that_clash_need_each_other_and_the_relaxation_is_smallest((people, order) in order()) {
        if let Err(clash) = propose(&people, &order, Effort::default()) {
            let can = |rules: Vec<Rule>| brute(&people, &Order { seats: order.seats, rules }).is_some();
            prop_assert!(!can(clash.rules.clone()));
            for rule in &clash.rules {
                prop_assert!(can(clash.rules.iter().filter(|other| *other != rule).copied().collect()), "{rule:?} is idle");
            }
            let mut distinct = order.clone();
            distinct.rules = Vec::new();
            order.rules.iter().for_each(|rule| if !distinct.rules.contains(rule) { distinct.rules.push(*rule) });
            let size = clash.relaxation.as_ref().map(|Relaxation { size, .. }| *size);
            if size.is_none_or(|size| size <= 3) {
                prop_assert_eq!(smallest(&people, &distinct, 3), size);
            }
        }
    }
}

#[test]
fn nine_seats_of_three_hundred_are_proven() {
    let mut seed = 7_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let people: Vec<Candidate> = (0..300)
        .map(|_| Candidate {
            scores: [f64::from(u32::try_from(next(1_000_000)).unwrap()) / 1e6; 4],
            degree: u8::try_from(next(4)).unwrap(),
            fields: (0..2).map(|_| u32::try_from(next(12)).unwrap()).collect(),
            employer: Some(u32::try_from(next(25)).unwrap()),
            outside_province: next(4) == 0,
            outside_asker: next(10) > 0,
            load: u32::try_from(next(5)).unwrap(),
            conflicted: next(10) == 0,
        })
        .collect();
    let mut rules = vec![Rule::Odd, Rule::Balance, Rule::PerEmployer { most: 2 }, Rule::MostLoad { most: 4 }];
    rules.extend([0, 3, 5, 7].map(|field| Rule::Field { field, least: 2 }));
    rules.extend([Rule::OutsideProvince { least: 3 }, Rule::OutsideAsker { least: 5 }]);
    rules.extend([
        Rule::LeastDegree { seat: SeatKind::Chair, rank: 3 },
        Rule::LeastDegree { seat: SeatKind::Reviewer, rank: 2 },
    ]);
    let order = Order { seats: [1, 1, 2, 5], rules };
    let panel = propose(&people, &order, Effort::default()).unwrap();
    assert!(panel.optimal, "{panel:?}");
    assert!(panel.seats.iter().all(|seat| !seat.alternates.is_empty() || seat.reasons.len() > 1));
    assert_eq!(panel, propose(&people, &order, Effort::default()).unwrap(), "the same again");
    let less = propose(&people, &order, Effort::new(0, 300_000_000)).unwrap();
    assert!(less.value <= panel.value && less.bound >= panel.value, "{} {} {}", less.value, less.bound, panel.value);
}

#[test]
fn what_clashes_is_named_with_the_way_out() {
    let mut people = vec![person(0.9); 5];
    people[..4].iter_mut().for_each(|person| person.employer = Some(1));
    let order = Order { seats: [1, 0, 0, 2], rules: vec![Rule::Odd, Rule::PerEmployer { most: 1 }] };
    let clash = propose(&people, &order, Effort::default()).unwrap_err();
    assert_eq!(clash.rules, [Rule::PerEmployer { most: 1 }]);
    let relaxation = clash.relaxation.unwrap();
    assert_eq!((relaxation.size, relaxation.members), (1, 0));
    assert_eq!(relaxation.rules[0].to, Some(Rule::PerEmployer { most: 2 }));

    let even = Order { seats: [1, 1, 0, 2], rules: vec![Rule::Odd] };
    let clash = propose(&people, &even, Effort::default()).unwrap_err();
    assert_eq!((clash.rules, clash.relaxation.unwrap().members), (vec![Rule::Odd], 1));

    let many = Order { seats: [1, 1, 2, 5], rules: Vec::new() };
    let clash = propose(&people, &many, Effort::default()).unwrap_err();
    assert_eq!((clash.rules, clash.relaxation.unwrap().members), (vec![], -4), "more seats than people");
}

/// Many seats and many names: steps are counted over the whole question, also of why there is no panel.
#[test]
fn no_question_takes_more_than_its_steps() {
    let people: Vec<Candidate> = (0..600_u32)
        .map(|one| Candidate {
            fields: vec![one % 7, one % 11],
            employer: Some(one % 30),
            degree: u8::try_from(one % 4).unwrap(),
            ..person(f64::from(one * 7919 % 1009) / 1009.0)
        })
        .collect();
    let mut rules = vec![Rule::Odd, Rule::PerEmployer { most: 1 }];
    rules.extend((0..100).map(|candidate| Rule::Include { candidate }));
    rules.extend((100..200).map(|candidate| Rule::Exclude { candidate }));
    rules.extend((0..10).map(|field| Rule::Field { field, least: 9 }));
    let order = Order { seats: [1, 17, 17, 16], rules };
    let clash = propose(&people, &order, Effort::new(5_000, 10_000_000)).unwrap_err();
    assert!(!clash.rules.is_empty());
    let few = propose(&people, &order, Effort::new(5_000, 1_000_000)).unwrap_err();
    assert!(!few.proven, "nothing is called proven that was not looked at");
    let large =
        Order { seats: [1, 17, 17, 16], rules: vec![Rule::Odd, Rule::Balance, Rule::Field { field: 3, least: 20 }] };
    let panel = propose(&people, &large, Effort::new(5_000, 50_000_000)).unwrap();
    assert_eq!(panel.seats.len(), 51);
    assert!(panel.bound >= panel.value);
}

#[test]
fn who_could_take_a_seat_is_who_keeps_all_rules_there() {
    let people: Vec<Candidate> = (0..12_u32)
        .map(|one| Candidate {
            fields: vec![one % 3],
            employer: Some(one % 4),
            degree: u8::try_from(one % 5).unwrap(),
            load: one % 6,
            outside_province: one % 2 == 0,
            ..person(f64::from(one) / 12.0)
        })
        .collect();
    let rules = vec![
        Rule::Odd,
        Rule::Field { field: 1, least: 1 },
        Rule::OutsideProvince { least: 1 },
        Rule::PerEmployer { most: 1 },
        Rule::LeastDegree { seat: SeatKind::Chair, rank: 2 },
        Rule::MostLoad { most: 5 },
        Rule::Exclude { candidate: 9 },
    ];
    let order = Order { seats: [1, 0, 0, 2], rules };
    let panel = propose(&people, &order, Effort::new(5_000, 10_000_000)).unwrap();
    let sitting: Vec<(usize, SeatKind)> = panel.seats.iter().map(|seat| (seat.candidate, seat.kind)).collect();
    for (at, seat) in panel.seats.iter().enumerate() {
        let keeps_all = |other: &usize| {
            let mut changed = sitting.clone();
            changed[at].0 = *other;
            order.rules.iter().all(|rule| keeps(&people, *rule, &changed))
        };
        let others = (0..people.len()).filter(|other| sitting.iter().all(|seat| seat.0 != *other)).filter(keeps_all);
        let mut told = seat.alternates.clone();
        told.sort_unstable();
        assert_eq!(told, others.collect::<Vec<_>>());
    }
}

#[test]
fn a_way_out_keeps_to_the_sizes_that_may_be() {
    let people = vec![person(0.9); 4];
    let order = |seats, least, most| Order { seats, rules: vec![Rule::Odd, Rule::Size { least, most }] };
    // five seats and four people: three would do, where three may be
    let clash = propose(&people, &order([1, 1, 0, 3], 3, 51), Effort::default()).unwrap_err();
    assert_eq!(clash.relaxation.unwrap().members, -2);
    let clash = propose(&people, &order([1, 1, 0, 3], 5, 51), Effort::default()).unwrap_err();
    assert_eq!(clash.relaxation, None, "fewer than five may not be");
    // of even seats the way is down where there is none up
    let clash = propose(&people, &order([1, 1, 0, 2], 3, 4), Effort::default()).unwrap_err();
    assert_eq!(clash.relaxation.unwrap().members, -1);
}
