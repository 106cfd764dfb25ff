//! Panels: who reviews what. The solver proposes them; `expert-bank assign` asks it about a matrix in a file.

pub mod file;
pub mod solver;
mod words;
