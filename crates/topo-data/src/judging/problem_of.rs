//! The problem behind a design of a data set, or behind conditions that no design has.

use topo_simp::{Problem, ProblemError, SimpError};
use vae_data::DataSet;

use crate::{error::Result, families::Family};

/// The problem of a design: its line of `problems.jsonl`, or the shared `problem.toml` with the
/// design's conditions; `None` if the set states neither.
///
/// # Errors
///
/// [`crate::TopoDataError::Data`] if it cannot be read, [`crate::TopoDataError::Simp`] if it is
/// invalid or has another grid than the design.
///
/// # Examples
///
/// ```
/// use ndarray::{Array3, arr2};
/// use vae_data::{Condition, DataSet, Details, Problems};
/// let text = r#"
///     volume_fraction = "$volume"
///     grid = { nelx = 4, nely = 2 }
///     supports = [{ at = { edge = "left" }, fix = "xy" }]
///     load_cases = [{ loads = [{ at = { point = [1.0, 0.5] }, force = [0.0, -1.0] }] }]
/// "#;
/// let values = arr2(&[[0.25], [0.75]]);
/// let conditions = vec![Condition::covering("volume", "", values.column(0))];
/// let problems = Problems::Shared(text.to_owned());
/// let details = Details { conditions, values, problems, ..Details::default() };
/// let set = DataSet::new("two", Array3::zeros((2, 2, 4)), details)?;
/// assert_eq!(topo_data::problem_of(&set, 1)?.unwrap().volume_fraction, 0.75);
/// # Ok::<(), topo_data::TopoDataError>(())
/// ```
pub fn problem_of(set: &DataSet, index: usize) -> Result<Option<Problem>> {
    let stated = unchecked_problem(set, index)?.transpose()?;
    stated.map(|problem| fits(problem, set)).transpose()
}

/// The problem of a design, whatever its grid is, or what is wrong with it; `None` if the set
/// states none.
pub(super) fn unchecked_problem(
    set: &DataSet,
    index: usize,
) -> Result<Option<std::result::Result<Problem, ProblemError>>> {
    if let Some(line) = set.problem(index)? {
        let read = serde_json::from_str::<Problem>(&line)
            .map_err(|error| ProblemError::Toml(error.to_string()));
        return Ok(Some(read.and_then(|problem| problem.validate().map(|()| problem))));
    }
    let Some(text) = set.shared_problem() else { return Ok(None) };
    Ok(Some(at_conditions(set, text, &set.conditions().row(index).to_vec())))
}

/// The problem at some conditions, in the order of the set's columns: from the shared
/// `problem.toml`, or from the family that the set was made from; `None` if the set states neither.
///
/// # Errors
///
/// As [`problem_of`].
///
/// # Panics
///
/// If there are fewer values than conditions.
pub fn problem_at_conditions(set: &DataSet, values: &[f32]) -> Result<Option<Problem>> {
    if let Some(problem) = shared(set, values)? {
        return Ok(Some(problem));
    }
    let Some(family) = family_of(set) else { return Ok(None) };
    let named = named_values(set, values);
    match family.problem_with(&named, set.height(), set.width()) {
        Ok(problem) if problem.validate().is_ok() => Ok(Some(problem)),
        _ => Ok(None),
    }
}

/// The family that a set was made from, as it was then, or as the library knows it.
fn family_of(set: &DataSet) -> Option<Family> {
    let extra = &set.metadata().extra;
    let recorded =
        extra.get("family").and_then(|family| serde_json::from_value(family.clone()).ok());
    let by_name = || {
        let name = extra.get("spec")?.get("family")?.as_str()?;
        Family::named(name).ok()
    };
    recorded.or_else(by_name)
}

fn shared(set: &DataSet, values: &[f32]) -> Result<Option<Problem>> {
    let Some(text) = set.shared_problem() else { return Ok(None) };
    fits(at_conditions(set, text, values)?, set).map(Some)
}

/// The problem of a text at some conditions.
fn at_conditions(
    set: &DataSet,
    text: &str,
    values: &[f32],
) -> std::result::Result<Problem, ProblemError> {
    let named = named_values(set, values);
    let value = |name: &str| named.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    Problem::from_toml_with(text, value)
}

/// Values by the names of their conditions, without the noise of single precision: 0.3 is 0.3
/// again.
fn named_values(set: &DataSet, values: &[f32]) -> Vec<(String, f64)> {
    let exact = |value: f32| value.to_string().parse().unwrap_or(f64::from(value));
    let names = set.condition_info().iter().map(|condition| condition.name.clone());
    names.zip(values.iter().map(|&value| exact(value))).collect()
}

/// A problem has the grid of its designs.
fn fits(problem: Problem, set: &DataSet) -> Result<Problem> {
    let (got_rows, got_columns) = (set.height(), set.width());
    if (problem.grid.nely, problem.grid.nelx) == (got_rows, got_columns) {
        return Ok(problem);
    }
    Err(SimpError::DesignShape { got_rows, got_columns, grid: problem.grid }.into())
}
