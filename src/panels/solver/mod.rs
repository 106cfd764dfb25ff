//! The solver of panels: pure functions, no database, no clock; the same question has the same answer.
//!
//! [`assign`](assign::assign) gives experts to requests by a matrix of scores, as `expert-bank assign` does. `docs/matching.md` says
//! how, and how well.

pub mod assign;
mod chain;
mod cut;
mod fair;
pub mod flow;
pub mod matrix;
pub mod relax;
