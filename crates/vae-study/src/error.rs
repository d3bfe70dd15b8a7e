//! What can go wrong when a model is asked.

use std::path::{Path, PathBuf};

use topo_simp::{Grid, ProblemError};
use vae_base::Remedy;
use vae_base::text::significant;
use vae_data::{Mirror, Turn};
use vae_models::Likelihood;
use vae_report::ReportError;

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, StudyError>;

/// An error of opening, scoring or drawing a run; each carries the value or path at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// More, or less, of something than there can be.
    #[error("{setting} {value} must be from 1 to {most}: {reason}")]
    Limit {
        /// The setting.
        setting: &'static str,
        /// The number that was asked for.
        value: usize,
        /// The largest possible one.
        most: usize,
        /// What more would lead to.
        reason: &'static str,
    },
    /// A table of conditions that no designs can be drawn for.
    #[error("{}: {why}", path.display())]
    Rows {
        /// The table.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A run that names no data, such as one made of imported weights.
    #[error("{} was imported without data", folder.display())]
    NoData {
        /// The run folder.
        folder: PathBuf,
    },
    /// Data that are not where the run has them.
    #[error("the data of the run are not at {} any more", path.display())]
    DataMoved {
        /// The place that the run records.
        path: PathBuf,
    },
    /// Weights of another model than one of the lecture's.
    #[error("`{name}` is not one of the lecture's models")]
    NotTheLectures {
        /// The preset asked for.
        name: String,
    },
    /// A noise was to be stated for a model that has a likelihood already.
    #[error("{} already has a likelihood: `{likelihood}`", folder.display())]
    NoiseIsStated {
        /// The run folder.
        folder: PathBuf,
        /// Its likelihood.
        likelihood: Likelihood,
    },
    /// A latent dimension that the model does not have.
    #[error(
        "latent dimension {dimension} does not exist: the model has {latent_dim}, counted from 1"
    )]
    Dimension {
        /// The dimension as given, counted from 1.
        dimension: usize,
        /// How many there are.
        latent_dim: usize,
    },
    /// A model of one latent dimension where two are needed.
    #[error("two latent dimensions are needed, but the model has {latent_dim}")]
    OneDimension {
        /// How many there are.
        latent_dim: usize,
    },
    /// No part of the data has the designs that are needed.
    #[error("there are no designs to walk between")]
    NoDesigns,
    /// A weight file, beside which no flow is stored.
    #[error("{} is a model alone, without a fitted flow", file.display())]
    WeightsAlone {
        /// The weight file.
        file: PathBuf,
    },
    /// A run without a fitted flow, whose data are missing, so that none can be fitted.
    #[error("{} has no fitted flow, and its data are missing", folder.display())]
    NoFlow {
        /// The run folder.
        folder: PathBuf,
    },
    /// Designs of an exact volume were asked for, but nothing says which volume.
    #[error(
        "an exact volume is needed, but the data state no problem, and no condition is called volume_fraction"
    )]
    NoVolume,
    /// The file of a problem states none that can be solved.
    #[error("{} states no problem", path.display())]
    Problem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ProblemError,
    },
    /// A model that is told the problem was asked for designs, but no problem is known.
    #[error("the model is told the problem of each design, and nothing states one")]
    ProblemNeeded,
    /// A model was trained with fields that this version does not compute.
    #[error(
        "the model is told the fields `{model}` of a problem, which this version does not know"
    )]
    Recipe {
        /// The recipe of the model.
        model: String,
    },
    /// A problem that a file states is on another grid than the designs of the model.
    #[error(
        "{}: the problem has {} rows and {} columns of elements, but the model makes designs of {height} x {width}",
        path.display(), grid.nely, grid.nelx
    )]
    ProblemGrid {
        /// The file.
        path: PathBuf,
        /// The grid of the problem.
        grid: Grid,
        /// Rows of the designs.
        height: usize,
        /// Columns of the designs.
        width: usize,
    },
    /// The problem of the data is on another grid than the designs.
    #[error("the designs are {height} x {width}, but their problem has a grid of {grid} elements (nelx × nely), {} x {}", grid.nely, grid.nelx)]
    OtherGrid {
        /// The grid of the problem.
        grid: Grid,
        /// Rows of the designs.
        height: usize,
        /// Columns of the designs.
        width: usize,
        /// How the designs have to be turned, if they lie on their side.
        turn: Option<Turn>,
    },
    /// The loads of the problem act on void in most designs.
    #[error(
        "in {on_void} of {looked_at} designs a load of the stated problem acts on void: {load}"
    )]
    LoadsOnVoid {
        /// The load that does so most often.
        load: String,
        /// Designs in which a load acts on void.
        on_void: usize,
        /// Designs looked at.
        looked_at: usize,
        /// What exchanges material and void, if the loads act on material in most designs then.
        exchange: Option<Box<Remedy>>,
        /// The turn under which most designs carry the loads better.
        turn: Option<Turn>,
    },
    /// The problem of the data cannot be mirrored.
    #[error("the problem under {mirror} is invalid")]
    MirroredProblem {
        /// The mirror.
        mirror: Mirror,
        /// What is wrong with the mirrored problem.
        source: ProblemError,
    },
    /// A design and its mirror image carry their loads differently.
    #[error(
        "designs cannot be mirrored by {mirror}: design {design} has a compliance of {}, its image one of {}",
        significant(*compliance, 7), significant(*mirrored, 7)
    )]
    NoSymmetry {
        /// The mirror.
        mirror: Mirror,
        /// Position of the design.
        design: usize,
        /// Its compliance.
        compliance: f64,
        /// The compliance of its image.
        mirrored: f64,
    },
    /// A design of the data does not carry its load.
    #[error("design {design} does not carry its load: its compliance is {compliance}")]
    CarriesNoLoad {
        /// Position of the design.
        design: usize,
        /// Its compliance.
        compliance: f64,
    },
    /// A file or folder could not be read or made.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as in "cannot create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A figure could not be drawn.
    #[error("cannot draw {}", path.display())]
    Draw {
        /// The picture.
        path: PathBuf,
        /// Why.
        source: ReportError,
    },
    /// The report page could not be written.
    #[error(transparent)]
    Page(ReportError),
    /// From the data.
    #[error(transparent)]
    Data(#[from] vae_data::DataError),
    /// From training and its model.
    #[error(transparent)]
    Train(Box<vae_train::TrainError>),
    /// From the search for designs.
    #[error(transparent)]
    Design(#[from] vae_design::DesignError),
    /// From the judge of designs.
    #[error(transparent)]
    Judge(#[from] topo_data::TopoDataError),
    /// From the solver.
    #[error(transparent)]
    Simp(#[from] topo_simp::SimpError),
}

impl From<vae_train::TrainError> for StudyError {
    fn from(error: vae_train::TrainError) -> Self {
        Self::Train(Box::new(error))
    }
}

impl From<ProblemError> for StudyError {
    fn from(error: ProblemError) -> Self {
        Self::Simp(error.into())
    }
}

impl StudyError {
    /// What helps; empty if nothing is known.
    pub fn remedies(&self) -> Vec<Remedy> {
        let advice = |text: &str| vec![Remedy::advice(text)];
        match self {
            Self::NoData { .. } => vec![Remedy::set("data", "SOURCE", "names the data")],
            Self::DataMoved { .. } => {
                vec![Remedy::set("data", "SOURCE", "says where they are now")]
            }
            Self::NoiseIsStated { .. } => {
                advice("evaluate the model with the likelihood that it has")
            }
            Self::NotTheLectures { .. } => advice("the presets are tutorial-conv and tutorial-mlp"),
            Self::OneDimension { .. } => advice("interpolate between random codes instead"),
            Self::ProblemNeeded => vec![Remedy::set("problem", "FILE", "states it")],
            Self::Recipe { .. } => advice("train a model with this version"),
            Self::WeightsAlone { .. } => advice("name the folder of its run"),
            Self::NoFlow { .. } => {
                vec![Remedy::set("sampler", "prior", "needs no data")]
            }
            Self::NoSymmetry { .. } => advice(
                "the problem has no such symmetry, or dataset.json has a wrong rule for a condition",
            ),
            Self::ProblemGrid { height, width, .. } => vec![Remedy::advice(format!(
                "state the problem with grid = {{ nelx = {width}, nely = {height} }}; a model makes designs of one size"
            ))],
            Self::OtherGrid { grid, turn, .. } => {
                let turns = |turn: &Turn| {
                    Remedy::set("turn", turn.to_string(), "turns designs that are transposed")
                };
                let size = format!("{}x{}", grid.nely, grid.nelx);
                let resize = || Remedy::set("resize", size, "brings them to the grid");
                vec![
                    turn.as_ref().map_or_else(resize, turns),
                    Remedy::advice("state the grid of the designs in the problem"),
                ]
            }
            Self::LoadsOnVoid { exchange, turn, .. } => {
                let turns = |turn: &Turn| {
                    let effect = "turns the designs such that they carry them";
                    Remedy::set("turn", turn.to_string(), effect)
                };
                let places = || {
                    Remedy::advice(
                        "check where the loads act: x from the left, y from the top, from 0 to 1",
                    )
                };
                // Half a design may fit both turned and with material and void exchanged.
                let mut remedies: Vec<Remedy> = turn.as_ref().map(turns).into_iter().collect();
                remedies.extend(exchange.as_deref().cloned());
                if remedies.is_empty() { vec![places()] } else { remedies }
            }
            Self::Data(err) => err.remedies(),
            Self::Train(err) => err.remedies(),
            Self::Design(err) => err.remedies(),
            Self::Judge(err) => err.remedies(),
            Self::Simp(err) => err.remedies(),
            _ => Vec::new(),
        }
    }

    /// Whether the caller asked for something impossible, rather than a file being damaged or a
    /// computation failing.
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            Self::NoData { .. }
            | Self::Limit { .. }
            | Self::Rows { .. }
            | Self::NoiseIsStated { .. }
            | Self::Dimension { .. }
            | Self::OneDimension { .. }
            | Self::NoDesigns
            | Self::DataMoved { .. }
            | Self::WeightsAlone { .. }
            | Self::NoFlow { .. }
            | Self::NoVolume
            | Self::Problem { .. }
            | Self::ProblemNeeded
            | Self::Recipe { .. }
            | Self::ProblemGrid { .. }
            | Self::OtherGrid { .. }
            | Self::LoadsOnVoid { .. }
            | Self::NotTheLectures { .. }
            | Self::NoSymmetry { .. } => true,
            // What was named is not there.
            Self::Io { source, .. } => vae_base::files::is_no_file(source),
            Self::Data(err) => err.is_callers_mistake(),
            Self::Train(err) => err.is_callers_mistake(),
            Self::Design(err) => err.is_callers_mistake(),
            Self::Judge(err) => err.is_callers_mistake(),
            Self::Simp(err) => err.is_callers_mistake(),
            _ => false,
        }
    }

    /// The error of a figure at a path.
    pub(crate) fn drawing(path: &Path) -> impl FnOnce(ReportError) -> Self {
        move |source| Self::Draw { path: path.into(), source }
    }
}
