//! The figures: one function and one file for each.

mod cards;
mod checks;
mod comparison;
mod curves;
mod field;
mod grid;
mod histogram;
mod scaling;
mod scatter;
mod strip;
mod task;
mod tradeoff;
mod training;

pub use cards::{Card, Cards, cards};
pub use comparison::{Comparison, Pairs, Version, comparison, pairs};
pub use curves::curves;
pub use field::{Field, field};
pub use grid::{Grid, grid};
pub use histogram::{Histogram, histogram};
pub use scaling::{Scaling, scaling};
pub use scatter::{Scatter, Shade, THUMBNAILS, latent_scatter};
pub use strip::{Strip, strip};
pub use task::{Ground, Task, task};
pub use tradeoff::{Tradeoff, tradeoff};
pub use training::{Series, Splits, Training};
