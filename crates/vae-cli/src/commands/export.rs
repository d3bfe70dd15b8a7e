//! `vae export`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde::Serialize;
use vae_study::analysis::{
    AxisSide, Exported, Format, chosen, export, export_paths, positions, whole,
};
use vae_study::run::stored_one;

use crate::choices::{self, SideArg};
use crate::commands::analyze::open;
use crate::lengths::LengthArgs;
use crate::output::{folder, json, line, shown};
use crate::reading::ReadingArgs;

/// Write designs for CAD, for a printer, or as numbers
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
  vae export half.npy --mirror left --to stl --out whole.stl
  vae export samples/designs.npz --design 3 --design 5 --to png --out pictures")]
pub(crate) struct Args {
    /// Designs: whatever `vae analyze` takes; one that holds several needs --design or --all
    #[arg(value_name = "DESIGN", required = true)]
    designs: Vec<String>,
    /// Position of a design in each DESIGN, from 0; may be repeated
    #[arg(long = "design", value_name = "N")]
    positions: Vec<usize>,
    /// Write all designs
    #[arg(long, conflicts_with = "positions")]
    all: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Format of the files
    #[arg(long, value_name = "FORMAT", value_parser = choices::format())]
    to: Format,
    /// Complete half and quarter models: the sides on which their axes of symmetry lie, separated
    /// by commas
    #[arg(long, value_name = "SIDES", value_enum, value_delimiter = ',')]
    mirror: Vec<SideArg>,
    #[command(flatten)]
    lengths: LengthArgs,
    /// File to write, or the folder of several [default: named after the designs, in this folder]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    files: Vec<Exported>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let lengths = args.lengths.lengths()?;
    let sides: Vec<AxisSide> = args.mirror.iter().map(|&side| side.into()).collect();
    let reading = args.reading.reading()?;
    let mut designs = Vec::new();
    for source in &args.designs {
        let set = open(source, &reading)?;
        let pick = if args.all { positions } else { chosen };
        let among_several = |&index: &usize| (1 < set.len()).then_some(index);
        for index in pick(&set, source, &args.positions)? {
            let at = format!("{source}, design {index}");
            let design = stored_one(&set, index).with_context(|| at.clone())?;
            let design = whole(design.view(), &sides)?;
            designs.push((Path::new(source), among_several(&index), at, design));
        }
    }
    let places: Vec<_> = designs.iter().map(|(source, index, ..)| (*source, *index)).collect();
    let paths = export_paths(&places, args.to, args.out.as_deref())?;
    if 1 < paths.len() {
        args.out.as_deref().map_or(Ok(()), folder)?;
    }
    let mut files = Vec::new();
    for ((.., at, design), path) in designs.iter().zip(&paths) {
        let exported =
            export(design.view(), at, (args.to, lengths), path).with_context(|| at.clone())?;
        vae_study::words::exported(&exported, at).into_iter().try_for_each(line)?;
        line(format!("written: {}", shown(&exported.file)))?;
        files.push(exported);
    }
    match &files[..] {
        [exported] => json(exported)?,
        _ => json(&Report { files })?,
    }
    Ok(ExitCode::SUCCESS)
}
