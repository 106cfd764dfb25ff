//! Why no assignment exists, and the smallest changes that make one possible.
//!
//! A search that is stuck has found a cut: the requests it reached want more than the experts they may have can give. One more
//! place with any of those experts, or one expert fewer for any of those requests, closes the gap by one. No change of one closes
//! more, so a way that changes something only where the search is stuck is among the smallest (sets of tight cuts are closed under
//! union and intersection, so that an earlier step is never undone by a later one).

use super::cut::{Fill, Stuck};
use super::matrix::{FORBIDDEN, Matrix};

/// Who lacks whom: `wanted` is more than `available`, whatever is chosen elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortage {
    /// These requests want more experts than those who may sit on them can take.
    Experts {
        /// The request at which it shows.
        request: usize,
        /// All requests that compete.
        requests: Vec<usize>,
        /// The experts they compete for, all with `load_max` requests of these.
        experts: Vec<usize>,
        /// Seats of these requests.
        wanted: usize,
        /// Seats that can be filled: with `load_max` of those experts, and with everybody else who is allowed.
        available: usize,
    },
    /// These experts must get more requests than there are for them.
    Requests {
        /// The experts.
        experts: Vec<usize>,
        /// The sum of their `load_min`.
        wanted: usize,
        /// Seats that they could fill.
        available: usize,
    },
}

/// One limit, eased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// `load_max` of an expert, up.
    RaiseLoad {
        /// The expert.
        expert: usize,
        /// By how many.
        by: usize,
    },
    /// `demand` of a request, down.
    LowerDemand {
        /// The request.
        request: usize,
        /// By how many.
        by: usize,
    },
    /// `load_min` of an expert, down.
    LowerMinimum {
        /// The expert.
        expert: usize,
        /// By how many.
        by: usize,
    },
}

/// Changes that together make an assignment possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What changes, in order.
    pub changes: Vec<Change>,
    /// By how many units in all.
    pub size: usize,
}

/// No assignment keeps all limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no assignment keeps all limits: {shortage:?}; would be possible: {ways:?}")]
pub struct Infeasible {
    /// A proof.
    pub shortage: Shortage,
    /// Ways out, the smallest first. There is always one; the first is no larger than any set of changes that helps.
    pub ways: Vec<Way>,
}

/// The proof and the ways out, where no assignment exists.
pub(super) fn explain(matrix: &Matrix) -> Infeasible {
    let mut ways: Vec<Way> = [true, false].into_iter().map(|raises| way(matrix, raises)).collect();
    ways.dedup();
    ways.sort_by_key(|way| way.size);
    Infeasible { shortage: shortage(matrix, &Fill::new(matrix).stuck()), ways }
}

fn shortage(matrix: &Matrix, stuck: &Stuck) -> Shortage {
    let mut reached = vec![false; matrix.experts];
    stuck.experts.iter().for_each(|&expert| reached[expert] = true);
    let allowed = |request: usize, of_reached: bool| {
        let row = matrix.row(request).iter().zip(&reached);
        row.filter(|(score, is)| **score != FORBIDDEN && **is == of_reached).count()
    };
    if let Some(request) = stuck.request {
        return Shortage::Experts {
            request,
            wanted: stuck.requests.iter().map(|&request| matrix.demand[request]).sum(),
            available: stuck.experts.iter().map(|&expert| matrix.load_max[expert]).sum::<usize>()
                + stuck.requests.iter().map(|&request| allowed(request, false)).sum::<usize>(),
            requests: stuck.requests.clone(),
            experts: stuck.experts.clone(),
        };
    }
    // whoever was not reached can't get one from those who have more than they must
    let experts: Vec<usize> = (0..matrix.experts).filter(|&expert| !reached[expert]).collect();
    let takes = (0..matrix.requests).map(|request| match stuck.requests.binary_search(&request) {
        Ok(_) => allowed(request, false),
        Err(_) => matrix.demand[request],
    });
    Shortage::Requests {
        wanted: experts.iter().map(|&expert| matrix.load_min[expert]).sum(),
        available: takes.sum(),
        experts,
    }
}

/// Goes on where the flow is stuck: by raising loads, or by lowering demands.
fn way(matrix: &Matrix, raises: bool) -> Way {
    let mut eased = Eased::new(matrix);
    let mut fill = Fill::new(matrix);
    for request in 0..matrix.requests {
        let mut open = matrix.demand[request];
        while open > 0 {
            let Err(stuck) = fill.serve(request) else {
                open -= 1;
                continue;
            };
            // the one raised least so far, then the first
            match stuck.experts.iter().copied().min_by_key(|&expert| (eased.load[expert], expert)) {
                Some(expert) if raises => {
                    eased.load[expert] += 1;
                    fill.load_max[expert] += 1;
                }
                _ => {
                    eased.demand[request] += 1;
                    open -= 1;
                }
            }
        }
    }
    while let Some(expert) = fill.lacking() {
        if fill.feed().is_err() {
            eased.minimum[expert] += 1;
            fill.load_min[expert] -= 1;
        }
    }
    eased.way()
}

struct Eased {
    load: Vec<usize>,
    demand: Vec<usize>,
    minimum: Vec<usize>,
}

impl Eased {
    fn new(matrix: &Matrix) -> Self {
        let none = vec![0; matrix.experts];
        Self { load: none.clone(), demand: vec![0; matrix.requests], minimum: none }
    }

    fn way(&self) -> Way {
        let by = |list: &[usize], change: fn(usize, usize) -> Change| -> Vec<Change> {
            let eased = list.iter().enumerate().filter(|(_, by)| **by > 0);
            eased.map(|(index, &by)| change(index, by)).collect()
        };
        let mut changes = by(&self.load, |expert, by| Change::RaiseLoad { expert, by });
        changes.extend(by(&self.demand, |request, by| Change::LowerDemand { request, by }));
        changes.extend(by(&self.minimum, |expert, by| Change::LowerMinimum { expert, by }));
        let size = [&self.load, &self.demand, &self.minimum].into_iter().flatten().sum();
        Way { changes, size }
    }
}
