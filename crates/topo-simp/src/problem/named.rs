//! The standard problems of the literature.

use std::str::FromStr;

use super::{
    error::ProblemError,
    statement::{Fix, PassiveKind, Place, Problem, Shape, Side},
};
use crate::grid::Grid;

impl Problem {
    /// Half MBB beam: no horizontal movement on the left edge (the axis of symmetry), the lower
    /// right corner on a roller, a unit force down on the upper left corner.
    ///
    /// Reference: Sigmund, "A 99 line topology optimization code written in Matlab", 2001.
    pub fn mbb(grid: Grid, volume_fraction: f64) -> Self {
        Self::new(grid, volume_fraction)
            .with_name("mbb")
            .with_support(Place::Edge(Side::Left), Fix::X)
            .with_support(Place::Point([1.0, 1.0]), Fix::Y)
            .with_load_case([(Place::Point([0.0, 0.0]), DOWN)])
    }

    /// Short cantilever: the left edge clamped, a unit force down on the lower right corner.
    ///
    /// Reference: Sigmund 2001, section 5.1.
    pub fn cantilever(grid: Grid, volume_fraction: f64) -> Self {
        Self::new(grid, volume_fraction)
            .with_name("cantilever")
            .with_support(Place::Edge(Side::Left), Fix::Xy)
            .with_load_case([(Place::Point([1.0, 1.0]), DOWN)])
    }

    /// The cantilever with two load cases: down on the lower right corner, up on the upper right
    /// corner.
    ///
    /// Reference: Sigmund 2001, section 5.2.
    pub fn two_loads(grid: Grid, volume_fraction: f64) -> Self {
        Self::cantilever(grid, volume_fraction)
            .with_name("two-loads")
            .with_load_case([(Place::Point([1.0, 0.0]), UP)])
    }

    /// The cantilever with a circular hole that stays empty, of radius `nely / 3`.
    ///
    /// The hole is where `(i + 1 − nely / 2)² + (j + 1 − nelx / 3)² < (nely / 3)²` for the element
    /// in row i and column j (from 0): half an element off the even place, because the original
    /// counts from 1.
    ///
    /// Reference: Sigmund 2001, section 5.3.
    pub fn hole(grid: Grid, volume_fraction: f64) -> Self {
        let center = [1.0 / 3.0 - 0.5 / grid.nelx as f64, 0.5 - 0.5 / grid.nely as f64];
        Self::cantilever(grid, volume_fraction)
            .with_name("hole")
            .with_passive(PassiveKind::Void, Shape::Circle { center, radius: 1.0 / 3.0 })
    }

    /// L-bracket: legs of 0.4 of the side, clamped along the top of the upright leg, a unit force
    /// down on the right edge.
    ///
    /// The upper right 0.6 × 0.6 is outside the domain, so the volume fraction and the filter know
    /// the L alone. Definitions of the L-bracket differ, so state this one with every number.
    pub fn l_bracket(grid: Grid, volume_fraction: f64, load: BracketLoad) -> Self {
        let y = match load {
            BracketLoad::Mid => 0.8,
            BracketLoad::Corner => 0.6,
        };
        Self::new(grid, volume_fraction)
            .with_name("l-bracket")
            .with_support(Place::Segment { side: Side::Top, from: 0.0, to: 0.4 }, Fix::Xy)
            .with_load_case([(Place::Point([1.0, y]), DOWN)])
            .with_passive(
                PassiveKind::Outside,
                Shape::Rectangle { min: [0.4, 0.0], max: [1.0, 0.6] },
            )
    }

    fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

/// Where the force on the L-bracket acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BracketLoad {
    /// Half way up the tip.
    Mid,
    /// At the upper end of the tip, level with the re-entrant corner.
    Corner,
}

/// The names of the built-in problems: `mbb`, `cantilever`, `two-loads`, `hole`, `l-bracket` (load
/// half way up the tip).
///
/// # Examples
/// ```
/// use topo_simp::{Grid, NamedProblem, Problem};
/// let grid = Grid { nelx: 32, nely: 20 };
/// let problem = "cantilever".parse::<NamedProblem>()?.problem(grid, 0.4);
/// assert_eq!(problem, Problem::cantilever(grid, 0.4));
/// # Ok::<(), topo_simp::ProblemError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedProblem {
    /// [`Problem::mbb`]
    Mbb,
    /// [`Problem::cantilever`]
    Cantilever,
    /// [`Problem::two_loads`]
    TwoLoads,
    /// [`Problem::hole`]
    Hole,
    /// [`Problem::l_bracket`] with [`BracketLoad::Mid`]
    LBracket,
}

impl NamedProblem {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Mbb, Self::Cantilever, Self::TwoLoads, Self::Hole, Self::LBracket];

    /// The name that [`FromStr`] reads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mbb => "mbb",
            Self::Cantilever => "cantilever",
            Self::TwoLoads => "two-loads",
            Self::Hole => "hole",
            Self::LBracket => "l-bracket",
        }
    }

    /// The problem on a grid.
    pub fn problem(self, grid: Grid, volume_fraction: f64) -> Problem {
        match self {
            Self::Mbb => Problem::mbb(grid, volume_fraction),
            Self::Cantilever => Problem::cantilever(grid, volume_fraction),
            Self::TwoLoads => Problem::two_loads(grid, volume_fraction),
            Self::Hole => Problem::hole(grid, volume_fraction),
            Self::LBracket => Problem::l_bracket(grid, volume_fraction, BracketLoad::Mid),
        }
    }
}

impl FromStr for NamedProblem {
    type Err = ProblemError;

    fn from_str(name: &str) -> Result<Self, ProblemError> {
        Self::ALL
            .into_iter()
            .find(|known| known.name() == name)
            .ok_or_else(|| ProblemError::UnknownName { name: name.to_owned() })
    }
}

const DOWN: [f64; 2] = [0.0, -1.0];
const UP: [f64; 2] = [0.0, 1.0];
