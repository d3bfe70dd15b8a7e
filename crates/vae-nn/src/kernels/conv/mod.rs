//! Convolutions and their adjoints on images with channels innermost.
//!
//! A transposed convolution is the adjoint of an ordinary one, and so is the gradient by the input;
//! both layers share one [`Geometry`] and three primitives: [`Pass::gather`] leads from the image
//! to the map, [`Pass::spread`] back, and [`weight::accumulate`] pairs both for the gradient by the
//! weight. Each reads rows that [`Staged`] has laid out in the second-level cache, with borders of
//! zeros, and hands contiguous runs of them to the innermost loops.

mod geometry;
mod pack;
mod pass;
mod staged;
#[cfg(test)]
mod tests;
mod weight;

pub(crate) use geometry::{Filter, Geometry};
pub(crate) use pass::{Packing, Pass, Weights};
pub(crate) use staged::Lay;
pub(crate) use weight::{WeightSums, accumulate, unpack};
