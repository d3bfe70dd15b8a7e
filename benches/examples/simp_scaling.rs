//! Draws `benches/simp-scaling.png` from the table "SIMP on one thread" in `benches/README.md`.
//!
//! `cargo run -p benches --example simp_scaling`, from the root of the repository. The table is
//! what `cargo run -p topo-simp --example timing` prints.

use std::path::Path;

use vae_report::{Scaling, scaling};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("benches/README.md")?;
    let table = text.split("| grid | direct | multigrid | analysis |").nth(1).ok_or("no table")?;
    let mut lines = [("direct", Vec::new()), ("multigrid", Vec::new()), ("analysis", Vec::new())];
    for row in table.lines().skip(2).take_while(|row| row.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (nelx, nely) = cells[0].split_once(" × ").ok_or("no grid in the first column")?;
        let elements = nelx.parse::<f64>()? * nely.parse::<f64>()?;
        for ((_, points), cell) in lines.iter_mut().zip(&cells[1..]) {
            // A dash was not measured.
            points.extend(cell.parse().ok().map(|milliseconds: f64| (elements, milliseconds)));
        }
    }
    for (_, points) in &mut lines {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let title = "One SIMP iteration, and one analysis, on one thread";
    let figure = Scaling { title, size: "elements", cost: "milliseconds", lines: &lines };
    Ok(scaling(&figure, Path::new("benches/simp-scaling.png"))?)
}
