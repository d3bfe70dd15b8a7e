//! `vae export`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde::Serialize;
use topo_export::Contours;
use vae_data::DataSet;

use crate::cad::{Format, LengthArgs, Lengths};
use crate::commands::analyze::open;
use crate::failure::UsageError;
use crate::output::{json, line, shown};
use crate::reading::ReadingArgs;
use vae_study::run::stored_one;

/// Write a design for CAD, for a printer, or as numbers
///
/// SVG, DXF and STL have smooth contours instead of the steps of the grid: marching squares with
/// the area of the design, closed at the edge of its domain, outer curves counterclockwise and
/// holes clockwise. Pieces and holes stay as they are; cells that meet in a corner are joined. STL
/// is a watertight plate. PNG, VTK and npy have the densities as they are, a PNG one pixel per
/// cell. All files are in millimeters.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae export builtin --design 0 --to svg --cell-size 2mm
  vae export beam.npy --to dxf --cell-size 0.1in --out part.dxf
  vae export beam.npy --to stl --cell-size 2mm --thickness 5mm
  vae export samples/designs.npz --design 3 --to png")]
pub(crate) struct Args {
    /// A design: whatever `vae analyze` takes, and --design where it holds several
    design: String,
    /// Which of several designs, from 0
    #[arg(long = "design", value_name = "N")]
    index: Option<usize>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Format of the file
    #[arg(long, value_name = "FORMAT")]
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

/// What was written: lengths in millimeters.
#[derive(Serialize)]
struct Exported<'a> {
    file: &'a Path,
    rows: usize,
    columns: usize,
    width: f64,
    height: f64,
    thickness: f64,
    area: f64,
    volume: f64,
    volume_fraction: f64,
    #[serde(flatten)]
    outline: Option<Outline>,
}

/// What is known of contours.
#[derive(Serialize)]
struct Outline {
    /// Enclosed area over the sum of the densities, minus 1.
    volume_error: f64,
    pieces: usize,
    holes: usize,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let lengths = args.lengths.lengths()?;
    let Lengths { cell_size, thickness } = lengths;
    let set = open(&args.design, &args.reading.reading()?)?;
    let index = args.index(&set)?;
    let out = args.out(&set, index)?;
    let design = stored_one(&set, index)?;

    let at = format!("{}, design {index}", args.design);
    let drawn = args.to.draw(design.view(), lengths, &at).with_context(|| at.clone())?;
    vae_base::files::write(&out, &drawn.bytes)?;

    let contours = drawn.contours.as_ref();
    let outline = contours.map(Outline::of);
    let (rows, columns) = design.dim();
    let cells = contours.map_or_else(|| design.mapv(f64::from).sum(), Contours::area);
    let area = cells * cell_size * cell_size;
    let exported = Exported {
        file: &out,
        rows,
        columns,
        width: columns as f64 * cell_size,
        height: rows as f64 * cell_size,
        thickness,
        area,
        volume: area * thickness,
        volume_fraction: cells / (rows * columns) as f64,
        outline,
    };
    if args.json {
        json(&exported)?;
    } else {
        exported.words(&at)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Which design of the set.
    fn index(&self, set: &DataSet) -> Result<usize> {
        let last = set.len() - 1;
        match self.index {
            Some(index) if index <= last => Ok(index),
            Some(index) => Err(UsageError::new(format!(
                "{} has no design {index}: they are numbered from 0 to {last}",
                self.design
            ))
            .into()),
            None if last == 0 => Ok(0),
            None => Err(UsageError::with_hint(
                format!("{} holds {} designs, and one is exported", self.design, set.len()),
                format!("say which with --design, from 0 to {last}"),
            )
            .into()),
        }
    }

    /// Where to write: beside nothing that is read.
    fn out(&self, set: &DataSet, index: usize) -> Result<PathBuf> {
        let source = Path::new(&self.design);
        let out = self.out.clone().unwrap_or_else(|| {
            let stem = source.file_stem().unwrap_or(source.as_os_str()).display();
            let which = if set.len() == 1 { String::new() } else { format!("-{index}") };
            PathBuf::from(format!("{stem}{which}.{}", self.to.extension()))
        });
        let same = match (out.canonicalize(), source.canonicalize()) {
            (Ok(out), Ok(source)) => out == source,
            _ => false,
        };
        if same {
            let message = format!("{} would be written over itself", shown(&out));
            return Err(UsageError::with_hint(message, "give another file with --out").into());
        }
        Ok(out)
    }
}

impl Outline {
    fn of(contours: &Contours) -> Self {
        let pieces = contours.pieces();
        let holes = contours.rings().len() - pieces;
        Self { volume_error: contours.area_error(), pieces, holes }
    }
}

impl Exported<'_> {
    fn words(&self, which: &str) -> Result<()> {
        // Seven digits, as the files have.
        let short = |x: f64| x as f32;
        line(format!("{which}: {} × {} cells", self.columns, self.rows))?;
        line(format!(
            "  width × height × thickness  {} × {} × {} mm",
            short(self.width),
            short(self.height),
            short(self.thickness)
        ))?;
        line(format!(
            "  area, volume                {} mm², {} mm³, {:.2} % of the domain",
            short(self.area),
            short(self.volume),
            100.0 * self.volume_fraction
        ))?;
        if let Some(Outline { volume_error, pieces, holes }) = &self.outline {
            // No minus before 0: the sign is that of what is shown.
            let percent = (1e6 * volume_error).round() / 1e4 + 0.0;
            line(format!("  volume error                {percent:+.4} %"))?;
            line(format!("  pieces, holes               {pieces}, {holes}"))?;
        }
        line(format!("written: {}", shown(self.file)))
    }
}

#[cfg(test)]
mod tests {
    use topo_export::stl;
    use vae_data::{Source, cut_at_volume};

    use super::*;

    #[test]
    fn built_in_designs_keep_their_volume_grey_and_cut() {
        let set = vae_data::open(&Source::Builtin).unwrap();
        for index in (0..set.len()).step_by(set.len() / 200) {
            let grey = stored_one(&set, index).unwrap();
            let mut cut = grey.clone();
            let volume_fraction = grey.mean().unwrap();
            cut_at_volume(cut.as_slice_mut().unwrap(), None, volume_fraction);
            for design in [grey, cut] {
                let density = design.mapv(f64::from);
                let contours = Contours::of(density.view()).unwrap();
                assert!(contours.area_error().abs() < 1e-8, "{index}: {}", contours.area_error());
                assert!(stl(&contours, 2.0, 5.0).is_ok(), "{index}");
            }
        }
    }
}
