//! What is said of a generation while it runs and when it ends.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::shard::Shard;

/// Name and version of this library, as data sets and logs record it.
pub(super) const GENERATOR: &str = concat!("topo-data ", env!("CARGO_PKG_VERSION"));

/// How far a generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Jobs done, those of an earlier interrupted run included.
    pub done: usize,
    /// Jobs that an earlier interrupted run had done.
    pub replayed: usize,
    /// Jobs in all.
    pub total: usize,
    /// Jobs done that gave no design.
    pub failed: usize,
}

/// A job that gave no design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Number of the problem in its family.
    pub problem: usize,
    /// Number of the variant of that problem.
    pub variant: usize,
    /// The error of the solver.
    pub reason: String,
}

/// What was made, and what was not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateReport {
    /// The command that makes this data set again, as the caller gave it.
    pub command: String,
    /// Problems of the family that were worked on.
    pub problems: usize,
    /// Draws that were no well-posed problem, by reason.
    pub rejected: BTreeMap<String, usize>,
    /// Designs that were tried: one per problem and variant, or all their iterates.
    pub candidates: usize,
    /// Designs in the data set.
    pub kept: usize,
    /// Designs dropped because their compliance after the cut was too far above the best of their
    /// problem.
    pub weak: usize,
    /// Designs dropped because the cut to 0/1 multiplied their compliance by more than allowed.
    pub cut_away: usize,
    /// Designs dropped because the cut left them in several pieces.
    pub broken: usize,
    /// Designs dropped because they nearly equal a kept variant of their problem, or are a kept
    /// design of another problem.
    pub duplicates: usize,
    /// Jobs that gave no design.
    pub failures: Vec<Failure>,
    /// Groups among the kept designs.
    pub groups: usize,
    /// Mean over the kept designs of their mean `4 x (1 - x)`.
    pub mean_greyness: f64,
    /// SIMP iterations of all candidates.
    pub iterations: usize,
    /// Wall-clock seconds of this run.
    pub seconds: f64,
}

/// What a part of a generation made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardReport {
    /// The file that [`merge`](super::merge) takes.
    pub path: PathBuf,
    /// Which part.
    pub shard: Shard,
    /// Problems of this part.
    pub problems: usize,
    /// Jobs of this part: one per problem and variant.
    pub jobs: usize,
    /// Jobs that gave no design.
    pub failures: Vec<Failure>,
    /// Wall-clock seconds of this run.
    pub seconds: f64,
}
