#![doc = include_str!("../README.md")]
//!
//! # Map of the crate
//! A [`Problem`] (what is to be designed) and [`Options`] (how) go into [`optimize()`], or into an [`Optimizer`] that
//! keeps the symbolic work of a grid; a [`Solution`] comes out. [`analyze`] and [`compliance`] judge a given design.

mod analysis;
#[expect(
    clippy::inline_always,
    reason = "compiled once for each instruction set, inside its entry function"
)]
mod cholesky;
#[expect(
    clippy::inline_always,
    clippy::needless_range_loop,
    reason = "as for `cholesky`; loops over lanes are what compilers turn into vectors"
)]
mod dense;
mod element;
mod error;
mod filter;
mod fronts;
mod grid;
mod model;
mod optimizer;
mod options;
mod problem;
mod region;
#[cfg(test)]
mod spectrum;
mod system;
mod update;

pub use analysis::{Analysis, VOID_STIFFNESS, analyze, compliance};
pub use error::{Motion, ProblemError, SimpError};
pub use grid::Grid;
pub use optimizer::{Iteration, Optimizer, Solution, optimize};
pub use options::{Code, Filter, Options, Start};
pub use problem::{
    BracketLoad, Fix, Load, LoadCase, NamedProblem, PassiveKind, PassiveRegion, Place, Problem,
    Shape, Side, Support,
};
