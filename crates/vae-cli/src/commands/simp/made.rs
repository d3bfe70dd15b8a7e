//! What follows a generation: words, a contact sheet, pictures.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use topo_data::{Failure, GenerateReport};
use vae_data::{DataSet, Source};
use vae_report::{Grid, grid};

use super::render::render;
use crate::failure::UsageError;
use crate::output::{counted, json, line, shown};
use vae_study::run::{spread, stored};

/// Designs on a contact sheet, at most.
const SHEET: usize = 64;

/// Pictures of the designs made.
#[derive(clap::Args)]
#[command(next_help_heading = "Pictures")]
pub(super) struct Pictures {
    /// Contact sheet of up to 64 designs, evenly spaced, to write
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// Folder to write each design into as a JPEG as the lecture has them: 349 wide (126 high for
    /// 3:1), black on white, a white frame; named `FAMILY_A_B.jpg`, A the volume fraction in
    /// percent, B the iterate, or the number of the design
    #[arg(long, value_name = "DIR")]
    render: Option<PathBuf>,
}

impl Pictures {
    /// Refuses what could not be written afterwards.
    pub(super) fn check(&self) -> Result<()> {
        match &self.render {
            Some(folder) if folder.exists() => {
                Err(UsageError::new(format!("{} exists already", shown(folder))).into())
            }
            _ => Ok(()),
        }
    }
}

/// Draws what is asked for and says what was made.
pub(super) fn finish(
    report: &GenerateReport,
    out: &Path,
    pictures: &Pictures,
    as_json: bool,
) -> Result<ExitCode> {
    let set = vae_data::open(&Source::Path(out.to_owned()))?;
    if let Some(path) = &pictures.sheet {
        sheet(&set, path)?;
    }
    if let Some(folder) = &pictures.render {
        render(&set, folder)?;
    }
    if as_json {
        json(report)?;
    } else {
        words(report, out, pictures)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn words(report: &GenerateReport, out: &Path, pictures: &Pictures) -> Result<()> {
    line(format!(
        "{} in {} from {} of {}: {} too weak, {} not as stiff once cut, {} broken by the cut, {}, {} failed",
        counted(report.kept, "design"),
        counted(report.groups, "group"),
        counted(report.candidates, "candidate"),
        counted(report.problems, "problem"),
        report.weak,
        report.cut_away,
        report.broken,
        counted(report.duplicates, "duplicate"),
        report.failures.len()
    ))?;
    if !report.rejected.is_empty() {
        let reasons: Vec<String> =
            report.rejected.iter().map(|(reason, n)| format!("{n} with {reason}")).collect();
        line(format!("drawn and rejected before solving: {}", reasons.join(", ")))?;
    }
    failures(&report.failures)?;
    line(format!(
        "mean greyness {:.3}; {:.1} s, {:.1} candidates/s; written to {}",
        report.mean_greyness,
        report.seconds,
        report.candidates as f64 / report.seconds.max(1e-9),
        shown(out)
    ))?;
    for path in pictures.sheet.iter().chain(&pictures.render) {
        line(format!("pictures: {}", shown(path)))?;
    }
    Ok(())
}

/// Why jobs gave no design, up to five of them.
pub(super) fn failures(failures: &[Failure]) -> Result<()> {
    for failure in failures.iter().take(5) {
        line(format!(
            "failed: problem {}, variant {}: {}",
            failure.problem, failure.variant, failure.reason
        ))?;
    }
    Ok(())
}

/// Evenly spaced designs of a set.
fn sheet(set: &DataSet, path: &Path) -> Result<()> {
    let indices: Vec<usize> = spread(set.len(), SHEET).collect();
    let designs = stored(set, &indices)?;
    grid(&Grid { columns: Some(8), ..Grid::new(designs.view()) }, path)
        .with_context(|| format!("cannot draw {}", path.display()))
}
