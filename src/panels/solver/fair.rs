//! The fairest worst panel: the smallest sum of a request as large as may be. NP-hard, so a best effort between two bounds.
//!
//! *From above* by Lagrangian relaxation, which here is as tight as the linear programme: for weights `λ ≥ 0` of the requests with
//! sum 1 and prices `v` of the experts, no assignment has a smallest sum over
//! `Σ_r top-demand_e (λ_r·s_re − v_e) + Σ_e (load_max_e·v_e⁺ − load_min_e·v_e⁻)`. Subgradient steps (Polyak's length) lower it.
//! *From below* by assignments: the maximum total, maximum totals of scores weighted with those `λ`, and from each on chains of
//! exchanges that lift the lowest panel and leave nobody at its level (ejection chains; the order by sorted sums is that of
//! Stelmakh, Shah and Singh, "PeerReview4All", 2019; weights as a second way beside the rounding of Kobren, Saha and McCallum,
//! "Paper Matching with Local Fairness Constraints", 2019).
//! At the end the total is raised as far as no panel falls below the worst that was reached.
//!
//! Effort is counted in steps, never in time: the same question has the same answer.

use super::chain::Seating;
use super::flow::{self, Limits, Prices, best_of};
use super::matrix::{FORBIDDEN, Matrix};

/// Scores looked at while the bound is lowered.
const LOOKS: usize = 400_000_000;
/// Subgradient steps at most.
const STEPS: usize = 2_000;
/// Pairs times seats of all totals that are solved on the way; few are enough where each is large.
const WORK: usize = 3_000_000_000;

/// What was found.
pub(super) struct Fair {
    pub panels: Vec<Vec<usize>>,
    /// The smallest sum, in units.
    pub worst: i64,
    /// No assignment has a larger smallest sum.
    pub bound: i64,
}

/// Goes on from the maximum total and its prices.
pub(super) fn improve(matrix: &Matrix, panels: Vec<Vec<usize>>, prices: &Prices) -> Fair {
    let mut best = Seating::new(matrix, panels);
    let mut bound = own_best(matrix);
    if matrix.asking().next().is_none() {
        return Fair { worst: 0, bound: 0, panels: best.panels };
    }
    best.lift();
    let mut dual = Dual::new(matrix, prices);
    let turns = affordable(matrix).min(12);
    let steps = (LOOKS / matrix.units.len()).clamp(60, STEPS);
    for turn in 0..turns {
        if best.worst() >= bound {
            break;
        }
        for _ in 0..steps / turns {
            dual.step(best.worst());
        }
        bound = bound.min(dual.bound());
        if best.worst() >= bound {
            break;
        }
        let other = dual.seating(if turn % 2 == 0 { 0.1 } else { 0.01 });
        if let Some(other) = other.filter(|other| other.rank() > best.rank()) {
            best = other;
        }
    }
    let worst = best.worst();
    Fair { panels: raise_total(matrix, best).panels, worst, bound }
}

/// The lowest of what each request could have if it were alone.
fn own_best(matrix: &Matrix) -> i64 {
    let alone = matrix.asking().map(|request| {
        let mut row: Vec<i64> = matrix.row(request).iter().copied().filter(|&score| score != FORBIDDEN).collect();
        row.sort_unstable_by(|a, b| b.cmp(a));
        row.iter().take(matrix.demand[request]).sum()
    });
    alone.min().unwrap_or(0)
}

/// Leaves panels that the maximum total would push below the worst as they are and solves for the others, until none is pushed.
fn raise_total<'m>(matrix: &'m Matrix, from: Seating<'m>) -> Seating<'m> {
    let worst = from.worst();
    let mut limits = Limits::of(matrix);
    let mut kept = vec![false; matrix.requests];
    for _ in 0..affordable(matrix) {
        let Some((mut panels, _)) = flow::solve(&matrix.units, &limits) else { return from };
        let low = |panels: &[Vec<usize>], request: usize| matrix.sum(request, &panels[request]) < worst;
        let pushed: Vec<usize> = matrix.asking().filter(|&r| !kept[r] && low(&panels, r)).collect();
        for request in (0..matrix.requests).filter(|&request| kept[request]) {
            panels[request].clone_from(&from.panels[request]);
        }
        if pushed.is_empty() {
            let raised = Seating::new(matrix, panels);
            return if raised.rank() > from.rank() { raised } else { from };
        }
        for request in pushed {
            kept[request] = true;
            limits.demand[request] = 0;
            for &expert in &from.panels[request] {
                limits.load_max[expert] -= 1;
                limits.load_min[expert] = limits.load_min[expert].saturating_sub(1);
            }
        }
    }
    from
}

/// How many totals may be solved.
fn affordable(matrix: &Matrix) -> usize {
    let seats = matrix.demand.iter().sum::<usize>().max(1);
    (WORK / matrix.units.len().saturating_mul(seats)).clamp(3, 100)
}

/// Weights and prices, and the lowest bound they have shown.
struct Dual<'m> {
    matrix: &'m Matrix,
    asking: Vec<usize>,
    weight: Vec<f64>,
    price: Vec<f64>,
    best: (f64, Vec<f64>),
    /// Share of Polyak's length.
    stride: f64,
    idle: usize,
    /// All scores are multiples of this.
    grid: i64,
}

