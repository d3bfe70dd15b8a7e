//! Density designs from files: data sets, splits by group, seeded batches, and a built-in set of
//! cantilevers.
//!
//! A design is a grid of densities, 1 = material and 0 = void, row-major with row 0 on top. A
//! [`DataSet`] is many of them with what is known about each: conditions, a group, a mask, the
//! mechanical problem, results. It comes from [`open`], which reads data-set folders, the
//! same packed into one file, NumPy arrays, pictures and text; or from [`DataSet::new`], which
//! joins any [`Designs`] with their [`Details`].
//!
//! * **By position.** Designs are read when they are asked for, from any thread, into buffers of
//!   the caller, so a set may be larger than memory. Files are not mapped into memory, so a
//!   file that shrinks while it is read is an error, not a crash.
//! * **By group.** [`split`] puts whole groups on one side, since near-copies on both sides make a
//!   test worthless.
//! * **Nothing is trusted.** Lengths are checked before memory is allocated, values before they are
//!   given out; an error names the file, the design and the value ([`DataError`]).
//! * **All or nothing.** Whatever is written appears at its place when it is complete.
//!
//! The rooms of the crate, from the bottom: `error` (one error per room), `formats` (files),
//! `set` (designs by position), `foreign` (opening a source) and `sampling` (splits, batches).
//!
//! # The data-set folder
//!
//! | file | contents |
//! |---|---|
//! | `dataset.json` | `"format": 1`; all else is optional: `name`, `description`, `source`, `license`, `generator`, `command`, `seed`, and `conditions`, a list of `{"name", "unit", "min", "max"}` in the order of the columns |
//! | `designs.npy` | (N, H, W); `uint8` 0 to 255, `bool`, or `float16`, `float32`, `float64` 0 to 1 |
//! | `conditions.npy` | (N, C) numbers; optional |
//! | `groups.npy` | (N) whole numbers from 0; optional, by default each design is a group of its own |
//! | `masks.npy` | `uint8` 0 void, 1 free, 2 solid; (H, W) for all, or (N, H, W); optional |
//! | `results.csv` | a header and one row per design, such as compliance, iterations, greyness, source; optional |
//! | `problems.jsonl` | the mechanics, one JSON text per design and line; optional |
//! | `problem.toml` | the mechanics of all designs; optional |
//!
//! # Examples
//!
//! ```
//! # #[cfg(feature = "builtin")] {
//! use rand::SeedableRng;
//! use rand_chacha::ChaCha8Rng;
//! use vae_data::{Batch, Shares, Source, SplitRule, open, shuffled, split};
//!
//! let set = open(&Source::Builtin)?;
//! let rng = &mut ChaCha8Rng::seed_from_u64(7);
//! let split = split(&set, &SplitRule::Random, Shares::default(), rng)?;
//! let mut batch = Batch::default();
//! for indices in shuffled(&split.train, rng).chunks(16) {
//!     batch.read(&set, indices)?;
//!     assert_eq!(batch.designs.len(), indices.len() * set.height() * set.width());
//! }
//! # }
//! # Ok::<(), vae_data::DataError>(())
//! ```

mod error;
mod foreign;
mod formats;
mod sampling;
mod set;

pub use error::{DataError, FormatError, ReadingError, SetError, SplitError};
pub use foreign::choices::{Answer, Iterations, Margins};
pub use foreign::layout::{Axis, AxisOrder, Flat, Layout};
pub use foreign::open::{open, open_one, open_with};
pub use foreign::pack::{pack, pack_to};
pub use foreign::pattern::Pattern;
pub use foreign::problem_file::read_problem;
pub use foreign::reading::Reading;
pub use foreign::setting::Setting;
pub use foreign::source::Source;
pub use formats::npy::{Element, Scalar};
pub use formats::table::Table;
pub use formats::{npy, npz};
pub use sampling::batch::{Batch, shuffled};
pub use sampling::rule::SplitRule;
pub use sampling::split::{Shares, Split, SplitGroups, split};
pub use sampling::volume::cut_at_volume;
pub use set::cut::Cut;
pub use set::data_set::DataSet;
pub use set::density::ROUNDING;
pub use set::designs::Designs;
pub use set::details::Details;
pub use set::fields::{FieldChannel, FieldMaps, ProblemMaps, mirror_fields};
pub use set::info::{ConditionInfo, Duplicate, Info, InvalidDesign, Summary, info};
pub use set::masks::{FREE, Masks, SOLID, VOID};
pub use set::metadata::{Condition, FORMAT, Metadata};
pub use set::mirror::{Mirror, MirrorRule};
pub use set::problems::Problems;
pub use set::size::{Resize, Size};
pub use set::turn::Turn;
pub use set::value_range::ValueRange;
pub use set::writer::{DataSetWriter, write_data_set};

/// The README's example, tested like any other.
#[cfg(all(doctest, feature = "builtin"))]
#[doc = include_str!("../README.md")]
struct Readme;
