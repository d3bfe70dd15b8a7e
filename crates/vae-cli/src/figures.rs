//! The figures of a run: what to show of it. vae-report decides how it looks.

use std::path::Path;

use anyhow::{Context as _, Result};
use candle_core::Device;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, s};
use topo_data::Silhouette;
use vae_models::Vae;
use vae_report::{
    Block, Grid, Pairs, Scatter, Shade, Strip, curves, grid, latent_scatter, pairs, strip,
};
use vae_train::evaluate::{encode, reconstruct};
use vae_train::explore::{Path as Way, decode, path, prior_draws, repeated};
use vae_train::{RunFolder, Targets};

use crate::commands::most_active;
use crate::opened::OpenedRun;
use crate::stored::evenly_spaced;

/// Columns of the sheet of prior samples.
const SAMPLES: usize = 6;
/// Pictures of an interpolation.
const STEPS: usize = 8;

/// Draws all figures of a run into its folder.
pub(crate) fn draw_run(opened: &OpenedRun) -> Result<()> {
    let folder = opened.folder.figures();
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let events = vae_train::metrics::read(&opened.folder.metrics())?;
    curves(&vae_study::course(&events), &folder.join("curves.png"))?;
    draw_reconstructions(opened, 8, &folder.join("reconstructions.png"))?;
    draw_samples(opened)?;
    draw_interpolation(opened)?;
    draw_latent(opened)?;
    Ok(())
}

/// The figures of a run that are there, in the order in which one wants to see them.
pub(crate) fn all(folder: &RunFolder) -> Vec<Block> {
    let figures = [
        ("reconstructions.png", "Test designs, and what comes back from their codes"),
        ("samples.png", "New designs: what the model makes of codes from the prior"),
        ("interpolation.png", "The way between the codes of two test designs"),
        ("latent.png", "Codes of the test designs"),
        ("curves.png", "The course of training"),
    ];
    let there = figures.into_iter().filter_map(|(name, caption)| {
        let png = folder.figures().join(name);
        png.is_file().then(|| Block::Figure { png, caption: caption.to_owned() })
    });
    there.collect()
}

/// Two designs to walk between.
pub(crate) struct Ends {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whether they are variants of one problem: same group, same conditions.
    one_problem: bool,
}

impl Ends {
    /// Two designs that somebody chose.
    pub(crate) fn chosen(opened: &OpenedRun, from: usize, to: usize) -> Self {
        Self { from, to, one_problem: are_variants(opened, from, to) }
    }

    /// The least alike variants of one problem in the test split if there are variants, its first
    /// and last design otherwise; none for an empty split.
    pub(crate) fn in_test_split(opened: &OpenedRun) -> Result<Option<Self>> {
        let test = &opened.split.test;
        let designs = opened.designs().array(test)?;
        let silhouettes: Vec<_> = designs.outer_iter().map(silhouette).collect();
        let mut least_alike = None;
        for (i, &from) in test.iter().enumerate() {
            for (j, &to) in test.iter().enumerate().skip(i + 1) {
                if are_variants(opened, from, to) {
                    let overlap = silhouettes[i].iou(&silhouettes[j]);
                    if least_alike.is_none_or(|(least, _)| overlap < least) {
                        least_alike = Some((overlap, (from, to)));
                    }
                }
            }
        }
        let ends = || test.first().copied().zip(test.last().copied());
        let ends = least_alike.map(|(_, pair)| pair).or_else(ends);
        Ok(ends.map(|(from, to)| Self::chosen(opened, from, to)))
    }

    /// The heading of their interpolation.
    pub(crate) fn title(&self) -> &'static str {
        if self.one_problem {
            "Interpolation between two designs of one problem"
        } else {
            "Interpolation between two designs"
        }
    }
}

fn are_variants(opened: &OpenedRun, a: usize, b: usize) -> bool {
    let (groups, conditions) = (opened.data.groups(), opened.data.conditions());
    groups[a] == groups[b] && conditions.row(a) == conditions.row(b)
}

fn silhouette(design: ArrayView2<'_, f32>) -> Silhouette {
    Silhouette::of(&design.iter().copied().collect::<Vec<_>>())
}

/// IoU at 0.5 under each pair.
fn iou_captions(
    originals: ArrayView3<'_, f32>,
    reconstructions: ArrayView3<'_, f32>,
) -> Vec<String> {
    originals
        .outer_iter()
        .zip(reconstructions.outer_iter())
        .map(|(a, b)| format!("IoU {:.2}", silhouette(a).iou(&silhouette(b))))
        .collect()
}

/// The conditions of a figure in words, but for the one that it shows in another way.
pub(crate) fn under(vae: &Vae, condition: &[f32], but: &str) -> String {
    let conditions = vae.config().conditions.iter().zip(condition);
    let words: Vec<String> = conditions
        .filter(|(c, _)| c.name != but)
        .map(|(c, value)| format!("{} = {value:.3}", c.name))
        .collect();
    if words.is_empty() { String::new() } else { format!(" at {}", words.join(", ")) }
}

