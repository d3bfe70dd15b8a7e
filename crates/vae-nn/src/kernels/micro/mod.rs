//! The innermost loops, written once over a [`Vector`] and compiled for every instruction set that
//! pays.
//!
//! [`tiles`] convolves, [`dots`] convolves into very few channels, [`outer`] sums gradients by
//! weights. All three keep a tile of results in registers while they run through memory once. Which
//! instruction set is used is decided at run time; the loops are the same, so every set is tested
//! against the portable one.
#![expect(
    clippy::inline_always,
    reason = "a loop must be inlined where it is compiled for the instruction set, and so must all it calls"
)]

mod dots;
mod level;
mod outer;
mod tiles;
mod vector;

pub(crate) use dots::{Dots, dots};
pub use level::instruction_set;
pub(crate) use level::{Kernel, Level, double, single};
pub(crate) use outer::{Outer, Row, outer};
pub(crate) use tiles::{Pixel, Runs, Tiles, tiles};

/// Vectors per block of channels at most, on any instruction set.
pub(crate) const MAX_VECTORS: usize = 4;

/// Elements per vector at most, on any instruction set.
pub(crate) const MAX_LANES: usize = 16;
