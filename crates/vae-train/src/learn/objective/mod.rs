//! Objectives: what a training step minimizes, one file for each.

mod balance;
mod choice;
mod cross_entropy;
mod elbo;
mod geco;
mod iwae;
mod lecture;
mod loss;
mod rule;
mod terms;
mod weighted;

pub use balance::{Balance, Constraint, Quantity};
pub use choice::Objective;
pub use cross_entropy::CrossEntropy;
pub use elbo::EvidenceBound;
pub use geco::Tolerances;
pub use iwae::ImportanceBound;
pub use lecture::Lecture;
pub use loss::Loss;
pub use rule::Step;
pub use terms::{Parts, Validation};
pub use weighted::{Reduction, Weighted};

pub(crate) use lecture::as_bound;
pub(crate) use rule::{HeldOut, in_range, refuse};
