//! Designs in rows and columns, with what holds and loads them.

pub(crate) mod marks;
pub(crate) mod sheet;
pub(crate) mod tile;
pub(crate) mod zoom;
