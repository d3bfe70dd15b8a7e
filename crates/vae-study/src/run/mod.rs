//! A run with its data, its split and its model.

mod briefing;
mod imported;
mod model;
mod opened;
mod stored;

pub use briefing::{Briefing, told};
pub(crate) use briefing::{check_grid, field_recipe};
pub use imported::Imported;
pub use model::Model;
pub use opened::{Part, Run, recorded_data, with_problems};
pub(crate) use stored::make_folder;
pub use stored::{silhouette, stored, stored_one};
