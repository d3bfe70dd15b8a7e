//! From a specification to a data-set folder: the problems, the candidates, the selection, the log
//! and the files.

mod candidate;
mod choice;
mod estimate;
mod exact;
mod generate;
mod log;
mod plan;
mod report;
mod select;
mod shard;
mod spec;
mod work;
mod write;

pub use candidate::{Candidate, Maker};
pub use estimate::expected_seconds;
pub use generate::{generate, generate_shard, merge};
pub use report::{Failure, GenerateReport, Progress, ShardReport};
pub use shard::Shard;
pub use spec::GenerateSpec;
