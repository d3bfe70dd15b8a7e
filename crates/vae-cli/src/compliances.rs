//! Whether the compliances that came with data are those of their designs under their problems.

use anyhow::Result;
use ndarray::Array2;
use topo_data::problem_of;
use topo_simp::Optimizer;
use vae_data::DataSet;

/// Designs whose compliance is recomputed.
const CHECKED: usize = 16;
/// The penalization that stated compliances are held against.
const PENALTY: f64 = 3.0;

/// Recomputes some of the compliances in the results; one line about how they agree, if both they and the problems are known.
pub(crate) fn check_compliances(data: &DataSet) -> Result<Option<String>> {
    let Some(table) = data.results() else { return Ok(None) };
    let Some(stated) = table.numbers("compliance", "compliance")? else { return Ok(None) };
    let mut ratios = Vec::new();
    let mut optimizer: Option<(topo_simp::Grid, Optimizer)> = None;
    let mut design = vec![0.0; data.design_len()];
    for index in (0..data.len()).step_by(data.len().div_ceil(CHECKED)) {
        let Some(problem) = problem_of(data, index)? else { return Ok(None) };
        if !(stated[index].is_finite() && 0.0 < stated[index]) {
            continue;
        }
        data.read_into(&[index], &mut design)?;
        let shape = (data.height(), data.width());
        let density =
            Array2::from_shape_vec(shape, design.iter().map(|&x| f64::from(x)).collect())?;
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
        "warning: they differ by one factor: is a unit, the stiffness or the size of the load another one?"
    } else {
        "warning: they do not agree: is an axis, a support or a load another one?"
    };
    Ok(Some(format!(
        "compliance recomputed for {} designs is {median:.4} times what is stated ({least:.4} to {most:.4}); {verdict}",
        ratios.len()
    )))
}
