//! `vae analyze`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde::Serialize;
use vae_data::{DataSet, Reading};
use vae_study::analysis::{
    Analyst, Analyzed, open_designs, positions, stated_problem, write_judged_table,
};

use crate::failure::UsageError;
use crate::output::{folder, json, line, note, shown};
use crate::progress::Progress;
use crate::reading::{ReadingArgs, say_notes};

/// Judge designs by mechanics
///
/// DESIGN is a file or folder of designs from any program: whatever `--data` takes. Each design is
/// analyzed as it is, and after it is cut to 0/1 at exactly the volume fraction of its problem, so
/// that it is compared with the SIMP optimum of that problem at equal volume.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae analyze beam.npy --problem problem.toml
  vae analyze samples/designs.npz --problem problem.toml --table judged.csv
  vae analyze builtin --design 0 --refine 10 --json
  vae analyze builtin --design 0 --fields fields")]
pub(crate) struct Args {
    /// Designs: a data-set folder, NumPy arrays, pictures, tables, or `builtin`
    #[arg(value_name = "DESIGN", required = true)]
    designs: Vec<String>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Analyze only the design at this position of each DESIGN, from 0; may be repeated
    #[arg(long, value_name = "N")]
    design: Vec<usize>,
    /// Do not compare with the SIMP optimum, which takes most of the time
    #[arg(long)]
    no_optimum: bool,
    /// Continue from each design with N SIMP iterations, and report how many iterations that saves
    /// against the uniform start
    #[arg(long, value_name = "N")]
    refine: Option<usize>,
    /// CSV table of all designs to write
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Folder for displacement, strain energy density and von Mises stress of each design as it is
    ///
    /// The files are `displacement.png`, `strain-energy.png`, `von-mises.png`, and `fields.vtk` for
    /// `ParaView`, which holds all three and the densities. If several designs are analyzed, each
    /// name begins with the position of its design: `3-displacement.png`; with several DESIGNs, the
    /// position of the DESIGN comes before it. Lengths and forces are in the units of the problem;
    /// Young's modulus, the side of an element and the thickness are 1 unless the problem states
    /// them. With several load cases, the pictures show the largest displacement and stress and the
    /// sum of the energies; `fields.vtk` has displacement and stress of each load case.
    #[arg(long, value_name = "DIR")]
    fields: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report<'a> {
    designs: &'a [Analyzed],
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.refine == Some(0) {
        return Err(UsageError::new("--refine 0 asks for no iteration; give 1 or more").into());
    }
    let reading = args.reading.reading()?;
    let mut analyzed = Vec::new();
    let mut analyst = Analyst::new(!args.no_optimum, args.refine);
    for (position, source) in args.designs.iter().enumerate() {
        let set = open(source, &reading)?;
        let chosen = positions(&set, source, &args.design)?;
        let prefix = |index: usize| match (args.designs.len(), chosen.len()) {
            (1, 1) => String::new(),
            (1, _) => format!("{index}-"),
            _ => format!("{position}-{index}-"),
        };
        let mut bar = Progress::new("analyze", "designs", chosen.len() as u64, 0);
        for &index in &chosen {
            let at = || {
                let file = reading.problem.file_name().map(|name| name.display());
                let under = file.map_or_else(String::new, |file| format!(" under {file}"));
                format!("{source}, design {index}{under}")
            };
            stated_problem(&set, source, index).with_context(at)?;
            // A folder that cannot be made is refused before the long part begins.
            args.fields.as_deref().map_or(Ok(()), folder)?;
            let found = analyst.analyze(&set, source, index).with_context(at)?;
            if let Some(folder) = &args.fields {
                if found.judgement.compliance.is_finite() {
                    let prefix = prefix(index);
                    let place = (folder.as_path(), prefix.as_str());
                    analyst.write_fields(&set, source, index, place).with_context(at)?;
                } else {
                    note(format!(
                        "{source}, design {index}: no fields, because the design is too disconnected to be solved"
                    ));
                }
            }
            analyzed.push(found);
            bar.add(1);
        }
        bar.finish();
    }
    if let Some(path) = &args.table {
        let rows: Vec<_> = analyzed.iter().map(Analyzed::row).collect();
        write_judged_table(path, &["source", "design"], &rows)?;
    }
    json(&Report { designs: &analyzed })?;
    analyzed.iter().flat_map(vae_study::words::analyzed).try_for_each(line)?;
    for path in args.table.iter().chain(&args.fields) {
        line(format!("written: {}", shown(path)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the designs of a source and prints what was found out about them.
pub(super) fn open(source: &str, reading: &Reading) -> Result<DataSet> {
    let set = open_designs(source, reading)?;
    say_notes(&set, reading)?;
    Ok(set)
}
