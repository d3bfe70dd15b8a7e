//! Chosen designs as files: tables, arrays, CAD, pictures.

use std::io::{Cursor, Write as _};

use ndarray::{Array2, Array3, Axis};
use serde::Deserialize;
use topo_data::Judgement;
use vae_data::npz;
use vae_report::{Grid, grid};
use vae_study::StudyError;
use vae_study::analysis::{Format, JudgedRow, Lengths, write_judged_table};
use zip::write::SimpleFileOptions;

use super::design::{Shown, described};
use super::query::Which;
use super::studio::Studio;
use crate::error::{ExploreError, Result};

/// Most designs in one file.
const MOST: usize = 500;

/// Which designs, and as what.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    /// The designs.
    designs: Vec<Which>,
    /// `csv`, `npz`, `sheet`, or a format of single designs.
    format: String,
    /// Side of an element in millimeters.
    #[serde(default = "one")]
    cell_size: f64,
    /// Thickness of the plate in millimeters.
    #[serde(default = "one")]
    thickness: f64,
}

fn one() -> f64 {
    1.0
}

/// A file to be saved.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    /// Its name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: &'static str,
    /// Its contents.
    pub(crate) bytes: Vec<u8>,
}

/// Makes the file of a selection: one table, archive or sheet, or a file for each design, in an
/// archive if there are several.
///
/// # Errors
/// If the request is impossible, or a file cannot be made.
pub(crate) fn export(studio: &mut Studio, query: &ExportQuery) -> Result<Saved> {
    if query.designs.is_empty() || MOST < query.designs.len() {
        let count = query.designs.len();
        return Err(ExploreError::Request(format!(
            "{count} designs; from 1 to {MOST} are written"
        )));
    }
    let positive = |length: f64| 0.0 < length && length.is_finite();
    if !positive(query.cell_size) || !positive(query.thickness) {
        return Err(ExploreError::Request("a length that is not positive".into()));
    }
    let shown: Vec<Shown> =
        query.designs.iter().map(|which| studio.show(which)).collect::<Result<_>>()?;
    match query.format.as_str() {
        "csv" => Ok(Saved {
            name: "designs.csv".into(),
            kind: "text/csv",
            bytes: table(studio, query, &shown)?,
        }),
        "npz" => Ok(Saved {
            name: "designs.npz".into(),
            kind: "application/zip",
            bytes: arrays(studio, &shown)?,
        }),
        "sheet" => Ok(Saved {
            name: "designs.png".into(),
            kind: "image/png",
            bytes: sheet(studio, &shown)?,
        }),
        name => {
            let format: Format = name.parse().map_err(ExploreError::Request)?;
            files(query, &shown, format)
        }
    }
}

fn judged(studio: &mut Studio, shown: &Shown) -> Result<Option<Judgement>> {
    let Some(problem) = &shown.problem else { return Ok(None) };
    Ok(Some(studio.judge(problem)?.judge(problem, shown.density.view())?))
}

