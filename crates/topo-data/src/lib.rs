//! Families of topology-optimization problems, and data sets of their designs.
//!
//! A [`Family`] is data: a grid, supports, loads, and the axes along which its problems vary.
//! [`generate`] turns a family into a data-set folder: one SIMP run per problem and variant, in
//! parallel. Each design is judged after it is cut to 0/1 at exactly its volume fraction;
//! duplicates and weak designs are dropped and counted. Every random number is keyed by `(seed,
//! problem, variant)`, so an interrupted generation continues where it stopped and ends in the same
//! bytes.
//!
//! The measures that a data set is judged by work on anybody's designs: [`components`] counts the
//! pieces of a design, [`Silhouette`] compares two designs by `IoU`, [`nearest_iou`] says how far a
//! set of designs lies from another one, and [`SetQuality`] sums a data set up.
//!
//! The rooms, each of which uses only those before it: `recipe` (how SIMP is run), `families` (what
//! is to be designed), `judging` (one design), `fields` (maps of a problem), `generation` (from a
//! specification to a folder), `scores` (whole sets) and `guess` (what designs tell of their
//! problem).
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
//! assert_eq!((spec.height, spec.width, spec.variants), (48, 96, 8));
//! # Ok::<(), topo_data::TopoDataError>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod error;
mod families;
mod fields;
mod generation;
mod guess;
mod judging;
mod recipe;
mod scores;

pub use error::{Result, TopoDataError};
pub use families::{Axis, ClippedNormal, Companion, Family, Scatter, symmetry_key};
pub use fields::{FieldRecipe, fields_of, problem_fields, with_fields};
pub use generation::{
    Candidate, Failure, GenerateReport, GenerateSpec, Maker, Progress, Shard, ShardReport,
    expected_seconds, generate, generate_shard, merge,
};
pub use guess::{LoadGuess, ProblemGuess, SupportGuess, guess_problem};
pub use judging::{
    Components, Connectivity, Contacts, Domain, Flaw, Hole, Inspection, Judge, Judgement,
    LoadPlace, Optimum, Refinement, SOFTEST, Silhouette, StatedProblems, Topology, UniformStart,
    checkerboard, components, depth, holes, member_size, nearest_iou, one_piece_share,
    problem_at_conditions, problem_of, smallest_hole,
};
pub use scores::{
    Distribution, METRICS_VERSION, MechanicsScores, Outcome, References, SetQuality, TopodiffError,
    cut_designs, judge_all, median, repair_all,
};
