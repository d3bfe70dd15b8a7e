//! What training takes from a data set: sides of a split, batches, and designs cut to 0 and 1.

pub(crate) mod batch;
pub(crate) mod split;
pub(crate) mod volume;
