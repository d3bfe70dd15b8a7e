//! Answers to the page: designs with their mechanics, strips, searches, files.

mod design;
mod export;
mod fit;
mod layers;
mod query;
mod stiffer;
mod strips;
mod studio;

pub(crate) use export::{ExportQuery, export};
pub(crate) use query::{Decoded, DesignQuery, State, StripsQuery, Which};
pub(crate) use stiffer::make_stiffer;
pub(crate) use strips::strips;
pub(crate) use studio::Studio;
