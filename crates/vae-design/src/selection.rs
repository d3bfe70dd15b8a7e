//! Which candidates are proposed, and why the others are not.

use ndarray::Array2;
use serde::Serialize;
use topo_data::Silhouette;

use crate::candidates::Candidate;
use crate::measure::{Measure, Requirement};

/// The criteria of a proposal.
#[derive(Clone, Debug)]
pub struct Criteria {
    /// Compliance of the stiffest design that is known; `None` if none holds.
    pub reference: Option<f64>,
    /// Whether a candidate that is stiffer takes the place of the reference.
    pub replaceable: bool,
    /// How much softer than the reference a proposal may be, as a share; infinite for no bound.
    pub within: f64,
    /// Compliance above which a candidate is no structure, whatever the reference is.
    pub softest: f64,
    /// Largest overlap ([`Silhouette::overlap`]) with a training design, and of two proposals.
    pub overlap: f64,
    /// What else is required.
    pub requirements: Vec<Requirement>,
    /// What candidates are ranked by, the smallest first.
    pub minimize: Measure,
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
    /// A member that ends in the air.
    pub free_ends: usize,
    /// Too large a compliance.
    pub too_soft: usize,
    /// A requirement that is not met.
    pub unmet: usize,
    /// Nearly a training design.
    pub training_copies: usize,
    /// Nearly a better candidate.
    pub duplicates: usize,
    /// All others.
    pub accepted: usize,
    /// Number of topologies of the accepted ones.
    pub topologies: usize,
}

/// A candidate that is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Its position among the candidates.
    pub candidate: usize,
    /// 1 minus the overlap with the nearest training design.
    pub novelty: f64,
    /// Position of that training design; `None` without training designs.
    pub nearest: Option<usize>,
    silhouette: Silhouette,
}

impl Criteria {
    /// The accepted candidates, the best first.
    ///
    /// Near-copies are found in that order, so of two similar designs the better one stays.
    pub fn select(&self, candidates: &[Candidate]) -> (Vec<Proposal>, Yield) {
        let mut result = Yield { tried: candidates.len(), ..Yield::default() };
        let limit = self.limit_beside(candidates);
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        let value = |index: usize| self.minimize.of(&candidates[index]).unwrap_or(f64::INFINITY);
        // Of designs of one value, such as those of one weight, the stiffest comes first.
        let compliance = |index: usize| candidates[index].compliance;
        order.sort_by(|&a, &b| {
            value(a).total_cmp(&value(b)).then(compliance(a).total_cmp(&compliance(b)))
        });
        let mut kept: Vec<Proposal> = Vec::new();
        for index in order {
            let candidate = &candidates[index];
            let silhouette = silhouette(&candidate.design);
            let (novelty, nearest) = self.novelty(&silhouette);
            let count = if !candidate.judgement.loads_supported {
                &mut result.not_carried
            } else if candidate.judgement.pieces_4 != 1 {
                &mut result.in_pieces
            } else if 0 < candidate.topology.free_ends {
                &mut result.free_ends
            } else if candidate.compliance > limit {
                &mut result.too_soft
            } else if !self.requirements.iter().all(|bound| bound.is_met_by(candidate)) {
                &mut result.unmet
            } else if 1.0 - novelty > self.overlap {
                &mut result.training_copies
            } else if kept.iter().any(|other| silhouette.overlap(&other.silhouette) > self.overlap)
            {
                &mut result.duplicates
            } else {
                kept.push(Proposal { candidate: index, novelty, nearest, silhouette });
                &mut result.accepted
            };
            *count += 1;
        }
        result.topologies = topologies(&kept, candidates).len();
        (kept, result)
    }

    /// Whether a design carries its load without stubs, and keeps every bound; it may still be a
    /// copy.
    pub fn is_met_by(&self, candidate: &Candidate, candidates: &[Candidate]) -> bool {
        candidate.holds()
            && candidate.topology.free_ends == 0
            && candidate.compliance <= self.limit_beside(candidates)
            && self.requirements.iter().all(|bound| bound.is_met_by(candidate))
    }

    /// The largest compliance that a proposal may have, at most that of the softest structure.
    pub fn limit_beside(&self, candidates: &[Candidate]) -> f64 {
        let reference = self.reference_beside(candidates).unwrap_or(f64::INFINITY);
        self.softest.min(reference * (1.0 + self.within))
    }

