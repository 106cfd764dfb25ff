//! The best panel: branch and bound over who sits.
//!
//! The bound is a Lagrangian relaxation: seats have prices, what must be
//! covered has rewards, and the best so many people under the cap per employer are a greedy choice (a truncated partition matroid,
//! where greed is exact). Rewards and prices follow the subgradient (Held and Karp 1971) at each node; people who can't belong to a
//! better panel by their reduced cost are fixed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::panel::{Candidate, Order, SeatKind, UNIT};
use super::task::{NEVER, Task};

/// Nodes of a search.
const NODES: usize = 5_000;
/// Steps of all that one effort is spent on: a second or two.
const STEPS: u64 = 300_000_000;

/// How long may be searched. Counted in nodes and in steps, so that the answer never depends on the machine. All that is asked with one
/// effort, and with its parts and copies, draws on the same steps.
#[derive(Debug, Clone)]
pub struct Effort {
    /// Nodes of the search for the best panel, and of each question whether there is any.
    nodes: usize,
    /// Steps that are left.
    left: Arc<AtomicU64>,
    /// Steps that must stay for others.
    floor: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self::new(NODES, STEPS)
    }
}

impl Effort {
    /// So many nodes a search, so many steps in all.
    pub fn new(nodes: usize, steps: u64) -> Self {
        Self { nodes, left: Arc::new(AtomicU64::new(steps)), floor: 0 }
    }

    /// The same steps, other nodes.
    pub(super) fn with_nodes(&self, nodes: usize) -> Self {
        Self { nodes, ..self.clone() }
    }

    /// One part of so many of what is left; what it does not use stays for the others.
    pub(super) fn part(&self, of: u64) -> Self {
        let left = self.left.load(Ordering::Relaxed);
        Self { floor: left - left.saturating_sub(self.floor) / of.max(1), ..self.clone() }
    }

    /// Takes steps, also more than there are.
    pub(super) fn spend(&self, steps: usize) {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(u64::try_from(steps).unwrap_or(u64::MAX)), Ordering::Relaxed);
    }

    /// Whether nothing is left.
    pub(super) fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) <= self.floor
    }
}

/// Who sits where.
pub(super) type Sitting = Vec<(usize, SeatKind)>;

/// What a search found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub sitting: Option<Sitting>,
    pub value: i64,
    pub bound: i64,
    /// The best is known, or that there is none.
    pub proven: bool,
}

/// Searches for the best panel.
pub(super) fn best(task: &Task, effort: &Effort) -> Found {
    run(task, effort, false)
}

/// Any panel that keeps the rules.
pub(super) enum Any {
    /// This one does.
    Found(Sitting),
    /// There is none.
    Nobody,
    /// The effort did not suffice.
    Unknown,
}

/// Looks for any panel.
pub(super) fn any(people: &[Candidate], order: &Order, effort: &Effort) -> Any {
    let Some(task) = Task::new(people, order, effort) else { return Any::Nobody };
    let found = run(&task.flat(effort), effort, true);
    match found.sitting {
        Some(sitting) => Any::Found(sitting),
        None if found.proven => Any::Nobody,
        None => Any::Unknown,
    }
}

/// Whether there is a panel; not known where the effort did not suffice.
pub(super) fn exists(people: &[Candidate], order: &Order, effort: &Effort) -> Option<bool> {
    match any(people, order, effort) {
        Any::Found(_) => Some(true),
        Any::Nobody => Some(false),
        Any::Unknown => None,
    }
}

fn run(task: &Task, effort: &Effort, any: bool) -> Found {
    let mut search = Search { task, effort, best: None, left: effort.nodes, open: NEVER, any };
    let mut state = vec![State::Open; task.people.len()];
    for (one, person) in task.people.iter().enumerate() {
        if person.forced {
            state[one] = State::In;
        }
    }
    search.node(state, Rates { seat: [0.0; 4], need: vec![0.0; task.needs.len()] }, 150);
    let value = search.best.as_ref().map_or(NEVER, |best| best.0);
    let sitting = search.best.map(|(_, sitting)| sitting);
    Found { sitting, value, bound: value.max(search.open), proven: search.open <= value }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    In,
    Out,
}

/// Prices of seats and rewards for what must be covered.
#[derive(Debug, Clone)]
struct Rates {
    seat: [f64; 4],
    need: Vec<f64>,
}

struct Search<'t> {
    task: &'t Task,
    effort: &'t Effort,
    best: Option<(i64, Sitting)>,
    left: usize,
    /// The highest bound of what was left unsearched.
    open: i64,
    /// The first panel is good enough.
    any: bool,
}

