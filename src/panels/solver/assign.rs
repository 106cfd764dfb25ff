//! The joint assignment, as `expert-bank assign` prints it.

use serde::Serialize;

use super::fair;
use super::flow::{self, Limits, Prices};
use super::matrix::{Matrix, Objective};
use super::relax::{self, Infeasible};

/// Who sits where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assignment {
    /// Per request its experts, ascending.
    pub assignment: Vec<Vec<usize>>,
    /// The sum of all scores.
    pub total: f64,
    /// The smallest sum of a request that needs anybody; 0 where none does.
    pub worst: f64,
    /// Whether it is proven that nothing is better in the objective.
    pub optimal: bool,
    /// No assignment is better than this in the objective.
    pub bound: f64,
    /// What proves the optimum of the total.
    #[serde(skip)]
    pub prices: Option<Prices>,
}

/// Assigns. The total is the exact maximum of the scores as the [`Matrix`] holds them; the worst is a best effort with a proven
/// bound, and never below that of the maximum total.
pub fn assign(matrix: &Matrix, objective: Objective) -> Result<Assignment, Infeasible> {
    let Some((panels, prices)) = flow::solve(&matrix.units, &Limits::of(matrix)) else {
        return Err(relax::explain(matrix));
    };
    match objective {
        Objective::Total => {
            let told = Assignment { optimal: true, prices: Some(prices), ..tell(matrix, panels) };
            Ok(Assignment { bound: told.total, ..told })
        }
        Objective::Worst => {
            let fair = fair::improve(matrix, panels, &prices);
            let told = Assignment { optimal: fair.worst == fair.bound, ..tell(matrix, fair.panels) };
            let bound = if told.optimal { told.worst } else { fair.bound as f64 / matrix.scale };
            Ok(Assignment { bound, ..told })
        }
    }
}

fn tell(matrix: &Matrix, panels: Vec<Vec<usize>>) -> Assignment {
    let sums = |request: usize| matrix.sum(request, &panels[request]);
    let total: i64 = (0..matrix.requests).map(sums).sum();
    let worst = matrix.asking().map(sums).min().unwrap_or(0);
    Assignment {
        total: total as f64 / matrix.scale,
        worst: worst as f64 / matrix.scale,
        optimal: false,
        bound: 0.0,
        prices: None,
        assignment: panels,
    }
}

#[cfg(test)]
#[path = "assign_tests.rs"]
mod tests;