fn table(studio: &mut Studio, query: &ExportQuery, shown: &[Shown]) -> Result<Vec<u8>> {
    let config = studio.subject.vae().config().clone();
    let conditions = config.conditions.iter().map(|known| known.name.clone());
    let codes = (1..=config.latent_dim).map(|k| format!("z{k}"));
    let first: Vec<String> = ["design".to_owned(), "source".to_owned()]
        .into_iter()
        .chain(conditions)
        .chain(codes)
        .collect();
    let mut rows = Vec::new();
    for (number, (which, one)) in query.designs.iter().zip(shown).enumerate() {
        let source = match described(which) {
            serde_json::Value::Number(row) => {
                let row = row.as_u64().unwrap_or(0) as usize;
                format!("data {}", studio.subject.shown[row])
            }
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        let code = one.code.clone().unwrap_or_else(|| vec![f64::NAN; config.latent_dim]);
        let cells: Vec<String> = [number.to_string(), source]
            .into_iter()
            .chain(one.conditions.iter().map(ToString::to_string))
            .chain(code.iter().map(ToString::to_string))
            .collect();
        rows.push(match judged(studio, one)? {
            Some(judgement) => JudgedRow::judged(cells, &judgement, None),
            None => JudgedRow::seen(cells, one.density.view()),
        });
    }
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    made("designs.csv", |path| Ok(write_judged_table(path, &first, &rows)?))
}

/// The designs, cut and as they are, with conditions and codes, as `vae sample` names them.
fn arrays(studio: &Studio, shown: &[Shown]) -> Result<Vec<u8>> {
    let latent_dim = studio.subject.vae().config().latent_dim;
    let designs = stacked(shown, |one| &one.cut);
    let densities = stacked(shown, |one| &one.density);
    let columns = shown[0].conditions.len();
    let conditions = Array2::from_shape_fn((shown.len(), columns), |(i, j)| shown[i].conditions[j]);
    let z = Array2::from_shape_fn((shown.len(), latent_dim), |(i, j)| {
        shown[i].code.as_ref().map_or(f32::NAN, |code| code[j] as f32)
    });
    made("designs.npz", |path| {
        npz::write(path, |out| {
            out.add("designs", designs.view())?;
            out.add("densities", densities.view())?;
            if 0 < columns {
                out.add("conditions", conditions.view())?;
            }
            out.add("z", z.view())
        })
        .map_err(|error| content("designs.npz", &error))
    })
}

fn sheet(studio: &mut Studio, shown: &[Shown]) -> Result<Vec<u8>> {
    let designs = stacked(shown, |one| &one.cut);
    let mut captions = Vec::new();
    for (number, one) in shown.iter().enumerate() {
        let volume = one.cut.mapv(f64::from).mean().unwrap_or(0.0);
        let compliance = judged(studio, one)?.map_or_else(String::new, |judgement| {
            format!(" C {}", vae_base::text::significant(judgement.compliance_cut, 4))
        });
        captions.push(format!("{}:{compliance} V {volume:.3}", number + 1));
    }
    let title = format!("Designs of {}", studio.subject.run.data.name());
    let figure = Grid { title: &title, captions: &captions, ..Grid::new(designs.view()) };
    made("designs.png", |path| {
        Ok(grid(&figure, path).map_err(|source| StudyError::Draw { path: path.into(), source })?)
    })
}

/// A file for each design.
fn files(query: &ExportQuery, shown: &[Shown], format: Format) -> Result<Saved> {
    let lengths = Lengths { cell_size: query.cell_size, thickness: query.thickness };
    let mut drawn = Vec::new();
    for (number, one) in shown.iter().enumerate() {
        let title = format!("design {}", number + 1);
        let name = format!("design-{}.{}", number + 1, format.name());
        let file =
            format.draw(one.cut.view(), lengths, &title).map_err(|error| content(&name, &error))?;
        drawn.push((name, file.bytes));
    }
    if drawn.len() == 1 {
        let (name, bytes) = drawn.swap_remove(0);
        return Ok(Saved { name, kind: "application/octet-stream", bytes });
    }
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in &drawn {
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(bytes).map_err(zip::result::ZipError::from)?;
    }
    let bytes = archive.finish()?.into_inner();
    let name = format!("designs-{}.zip", format.name());
    Ok(Saved { name, kind: "application/zip", bytes })
}

fn stacked(shown: &[Shown], of: impl Fn(&Shown) -> &Array2<f32>) -> Array3<f32> {
    let (rows, columns) = of(&shown[0]).dim();
    let mut designs = Array3::zeros((shown.len(), rows, columns));
    for (mut place, one) in designs.axis_iter_mut(Axis(0)).zip(shown) {
        place.assign(of(one));
    }
    designs
}

/// The contents of a file that a library writes by its path.
fn made(name: &str, write: impl FnOnce(&std::path::Path) -> Result<()>) -> Result<Vec<u8>> {
    let system = |source| ExploreError::System { action: "write a file", source };
    let folder = tempfile::tempdir().map_err(system)?;
    let path = folder.path().join(name);
    write(&path)?;
    std::fs::read(&path).map_err(system)
}

fn content(name: &str, error: &dyn std::error::Error) -> ExploreError {
    ExploreError::Content { path: name.into(), reason: error.to_string() }
}
