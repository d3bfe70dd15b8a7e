//! Judged designs: the SIMP optima that they are compared with, and their table.

use std::path::Path;

use anyhow::{Context as _, Result};
use ndarray::ArrayView2;
use topo_data::{Connectivity, Judge, Judgement, Optimum, checkerboard, components, member_size};
use topo_simp::{Grid, Problem};
use vae_data::Table;
use vae_train::run::write;

/// A judge for the grid at hand, and the optima that it has found so far.
#[derive(Default)]
pub(crate) struct Optima {
    judge: Option<(Grid, Judge)>,
    found: Vec<(Problem, Optimum)>,
}

impl Optima {
    /// The judge for the grid of a problem.
    pub(crate) fn judge(&mut self, problem: &Problem) -> Result<&mut Judge> {
        if self.judge.as_ref().is_none_or(|(grid, _)| *grid != problem.grid) {
            self.judge = Some((problem.grid, Judge::new(problem.grid)?));
        }
        let (_, judge) = self.judge.as_mut().context("it was set just now")?;
        Ok(judge)
    }

    /// The SIMP optimum of a problem, computed once.
    pub(crate) fn of(&mut self, problem: &Problem) -> Result<&Optimum> {
        let known = self.found.iter().position(|(known, _)| known == problem);
        let position = known.unwrap_or(self.found.len());
        if known.is_none() {
            let optimum = self.judge(problem)?.optimum(problem)?;
            self.found.push((problem.clone(), optimum));
        }
        Ok(&self.found[position].1)
    }
}

/// Columns of a table of judged designs, after those that say which design it is.
const COLUMNS: [&str; 14] = [
    "compliance",
    "compliance_cut",
    "optimum",
    "compliance_error",
    "volume_fraction_realized",
    "volume_error",
    "greyness",
    "checkerboard",
    "pieces_4",
    "pieces_8",
    "floating_share",
    "loads_on_material",
    "loads_supported",
    "member_size",
];

/// A row of the table: which design it is, and the values of [`COLUMNS`].
pub(crate) struct Row {
    which: Vec<String>,
    values: [String; 14],
}

impl Row {
    /// A design whose problem is known, with the compliance of the optimum if that is.
    pub(crate) fn judged(which: Vec<String>, j: &Judgement, optimum: Option<f64>) -> Self {
        let known = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
        let size = j.member_size.map(|size| size.to_string());
        let values = [
            known(j.compliance),
            known(j.compliance_cut),
            optimum.map(known).unwrap_or_default(),
            optimum.map(|optimum| known(j.compliance_error(optimum))).unwrap_or_default(),
            format!("{:.4}", j.volume_fraction),
            format!("{:.4}", j.volume_error),
            format!("{:.4}", j.greyness),
            format!("{:.4}", j.checkerboard),
            j.pieces_4.to_string(),
            j.pieces_8.to_string(),
            format!("{:.4}", j.floating),
            j.loads_on_material.to_string(),
            j.loads_supported.to_string(),
            size.unwrap_or_default(),
        ];
        Self { which, values }
    }

    /// A design of which no more is known than how it looks; pieces and thickness at 0.5.
    pub(crate) fn seen(which: Vec<String>, design: ArrayView2<'_, f32>) -> Self {
        let n = design.len().max(1) as f64;
        let mean = |f: fn(f64) -> f64| design.iter().map(|&x| f(f64::from(x))).sum::<f64>() / n;
        let pieces = components(design, Connectivity::Eight);
        let mut values: [String; 14] = Default::default();
        values[4] = format!("{:.4}", mean(|x| x));
        values[6] = format!("{:.4}", mean(|x| 4.0 * x * (1.0 - x)));
        values[7] = format!("{:.4}", checkerboard(design));
        values[8] = components(design, Connectivity::Four).count().to_string();
        values[9] = pieces.count().to_string();
        values[10] = format!("{:.4}", pieces.floating());
        values[13] = member_size(design).map(|size| size.to_string()).unwrap_or_default();
        Self { which, values }
    }
}

/// Writes a CSV table; what is not known is left empty.
pub(crate) fn write_table(path: &Path, first: &[&str], rows: &[Row]) -> Result<()> {
    let columns: Vec<&str> = first.iter().copied().chain(COLUMNS).collect();
    let mut table = Table::new(&columns);
    for Row { which, values } in rows {
        table.push(&which.iter().chain(values).collect::<Vec<_>>());
    }
    let bytes = table.to_csv(&path.display().to_string())?;
    Ok(write(path, &bytes)?)
}
