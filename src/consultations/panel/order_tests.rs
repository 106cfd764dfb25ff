use proptest::prelude::*;

use super::*;
use crate::panels::solver::clash::{Relaxation, Weakened};
use crate::panels::solver::panel::{Candidate, propose};
use crate::panels::solver::search::Effort;

fn seats(chair: u32, secretary: u32, reviewer: u32, member: u32) -> Seats {
    Seats { chair, secretary, reviewer, member }
}

fn faults(form: &PanelOrder) -> Vec<String> {
    let mut reader = Reader::default();
    form.check(&mut reader, "");
    reader.done(()).err().map_or_else(Vec::new, |problem| {
        problem.errors().iter().map(|error| format!("{} {}", error.pointer, error.code)).collect()
    })
}

#[test]
fn usual_panels_are_odd_and_large_enough() {
    for (fewest, expected) in [
        (0, seats(1, 1, 1, 0)),
        (3, seats(1, 1, 1, 0)),
        (4, seats(1, 1, 2, 1)),
        (5, seats(1, 1, 2, 1)),
        (7, seats(1, 1, 2, 3)),
        (8, seats(1, 1, 2, 5)),
    ] {
        assert_eq!(Seats::usual(fewest), expected, "{fewest}");
    }
}

#[test]
fn ranges_are_told_in_their_places() {
    assert!(faults(&PanelOrder::default()).is_empty(), "nothing is required");
    let with = |seats| PanelOrder { seats: Some(seats), ..PanelOrder::default() };
    assert!(faults(&with(seats(1, 1, 2, 1))).is_empty());
    assert_eq!(faults(&with(seats(1, 1, 2, 0))), ["/seats even"]);
    // without a chair or a secretary no panel is approved
    assert_eq!(faults(&with(seats(0, 0, 0, 1))), ["/seats/chair out_of_range", "/seats/secretary out_of_range"]);
    assert_eq!(faults(&with(seats(2, 1, 0, 0))), ["/seats/chair out_of_range"]);
    assert_eq!(faults(&with(seats(1, 1, 30, 30))), ["/seats too_many"]);
    assert_eq!(faults(&with(seats(1, 0, 0, u32::MAX)))[0], "/seats/secretary out_of_range");
    let cover = |least| Cover { field: "404".to_owned(), least };
    let form = PanelOrder {
        fields: Some(vec![cover(1), cover(0)]),
        least_outside_province: 52,
        most_per_employer: Some(0),
        most_load: Some(0),
        alternates: Some(21),
        include: vec![String::new(); 101],
        ..PanelOrder::default()
    };
    assert_eq!(
        faults(&form),
        [
            "/least_outside_province out_of_range",
            "/most_per_employer out_of_range",
            "/most_load out_of_range",
            "/alternates out_of_range",
            "/fields/1/least out_of_range",
            "/include too_many",
        ]
    );
}

fn named() -> (PanelOrder, Named, Vec<Uuid>) {
    let ids: Vec<Uuid> = (1..6).map(Uuid::from_u128).collect();
    let form = PanelOrder {
        seats: Some(seats(1, 1, 2, 1)),
        fields: Some(vec![Cover { field: "404".to_owned(), least: 3 }, Cover { field: "102".to_owned(), least: 1 }]),
        least_outside_province: 2,
        most_per_employer: Some(1),
        least_degree: Degrees { chair: Some("TS".to_owned()), ..Degrees::default() },
        most_load: Some(2),
        include: vec!["CG-000002".to_owned()],
        exclude: vec!["CG-000004".to_owned(), "CG-000099".to_owned()],
        ..PanelOrder::default()
    };
    let named = Named {
        include: vec![ids[1]],
        exclude: vec![ids[3], Uuid::from_u128(99)],
        fields: ["404", "102"]
            .map(|code| FieldCode { scheme: "BKHCN-2025".to_owned(), code: code.to_owned() })
            .to_vec(),
        degrees: BTreeMap::from([(PanelSeat::Chair, 6)]),
        fewest: 0,
    };
    (form, named, ids)
}

