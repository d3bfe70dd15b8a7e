//! Learning: the configuration of a run, its objective, its loop, and the folder that it writes.

pub mod benchmark;
pub mod checkpoint;
pub mod config;
pub mod geco;
pub mod learner;
pub mod metrics;
pub mod model;
pub mod objective;
pub mod run;
pub mod schedule;
pub mod train;
