//! What can be wrong with a problem.

use super::statement::PassiveKind;
use crate::grid::Grid;

/// A problem that cannot be solved as stated.
///
/// Supports, load cases, loads and passive regions are counted from 0, in the order of the problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// The text is not TOML or does not follow the schema.
    #[error("not a problem: {0}")]
    Toml(String),
    /// A value `"$name"` names no condition.
    #[error("the problem uses the condition ${name}, which is not known")]
    UnknownCondition {
        /// The name without the dollar sign.
        name: String,
    },
    /// No built-in problem has this name.
    #[error(
        "unknown problem {name:?}; the built-in ones are mbb, cantilever, two-loads, hole and l-bracket"
    )]
    UnknownName {
        /// The name asked for.
        name: String,
    },
    /// A grid without elements, or with more than [`Grid::MAX_ELEMENTS`].
    #[error("grid {grid} has no elements or more than {max}", max = Grid::MAX_ELEMENTS)]
    GridSize {
        /// The grid.
        grid: Grid,
    },
    /// A number outside its range.
    #[error("{what} is {value}, but must be {range}")]
    OutOfRange {
        /// Which number.
        what: String,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A node outside the grid.
    #[error(
        "{what} is at node [{column}, {row}], outside the grid {grid}: its nodes are [0, 0] at the \
         upper left to [{}, {}]",
        grid.nelx, grid.nely
    )]
    NodeOutside {
        /// Which support or load.
        what: String,
        /// The column asked for.
        column: usize,
        /// The row asked for.
        row: usize,
        /// The grid.
        grid: Grid,
    },
    /// A polygon with fewer than three corners.
    #[error("passive region {region} is a polygon with {corners} corners; it needs at least 3")]
    Polygon {
        /// Which region.
        region: usize,
        /// How many corners it has.
        corners: usize,
    },
    /// No element is free.
    #[error("the passive regions leave no element free")]
    NothingFree,
    /// A grid of a single element, whose density is the volume fraction.
    #[error("a grid of one element leaves nothing to design")]
    OneElement,
    /// A picture of a region whose rows differ in length, or with another character.
    #[error(
        "passive region {region} is a picture whose row {row} is {text:?}: all rows are equally long, # inside and . outside"
    )]
    Picture {
        /// Which region.
        region: usize,
        /// The row, from 0.
        row: usize,
        /// What stands in it.
        text: String,
    },
    /// The problem has no support.
    #[error("no support: add at least one [[supports]] or [[springs]]")]
    NoSupport,
    /// The problem has no load.
    #[error("no load: add at least one [[load_cases]] with a load, or self_weight")]
    NoLoad,
    /// A load case whose forces are all zero.
    #[error("load case {case} has no force")]
    LoadFree {
        /// Which load case.
        case: usize,
    },
    /// A load case that only pushes on supports: nothing deforms.
    #[error("every force of load case {case} acts on a direction that a support holds")]
    LoadOnSupport {
        /// Which load case.
        case: usize,
    },
    /// A load where there can be no material.
    #[error(
        "load {load} of load case {case} (from 0) acts on void, at node [{column}, {row}], counted \
         from [0, 0] at the upper left"
    )]
    LoadOnVoid {
        /// Which load case.
        case: usize,
        /// Which of its loads.
        load: usize,
        /// Column of the node.
        column: usize,
        /// Row of the node.
        row: usize,
    },
    /// A part that carries a load can move freely.
    #[error("the part under load case {case} can still {motion}: a support is missing")]
    Unsupported {
        /// Which load case.
        case: usize,
        /// What is not held.
        motion: Motion,
    },
    /// More passive material than the volume fraction allows, or less room than it asks for.
    #[error(
        "volume fraction {volume_fraction} is impossible: the {kind:?} regions allow only {least} to {most}"
    )]
    Volume {
        /// The volume fraction asked for.
        volume_fraction: f64,
        /// Smallest possible one.
        least: f64,
        /// Largest possible one.
        most: f64,
        /// Which regions are at fault.
        kind: PassiveKind,
    },
}

/// A rigid-body motion in the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// To the left and right.
    SlideX,
    /// Up and down.
    SlideY,
    /// About a point.
    Turn,
}

impl std::fmt::Display for Motion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SlideX => "slide left and right",
            Self::SlideY => "slide up and down",
            Self::Turn => "turn",
        })
    }
}