#[test]
fn an_order_becomes_rules_and_each_rule_has_its_place() {
    let (form, named, ids) = named();
    let places = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let order = order(&form, &named, &places);
    assert_eq!(order.seats, [1, 1, 2, 1]);
    let told: Vec<String> = order.rules.iter().map(|rule| pointer(*rule, &named, &ids)).collect();
    assert_eq!(
        told,
        [
            "/seats",
            "/fields/0",
            "/fields/1",
            "/least_outside_province",
            "/most_per_employer",
            "/allow_unbalanced",
            "/least_degree/chair",
            "/most_load",
            "/include/0",
            "/exclude/0",
        ],
        "who is no candidate does not sit anyhow"
    );
    let bare = PanelOrder { seats: Some(seats(1, 1, 1, 0)), ..PanelOrder::default() };
    assert_eq!(super::order(&bare, &Named::default(), &HashMap::new()).rules, [Rule::Odd, Rule::Balance]);
    // no way out leads to a panel that could not be approved
    let kind = Named { fewest: 5, ..Named::default() };
    let rules = super::order(&bare, &kind, &HashMap::new()).rules;
    assert_eq!(rules, [Rule::Odd, Rule::Size { least: 5, most: MOST_MEMBERS }, Rule::Balance]);
    assert_eq!(pointer(rules[1], &kind, &ids), "/seats");
}

#[test]
fn a_relaxation_becomes_an_order_that_can_be_sent() {
    let (form, named, ids) = named();
    let weaker = |rule, to| Weakened { rule, to, steps: 1 };
    let relaxation = Relaxation {
        rules: vec![
            weaker(Rule::Field { field: 0, least: 3 }, Some(Rule::Field { field: 0, least: 2 })),
            weaker(Rule::Field { field: 1, least: 1 }, None),
            weaker(Rule::OutsideProvince { least: 2 }, None),
            weaker(Rule::PerEmployer { most: 1 }, Some(Rule::PerEmployer { most: 2 })),
            weaker(
                Rule::LeastDegree { seat: SeatKind::Chair, rank: 6 },
                Some(Rule::LeastDegree { seat: SeatKind::Chair, rank: 5 }),
            ),
            weaker(Rule::MostLoad { most: 2 }, Some(Rule::MostLoad { most: 3 })),
            weaker(Rule::Include { candidate: 1 }, None),
            weaker(Rule::Exclude { candidate: 3 }, None),
        ],
        members: 2,
        size: 10,
    };
    let told = relaxed(&form, &named, &ids, &relaxation, |rank| (rank == 5).then(|| "CKII".to_owned()));
    assert_eq!(told.seats, Some(seats(1, 1, 2, 3)));
    assert_eq!(told.fields, Some(vec![Cover { field: "404".to_owned(), least: 2 }]));
    assert_eq!((told.least_outside_province, told.most_per_employer, told.most_load), (0, Some(2), Some(3)));
    assert_eq!(told.least_degree.chair.as_deref(), Some("CKII"));
    assert!(told.include.is_empty());
    assert_eq!(told.exclude, ["CG-000099"]);
    assert!(faults(&told).is_empty());
    // beyond a third it is said, and who has a narrower limit keeps it
    for (limit, expected) in [(None, 3), (Some(5), 3), (Some(2), 2)] {
        let form = PanelOrder { most_per_employer: limit, ..form.clone() };
        let beyond = weaker(Rule::Balance, Some(Rule::PerEmployer { most: 3 }));
        let relaxation = Relaxation { rules: vec![beyond], members: 0, size: 1 };
        let told = relaxed(&form, &named, &ids, &relaxation, |_| None);
        assert_eq!((told.most_per_employer, told.allow_unbalanced), (Some(expected), true));
        assert!(!order(&told, &named, &HashMap::new()).rules.contains(&Rule::Balance));
    }
    // what nothing is asked of stays as it is
    let nothing = Relaxation { rules: Vec::new(), members: 0, size: 0 };
    assert_eq!(relaxed(&form, &named, &ids, &nothing, |_| None), form);
}

