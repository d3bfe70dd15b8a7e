//! A run with its data, its split and its model.

mod model;
mod opened;
mod stored;

pub use model::Model;
pub use opened::{Part, Run, recorded_data};
pub use stored::{evenly_spaced, stored, stored_one};
pub(crate) use stored::{make_folder, silhouette, spread};
