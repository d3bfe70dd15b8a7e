//! Which candidates become designs of the data set.

use ndarray::ArrayView2;

use super::{candidate::Candidate, spec::GenerateSpec};
use crate::{
    error::Result,
    families::Family,
    judging::{Connectivity, Domain, Silhouette, components},
};

/// What becomes of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is part of the data set.
    Kept,
    /// Its compliance after the cut is too far above the best of its problem.
    Weak,
    /// The cut multiplies its compliance by more than allowed: the grey design is not realizable.
    CutAway,
    /// It falls into pieces when it is cut; elements that share a corner count as connected.
    Broken,
    /// It is nearly equal to a kept variant of its problem.
    Duplicate,
}

/// The verdicts on all candidates, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selection {
    /// What becomes of each candidate.
    pub(super) verdicts: Vec<Verdict>,
    /// Compliance after the cut, divided by the smallest one of the problem.
    pub(super) ratios: Vec<f64>,
}

impl Selection {
    /// Number of candidates with this verdict.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.iter().filter(|&&v| v == verdict).count()
    }
}

/// Judges candidates, sorted by problem and variant: of two near-equal ones the first is kept.
/// Iterates are all kept.
///
/// # Errors
///
/// That of a template that gives no problem.
///
/// # Panics
///
/// If a candidate is not of this family, or its design not of the grid of the specification.
pub(super) fn select(
    candidates: &[Candidate],
    family: &Family,
    spec: &GenerateSpec,
) -> Result<Selection> {
    let mut selection = Selection { verdicts: Vec::new(), ratios: Vec::new() };
    for variants in candidates.chunk_by(|a, b| a.problem == b.problem) {
        let task = family.problem(variants[0].problem, spec.height, spec.width)?;
        let domain = Domain::of(&task)?;
        let best = variants.iter().map(|c| c.compliance_cut).fold(f64::INFINITY, f64::min);
        let mut kept: Vec<Silhouette> = Vec::new();
        for candidate in variants {
            let ratio = candidate.compliance_cut / best;
            let cut = domain.cut(&candidate.densities());
            let silhouette = Silhouette::of(&cut);
            let verdict = if candidate.iterate.is_some() {
                Verdict::Kept
            } else if candidate.compliance_cut > spec.cut_ratio * candidate.compliance {
                Verdict::CutAway
            } else if ratio.is_nan() || ratio > spec.keep_ratio {
                Verdict::Weak
            } else if pieces(&cut, spec) != 1 {
                Verdict::Broken
            } else if kept.iter().any(|other| other.iou(&silhouette) > spec.duplicate_iou) {
                Verdict::Duplicate
            } else {
                kept.push(silhouette);
                Verdict::Kept
            };
            selection.verdicts.push(verdict);
            selection.ratios.push(ratio);
        }
    }
    Ok(selection)
}

/// Number of pieces of a cut design.
fn pieces(cut: &[f32], spec: &GenerateSpec) -> usize {
    let design = ArrayView2::from_shape((spec.height, spec.width), cut);
    let design = design.expect("a candidate has the grid of its specification");
    components(design, Connectivity::Eight).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 4 × 8 candidate of the first problem (volume fraction 0.25: 8 elements stay).
    fn candidate(variant: usize, compliance_cut: f64, solid: [usize; 8]) -> Candidate {
        let mut design = vec![0; 32];
        for element in solid {
            design[element] = 255;
        }
        Candidate {
            problem: 0,
            variant,
            iterate: None,
            filter_radius: 2.0,
            iterations: 1,
            compliance: compliance_cut,
            compliance_cut,
            greyness: 0.0,
            design,
            history: Vec::new(),
        }
    }

    #[test]
    fn each_candidate_gets_its_verdict() {
        let family = Family::cantilever();
        let spec =
            GenerateSpec { height: 4, width: 8, ..GenerateSpec::for_family("cantilever").unwrap() };
        let (top, bottom) = ([0, 1, 2, 3, 4, 5, 6, 7], [24, 25, 26, 27, 28, 29, 30, 31]);
        let broken = [0, 1, 2, 3, 28, 29, 30, 31];
        let candidates = [
            candidate(0, 100.0, top),
            candidate(1, 100.5, top),
            candidate(2, 120.0, bottom),
            candidate(3, 101.0, broken),
            candidate(4, 109.9, bottom),
        ];
        let selection = select(&candidates, &family, &spec).unwrap();
        assert_eq!(
            selection.verdicts,
            [Verdict::Kept, Verdict::Duplicate, Verdict::Weak, Verdict::Broken, Verdict::Kept]
        );
        assert!((selection.ratios[2] - 1.2).abs() < 1e-12);
        assert_eq!(selection.count(Verdict::Kept), 2);
    }

    #[test]
    fn the_best_is_the_best_of_its_own_problem() {
        let family = Family::cantilever();
        let spec =
            GenerateSpec { height: 4, width: 8, ..GenerateSpec::for_family("cantilever").unwrap() };
        let other = Candidate { problem: 1, ..candidate(0, 300.0, [0, 1, 2, 3, 4, 5, 6, 7]) };
        let candidates = [candidate(0, 100.0, [0, 1, 2, 3, 4, 5, 6, 7]), other];
        assert_eq!(select(&candidates, &family, &spec).unwrap().ratios, [1.0, 1.0]);
    }
}
