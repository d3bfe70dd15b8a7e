//! How a training went.

use std::path::Path;

use crate::axis::{self, Axis};
use crate::canvas::{Anchor, Area, Canvas, HEADING, MARGIN, Pen, TITLE};
use crate::chart::Chart;
use crate::color::{BLUE, VERMILION, viridis};
use crate::error::ReportError;
use crate::file::save;
use crate::metrics::{Epoch, Metrics, Step};
use crate::panel::{Curve, Mark, Name, Panel, Vertical};

/// Reads a metrics file and writes a PNG file with the curves of the training.
///
/// Panels: evidence lower bound, expected log-likelihood, KL divergence, KL divergence of each
/// latent dimension, mean squared error, intersection over union, learning rate, KL weight β and
/// gradient norm, all over optimizer steps. Where the likelihood is not normalized (the file holds
/// no bound) the first panel shows the loss instead. The steep beginning of a curve is cut off,
/// with a remark, where it would flatten everything else. The file is written beside `out` and
/// renamed.
///
/// # Errors
/// Those of [`Metrics::read`]; [`ReportError::NoRecords`] for a file without a step or an epoch;
/// [`ReportError::Write`].
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let metrics = folder.path().join("metrics.jsonl");
/// std::fs::write(
///     &metrics,
///     r#"{"event": "epoch", "epoch": 1, "step": 40, "validation": {"elbo": -310.5, "kl": 9.1}, "kl_per_dim": [5.1, 4.0]}
/// {"event": "epoch", "epoch": 2, "step": 80, "validation": {"elbo": -250.2, "kl": 11.4}, "kl_per_dim": [7.3, 4.1]}
/// "#,
/// )?;
/// let picture = folder.path().join("curves.png");
/// vae_report::curves(&metrics, &picture)?;
/// assert!(picture.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn curves(metrics: &Path, out: &Path) -> Result<(), ReportError> {
    let record = Metrics::read(metrics)?;
    if record.is_empty() {
        return Err(ReportError::NoRecords { path: metrics.into() });
    }
    save(&draw(&record)?, out)
}

const TRAINING: Pen = Pen { color: VERMILION, width: 2.2, dashed: true };
const VALIDATION: Pen = Pen { color: BLUE, width: 2.6, dashed: false };
const STEPS: Pen = Pen { color: BLUE, width: 2.2, dashed: false };

const WIDTH: f32 = 1460.0;
const COLUMN_GAP: f32 = 40.0;
const ROW_GAP: f32 = 24.0;
const LEAST_LEFT_MARGIN: f32 = 50.0;
const PLOT_HEIGHT: f32 = 240.0;
const LOW_PLOT_HEIGHT: f32 = 170.0;

fn draw(record: &Metrics) -> Result<Canvas, ReportError> {
    let end = last_step(record).max(1) as f64;
    let epochs = &record.epochs;
    let steps = &record.steps;
    let bands = [
        Band::new(end, PLOT_HEIGHT, vec![bound(record), likelihood(record)]),
        Band::new(end, PLOT_HEIGHT, vec![divergence(record), divergence_by_dimension(epochs)]),
        Band::new(end, PLOT_HEIGHT, vec![squared_error(epochs), overlap(epochs)]),
        Band::new(
            end,
            LOW_PLOT_HEIGHT,
            vec![learning_rate(steps), kl_weight(steps), gradient_norm(steps)],
        ),
    ];
    let last = bands.len() - 1;
    let heading = HEADING.line_height() + 6.0;
    let height =
        |index: usize| heading + bands[index].plot_height + Chart::bottom_margin(index == last);
    let mut top = MARGIN + TITLE.line_height() + 10.0;
    let total = top + (0..=last).map(height).sum::<f32>() + ROW_GAP * last as f32 + MARGIN;
    let mut canvas = Canvas::new(WIDTH, total)?;
    canvas.text(&title(record), MARGIN, MARGIN + TITLE.cap_height(), Anchor::Start, TITLE);
    for (index, band) in bands.iter().enumerate() {
        let count = band.panels.len();
        let width = (WIDTH - 2.0 * MARGIN - COLUMN_GAP * (count - 1) as f32) / count as f32;
        for (column, (panel, axis)) in band.panels.iter().enumerate() {
            let left = MARGIN + (width + COLUMN_GAP) * column as f32;
            let area = Area {
                left: (left + left_margin(&bands, count, column)).round(),
                top: (top + heading).round(),
                right: (left + width - panel.right_margin()).round(),
                bottom: (top + heading + band.plot_height).round(),
            };
            let x = Chart::horizontal(0.0, end, area.right - area.left, 6);
            let x_name = if index == last { "optimizer steps" } else { "" };
            panel.draw(&mut canvas, area, x, axis.clone(), x_name);
        }
        top += height(index) + ROW_GAP;
    }
    Ok(canvas)
}

