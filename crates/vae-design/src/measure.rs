//! What candidates are ranked by, and what may be required of them.

use std::fmt;
use std::str::FromStr;

use crate::candidates::Candidate;

/// A number that is known of every candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Compliance.
    Compliance,
    /// Largest von Mises stress, in the unit of the problem.
    Stress,
    /// Thickness of the thinnest member, in elements.
    Member,
    /// Width of the narrowest hole, in elements.
    Hole,
    /// Number of holes that are at least three elements wide.
    Holes,
    /// Share of the domain that is material.
    Weight,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Compliance, Self::Stress, Self::Member, Self::Hole, Self::Holes, Self::Weight];

    /// Those of which less is better.
    pub const COSTS: [Self; 4] = [Self::Compliance, Self::Stress, Self::Holes, Self::Weight];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compliance => "compliance",
            Self::Stress => "stress",
            Self::Member => "member",
            Self::Hole => "hole",
            Self::Holes => "holes",
            Self::Weight => "weight",
        }
    }

    /// Its value for a candidate; `None` where there is nothing to measure, as the width of a hole
    /// of a design without holes.
    pub fn of(self, candidate: &Candidate) -> Option<f64> {
        match self {
            Self::Compliance => Some(candidate.compliance),
            Self::Stress => candidate.judgement.stress,
            Self::Member => candidate.judgement.member_size.map(|size| size as f64),
            Self::Hole => candidate.hole_size,
            Self::Holes => Some(candidate.topology.holes.len() as f64),
            Self::Weight => Some(candidate.judgement.volume_fraction),
        }
    }
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|measure| measure.name() == name);
        known.ok_or_else(|| format!("{name:?} is no measure"))
    }
}

/// A bound that candidates must keep.
///
/// # Examples
/// ```
/// use vae_design::{Measure, Requirement};
/// let bound: Requirement = "stress<=2.5".parse()?;
/// assert_eq!((bound.measure, bound.at_most, bound.bound), (Measure::Stress, true, 2.5));
/// assert_eq!("member >= 3".parse::<Requirement>()?.to_string(), "member>=3");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requirement {
    /// What is bounded.
    pub measure: Measure,
    /// Whether the bound is the largest value, rather than the smallest.
    pub at_most: bool,
    /// The bound, which is allowed itself.
    pub bound: f64,
}

impl Requirement {
    /// Whether a candidate keeps it; one that has nothing to measure does.
    pub fn is_met_by(&self, candidate: &Candidate) -> bool {
        let met = |value: f64| if self.at_most { value <= self.bound } else { self.bound <= value };
        self.measure.of(candidate).is_none_or(met)
    }
}

impl FromStr for Requirement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let names = Measure::ALL.map(Measure::name).join(", ");
            format!(
                "{text:?} is no requirement: write MEASURE<=NUMBER or MEASURE>=NUMBER, with one of {names}"
            )
        };
        let (at, at_most) = match (text.find('<'), text.find('>')) {
            (Some(at), None) => (at, true),
            (None, Some(at)) => (at, false),
            _ => return Err(wrong()),
        };
        let (name, bound) = (text[..at].trim(), &text[at + 1..]);
        let bound = bound.strip_prefix('=').unwrap_or(bound).trim();
        match (name.parse::<Measure>(), bound.parse::<f64>()) {
            (Ok(measure), Ok(bound)) if bound.is_finite() => Ok(Self { measure, at_most, bound }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.at_most { "<=" } else { ">=" };
        write!(f, "{}{sign}{}", self.measure.name(), self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_requirement_is_refused_with_the_names() {
        for text in
            ["", "stress", "stress<", "strain<3", "stress<3<4", "stress<NaN", "member=3", "<3"]
        {
            let why = text.parse::<Requirement>().unwrap_err();
            assert!(why.contains("compliance, stress, member, hole, holes, weight"), "{why}");
        }
        for text in ["stress<3", "stress <= 3", "hole>2.5", "holes >=1"] {
            let requirement: Requirement = text.parse().unwrap();
            assert_eq!(requirement.to_string().parse::<Requirement>().unwrap(), requirement);
        }
    }
}
