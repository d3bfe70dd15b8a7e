//! Scoring: what a model is worth on held-out designs, beside simple controls.

pub mod controls;
pub mod diagnosis;
pub mod evaluate;
pub mod evaluation;
pub mod information;
mod kernel;
pub mod measure;
pub mod residuals;
pub mod response;
pub mod trust;
