//! What is known about the designs of a set.

use ndarray::Array2;

use crate::formats::table::Table;
use crate::set::masks::Masks;
use crate::set::metadata::{Condition, Metadata};
use crate::set::problems::Problems;

/// What is known about the designs of a set. Everything may be left out.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Origin and terms.
    pub metadata: Metadata,
    /// Names, units and ranges of the conditions.
    pub conditions: Vec<Condition>,
    /// Their values, (N, C).
    pub values: Array2<f32>,
    /// The group of each design; if left out, each is a group of its own.
    pub groups: Option<Vec<u32>>,
    /// Cells that are prescribed to be void or solid.
    pub masks: Option<Masks>,
    /// One row per design: compliance, iterations, greyness, source.
    pub results: Option<Table>,
    /// The mechanics.
    pub problems: Problems,
}
