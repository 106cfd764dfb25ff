//! Several panels at once, under joint loads.
//!
//! First one by one, as an office would. Then people have prices: each panel is solved by itself with prices taken from the scores,
//! and whoever is wanted by more panels than they can take becomes dearer. The sum of those panels with what the prices are worth is
//! a bound on every joint proposal (Lagrangian relaxation), and panels that are taken in turn at those prices are a proposal. The best
//! is improved by solving each panel anew among the people the others leave. It is never worse than one by one, since that is what it
//! began with. Where one of them finds nobody in any order, whom it would take becomes dearer for all, and the others keep away from
//! them where they can.

use super::clash::{self, Clash};
use super::matrix::Objective;
use super::panel::{Candidate, Order, Panel, UNIT, seats};
use super::search::{Effort, Found, Sitting, best, exists};
use super::task::Task;

/// Rounds of prices.
const ROUNDS: i32 = 25;
/// Nodes of each search at prices: there are many.
const NODES: usize = 300;

/// A panel to fill. The people are the same for all requests and in the same order; scores and conflicts are the request's own.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Everybody.
    pub people: &'a [Candidate],
    /// What is asked for.
    pub order: &'a Order,
}

/// Proposals for all.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    /// Per request.
    pub panels: Vec<Panel>,
    /// The sum of their values.
    pub total: f64,
    /// The smallest of their values.
    pub worst: f64,
    /// No joint proposal is better than this in the objective.
    pub bound: f64,
    /// Whether none is better than this one.
    pub optimal: bool,
}

/// A request that stays without a panel when the others have theirs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("request {request}: {clash}")]
pub struct JointClash {
    /// Which.
    pub request: usize,
    /// Why: among everybody where that is `proven`, else among the people whom the others leave in one of the orders that were tried.
    pub clash: Clash,
    /// Whether it is proven that not all requests can have a panel: this one has none, even alone.
    pub proven: bool,
}

/// Places of people among whom the best panel of a request is found, and what clashes where there is none, when so many seats of other
/// requests may take people, too. In ascending order.
pub fn shortlist(people: &[Candidate], order: &Order, beside: usize, effort: &Effort) -> Vec<usize> {
    let mut places = Task::shortlist(people, order, beside, &effort.part(20));
    places.extend(clash::alike(people, order, order.size() + clash::MORE + beside));
    places.sort_unstable();
    places.dedup();
    places
}

/// Proposes panels for all requests; `spare` is how many panels each person can still take.
///
/// # Errors
/// [`JointClash`] where no order of the requests that was tried gives each a panel; it says whether there is none at all.
pub fn propose(
    requests: &[Request<'_>],
    spare: &[usize],
    objective: Objective,
    effort: &Effort,
) -> Result<Joint, JointClash> {
    let office = Office { requests, spare, effort, objective };
    let mut proposal = office.one_by_one()?;
    office.improve(&mut proposal);
    let bound = office.search(&mut proposal);
    Ok(office.tell(&proposal, bound))
}

/// The sittings of all requests with their values.
type Proposal = Vec<(Sitting, i64)>;

struct Office<'a> {
    requests: &'a [Request<'a>],
    spare: &'a [usize],
    effort: &'a Effort,
    objective: Objective,
}

