//! Why nothing was accepted, and what to relax.

use std::fmt;

use vae_base::Remedy;
use vae_base::text::Share;
use vae_design::{Candidate, Yield};

use super::proposals::Proposals;

/// SIMP iterations of repair that are suggested, on top of those that were asked for.
const REPAIR: usize = 5;

/// Why no candidate was accepted, or most of them were not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shortfall {
    /// Most candidates are in pieces, do not carry the load, have a member that ends in the air, or
    /// are too soft to be structures.
    Broken,
    /// Most candidates are too soft.
    TooSoft {
        /// How much softer than the reference the stiffest whole candidate is.
        least: f64,
    },
    /// Most candidates do not meet a requirement.
    Unmet,
    /// Most candidates are nearly copies of training designs.
    Known,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken => f.write_str("most break apart or hardly carry the load"),
            Self::TooSoft { least } => write!(
                f,
                "the stiffest candidate in one piece is {:.0} % softer than the reference",
                (100.0 * least).ceil()
            ),
            Self::Unmet => f.write_str("most do not keep a bound"),
            Self::Known => f.write_str("most are nearly copies of training designs"),
        }
    }
}

/// With two digits behind the point.
fn rounded(value: f64) -> String {
    format!("{value:.2}")
}

/// What candidates of these compliances lack that are whole, without stubs, and stiff enough to be
/// structures.
fn too_soft_or_broken(whole: impl Iterator<Item = f64>, reference: f64) -> Shortfall {
    match whole.reduce(f64::min).map(|stiffest| stiffest / reference - 1.0) {
        Some(least) if 0.0 < least => Shortfall::TooSoft { least },
        // The others are soft because they are broken.
        _ => Shortfall::Broken,
    }
}

impl Proposals {
    /// Why most candidates were rejected.
    pub fn shortfall(&self) -> Shortfall {
        let Yield { not_carried, in_pieces, free_ends, too_soft, unmet, training_copies, .. } =
            self.counts;
        let broken = not_carried + in_pieces + free_ends;
        let largest = broken.max(too_soft).max(unmet).max(training_copies);
        if broken == largest {
            return Shortfall::Broken;
        }
        if unmet == largest {
            return Shortfall::Unmet;
        }
        if too_soft < largest {
            return Shortfall::Known;
        }
        let Some(reference) = &self.reference else { return Shortfall::Broken };
        let softest = self.comparison.softest();
        let is_whole = |candidate: &&Candidate| {
            candidate.holds()
                && candidate.topology.free_ends == 0
                && candidate.compliance <= softest
        };
        let whole = self.candidates.iter().filter(is_whole);
        too_soft_or_broken(whole.map(|candidate| candidate.compliance), reference.compliance)
    }

    /// What to relax or change so that more candidates are accepted.
    pub fn remedies(&self) -> Vec<Remedy> {
        let settings = &self.settings;
        let refine = (settings.refine + REPAIR).to_string();
        let repair = Remedy::set("refine", refine, "repairs them by SIMP");
        match self.shortfall() {
            Shortfall::Broken => {
                vec![
                    repair,
                    Remedy::set("volume", self.larger_volume(), "asks for a larger volume"),
                ]
            }
            Shortfall::TooSoft { least } => {
                let within = Share::from((100.0 * least).ceil() / 100.0).to_string();
                vec![
                    Remedy::set(
                        "compliance_within",
                        within.replace(' ', ""),
                        "accepts the stiffest whole candidate",
                    ),
                    Remedy::set(
                        "search",
                        (2 * settings.search.max(10)).to_string(),
                        "searches longer",
                    ),
                    repair,
                ]
            }
            Shortfall::Unmet => vec![
                Remedy::set("require", "MEASURE<=NUMBER", "with another number asks for less"),
                Remedy::set(
                    "candidates",
                    (2 * settings.most_candidates()).to_string(),
                    "tries more",
                ),
            ],
            Shortfall::Known => vec![
                Remedy::set(
                    "overlap",
                    rounded(0.5 * (1.0 + settings.overlap)),
                    "allows a larger overlap with training designs",
                ),
                Remedy::set("near", "DESIGN", "looks elsewhere"),
                Remedy::set("spread", rounded(2.0 * settings.spread), "looks farther from it"),
                Remedy::set(
                    "trust",
                    rounded(0.5 * (1.0 + settings.trust)),
                    "searches a larger region",
                ),
            ],
        }
    }

    /// A volume with half as much again of material, or what room there is.
    fn larger_volume(&self) -> String {
        let volume = self.problem.volume_fraction;
        rounded((1.5 * volume).min(0.5 * (1.0 + volume)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_too_soft_only_if_some_are_whole() {
        let found = too_soft_or_broken([12.0, 10.95].into_iter(), 10.0);
        assert_eq!(
            found.to_string(),
            "the stiffest candidate in one piece is 10 % softer than the reference"
        );
        assert_eq!(too_soft_or_broken([].into_iter(), 10.0), Shortfall::Broken);
        assert_eq!(too_soft_or_broken([9.0].into_iter(), 10.0), Shortfall::Broken);
    }
}
