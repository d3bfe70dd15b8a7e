//! Scores of whole sets: mechanics beside references, distances and diversity, and how good a set
//! is for learning from.

mod distribution;
mod mechanics;
mod outcome;
mod quality;
mod quantiles;

pub use distribution::Distribution;
pub use mechanics::{
    METRICS_VERSION, MechanicsScores, References, TopodiffError, judge_all, repair_all,
};
pub use outcome::Outcome;
pub use quality::{SetQuality, cut_designs};
pub use quantiles::median;
