//! What can be wrong with a data set.

use thiserror::Error;
use vae_base::Remedy;

use crate::set::density::BEYOND;

use super::names::list;

/// A data set, or what is asked of it, is invalid.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetError {
    /// A design was asked for by a position that the set does not have.
    #[error("design {index} was asked for, and {name} has {n} (0 to {})", n.saturating_sub(1))]
    DesignIndex {
        /// Name of the set.
        name: String,
        /// The position asked for.
        index: usize,
        /// Number of designs.
        n: usize,
    },
    /// The set does not have a condition of this name.
    #[error("no condition is called {column:?}; there are {}", list(known))]
    UnknownColumn {
        /// The name asked for.
        column: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Designs have the wrong number of axes, or one of length 0.
    #[error("{file}: shape {shape:?} where (designs, rows, columns), none of them 0, is expected")]
    DesignShape {
        /// The file.
        file: String,
        /// The shape it has.
        shape: Vec<usize>,
    },
    /// A density is not a number, or lies outside 0 to 1.
    #[error(
        "{file}: design {design} has the value {value} at row {row}, column {column}; \
         densities lie in 0 to 1"
    )]
    Density {
        /// The file.
        file: String,
        /// Position of the design.
        design: usize,
        /// Row, counted from 0 at the top.
        row: usize,
        /// Column, counted from 0 at the left.
        column: usize,
        /// The value found.
        value: f32,
    },
    /// A condition is not a finite number, or lies outside its stated range.
    #[error(
        "{file}: condition {condition:?} of design {design} is {value}, outside {min} to {max}"
    )]
    ConditionValue {
        /// The file.
        file: String,
        /// Name of the condition.
        condition: String,
        /// Position of the design.
        design: usize,
        /// The value found.
        value: f32,
        /// Smallest value allowed.
        min: f32,
        /// Largest value allowed.
        max: f32,
    },
    /// A set has more conditions than anything can be learned from.
    #[error("{file}: {found} conditions, and a set may have {most}")]
    TooManyConditions {
        /// The file, or the name of the set.
        file: String,
        /// The number found.
        found: usize,
        /// The largest number allowed.
        most: usize,
    },
    /// A mask holds a value other than 0 (void), 1 (free) and 2 (solid).
    #[error(
        "{file}: mask of design {design} has the value {value}; \
         masks hold 0 (void), 1 (free) or 2 (solid)"
    )]
    MaskValue {
        /// The file.
        file: String,
        /// Position of the design, 0 for a mask shared by all.
        design: usize,
        /// The value found.
        value: u8,
    },
    /// Two parts of a set have different lengths.
    #[error("{file}: {found} {what} where {expected} are expected")]
    Count {
        /// The file.
        file: String,
        /// What is counted.
        what: &'static str,
        /// The number found.
        found: usize,
        /// The number expected.
        expected: usize,
    },
    /// `dataset.json` states a format that this version does not know.
    #[error("{file}: format {found} is unknown; this version reads format {supported}")]
    Version {
        /// The file.
        file: String,
        /// What the file states, as JSON.
        found: String,
        /// The format this version reads.
        supported: u32,
    },
    /// `dataset.json` states a name that cannot be that of a file or folder.
    #[error("{file}: a set cannot be called {name:?}: {why}")]
    Name {
        /// The file.
        file: String,
        /// The name found.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// `dataset.json` is not what it should be.
    #[error("{file}: not a description of a data set")]
    Metadata {
        /// The file.
        file: String,
        /// The reader's reason, with line and column.
        source: serde_json::Error,
    },
    /// A problem text does not fit one line of `problems.jsonl`.
    #[error("{file}: the problem of design {design} contains a line break")]
    ProblemLines {
        /// The file.
        file: String,
        /// Position of the design.
        design: usize,
    },
    /// Maps of problems have another shape than they should.
    #[error(
        "{recipe}: maps of the shape {found:?} where (channels, rows, columns) = {expected:?} is expected"
    )]
    FieldShape {
        /// How the maps were made.
        recipe: String,
        /// Their shape.
        found: (usize, usize, usize),
        /// The shape expected.
        expected: (usize, usize, usize),
    },
    /// A map of a problem holds a value that is not a number, or too large for half precision.
    #[error("{recipe}: the map {channel:?} of problem {problem} has a value that is not finite")]
    FieldValue {
        /// How the maps were made.
        recipe: String,
        /// Name of the channel.
        channel: String,
        /// Position of the problem.
        problem: usize,
    },
    /// A channel and the one that it becomes in a transposition contradict each other.
    #[error(
        "{recipe}: the channel {channel:?} contradicts the one that it becomes when transposed"
    )]
    FieldChannels {
        /// How the maps were made.
        recipe: String,
        /// Name of the channel.
        channel: String,
    },
    /// A design has a problem of which there are no maps.
    #[error("{recipe}: design {design} has problem {problem}, and there are maps of {n}")]
    FieldProblem {
        /// How the maps were made.
        recipe: String,
        /// Position of the design.
        design: usize,
        /// Position of its problem.
        problem: usize,
        /// Number of problems.
        n: usize,
    },
}

