//! What can be wrong with a split.

use thiserror::Error;
use vae_base::Remedy;

/// A data set cannot be split in the way asked for.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A text names no split rule.
    #[error("{text:?} is not a split rule")]
    Rule {
        /// The text.
        text: String,
    },
    /// The shares leave nothing to train on.
    #[error(
        "a validation share of {validation} and a test share of {test} are not a split; both must \
         be at least 0, and their sum below 1"
    )]
    Shares {
        /// Share of the validation side.
        validation: f64,
        /// Share of the test side.
        test: f64,
    },
    /// There are fewer groups than sides to fill.
    #[error("{groups} groups cannot fill {sides} sides of a split")]
    TooFewGroups {
        /// Number of groups in the set.
        groups: usize,
        /// Number of sides that may not be empty.
        sides: usize,
    },
    /// The values of a condition allow no band to be held out.
    #[error("no {rule} split by {column:?}: {why}")]
    NoBand {
        /// `interpolate` or `extrapolate`.
        rule: &'static str,
        /// Name of the condition.
        column: String,
        /// The reason.
        why: &'static str,
    },
    /// No design has a value that is to be held out.
    #[error("no design has {column} = {value}, which is to be held out; there are {there}")]
    NoSuchValue {
        /// Name of the condition.
        column: String,
        /// The value.
        value: f32,
        /// Values that designs have, nearest first.
        there: String,
    },
    /// The standard split was asked for, and the data state no test side.
    #[error("there is no standard split: these data do not say which designs are to test with")]
    NoStatedTest,
    /// The test side that the data state cuts a group in two.
    #[error(
        "the data state their test side, and group {group} has designs inside and outside of it"
    )]
    StatedTestCutsGroup {
        /// The group.
        group: u32,
    },
    /// A recorded split does not name this group, or names it more than once.
    #[error("group {group} is on {sides} sides of the recorded split")]
    Group {
        /// The group.
        group: u32,
        /// Number of sides that name it: 0, 2 or 3.
        sides: usize,
    },
}

impl SplitError {
    /// What a caller can do about this error; empty if nothing in particular helps.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let at_random = || Remedy::set("split", "random", "splits at random");
        match self {
            Self::Rule { .. } => vec![Remedy::advice(
                "the rules are auto, standard, random, interpolate:COLUMN, extrapolate:COLUMN and \
                 holdout:COLUMN=VALUE,VALUE",
            )],
            Self::TooFewGroups { .. } => vec![Remedy::advice(
                "a group is never on two sides: give the designs finer groups, or set the \
                 validation or test share to 0",
            )],
            Self::NoBand { .. } => vec![Remedy::advice("choose another column"), at_random()],
            Self::NoStatedTest => vec![at_random()],
            Self::StatedTestCutsGroup { .. } => vec![
                Remedy::set("group_by", "COLUMN|PATTERN|none", "groups the designs otherwise"),
                at_random(),
            ],
            Self::Group { .. } => vec![Remedy::advice("the data changed since the split was made")],
            Self::NoSuchValue { .. } | Self::Shares { .. } => Vec::new(),
        }
    }

    /// Whether what was asked for is at fault, rather than the data.
    #[must_use]
    pub fn is_callers_mistake(&self) -> bool {
        matches!(
            self,
            Self::Rule { .. }
                | Self::Shares { .. }
                | Self::NoSuchValue { .. }
                | Self::NoStatedTest
                | Self::StatedTestCutsGroup { .. }
        )
    }
}
