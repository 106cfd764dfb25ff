//! The solver of panels: pure functions, no database, no clock; the same question has the same answer.
//!
//! [`assign`](assign::assign) gives experts to requests by a matrix of scores, as `expert-bank assign` does;
//! [`propose`](panel::propose) finds the best panel that keeps a set of rules, and [`joint::propose`] several at once.
//! `docs/matching.md` says how, and how well.

pub mod assign;
mod chain;
pub mod clash;
mod cut;
mod fair;
pub mod flow;
pub mod joint;
pub mod matrix;
pub mod panel;
pub mod relax;
pub mod search;
mod task;
