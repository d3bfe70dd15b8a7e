//! New designs for a task: candidates from a trained model, searched, judged, selected and ranked.

mod comparison;
mod course;
mod error;
mod files;
mod lightest;
mod neighborhood;
mod origins;
mod page;
mod pictures;
mod place;
mod problem;
mod proposals;
mod rounds;
mod settings;
mod shortfall;
mod task;
mod tasks;

pub use comparison::{Comparison, Judged, Known, Reference};
pub use error::{ProposeError, Result};
pub(crate) use files::PAGE;
pub use files::{Described, Files, Written, claim_folder};
pub use place::DesignPlace;
pub use proposals::Proposals;
pub use rounds::ProposeProgress;
pub use settings::{Differ, ProposeSettings};
pub use shortfall::Shortfall;
pub use task::ProposalTask;
pub use tasks::{NamedTask, Outcome, Tasks};
