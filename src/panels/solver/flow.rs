//! The maximum total, exactly: a minimum-cost flow from requests to experts by successive shortest paths.
//!
//! Each request sends `demand` units, an expert takes at most one from each request, `load_max` in all and at least `load_min`.
//! Prices come first: each request takes its best at the prices of the experts, and those who are asked too often become dearer, in
//! shrinking steps. What everybody takes at these prices is optimal for the loads it gives, whatever the prices are; the loads that
//! are wrong are then repaired one by one along shortest paths (Busacker and Gowen 1960; with potentials, Edmonds and Karp 1972),
//! found by Dijkstra's search over the dense matrix in `O(requests × experts)`, which ends at the nearest place that helps. Good
//! prices leave little to repair. Those at the end prove the optimum: see [`Prices`].
//!
//! Everything is counted in whole units: nothing is rounded after the matrix was read. Ties go to the lower index.

use super::matrix::{FORBIDDEN, Matrix};

/// Longer than any path.
const FAR: i64 = i64::MAX;
/// Rounds in which prices are looked for.
const ROUNDS: i32 = 200;

/// Dual values: `request[r]` is what one more expert for request `r` costs, `expert[e]` what a place with expert `e` is worth, in
/// units of the matrix' scale. With `cost = highest score − score`, a pair in the assignment has `cost + expert − request ≤ 0`, one
/// that is allowed and not in it `≥ 0`; `expert` is `≥ 0` for whoever has all it takes, `≤ 0` for whoever has the least it must get,
/// and 0 for everybody else. These conditions (complementary slackness) make an assignment optimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// Per request.
    pub request: Vec<i64>,
    /// Per expert.
    pub expert: Vec<i64>,
}

/// How many each side takes.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Experts per request.
    pub demand: Vec<usize>,
    /// Most requests per expert.
    pub load_max: Vec<usize>,
    /// Fewest requests per expert.
    pub load_min: Vec<usize>,
}

impl Limits {
    pub fn of(matrix: &Matrix) -> Self {
        let (demand, load_max) = (matrix.demand.clone(), matrix.load_max.clone());
        Self { demand, load_max, load_min: matrix.load_min.clone() }
    }
}

/// Solves for scores given row by row, [`FORBIDDEN`] among them; panels are ascending. Nothing where no assignment exists.
pub(super) fn solve(units: &[i64], limits: &Limits) -> Option<(Vec<Vec<usize>>, Prices)> {
    let mut flow = Flow::new(units, limits);
    flow.start();
    while let Some(from) = flow.surplus() {
        flow.repair(from)?;
    }
    if flow.sink < 0 || (0..flow.experts).any(|expert| flow.lacks(expert)) {
        return None;
    }
    let mut panels = vec![Vec::new(); limits.demand.len()];
    for (expert, holders) in flow.holders.iter().enumerate() {
        holders.iter().for_each(|&request| panels[request].push(expert));
    }
    Some((panels, flow.prices))
}

/// A place in the network: an expert, or the sink to which experts pass on what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Expert(usize),
    Sink,
}

/// How a place was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Via {
    Nothing,
    Request(usize),
    Place(Place),
}

/// Requests with what they take, at prices at which none would rather take something else.
struct Flow<'m> {
    units: &'m [i64],
    limits: &'m Limits,
    experts: usize,
    most: i64,
    prices: Prices,
    /// Requests of each expert.
    holders: Vec<Vec<usize>>,
    held: Vec<bool>,
    /// What each expert passes on, from its least to its most: the most where its price is above 0, the least where it is below.
    passes: Vec<usize>,
    /// What all pass on without what is demanded.
    sink: i64,
    search: Search,
}

struct Search {
    expert: Vec<i64>,
    request: Vec<i64>,
    sink: i64,
    via: Vec<Via>,
    sink_via: Via,
    /// The expert a request would give up.
    gives: Vec<usize>,
    done: Vec<bool>,
    sink_done: bool,
}

impl<'m> Flow<'m> {
    fn new(units: &'m [i64], limits: &'m Limits) -> Self {
        let (requests, experts) = (limits.demand.len(), limits.load_max.len());
        Self {
            units,
            limits,
            experts,
            most: units.iter().copied().max().unwrap_or(0).max(0),
            prices: Prices { request: vec![0; requests], expert: vec![0; experts] },
            holders: vec![Vec::new(); experts],
            held: vec![false; units.len()],
            passes: Vec::new(),
            sink: 0,
            search: Search {
                expert: vec![FAR; experts],
                request: vec![FAR; requests],
                sink: FAR,
                via: vec![Via::Nothing; experts],
                sink_via: Via::Nothing,
                gives: vec![0; requests],
                done: vec![false; experts],
                sink_done: false,
            },
        }
    }

