//! Between candle's tensors and plain slices.

pub(crate) mod operation;
pub(crate) mod storage;
