//! Designs next to those that are accepted.

use std::collections::VecDeque;

use ndarray::Array2;
use vae_design::{Candidate, Origin, Proposal, Start, neighbors, topologies};

use super::comparison::Comparison;
use super::proposals::VARIED;

/// Designs with one hole more or less than those that are known and than the best of each topology,
/// which wait to be tried.
pub(super) struct Neighborhood {
    /// Candidates whose neighbors are known.
    seen: Vec<usize>,
    waiting: VecDeque<Array2<f32>>,
}

impl Neighborhood {
    /// That of the designs that proposals are compared with, to begin with.
    pub(super) fn of(comparison: &Comparison) -> Self {
        let known = comparison.known.as_ref().map(|known| &known.judged);
        let designs = comparison.optimal.iter().chain(known);
        let waiting = designs.flat_map(|judged| neighbors(judged.design.view())).collect();
        Self { seen: Vec::new(), waiting }
    }

    /// Whether there are designs to try. The neighbors of a topology that is new are looked for
    /// when those found before are tried.
    pub(super) fn has_more(&mut self, accepted: &[Proposal], tried: &[Candidate]) -> bool {
        if self.waiting.is_empty() {
            for index in topologies(accepted, tried) {
                let candidate = accepted[index].candidate;
                if !self.seen.contains(&candidate) {
                    self.seen.push(candidate);
                    self.waiting.extend(neighbors(tried[candidate].design.view()));
                }
            }
        }
        !self.waiting.is_empty()
    }

    /// Takes as many of them, or all if there are fewer.
    pub(super) fn take(&mut self, number: usize) -> Vec<Origin> {
        let taken = self.waiting.drain(..number.min(self.waiting.len()));
        taken.map(|design| Origin { source: VARIED, start: Start::Design(design) }).collect()
    }
}
