//! An order in numbers: who may sit, what each is worth in each seat, what must be covered; and who takes which seat.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::panel::{Candidate, Order, Rule, SeatKind, UNIT};
use super::search::Effort;

/// In place of a score: may not take such a seat.
pub(super) const NEVER: i64 = i64::MIN;

#[derive(Debug, Clone)]
pub(super) struct Person {
    /// Place among the candidates.
    pub id: usize,
    /// Per kind of seat, [`NEVER`] where the person may not take it.
    pub value: [i64; 4],
    /// What of the needs the person serves, a bit each.
    pub serves: u64,
    pub employer: usize,
    /// Must sit.
    pub forced: bool,
}

/// An order in numbers.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// Seats per kind.
    pub seats: [usize; 4],
    /// Seats in all.
    pub size: usize,
    /// How many must serve each need.
    pub needs: Vec<usize>,
    /// Most of one employer.
    pub cap: usize,
    /// Who may sit.
    pub people: Vec<Person>,
}

/// Whether one can stand in for another in any seat and for all that must be covered.
fn dominates(left: &Person, right: &Person) -> bool {
    left.serves & right.serves == right.serves && left.value.iter().zip(right.value).all(|(left, right)| *left >= right)
}

impl Task {
    /// Nothing where no panel can keep the rules, for a reason that needs no search.
    pub fn new(people: &[Candidate], order: &Order, effort: &Effort) -> Option<Self> {
        Self::priced(people, order, &[], effort)
    }

    /// The same, with the price of each person (0 where there is none) taken from their scores.
    pub fn priced(people: &[Candidate], order: &Order, prices: &[i64], effort: &Effort) -> Option<Self> {
        effort.spend(people.len().saturating_mul(8 + order.rules.len()));
        let mut task = Self::whole(people, order, prices)?;
        task.drop_dominated(0, effort);
        (task.people.len() >= task.size).then_some(task)
    }

    /// Everybody who may sit.
    fn whole(people: &[Candidate], order: &Order, prices: &[i64]) -> Option<Self> {
        let size = order.size();
        let (mut needs, mut cap) = (Vec::new(), size.max(1));
        for rule in &order.rules {
            match *rule {
                Rule::Odd if size.is_multiple_of(2) => return None,
                Rule::Size { least, most } if !(least..=most).contains(&size) => return None,
                Rule::PerEmployer { most } => cap = cap.min(most),
                Rule::Balance => cap = cap.min((size / 3).max(1)),
                Rule::Field { least, .. } | Rule::OutsideProvince { least } | Rule::OutsideAsker { least } => {
                    needs.push((least, *rule));
                }
                _ => {}
            }
        }
        if needs.len() > 64 {
            return None;
        }
        let bits = |person: &Candidate| {
            let served = needs.iter().enumerate().filter(|(_, need)| serves(person, need.1));
            served.map(|(bit, _)| 1 << bit).sum()
        };
        let mut employers = BTreeMap::new();
        let mut taken = Vec::new();
        for (id, person) in people.iter().enumerate() {
            let forced = order.rules.contains(&Rule::Include { candidate: id });
            let Some(mut value) = values(id, person, order) else {
                if forced {
                    return None;
                }
                continue;
            };
            let price = prices.get(id).copied().unwrap_or(0);
            value.iter_mut().filter(|value| **value != NEVER).for_each(|value| *value -= price);
            let employer = person.employer.map_or(u64::from(u32::MAX) + 1 + id as u64, u64::from);
            let next = employers.len();
            let employer = *employers.entry(employer).or_insert(next);
            taken.push(Person { id, value, serves: bits(person), employer, forced });
        }
        Some(Self { seats: order.seats, size, needs: needs.iter().map(|need| need.0).collect(), cap, people: taken })
    }

    /// Places of people who are enough for the best panel when so many seats elsewhere may take people, too. In ascending order.
    pub fn shortlist(people: &[Candidate], order: &Order, beside: usize, effort: &Effort) -> Vec<usize> {
        let Some(mut task) = Self::whole(people, order, &[]) else { return Vec::new() };
        task.drop_dominated(beside, effort);
        let mut places: Vec<usize> = task.people.iter().map(|person| person.id).collect();
        places.sort_unstable();
        places
    }

