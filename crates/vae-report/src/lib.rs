//! Figures of a training run as PNG files (curves, reconstructions, samples, interpolations, latent
//! space, histograms), and the page that holds them with tables and words.
//!
//! Each function takes arrays and words and writes one picture. Nothing is computed here but what
//! drawing needs, and the means and deviations in captions. Material is black on white, as
//! engineers draw it; a pixel of a design becomes a square of whole pixels, so that what looks
//! blurred *is* blurred. Colors are chosen for color-blind readers. The font is embedded: no
//! library and no font of the system is needed, and the same input gives the same bytes on every
//! machine of one kind.
//!
//! # Conventions
//! Densities are `f32`, 1 = material, in arrays of shape (N, H, W) with row 0 on top. Values
//! outside [0, 1] are drawn as the nearer end; NaN and infinity are errors. A file is whole or
//! absent: it is written beside its place and renamed. The folder must exist.

#![expect(
    clippy::cast_possible_wrap,
    reason = "pixel coordinates: a canvas has at most 10^8 of them"
)]

mod axis;
mod canvas;
mod chart;
mod color;
mod curves;
mod error;
mod field;
mod file;
mod font;
mod grid;
mod histogram;
mod metrics;
mod page;
mod pairs;
mod panel;
mod scaling;
mod scatter;
mod sheet;
mod strip;
mod zoom;

pub use axis::number;
pub use curves::curves;
pub use error::ReportError;
pub use field::{Field, field};
pub use grid::{Grid, grid};
pub use histogram::{Histogram, histogram};
pub use metrics::{Epoch, Metrics, Step, Train, Validation};
pub use page::{Block, Page, Table};
pub use pairs::{Comparison, Pairs, Version, comparison, pairs};
pub use scaling::{Scaling, scaling};
pub use scatter::{Scatter, Shade, latent_scatter};
pub use strip::{Strip, strip};

/// The example in the README, run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
