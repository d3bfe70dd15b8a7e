//! Figures of a training run as PNG files (curves, reconstructions, samples, interpolations, latent
//! space, histograms, tasks), and the page that holds them with tables and words.
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

mod charts;
mod columns;
mod drawing;
mod error;
mod figures;
mod page;
mod sheets;

pub use drawing::numerals::number;
pub use error::ReportError;
pub use figures::{
    Card, Cards, Comparison, Field, Grid, Ground, Histogram, Pairs, Scaling, Scatter, Series,
    Shade, Splits, Strip, THUMBNAILS, Task, Tradeoff, Training, Version, cards, comparison, curves,
    field, grid, histogram, latent_scatter, pairs, scaling, strip, task, tradeoff,
};
pub use page::{Block, Item, Page, Table};
pub use sheets::marks::Marks;
pub use sheets::tile::Rings;

/// The example in the README, run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
