//! Stacks of layers on images, computed as one operation; a single layer is a stack of one.

mod backward;
mod elsewhere;
mod forward;
pub(crate) mod layer;
mod op;
mod plan;
mod planes;
mod pool;
mod sequential;
mod single;
mod view;

pub use layer::Layer;
pub use sequential::Sequential;
pub use single::{avg_pool2d, max_pool2d};
