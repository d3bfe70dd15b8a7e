//! Whether the compliances that came with data are those of their designs under their problems.

use topo_data::problem_of;
use topo_simp::{Grid, Optimizer, PENALTY};
use vae_data::{DataError, DataSet};

use crate::error::Result;
use crate::run::{spread, stored_one};

/// Designs whose compliance is recomputed.
const CHECKED: usize = 16;

/// Recomputes some of the compliances in the results and says in one sentence how they agree;
/// `None` if the compliances or the problems are unknown.
///
/// # Errors
/// If a design or the results cannot be read, or a problem cannot be solved.
pub fn check_compliances(data: &DataSet) -> Result<Option<String>> {
    let Some(table) = data.results() else { return Ok(None) };
    let Some(stated) = table.numbers("compliance", "compliance").map_err(DataError::from)? else {
        return Ok(None);
    };
    let mut ratios = Vec::new();
    let mut optimizer: Option<(Grid, Optimizer)> = None;
    for index in spread(data.len(), CHECKED) {
        let Some(problem) = problem_of(data, index)? else { return Ok(None) };
        if !(stated[index].is_finite() && 0.0 < stated[index]) {
            continue;
        }
        let density = stored_one(data, index)?.mapv(f64::from);
        if optimizer.as_ref().is_none_or(|(grid, _)| *grid != problem.grid) {
            optimizer = Some((problem.grid, Optimizer::new(problem.grid)?));
        }
        let Some((_, optimizer)) = &mut optimizer else { continue };
        let found = optimizer.analyze(&problem, density.view(), PENALTY)?.compliance;
        ratios.push(found / stated[index]);
    }
    ratios.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else { return Ok(None) };
    let median = ratios[ratios.len() / 2];
    let verdict = if (median - 1.0).abs() < 0.05 && most / least < 1.2 {
        "they agree"
    } else if most / least < 1.05 {
        "warning: they differ by one factor; check the units, the stiffness and the load magnitude"
    } else {
        "warning: they do not agree; check the axes, the supports and the loads"
    };
    Ok(Some(format!(
        "recomputed for {} designs, the compliance is {median:.4} times the stated one ({least:.4} to {most:.4}); {verdict}",
        ratios.len()
    )))
}
