//! Why no panel keeps all rules, and the smallest relaxation that helps.
//!
//! The rules that clash are found by deletion filtering (Chinneck and Dravnieks 1991): a rule stays if the others can be kept
//! without it. Each relaxation that helps must weaken one of them, so the search for the smallest one branches on those alone, by
//! cost, and stops at the first that helps; no smaller one was passed over.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::panel::{Candidate, Order, Rule, SeatKind};
use super::search::{Effort, exists};

/// Questions that are asked at most before the search for a relaxation ends.
const QUESTIONS: usize = 4_000;

/// A rule and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weakened {
    /// As it was asked for.
    pub rule: Rule,
    /// What would do; none where it must go.
    pub to: Option<Rule>,
    /// Steps between the two.
    pub steps: usize,
}

/// Changes that make a panel possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relaxation {
    /// Rules to weaken.
    pub rules: Vec<Weakened>,
    /// Members more (above 0) or fewer (below 0).
    pub members: i64,
    /// Steps in all, a member counting as one.
    pub size: usize,
}

/// No panel keeps all rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no panel keeps these rules together: {rules:?}; would help: {relaxation:?}")]
pub struct Clash {
    /// Rules that clash with each other and the seats, none of them idle; empty where there are more seats than people.
    pub rules: Vec<Rule>,
    /// The smallest relaxation that helps; none where nothing does, or the effort did not suffice.
    pub relaxation: Option<Relaxation>,
    /// Whether every step was proven: that the rules clash, and that no smaller relaxation helps.
    pub proven: bool,
}

/// A relaxation on its way: what each rule became, in how many steps, and the members.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Eased {
    rules: Vec<(Option<Rule>, usize)>,
    members: i64,
}

struct Asker<'a> {
    people: &'a [Candidate],
    effort: &'a Effort,
    proven: bool,
    left: usize,
}

impl Asker<'_> {
    /// Whether there is a panel, where that is known.
    fn can(&mut self, seats: [usize; 4], rules: Vec<Rule>) -> Option<bool> {
        self.left = if self.effort.is_spent() { 0 } else { self.left.saturating_sub(1) };
        if self.left == 0 {
            self.proven = false;
            return None;
        }
        // no question takes more than a tenth of what is left
        let known = exists(self.people, &Order { seats, rules }, &self.effort.part(10));
        self.proven &= known.is_some();
        known
    }

    /// Rules that can't be kept together; each one is needed for that, as far as the effort suffices.
    fn clash(&mut self, seats: [usize; 4], rules: &[Rule]) -> Vec<Rule> {
        let mut stay = rules.to_vec();
        for rule in rules {
            let without: Vec<Rule> = stay.iter().filter(|other| *other != rule).copied().collect();
            if self.can(seats, without.clone()) == Some(false) {
                stay = without;
            }
        }
        stay
    }
}

/// Why no panel keeps all rules. Of people who differ in nothing a rule could ask for, no more are looked at than could sit.
pub(super) fn explain(people: &[Candidate], order: &Order, effort: &Effort) -> Clash {
    let places = alike(people, order, order.size() + MORE);
    let few: Vec<Candidate> = places.iter().map(|&place| people[place].clone()).collect();
    let renamed = |rule: Rule, to: &dyn Fn(usize) -> usize| match rule {
        Rule::Include { candidate } => Rule::Include { candidate: to(candidate) },
        Rule::Exclude { candidate } => Rule::Exclude { candidate: to(candidate) },
        other => other,
    };
    // a person who is named is always among them
    let inward = |candidate: usize| places.binary_search(&candidate).unwrap_or(usize::MAX);
    let rules = order.rules.iter().map(|rule| renamed(*rule, &inward)).collect();
    let mut clash = explain_few(&few, &Order { seats: order.seats, rules }, effort);
    let outward = |candidate: usize| places.get(candidate).copied().unwrap_or(candidate);
    clash.rules.iter_mut().for_each(|rule| *rule = renamed(*rule, &outward));
    for weakened in clash.relaxation.iter_mut().flat_map(|relaxation| &mut relaxation.rules) {
        weakened.rule = renamed(weakened.rule, &outward);
        weakened.to = weakened.to.map(|rule| renamed(rule, &outward));
    }
    clash
}

/// Most members more that a relaxation asks for: with an odd number wanted, two.
pub(super) const MORE: usize = 2;

