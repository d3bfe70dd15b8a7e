//! The maps of the problems of a data set.

use std::collections::HashMap;

use rayon::prelude::*;
use topo_simp::{Grid, Optimizer};
use vae_data::{DataSet, FieldMaps, ProblemMaps};

use super::{channels::FieldRecipe, maps::problem_fields};
use crate::{
    error::{Result, TopoDataError},
    judging::problem_of,
};

/// Lays the maps of its problems beside the designs of a set, computed in parallel and once for
/// each distinct problem; a set that states no problems stays as it is.
///
/// # Errors
///
/// [`TopoDataError::Fields`] names a design whose problem has no maps, [`TopoDataError::Data`] says
/// what cannot be read.
///
/// # Examples
///
/// ```
/// use topo_data::{FieldRecipe::Stresses, fields_of, problem_of, with_fields};
/// use vae_data::{Source, open};
/// let set = with_fields(Stresses, open(&Source::Builtin)?)?;
/// let fields = set.fields().unwrap();
/// assert!(fields.problems() < set.len());
/// let problem = problem_of(&set, 7)?.unwrap();
/// assert_eq!(fields.of_design(7), &fields_of(Stresses, &problem)?);
/// # Ok::<(), topo_data::TopoDataError>(())
/// ```
pub fn with_fields(recipe: FieldRecipe, set: DataSet) -> Result<DataSet> {
    let mut numbers = HashMap::new();
    let (mut first, mut of) = (Vec::new(), Vec::with_capacity(set.len()));
    for design in 0..set.len() {
        let Some(key) = key(&set, design)? else { return Ok(set) };
        let number = *numbers.entry(key).or_insert(first.len());
        if number == first.len() {
            first.push(design);
        }
        of.push(number);
    }
    let grid = Grid { nelx: set.width(), nely: set.height() };
    let stated = first.par_iter().map(|&design| {
        let failed = |source| TopoDataError::Fields { design, source: Box::new(source) };
        let Some(problem) = problem_of(&set, design).map_err(failed)? else {
            unreachable!("it was found when problems were counted")
        };
        Ok((design, problem))
    });
    let stated = stated.collect::<Result<Vec<_>>>()?;
    // Problems that differ in their loads alone come one after another, because the solver then
    // factorizes their matrix once.
    let mut order: Vec<usize> = (0..stated.len()).collect();
    order.sort_by_cached_key(|&number| {
        let problem = &stated[number].1;
        format!("{:?}", (&problem.supports, &problem.springs, &problem.passive))
    });
    let maps = order.par_iter().map_init(
        || Optimizer::new(grid),
        |optimizer, &number| {
            let (design, problem) = &stated[number];
            let failed =
                |source| TopoDataError::Fields { design: *design, source: Box::new(source) };
            let optimizer = optimizer.as_mut().map_err(|error| failed(error.clone().into()))?;
            let maps = problem_fields(recipe, optimizer, problem).map_err(failed)?;
            Ok((number, ProblemMaps::new(maps.view())))
        },
    );
    let mut maps = maps.collect::<Result<Vec<_>>>()?;
    maps.sort_unstable_by_key(|(number, _)| *number);
    let maps = maps.into_iter().map(|(_, maps)| maps).collect();
    let fields = FieldMaps::new(recipe.name(), recipe.channels(), maps, of);
    Ok(set.with_fields(fields.map_err(vae_data::DataError::from)?)?)
}

/// What designs with the same problem share: the line that states it, or the shared problem at
/// their conditions; `None` if the set states neither.
fn key(set: &DataSet, design: usize) -> Result<Option<String>> {
    if let Some(line) = set.problem(design)? {
        return Ok(Some(line));
    }
    let problem = problem_of(set, design)
        .map_err(|source| TopoDataError::Fields { design, source: Box::new(source) })?;
    Ok(problem.map(|problem| problem.to_toml()))
}
