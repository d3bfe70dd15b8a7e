//! Convolutions and their adjoints on images with channels innermost.
//!
//! What the kernels compute, for each image, with a window of side `k`, a stride and a padding
//! (pixels outside of the image are 0):
//!
//! ```text
//! for (o, y, x) in map {
//!     for (i, ky, kx) in window {
//!         (v, u) = (y * stride + ky - padding, x * stride + kx - padding)
//!         map[o][y][x] += weight[o][i][ky][kx] * image[i][v][u]
//!     }
//! }
//! ```
//!
//! A transposed convolution is the adjoint: the same loop with the two pictures exchanged in the
//! assignment. The gradient by the weight sums the same products into `weight`.
//!
//! Both layers share one [`Geometry`](geometry::Geometry) and three primitives:
//! [`Pass::gather`](pass::Pass::gather) leads from the image to the map,
//! [`Pass::spread`](pass::Pass::spread) back, and [`weight::accumulate`] pairs both for the
//! gradient by the weight. Each reads rows that [`Lay`](staged::Lay) has laid out in the
//! second-level cache, with borders of zeros, and hands contiguous runs of them to the innermost
//! loops.

pub(crate) mod geometry;
mod pack;
pub(crate) mod pass;
pub(crate) mod staged;
#[cfg(test)]
mod tests;
pub(crate) mod weight;
