//! `vae export`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use vae_study::analysis::{Exported, Format, Outline, export, export_path, position};
use vae_study::run::stored_one;

use crate::choices;
use crate::commands::analyze::open;
use crate::lengths::LengthArgs;
use crate::output::{json, line, shown};
use crate::reading::ReadingArgs;

/// Write a design for CAD, for a printer, or as numbers
///
/// SVG, DXF and STL have smooth contours instead of the steps of the grid. The contours enclose the
/// area of the design and are closed at the edge of its domain; outer curves run counterclockwise,
/// holes clockwise. The number of pieces and holes stays the same; cells that meet in a corner are
/// joined. An STL file is a watertight plate. PNG, VTK and npy files hold the densities themselves,
/// a PNG file with one pixel per cell. Lengths are in millimeters.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae export builtin --design 0 --to svg --cell-size 2mm
  vae export beam.npy --to dxf --cell-size 0.1in --out part.dxf
  vae export beam.npy --to stl --cell-size 2mm --thickness 5mm
  vae export samples/designs.npz --design 3 --to png")]
pub(crate) struct Args {
    /// A design: whatever `vae analyze` takes; needs --design if there are several
    design: String,
    /// Position of the design, from 0
    #[arg(long = "design", value_name = "N")]
    index: Option<usize>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Format of the file
    #[arg(long, value_name = "FORMAT", value_parser = choices::format())]
    to: Format,
    #[command(flatten)]
    lengths: LengthArgs,
    /// File to write [default: named after the design, in this folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let lengths = args.lengths.lengths()?;
    let set = open(&args.design, &args.reading.reading()?)?;
    let index = position(&set, &args.design, args.index)?;
    let among_several = (1 < set.len()).then_some(index);
    let source = Path::new(&args.design);
    let out = export_path(source, among_several, args.to, args.out.as_deref())?;
    let at = format!("{}, design {index}", args.design);
    let design = stored_one(&set, index).with_context(|| at.clone())?;
    let exported =
        export(design.view(), &at, (args.to, lengths), &out).with_context(|| at.clone())?;
    if args.json {
        json(&exported)?;
    } else {
        words(&exported, &at)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn words(exported: &Exported, which: &str) -> Result<()> {
    // Seven digits, as the files have.
    let short = |x: f64| x as f32;
    line(format!("{which}: {} × {} cells", exported.columns, exported.rows))?;
    line(format!(
        "  width × height × thickness  {} × {} × {} mm",
        short(exported.width),
        short(exported.height),
        short(exported.thickness)
    ))?;
    line(format!(
        "  area, volume                {} mm², {} mm³, {:.2} % of the domain",
        short(exported.area),
        short(exported.volume),
        100.0 * exported.volume_fraction
    ))?;
    if let Some(Outline { volume_error, pieces, holes }) = &exported.outline {
        // No minus before 0: the sign is that of what is shown.
        let percent = (1e6 * volume_error).round() / 1e4 + 0.0;
        line(format!("  volume error                {percent:+.4} %"))?;
        line(format!("  pieces, holes               {pieces}, {holes}"))?;
    }
    line(format!("written: {}", shown(&exported.file)))
}
