//! The joint assignment against brute force on small questions, and against its own proof on large ones.

use proptest::prelude::*;

use super::*;
use crate::panels::solver::matrix::{FORBIDDEN, Fault, FaultKind, Member, Question};
use crate::panels::solver::relax::{Change, Shortage, Way};

fn question(scores: Vec<Vec<f64>>, demand: &[i64], load_max: &[i64]) -> Question {
    let (demand, load_max) = (demand.to_vec(), load_max.to_vec());
    Question { scores, demand, load_max, load_min: None, forbidden: Vec::new(), objective: Objective::Total }
}

fn matrix(question: &Question) -> Matrix {
    Matrix::new(question).unwrap()
}

/// Numbers that look random and are the same everywhere (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Scores as they are in life: some experts are good at nearly everything, so that everybody wants the same.
fn contested(requests: usize, experts: usize, demand: i64, load: i64) -> Question {
    let mut numbers = Numbers(42);
    let standing: Vec<f64> = (0..experts).map(|_| numbers.next()).collect();
    let row = |numbers: &mut Numbers| -> Vec<f64> {
        standing.iter().map(|standing| standing.mul_add(0.8, 0.2 * numbers.next())).collect()
    };
    let scores = (0..requests).map(|_| row(&mut numbers)).collect();
    question(scores, &vec![demand; requests], &vec![load; experts])
}

/// All limits kept.
fn keeps_limits(matrix: &Matrix, panels: &[Vec<usize>]) -> bool {
    let mut load = vec![0; matrix.experts];
    let fits = panels.iter().enumerate().all(|(request, panel)| {
        panel.iter().for_each(|&expert| load[expert] += 1);
        let ascends = panel.windows(2).all(|pair| pair[0] < pair[1]);
        let allowed = panel.iter().all(|&expert| matrix.row(request)[expert] != FORBIDDEN);
        panel.len() == matrix.demand[request] && ascends && allowed
    });
    fits && (0..matrix.experts)
        .all(|expert| (matrix.load_min[expert]..=matrix.load_max[expert]).contains(&load[expert]))
}

/// Complementary slackness: with these prices no assignment can have a larger total.
fn is_proven(matrix: &Matrix, panels: &[Vec<usize>], prices: &Prices) -> bool {
    let most = matrix.units.iter().copied().max().unwrap_or(0).max(0);
    let mut load = vec![0; matrix.experts];
    let pairs = panels.iter().enumerate().all(|(request, panel)| {
        panel.iter().for_each(|&expert| load[expert] += 1);
        matrix.row(request).iter().enumerate().all(|(expert, &score)| {
            let reduced = most - score + prices.expert[expert] - prices.request[request];
            if panel.contains(&expert) { reduced <= 0 } else { score == FORBIDDEN || reduced >= 0 }
        })
    });
    let loads = load.iter().enumerate().all(|(expert, &load)| {
        let price = prices.expert[expert];
        (price <= 0 || load == matrix.load_max[expert]) && (price >= 0 || load == matrix.load_min[expert])
    });
    pairs && loads
}

/// The best total and the best worst of all assignments.
fn brute(matrix: &Matrix) -> Option<(i64, i64)> {
    fn subsets(experts: usize, size: usize) -> Vec<Vec<usize>> {
        let all = (0_u32..1 << experts).filter(|set| set.count_ones() as usize == size);
        all.map(|set| (0..experts).filter(|expert| set >> expert & 1 == 1).collect()).collect()
    }
    fn go(matrix: &Matrix, panels: &mut Vec<Vec<usize>>, best: &mut Option<(i64, i64)>) {
        let request = panels.len();
        if request == matrix.requests {
            if keeps_limits(matrix, panels) {
                let sum = |request: usize| matrix.sum(request, &panels[request]);
                let total = (0..matrix.requests).map(sum).sum();
                let worst = matrix.asking().map(sum).min().unwrap_or(0);
                let (most, fairest) = best.unwrap_or((total, worst));
                *best = Some((most.max(total), fairest.max(worst)));
            }
            return;
        }
        for panel in subsets(matrix.experts, matrix.demand[request]) {
            panels.push(panel);
            go(matrix, panels, best);
            panels.pop();
        }
    }
    let mut best = None;
    go(matrix, &mut Vec::new(), &mut best);
    best
}