    /// Looks for prices, then lets each request take its best at them.
    fn start(&mut self) {
        for round in 0..ROUNDS {
            let mut asked = vec![0_usize; self.experts];
            self.take_best(|_, expert, _| asked[expert] += 1);
            let step = (self.most as f64 / 4.0 * 0.96_f64.powi(round)).ceil();
            if !self.reprice(&asked, step) {
                break;
            }
        }
        let (mut holders, mut held) = (std::mem::take(&mut self.holders), std::mem::take(&mut self.held));
        let mut cheapest = vec![0; self.limits.demand.len()];
        self.take_best(|request, expert, value| {
            holders[expert].push(request);
            held[request * self.experts + expert] = true;
            cheapest[request] = value;
        });
        (self.holders, self.held) = (holders, held);
        for (request, value) in cheapest.into_iter().enumerate() {
            // who takes nobody wants nobody at this price
            let none = self.limits.demand[request] == 0;
            let least = self.prices.expert.iter().copied().min().unwrap_or(0).min(0);
            self.prices.request[request] = if none { least } else { self.most - value };
        }
        let Limits { load_max, load_min, demand } = self.limits;
        let passes = self.prices.expert.iter().enumerate().map(|(expert, &price)| match price {
            price if price > 0 => load_max[expert],
            price if price < 0 => load_min[expert],
            _ => self.holders[expert].len().clamp(load_min[expert], load_max[expert]),
        });
        self.passes = passes.collect();
        let sum = |list: &[usize]| i64::try_from(list.iter().sum::<usize>()).unwrap_or(i64::MAX);
        self.sink = sum(&self.passes) - sum(demand);
    }

    /// Calls for each request with its best experts and their values, the last one with the lowest.
    fn take_best(&self, mut take: impl FnMut(usize, usize, i64)) {
        let mut top = Vec::new();
        for (request, row) in self.units.chunks(self.experts).enumerate() {
            let values = row.iter().zip(&self.prices.expert).map(|(score, price)| score - price);
            best_of(&mut top, self.limits.demand[request], row, values);
            top.iter().for_each(|&(value, expert)| take(request, expert, value));
        }
    }

    /// Makes those who are asked too often dearer and the others cheaper; false when everybody's load is right.
    fn reprice(&mut self, asked: &[usize], step: f64) -> bool {
        let mut wrong = false;
        for (expert, price) in self.prices.expert.iter_mut().enumerate() {
            let (min, max) = (self.limits.load_min[expert] as f64, self.limits.load_max[expert] as f64);
            let asked = asked[expert] as f64;
            let excess = if *price > 0 || asked > max { asked - max } else { (asked - min).min(0.0) };
            wrong |= excess != 0.0;
            let change = (step * (excess / max.max(1.0)).clamp(-1.0, 1.0)) as i64;
            let lowest = if min > 0.0 { -2 * self.most } else { 0 };
            *price = (*price + change).clamp(lowest, 2 * self.most);
        }
        wrong
    }

    /// The first place that takes more than it passes on.
    fn surplus(&self) -> Option<Place> {
        if self.sink > 0 {
            return Some(Place::Sink);
        }
        (0..self.experts).find(|&expert| self.holders[expert].len() > self.passes[expert]).map(Place::Expert)
    }

    fn lacks(&self, expert: usize) -> bool {
        self.holders[expert].len() < self.passes[expert]
    }

    /// Sends one unit from a place with a surplus to the nearest that lacks one.
    fn repair(&mut self, from: Place) -> Option<()> {
        self.search.clear();
        match from {
            Place::Sink => self.search.sink = 0,
            Place::Expert(expert) => self.search.expert[expert] = 0,
        }
        let (end, length) = self.go()?;
        let sink = self.search.sink.min(length);
        for (price, &distance) in self.prices.request.iter_mut().zip(&self.search.request) {
            *price += sink - distance.min(length);
        }
        for (price, &distance) in self.prices.expert.iter_mut().zip(&self.search.expert) {
            *price += sink - distance.min(length);
        }
        self.turn(end);
        Some(())
    }