/// Panels beside each other.
struct Band {
    plot_height: f32,
    /// Each with its vertical axis, if it has values.
    panels: Vec<(Panel, Option<Axis>)>,
}

impl Band {
    fn new(end: f64, plot_height: f32, panels: Vec<Panel>) -> Self {
        let with_axis = |panel: Panel| {
            let axis = panel.vertical_axis(end);
            (panel, axis)
        };
        Self { plot_height, panels: panels.into_iter().map(with_axis).collect() }
    }
}

/// Panels above each other share their left margin, so that their plot areas are flush.
fn left_margin(bands: &[Band], count: usize, column: usize) -> f32 {
    let panels =
        bands.iter().filter(|band| band.panels.len() == count).map(|band| &band.panels[column]);
    let margins = panels
        .filter_map(|(panel, y)| y.as_ref().map(|y| Chart::left_margin(y, !panel.unit.is_empty())));
    margins.fold(LEAST_LEFT_MARGIN, f32::max)
}

fn title(record: &Metrics) -> String {
    let steps = axis::counted(last_step(record) as usize, "step");
    // An evaluation before the first step is no epoch of training.
    match record.epochs.iter().filter(|epoch| 0 < epoch.step).count() {
        0 => format!("Training: {steps}, no epoch finished"),
        epochs => format!("Training: {}, {steps}", axis::counted(epochs, "epoch")),
    }
}

fn last_step(record: &Metrics) -> u64 {
    let steps = record.steps.iter().map(|step| step.step);
    steps.chain(record.epochs.iter().map(|epoch| epoch.step)).max().unwrap_or(0)
}

/// Values of epochs over their steps.
fn over_epochs(epochs: &[Epoch], value: impl Fn(&Epoch) -> Option<f64>) -> Vec<(f64, Option<f64>)> {
    epochs.iter().map(|epoch| (epoch.step as f64, value(epoch))).collect()
}

fn over_steps(steps: &[Step], value: impl Fn(&Step) -> Option<f64>) -> Vec<(f64, Option<f64>)> {
    steps.iter().map(|step| (step.step as f64, value(step))).collect()
}

/// Means over epochs, or single batches while no epoch is finished.
fn training(
    record: &Metrics,
    of_epoch: impl Fn(&Epoch) -> Option<f64>,
    of_step: impl Fn(&Step) -> Option<f64>,
) -> Vec<(f64, Option<f64>)> {
    if record.epochs.is_empty() {
        over_steps(&record.steps, of_step)
    } else {
        over_epochs(&record.epochs, of_epoch)
    }
}

/// The curves of both splits; one without any value is left out.
fn both(training: Vec<(f64, Option<f64>)>, validation: Vec<(f64, Option<f64>)>) -> Vec<Curve> {
    let curves = [
        Curve { name: Name::Legend("training"), points: training, pen: TRAINING },
        Curve { name: Name::Legend("validation"), points: validation, pen: VALIDATION },
    ];
    curves.into_iter().filter(|curve| curve.points.iter().any(|(_, y)| y.is_some())).collect()
}

fn alone(points: Vec<(f64, Option<f64>)>, pen: Pen) -> Vec<Curve> {
    vec![Curve { name: Name::None, points, pen }]
}

