//! One panel: seats, candidates, rules, and the best panel that keeps them.

use std::collections::{HashMap, HashSet};

use super::clash::{self, Clash};
use super::search::{self, Any, Effort, Found};
use super::task::Task;

/// What somebody does on a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeatKind {
    /// Chairs it (chủ tịch).
    Chair,
    /// Keeps its minutes (thư ký).
    Secretary,
    /// Reviews in writing (ủy viên phản biện).
    Reviewer,
    /// Takes part (ủy viên).
    Member,
}

impl SeatKind {
    /// All of them, in the order of a decision.
    pub const ALL: [Self; 4] = [Self::Chair, Self::Secretary, Self::Reviewer, Self::Member];

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// Somebody who might sit.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// From 0 to 1, per kind of seat in the order of [`SeatKind::ALL`]; counted in billionths.
    pub scores: [f64; 4],
    /// Rank of the degree; higher is more.
    pub degree: u8,
    /// Fields of work.
    pub fields: Vec<u32>,
    /// Employer; who has none shares none.
    pub employer: Option<u32>,
    /// Lives and works outside the province.
    pub outside_province: bool,
    /// Does not belong to the asker.
    pub outside_asker: bool,
    /// Requests at work now.
    pub load: u32,
    /// Has a conflict of interest that nobody waived: never sits.
    pub conflicted: bool,
}

/// What a panel must keep. People are named by their place among the candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// An odd number of seats.
    Odd,
    /// Between so many seats and so many: no way out changes it.
    Size {
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// At least so many who know a field.
    Field {
        /// The field.
        field: u32,
        /// How many.
        least: usize,
    },
    /// At least so many from outside the province.
    OutsideProvince {
        /// How many.
        least: usize,
    },
    /// At least so many from outside the asker.
    OutsideAsker {
        /// How many.
        least: usize,
    },
    /// At most so many of one employer.
    PerEmployer {
        /// How many.
        most: usize,
    },
    /// At most a third from one employer, one in any case.
    Balance,
    /// A degree of at least this rank on a kind of seat.
    LeastDegree {
        /// The kind of seat.
        seat: SeatKind,
        /// The rank.
        rank: u8,
    },
    /// Nobody who has more requests at work with this one.
    MostLoad {
        /// How many, this one included.
        most: u32,
    },
    /// Somebody sits.
    Include {
        /// Who.
        candidate: usize,
    },
    /// Somebody does not sit.
    Exclude {
        /// Who.
        candidate: usize,
    },
}

impl Rule {
    /// One step weaker, on a panel of `size`; none where the rule then asks for nothing. A step costs one.
    pub fn weaker(self, size: usize, highest_load: u32) -> Option<Self> {
        match self {
            Self::Field { field, least } if least > 1 => Some(Self::Field { field, least: least - 1 }),
            Self::OutsideProvince { least } if least > 1 => Some(Self::OutsideProvince { least: least - 1 }),
            Self::OutsideAsker { least } if least > 1 => Some(Self::OutsideAsker { least: least - 1 }),
            Self::PerEmployer { most } if most + 1 < size => Some(Self::PerEmployer { most: most + 1 }),
            Self::Balance if size / 3 + 1 < size => Some(Self::PerEmployer { most: (size / 3).max(1) + 1 }),
            Self::LeastDegree { seat, rank } if rank > 1 => Some(Self::LeastDegree { seat, rank: rank - 1 }),
            Self::MostLoad { most } if most <= highest_load => Some(Self::MostLoad { most: most + 1 }),
            _ => None,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Seats per kind, in the order of [`SeatKind::ALL`].
    pub seats: [usize; 4],
    /// What must be kept.
    pub rules: Vec<Rule>,
}

impl Order {
    /// Seats in all.
    pub fn size(&self) -> usize {
        self.seats.iter().sum()
    }
}

/// Why somebody sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A rule asks for the person by name, or would be broken without them.
    Needed(Rule),
    /// Nobody who keeps all rules in this seat has a higher score.
    BestForSeat,
    /// Somebody else would have a higher score here; the panel as a whole would not.
    BestTogether,
}

/// A seat of a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Its kind.
    pub kind: SeatKind,
    /// Who sits.
    pub candidate: usize,
    /// Who could take it with all others in place and all rules kept, the best first.
    pub alternates: Vec<usize>,
    /// Why this person.
    pub reasons: Vec<Reason>,
}

