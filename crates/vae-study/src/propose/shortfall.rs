//! Why nothing was accepted, and what to relax.

use vae_base::Remedy;
use vae_base::text::Share;
use vae_design::{Candidate, Yield};

use super::proposals::Proposals;

/// SIMP iterations of repair that are suggested, on top of those that were asked for.
const REPAIR: usize = 5;

/// Why no candidate was accepted, or most of them were not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shortfall {
    /// Most candidates are in pieces or do not carry the load.
    Broken,
    /// Most candidates are too soft.
    TooSoft {
        /// How much softer than the reference the stiffest whole candidate is.
        least: f64,
    },
    /// Most candidates are nearly copies of training designs.
    Known,
}

impl Proposals {
    /// Why most candidates were rejected.
    pub fn shortfall(&self) -> Shortfall {
        let Yield { not_carried, in_pieces, too_soft, training_copies, .. } = self.counts;
        let broken = not_carried + in_pieces;
        let largest = broken.max(too_soft).max(training_copies);
        if broken == largest {
            return Shortfall::Broken;
        }
        if too_soft != largest {
            return Shortfall::Known;
        }
        let whole = |c: &&Candidate| c.judgement.loads_supported && c.judgement.pieces_4 == 1;
        let stiffest = self.candidates.iter().filter(whole).map(|c| c.compliance);
        let stiffest = stiffest.fold(f64::INFINITY, f64::min);
        Shortfall::TooSoft { least: stiffest / self.reference.compliance - 1.0 }
    }

    /// What to relax or change so that more candidates are accepted.
    pub fn remedies(&self) -> Vec<Remedy> {
        let settings = &self.settings;
        match self.shortfall() {
            Shortfall::Broken => {
                let refine = (settings.refine + REPAIR).to_string();
                vec![
                    Remedy::set("refine", refine, "repairs them by SIMP"),
                    Remedy::set("volume", "X", "asks for a larger volume"),
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
                    Remedy::set("refine", REPAIR.to_string(), "repairs them by SIMP"),
                ]
            }
            Shortfall::Known => vec![
                Remedy::set("overlap", "X", "allows a larger overlap with training designs"),
                Remedy::set("near", "DESIGN", "looks elsewhere"),
                Remedy::set("spread", "X", "looks farther from it"),
                Remedy::set("trust", "X", "searches a larger region"),
            ],
        }
    }
}