    /// The compliance that candidates are compared with: that of the reference, or of the stiffest
    /// candidate that holds; `None` if there is neither.
    pub fn reference_beside(&self, candidates: &[Candidate]) -> Option<f64> {
        let holding = candidates.iter().filter(|candidate| {
            self.replaceable && candidate.holds() && candidate.compliance <= self.softest
        });
        let found = holding.map(|candidate| candidate.compliance);
        found.chain(self.reference).reduce(f64::min)
    }

    /// 1 minus the overlap with the nearest training design, and which it is.
    fn novelty(&self, silhouette: &Silhouette) -> (f64, Option<usize>) {
        let overlaps = self.training.iter().map(|other| silhouette.overlap(other)).enumerate();
        let nearest = overlaps.max_by(|a, b| a.1.total_cmp(&b.1));
        nearest.map_or((1.0, None), |(index, overlap)| (1.0 - overlap, Some(index)))
    }
}

/// As many of the accepted candidates as are wanted, in the order in which they come: the best of
/// each topology first, then one after the other the one whose largest overlap with those chosen is
/// smallest (greedy max-min).
///
/// # References
///
/// Ravi, Rosenkrantz and Tayi 1994, "Heuristic and special case algorithms for dispersion
/// problems".
pub fn diverse(accepted: &[Proposal], candidates: &[Candidate], wanted: usize) -> Vec<Proposal> {
    let mut chosen = topologies(accepted, candidates);
    chosen.truncate(wanted);
    while chosen.len() < wanted.min(accepted.len()) {
        let overlap = |index: &usize| {
            let overlaps = chosen.iter().map(|&other: &usize| {
                accepted[*index].silhouette.overlap(&accepted[other].silhouette)
            });
            overlaps.fold(0.0, f64::max)
        };
        let others = (0..accepted.len()).filter(|index| !chosen.contains(index));
        let Some(next) = others.min_by(|a, b| overlap(a).total_cmp(&overlap(b))) else { break };
        chosen.push(next);
    }
    chosen.sort_unstable();
    chosen.into_iter().map(|index| accepted[index].clone()).collect()
}

/// Positions of the best of each topology among the accepted candidates.
pub fn topologies(accepted: &[Proposal], candidates: &[Candidate]) -> Vec<usize> {
    let topology = |index: usize| &candidates[accepted[index].candidate].topology;
    let mut firsts: Vec<usize> = Vec::new();
    for index in 0..accepted.len() {
        if firsts.iter().all(|&first| !topology(first).is_same(topology(index))) {
            firsts.push(index);
        }
    }
    firsts
}

