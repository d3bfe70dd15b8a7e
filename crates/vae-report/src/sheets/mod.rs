//! Designs in rows and columns.

pub(crate) mod sheet;
pub(crate) mod zoom;
