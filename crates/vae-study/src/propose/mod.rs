//! New designs for a task: candidates from a trained model, searched, judged, selected and ranked.

mod error;
mod files;
mod origins;
mod place;
mod problem;
mod proposals;
mod reference;
mod rounds;
mod settings;
mod shortfall;
mod task;

pub use error::{ProposeError, Result};
pub use files::{Described, Written, claim_folder};
pub use place::DesignPlace;
pub use proposals::Proposals;
pub use reference::Reference;
pub use rounds::ProposeProgress;
pub use settings::ProposeSettings;
pub use shortfall::Shortfall;
pub use task::ProposalTask;