/// The relaxed choice at some rates.
struct Choice {
    bound: f64,
    /// Those who sit in it, and each one's kind.
    chosen: Vec<(usize, usize)>,
    worth: Vec<f64>,
}

impl Search<'_> {
    fn incumbent(&self) -> i64 {
        self.best.as_ref().map_or(NEVER, |best| best.0)
    }

    /// Searches below a node; `steps` of the subgradient are made first.
    fn node(&mut self, mut state: Vec<State>, mut rates: Rates, steps: usize) {
        if (self.any && self.best.is_some()) || !self.may_hold(&state) {
            return;
        }
        let Some(mut lowest) = self.relax(&state, &rates) else { return };
        let (mut stride, mut idle, mut here) = (1.0, 0, rates.clone());
        for _ in 0..steps {
            if self.effort.is_spent() {
                break;
            }
            let Some(choice) = self.relax(&state, &here) else { return };
            self.try_out(&choice.chosen);
            let still = !self.follow(&choice, &mut here, stride);
            if choice.bound < lowest.bound - 0.5 {
                (idle, rates, lowest) = (0, here.clone(), choice);
            } else {
                idle += 1;
            }
            if idle > 5 {
                (stride, idle) = (stride * 0.6, 0);
            }
            if still || self.is_beaten(lowest.bound) {
                break;
            }
        }
        if self.is_beaten(lowest.bound) || (self.any && self.best.is_some()) {
            return;
        }
        if self.left == 0 || self.effort.is_spent() {
            self.open = self.open.max(floor(lowest.bound));
            return;
        }
        self.left -= 1;
        self.fix(&mut state, &lowest);
        let branch = lowest.chosen.iter().map(|chosen| chosen.0).filter(|&one| state[one] == State::Open);
        let Some(one) = branch.max_by(|&a, &b| lowest.worth[a].total_cmp(&lowest.worth[b]).then(b.cmp(&a))) else {
            // all are settled, and were tried out above
            return;
        };
        let mut with = state.clone();
        with[one] = State::In;
        state[one] = State::Out;
        self.node(with, rates.clone(), 10);
        self.node(state, rates, 10);
    }

    fn is_beaten(&self, bound: f64) -> bool {
        // with equal scores any panel is worth 0
        let beaten = if self.any { -1 } else { self.incumbent() };
        floor(bound) <= beaten
    }

    /// Quick looks: enough people, enough for each need, room for all who sit.
    fn may_hold(&self, state: &[State]) -> bool {
        let task = self.task;
        let with = |wanted: State| (0..state.len()).filter(move |&one| state[one] == wanted);
        let sits: Vec<usize> = with(State::In).collect();
        let Some(room) = task.size.checked_sub(sits.len()) else { return false };
        let mut employed = BTreeMap::<usize, usize>::new();
        sits.iter().for_each(|&one| *employed.entry(task.people[one].employer).or_default() += 1);
        if employed.values().any(|&count| count > task.cap) || !task.has_seats(&sits) {
            return false;
        }
        task.needs.iter().enumerate().all(|(bit, &need)| {
            let serves = |one: &usize| task.people[*one].serves >> bit & 1 == 1;
            let have = sits.iter().filter(|one| serves(one)).count();
            have + with(State::Open).filter(serves).count().min(room) >= need
        })
    }

    /// The best so many people at these rates.
    fn relax(&self, state: &[State], rates: &Rates) -> Option<Choice> {
        let task = self.task;
        self.effort.spend(state.len() * (12 + task.needs.len()));
        let mut bound: f64 = (0..4).map(|kind| task.seats[kind] as f64 * rates.seat[kind]).sum();
        bound -= task.needs.iter().zip(&rates.need).map(|(need, rate)| *need as f64 * rate).sum::<f64>();
        let mut kinds = vec![0; state.len()];
        let worth: Vec<f64> = task
            .people
            .iter()
            .enumerate()
            .map(|(one, person)| {
                let mut most = f64::NEG_INFINITY;
                for kind in (0..4).filter(|&kind| person.value[kind] != NEVER) {
                    let worth = person.value[kind] as f64 - rates.seat[kind];
                    if worth > most {
                        (most, kinds[one]) = (worth, kind);
                    }
                }
                let bits = rates.need.iter().enumerate().filter(|(bit, _)| person.serves >> bit & 1 == 1);
                most + bits.map(|(_, rate)| rate).sum::<f64>()
            })
            .collect();
        let mut order: Vec<usize> = (0..state.len()).filter(|&one| state[one] != State::Out).collect();
        order.sort_by(|&a, &b| {
            let first = |one: usize| state[one] != State::In;
            first(a).cmp(&first(b)).then(worth[b].total_cmp(&worth[a])).then(a.cmp(&b))
        });
        let mut employed = vec![0; task.people.iter().map(|person| person.employer + 1).max().unwrap_or(0)];
        let mut chosen = Vec::with_capacity(task.size);
        for one in order {
            let employer = &mut employed[task.people[one].employer];
            if chosen.len() < task.size && *employer < task.cap {
                *employer += 1;
                bound += worth[one];
                chosen.push((one, kinds[one]));
            }
        }
        (chosen.len() == task.size).then_some(Choice { bound, chosen, worth })
    }

    /// A step along the subgradient; false where there is none.
    fn follow(&self, choice: &Choice, rates: &mut Rates, stride: f64) -> bool {
        let task = self.task;
        let seats: [f64; 4] = std::array::from_fn(|kind| {
            task.seats[kind] as f64 - choice.chosen.iter().filter(|chosen| chosen.1 == kind).count() as f64
        });
        let covered = |bit: usize| {
            choice.chosen.iter().filter(|chosen| task.people[chosen.0].serves >> bit & 1 == 1).count() as f64
        };
        let needs: Vec<f64> = task.needs.iter().enumerate().map(|(bit, &need)| covered(bit) - need as f64).collect();
        let moves =
            needs.iter().zip(&rates.need).map(|(slope, rate)| if *slope > 0.0 && *rate == 0.0 { 0.0 } else { *slope });
        let square: f64 = seats.iter().copied().chain(moves).map(|slope| slope * slope).sum();
        if square == 0.0 {
            return false;
        }
        let floor = if self.incumbent() == NEVER { 0.9 * choice.bound - UNIT / 100.0 } else { self.incumbent() as f64 };
        let floor = if self.any { -UNIT / 2.0 } else { floor };
        let length = stride * (choice.bound - floor).max(1.0) / square;
        rates.seat.iter_mut().zip(seats).for_each(|(rate, slope)| *rate -= length * slope);
        rates.need.iter_mut().zip(needs).for_each(|(rate, slope)| *rate = (*rate - length * slope).max(0.0));
        true
    }

    /// Keeps the people as a panel if they are one, and a better one.
    fn try_out(&mut self, chosen: &[(usize, usize)]) {
        let task = self.task;
        let mut sits: Vec<usize> = chosen.iter().map(|chosen| chosen.0).collect();
        let covers = |(bit, &need): (usize, &usize)| {
            sits.iter().filter(|&&one| task.people[one].serves >> bit & 1 == 1).count() >= need
        };
        if !task.needs.iter().enumerate().all(covers) {
            return;
        }
        sits.sort_unstable();
        // more than the best seat of each they can't be worth
        let most = |&one: &usize| task.people[one].value.into_iter().max().unwrap_or(NEVER);
        if !task.has_seats(&sits) || sits.iter().map(most).sum::<i64>() <= self.incumbent() {
            return;
        }
        self.effort.spend(task.steps_of_seat(sits.len()));
        let Some((value, kinds)) = task.seat(&sits) else { return };
        if value > self.incumbent() {
            let mut sitting: Sitting = sits.iter().zip(kinds).map(|(&one, kind)| (task.people[one].id, kind)).collect();
            sitting.sort_by_key(|&(id, kind)| (kind, id));
            self.best = Some((value, sitting));
        }
    }

    /// Settles those whose choice the other way could not beat what is known.
    fn fix(&self, state: &mut [State], choice: &Choice) {
        let beats = |loss: f64| !self.is_beaten(choice.bound - loss);
        let mut sits = vec![false; state.len()];
        choice.chosen.iter().for_each(|chosen| sits[chosen.0] = true);
        let open = |one: &usize| state[*one] == State::Open;
        let worths = |inside: bool| {
            (0..state.len())
                .filter(open)
                .filter(|&one| sits[one] == inside)
                .map(|one| choice.worth[one])
                .collect::<Vec<_>>()
        };
        let least = worths(true).into_iter().fold(f64::INFINITY, f64::min);
        let next = worths(false).into_iter().fold(f64::NEG_INFINITY, f64::max);
        for one in 0..state.len() {
            if state[one] != State::Open {
                continue;
            }
            if sits[one] && !beats((choice.worth[one] - next).max(0.0)) {
                state[one] = State::In;
            } else if !sits[one] && !beats((least - choice.worth[one]).max(0.0)) {
                state[one] = State::Out;
            }
        }
    }
}

/// Whole units that a bound allows; floats err by far less than a hundredth of one.
fn floor(bound: f64) -> i64 {
    (bound + 0.01).floor() as i64
}
