//! Choices that several commands offer in the same words.

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use vae_design::Measure;
use vae_study::analysis::{AxisSide, Format, Solver, Symmetry};
use vae_study::propose::Differ;

/// `--symmetry`.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SymmetryArg {
    /// Left and right
    LeftRight,
    /// Top and bottom
    TopBottom,
    /// Both
    Both,
}

/// `--differ`.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DifferArg {
    Topology,
    Overlap,
}

impl From<DifferArg> for Differ {
    fn from(differ: DifferArg) -> Self {
        match differ {
            DifferArg::Topology => Self::Topology,
            DifferArg::Overlap => Self::Overlap,
        }
    }
}

/// `--mirror`.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SideArg {
    Left,
    Right,
    Top,
    Bottom,
}

impl From<SideArg> for AxisSide {
    fn from(side: SideArg) -> Self {
        match side {
            SideArg::Left => Self::Left,
            SideArg::Right => Self::Right,
            SideArg::Top => Self::Top,
            SideArg::Bottom => Self::Bottom,
        }
    }
}

/// `--solver`.
#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SolverArg {
    /// Multigrid, up to 128 x 128 so exact that published histories hold (to 1e-7)
    Auto,
    /// Sparse Cholesky factorization, exact to round-off
    Direct,
    /// Conjugate gradients with multigrid, as exact as the next step needs; the final compliance is
    /// within 0.1 % of that of the direct solver
    Multigrid,
}

impl From<SymmetryArg> for Symmetry {
    fn from(symmetry: SymmetryArg) -> Self {
        match symmetry {
            SymmetryArg::LeftRight => Self::LeftRight,
            SymmetryArg::TopBottom => Self::TopBottom,
            SymmetryArg::Both => Self::Both,
        }
    }
}

impl From<SolverArg> for Solver {
    fn from(solver: SolverArg) -> Self {
        match solver {
            SolverArg::Auto => Self::Auto,
            SolverArg::Direct => Self::Direct,
            SolverArg::Multigrid => Self::Multigrid,
        }
    }
}

/// Reads what proposals are ranked by.
pub(crate) fn measure() -> impl TypedValueParser<Value = Measure> {
    PossibleValuesParser::new(Measure::COSTS.map(Measure::name))
        .try_map(|name| name.parse::<Measure>())
}

/// Reads a format of files for CAD, for a printer, or as numbers.
pub(crate) fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse::<Format>())
}