/// The best panel that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// By kind, then by candidate.
    pub seats: Vec<Seat>,
    /// Sum of the scores.
    pub value: f64,
    /// No panel that keeps the rules has a larger sum.
    pub bound: f64,
    /// Whether it is proven that none is better.
    pub optimal: bool,
}

/// Scores are counted in these.
pub(super) const UNIT: f64 = 1e9;

/// Proposes a panel: the exact best one where the effort suffices, else the best found with a bound.
///
/// # Errors
/// [`Clash`] names rules that can't be kept together, and the smallest relaxation that helps.
pub fn propose(people: &[Candidate], order: &Order, effort: Effort) -> Result<Panel, Clash> {
    let any = search::any(people, order, &effort.part(4));
    let best = match any {
        Any::Nobody => None,
        _ => Task::new(people, order, &effort).map(|task| search::best(&task, &effort.part(2))),
    };
    match (best, any) {
        (Some(Found { sitting: Some(sitting), value, bound, proven }), _) => {
            let (value, bound) = (value as f64 / UNIT, bound as f64 / UNIT);
            Ok(Panel { seats: seats(people, order, &sitting), value, bound, optimal: proven })
        }
        // the search for the best ended before it had one: any is better than none
        (Some(Found { bound, .. }), Any::Found(sitting)) => {
            let value: f64 = sitting.iter().map(|&(one, kind)| people[one].scores[kind.index()]).sum();
            let bound = (bound as f64 / UNIT).max(value);
            Ok(Panel { seats: seats(people, order, &sitting), value, bound, optimal: false })
        }
        _ => Err(clash::explain(people, order, &effort)),
    }
}

/// The seats with alternates and reasons.
pub(super) fn seats(people: &[Candidate], order: &Order, sitting: &[(usize, SeatKind)]) -> Vec<Seat> {
    let seats = sitting.iter().enumerate().map(|(at, &(candidate, kind))| {
        let alternates = alternates(people, order, sitting, at);
        let score = |candidate: usize| people[candidate].scores[kind.index()];
        let mut reasons: Vec<Reason> = needed(people, order, sitting, at).map(Reason::Needed).collect();
        let better = alternates.first().is_some_and(|&other| score(other) > score(candidate));
        reasons.push(if better { Reason::BestTogether } else { Reason::BestForSeat });
        Seat { kind, candidate, alternates, reasons }
    });
    seats.collect()
}

