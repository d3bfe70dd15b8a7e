//! What is made of pairs of near designs.

use super::pairs::Pairs;

/// Designs that have a near copy in another group.
pub(super) struct Copies<'a> {
    pub(super) groups: &'a [u32],
    pub(super) found: Vec<bool>,
}

impl Pairs for Copies<'_> {
    fn matters(&self, a: usize, b: usize) -> bool {
        self.groups[a] != self.groups[b] && !(self.found[a] && self.found[b])
    }

    fn add(&mut self, a: usize, b: usize) {
        (self.found[a], self.found[b]) = (true, true);
    }
}

/// Disjoint sets with path halving.
pub(super) struct Sets(Vec<usize>);

impl Sets {
    pub(super) fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    pub(super) fn root(&self, mut i: usize) -> usize {
        while self.0[i] != i {
            i = self.0[i];
        }
        i
    }

    /// The root, and a shorter way to it.
    fn halved(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }
}

impl Pairs for Sets {
    fn matters(&self, a: usize, b: usize) -> bool {
        self.root(a) != self.root(b)
    }

    /// The smaller root stays, so that the result does not depend on the order.
    fn add(&mut self, a: usize, b: usize) {
        let (a, b) = (self.halved(a), self.halved(b));
        let (low, high) = (a.min(b), a.max(b));
        self.0[high] = low;
    }
}
