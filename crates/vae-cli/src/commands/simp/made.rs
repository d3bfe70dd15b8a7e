//! What follows a generation: a summary, a contact sheet, pictures.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use topo_data::{Failure, GenerateReport};
use vae_data::Source;
use vae_study::analysis::{write_lecture_pictures, write_sheet};
use vae_study::words::generated;

use crate::failure::UsageError;
use crate::output::{json, line, shown};

/// Pictures of the designs made.
#[derive(clap::Args)]
#[command(next_help_heading = "Pictures")]
pub(super) struct Pictures {
    /// Contact sheet to write, with up to 64 evenly spaced designs
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// Folder to write each design into as a JPEG file, as the lecture draws them: 349 pixels wide
    /// (126 high for 3:1), black on white with a white frame. The files are named `FAMILY_A_B.jpg`,
    /// where A is the volume fraction in percent and B the iterate, or the position of the design
    #[arg(long, value_name = "DIR")]
    render: Option<PathBuf>,
}

impl Pictures {
    /// Refuses an output that could not be written at the end.
    pub(super) fn check(&self) -> Result<()> {
        match &self.render {
            Some(folder) if folder.exists() => {
                Err(UsageError::new(format!("{} exists already", shown(folder))).into())
            }
            _ => Ok(()),
        }
    }
}

/// Draws the pictures that were asked for and prints what was made.
pub(super) fn finish(report: &GenerateReport, out: &Path, pictures: &Pictures) -> Result<ExitCode> {
    let set = vae_data::open(&Source::Path(out.to_owned()))?;
    if let Some(path) = &pictures.sheet {
        write_sheet(&set, path)?;
    }
    if let Some(folder) = &pictures.render {
        write_lecture_pictures(&set, folder)?;
    }
    json(report)?;
    let (begin, end) = generated(report, &shown(out));
    begin.into_iter().try_for_each(line)?;
    failures(&report.failures)?;
    line(end)?;
    for path in pictures.sheet.iter().chain(&pictures.render) {
        line(format!("pictures: {}", shown(path)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints why jobs gave no design, for up to five of them.
pub(super) fn failures(failures: &[Failure]) -> Result<()> {
    for failure in failures.iter().take(5) {
        line(format!(
            "failed: problem {}, variant {}: {}",
            failure.problem, failure.variant, failure.reason
        ))?;
    }
    Ok(())
}
