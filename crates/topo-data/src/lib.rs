//! Families of topology-optimization problems, and data sets of their designs.
//!
//! A [`Family`] is data: a grid, supports, loads, and the axes along which its problems vary.
//! [`generate`] turns a family into a data-set folder: one SIMP run per problem and variant, in
//! parallel, each judged after it is cut to 0/1 at exactly its volume fraction, duplicates and weak
//! designs dropped and counted, and every random number keyed by `(seed, problem, variant)`, so
//! that an interrupted generation goes on where it stopped and ends in the same bytes.
//!
//! The measures that a data set is judged by work on anybody's designs: [`components`] counts the
//! pieces of a design, [`Silhouette`] compares two designs by `IoU`, [`nearest_iou`] says how far a
//! set of designs lies from another one, and [`SetQuality`] sums a data set up.
//!
//! # Examples
//!
//! ```
//! use topo_data::{Family, GenerateSpec, symmetry_key};
//!
//! let family = Family::named("cantilever")?;
//! assert_eq!(family.problems(), 9 * 7 * 7);
//!
//! // A problem and its mirror image share a group, so that no split can separate them.
//! let problem = |values: &[f64]| family.problem(family.problem_at(values)?, 8, 16);
//! let (one, mirror) = (problem(&[0.25, 0.0, 50.0])?, problem(&[0.25, 1.0, 130.0])?);
//! assert_eq!(symmetry_key(&one), symmetry_key(&mirror));
//!
//! let spec = GenerateSpec::for_family("cantilever")?;
//! assert_eq!(spec.command(), "vae simp generate cantilever --grid 48x96 --seed 1 --variants 8");
//! # Ok::<(), topo_data::TopoDataError>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod candidate;
mod domain;
mod error;
mod exact;
mod family;
mod generate;
mod geometry;
mod judge;
mod log;
mod mirror_rules;
mod pieces;
mod problem_of;
mod problems;
mod quality;
mod scatter;
mod select;
mod set_metrics;
mod set_scores;
mod shard;
mod silhouette;
mod spec;
mod start;
mod symmetry;
mod template;
mod write;

pub use candidate::{Candidate, Maker};
pub use domain::Domain;
pub use error::{Result, TopoDataError};
pub use family::{Axis, Companion, Family};
pub use generate::{
    Failure, GenerateReport, Progress, ShardReport, generate, generate_shard, merge,
};
pub use geometry::{Loads, checkerboard, member_size};
pub use judge::{Judge, Judgement, Optimum, PENALTY, Refinement};
pub use pieces::{Components, Connectivity, components, holes, one_piece_share};
pub use problem_of::{problem_at_conditions, problem_of};
pub use quality::{SetQuality, cut_designs};
pub use scatter::{ClippedNormal, Scatter};
pub use select::{Selection, Verdict, select};
pub use set_metrics::{KERNEL_WIDTH, coverage, dpp, mmd, train_distances, vendi};
pub use set_scores::{
    COPY_DISTANCE, Distribution, METRICS_VERSION, MechanicsScores, References, TopodiffError,
    VALID_REFERENCE, judge_all,
};
pub use shard::Shard;
pub use silhouette::{Silhouette, nearest_iou};
pub use spec::{Defaults, GenerateSpec};
pub use symmetry::symmetry_key;
