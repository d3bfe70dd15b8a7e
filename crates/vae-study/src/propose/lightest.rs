//! The smallest volume at which candidates keep the bounds.

use topo_simp::Problem;
use vae_design::{Measure, Requirement};

use super::course::Round;
use super::error::Result;
use super::rounds::{ProposeProgress, Rounds};

/// Volumes are told apart to this share of the domain.
const STEP: f64 = 0.01;
/// Proposals may be heavier than the lightest by this share.
const MORE: f64 = 0.05;
/// A first guess goes no further down than to this share of a volume that keeps the bounds.
const LEAST_GUESS: f64 = 0.5;

impl Rounds<'_> {
    /// Rounds at smaller and smaller volumes, from the one asked for, with at most half of all
    /// candidates. Returns the problem at the smallest volume that some candidate keeps the bounds
    /// at; at the one asked for if there is none. From then on designs that are more than 5 %
    /// heavier are not accepted.
    ///
    /// The first guess takes the compliance to fall as the volume grows, as that of thin structures
    /// does; then volumes are halved between one that suffices and one that does not.
    pub(super) fn lightest(
        &mut self,
        observe: &mut impl FnMut(ProposeProgress),
    ) -> Result<Problem> {
        let stated = self.stated();
        let at = |volume_fraction: f64| Problem { volume_fraction, ..stated.clone() };
        let most = self.settings().most_candidates();
        let (mut enough, mut too_little) = (stated.volume_fraction, 0.0);
        let mut volume = enough;
        while self.tried.len() < most.div_ceil(2) {
            let problem = at(volume);
            let before = self.tried.len();
            // Passive regions need some volume.
            if problem.validate().is_ok() {
                self.round(&problem, Round::Stated)?;
                observe(self.progress());
            }
            let stiffest = self.stiffest_sound(before);
            match stiffest {
                Some(_) => enough = volume,
                None if enough <= volume => break,
                None => too_little = volume,
            }
            if enough - too_little <= STEP {
                break;
            }
            volume = next(enough, too_little, stiffest.map(|compliance| compliance / self.bound()));
        }
        // Of the heavier ones that were passed on the way nobody wants to hear.
        let (measure, at_most, bound) = (Measure::Weight, true, enough * (1.0 + MORE));
        self.criteria.requirements.push(Requirement { measure, at_most, bound });
        Ok(at(enough))
    }

    /// The smallest compliance of the candidates from a position on that keep all bounds.
    fn stiffest_sound(&self, from: usize) -> Option<f64> {
        let sound = self.tried[from..]
            .iter()
            .filter(|candidate| self.criteria.is_met_by(candidate, &self.tried));
        sound.map(|candidate| candidate.compliance).reduce(f64::min)
    }

    /// The largest compliance that a proposal may have.
    fn bound(&self) -> f64 {
        let stated = self.settings().requirements.iter();
        let stated = stated.filter(|bound| bound.measure == Measure::Compliance && bound.at_most);
        let limit = self.criteria.limit_beside(&self.tried);
        stated.map(|bound| bound.bound).fold(limit, f64::min)
    }
}

/// The next volume between one that is enough and one that is too little, 0 if none is known;
/// `used` is the compliance reached over the largest one allowed.
fn next(enough: f64, too_little: f64, used: Option<f64>) -> f64 {
    match used {
        Some(used) if too_little == 0.0 && 0.0 < used => {
            enough * used.max(LEAST_GUESS).min(1.0 - STEP / enough)
        }
        _ => f64::midpoint(enough, too_little),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_go_down_and_then_halve() {
        assert!((next(0.4, 0.0, Some(0.8)) - 0.32).abs() < 1e-12);
        assert!((next(0.4, 0.0, Some(0.999)) - 0.39).abs() < 1e-12);
        assert!((next(0.4, 0.0, Some(0.01)) - 0.2).abs() < 1e-12);
        assert!((next(0.4, 0.3, Some(0.5)) - 0.35).abs() < 1e-12);
        assert!((next(0.4, 0.3, None) - 0.35).abs() < 1e-12);
    }

    /// The compliance of a thin structure at the volume v is about 1 / v: the search ends within a
    /// step above the volume that is needed.
    #[test]
    fn halving_ends_within_a_step() {
        for needed in [0.05, 0.21, 0.333, 0.395] {
            let (mut enough, mut too_little, mut volume) = (0.4, 0.0, 0.4);
            let mut rounds = 0;
            while STEP < enough - too_little {
                rounds += 1;
                let suffices = needed <= volume;
                if suffices {
                    enough = volume;
                } else {
                    too_little = volume;
                }
                volume = next(enough, too_little, suffices.then(|| needed / volume));
            }
            assert!(needed <= enough && enough < needed + STEP + 1e-9, "{needed}: {enough}");
            assert!(rounds <= 8, "{needed}: {rounds} rounds");
        }
    }
}
