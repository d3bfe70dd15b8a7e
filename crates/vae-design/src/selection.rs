//! Which candidates are proposed, and why the others are not.

use ndarray::Array2;
use serde::Serialize;
use topo_data::Silhouette;

use crate::candidates::Candidate;

/// The criteria of a proposal.
#[derive(Clone, Debug)]
pub struct Criteria {
    /// Largest compliance.
    pub compliance: f64,
    /// Largest overlap (`IoU`) with a training design, and of two proposals.
    pub overlap: f64,
    /// The training designs.
    pub training: Vec<Silhouette>,
}

/// How many candidates there were and what became of them; each rejected one counts once, at the
/// first constraint it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Yield {
    /// Candidates.
    pub tried: usize,
    /// A load on void, or joined to no support.
    pub not_carried: usize,
    /// More than one piece; elements that only share a corner are not connected.
    pub in_pieces: usize,
    /// Too large a compliance.
    pub too_soft: usize,
    /// Nearly a training design.
    pub training_copies: usize,
    /// Nearly a stiffer candidate.
    pub duplicates: usize,
    /// All others.
    pub accepted: usize,
}

/// A candidate that is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Its position among the candidates.
    pub candidate: usize,
    /// `1 − IoU` with the nearest training design.
    pub novelty: f64,
    /// Position of that training design; `None` without training designs.
    pub nearest: Option<usize>,
}

impl Criteria {
    /// The accepted candidates, the stiffest first.
    ///
    /// Near-copies are found in that order, so of two similar designs the stiffer one stays.
    pub fn select(&self, candidates: &[Candidate]) -> (Vec<Proposal>, Yield) {
        let mut result = Yield { tried: candidates.len(), ..Yield::default() };
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by(|&a, &b| candidates[a].compliance.total_cmp(&candidates[b].compliance));
        let mut kept: Vec<(Proposal, Silhouette)> = Vec::new();
        for index in order {
            let candidate = &candidates[index];
            let silhouette = silhouette(&candidate.design);
            let (novelty, nearest) = self.novelty(&silhouette);
            let count = if !candidate.judgement.loads_supported {
                &mut result.not_carried
            } else if candidate.judgement.pieces_4 != 1 {
                &mut result.in_pieces
            } else if candidate.compliance > self.compliance {
                &mut result.too_soft
            } else if 1.0 - novelty > self.overlap {
                &mut result.training_copies
            } else if kept.iter().any(|(_, other)| silhouette.iou(other) > self.overlap) {
                &mut result.duplicates
            } else {
                kept.push((Proposal { candidate: index, novelty, nearest }, silhouette));
                &mut result.accepted
            };
            *count += 1;
        }
        (kept.into_iter().map(|(proposal, _)| proposal).collect(), result)
    }

    /// `1 − IoU` with the nearest training design, and which it is.
    fn novelty(&self, silhouette: &Silhouette) -> (f64, Option<usize>) {
        let overlaps = self.training.iter().map(|other| silhouette.iou(other)).enumerate();
        let nearest = overlaps.max_by(|a, b| a.1.total_cmp(&b.1));
        nearest.map_or((1.0, None), |(index, iou)| (1.0 - iou, Some(index)))
    }
}

/// The material of a design.
fn silhouette(design: &Array2<f32>) -> Silhouette {
    Silhouette::of(&design.iter().copied().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use topo_data::Judgement;

    use super::*;

    fn candidate(compliance: f64, cells: [f32; 8]) -> Candidate {
        let design = Array2::from_shape_vec((2, 4), cells.to_vec()).unwrap();
        let judgement = Judgement {
            compliance,
            volume_fraction: 0.5,
            volume_error: 0.0,
            greyness: 0.0,
            checkerboard: 0.0,
            compliance_cut: compliance,
            pieces_4: 1,
            pieces_8: 1,
            floating: 0.0,
            loads_on_material: true,
            loads_supported: true,
            member_size: Some(1),
        };
        Candidate {
            source: "prior",
            latent: vec![0.0],
            trust: 1.0,
            compliance_start: compliance,
            compliance_searched: compliance,
            steps: 0,
            compliance,
            judgement,
            searched: design.clone(),
            design,
        }
    }

    #[test]
    fn each_candidate_counts_once_and_the_stiffer_copy_stays() {
        let base = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let other = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let third = [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0];
        let trained = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let mut loose = candidate(1.0, base);
        loose.judgement.loads_supported = false;
        let mut broken = candidate(1.0, base);
        broken.judgement.pieces_4 = 2;
        let all = [
            candidate(9.0, base),
            candidate(8.0, base),
            candidate(8.5, other),
            candidate(20.0, third),
            candidate(7.0, trained),
            loose,
            broken,
        ];
        let training = vec![Silhouette::of(&trained)];
        let criteria = Criteria { compliance: 10.0, overlap: 0.95, training };
        let (proposals, counts) = criteria.select(&all);
        let expected = Yield {
            tried: 7,
            not_carried: 1,
            in_pieces: 1,
            too_soft: 1,
            training_copies: 1,
            duplicates: 1,
            accepted: 2,
        };
        assert_eq!(counts, expected);
        let found: Vec<usize> = proposals.iter().map(|p| p.candidate).collect();
        assert_eq!(found, [1, 2]);
        // Four elements each, one of them in common.
        assert!((proposals[1].novelty - (1.0 - 1.0 / 7.0)).abs() < 1e-12);
        assert_eq!(proposals[1].nearest, Some(0));
        // Half an overlap is too much now.
        let strict = Criteria { overlap: 0.5, ..criteria };
        assert_eq!(strict.select(&all).1.duplicates, 2);
    }
}
