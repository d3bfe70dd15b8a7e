//! Whether the compliances that came with data are those of their designs under their problems.

use topo_data::problem_of;
use topo_simp::{Grid, Optimizer, PENALTY};
use vae_base::spread;
use vae_data::{DataError, DataSet};

use crate::error::Result;
use crate::run::stored_one;

/// Designs whose compliance is recomputed.
const CHECKED: usize = 16;

/// What a column of compliances is usually called.
const NAMES: [&str; 7] =
    ["compliance", "c", "obj", "objective", "compliance_cut", "final_compliance", "strain_energy"];

/// Recomputes some of the compliances that came with the designs, as a result or as a condition of
/// a usual name, and says in one sentence how they agree;
/// `None` if the compliances or the problems are unknown.
///
/// # Errors
/// If a design or the results cannot be read, or a problem cannot be solved.
pub fn check_compliances(data: &DataSet) -> Result<Option<String>> {
    let Some((column, stated)) = stated_compliances(data)? else { return Ok(None) };
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
        "warning: they do not agree; check the axes, the supports and the loads, if this is the compliance"
    };
    Ok(Some(format!(
        "{column}: recomputed for {} designs, the compliance is {median:.4} times the stated one ({least:.4} to {most:.4}); {verdict}",
        ratios.len()
    )))
}

/// The compliances that came with designs, and where they stand.
fn stated_compliances(data: &DataSet) -> Result<Option<(String, Vec<f64>)>> {
    let is_compliance = |name: &str| NAMES.contains(&name.trim().to_lowercase().as_str());
    if let Some(table) = data.results()
        && let Some(name) = table.columns().iter().find(|name| is_compliance(name))
        && let Some(numbers) = table.numbers(name, "results.csv").map_err(DataError::from)?
    {
        return Ok(Some((format!("result {name}"), numbers)));
    }
    let named = data.condition_info().iter().position(|info| is_compliance(&info.name));
    Ok(named.map(|column| {
        let values = data.conditions().column(column).iter().map(|&v| f64::from(v)).collect();
        (format!("condition {}", data.condition_info()[column].name), values)
    }))
}