fn bound(record: &Metrics) -> Panel {
    let epochs = &record.epochs;
    let validation = over_epochs(epochs, |epoch| epoch.validation.elbo);
    if !states_a_bound(epochs) {
        let points = over_steps(&record.steps, |step| step.loss);
        return Panel::new("Loss", "per design", alone(points, STEPS));
    }
    let training = over_epochs(epochs, |epoch| Some(epoch.train.log_likelihood? - epoch.train.kl?));
    let mut panel =
        Panel::new("Evidence lower bound", "nats per design", both(training, validation));
    let best = epochs.iter().filter_map(|epoch| Some((epoch, epoch.validation.elbo?)));
    if let Some((epoch, elbo)) = best.max_by(|a, b| a.1.total_cmp(&b.1)) {
        let words = format!("best {} at step {}", axis::number(elbo, 4), epoch.step);
        panel.mark = Some(Mark { x: epoch.step as f64, y: elbo, color: VALIDATION.color, words });
    }
    panel
}

/// Whether the likelihood is normalized for these data, so that there is a bound; unknown before
/// the first epoch ends.
fn states_a_bound(epochs: &[Epoch]) -> bool {
    epochs.iter().any(|epoch| epoch.validation.elbo.is_some())
}

/// The reconstruction term, named a likelihood only where it is one.
fn likelihood(record: &Metrics) -> Panel {
    let training = training(record, |epoch| epoch.train.log_likelihood, |step| step.log_likelihood);
    let validation = over_epochs(&record.epochs, |epoch| epoch.validation.log_likelihood);
    let (title, unit) = if record.epochs.is_empty() || states_a_bound(&record.epochs) {
        ("Expected log-likelihood", "nats per design")
    } else {
        ("Minus the reconstruction error", "per design")
    };
    Panel::new(title, unit, both(training, validation))
}

fn divergence(record: &Metrics) -> Panel {
    let training = training(record, |epoch| epoch.train.kl, |step| step.kl);
    let validation = over_epochs(&record.epochs, |epoch| epoch.validation.kl);
    let panel = Panel::new("KL divergence", "nats per design", both(training, validation));
    Panel { vertical: Vertical::FromZero, ..panel }
}

/// One curve for each dimension, dark for the one that carries most at the end, pale for the least.
fn divergence_by_dimension(epochs: &[Epoch]) -> Panel {
    let dimensions = epochs.iter().map(|epoch| epoch.kl_per_dim.len()).max().unwrap_or(0);
    let at = |epoch: &Epoch, dimension: usize| epoch.kl_per_dim.get(dimension).copied().flatten();
    let final_value = |dimension: usize| {
        epochs.iter().rev().find_map(|epoch| at(epoch, dimension)).unwrap_or(0.0)
    };
    let mut order: Vec<usize> = (0..dimensions).collect();
    order.sort_by(|&a, &b| final_value(a).total_cmp(&final_value(b)));
    let curve = |(rank, &dimension): (usize, &usize)| Curve {
        name: Name::AtEnd(axis::subscripted("z", dimension + 1)),
        points: over_epochs(epochs, |epoch| at(epoch, dimension)),
        pen: Pen {
            color: viridis(0.92 * (1.0 - (rank + 1) as f64 / dimensions as f64)),
            width: 2.2,
            dashed: false,
        },
    };
    let curves = order.iter().enumerate().map(curve).collect();
    let panel =
        Panel::new("KL divergence of each latent dimension, validation", "nats per design", curves);
    Panel { vertical: Vertical::FromZero, ..panel }
}

fn squared_error(epochs: &[Epoch]) -> Panel {
    let points = over_epochs(epochs, |epoch| epoch.validation.mse);
    let panel = Panel::new(
        "Reconstruction error (MSE), validation",
        "per pixel",
        alone(points, VALIDATION),
    );
    Panel { vertical: Vertical::FromZero, ..panel }
}

fn overlap(epochs: &[Epoch]) -> Panel {
    let points = over_epochs(epochs, |epoch| epoch.validation.iou);
    Panel::new("Reconstruction overlap (IoU), validation", "IoU", alone(points, VALIDATION))
}