impl SetError {
    /// What a caller can do about this error; empty if nothing in particular helps.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::UnknownColumn { known, .. } if known.is_empty() => {
                vec![Remedy::advice("this set has no conditions")]
            }
            Self::DesignShape { shape, .. } => shape_remedies(shape),
            Self::Density { value, .. } => density_remedies(*value),
            Self::Version { found, supported, .. } if found == "missing" => {
                vec![Remedy::advice(format!("add \"format\": {supported}"))]
            }
            Self::Version { .. } => {
                vec![Remedy::advice("it was made by a newer version; update this program")]
            }
            Self::TooManyConditions { .. } => {
                vec![Remedy::advice("keep the columns that describe the design")]
            }
            Self::Name { .. } => vec![Remedy::advice(
                "state a plain name such as beams, or none: then it is that of the folder",
            )],
            Self::Metadata { .. } => {
                vec![Remedy::advice("the shortest valid description is {\"format\": 1}")]
            }
            _ => Vec::new(),
        }
    }

    /// Whether what was asked for is at fault, rather than the contents of a file.
    #[must_use]
    pub fn is_callers_mistake(&self) -> bool {
        matches!(self, Self::UnknownColumn { .. })
    }
}

/// The remedies for a value that is not a density.
pub(crate) fn density_remedies(value: f32) -> Vec<Remedy> {
    let says = |example: &str| {
        let effect = format!("says which values are void and solid, such as {example}");
        Remedy::set("range", "VOID:SOLID", effect)
    };
    if value.is_nan() {
        vec![Remedy::advice("remove the design, or fill the value")]
    } else if (-BEYOND..=1.0 + BEYOND).contains(&value) {
        vec![Remedy::set("range", "0:1", "moves what exceeds it by rounding to its ends")]
    } else if 1.0 < value && value <= 255.0 {
        let save = Remedy::advice("save densities as floats 0 to 1 or as uint8 0 to 255");
        vec![save, says("0:255")]
    } else if 255.0 < value {
        let scale = Remedy::advice("scale the designs to 0 (void) to 1 (material)");
        vec![scale, says(&format!("0:{value}"))]
    } else {
        let marks = "if it marks cells outside of the design, write 0 in its place";
        let range = says("-1:1 of values that begin at -1");
        let range = Some(range).filter(|_| -1.0 - BEYOND <= value);
        [Remedy::advice(marks)].into_iter().chain(range).collect()
    }
}

/// The remedies for a shape, where one can be guessed.
fn shape_remedies(shape: &[usize]) -> Vec<Remedy> {
    match *shape {
        [_, _, _, _] => vec![
            Remedy::set("iterations", "last", "takes the last design of each trajectory"),
            Remedy::set("iterations", "all", "takes all designs of each trajectory"),
            Remedy::advice("make pictures in color grey first: one value per cell"),
        ],
        [_, _] | [_] => vec![
            Remedy::set("layout", "rows:NELXxNELY", "reads flat designs row by row"),
            Remedy::set("layout", "columns:NELXxNELY", "reads them column by column"),
            Remedy::set("layout", "hw", "takes the array as one design"),
        ],
        [_, _, 1] | [_, 1, _] => vec![
            Remedy::set("layout", "rows:NELXxNELY", "reads flat designs row by row"),
            Remedy::set("layout", "columns:NELXxNELY", "reads them column by column"),
            Remedy::set("layout", "hwc", "takes the array as one design with a channel"),
        ],
        _ => Vec::new(),
    }
}
