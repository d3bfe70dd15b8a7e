//! A flow over the codes of the data: where codes of new designs come from.

mod codes;
mod file;
mod fit;
mod model;
mod scores;
#[cfg(test)]
mod tests;
mod velocity;

pub use model::Flow;
pub(super) use model::to_tensor;
pub use scores::FlowScores;
