//! `vae data`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use vae_base::text::counted;
use vae_data::{DataSet, Element, Info, Metadata};
use vae_study::checks::{check_cuts, check_problem};
use vae_study::pictures::{Quantity, draw_contact_sheet};
use vae_study::words::data_set;

use super::fetch;
use crate::output::{self, json, line, manner, note, shown};
use crate::reading::{ReadingArgs, open_data};
use crate::{machine, words};

/// Fetch data, look at them, and bring them into one form
#[derive(Subcommand)]
pub(crate) enum Command {
    Fetch(fetch::Args),
    Info(InfoArgs),
    Convert(ConvertArgs),
}

/// Describe data, and what is suspicious in them
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae data info builtin
  vae data info my-designs/ --json
  vae data info pictures/ --labels '{volume_fraction%}_{iterate}' --out look/")]
pub(crate) struct InfoArgs {
    /// `builtin`, a folder of pictures, arrays or tables, a data-set folder, a .npy or .npz file,
    /// `mnist:FOLDER`
    #[arg(value_name = "SOURCE", default_value = "builtin")]
    source: String,
    /// Draw a contact sheet (with supports and loads where they are known) and histograms into this
    /// folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// Write data as a data-set folder
///
/// Designs are read and written one by one, so the data may be larger than memory. Every command
/// also reads sources directly; a folder is useful for pictures that are read often, for passing
/// data on, and for checking how the source was understood.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae data convert pictures/ --resize 64x192 --out beams/
  vae data convert densities.npy --layout columns:60x20 --conditions loads.csv --problem part.toml --out parts/")]
pub(crate) struct ConvertArgs {
    /// `builtin`, a folder of pictures, arrays or tables, a data-set folder, a .npy or .npz file,
    /// `mnist:FOLDER`
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The folder to write; it must not exist yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Fetch(args) => return fetch::run(args),
        Command::Info(args) => info(args)?,
        Command::Convert(args) => convert(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn info(args: &InfoArgs) -> Result<()> {
    let data = open_data(&args.source, &args.reading.reading()?)?;
    let info = vae_data::info(&data)?;
    let mut findings = Vec::new();
    // Values that are no densities are listed instead.
    if info.invalid.is_empty() {
        findings.extend(check_problem(&data)?);
        findings.extend(check_cuts(&data)?);
    }
    if manner().json {
        findings.iter().map(words::note).for_each(note);
    }
    json(&info)?;
    data_set(&info).iter().try_for_each(line)?;
    for note in info.notes().iter().chain(&findings) {
        line(format!("note: {}", words::note(note)))?;
    }
    if let Some(out) = &args.out {
        let drawn = draw(&data, &info, out)?;
        line(format!("{} in {}", counted(drawn, "picture"), shown(out)))?;
    }
    Ok(())
}

fn convert(args: &ConvertArgs) -> Result<()> {
    let data = open_data(&args.source, &args.reading.reading()?)?;
    let element = match data.element() {
        element @ (Element::Bool | Element::U8 | Element::F16) => element,
        _ => Element::F32,
    };
    let metadata = Metadata {
        source: data.metadata().source.clone().or_else(|| Some(args.source.clone())),
        command: Some(machine::command().join(" ")),
        ..data.metadata().clone()
    };
    let data = data.with_metadata(metadata);
    data.write_to(&args.out, element)?;
    json(&serde_json::json!({
        "path": shown(&args.out), "n": data.len(), "height": data.height(), "width": data.width(),
        "groups": data.n_groups(), "conditions": data.condition_info(),
    }))?;
    line(format!(
        "{}: {} of {} x {} in {}, {}",
        shown(&args.out),
        counted(data.len(), "design"),
        data.height(),
        data.width(),
        counted(data.n_groups(), "group"),
        match data.condition_info().len() {
            0 => "no conditions".to_owned(),
            n => counted(n, "condition"),
        }
    ))
}

/// Draws the contact sheet, and a histogram of the volume fraction and of each condition.
fn draw(data: &DataSet, info: &Info, out: &Path) -> Result<usize> {
    output::folder(out)?;
    let mut drawn = usize::from(0 < draw_contact_sheet(data, &out.join("designs.png"))?);
    for quantity in Quantity::all(data, info) {
        quantity.draw(data.name(), &out.join(format!("histogram-{}.png", quantity.file)))?;
        drawn += 1;
    }
    Ok(drawn)
}
