//! Mechanics without a model: solving a problem, judging anybody's designs, exporting them.
//!
//! ```
//! use std::ops::ControlFlow;
//! use vae_study::analysis::{ProblemSettings, SolveSettings, solve};
//!
//! let problem = ProblemSettings { name: "cantilever".into(), ..ProblemSettings::default() };
//! let settings = SolveSettings { problem, max_iterations: 5, ..SolveSettings::default() };
//! let solved = solve(&settings, |_| ControlFlow::Continue(()))?;
//! assert_eq!(solved.design.dim(), (20, 60));
//! # Ok::<(), vae_study::analysis::AnalysisError>(())
//! ```

mod cad_file;
mod design_file;
mod error;
mod export;
mod fields;
mod half_model;
mod judged;
mod length;
mod optima;
mod pictures;
mod problem;
mod solve;
mod solve_settings;
mod source;
mod table;

pub use cad_file::Format;
pub use design_file::DesignFile;
pub use error::{AnalysisError, Result};
pub use export::{Exported, Outline, export, export_paths};
pub use half_model::{AxisSide, whole};
pub use judged::{Analyst, Analyzed, stated_problem};
pub use length::{Length, LengthError, Lengths};
pub use optima::Optima;
pub use pictures::{write_lecture_pictures, write_sheet};
pub use problem::ProblemSettings;
pub(crate) use problem::problem_text;
pub use solve::{ColdStart, SolveProgress, Solved, Stage, solve};
pub use solve_settings::{SolveSettings, Technique};
pub use source::{chosen, open_designs, positions};
pub(crate) use table::write_table;
pub use table::{JudgedRow, write_judged_table};
pub use topo_simp::{Code, Ended, Solver, Symmetry};
