//! Tables of judged designs.

use std::path::Path;

use ndarray::ArrayView2;
use topo_data::{Connectivity, Judgement, checkerboard, components, member_size};
use vae_base::files;
use vae_data::Table;

use super::error::Result;

/// Columns of a table of judged designs; columns that say which design it is come before them.
const COLUMNS: [&str; 15] = [
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
    "stress",
];

/// A row of a table: which design it is, and what is known of the design.
#[derive(Clone, Debug)]
pub struct JudgedRow {
    which: Vec<String>,
    values: [String; 15],
}

impl JudgedRow {
    /// A design that was judged under its problem, and the compliance of the SIMP optimum if that
    /// is known.
    pub fn judged(which: Vec<String>, j: &Judgement, optimum: Option<f64>) -> Self {
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
            j.stress.map(known).unwrap_or_default(),
        ];
        Self { which, values }
    }

    /// A design whose problem is unknown: what can be seen in the picture. Pieces and thickness are
    /// those at a threshold of 0.5.
    pub fn seen(which: Vec<String>, design: ArrayView2<'_, f32>) -> Self {
        let n = design.len().max(1) as f64;
        let mean = |f: fn(f64) -> f64| design.iter().map(|&x| f(f64::from(x))).sum::<f64>() / n;
        let pieces = components(design, Connectivity::Eight);
        let mut values: [String; 15] = Default::default();
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

/// Writes a CSV table whose first columns say which design it is; what is unknown is left empty.
///
/// # Errors
/// If the file cannot be written.
pub fn write_judged_table(path: &Path, first: &[&str], rows: &[JudgedRow]) -> Result<()> {
    let columns: Vec<&str> = first.iter().copied().chain(COLUMNS).collect();
    let mut table = Table::new(&columns);
    for JudgedRow { which, values } in rows {
        table.push(&which.iter().chain(values).collect::<Vec<_>>());
    }
    write_table(&table, path)
}

/// Writes a CSV table that people open in a spreadsheet.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write_table(table: &Table, path: &Path) -> Result<()> {
    let bytes = table.for_spreadsheets().to_csv(&path.display().to_string())?;
    Ok(files::write(path, &bytes)?)
}