    /// Dijkstra's search.
    fn go(&mut self) -> Option<(Place, i64)> {
        loop {
            let (mut next, mut least) = (None, FAR);
            for (expert, &distance) in self.search.expert.iter().enumerate() {
                if distance < least && !self.search.done[expert] {
                    (next, least) = (Some(Place::Expert(expert)), distance);
                }
            }
            if self.search.sink < least && !self.search.sink_done {
                (next, least) = (Some(Place::Sink), self.search.sink);
            }
            match next? {
                Place::Sink if self.sink < 0 => return Some((Place::Sink, least)),
                Place::Sink => self.look_from_sink(least),
                Place::Expert(expert) if self.lacks(expert) => return Some((Place::Expert(expert), least)),
                Place::Expert(expert) => self.look_from(expert, least),
            }
        }
    }

    fn look_from_sink(&mut self, distance: i64) {
        self.search.sink_done = true;
        for expert in 0..self.experts {
            let reach = distance + self.prices.expert[expert];
            if self.passes[expert] > self.limits.load_min[expert] && reach < self.search.expert[expert] {
                self.search.expert[expert] = reach;
                self.search.via[expert] = Via::Place(Place::Sink);
            }
        }
    }

    fn look_from(&mut self, expert: usize, distance: i64) {
        self.search.done[expert] = true;
        let price = self.prices.expert[expert];
        if self.passes[expert] < self.limits.load_max[expert] && distance - price < self.search.sink {
            self.search.sink = distance - price;
            self.search.sink_via = Via::Place(Place::Expert(expert));
        }
        for at in 0..self.holders[expert].len() {
            let request = self.holders[expert][at];
            let cost = self.most - self.units[request * self.experts + expert];
            let back = distance + self.prices.request[request] - cost - price;
            if back < self.search.request[request] {
                self.look_through(request, back, expert);
            }
        }
    }

    /// Looks at all experts that a request could take instead of `gives`.
    fn look_through(&mut self, request: usize, distance: i64, gives: usize) {
        let rows = request * self.experts..(request + 1) * self.experts;
        let (row, held) = (&self.units[rows.clone()], &self.held[rows]);
        let search = &mut self.search;
        search.request[request] = distance;
        search.gives[request] = gives;
        let base = distance + self.most - self.prices.request[request];
        for (expert, (&score, &price)) in row.iter().zip(&self.prices.expert).enumerate() {
            let reach = base - score + price;
            if reach < search.expert[expert] && score != FORBIDDEN && !held[expert] {
                search.expert[expert] = reach;
                search.via[expert] = Via::Request(request);
            }
        }
    }

    /// Turns the units along the path that ends here.
    fn turn(&mut self, end: Place) {
        let mut place = end;
        loop {
            match place {
                Place::Sink => match self.search.sink_via {
                    Via::Place(Place::Expert(expert)) => {
                        self.passes[expert] += 1;
                        self.sink += 1;
                        place = Place::Expert(expert);
                    }
                    _ => return,
                },
                Place::Expert(expert) => match self.search.via[expert] {
                    Via::Request(request) => {
                        let given = self.search.gives[request];
                        self.held[request * self.experts + expert] = true;
                        self.held[request * self.experts + given] = false;
                        self.holders[expert].push(request);
                        self.holders[given].retain(|&holder| holder != request);
                        place = Place::Expert(given);
                    }
                    Via::Place(_) => {
                        self.passes[expert] -= 1;
                        self.sink -= 1;
                        place = Place::Sink;
                    }
                    Via::Nothing => return,
                },
            }
        }
    }
}

impl Search {
    fn clear(&mut self) {
        self.expert.fill(FAR);
        self.request.fill(FAR);
        self.sink = FAR;
        self.via.fill(Via::Nothing);
        self.sink_via = Via::Nothing;
        self.done.fill(false);
        self.sink_done = false;
    }
}

/// Puts the `count` largest values with their experts into `top`, descending, the earlier one first among equals.
pub(super) fn best_of<T: PartialOrd + Copy>(
    top: &mut Vec<(T, usize)>,
    count: usize,
    row: &[i64],
    values: impl Iterator<Item = T>,
) {
    top.clear();
    for (expert, value) in values.enumerate() {
        let full = top.len() == count;
        if row[expert] == FORBIDDEN || (full && top.last().is_none_or(|last| value <= last.0)) {
            continue;
        }
        let at = top.partition_point(|other| other.0 >= value);
        top.insert(at, (value, expert));
        top.truncate(count);
    }
}