/// The fewest units by which limits must be eased, looked for among all of them.
fn smallest(question: &Question, most: i64) -> Option<i64> {
    fn spread(places: usize, units: i64) -> Vec<Vec<i64>> {
        if places == 0 {
            return if units == 0 { vec![Vec::new()] } else { Vec::new() };
        }
        let first = (0..=units).flat_map(|first| {
            spread(places - 1, units - first).into_iter().map(move |mut rest| {
                rest.push(first);
                rest
            })
        });
        first.collect()
    }
    let (requests, experts) = (question.demand.len(), question.load_max.len());
    (0..=most).find(|&units| {
        spread(requests + 2 * experts, units).iter().any(|change| {
            let mut eased = question.clone();
            eased.demand.iter_mut().zip(change).for_each(|(demand, by)| *demand -= by);
            eased.load_max.iter_mut().zip(&change[requests..]).for_each(|(load, by)| *load += by);
            let minima = eased.load_min.iter_mut().flatten();
            minima.zip(&change[requests + experts..]).for_each(|(load, by)| *load -= by);
            Matrix::new(&eased).is_ok_and(|matrix| brute(&matrix).is_some())
        })
    })
}

fn eased(question: &Question, way: &Way) -> Question {
    let mut eased = question.clone();
    for change in &way.changes {
        match *change {
            Change::RaiseLoad { expert, by } => eased.load_max[expert] += i64::try_from(by).unwrap(),
            Change::LowerDemand { request, by } => eased.demand[request] -= i64::try_from(by).unwrap(),
            Change::LowerMinimum { expert, by } => {
                eased.load_min.as_mut().unwrap()[expert] -= i64::try_from(by).unwrap();
            }
        }
    }
    eased
}

