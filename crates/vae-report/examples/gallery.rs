//! Draws every figure from made-up data: `cargo run -p vae-report --example gallery -- DIR`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use ndarray::{Array1, Array2, Array3, Axis};
use vae_report::{
    Comparison, Grid, Histogram, Pairs, Scatter, Series, Shade, Strip, Training, Version,
    comparison, curves, grid, histogram, latent_scatter, pairs, strip,
};

const HEIGHT: usize = 48;
const WIDTH: usize = 96;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("usage: gallery DIR")?);
    fs::create_dir_all(&folder)?;
    training(&folder)?;
    reconstructions(&folder)?;
    samples(&folder)?;
    paths(&folder)?;
    latent(&folder)?;
    distributions(&folder)?;
    Ok(())
}

/// A cantilever of five bars: `load` is the height of its tip (0 top, 1 bottom), `thickness` the
/// half width of a bar in pixels, and `edge` the width of the transition from material to void: 0
/// for a crisp design, more for a blurred one.
fn beam(load: f32, thickness: f32, joint: f32, edge: f32) -> Array2<f32> {
    let (h, w) = (HEIGHT as f32, WIDTH as f32);
    let (tip, middle) = ((w - 3.0, 3.0 + load * (h - 6.0)), (joint * w, 0.5 * h));
    let bars = [
        ((0.0, 3.0), (middle.0, 4.0)),
        ((middle.0, 4.0), tip),
        ((0.0, h - 3.0), (middle.0, h - 4.0)),
        ((middle.0, h - 4.0), tip),
        ((0.0, 3.0), (0.75 * middle.0, middle.1)),
        ((0.0, h - 3.0), (0.75 * middle.0, middle.1)),
        ((0.75 * middle.0, middle.1), (middle.0, 4.0)),
        ((0.75 * middle.0, middle.1), (middle.0, h - 4.0)),
    ];
    Array2::from_shape_fn((HEIGHT, WIDTH), |(row, column)| {
        let point = (column as f32 + 0.5, row as f32 + 0.5);
        let nearest = bars.iter().map(|&(a, b)| distance(point, a, b)).fold(f32::MAX, f32::min);
        if edge == 0.0 {
            f32::from(nearest < thickness)
        } else {
            1.0 / (1.0 + ((nearest - thickness) / edge).exp())
        }
    })
}

fn distance(p: (f32, f32), a: (f32, f32), b: (f32, f32)) -> f32 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let along = (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (p.0 - a.0 - along * dx).hypot(p.1 - a.1 - along * dy)
}

fn stack(designs: impl Iterator<Item = Array2<f32>>) -> Array3<f32> {
    let mut all = Array3::zeros((0, HEIGHT, WIDTH));
    for design in designs {
        all.push(Axis(0), design.view()).expect("all designs have one shape");
    }
    all
}

/// Noise in (-1, 1) that is the same on every machine.
fn noise(index: usize, purpose: usize) -> f32 {
    let mixed = (index * 7919 + purpose * 104_729 + 12_345) as u32;
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
    let mixed = (mixed ^ (mixed >> 12)).wrapping_mul(0x297a_2d39);
    ((mixed ^ (mixed >> 15)) as f32 / u32::MAX as f32) * 2.0 - 1.0
}

/// Nearly standard normal.
fn normal(index: usize, purpose: usize) -> f32 {
    (0..6).map(|part| noise(index, 6 * purpose + part)).sum::<f32>() / 2f32.sqrt()
}