/// Who could take a seat while the others stay.
fn alternates(people: &[Candidate], order: &Order, sitting: &[(usize, SeatKind)], at: usize) -> Vec<usize> {
    let (who, kind) = sitting[at];
    let mut left = sitting.to_vec();
    left.remove(at);
    let count = |is: &dyn Fn(&Candidate) -> bool| left.iter().filter(|seat| is(&people[seat.0])).count();
    let mut employed: HashMap<u32, usize> = HashMap::new();
    left.iter().filter_map(|seat| people[seat.0].employer).for_each(|one| *employed.entry(one).or_default() += 1);
    let (mut asks, mut out): (Vec<Rule>, HashSet<usize>) = (Vec::new(), sitting.iter().map(|seat| seat.0).collect());
    for &rule in &order.rules {
        match rule {
            Rule::Exclude { candidate } => {
                out.insert(candidate);
            }
            // kept whoever comes, or asked of who comes
            Rule::Field { field, least } if count(&|one| one.fields.contains(&field)) >= least => {}
            Rule::OutsideProvince { least } if count(&|one| one.outside_province) >= least => {}
            Rule::OutsideAsker { least } if count(&|one| one.outside_asker) >= least => {}
            Rule::Include { candidate } if candidate != who => {}
            Rule::Odd | Rule::Size { .. } => {}
            // who must sit here has nobody in line
            Rule::Include { .. } => return Vec::new(),
            other => asks.push(other),
        }
    }
    let cap = |employer: Option<u32>, most: usize| {
        employer.is_none_or(|employer| employed.get(&employer).copied().unwrap_or(0) < most)
    };
    let fits = |person: &Candidate| {
        asks.iter().all(|rule| match *rule {
            Rule::Field { field, .. } => person.fields.contains(&field),
            Rule::OutsideProvince { .. } => person.outside_province,
            Rule::OutsideAsker { .. } => person.outside_asker,
            Rule::PerEmployer { most } => cap(person.employer, most),
            Rule::Balance => cap(person.employer, (sitting.len() / 3).max(1)),
            Rule::LeastDegree { seat, rank } => seat != kind || person.degree >= rank,
            Rule::MostLoad { most } => person.load < most,
            Rule::Odd | Rule::Size { .. } | Rule::Include { .. } | Rule::Exclude { .. } => true,
        })
    };
    let mut others: Vec<usize> = (0..people.len())
        .filter(|other| !out.contains(other) && !people[*other].conflicted && fits(&people[*other]))
        .collect();
    others.sort_by(|&a, &b| people[b].scores[kind.index()].total_cmp(&people[a].scores[kind.index()]));
    others
}

/// The rules that would be broken if somebody left and nobody came.
fn needed<'a>(
    people: &'a [Candidate],
    order: &'a Order,
    sitting: &'a [(usize, SeatKind)],
    at: usize,
) -> impl Iterator<Item = Rule> + 'a {
    let mut left = sitting.to_vec();
    left.remove(at);
    let lower = |rule: &&Rule| {
        use Rule::{Field, Include, OutsideAsker, OutsideProvince};
        matches!(rule, Field { .. } | OutsideProvince { .. } | OutsideAsker { .. } | Include { .. })
    };
    order.rules.iter().filter(lower).filter(move |rule| !keeps(people, **rule, &left)).copied()
}

/// Whether those who sit keep a rule.
pub(super) fn keeps(people: &[Candidate], rule: Rule, sitting: &[(usize, SeatKind)]) -> bool {
    let count = |is: &dyn Fn(&Candidate) -> bool| sitting.iter().filter(|seat| is(&people[seat.0])).count();
    let most_of_one = || {
        let of = |employer: u32| count(&|person| person.employer == Some(employer));
        sitting.iter().filter_map(|seat| people[seat.0].employer).map(of).max().unwrap_or(0)
    };
    match rule {
        Rule::Odd => sitting.len() % 2 == 1,
        Rule::Size { least, most } => (least..=most).contains(&sitting.len()),
        Rule::Field { field, least } => count(&|person| person.fields.contains(&field)) >= least,
        Rule::OutsideProvince { least } => count(&|person| person.outside_province) >= least,
        Rule::OutsideAsker { least } => count(&|person| person.outside_asker) >= least,
        Rule::PerEmployer { most } => most_of_one() <= most,
        Rule::Balance => most_of_one() <= (sitting.len() / 3).max(1),
        Rule::LeastDegree { seat, rank } => sitting.iter().all(|at| at.1 != seat || people[at.0].degree >= rank),
        Rule::MostLoad { most } => count(&|person| person.load >= most) == 0,
        Rule::Include { candidate } => sitting.iter().any(|seat| seat.0 == candidate),
        Rule::Exclude { candidate } => sitting.iter().all(|seat| seat.0 != candidate),
    }
}

#[cfg(test)]
#[path = "panel_tests.rs"]
mod tests;
