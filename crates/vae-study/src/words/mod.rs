//! What was found, in sentences and tables: the same for a terminal and for a page.

mod analyzed;
mod closing;
mod data;
mod epoch;
#[cfg(test)]
mod examples;
mod generated;
mod latent;
mod mechanics;
mod proposals;
mod scores;
mod task;
mod verdict;

pub use analyzed::{analyzed, exported, solved};
pub use closing::{compared, warning};
pub use data::data_set;
pub use epoch::epoch;
pub use generated::generated;
pub use latent::{latent, summary};
pub use proposals::{proposed, references, summary_of_proposals};
pub use scores::{answers, scores, verdict};
pub use task::task;
pub use vae_train::learn::{aims as optimized, result as reached};

/// How a caller says a remedy, with whatever its settings are called.
pub type Speak<'a> = &'a dyn Fn(&vae_base::Remedy) -> String;
