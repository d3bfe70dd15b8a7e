//! `vae analyze`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use ndarray::{Array2, Axis};
use serde::Serialize;
use topo_data::{Judgement, Refinement, problem_of};
use topo_simp::Problem;
use vae_data::{DataError, DataSet, Details, FormatError, Problems, Reading, SetError};

use crate::design;
use crate::failure::UsageError;
use crate::fields::{self, Drawn};
use crate::judged::{self, Optima};
use crate::output::{counted, folder, json, line, note, shown};
use crate::progress::Progress;
use crate::reading::{ReadingArgs, open_data};
use vae_study::run::stored_one;

/// Say what mechanics thinks of designs
///
/// DESIGN is a file or folder with designs, ours or anybody's: whatever `--data` takes. Each design
/// is analyzed as it is, and cut to 0/1 at exactly the volume fraction of its problem, so that
/// designs are compared at equal volume with the SIMP optimum of that problem.
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
    /// Only the design at this position of each DESIGN, from 0; may be repeated
    #[arg(long, value_name = "N")]
    design: Vec<usize>,
    /// Do not compute the SIMP optimum to compare with
    #[arg(long)]
    no_optimum: bool,
    /// Go on from each design with N SIMP iterations, and say how many a cold start needs to get as
    /// far
    #[arg(long, value_name = "N")]
    refine: Option<usize>,
    /// Table of all designs to write, CSV
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Folder for displacement, strain energy density and von Mises stress of each design as it is
    ///
    /// `displacement.png`, `strain-energy.png`, `von-mises.png`, and all of them with the densities
    /// in `fields.vtk`, for `ParaView`. Where several designs are analyzed, each name begins with
    /// the position of its design: `3-displacement.png`; with several DESIGNs, the position of that
    /// comes first. Lengths and forces are in the units of the problem; what it leaves out (Young's
    /// modulus, side of an element, thickness) is 1. Of several load cases, pictures show the
    /// largest displacement and stress, and energies are summed; `fields.vtk` has displacement and
    /// stress of each.
    #[arg(long, value_name = "DIR")]
    fields: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is said of one design.
#[derive(Serialize)]
struct Analyzed {
    source: String,
    design: usize,
    #[serde(flatten)]
    judgement: Judgement,
    /// Compliance of the SIMP optimum at equal volume; none if it was not computed.
    optimum: Option<f64>,
    /// Compliance of the cut design over it, minus 1.
    compliance_error: Option<f64>,
    refinement: Option<Refinement>,
}