impl Office<'_> {
    /// Better is larger.
    fn rank(&self, proposal: &Proposal) -> (i64, i64) {
        let total = proposal.iter().map(|panel| panel.1).sum();
        let worst = proposal.iter().map(|panel| panel.1).min().unwrap_or(0);
        if self.objective == Objective::Worst { (worst, total) } else { (total, worst) }
    }

    /// What is left of each person's time.
    fn left<'s>(&self, sittings: impl Iterator<Item = &'s Sitting>) -> Vec<usize> {
        let mut left = self.spare.to_vec();
        sittings.flatten().for_each(|&(person, _)| left[person] = left[person].saturating_sub(1));
        left
    }

    /// The people of a request, those without time among the conflicted.
    fn people(&self, request: usize, left: &[usize]) -> Vec<Candidate> {
        let mut people = self.requests[request].people.to_vec();
        people.iter_mut().zip(left).for_each(|(person, left)| person.conflicted |= *left == 0);
        people
    }

    fn solve(&self, request: usize, left: &[usize], prices: &[i64], effort: &Effort) -> Option<Found> {
        let task = Task::priced(&self.people(request, left), self.requests[request].order, prices, effort)?;
        Some(best(&task, effort))
    }

    /// A search among many.
    fn quickly(&self) -> Effort {
        self.effort.part(8).with_nodes(NODES)
    }

    fn value(&self, request: usize, sitting: &Sitting) -> i64 {
        let people = self.requests[request].people;
        sitting.iter().map(|seat| (people[seat.0].scores[seat.1.index()] * UNIT).round() as i64).sum()
    }

    /// The requests in turn, each with its share of the effort; the request that finds nobody, where one does.
    fn in_turn(&self, turn: &[usize], prices: &[i64], effort: &Effort) -> Result<Proposal, usize> {
        let mut panels: Proposal = vec![(Vec::new(), 0); turn.len()];
        for (&request, waiting) in turn.iter().zip((1..=turn.len() as u64).rev()) {
            let left = self.left(panels.iter().map(|panel| &panel.0));
            let found = self.solve(request, &left, prices, &effort.part(waiting));
            let sitting = found.and_then(|found| found.sitting).ok_or(request)?;
            panels[request] = (sitting.clone(), self.value(request, &sitting));
        }
        Ok(panels)
    }

    /// In the order given; a request that finds nobody goes first the next time, and the people it would take become dearer.
    fn one_by_one(&self) -> Result<Proposal, JointClash> {
        let mut turn: Vec<usize> = (0..self.requests.len()).collect();
        let (mut stuck, mut prices) = (0, vec![0_i64; self.spare.len()]);
        for round in 0..=self.requests.len() + ROUNDS as usize {
            // the first time with all that a request alone would have
            let effort = if round == 0 { self.effort.part(2) } else { self.quickly() };
            match self.in_turn(&turn, &prices, &effort) {
                Ok(proposal) => return Ok(proposal),
                Err(request) => {
                    stuck = request;
                    turn.retain(|&other| other != request);
                    turn.insert(0, request);
                }
            }
            if self.effort.is_spent() {
                break;
            }
            match self.solve(stuck, self.spare, &prices, &self.quickly()) {
                // it has no panel, even alone
                None => break,
                Some(found) if found.sitting.is_none() && found.proven => break,
                Some(found) => {
                    let dearer = (UNIT / 10.0) as i64;
                    found.sitting.iter().flatten().for_each(|seat| prices[seat.0] += dearer);
                }
            }
        }
        Err(self.clash(stuck, turn))
    }

    /// Why a request finds nobody: alone, or among whom the others leave.
    fn clash(&self, stuck: usize, mut turn: Vec<usize>) -> JointClash {
        let order = self.requests[stuck].order;
        let alone = self.people(stuck, self.spare);
        if exists(&alone, order, &self.effort.part(4)) == Some(false) {
            return JointClash { request: stuck, clash: clash::explain(&alone, order, self.effort), proven: true };
        }
        // the others first, so that it shows who is missing
        turn.retain(|&other| other != stuck);
        let mut sittings: Vec<Sitting> = Vec::new();
        for &request in &turn {
            let left = self.left(sittings.iter());
            sittings.extend(self.solve(request, &left, &[], &self.quickly()).and_then(|found| found.sitting));
        }
        let people = self.people(stuck, &self.left(sittings.iter()));
        JointClash { request: stuck, clash: clash::explain(&people, order, self.effort), proven: false }
    }

    /// Solves each panel anew among whom the others leave, as long as that helps.
    fn improve(&self, proposal: &mut Proposal) {
        let mut goes_on = true;
        while goes_on && !self.effort.is_spent() {
            goes_on = false;
            for request in 0..proposal.len() {
                let others = proposal.iter().enumerate().filter(|(other, _)| *other != request);
                let left = self.left(others.map(|(_, panel)| &panel.0));
                let Some(sitting) = self.solve(request, &left, &[], &self.quickly()).and_then(|found| found.sitting)
                else {
                    continue;
                };
                let value = self.value(request, &sitting);
                if value > proposal[request].1 {
                    proposal[request] = (sitting, value);
                    goes_on = true;
                }
            }
        }
    }

    /// Rounds of prices; the bound on the objective in units.
    fn search(&self, proposal: &mut Proposal) -> i64 {
        let mut prices = vec![0_i64; self.spare.len()];
        let (mut total_bound, mut worst_bound) = (i64::MAX, i64::MAX);
        for round in 0..ROUNDS {
            let (mut bound, mut wanted) = (0_i64, vec![0_usize; self.spare.len()]);
            for request in 0..self.requests.len() {
                let Some(found) = self.solve(request, self.spare, &prices, &self.quickly()) else { continue };
                bound = bound.saturating_add(found.bound);
                if round == 0 {
                    worst_bound = worst_bound.min(found.bound);
                }
                found.sitting.iter().flatten().for_each(|seat| wanted[seat.0] += 1);
            }
            for (price, &spare) in prices.iter().zip(self.spare) {
                bound = bound.saturating_add(price.saturating_mul(i64::try_from(spare).unwrap_or(i64::MAX)));
            }
            total_bound = total_bound.min(bound);
            let bound = if self.objective == Objective::Worst { worst_bound } else { total_bound };
            if self.rank(proposal).0 >= bound || self.effort.is_spent() {
                break;
            }
            self.reprice(&mut prices, &wanted, 0.1 * 0.85_f64.powi(round));
            self.try_turns(proposal, &prices);
        }
        if self.objective == Objective::Worst { worst_bound } else { total_bound }
    }

    fn reprice(&self, prices: &mut [i64], wanted: &[usize], step: f64) {
        let step = (step * UNIT) as i64;
        for (person, price) in prices.iter_mut().enumerate() {
            let short = wanted[person] > self.spare[person];
            let idle = wanted[person] < self.spare[person];
            *price = (*price
                + if short {
                    step
                } else if idle {
                    -step
                } else {
                    0
                })
            .max(0);
        }
    }

    /// The lowest panel first, and in the order given, at these prices.
    fn try_turns(&self, proposal: &mut Proposal, prices: &[i64]) {
        let given: Vec<usize> = (0..proposal.len()).collect();
        let mut lowest = given.clone();
        lowest.sort_by_key(|&request| proposal[request].1);
        for turn in [given, lowest] {
            if let Ok(mut other) = self.in_turn(&turn, prices, &self.quickly()) {
                self.improve(&mut other);
                if self.rank(&other) > self.rank(proposal) {
                    *proposal = other;
                }
            }
        }
    }

    fn tell(&self, proposal: &Proposal, bound: i64) -> Joint {
        let left = self.left(proposal.iter().map(|panel| &panel.0));
        let told = proposal.iter().enumerate().map(|(request, (sitting, value))| {
            let mut left = left.clone();
            // who sits here has time for it
            sitting.iter().for_each(|seat| left[seat.0] = 1);
            let value = *value as f64 / UNIT;
            let seats = seats(&self.people(request, &left), self.requests[request].order, sitting);
            Panel { seats, value, bound: value, optimal: false }
        });
        let mut panels: Vec<Panel> = told.collect();
        for (request, panel) in panels.iter_mut().enumerate() {
            let alone = self
                .solve(request, self.spare, &[], &self.quickly())
                .map_or(panel.bound, |found| found.bound as f64 / UNIT);
            panel.bound = alone.max(panel.value);
            panel.optimal = panel.value >= panel.bound;
        }
        let (first, second) = self.rank(proposal);
        let (total, worst) = if self.objective == Objective::Worst { (second, first) } else { (first, second) };
        let bound = bound.max(first);
        Joint {
            panels,
            total: total as f64 / UNIT,
            worst: worst as f64 / UNIT,
            bound: bound as f64 / UNIT,
            optimal: first >= bound,
        }
    }
}

#[cfg(test)]
#[path = "joint_tests.rs"]
mod tests;
