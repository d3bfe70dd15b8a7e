//! The innermost loops, written once over a [`Vector`] and compiled for every instruction set that
//! pays.
//!
//! [`tiles`] convolves, [`dots`] convolves into very few channels, [`outer`] sums the gradients by
//! weights. All three keep a tile of results in registers while they run through memory once. Which
//! instruction set is used is decided at run time; the loops are the same, so every set is tested
//! against the portable one.
#![expect(
    clippy::inline_always,
    reason = "a loop must be inlined where it is compiled for the instruction set, and so must all it calls"
)]

pub(crate) mod dots;
pub(crate) mod level;
pub(crate) mod outer;
pub(crate) mod tiles;
pub(crate) mod vector;
