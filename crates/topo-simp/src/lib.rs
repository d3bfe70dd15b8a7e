#![doc = include_str!("../README.md")]
//!
//! # Map of the crate
//! A [`Problem`] (what is to be designed) and [`Options`] (how) go into [`optimize()`], or into an
//! [`Optimizer`] that keeps the symbolic work of a grid; a [`Solution`] comes out. [`analyze`] and
//! [`compliance`] judge a given design.
//!
//! The rooms, each of which uses only those before it: `problem` (the statement as data),
//! `mechanics` (the statement on its grid), `solvers` (the equations), `optimizer` (the loop), and
//! `analysis` (one given design).

mod analysis;
mod code;
mod error;
mod grid;
#[cfg(test)]
mod laws;
mod mechanics;
mod optimizer;
mod problem;
mod solvers;
mod symmetry;

pub use analysis::{Analysis, analyze, compliance};
pub use code::Code;
pub use error::SimpError;
pub use grid::Grid;
pub use mechanics::{PENALTY, VOID_STIFFNESS};
pub use optimizer::{
    Ended, Filter, Iteration, Needed, Optimizer, Options, PenaltyContinuation, Projection,
    ProjectionRule, Refined, Solution, Stagnation, Start, optimize,
};
pub use problem::{
    BracketLoad, Fix, Load, LoadCase, Motion, NamedProblem, Nodal, NodeShare, PassiveKind,
    PassiveRegion, Place, Problem, ProblemError, Shape, Side, Spring, Support,
};
pub use solvers::Solver;
pub use symmetry::Symmetry;
