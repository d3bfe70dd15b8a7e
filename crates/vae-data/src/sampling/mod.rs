//! What training takes from a data set: the sides of a split, batches, and designs cut to 0 and 1.

mod bands;
pub(crate) mod batch;
mod holdout;
pub(crate) mod rule;
pub(crate) mod split;
pub(crate) mod volume;