#[derive(Serialize)]
struct Report<'a> {
    designs: &'a [Analyzed],
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.refine == Some(0) {
        return Err(UsageError::new("--refine 0 leaves nothing to do").into());
    }
    let reading = args.reading.reading()?;
    let mut analyzed = Vec::new();
    let mut optima = Optima::default();
    for (position, source) in args.designs.iter().enumerate() {
        let set = open(source, &reading)?;
        let chosen = args.chosen(source, &set)?;
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
            let problem = problem_of(&set, index).with_context(at)?;
            let problem = problem.ok_or_else(|| unknown_problem(source))?;
            let design = stored_one(&set, index).with_context(at)?;
            // A folder that cannot be made is said before the long part begins.
            args.fields.as_deref().map_or(Ok(()), folder)?;
            let found =
                args.analyze(&mut optima, source, index, &problem, &design).with_context(at)?;
            if let Some(path) = &args.fields {
                if found.judgement.compliance.is_finite() {
                    let title = format!("{source}, design {index}");
                    let prefix = prefix(index);
                    let drawn = Drawn { design: design.view(), title: &title, prefix: &prefix };
                    fields::write(optima.judge(&problem)?, &problem, &drawn, path)
                        .with_context(at)?;
                } else {
                    note(format!(
                        "{source}, design {index}: no fields: it is too disconnected to be solved"
                    ));
                }
            }
            analyzed.push(found);
            bar.add(1);
        }
        bar.finish();
    }
    if let Some(path) = &args.table {
        let rows: Vec<_> = analyzed
            .iter()
            .map(|a| {
                judged::Row::judged(
                    vec![a.source.clone(), a.design.to_string()],
                    &a.judgement,
                    a.optimum,
                )
            })
            .collect();
        judged::write_table(path, &["source", "design"], &rows)?;
    }
    if args.json {
        json(&Report { designs: &analyzed })?;
    } else {
        analyzed.iter().try_for_each(words)?;
        for path in args.table.iter().chain(&args.fields) {
            line(format!("written: {}", shown(path)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Which designs of a set.
    fn chosen(&self, source: &str, set: &DataSet) -> Result<Vec<usize>> {
        if self.design.is_empty() {
            return Ok((0..set.len()).collect());
        }
        match self.design.iter().find(|&&index| set.len() <= index) {
            Some(index) => {
                let last = set.len() - 1;
                Err(UsageError::new(format!(
                    "{source} has no design {index}: they are numbered from 0 to {last}"
                ))
                .into())
            }
            None => Ok(self.design.clone()),
        }
    }

    fn analyze(
        &self,
        optima: &mut Optima,
        source: &str,
        index: usize,
        problem: &Problem,
        design: &Array2<f32>,
    ) -> Result<Analyzed> {
        let judge = optima.judge(problem)?;
        let judgement = judge.judge(problem, design.view())?;
        let refinement =
            self.refine.map(|n| judge.refine(problem, design.view(), n)).transpose()?;
        let optimum = if self.no_optimum { None } else { Some(optima.of(problem)?.compliance_cut) };
        let compliance_error = optimum.map(|optimum| judgement.compliance_error(optimum));
        let source = source.to_owned();
        Ok(Analyzed { source, design: index, judgement, optimum, compliance_error, refinement })
    }
}

/// The designs of a source. A `.npy` file of two axes, as `vae simp solve --out` writes it, is one
/// design here; data to train on would be flat vectors, of a layout that has to be said.
pub(super) fn open(source: &str, reading: &Reading) -> Result<DataSet> {
    let refused = match open_data(source, reading) {
        Ok(set) => return Ok(set),
        Err(refused) => refused,
    };
    let path = Path::new(source);
    // What else a person says of how to read is about sets of designs.
    let plain = Reading { problem: reading.problem.clone(), ..Reading::default() } == *reading;
    let has_two_axes = matches!(
        refused.downcast_ref(),
        Some(DataError::Set(SetError::DesignShape { shape, .. })) if shape.len() == 2
    );
    if !(plain && has_two_axes && path.extension().is_some_and(|extension| extension == "npy")) {
        return Err(refused);
    }
    let design = design::read(path, 0)?.mapv(|x| x as f32);
    let problems = match &reading.problem {
        path if path.as_os_str().is_empty() => Problems::None,
        path if !path.is_file() => return Err(FormatError::NotFound { path: path.clone() }.into()),
        path => Problems::Shared(
            std::fs::read_to_string(path).with_context(|| path.display().to_string())?,
        ),
    };
    let details = Details { problems, ..Details::default() };
    Ok(DataSet::new(source, design.insert_axis(Axis(0)), details)?)
}

fn unknown_problem(source: &str) -> UsageError {
    UsageError::with_hint(
        format!("{source} does not say under which loads and supports its designs stand"),
        "give it with --problem problem.toml",
    )
}

fn words(analyzed: &Analyzed) -> Result<()> {
    let j = &analyzed.judgement;
    let yes = |fine: bool| if fine { "yes" } else { "no" };
    line(format!("{}, design {}", analyzed.source, analyzed.design))?;
    line(format!("  compliance as it is         {:.4}", j.compliance))?;
    let relative = match (analyzed.optimum, analyzed.compliance_error) {
        (Some(optimum), Some(error)) => {
            format!("   {:+.2} % against the SIMP optimum, {optimum:.4}", 100.0 * error)
        }
        _ => String::new(),
    };
    line(format!("  compliance at equal volume  {:.4}{relative}", j.compliance_cut))?;
    line(format!(
        "  volume fraction             {:.4}   off by {:.4}",
        j.volume_fraction, j.volume_error
    ))?;
    line(format!("  greyness, checkerboard      {:.4}, {:.4}", j.greyness, j.checkerboard))?;
    line(format!(
        "  pieces by sides, corners    {}, {}   {:.2} % of the material floating",
        j.pieces_4,
        j.pieces_8,
        100.0 * j.floating
    ))?;
    line(format!(
        "  loads on material           {}   joined to a support: {}",
        yes(j.loads_on_material),
        yes(j.loads_supported)
    ))?;
    let size = j.member_size.map_or("no material".to_owned(), |size| counted(size, "element"));
    line(format!("  thinnest member             {size}"))?;
    if let Some(refinement) = &analyzed.refinement {
        let Refinement { iterations, compliance_before, compliance_after, iterations_saved } =
            refinement;
        // The last iterations of a crisp design were made without a filter, which now has a say
        // again.
        let grey = if compliance_before < compliance_after {
            ", softer by the grey of the filter"
        } else {
            ""
        };
        line(format!(
            "  {iterations} SIMP iterations on       {compliance_before:.4} to {compliance_after:.4}{grey}; {iterations_saved} saved against the uniform start"
        ))?;
    }
    Ok(())
}
