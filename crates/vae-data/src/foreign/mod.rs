//! Opening a source: what a person said about it, what is found out, and the steps from files to
//! designs (list, decode, bin, resize, label, group).

mod conditions_file;
mod folder;
mod frame;
mod grouping;
pub(crate) mod labels;
mod listing;
mod mnist;
pub(crate) mod pack;
mod pictures;
mod polarity;
pub(crate) mod reading;
pub(crate) mod source;
