//! Whether limits can be kept at all: an assignment that looks at no scores, unit by unit along shortest chains (Ford and
//! Fulkerson). Where it can't go on, what it reached is the smallest cut.

use super::matrix::{FORBIDDEN, Matrix};

/// Where a search could not go on: whoever it reached is all that could have helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stuck {
    /// The request that lacks an expert; none where an expert lacks requests.
    pub request: Option<usize>,
    /// Reached requests, ascending.
    pub requests: Vec<usize>,
    /// Reached experts, ascending.
    pub experts: Vec<usize>,
}

/// An assignment while it grows.
pub(super) struct Fill<'m> {
    matrix: &'m Matrix,
    /// Most requests per expert; may be eased while it grows.
    pub load_max: Vec<usize>,
    /// Fewest requests per expert; may be eased while it grows.
    pub load_min: Vec<usize>,
    holders: Vec<Vec<usize>>,
    held: Vec<bool>,
    /// The request through which an expert was reached; `usize::MAX` where the search began with the expert.
    from: Vec<Option<usize>>,
    /// The expert that a reached request gives up; none where the search began with the request.
    gives: Vec<Option<Option<usize>>>,
}

impl<'m> Fill<'m> {
    pub fn new(matrix: &'m Matrix) -> Self {
        Self {
            matrix,
            load_max: matrix.load_max.clone(),
            load_min: matrix.load_min.clone(),
            holders: vec![Vec::new(); matrix.experts],
            held: vec![false; matrix.units.len()],
            from: vec![None; matrix.experts],
            gives: vec![None; matrix.requests],
        }
    }

    /// Fills all requests, then all experts below their least, until it is stuck. Reaches nobody where it never is.
    pub fn stuck(mut self) -> Stuck {
        for request in 0..self.matrix.requests {
            for _ in 0..self.matrix.demand[request] {
                if let Err(stuck) = self.serve(request) {
                    return stuck;
                }
            }
        }
        while self.lacking().is_some() {
            if let Err(stuck) = self.feed() {
                return stuck;
            }
        }
        Stuck { request: None, requests: Vec::new(), experts: Vec::new() }
    }

    /// The first expert below its least.
    pub fn lacking(&self) -> Option<usize> {
        (0..self.matrix.experts).find(|&expert| self.holders[expert].len() < self.load_min[expert])
    }

    /// One more expert for a request.
    pub fn serve(&mut self, request: usize) -> Result<(), Stuck> {
        self.clear();
        let mut queue = Vec::new();
        self.look(request, None, &mut queue);
        // who has the most room first: few chains are needed then
        queue.sort_by_key(|&expert| self.holders[expert].len());
        self.go(Some(request), queue, |fill, expert| fill.holders[expert].len() < fill.load_max[expert])
    }

    /// One more request for an expert below its least, from whoever can spare one.
    pub fn feed(&mut self) -> Result<(), Stuck> {
        self.clear();
        let spares = |expert: &usize| self.holders[*expert].len() > self.load_min[*expert];
        let queue: Vec<usize> = (0..self.matrix.experts).filter(spares).collect();
        queue.iter().for_each(|&expert| self.from[expert] = Some(usize::MAX));
        self.go(None, queue, |fill, expert| fill.holders[expert].len() < fill.load_min[expert])
    }

    fn clear(&mut self) {
        self.from.fill(None);
        self.gives.fill(None);
    }

    fn go(
        &mut self,
        first: Option<usize>,
        mut queue: Vec<usize>,
        ends: impl Fn(&Self, usize) -> bool,
    ) -> Result<(), Stuck> {
        let mut at = 0;
        while let Some(&expert) = queue.get(at) {
            at += 1;
            if ends(self, expert) {
                self.turn(expert);
                return Ok(());
            }
            for holder in self.holders[expert].clone() {
                if self.gives[holder].is_none() {
                    self.look(holder, Some(expert), &mut queue);
                }
            }
        }
        Err(Stuck {
            request: first,
            requests: (0..self.matrix.requests).filter(|&request| self.gives[request].is_some()).collect(),
            experts: (0..self.matrix.experts).filter(|&expert| self.from[expert].is_some()).collect(),
        })
    }

    fn look(&mut self, request: usize, gives: Option<usize>, queue: &mut Vec<usize>) {
        self.gives[request] = Some(gives);
        let start = request * self.matrix.experts;
        for (expert, &score) in self.matrix.row(request).iter().enumerate() {
            if score != FORBIDDEN && self.from[expert].is_none() && !self.held[start + expert] {
                self.from[expert] = Some(request);
                queue.push(expert);
            }
        }
    }

    fn turn(&mut self, end: usize) {
        let mut expert = end;
        while let Some(request) = self.from[expert].filter(|&request| request != usize::MAX) {
            self.held[request * self.matrix.experts + expert] = true;
            self.holders[expert].push(request);
            let Some(given) = self.gives[request].flatten() else { return };
            self.held[request * self.matrix.experts + given] = false;
            self.holders[given].retain(|&holder| holder != request);
            expert = given;
        }
    }
}
