//! A data set: designs by position with what is known about each, and its folder. This room does
//! not know where designs came from.

pub(crate) mod data_set;
pub(crate) mod designs;
mod fingerprint;
pub(crate) mod info;
pub(crate) mod masks;
pub(crate) mod metadata;
pub(crate) mod mirror;
pub(crate) mod near_copies;
pub(crate) mod problems;
pub(crate) mod resample;
pub(crate) mod store;
pub(crate) mod writer;