/// Draws evenly spaced test designs above their reconstructions; returns how many.
pub(crate) fn draw_reconstructions(opened: &OpenedRun, count: usize, out: &Path) -> Result<usize> {
    let chosen = evenly_spaced(&opened.split.test, count);
    let title = "Test designs above, reconstructions below";
    draw_pairs(&opened.vae, &opened.designs(), &chosen, &opened.device, title, out)?;
    Ok(chosen.len())
}

/// Draws some designs above their reconstructions from the posterior mean.
pub(crate) fn draw_pairs(
    vae: &Vae,
    designs: &Targets<'_>,
    chosen: &[usize],
    device: &Device,
    title: &str,
    out: &Path,
) -> Result<()> {
    let originals = designs.array(chosen)?;
    let reconstructions = reconstruct(vae, designs, chosen, device)?;
    let captions = iou_captions(originals.view(), reconstructions.view());
    let figure = Pairs {
        title,
        originals: originals.view(),
        reconstructions: reconstructions.view(),
        captions: &captions,
    };
    pairs(&figure, out).with_context(|| format!("cannot draw {}", out.display()))
}

/// Rows are conditions of test designs, columns are the data's own design and prior draws.
fn draw_samples(opened: &OpenedRun) -> Result<()> {
    let designs = opened.designs();
    let rows = evenly_spaced(&opened.split.test, 6);
    let truth = designs.array(&rows)?;
    let names = designs.condition_info();
    // Under conditions every row shows the same draws; without, the rows would be one and the same.
    let conditional = !names.is_empty();
    let draws = if conditional { SAMPLES } else { rows.len() * SAMPLES };
    let zs = prior_draws(opened.vae.config().latent_dim, draws, 1);
    let mut sheet: Vec<Array3<f32>> = Vec::new();
    let mut labels = Vec::new();
    for (i, &row) in rows.iter().enumerate() {
        let condition = designs.conditions(&[row]).index_axis_move(Axis(0), 0);
        let cs = repeated(&condition.to_vec(), SAMPLES);
        sheet.push(truth.slice(s![i..=i, .., ..]).to_owned());
        let first = if conditional { 0 } else { i * SAMPLES };
        let zs = zs.slice(s![first..first + SAMPLES, ..]).to_owned();
        sheet.push(decode(&opened.vae, &zs, &cs, &opened.device)?);
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
    let all = ndarray::concatenate(Axis(0), &views)?;
    let mut columns = vec!["test design".to_owned()];
    columns.extend((1..=SAMPLES).map(|i| format!("sample {i}")));
    let figure = Grid {
        title: if conditional {
            "Prior samples under the conditions of test designs"
        } else {
            "Prior samples, beside test designs"
        },
        columns: Some(SAMPLES + 1),
        row_labels: &labels,
        column_labels: &columns,
        ..Grid::new(all.view())
    };
    Ok(grid(&figure, &opened.folder.figures().join("samples.png"))?)
}

fn draw_interpolation(opened: &OpenedRun) -> Result<()> {
    let designs = opened.designs();
    let Some(pair) = Ends::in_test_split(opened)? else { return Ok(()) };
    let Ends { from, to, .. } = pair;
    let codes = encode(&opened.vae, &designs, &[from, to], &opened.device)?;
    let ends = designs.conditions(&[from, to]);
    let (zs, cs) = (path(&codes, STEPS, Way::Linear), path(&ends, STEPS, Way::Linear));
    let walk = decode(&opened.vae, &zs, &cs, &opened.device)?;
    let ends = designs.array(&[from, to])?;
    let shown = ndarray::concatenate(
        Axis(0),
        &[ends.slice(s![..1, .., ..]), walk.view(), ends.slice(s![1.., .., ..])],
    )?;
    let mut labels = vec![format!("design {from}")];
    labels.extend((0..STEPS).map(|step| format!("{:.2}", step as f64 / (STEPS - 1) as f64)));
    labels.push(format!("design {to}"));
    let figure = Strip { title: pair.title(), designs: shown.view(), labels: &labels };
    Ok(strip(&figure, &opened.folder.figures().join("interpolation.png"))?)
}

/// Posterior means of the test designs in the two most active dimensions, colored by the first
/// condition.
fn draw_latent(opened: &OpenedRun) -> Result<()> {
    let designs = opened.designs();
    let means: Array2<f32> = encode(&opened.vae, &designs, &opened.split.test, &opened.device)?;
    let activity = vae_train::evaluate::unit_activity(&means);
    let Some(columns) = most_active(&activity) else { return Ok(()) };
    let table = opened.data.conditions().select(Axis(0), &opened.split.test);
    let shade = opened
        .data
        .condition_info()
        .first()
        .map(|info| Shade { name: &info.name, values: table.column(0) });
    let figure = Scatter {
        title: "Posterior means of the test designs, in the two most active dimensions",
        points: means.view(),
        columns,
        names: &[],
        condition: shade,
    };
    Ok(latent_scatter(&figure, &opened.folder.figures().join("latent.png"))?)
}
