//! Scoring: what a model is worth on held-out designs, beside simple controls.

mod activity;
mod bounds;
mod calibration;
mod controls;
mod diagnosis;
mod held_out;
mod importance;
mod information;
mod kernel;
mod measure;
mod one_draw;
mod reconstruction;
mod regression;
mod residuals;
mod response;
mod spread;
mod trust;

pub use activity::{active_units, unit_activity};
pub use bounds::{Bounds, bounds};
pub use calibration::Calibration;
pub use controls::{nearest_by_condition, nearest_by_pixels, principal_components};
pub use diagnosis::{Course, Diagnosis, Dimension, EpochKl, State, Unclear, Worth, diagnose};
pub use held_out::{Controls, Evaluation, Reconstructions, evaluate};
pub use importance::Importance;
pub use information::{Information, information};
pub use measure::{Measure, active_pixels, cross_entropy_floor};
pub use one_draw::{Scores, score, terms_by_design};
pub use reconstruction::{Reconstruction, compare};
pub use regression::regression_by_condition;
pub use residuals::with_stated_noise;
pub use response::{Follows, Response, responses};
pub use trust::{Trust, trust};