impl<'m> Dual<'m> {
    fn new(matrix: &'m Matrix, prices: &Prices) -> Self {
        let asking: Vec<usize> = matrix.asking().collect();
        let even = 1.0 / asking.len() as f64;
        let mut weight = vec![0.0; matrix.requests];
        asking.iter().for_each(|&request| weight[request] = even);
        let price = prices.expert.iter().map(|&price| price as f64 * even).collect();
        let grid = matrix.units.iter().filter(|&&score| score > 0).fold(0, |grid, &score| gcd(score, grid));
        let best = (f64::INFINITY, weight.clone());
        Self { matrix, asking, weight, price, best, stride: 1.0, idle: 0, grid: grid.max(1) }
    }

    /// Looks at the bound here and goes a step down.
    fn step(&mut self, worst: i64) {
        let (experts, mut here) = (self.matrix.experts, 0.0);
        let mut taken = vec![0_usize; experts];
        let mut sums = vec![0.0; self.matrix.requests];
        let mut top: Vec<(f64, usize)> = Vec::new();
        for &request in &self.asking {
            let (row, weight) = (self.matrix.row(request), self.weight[request]);
            let values = row.iter().zip(&self.price).map(|(&score, &price)| weight * score as f64 - price);
            best_of(&mut top, self.matrix.demand[request], row, values);
            for &(value, expert) in &top {
                here += value;
                taken[expert] += 1;
                sums[request] += row[expert] as f64;
            }
        }
        let mut slack = vec![0.0; experts];
        for (expert, &price) in self.price.iter().enumerate() {
            let (min, max) = (self.matrix.load_min[expert] as f64, self.matrix.load_max[expert] as f64);
            here += if price > 0.0 { max * price } else { min * price };
            let taken = taken[expert] as f64;
            slack[expert] = match price {
                price if price > 0.0 => max - taken,
                price if price < 0.0 => min - taken,
                _ if taken > max => max - taken,
                _ => (min - taken).max(0.0),
            };
        }
        self.note(here);
        self.go(here - worst as f64, &sums, &slack);
    }

    fn note(&mut self, here: f64) {
        if here < self.best.0 * (1.0 - 1e-7) {
            self.idle = 0;
        } else {
            self.idle += 1;
        }
        if here < self.best.0 {
            self.best = (here, self.weight.clone());
        }
        if self.idle > 15 {
            self.stride = (self.stride * 0.6).max(1e-4);
            self.idle = 0;
        }
    }

    /// The step. Sums are of another magnitude than loads: weights and prices have lengths of their own.
    fn go(&mut self, gap: f64, sums: &[f64], slack: &[f64]) {
        let mean = self.asking.iter().map(|&request| sums[request]).sum::<f64>() / self.asking.len() as f64;
        let square: f64 = self.asking.iter().map(|&request| (sums[request] - mean).powi(2)).sum();
        let square_slack: f64 = slack.iter().map(|slack| slack * slack).sum();
        let length = |square: f64| if square > 0.0 { 0.5 * self.stride * gap / square } else { 0.0 };
        let (along, across) = (length(square), length(square_slack));
        for &request in &self.asking {
            self.weight[request] -= along * (sums[request] - mean);
        }
        project(&mut self.weight, &self.asking);
        for (expert, slack) in slack.iter().enumerate() {
            let before = self.price[expert];
            let price = before - across * slack;
            // where the slope changes the step ends
            self.price[expert] = if before * price < 0.0 { 0.0 } else { price };
            if self.matrix.load_min[expert] == 0 {
                self.price[expert] = self.price[expert].max(0.0);
            }
        }
    }

    /// The bound in units, rounded to what a sum can be. Floats err by far less than the share that is added.
    fn bound(&self) -> i64 {
        let bound = (self.best.0 * (1.0 + 1e-11)).floor() as i64;
        bound - bound.rem_euclid(self.grid)
    }

    /// The maximum total of scores weighted with the best weights and a share of even ones, lifted.
    fn seating(&self, even: f64) -> Option<Seating<'m>> {
        let share = even / self.asking.len() as f64;
        let most = self.best.1.iter().copied().fold(share, f64::max);
        let mut units = self.matrix.units.clone();
        for (request, row) in units.chunks_mut(self.matrix.experts).enumerate() {
            let weight = (self.best.1[request] * (1.0 - even) + share) / (most + share);
            for score in row.iter_mut().filter(|score| **score != FORBIDDEN) {
                *score = (*score as f64 * weight) as i64;
            }
        }
        let (panels, _) = flow::solve(&units, &Limits::of(self.matrix))?;
        let mut seating = Seating::new(self.matrix, panels);
        seating.lift();
        Some(seating)
    }
}

/// The nearest point of the simplex (Held, Wolfe and Crowder 1974).
fn project(weight: &mut [f64], asking: &[usize]) {
    let mut sorted: Vec<f64> = asking.iter().map(|&request| weight[request]).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut shift) = (0.0, 0.0);
    for (index, value) in sorted.iter().enumerate() {
        sum += value;
        let candidate = (sum - 1.0) / (index + 1) as f64;
        if *value > candidate {
            shift = candidate;
        }
    }
    for &request in asking {
        weight[request] = (weight[request] - shift).max(0.0);
    }
    // what rounding left: the bound needs a sum of 1 or more
    let rest: f64 = asking.iter().map(|&request| weight[request]).sum();
    asking.iter().for_each(|&request| weight[request] /= rest);
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
