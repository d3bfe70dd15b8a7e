//! Families of topology-optimization problems, and data sets of their designs.
//!
//! A [`Family`] is data: a grid, supports, loads, and the axes along which its problems vary. [`generate`] turns a family into a
//! data-set folder: one SIMP run per problem and variant, in parallel, each judged after it is cut to 0/1 at exactly its volume
//! fraction, duplicates and weak designs dropped and counted, and every random number keyed by `(seed, problem, variant)`, so that an
//! interrupted generation goes on where it stopped and ends in the same bytes.
//!
//! The measures that a data set is judged by work on anybody's designs: [`components`] counts the pieces of a design, [`Silhouette`]
//! compares two designs by `IoU`, [`nearest_iou`] says how far a set of designs lies from another one, and [`SetQuality`] sums a data set up.
//!
//! # Examples
//!
//! ```
//! use topo_data::{Family, GenerateSpec};
//!
//! let family = Family::named("cantilever")?;
//! assert_eq!(family.problems(), 9 * 7 * 7);
//!
//! // A problem and its mirror image share a group, so that no split can separate them.
//! let problem = family.problem_at(&[0.25, 0.0, 50.0])?;
//! let mirror = family.mirrored(problem).expect("the cantilever has a mirror");
//! assert_eq!(family.values(mirror), [0.25, 1.0, 130.0]);
//! assert_eq!(family.group(problem), family.group(mirror));
//!
//! let spec = GenerateSpec::for_family("cantilever")?;
//! assert_eq!(spec.command(), "vae simp generate cantilever --grid 48x96 --seed 1 --variants 8");
//! # Ok::<(), topo_data::TopoDataError>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod candidate;
mod error;
mod exact;
mod family;
mod generate;
mod log;
mod pieces;
mod quality;
mod select;
mod silhouette;
mod spec;
mod start;
mod write;

pub use candidate::{Candidate, Maker};
pub use error::{Result, TopoDataError};
pub use family::{Axis, Family, Mirror, PointLoad, Quantity};
pub use generate::{Failure, GenerateReport, Progress, generate};
pub use pieces::{Components, Connectivity, components, one_piece_share};
pub use quality::{SetQuality, cut_designs};
pub use select::{Selection, Verdict, select};
pub use silhouette::{Silhouette, nearest_iou};
pub use spec::GenerateSpec;
