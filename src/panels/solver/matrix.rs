//! What a joint assignment is asked: a matrix of scores with demands, loads and pairs that must not meet.

use serde::Deserialize;

/// Most pairs of request and expert that one question may have.
pub const MAX_PAIRS: usize = 16_000_000;
/// Largest score. Sums of scores stay far from what a float can't hold.
pub const MAX_SCORE: f64 = 1e12;

/// What is to be as large as possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The sum of all scores.
    #[default]
    Total,
    /// The smallest sum of a panel; among equals the sum of all scores.
    Worst,
}

/// A question as it stands in a file. Numbers are taken wide, so that what is out of range is told in its place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// A row per request, in it a score per expert: finite, from 0 to [`MAX_SCORE`].
    pub scores: Vec<Vec<f64>>,
    /// Experts each request needs.
    pub demand: Vec<i64>,
    /// Requests each expert takes at most.
    pub load_max: Vec<i64>,
    /// Requests each expert must get; none by default.
    #[serde(default)]
    pub load_min: Option<Vec<i64>>,
    /// Pairs `[request, expert]`, from 0, that must not meet.
    #[serde(default)]
    pub forbidden: Vec<[i64; 2]>,
    /// What is to be as large as possible.
    #[serde(default)]
    pub objective: Objective,
}

/// A list of a [`Question`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// `scores`
    Scores,
    /// `demand`
    Demand,
    /// `load_max`
    LoadMax,
    /// `load_min`
    LoadMin,
    /// `forbidden`
    Forbidden,
}

/// What is wrong with a question, and what would repair it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultKind {
    /// A list is shorter or longer than it must be.
    Length {
        /// How long it must be.
        wanted: usize,
        /// How long it is.
        found: usize,
    },
    /// There is nothing to assign to.
    Empty,
    /// More pairs than [`MAX_PAIRS`].
    TooLarge {
        /// How many there are.
        pairs: usize,
    },
    /// A score that is no number, negative, or over [`MAX_SCORE`].
    Score,
    /// A count below zero.
    Negative,
    /// A request asks for more experts than there are.
    DemandAboveExperts {
        /// How many there are.
        experts: usize,
    },
    /// An expert must get more than it takes.
    MinAboveMax {
        /// The most it takes.
        max: i64,
    },
    /// An expert must get more requests than there are.
    MinAboveRequests {
        /// How many there are.
        requests: usize,
    },
    /// A pair names a request or an expert that is not there.
    Index {
        /// Indices go from 0 to below this.
        below: usize,
    },
}

/// A place in a question and what is wrong with it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{pointer}: {kind:?}", pointer = self.pointer())]
pub struct Fault {
    /// The list.
    pub member: Member,
    /// The place in it, and the place in that.
    pub place: Vec<usize>,
    /// What is wrong there.
    pub kind: FaultKind,
}

impl Fault {
    fn new(member: Member, place: &[usize], kind: FaultKind) -> Self {
        Self { member, place: place.to_vec(), kind }
    }

    /// JSON pointer (RFC 6901) of the place.
    pub fn pointer(&self) -> String {
        let name = match self.member {
            Member::Scores => "scores",
            Member::Demand => "demand",
            Member::LoadMax => "load_max",
            Member::LoadMin => "load_min",
            Member::Forbidden => "forbidden",
        };
        self.place.iter().fold(format!("/{name}"), |pointer, index| format!("{pointer}/{index}"))
    }
}

/// A question that holds together.
///
/// Scores are whole numbers of `1 / scale`, so that the solver adds and compares them exactly. The scale is the smallest power of
/// ten that keeps every score as it was written; where there is none (a score with more digits than fit beside the sums of paths)
/// it is the largest fitting power of two, and a score is off by at most half of `1 / scale`.
#[derive(Debug, Clone)]
pub struct Matrix {
    pub(super) requests: usize,
    pub(super) experts: usize,
    /// Row by row; [`FORBIDDEN`] where the two must not meet.
    pub(super) units: Vec<i64>,
    pub(super) demand: Vec<usize>,
    pub(super) load_max: Vec<usize>,
    pub(super) load_min: Vec<usize>,
    pub(super) scale: f64,
}

/// In place of a score: the two must not meet.
pub(super) const FORBIDDEN: i64 = -1;

