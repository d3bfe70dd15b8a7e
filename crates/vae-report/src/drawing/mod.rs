//! A canvas, and how text and numbers look on it.

pub(crate) mod canvas;
pub(crate) mod color;
pub(crate) mod font;
pub(crate) mod numerals;
pub(crate) mod png;
