//! The figures of a run: what to show of it. vae-report decides how it looks.

use std::path::Path;

use anyhow::{Context as _, Result};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, s};
use vae_report::{Grid, Pairs, Scatter, Shade, Strip, curves, grid, latent_scatter, pairs, strip};
use vae_train::evaluate::{encode, reconstruct};
use vae_train::explore::{decode, line, prior_draws};

use crate::opened::OpenedRun;

/// Columns of the sheet of prior samples.
const SAMPLES: usize = 6;
/// Pictures of an interpolation.
const STEPS: usize = 8;

/// Draws all figures of a run into its folder.
pub(crate) fn draw_run(opened: &OpenedRun) -> Result<()> {
    let folder = opened.folder.figures();
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    curves(&opened.folder.metrics(), &folder.join("curves.png"))?;
    draw_reconstructions(opened, 8, &folder.join("reconstructions.png"))?;
    draw_samples(opened)?;
    draw_interpolation(opened)?;
    draw_latent(opened)?;
    Ok(())
}

/// IoU at 0.5 under each pair.
fn iou_captions(
    originals: ArrayView3<'_, f32>,
    reconstructions: ArrayView3<'_, f32>,
) -> Vec<String> {
    originals
        .outer_iter()
        .zip(reconstructions.outer_iter())
        .map(|(a, b)| format!("IoU {:.2}", iou(a, b)))
        .collect()
}

/// Two test designs to walk between: the least alike variants of one problem (same group, same conditions) if there are variants, the
/// first and last test design otherwise; none for an empty split.
pub(crate) fn two_designs(opened: &OpenedRun) -> Result<Option<(usize, usize)>> {
    let (groups, conditions) = (opened.data.groups(), opened.data.conditions());
    let test = &opened.split.test;
    let designs = opened.designs().array(test)?;
    let mut least_alike = None;
    for (i, &a) in test.iter().enumerate() {
        for (j, &b) in test.iter().enumerate().skip(i + 1) {
            if groups[a] == groups[b] && conditions.row(a) == conditions.row(b) {
                let overlap = iou(designs.index_axis(Axis(0), i), designs.index_axis(Axis(0), j));
                if least_alike.is_none_or(|(least, _)| overlap < least) {
                    least_alike = Some((overlap, (a, b)));
                }
            }
        }
    }
    let ends = || test.first().copied().zip(test.last().copied());
    Ok(least_alike.map(|(_, pair)| pair).or_else(ends))
}

/// Draws evenly spaced test designs above their reconstructions; returns how many.
pub(crate) fn draw_reconstructions(opened: &OpenedRun, count: usize, out: &Path) -> Result<usize> {
    let designs = opened.designs();
    let chosen = evenly_spaced(&opened.split.test, count);
    let originals = designs.array(&chosen)?;
    let reconstructions = reconstruct(&opened.vae, &designs, &chosen, &opened.device)?;
    let captions = iou_captions(originals.view(), reconstructions.view());
    let figure = Pairs {
        title: "Test designs above, reconstructions below",
        originals: originals.view(),
        reconstructions: reconstructions.view(),
        captions: &captions,
    };
    pairs(&figure, out).with_context(|| format!("cannot draw {}", out.display()))?;
    Ok(chosen.len())
}

/// Rows are conditions of test designs, columns are the data's own design and prior draws.
fn draw_samples(opened: &OpenedRun) -> Result<()> {
    let designs = opened.designs();
    let rows = evenly_spaced(&opened.split.test, 6);
    let truth = designs.array(&rows)?;
    let n = designs.n_conditions();
    let zs = prior_draws(opened.vae.config().latent_dim, SAMPLES, 1);
    let mut sheet: Vec<Array3<f32>> = Vec::new();
    let mut labels = Vec::new();
    for (i, &row) in rows.iter().enumerate() {
        let condition = designs.conditions(&[row]).index_axis_move(Axis(0), 0);
        let cs = condition.broadcast((SAMPLES, n)).context("one row is repeated")?.to_owned();
        sheet.push(truth.slice(s![i..=i, .., ..]).to_owned());
        sheet.push(decode(&opened.vae, &zs, &cs, &opened.device)?);
        let names = opened.data.condition_info();
        labels.push(
            condition
                .iter()
                .zip(names)
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
        title: "Prior samples under the conditions of test designs",
        columns: Some(SAMPLES + 1),
        row_labels: &labels,
        column_labels: &columns,
        ..Grid::new(all.view())
    };
    Ok(grid(&figure, &opened.folder.figures().join("samples.png"))?)
}

fn draw_interpolation(opened: &OpenedRun) -> Result<()> {
    let designs = opened.designs();
    let Some((from, to)) = two_designs(opened)? else { return Ok(()) };
    let codes = encode(&opened.vae, &designs, &[from, to], &opened.device)?;
    let ends = designs.conditions(&[from, to]);
    let path = decode(&opened.vae, &line(&codes, STEPS), &line(&ends, STEPS), &opened.device)?;
    let ends = designs.array(&[from, to])?;
    let shown = ndarray::concatenate(
        Axis(0),
        &[ends.slice(s![..1, .., ..]), path.view(), ends.slice(s![1.., .., ..])],
    )?;
    let mut labels = vec![format!("design {from}")];
    labels.extend((0..STEPS).map(|step| format!("{:.2}", step as f64 / (STEPS - 1) as f64)));
    labels.push(format!("design {to}"));
    let figure = Strip {
        title: "Interpolation between two designs of one problem",
        designs: shown.view(),
        labels: &labels,
    };
    Ok(strip(&figure, &opened.folder.figures().join("interpolation.png"))?)
}

/// Posterior means of the test designs in the two most active dimensions, colored by the first condition.
fn draw_latent(opened: &OpenedRun) -> Result<()> {
    let designs = opened.designs();
    let means: Array2<f32> = encode(&opened.vae, &designs, &opened.split.test, &opened.device)?;
    if means.ncols() < 2 {
        return Ok(());
    }
    let activity = vae_train::evaluate::unit_activity(&means);
    let mut order: Vec<usize> = (0..activity.len()).collect();
    order.sort_by(|&a, &b| activity[b].total_cmp(&activity[a]));
    let table = opened.data.conditions().select(Axis(0), &opened.split.test);
    let shade = opened
        .data
        .condition_info()
        .first()
        .map(|info| Shade { name: &info.name, values: table.column(0) });
    let figure = Scatter {
        title: "Posterior means of the test designs, in the two most active dimensions",
        points: means.view(),
        columns: (order[0], order[1]),
        names: &[],
        condition: shade,
    };
    Ok(latent_scatter(&figure, &opened.folder.figures().join("latent.png"))?)
}

fn iou(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> f64 {
    let (mut both, mut either) = (0_u32, 0_u32);
    for (&a, &b) in a.iter().zip(b) {
        both += u32::from(0.5 < a && 0.5 < b);
        either += u32::from(0.5 < a || 0.5 < b);
    }
    if either == 0 { 1.0 } else { f64::from(both) / f64::from(either) }
}

/// At most `count` of the items, evenly spaced.
fn evenly_spaced(items: &[usize], count: usize) -> Vec<usize> {
    let count = count.min(items.len());
    (0..count).map(|i| items[i * items.len() / count]).collect()
}