impl Matrix {
    /// Checks a question; tells all that is wrong, at most a hundred faults.
    pub fn new(question: &Question) -> Result<Self, Vec<Fault>> {
        let faults = check(question);
        if !faults.is_empty() {
            return Err(faults.into_iter().take(100).collect());
        }
        let (requests, experts) = (question.scores.len(), question.scores.first().map_or(0, Vec::len));
        let count = |list: &[i64]| list.iter().map(|&n| usize::try_from(n).unwrap_or(0)).collect::<Vec<_>>();
        let demand = count(&question.demand);
        // nobody takes a request twice
        let load_max = count(&question.load_max).into_iter().map(|load| load.min(requests)).collect();
        let load_min = question.load_min.as_deref().map_or_else(|| vec![0; experts], count);
        let steps = 4 * (requests + experts) + demand.iter().sum::<usize>();
        let scale = scale(&question.scores, (1_i64 << 61) / i64::try_from(steps.max(1)).unwrap_or(i64::MAX));
        let mut units: Vec<i64> =
            question.scores.iter().flatten().map(|score| (score * scale).round() as i64).collect();
        for &[request, expert] in &question.forbidden {
            if let (Ok(request), Ok(expert)) = (usize::try_from(request), usize::try_from(expert)) {
                units[request * experts + expert] = FORBIDDEN;
            }
        }
        Ok(Self { requests, experts, units, demand, load_max, load_min, scale })
    }

    /// The scores of a request, [`FORBIDDEN`] among them.
    pub(super) fn row(&self, request: usize) -> &[i64] {
        &self.units[request * self.experts..(request + 1) * self.experts]
    }

    pub(super) fn sum(&self, request: usize, experts: &[usize]) -> i64 {
        let row = self.row(request);
        experts.iter().map(|&expert| row[expert]).sum()
    }

    /// The requests that need anybody.
    pub(super) fn asking(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.requests).filter(|&request| self.demand[request] > 0)
    }
}

/// The smallest power of ten with which every score is a whole number, none above `limit`; or the largest power of two.
fn scale(scores: &[Vec<f64>], limit: i64) -> f64 {
    let most = scores.iter().flatten().copied().fold(0.0_f64, f64::max);
    if most == 0.0 {
        return 1.0;
    }
    let limit = limit.min(1 << 53) as f64;
    let keeps = |scale: f64| scores.iter().flatten().all(|&score| (score * scale).round() / scale == score);
    let decimal = (0..=15).map(|digits| 10_f64.powi(digits)).take_while(|scale| most * scale <= limit);
    decimal.into_iter().find(|&scale| keeps(scale)).unwrap_or_else(|| (limit / most).log2().floor().exp2())
}

fn check(question: &Question) -> Vec<Fault> {
    let (requests, experts) = (question.scores.len(), question.scores.first().map_or(0, Vec::len));
    let mut faults = Vec::new();
    if requests == 0 || experts == 0 {
        return vec![Fault::new(Member::Scores, &[], FaultKind::Empty)];
    }
    let pairs = requests.saturating_mul(experts);
    if pairs > MAX_PAIRS {
        return vec![Fault::new(Member::Scores, &[], FaultKind::TooLarge { pairs })];
    }
    for (request, row) in question.scores.iter().enumerate() {
        if row.len() != experts {
            let kind = FaultKind::Length { wanted: experts, found: row.len() };
            faults.push(Fault::new(Member::Scores, &[request], kind));
        }
        let wrong = row.iter().enumerate().filter(|(_, score)| !(0.0..=MAX_SCORE).contains(*score));
        faults.extend(
            wrong.map(|(expert, _)| Fault::new(Member::Scores, &[request, expert], FaultKind::Score)).take(100),
        );
    }
    let minima = question.load_min.iter().map(|list| (Member::LoadMin, list, experts));
    let lists = [(Member::Demand, &question.demand, requests), (Member::LoadMax, &question.load_max, experts)];
    for (member, list, wanted) in lists.into_iter().chain(minima) {
        if list.len() != wanted {
            faults.push(Fault::new(member, &[], FaultKind::Length { wanted, found: list.len() }));
        }
        let below = list.iter().enumerate().filter(|(_, count)| **count < 0);
        faults.extend(below.map(|(index, _)| Fault::new(member, &[index], FaultKind::Negative)));
    }
    faults.extend(check_counts(question, requests, experts));
    faults
}

fn check_counts(question: &Question, requests: usize, experts: usize) -> Vec<Fault> {
    let above = |count: i64, most: usize| usize::try_from(count).is_ok_and(|count| count > most);
    let mut faults = Vec::new();
    for (request, &demand) in question.demand.iter().enumerate() {
        if above(demand, experts) {
            faults.push(Fault::new(Member::Demand, &[request], FaultKind::DemandAboveExperts { experts }));
        }
    }
    for (expert, &min) in question.load_min.iter().flatten().enumerate() {
        match question.load_max.get(expert) {
            Some(&max) if min > max => {
                faults.push(Fault::new(Member::LoadMin, &[expert], FaultKind::MinAboveMax { max }));
            }
            _ if above(min, requests) => {
                faults.push(Fault::new(Member::LoadMin, &[expert], FaultKind::MinAboveRequests { requests }));
            }
            _ => {}
        }
    }
    for (index, pair) in question.forbidden.iter().enumerate() {
        for (side, below) in [requests, experts].into_iter().enumerate() {
            if !usize::try_from(pair[side]).is_ok_and(|index| index < below) {
                faults.push(Fault::new(Member::Forbidden, &[index, side], FaultKind::Index { below }));
            }
        }
    }
    faults
}