fn learning_rate(steps: &[Step]) -> Panel {
    let points = over_steps(steps, |step| step.learning_rate);
    Panel { vertical: Vertical::FromZero, ..Panel::new("Learning rate", "", alone(points, STEPS)) }
}

fn kl_weight(steps: &[Step]) -> Panel {
    let points = over_steps(steps, |step| step.beta);
    Panel { vertical: Vertical::FromZero, ..Panel::new("KL weight β", "", alone(points, STEPS)) }
}

fn gradient_norm(steps: &[Step]) -> Panel {
    let points = over_steps(steps, |step| step.gradient_norm);
    let pen = Pen { width: 1.4, ..STEPS };
    Panel {
        vertical: Vertical::Logarithmic,
        ..Panel::new("Gradient norm before clipping", "", alone(points, pen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Validation;

    fn epochs(elbos: &[Option<f64>]) -> Metrics {
        let epoch = |(index, &elbo): (usize, &Option<f64>)| Epoch {
            epoch: index as u64,
            step: 10 * index as u64,
            validation: Validation { elbo, ..Validation::default() },
            ..Epoch::default()
        };
        Metrics { steps: Vec::new(), epochs: elbos.iter().enumerate().map(epoch).collect() }
    }

    #[test]
    fn the_best_bound_is_marked() {
        let panel = bound(&epochs(&[Some(-900.0), Some(-300.0), Some(-250.5), None, Some(-260.0)]));
        let mark = panel.mark.unwrap();
        assert_eq!((mark.x, mark.y, mark.words.as_str()), (20.0, -250.5, "best −250.5 at step 20"));
    }

    #[test]
    fn a_steep_beginning_is_cut_off() {
        let mut values: Vec<Option<f64>> = (0..50).map(|i| Some(-200.0 + f64::from(i))).collect();
        values[0] = Some(-3000.0);
        let panel = bound(&epochs(&values));
        let axis = panel.vertical_axis(490.0).unwrap();
        assert!(-260.0 < axis.low && axis.high < -140.0, "{axis:?}");
        let gentle = bound(&epochs(&values[1..]));
        let axis = gentle.vertical_axis(490.0).unwrap();
        assert!(axis.low < -199.0 && -151.0 < axis.high, "nothing is cut without need: {axis:?}");
    }

    #[test]
    fn without_a_bound_the_loss_is_shown() {
        assert_eq!(bound(&epochs(&[None, None])).title, "Loss");
        assert_eq!(bound(&epochs(&[])).title, "Loss");
        assert_eq!(likelihood(&epochs(&[None, None])).title, "Minus the reconstruction error");
        assert_eq!(likelihood(&epochs(&[None, Some(-3.0)])).title, "Expected log-likelihood");
    }

    #[test]
    fn absurd_values_do_no_harm() {
        let values = [1.7e308, -1.7e308, 1e-320, 0.0, -1e-320, 3.0].map(Some);
        let step = |(index, &value): (usize, &Option<f64>)| Step {
            step: index as u64 * (u64::MAX / 8),
            loss: value,
            learning_rate: value.map(f64::abs),
            gradient_norm: value.map(|value| value.abs().max(1e-320)),
            ..Step::default()
        };
        let steps: Vec<Step> = values.iter().enumerate().map(step).collect();
        for from in 0..steps.len() {
            assert!(draw(&Metrics { steps: steps[from..].to_vec(), epochs: Vec::new() }).is_ok());
        }
        assert!(draw(&epochs(&values)).is_ok());
    }

    #[test]
    fn a_run_that_has_just_begun_can_be_drawn() {
        let record = Metrics {
            steps: vec![Step { step: 0, loss: Some(3.0), ..Step::default() }],
            epochs: Vec::new(),
        };
        assert!(draw(&record).is_ok());
        assert!(draw(&epochs(&[Some(-3.0)])).is_ok());
        assert!(draw(&epochs(&[None])).is_ok());
    }
}