/// Small questions, tight ones among them.
fn small() -> impl Strategy<Value = Question> {
    (1..=3_usize, 1..=4_usize).prop_flat_map(|(requests, experts)| {
        let scores = prop::collection::vec(
            prop::collection::vec((0..=20_u32).prop_map(|n| f64::from(n) / 20.0), experts),
            requests,
        );
        let counts = |most: i64, length| prop::collection::vec(0..=most, length);
        let pair = (0..requests, 0..experts).prop_map(|(r, e)| [i64::try_from(r).unwrap(), i64::try_from(e).unwrap()]);
        let most = i64::try_from(experts).unwrap().min(3);
        let load = i64::try_from(requests).unwrap();
        let forbidden = prop::collection::vec(pair, 0..3);
        let lists =
            (counts(most, requests), counts(3, experts), prop::option::of(counts(load.min(2), experts)), forbidden);
        (scores, lists).prop_map(|(scores, (demand, load_max, load_min, forbidden))| {
            let load_min = load_min.map(|list| list.iter().zip(&load_max).map(|(min, max)| *min.min(max)).collect());
            Question { scores, demand, load_max, load_min, forbidden, objective: Objective::Total }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn small_questions_have_the_answers_of_brute_force(question in small()) {
        let matrix = matrix(&question);
        match (brute(&matrix), assign(&matrix, Objective::Total)) {
            (None, Err(_)) => {}
            (Some((total, worst)), Ok(most)) => {
                let units = |value: f64| (value * matrix.scale).round() as i64;
                prop_assert!(keeps_limits(&matrix, &most.assignment));
                prop_assert!(is_proven(&matrix, &most.assignment, most.prices.as_ref().unwrap()));
                prop_assert_eq!(units(most.total), total);
                let fair = assign(&matrix, Objective::Worst).unwrap();
                prop_assert!(keeps_limits(&matrix, &fair.assignment));
                prop_assert!(fair.worst >= most.worst);
                prop_assert!(units(fair.worst) <= worst && worst <= units(fair.bound), "{} {} {}", fair.worst, worst, fair.bound);
                prop_assert!(!fair.optimal || units(fair.worst) == worst);
            }
            (brute, found) => prop_assert!(false, "{brute:?} {found:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_first_way_out_is_a_smallest_one(question in small()) {
        let matrix = matrix(&question);
        if let Err(infeasible) = assign(&matrix, Objective::Total) {
            let (Shortage::Experts { wanted, available, .. } | Shortage::Requests { wanted, available, .. }) = infeasible.shortage;
            prop_assert!(wanted > available);
            for way in &infeasible.ways {
                prop_assert!(assign(&Matrix::new(&eased(&question, way)).unwrap(), Objective::Total).is_ok(), "{way:?}");
            }
            let size = i64::try_from(infeasible.ways[0].size).unwrap();
            if size <= 3 {
                prop_assert_eq!(smallest(&question, size), Some(size));
            }
        }
    }
}

#[test]
fn the_totals_of_real_sizes_prove_themselves() {
    for (requests, experts, demand, load, least) in [(118, 177, 3, 4, 0), (600, 530, 4, 6, 0), (118, 177, 3, 4, 1)] {
        let question = Question { load_min: Some(vec![least; experts]), ..contested(requests, experts, demand, load) };
        let matrix = matrix(&question);
        let found = assign(&matrix, Objective::Total).unwrap();
        assert!(found.optimal && keeps_limits(&matrix, &found.assignment));
        assert!(is_proven(&matrix, &found.assignment, found.prices.as_ref().unwrap()));
    }
}

#[test]
fn the_worst_is_near_its_bound_and_above_that_of_the_total() {
    let matrix = matrix(&contested(118, 177, 3, 4));
    let (total, fair) = (assign(&matrix, Objective::Total).unwrap(), assign(&matrix, Objective::Worst).unwrap());
    assert!(keeps_limits(&matrix, &fair.assignment));
    assert!(fair.worst > total.worst && fair.worst <= fair.bound && fair.worst > 0.97 * fair.bound, "{fair:?}");
    assert_eq!(fair, assign(&matrix, Objective::Worst).unwrap(), "the same again");
}

#[test]
fn scores_are_kept_as_they_are_written() {
    let of = |scores: &[f64]| matrix(&question(vec![scores.to_vec()], &[1], &vec![1; scores.len()]));
    assert_eq!((of(&[0.1, 0.25, 1.0]).scale, of(&[0.1, 0.25, 1.0]).units), (100.0, vec![10, 25, 100]));
    assert_eq!(of(&[3.0, 0.0]).scale, 1.0);
    assert_eq!(of(&[0.0]).scale, 1.0);
    let third = of(&[1.0 / 3.0]);
    assert!((third.units[0] as f64 / third.scale - 1.0 / 3.0).abs() < 1e-15);
}

#[test]
fn equal_scores_are_shared_out_and_the_same_each_time() {
    let matrix = matrix(&question(vec![vec![0.5; 4]; 3], &[2, 2, 1], &[2; 4]));
    let found = assign(&matrix, Objective::Total).unwrap();
    assert!(keeps_limits(&matrix, &found.assignment));
    assert_eq!((found.total, found.worst), (2.5, 0.5));
    assert_eq!(found, assign(&matrix, Objective::Total).unwrap());
    let alone = question(vec![vec![0.5; 4]], &[2], &[1; 4]);
    assert_eq!(assign(&Matrix::new(&alone).unwrap(), Objective::Total).unwrap().assignment, [[0, 1]], "the first");
}

#[test]
fn a_least_load_is_met_and_costs_what_it_must() {
    let scores = vec![vec![0.9, 0.1], vec![0.8, 0.3]];
    let asked = Question { load_min: Some(vec![0, 1]), ..question(scores, &[1, 1], &[2, 2]) };
    let found = assign(&matrix(&asked), Objective::Total).unwrap();
    assert_eq!(found.assignment, [[0], [1]]);
    assert!((found.total - 1.2).abs() < 1e-12);
}

#[test]
fn who_lacks_whom_and_what_helps() {
    let scores = vec![vec![0.5; 3]; 3];
    let mut asked = question(scores.clone(), &[2, 2, 1], &[1, 1, 3]);
    asked.forbidden = vec![[2, 2]];
    let infeasible = assign(&matrix(&asked), Objective::Total).unwrap_err();
    assert_eq!(
        infeasible.shortage,
        Shortage::Experts { request: 2, requests: vec![0, 1, 2], experts: vec![0, 1], wanted: 5, available: 4 }
    );
    let raise = Way { changes: vec![Change::RaiseLoad { expert: 0, by: 1 }], size: 1 };
    assert_eq!(infeasible.ways, [raise, Way { changes: vec![Change::LowerDemand { request: 2, by: 1 }], size: 1 }]);

    let mut alone = question(scores.clone(), &[3, 1, 1], &[9, 9, 9]);
    alone.forbidden = vec![[0, 1]];
    let infeasible = assign(&matrix(&alone), Objective::Total).unwrap_err();
    let lower = Way { changes: vec![Change::LowerDemand { request: 0, by: 1 }], size: 1 };
    assert_eq!(infeasible.ways, [lower], "no load helps whoever may not sit there");

    let idle = Question { load_min: Some(vec![1, 1, 1]), ..question(scores, &[1, 1, 0], &[2, 2, 2]) };
    let infeasible = assign(&matrix(&idle), Objective::Total).unwrap_err();
    assert!(matches!(infeasible.shortage, Shortage::Requests { wanted, available, .. } if wanted > available));
    assert_eq!(infeasible.ways, [Way { changes: vec![Change::LowerMinimum { expert: 2, by: 1 }], size: 1 }]);
}

#[test]
fn faults_are_told_in_their_place() {
    let good = question(vec![vec![0.5; 2]; 2], &[1, 1], &[1, 1]);
    let told = |change: &dyn Fn(&mut Question)| {
        let mut bad = good.clone();
        change(&mut bad);
        let faults = Matrix::new(&bad).unwrap_err();
        faults.iter().map(|fault: &Fault| (fault.pointer(), fault.kind)).collect::<Vec<_>>()
    };
    let one = |pointer: &str, kind| vec![(pointer.to_owned(), kind)];
    assert_eq!(told(&|q| q.scores.clear()), one("/scores", FaultKind::Empty));
    assert_eq!(told(&|q| q.scores[1].push(0.0)), one("/scores/1", FaultKind::Length { wanted: 2, found: 3 }));
    for wrong in [f64::NAN, -0.1, f64::INFINITY, 1e13] {
        assert_eq!(told(&|q| q.scores[1][0] = wrong), one("/scores/1/0", FaultKind::Score));
    }
    assert_eq!(told(&|q| q.demand[0] = -1), one("/demand/0", FaultKind::Negative));
    assert_eq!(told(&|q| q.demand[1] = 3), one("/demand/1", FaultKind::DemandAboveExperts { experts: 2 }));
    assert_eq!(told(&|q| q.load_max.truncate(1)), one("/load_max", FaultKind::Length { wanted: 2, found: 1 }));
    assert_eq!(told(&|q| q.load_min = Some(vec![0, 2])), one("/load_min/1", FaultKind::MinAboveMax { max: 1 }));
    let often = |q: &mut Question| (q.load_max, q.load_min) = (vec![9, 9], Some(vec![0, 9]));
    assert_eq!(told(&often), one("/load_min/1", FaultKind::MinAboveRequests { requests: 2 }));
    assert_eq!(told(&|q| q.forbidden = vec![[0, 0], [2, 1]]), one("/forbidden/1/0", FaultKind::Index { below: 2 }));
    assert_eq!(told(&|q| q.forbidden = vec![[0, -1]]), one("/forbidden/0/1", FaultKind::Index { below: 2 }));
    assert_eq!(Fault { member: Member::Demand, place: vec![], kind: FaultKind::Empty }.pointer(), "/demand");
}