    /// Leaves out whoever can be replaced in any panel by somebody at least as good: of those who are, at most `size − 1` can be
    /// hindered, by sitting already or by a full employer.
    ///
    /// Whoever dominates comes first here, and whoever is dominated by somebody left out is dominated by those for whom that one was:
    /// so each is held against those who stay alone.
    ///
    /// So many seats elsewhere may take people, too (`beside`). When the effort is spent, all others stay.
    fn drop_dominated(&mut self, beside: usize, effort: &Effort) {
        let effort = effort.part(2);
        let people = &self.people;
        let total = |one: usize| people[one].value.iter().map(|value| i128::from(*value)).sum::<i128>();
        let mut order: Vec<usize> = (0..people.len()).collect();
        order.sort_by_cached_key(|&one| (Reverse(total(one)), Reverse(people[one].serves.count_ones()), one));
        let mut keep = vec![false; people.len()];
        let mut kept: Vec<usize> = Vec::new();
        let mut by = BTreeMap::<usize, usize>::new();
        for one in order {
            if effort.is_spent() {
                keep[one] = true;
                continue;
            }
            effort.spend(kept.len());
            by.clear();
            let (mut own, mut others) = (0, 0);
            let is_beaten = self.cap == 0
                || self.size == 0
                || !kept.iter().filter(|&&other| dominates(&people[other], &people[one])).all(|&other| {
                    if people[other].employer == people[one].employer {
                        own += 1;
                    } else {
                        let count = by.entry(people[other].employer).or_default();
                        *count += 1;
                        others += usize::from(*count <= self.cap);
                    }
                    own < self.cap + beside && own + others < self.size + beside
                });
            if people[one].forced || !is_beaten {
                keep[one] = true;
                kept.push(one);
            }
        }
        let mut keep = keep.into_iter();
        self.people.retain(|_| keep.next().unwrap_or(true));
    }

    /// The same with all scores equal: whether there is any panel.
    pub fn flat(mut self, effort: &Effort) -> Self {
        for value in self.people.iter_mut().flat_map(|person| &mut person.value) {
            *value = (*value).min(0);
        }
        self.drop_dominated(0, effort);
        self
    }

    /// Whether there are seats for all of these people at once: Hall's condition over the kinds of seats.
    pub fn has_seats(&self, chosen: &[usize]) -> bool {
        let mut with = [0_usize; 16];
        for &one in chosen {
            let kinds = (0..4).filter(|&kind| self.people[one].value[kind] != NEVER);
            with[kinds.map(|kind| 1 << kind).sum::<usize>()] += 1;
        }
        (0..16_usize).all(|kinds| {
            let bound: usize = (0..16).filter(|those| those & kinds == *those).map(|those| with[those]).sum();
            let room: usize = (0..4).filter(|kind| kinds >> kind & 1 == 1).map(|kind| self.seats[kind]).sum();
            bound <= room
        })
    }

    /// What [`seat`](Self::seat) takes for so many people.
    pub fn steps_of_seat(&self, chosen: usize) -> usize {
        5 * chosen * self.seats.iter().map(|seats| seats + 1).product::<usize>()
    }

    /// The best seats for these people: value and kinds, in their order.
    pub fn seat(&self, chosen: &[usize]) -> Option<(i64, Vec<SeatKind>)> {
        let width: [usize; 4] = std::array::from_fn(|kind| self.seats[kind] + 1);
        let stride = [1, width[0], width[0] * width[1], width[0] * width[1] * width[2]];
        let states = stride[3] * width[3];
        let mut best = vec![NEVER; states];
        best[0] = 0;
        let mut took = Vec::with_capacity(chosen.len());
        for &one in chosen {
            let mut next = vec![(NEVER, SeatKind::Chair); states];
            for (state, &so_far) in best.iter().enumerate().filter(|(_, so_far)| **so_far != NEVER) {
                for kind in SeatKind::ALL {
                    let at = kind.index();
                    let value = self.people[one].value[at];
                    let room = state / stride[at] % width[at] < self.seats[at];
                    if room && value != NEVER && so_far + value > next[state + stride[at]].0 {
                        next[state + stride[at]] = (so_far + value, kind);
                    }
                }
            }
            best = next.iter().map(|entry| entry.0).collect();
            took.push(next);
        }
        let (mut state, &value) = best.iter().enumerate().max_by_key(|(state, value)| (**value, usize::MAX - state))?;
        if value == NEVER {
            return None;
        }
        let mut kinds: Vec<SeatKind> = took
            .iter()
            .rev()
            .map(|next| {
                let kind = next[state].1;
                state -= stride[kind.index()];
                kind
            })
            .collect();
        kinds.reverse();
        Some((value, kinds))
    }
}

/// Whether somebody counts for what a rule wants covered.
fn serves(person: &Candidate, rule: Rule) -> bool {
    match rule {
        Rule::Field { field, .. } => person.fields.contains(&field),
        Rule::OutsideProvince { .. } => person.outside_province,
        Rule::OutsideAsker { .. } => person.outside_asker,
        _ => false,
    }
}

/// What somebody is worth per kind of seat; nothing where they can't sit at all.
fn values(id: usize, person: &Candidate, order: &Order) -> Option<[i64; 4]> {
    let out = |rule: &Rule| match *rule {
        Rule::MostLoad { most } => person.load >= most,
        Rule::Exclude { candidate } => candidate == id,
        _ => false,
    };
    if person.conflicted || order.rules.iter().any(out) {
        return None;
    }
    let low = |kind: SeatKind| {
        let asks =
            |rule: &Rule| matches!(*rule, Rule::LeastDegree { seat, rank } if seat == kind && person.degree < rank);
        order.rules.iter().any(asks) || order.seats[kind.index()] == 0
    };
    let value =
        SeatKind::ALL.map(|kind| if low(kind) { NEVER } else { (person.scores[kind.index()] * UNIT).round() as i64 });
    value.iter().any(|&value| value != NEVER).then_some(value)
}
