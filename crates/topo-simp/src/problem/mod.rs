//! What is to be designed (grid, material, supports, loads, and regions that are not free), and
//! the same on the nodes and elements of its grid.

mod annotated;
mod cell;
mod error;
mod model;
mod named;
mod nodal;
mod places;
mod region;
mod statement;
mod support;
mod text;
mod vector;
mod weight;
mod weighted;

pub(crate) use cell::Cell;
pub use error::{Motion, ProblemError};
pub(crate) use model::{Model, check_grid};
pub use named::{BracketLoad, NamedProblem};
pub use nodal::Nodal;
pub use places::NodeShare;
pub use statement::{
    Fix, Load, LoadCase, PassiveKind, PassiveRegion, Place, Problem, Shape, Side, Spring, Support,
};
