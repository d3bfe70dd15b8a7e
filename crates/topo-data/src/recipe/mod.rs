//! How the designs of data sets are made: where SIMP starts, and its stages.

mod stages;
mod start;

pub(crate) use stages::{SHARP_RADIUS, layout_radius, run};
pub(crate) use start::random_start;
