//! A data set: designs by position with what is known about each, and its folder. This room does
//! not know where designs came from.

pub(crate) mod checks;
pub(crate) mod cut;
pub(crate) mod data_set;
pub(crate) mod density;
pub(crate) mod designs;
pub(crate) mod details;
pub(crate) mod fields;
mod fingerprint;
pub(crate) mod folder;
pub(crate) mod groups;
pub(crate) mod info;
pub(crate) mod masks;
pub(crate) mod metadata;
pub(crate) mod mirror;
pub(crate) mod near_copies;
pub(crate) mod opening;
pub(crate) mod parts;
pub(crate) mod problems;
pub(crate) mod resample;
pub(crate) mod resized;
pub(crate) mod size;
pub(crate) mod store;
pub(crate) mod stored;
pub(crate) mod turn;
pub(crate) mod value_range;
pub(crate) mod writer;