/// Places of people such that any panel of at most `most` that keeps rules like those of the order, or weaker ones, has a counterpart
/// among them: of people alike, `most` of one employer and `most` employers. Whoever sits and is left out has somebody in their stead
/// who does not sit, of the same employer or of one from whom nobody sits. In ascending order.
pub(super) fn alike(people: &[Candidate], order: &Order, most: usize) -> Vec<usize> {
    let (mut fields, mut named) = (Vec::new(), HashSet::new());
    let (mut by_degree, mut by_load) = (false, false);
    for rule in &order.rules {
        match *rule {
            Rule::Field { field, .. } => fields.push(field),
            Rule::Include { candidate } | Rule::Exclude { candidate } => {
                named.insert(candidate);
            }
            Rule::LeastDegree { .. } => by_degree = true,
            Rule::MostLoad { .. } => by_load = true,
            _ => {}
        }
    }
    let mut classes: HashMap<_, HashMap<Option<u32>, usize>> = HashMap::new();
    let stays = |(place, person): &(usize, &Candidate)| {
        let covers: Vec<bool> = fields.iter().map(|field| person.fields.contains(field)).collect();
        let (degree, load) = (if by_degree { person.degree } else { 0 }, if by_load { person.load } else { 0 });
        let class = (covers, degree, load, person.outside_province, person.outside_asker);
        let employers = classes.entry(class).or_default();
        // of those without an employer, who share none, `most` are enough
        let full = employers.get(&person.employer).map_or(employers.len() >= most, |count| *count >= most);
        if named.contains(place) {
            return true;
        }
        if !full && !person.conflicted {
            *employers.entry(person.employer).or_default() += 1;
        }
        !full && !person.conflicted
    };
    people.iter().enumerate().filter(stays).map(|(place, _)| place).collect()
}

fn explain_few(people: &[Candidate], order: &Order, effort: &Effort) -> Clash {
    let mut asker = Asker { people, effort, proven: true, left: QUESTIONS };
    let mut rules: Vec<Rule> = Vec::new();
    for rule in &order.rules {
        if !rules.contains(rule) {
            rules.push(*rule);
        }
    }
    let clash = asker.clash(order.seats, &rules);
    let relaxation = smallest(&mut asker, &Order { seats: order.seats, rules });
    Clash { rules: clash, proven: asker.proven && relaxation.is_some(), relaxation }
}

/// Cheapest first; of equal cost the one that was thought of first.
fn smallest(asker: &mut Asker<'_>, order: &Order) -> Option<Relaxation> {
    let highest_load = asker.people.iter().map(|person| person.load).max().unwrap_or(0);
    let mut queue = BinaryHeap::new();
    let mut seen = HashSet::new();
    let mut open: Vec<Eased> = Vec::new();
    let spare = i64::try_from(order.seats[SeatKind::Member.index()]).unwrap_or(i64::MAX);
    let as_asked: Vec<(Option<Rule>, usize)> = order.rules.iter().map(|rule| (Some(*rule), 0)).collect();
    for members in std::iter::once(0).chain([1, 2]).chain((1..=spare).map(|fewer| -fewer)) {
        queue.push(Reverse((members.unsigned_abs(), open.len())));
        open.push(Eased { rules: as_asked.clone(), members });
    }
    while let Some(Reverse((cost, at))) = queue.pop() {
        if asker.left == 0 {
            return None;
        }
        let eased = open[at].clone();
        let mut seats = order.seats;
        let member = &mut seats[SeatKind::Member.index()];
        *member = member.saturating_add_signed(isize::try_from(eased.members).unwrap_or(0));
        let size: usize = seats.iter().sum();
        let rules: Vec<Rule> = eased.rules.iter().filter_map(|(rule, _)| *rule).collect();
        let is_size = |rule: &Rule| match *rule {
            Rule::Odd => !size.is_multiple_of(2),
            Rule::Size { least, most } => (least..=most).contains(&size),
            _ => true,
        };
        if !rules.iter().all(is_size) {
            // an even panel is no way out where an odd one is asked for, nor one of another size than may be
            continue;
        }
        if size > 0 && asker.can(seats, rules.clone()) == Some(true) {
            return Some(told(order, &eased, usize::try_from(cost).unwrap_or(usize::MAX)));
        }
        for rule in asker.clash(seats, &rules).into_iter().filter(|rule| !matches!(rule, Rule::Odd | Rule::Size { .. }))
        {
            for index in (0..eased.rules.len()).filter(|&index| eased.rules[index].0 == Some(rule)) {
                let mut next = eased.clone();
                next.rules[index] = (rule.weaker(size, highest_load), eased.rules[index].1 + 1);
                if seen.insert(next.clone()) {
                    queue.push(Reverse((cost + 1, open.len())));
                    open.push(next);
                }
            }
        }
    }
    None
}

fn told(order: &Order, eased: &Eased, size: usize) -> Relaxation {
    let pairs = order.rules.iter().zip(&eased.rules).filter(|(_, eased)| eased.1 > 0);
    let rules = pairs.map(|(&rule, &(to, steps))| Weakened { rule, to, steps });
    Relaxation { rules: rules.collect(), members: eased.members, size }
}