fn training(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (epochs, steps_per_epoch, dimensions) = (30_i32, 94, 16);
    let total = f64::from(epochs * steps_per_epoch);
    let mut course = Training {
        epochs: epochs as usize,
        kl_by_dimension: vec![Series::new(); dimensions as usize],
        ..Training::default()
    };
    for step in 1..=epochs * steps_per_epoch {
        let progress = f64::from(step) / total;
        let at = |value: f64| (u64::from(step.unsigned_abs()), Some(value));
        let beta = (progress / 0.2).min(1.0);
        let rate = 1e-3
            * (f64::from(step) / 100.0).min(1.0)
            * (0.05 + 0.95 * f64::midpoint(1.0, (std::f64::consts::PI * progress).cos()));
        let norm =
            40.0 * (-6.0 * progress).exp() + 8.0 * (1.0 + 0.5 * f64::from(noise(step as usize, 1)));
        if step % 5 == 0 {
            course.loss.push(at(2200.0 * (-90.0 * progress).exp() + 300.0 - 120.0 * progress));
            course.kl_weight.push(at(beta));
            course.learning_rate.push(at(rate));
            course.gradient_norm.push(at(norm));
        }
        if step % steps_per_epoch == 0 {
            let epoch = step / steps_per_epoch;
            let wobble = 3.0 * f64::from(noise(epoch as usize, 2));
            let fitted = -140.0 - 900.0 * (-14.0 * progress).exp() - 60.0 * (-3.0 * progress).exp();
            let scale = |dim: i32| {
                5.5 * (-0.25 * f64::from(dim)).exp() * f64::from(u8::from(dim < 11)) + 0.004
            };
            let per_dim: Vec<f64> = (0..dimensions)
                .map(|dim| {
                    scale((dim * 5) % dimensions)
                        * (1.0 - (-9.0 * progress).exp())
                        * (1.3 - 0.3 * beta)
                })
                .collect();
            let kl: f64 = per_dim.iter().sum();
            let (train, validation) = (fitted + 6.0 * progress, fitted - 12.0 * progress + wobble);
            course.bound.training.push(at(train - kl));
            course.bound.validation.push(at(validation - kl));
            course.log_likelihood.training.push(at(train));
            course.log_likelihood.validation.push(at(validation));
            course.kl.training.push(at(kl));
            course.kl.validation.push(at(kl + 0.4));
            course.mse.push(at(0.02 - validation / 9e3));
            course.iou.push(at(0.97 + validation / 2e3));
            for (series, value) in course.kl_by_dimension.iter_mut().zip(per_dim) {
                series.push(at(value));
            }
        }
    }
    curves(&course, &folder.join("curves.png"))?;
    Ok(())
}

fn reconstructions(folder: &Path) -> Result<(), Box<dyn Error>> {
    let place =
        |n: usize| (n as f32 / 7.0, 2.0 + 0.4 * (n % 4) as f32, 0.55 + 0.02 * (n % 5) as f32);
    let drawn = |edge: f32, off: f32| {
        stack((0..8).map(|n| {
            let (load, thickness, joint) = place(n);
            beam(load, thickness + off, joint + 0.01 * off, edge)
        }))
    };
    let (originals, model, control) = (drawn(0.0, 0.0), drawn(0.5, 0.2), drawn(2.5, 1.0));
    let captions: Vec<String> = (0..8).map(|n| format!("IoU 0.{}", 97 - n)).collect();
    let title = "Reconstructions of test designs from posterior means";
    let figure = Pairs {
        title,
        originals: originals.view(),
        reconstructions: model.view(),
        captions: &captions,
        marks: &[],
    };
    pairs(&figure, &folder.join("pairs.png"))?;
    let worse: Vec<String> = (0..8).map(|n| format!("IoU 0.{}", 81 - n)).collect();
    let versions = [
        Version { name: "original", designs: originals.view(), captions: &[], marks: &[] },
        Version {
            name: "VAE, 16 latent dimensions",
            designs: model.view(),
            captions: &captions,
            marks: &[],
        },
        Version {
            name: "PCA, 16 components",
            designs: control.view(),
            captions: &worse,
            marks: &[],
        },
    ];
    comparison(
        &Comparison { title: "The same designs through three models", versions: &versions },
        &folder.join("comparison.png"),
    )?;
    Ok(())
}

