//! What a model is told for a new design: the conditions asked for, and the problem at them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::Array2;
use topo_data::{FieldRecipe, fields_of, problem_at_conditions};
use topo_simp::{Problem, ProblemError};
use vae_base::files::read_text;
use vae_data::DataSet;
use vae_models::{ModelConfig, Vae};
use vae_train::data::Given;

use crate::error::{Result, StudyError};

/// Largest size of a problem file, in bytes.
const MOST_TEXT: u64 = 16 << 20;

/// Where the problem of a new design is found.
#[derive(Default)]
pub struct Briefing<'a> {
    /// Path and text of a `problem.toml`, whose values may name conditions.
    stated: Option<Arc<(PathBuf, String)>>,
    /// The data, which may state the problem at some conditions.
    data: Option<&'a DataSet>,
}

impl<'a> Briefing<'a> {
    /// The problem that a file states, or the one that the data state if no file is named.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn new(problem: Option<&Path>, data: Option<&'a DataSet>) -> Result<Self> {
        let read = |path: &Path| {
            let text = read_text(path, MOST_TEXT).map_err(|source| StudyError::Io {
                action: "read",
                path: path.into(),
                source,
            })?;
            Ok::<_, StudyError>(Arc::new((path.to_owned(), text)))
        };
        Ok(Self { stated: problem.map(read).transpose()?, data })
    }

    /// The same file, without reading it again; without one the problem that some data state.
    #[must_use]
    pub fn or<'b>(&self, data: &'b DataSet) -> Briefing<'b> {
        Briefing { stated: self.stated.clone(), data: Some(data) }
    }

    /// Whether a file states the problem, rather than the data.
    pub(crate) fn names_a_problem(&self) -> bool {
        self.stated.is_some()
    }

    /// The problem at some conditions of a model; `None` if nothing states it.
    ///
    /// # Errors
    /// If the problem is invalid, or on another grid than the designs of the model.
    pub fn problem(&self, vae: &Vae, conditions: &[f32]) -> Result<Option<Problem>> {
        if let Some((path, text)) = self.stated.as_deref() {
            let known = &vae.config().conditions;
            let value = |name: &str| {
                let column = known.iter().position(|condition| condition.name == name)?;
                // The number that was meant: 0.1, and not the nearest one of single precision.
                conditions[column].to_string().parse().ok()
            };
            let invalid = |source: ProblemError| StudyError::Problem { path: path.clone(), source };
            let problem = Problem::from_toml_with(text, value).map_err(invalid)?;
            check_grid(vae, path, &problem)?;
            return Ok(Some(problem));
        }
        // A model that is told only some of the conditions cannot say which problem is meant.
        let data = self.data.filter(|data| data.conditions().ncols() == conditions.len());
        Ok(data.map(|data| problem_at_conditions(data, conditions)).transpose()?.flatten())
    }

    /// What a model is told at some conditions, once.
    ///
    /// # Errors
    /// [`StudyError::ProblemNeeded`] if the model has to be told the problem and nothing states it;
    /// as [`told`].
    pub fn given(&self, vae: &Vae, conditions: &[f32]) -> Result<Given> {
        if vae.config().fields.is_none() {
            return Ok(Given::repeated(conditions, None, 1));
        }
        let problem = self.problem(vae, conditions)?.ok_or(StudyError::ProblemNeeded)?;
        told(vae, conditions, &problem)
    }
}

impl Briefing<'_> {
    /// What a model is told at each row of conditions (N, C).
    ///
    /// # Errors
    /// As [`Briefing::given`].
    pub fn rows(&self, vae: &Vae, conditions: &Array2<f32>) -> Result<Given> {
        let mut last: Option<(Vec<f32>, Given)> = None;
        let mut rows = Vec::with_capacity(conditions.nrows());
        for row in conditions.outer_iter() {
            // Rows of one condition vector follow each other.
            let row = row.to_vec();
            let given = match last.take() {
                Some((known, given)) if known == row => given,
                _ => self.given(vae, &row)?,
            };
            rows.push(given.clone());
            last = Some((row, given));
        }
        Ok(Given::joined(&rows))
    }
}

/// Checks that the problem of a file is on the grid of the designs of a model.
///
/// # Errors
/// [`StudyError::ProblemGrid`].
pub(crate) fn check_grid(vae: &Vae, path: &Path, problem: &Problem) -> Result<()> {
    let (height, width, grid) = (vae.config().height, vae.config().width, problem.grid);
    if (grid.nely, grid.nelx) == (height, width) {
        return Ok(());
    }
    Err(StudyError::ProblemGrid { path: path.to_owned(), grid, height, width })
}

/// What a model is told about a problem: the conditions, and its fields if the model takes fields.
///
/// # Errors
/// [`StudyError::Recipe`] for a model of other fields, [`vae_design::DesignError::Grid`] for a
/// problem of another size, the solver's.
pub fn told(vae: &Vae, conditions: &[f32], problem: &Problem) -> Result<Given> {
    let config = vae.config();
    let Some(recipe) = field_recipe(config)? else {
        return Ok(Given::repeated(conditions, None, 1));
    };
    let (height, width, grid) = (config.height, config.width, problem.grid);
    if (grid.nely, grid.nelx) != (height, width) {
        return Err(vae_design::DesignError::Grid { grid, height, width }.into());
    }
    Ok(Given::repeated(conditions, Some(&fields_of(recipe, problem)?), 1))
}

/// Which maps of a problem a model is told; `None` for one that is told none.
///
/// # Errors
/// [`StudyError::Recipe`] for maps that this version does not know.
pub(crate) fn field_recipe(model: &ModelConfig) -> Result<Option<FieldRecipe>> {
    let Some(fields) = &model.fields else { return Ok(None) };
    let unknown = || StudyError::Recipe { model: fields.recipe.clone() };
    FieldRecipe::named(&fields.recipe).map(Some).ok_or_else(unknown)
}