/// Somebody of a bank: codes of fields, degree, employer, outside the province, requests at work.
type Somebody = (Vec<usize>, u8, Option<u32>, bool, u32);

fn candidates(bank: &[Somebody], form: &PanelOrder) -> Vec<Candidate> {
    let known = |(codes, degree, employer, outside, load): &Somebody| {
        let covers = form.fields.iter().flatten().zip(0_u32..);
        let fields = covers.filter(|(cover, _)| codes.iter().any(|code| code.to_string() == cover.field));
        Candidate {
            scores: [0.5; 4],
            degree: *degree,
            fields: fields.map(|(_, field)| field).collect(),
            employer: *employer,
            outside_province: *outside,
            outside_asker: *outside,
            load: *load,
            conflicted: false,
        }
    };
    bank.iter().map(known).collect()
}

fn somebody() -> impl Strategy<Value = Somebody> {
    (prop::collection::vec(0..3_usize, 0..3), 1..=4_u8, prop::option::of(0..3_u32), any::<bool>(), 0..3_u32)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// What is proposed instead of an impossible order is sound, and possible.
    #[test]
    fn a_relaxed_order_is_possible(
        bank in prop::collection::vec(somebody(), 3..9),
        (reviewer, member) in prop_oneof![Just((1, 0)), Just((0, 1)), Just((1, 2)), Just((2, 1))],
        covers in prop::collection::vec((0..3_usize, 1..4_u32), 0..3),
        (outside, employer, load, degree) in (0..4_u32, prop::option::of(1..3_u32), prop::option::of(1..3_u32), prop::option::of(1..5_u8)),
        allow_unbalanced in any::<bool>(),
        (include, exclude) in (prop::option::of(0..3_usize), prop::option::of(0..3_usize)),
    ) {
        let ids: Vec<Uuid> = (1..=bank.len() as u128).map(Uuid::from_u128).collect();
        let places: HashMap<Uuid, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let key = |place: usize| ids[place].to_string();
        let include: Vec<String> = include.into_iter().map(key).collect();
        let exclude: Vec<String> = exclude.into_iter().map(key).filter(|key| !include.contains(key)).collect();
        let form = PanelOrder {
            seats: Some(seats(1, 1, reviewer, member)),
            fields: Some(covers.into_iter().map(|(code, least)| Cover { field: code.to_string(), least }).collect()),
            least_outside_province: outside,
            most_per_employer: employer,
            allow_unbalanced,
            most_load: load,
            least_degree: Degrees { chair: degree.map(|degree| degree.to_string()), ..Degrees::default() },
            include,
            exclude,
            ..PanelOrder::default()
        };
        let named = |form: &PanelOrder| {
            let read = |keys: &[String]| keys.iter().map(|key| key.parse().unwrap()).collect();
            let chair = form.least_degree.chair.as_ref().map(|degree| (PanelSeat::Chair, degree.parse().unwrap()));
            Named { include: read(&form.include), exclude: read(&form.exclude), degrees: chair.into_iter().collect(), ..Named::default() }
        };
        let solve = |form: &PanelOrder| {
            propose(&candidates(&bank, form), &order(form, &named(form), &places), Effort::default())
        };
        if let Err(clash) = solve(&form) {
            for rule in &clash.rules {
                prop_assert!(pointer(*rule, &named(&form), &ids).starts_with('/'));
            }
            if let Some(relaxation) = &clash.relaxation {
                let instead = relaxed(&form, &named(&form), &ids, relaxation, |rank| Some(rank.to_string()));
                prop_assert_eq!(faults(&instead), Vec::<String>::new());
                prop_assert!(solve(&instead).is_ok(), "{:?} -> {:?}", form, instead);
            }
        }
    }
}
