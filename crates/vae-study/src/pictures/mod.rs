//! What to draw of runs, designs and data; vae-report decides how it looks.

mod caption;
mod contact;
mod course;
mod data;
mod figures;
mod latent;
mod marks;
mod reconstructions;
mod square;
mod task;

pub(crate) use caption::at_conditions;
pub use contact::draw_contact_sheet;
pub use data::{Quantity, draw_resizing, draw_samples};
pub(crate) use figures::figures;
pub use figures::{draw_curves, draw_run};
pub use latent::draw_latent;
pub(crate) use marks::{marks, marks_of};
pub use reconstructions::{draw_pairs, draw_reconstructions};
pub(crate) use square::draw_square;
pub use task::draw_task;
