//! What is explored: a run with the codes of its designs, and proposals.

mod about;
mod atlas;
mod axes;
mod open;
mod proposals;
mod results;

pub(crate) use about::{about, table};
pub(crate) use atlas::Atlas;
pub use open::{Subject, SubjectSettings};
pub(crate) use results::Results;