/// The material of a design.
fn silhouette(design: &Array2<f32>) -> Silhouette {
    Silhouette::of(&design.iter().copied().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use topo_data::{Hole, Judgement, Topology};

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
            stress: Some(1.0 / compliance),
        };
        Candidate {
            source: "prior",
            latent: vec![0.0],
            trust: 1.0,
            compliance_start: compliance,
            compliance_searched: compliance,
            steps: 0,
            repair: 0,
            mended: false,
            compliance,
            judgement,
            topology: Topology { holes: Vec::new(), free_ends: 0 },
            hole_size: None,
            searched: design.clone(),
            design,
        }
    }

    /// At most a compliance of 10.
    fn criteria() -> Criteria {
        Criteria {
            reference: Some(8.0),
            replaceable: false,
            within: 0.25,
            softest: 100.0,
            overlap: 0.95,
            requirements: Vec::new(),
            minimize: Measure::Compliance,
            training: Vec::new(),
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
        let criteria = Criteria { training, ..criteria() };
        let (proposals, counts) = criteria.select(&all);
        let expected = Yield {
            tried: 7,
            not_carried: 1,
            in_pieces: 1,
            too_soft: 1,
            training_copies: 1,
            duplicates: 1,
            accepted: 2,
            topologies: 1,
            ..Yield::default()
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

    /// The material of two nearly full designs overlaps, whatever holes they have.
    #[test]
    fn designs_with_holes_elsewhere_are_no_copies() {
        let full = |hole: usize| {
            let mut cells = [1.0; 8];
            cells[hole] = 0.0;
            candidate(8.0, cells)
        };
        let criteria = Criteria { overlap: 0.7, ..criteria() };
        let (_, counts) = criteria.select(&[full(1), full(6), full(1)]);
        assert_eq!((counts.accepted, counts.duplicates), (2, 1));
    }

    #[test]
    fn stubs_and_unmet_requirements_are_counted_and_the_measure_ranks() {
        let mut stub = candidate(5.0, [1.0; 8]);
        stub.topology.free_ends = 1;
        let all = [
            stub,
            candidate(8.0, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
            candidate(9.0, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
        ];
        let (_, counts) = criteria().select(&all);
        assert_eq!((counts.free_ends, counts.accepted), (1, 2));
        let requirements = vec!["stress<=0.12".parse().unwrap()];
        let (found, counts) = Criteria { requirements, ..criteria() }.select(&all);
        assert_eq!((counts.unmet, counts.accepted, found[0].candidate), (1, 1, 2));
        let (found, _) = Criteria { minimize: Measure::Stress, ..criteria() }.select(&all);
        assert_eq!(found.iter().map(|p| p.candidate).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn the_lightest_comes_first_and_of_one_weight_the_stiffest() {
        let mut all = [
            candidate(8.0, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
            candidate(9.0, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
            candidate(30.0, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
        ];
        all[2].judgement.volume_fraction = 0.375;
        let requirements = vec!["compliance<=40".parse().unwrap()];
        let criteria = Criteria {
            within: f64::INFINITY,
            requirements,
            minimize: Measure::Weight,
            ..criteria()
        };
        let ranked = |criteria: &Criteria| {
            let (found, _) = criteria.select(&all);
            found.iter().map(|proposal| proposal.candidate).collect::<Vec<_>>()
        };
        assert_eq!(ranked(&criteria), [2, 0, 1]);
        assert!(criteria.is_met_by(&all[2], &all));
        let requirements = vec!["compliance<=8.5".parse().unwrap()];
        let strict = Criteria { requirements, ..criteria };
        assert_eq!(ranked(&strict), [0]);
        assert!(!strict.is_met_by(&all[1], &all));
    }

    /// A candidate that holds and is stiffer than all that is known sets the limit.
    #[test]
    fn the_stiffest_design_that_holds_is_the_reference() {
        let base = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let mut broken = candidate(1e-3, [0.0; 8]);
        broken.judgement.loads_supported = false;
        let all = [
            broken,
            candidate(5.0, base),
            candidate(9.0, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
        ];
        assert_eq!(criteria().select(&all).1.accepted, 2);
        let open = Criteria { replaceable: true, ..criteria() };
        assert_eq!(open.reference_beside(&all), Some(5.0));
        assert_eq!(open.select(&all).1.too_soft, 1);
        let nothing = Criteria { reference: None, ..open };
        assert_eq!(nothing.reference_beside(&all[..1]), None);
        assert_eq!(nothing.reference_beside(&all), Some(5.0));
        // What is no structure is neither a reference nor proposed.
        let soft = Criteria { softest: 4.0, ..nothing };
        assert_eq!((soft.reference_beside(&all), soft.select(&all).1.too_soft), (None, 2));
    }

    #[test]
    fn one_of_each_topology_comes_before_variants() {
        let cells = |solid: [usize; 4]| {
            let mut cells = [0.0; 8];
            for cell in solid {
                cells[cell] = 1.0;
            }
            cells
        };
        let mut all = [
            candidate(8.0, cells([0, 1, 2, 3])),
            candidate(8.1, cells([0, 1, 2, 4])),
            candidate(8.2, cells([0, 5, 6, 7])),
            candidate(8.3, cells([0, 1, 4, 5])),
        ];
        all[3].topology.holes = vec![Hole { row: 1.0, column: 1.0, area: 4 }];
        let (accepted, counts) = criteria().select(&all);
        assert_eq!((counts.accepted, counts.topologies), (4, 2));
        let chosen = |wanted| {
            let chosen = diverse(&accepted, &all, wanted);
            chosen.iter().map(|proposal| proposal.candidate).collect::<Vec<_>>()
        };
        assert_eq!(chosen(1), [0]);
        assert_eq!(chosen(2), [0, 3]);
        // The third shares one element with the first and two with the fourth, the second three.
        assert_eq!(chosen(3), [0, 2, 3]);
        assert_eq!(chosen(9), [0, 1, 2, 3]);
    }
}
