//! Exchanges along chains: the lowest panel takes a better expert from another, which takes one from a third, until somebody has
//! room or the first one's gift comes back.

use std::cmp::Reverse;

use super::matrix::{FORBIDDEN, Matrix};

/// Scores looked at before lifting ends.
const LOOKS: usize = 1_000_000_000;

/// An assignment with its sums.
#[derive(Debug, Clone)]
pub(super) struct Seating<'m> {
    matrix: &'m Matrix,
    /// Experts per request.
    pub panels: Vec<Vec<usize>>,
    sums: Vec<i64>,
    holders: Vec<Vec<usize>>,
}

/// How an expert was reached: the request that would take it, and the expert that one would give up.
type Reached = Option<(usize, usize)>;

impl<'m> Seating<'m> {
    pub fn new(matrix: &'m Matrix, panels: Vec<Vec<usize>>) -> Self {
        let sums = panels.iter().enumerate().map(|(request, panel)| matrix.sum(request, panel)).collect();
        let mut holders = vec![Vec::new(); matrix.experts];
        for (request, panel) in panels.iter().enumerate() {
            panel.iter().for_each(|&expert| holders[expert].push(request));
        }
        Self { matrix, panels, sums, holders }
    }

    /// The smallest sum.
    pub fn worst(&self) -> i64 {
        self.lowest().map_or(0, |request| self.sums[request])
    }

    /// Better is larger: the worst, then the total.
    pub fn rank(&self) -> (i64, i64) {
        (self.worst(), self.sums.iter().sum())
    }

    fn lowest(&self) -> Option<usize> {
        self.matrix.asking().min_by_key(|&request| (self.sums[request], request))
    }

    /// Lifts the lowest panel as long as a chain does, and no longer than a stated effort. Each chain makes the sorted sums larger.
    pub fn lift(&mut self) {
        let mut looks = 0;
        while looks < LOOKS {
            let Some(lowest) = self.lowest() else { return };
            if !self.lift_one(lowest, &mut looks) {
                break;
            }
        }
        self.panels.iter_mut().for_each(|panel| panel.sort_unstable());
    }

    fn lift_one(&mut self, request: usize, looks: &mut usize) -> bool {
        let mut gives = self.panels[request].clone();
        gives.sort_unstable_by_key(|&expert| (self.matrix.row(request)[expert], expert));
        gives.into_iter().any(|given| match self.chain(request, given, looks) {
            Some((end, reached)) => {
                self.turn(request, end, &reached);
                true
            }
            None => false,
        })
    }

    /// Breadth first from what `request` gains most by, if it gives up `given`.
    fn chain(&self, request: usize, given: usize, looks: &mut usize) -> Option<(usize, Vec<Reached>)> {
        let floor = self.sums[request];
        let frees = self.holders[given].len() > self.matrix.load_min[given];
        let ends =
            |expert: usize| expert == given || (frees && self.holders[expert].len() < self.matrix.load_max[expert]);
        let mut reached: Vec<Reached> = vec![None; self.matrix.experts];
        let row = self.matrix.row(request);
        let gains = |&expert: &usize| row[expert] > row[given] && !self.panels[request].contains(&expert);
        let mut queue: Vec<usize> = (0..self.matrix.experts).filter(gains).collect();
        queue.sort_by_key(|&expert| Reverse(row[expert]));
        for &expert in &queue {
            reached[expert] = Some((request, given));
        }
        if let Some(&end) = queue.iter().find(|&&expert| ends(expert)) {
            return Some((end, reached));
        }
        let mut rest: Vec<usize> = (0..self.matrix.experts).filter(|&expert| reached[expert].is_none()).collect();
        let mut at = 0;
        while let Some(&expert) = queue.get(at) {
            at += 1;
            for &holder in &self.holders[expert] {
                if holder == request || self.on_way(holder, expert, request, &reached) {
                    continue;
                }
                *looks += rest.len();
                let row = self.matrix.row(holder);
                let needs = (floor + 1 - (self.sums[holder] - row[expert])).max(FORBIDDEN + 1);
                let before = queue.len();
                for &other in &rest {
                    if row[other] >= needs && !self.panels[holder].contains(&other) {
                        reached[other] = Some((holder, expert));
                        queue.push(other);
                    }
                }
                if let Some(&end) = queue[before..].iter().find(|&&other| ends(other)) {
                    return Some((end, reached));
                }
                if queue.len() > before {
                    rest.retain(|&other| reached[other].is_none());
                }
            }
        }
        None
    }

    /// Whether a request already gives something on the way to an expert.
    fn on_way(&self, holder: usize, expert: usize, first: usize, reached: &[Reached]) -> bool {
        let mut at = expert;
        while let Some((request, given)) = reached[at] {
            if request == holder {
                return true;
            }
            if request == first {
                return false;
            }
            at = given;
        }
        false
    }

    fn turn(&mut self, first: usize, end: usize, reached: &[Reached]) {
        let mut expert = end;
        while let Some((request, given)) = reached[expert] {
            self.panels[request].retain(|&member| member != given);
            self.panels[request].push(expert);
            self.holders[given].retain(|&holder| holder != request);
            self.holders[expert].push(request);
            self.sums[request] += self.matrix.row(request)[expert] - self.matrix.row(request)[given];
            if request == first {
                return;
            }
            expert = given;
        }
    }
}
