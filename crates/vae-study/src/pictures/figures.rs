//! The figures of a run: what to show of it. vae-report decides how it looks.

use std::path::Path;

use ndarray::{Array3, Axis, s};
use topo_data::{Domain, problem_of};
use vae_base::evenly_spaced;
use vae_report::{Block, Grid, Strip, curves, grid, strip};
use vae_train::RunFolder;
use vae_train::codes::decode;
use vae_train::generate::Path as Way;
use vae_train::learn::read;

use crate::error::{Result, StudyError};
use crate::latent::most_active;
use crate::run::{Run, make_folder};
use crate::sampling::{Drawing, suitable_rounds};
use crate::walk::{Course, Ends, Walk};

use super::course::course;
use super::latent::draw_latent;
use super::marks::{marks, marks_of};
use super::reconstructions::draw_reconstructions;

/// Columns of the sheet of prior samples.
const SAMPLES: usize = 6;
/// Pictures of an interpolation.
const STEPS: usize = 8;

/// Draws all figures of a run into its folder.
///
/// # Errors
/// If a design cannot be read or a picture cannot be drawn.
pub fn draw_run(run: &Run) -> Result<()> {
    let folder = run.folder.figures();
    make_folder(&folder)?;
    draw_curves(&run.folder, &folder.join("curves.png"))?;
    draw_reconstructions(run, 8, &folder.join("reconstructions.png"))?;
    draw_samples(run)?;
    draw_interpolation(run)?;
    draw_codes(run)
}

/// The figures of a run that exist, in the order in which a reader wants to see them.
pub(crate) fn figures(folder: &RunFolder) -> Vec<Block> {
    let figures = [
        ("reconstructions.png", "Designs of the data, and what comes back from their codes"),
        ("samples.png", "New designs: what the model makes of codes from its flow"),
        ("interpolation.png", "The way between the codes of two designs"),
        ("latent.png", "Codes of designs of the data"),
        ("curves.png", "The course of training"),
    ];
    let there = figures.into_iter().filter_map(|(name, caption)| {
        let png = folder.figures().join(name);
        png.is_file().then(|| Block::Figure { png, caption: caption.to_owned() })
    });
    there.collect()
}

/// Draws the training curves of a run.
///
/// # Errors
/// [`StudyError::Draw`].
pub fn draw_curves(folder: &RunFolder, out: &Path) -> Result<()> {
    let events = read(&folder.metrics())?;
    curves(&course(&events), out).map_err(StudyError::drawing(out))
}

/// Rows are held-out designs with what the model is told of them; columns are the data's own design
/// and new ones.
fn draw_samples(run: &Run) -> Result<()> {
    let designs = run.designs();
    let (part, indices) = run.shown(1);
    let rows = evenly_spaced(&indices, 6);
    let truth = designs.array(&rows)?;
    let names = designs.condition_info();
    let told = !names.is_empty() || run.vae.config().fields.is_some();
    let (flow, _) = run.flow(&mut |_| {})?;
    let rounds = suitable_rounds(&run.vae);
    let mut sheet: Vec<Array3<f32>> = Vec::new();
    let (mut labels, mut all_marks) = (Vec::new(), Vec::new());
    for (i, &row) in rows.iter().enumerate() {
        // Under conditions every row shows the same noise; without, the rows would be one and the
        // same.
        let seed = if told { 1 } else { 1 + i as u64 };
        let drawing = Drawing { flow: Some(&flow), rounds, seed, ..Drawing::default() };
        let problem = problem_of(&run.data, row)?;
        let mark = problem.as_ref().and_then(|problem| marks(problem).ok());
        all_marks.extend(vec![mark; SAMPLES + 1]);
        let domain = problem.map(|problem| Domain::of(&problem)).transpose()?;
        let domains = domain.map_or_else(Vec::new, |domain| vec![domain; SAMPLES]);
        let given = designs.given(&[row; SAMPLES]);
        let zs = drawing.codes(&run.vae, &given, &domains)?;
        sheet.push(truth.slice(s![i..=i, .., ..]).to_owned());
        sheet.push(decode(&run.vae, &zs, &given, &run.device)?);
        let condition = designs.conditions(&[row]).index_axis_move(Axis(0), 0);
        labels.push(
            condition
                .iter()
                .zip(&names)
                .map(|(value, info)| format!("{} {value:.2}", info.name))
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
    let views: Vec<_> = sheet.iter().map(|rows: &Array3<f32>| rows.view()).collect();
    let all = ndarray::concatenate(Axis(0), &views).expect("designs of one size");
    let mut columns = vec![format!("{} design{}", part.name(), designs.made_of(&rows)?)];
    columns.extend((1..=SAMPLES).map(|i| format!("sample {i}")));
    let beside = if told { " for the problems of" } else { ", beside" };
    let title = format!("New designs{beside} {} designs", part.name());
    let figure = Grid {
        title: &title,
        columns: Some(SAMPLES + 1),
        row_labels: &labels,
        column_labels: &columns,
        marks: &all_marks,
        ..Grid::new(all.view())
    };
    let out = run.folder.figures().join("samples.png");
    grid(&figure, &out).map_err(StudyError::drawing(&out))
}

fn draw_interpolation(run: &Run) -> Result<()> {
    let designs = run.designs();
    let pair = Ends::held_out(run)?;
    let Ends { from, to, .. } = pair;
    let course = Course { steps: STEPS, way: Way::Linear, held: &[], at_end: &[] };
    let walk = Walk::between_designs(run, &pair, course)?.designs(&run.vae)?;
    let ends = designs.array(&[from, to])?;
    let shown = ndarray::concatenate(
        Axis(0),
        &[ends.slice(s![..1, .., ..]), walk.view(), ends.slice(s![1.., .., ..])],
    )
    .expect("designs of one size");
    let made = designs.made_of(&[from, to])?;
    let mut labels = vec![format!("design {from}{made}")];
    labels.extend((0..STEPS).map(|step| format!("{:.2}", step as f64 / (STEPS - 1) as f64)));
    labels.push(format!("design {to}{made}"));
    // Between designs of different problems there is no problem to draw.
    let own = marks_of(&run.data, &[from, to])?;
    let between = if own[0] == own[1] { own[0].clone() } else { None };
    let mut marks = vec![own[0].clone()];
    marks.extend(vec![between; STEPS]);
    marks.push(own[1].clone());
    let figure =
        Strip { title: pair.title(), designs: shown.view(), labels: &labels, marks: &marks };
    let out = run.folder.figures().join("interpolation.png");
    strip(&figure, &out).map_err(StudyError::drawing(&out))
}

/// Posterior means of the held-out designs in the two most active dimensions, colored by the first
/// condition.
fn draw_codes(run: &Run) -> Result<()> {
    let (part, _) = run.shown(1);
    let codes = run.codes(part)?;
    let Some(columns) = most_active(&codes.activity) else { return Ok(()) };
    let title = format!(
        "Posterior means of the {} designs, in the two most active dimensions",
        part.name()
    );
    draw_latent(run, &codes, columns, None, &title, &run.folder.figures().join("latent.png"))
}