fn samples(folder: &Path) -> Result<(), Box<dyn Error>> {
    let volumes = [0.3_f32, 0.4, 0.5, 0.6];
    let designs = stack((0..24).map(|n| {
        let (row, column) = (n / 6, n % 6);
        beam(0.9, 5.5 * volumes[row] + 0.3 * noise(n, 1), 0.5 + 0.04 * column as f32, 0.4)
    }));
    let rows: Vec<String> = volumes.iter().map(|volume| format!("{volume:.1}")).collect();
    let columns: Vec<String> = (1..=6).map(|draw| draw.to_string()).collect();
    let labelled = Grid {
        title: "Prior samples at given volume fractions, load at 0.9 of the height",
        columns: Some(6),
        row_labels: &rows,
        column_labels: &columns,
        row_axis: "requested volume fraction",
        column_axis: "prior draw",
        ..Grid::new(designs.view())
    };
    grid(&labelled, &folder.join("samples.png"))?;
    let captions: Vec<String> =
        (0..24).map(|n| format!("volume 0.{}, c = {}.{}", 30 + n, 60 - n, n % 10)).collect();
    let title = "Contact sheet of 24 generated designs";
    grid(
        &Grid { title, captions: &captions, ..Grid::new(designs.view()) },
        &folder.join("contact_sheet.png"),
    )?;

    let sides: Vec<String> = (0..8)
        .map(|n| format!("{:.1}", -2.0 + 4.0 * f64::from(n) / 7.0).replace('-', "−"))
        .collect();
    let square =
        stack((0..64).map(|n| beam(((n / 8) as f32) / 7.0, 2.5, 0.4 + 0.03 * (n % 8) as f32, 0.6)));
    let up: Vec<String> = sides.iter().rev().cloned().collect();
    let sweep = Grid {
        title: "The latent square at volume fraction 0.4",
        columns: Some(8),
        row_labels: &up,
        column_labels: &sides,
        row_axis: "z₂",
        column_axis: "z₁",
        ..Grid::new(square.view())
    };
    grid(&sweep, &folder.join("latent_square.png"))?;
    Ok(())
}

fn paths(folder: &Path) -> Result<(), Box<dyn Error>> {
    for (frames, name) in [(8, "interpolation.png"), (15, "long_interpolation.png")] {
        let share = |n: usize| n as f32 / (frames - 1) as f32;
        let designs = stack((0..frames).map(|n| beam(share(n), 2.6, 0.5 + 0.15 * share(n), 0.4)));
        let labels: Vec<String> = (0..frames).map(|n| format!("t = {:.2}", share(n))).collect();
        let title = "Interpolation between two test designs (spherical, volume fraction 0.4)";
        strip(
            &Strip { title, designs: designs.view(), labels: &labels, marks: &[] },
            &folder.join(name),
        )?;
    }
    Ok(())
}

fn latent(folder: &Path) -> Result<(), Box<dyn Error>> {
    let volumes = Array1::from_shape_fn(900, |n| 0.3 + 0.05 * (n / 100) as f32);
    let points = Array2::from_shape_fn((900, 6), |(n, dim)| match dim {
        0 => 2.0 * (volumes[n] - 0.5) / 0.15 * 0.4 + 0.6 * normal(n, 1),
        2 => 0.04 * normal(n, 3),
        _ => normal(n, dim + 1),
    });
    let condition = Some(Shade { name: "volume fraction", values: volumes.view() });
    let healthy = Scatter {
        title: "Posterior means of the validation designs",
        points: points.view(),
        columns: (0, 1),
        names: &[],
        designs: &[],
        condition,
    };
    latent_scatter(&healthy, &folder.join("latent.png"))?;
    let dead = Scatter { title: "A dead dimension is flat", columns: (0, 2), ..healthy };
    latent_scatter(&dead, &folder.join("latent_dead.png"))?;
    Ok(())
}

fn distributions(folder: &Path) -> Result<(), Box<dyn Error>> {
    let continuous = Array1::from_shape_fn(3000, |n| 0.45 + 0.08 * normal(n, 9));
    let title = "Volume fraction of the generated designs";
    let figure =
        Histogram { title, name: "volume fraction", values: continuous.view(), bins: None };
    histogram(&figure, &folder.join("histogram.png"))?;
    let gridded = continuous.mapv(|value| (value * 20.0).round() / 20.0);
    let figure = Histogram {
        title: "Volume fraction in the training split",
        values: gridded.view(),
        ..figure
    };
    histogram(&figure, &folder.join("histogram_of_a_condition.png"))?;
    Ok(())
}
