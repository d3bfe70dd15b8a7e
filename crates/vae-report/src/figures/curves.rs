//! How a training went.

use std::path::Path;

use crate::charts::axis::Axis;
use crate::charts::chart::Chart;
use crate::charts::panel::{Curve, Mark, Name, Panel, Vertical};
use crate::drawing::canvas::{Anchor, Area, Canvas, HEADING, MARGIN, Pen, TITLE};
use crate::drawing::color::{BLUE, VERMILION, viridis};
use crate::drawing::numerals::{counted, number, subscripted};
use crate::drawing::png::save;
use crate::error::ReportError;
use crate::figures::training::{Series, Splits, Training};

/// Writes a PNG file with the curves of a training.
///
/// Panels: evidence lower bound, expected log-likelihood, KL divergence, KL divergence of each
/// latent dimension, mean squared error, intersection over union, learning rate, KL weight β and
/// gradient norm, all over optimizer steps. Where the likelihood is not normalized (there is no
/// bound) the first panel shows the loss instead. The steep beginning of a curve is cut off, with a
/// remark, where it would flatten everything else. The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`] if no series has an entry, [`ReportError::Write`].
///
/// # Examples
/// ```
/// use vae_report::{Splits, Training, curves};
/// let folder = tempfile::tempdir()?;
/// let training = Training {
///     epochs: 2,
///     bound: Splits {
///         validation: vec![(40, Some(-310.5)), (80, Some(-250.2))],
///         ..Splits::default()
///     },
///     kl_by_dimension: vec![vec![(40, Some(5.1)), (80, Some(7.3))]],
///     ..Training::default()
/// };
/// let picture = folder.path().join("curves.png");
/// curves(&training, &picture)?;
/// assert!(picture.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn curves(training: &Training, out: &Path) -> Result<(), ReportError> {
    save(&draw(training)?, out)
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

fn draw(training: &Training) -> Result<Canvas, ReportError> {
    let Some(last_step) = training.last_step() else {
        return Err(ReportError::Empty { what: "steps and epochs" });
    };
    let end = last_step.max(1) as f64;
    let bands = [
        Band::new(end, PLOT_HEIGHT, vec![bound(training), likelihood(training)]),
        Band::new(end, PLOT_HEIGHT, vec![divergence(training), divergence_by_dimension(training)]),
        Band::new(end, PLOT_HEIGHT, vec![squared_error(training), overlap(training)]),
        Band::new(
            end,
            LOW_PLOT_HEIGHT,
            vec![learning_rate(training), kl_weight(training), gradient_norm(training)],
        ),
    ];
    let last = bands.len() - 1;
    let heading = HEADING.line_height() + 6.0;
    let height =
        |index: usize| heading + bands[index].plot_height + Chart::bottom_margin(index == last);
    let mut top = MARGIN + TITLE.line_height() + 10.0;
    let total = top + (0..=last).map(height).sum::<f32>() + ROW_GAP * last as f32 + MARGIN;
    let mut canvas = Canvas::new(WIDTH, total)?;
    canvas.text(
        &title(training.epochs, last_step),
        MARGIN,
        MARGIN + TITLE.cap_height(),
        Anchor::Start,
        TITLE,
    );
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

fn title(epochs: usize, last_step: u64) -> String {
    let steps = counted(last_step as usize, "step");
    match epochs {
        0 => format!("Training: {steps}, no epoch finished"),
        epochs => format!("Training: {}, {steps}", counted(epochs, "epoch")),
    }
}

/// The points of a curve.
fn points(series: &Series) -> Vec<(f64, Option<f64>)> {
    let point = |&(step, value): &(u64, Option<f64>)| {
        (step as f64, value.filter(|value| value.is_finite()))
    };
    series.iter().map(point).collect()
}

/// The curves of both splits; one without any value is left out.
fn both(splits: &Splits) -> Vec<Curve> {
    let curves = [
        Curve { name: Name::Legend("training"), points: points(&splits.training), pen: TRAINING },
        Curve {
            name: Name::Legend("validation"),
            points: points(&splits.validation),
            pen: VALIDATION,
        },
    ];
    curves.into_iter().filter(|curve| curve.points.iter().any(|(_, y)| y.is_some())).collect()
}

fn alone(series: &Series, pen: Pen) -> Vec<Curve> {
    vec![Curve { name: Name::None, points: points(series), pen }]
}

fn bound(training: &Training) -> Panel {
    if !training.states_a_bound() {
        return Panel::new("Loss", "per design", alone(&training.loss, STEPS));
    }
    let mut panel = Panel::new("Evidence lower bound", "nats per design", both(&training.bound));
    let best = training.bound.validation.iter().filter_map(|&(step, elbo)| Some((step, elbo?)));
    if let Some((step, elbo)) = best.max_by(|a, b| a.1.total_cmp(&b.1)) {
        let words = format!("best {} at step {step}", number(elbo, 4));
        panel.mark = Some(Mark { x: step as f64, y: elbo, color: VALIDATION.color, words });
    }
    panel
}

/// The reconstruction term, which is called a likelihood only where it is one.
fn likelihood(training: &Training) -> Panel {
    let is_likelihood = training.log_likelihood.validation.is_empty() || training.states_a_bound();
    let (title, unit) = if is_likelihood {
        ("Expected log-likelihood", "nats per design")
    } else {
        ("Minus the reconstruction error", "per design")
    };
    Panel::new(title, unit, both(&training.log_likelihood))
}

fn divergence(training: &Training) -> Panel {
    let panel = Panel::new("KL divergence", "nats per design", both(&training.kl));
    Panel { vertical: Vertical::FromZero, ..panel }
}

/// One curve for each dimension, from dark for the largest divergence at the end to pale for the
/// least.
fn divergence_by_dimension(training: &Training) -> Panel {
    let dimensions = &training.kl_by_dimension;
    let final_value = |dimension: usize| {
        dimensions[dimension].iter().rev().find_map(|(_, value)| *value).unwrap_or(0.0)
    };
    let mut order: Vec<usize> = (0..dimensions.len()).collect();
    order.sort_by(|&a, &b| final_value(a).total_cmp(&final_value(b)));
    let curve = |(rank, &dimension): (usize, &usize)| Curve {
        name: Name::AtEnd(subscripted("z", dimension + 1)),
        points: points(&dimensions[dimension]),
        pen: Pen {
            color: viridis(0.92 * (1.0 - (rank + 1) as f64 / dimensions.len() as f64)),
            width: 2.2,
            dashed: false,
        },
    };
    let curves = order.iter().enumerate().map(curve).collect();
    let panel =
        Panel::new("KL divergence of each latent dimension, validation", "nats per design", curves);
    Panel { vertical: Vertical::FromZero, ..panel }
}

fn squared_error(training: &Training) -> Panel {
    let curves = alone(&training.mse, VALIDATION);
    let panel = Panel::new("Reconstruction error (MSE), validation", "per pixel", curves);
    Panel { vertical: Vertical::FromZero, ..panel }
}

fn overlap(training: &Training) -> Panel {
    let curves = alone(&training.iou, VALIDATION);
    Panel::new("Reconstruction overlap (IoU), validation", "IoU", curves)
}

fn learning_rate(training: &Training) -> Panel {
    let panel = Panel::new("Learning rate", "", alone(&training.learning_rate, STEPS));
    Panel { vertical: Vertical::FromZero, ..panel }
}

fn kl_weight(training: &Training) -> Panel {
    let panel = Panel::new("KL weight β", "", alone(&training.kl_weight, STEPS));
    Panel { vertical: Vertical::FromZero, ..panel }
}

fn gradient_norm(training: &Training) -> Panel {
    let curves = alone(&training.gradient_norm, Pen { width: 1.4, ..STEPS });
    let panel = Panel::new("Gradient norm before clipping", "", curves);
    Panel { vertical: Vertical::Logarithmic, ..panel }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A training with these bounds at steps 0, 10, 20, ….
    fn epochs(elbos: &[Option<f64>]) -> Training {
        let validation: Series = (0..).step_by(10).zip(elbos.iter().copied()).collect();
        let log_likelihood = validation.iter().map(|&(step, _)| (step, None)).collect();
        Training {
            epochs: elbos.len().saturating_sub(1),
            bound: Splits { validation, ..Splits::default() },
            log_likelihood: Splits { validation: log_likelihood, ..Splits::default() },
            ..Training::default()
        }
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
        let at = |index: usize| index as u64 * (u64::MAX / 8);
        let series = |of: fn(f64) -> f64| -> Series {
            values.iter().enumerate().map(|(i, value)| (at(i), value.map(of))).collect()
        };
        for from in 0..values.len() {
            let training = Training {
                loss: series(|value| value)[from..].to_vec(),
                learning_rate: series(f64::abs)[from..].to_vec(),
                gradient_norm: series(|value| value.abs().max(1e-320))[from..].to_vec(),
                ..Training::default()
            };
            assert!(draw(&training).is_ok());
        }
        assert!(draw(&epochs(&values)).is_ok());
    }

    #[test]
    fn values_that_are_not_finite_are_gaps() {
        let values = [-3.0, f64::NAN, f64::INFINITY, -2.0].map(Some);
        assert_eq!(
            points(&epochs(&values).bound.validation),
            [(0.0, Some(-3.0)), (10.0, None), (20.0, None), (30.0, Some(-2.0))]
        );
        assert!(draw(&epochs(&values)).is_ok());
    }

    #[test]
    fn a_run_that_has_just_begun_can_be_drawn() {
        let training = Training { loss: vec![(0, Some(3.0))], ..Training::default() };
        assert!(draw(&training).is_ok());
        assert!(draw(&epochs(&[Some(-3.0)])).is_ok());
        assert!(draw(&epochs(&[None])).is_ok());
        assert!(matches!(draw(&Training::default()), Err(ReportError::Empty { .. })));
    }

    #[test]
    fn a_term_is_called_a_likelihood_only_beside_a_bound() {
        let term = |elbos: &[Option<f64>]| likelihood(&epochs(elbos)).title.to_owned();
        assert_eq!(term(&[Some(-9.0), Some(-8.0)]), "Expected log-likelihood");
        assert_eq!(term(&[None, None]), "Minus the reconstruction error");
        assert_eq!(bound(&epochs(&[None])).title, "Loss");
        assert_eq!(bound(&epochs(&[Some(-9.0)])).title, "Evidence lower bound");
    }

    #[test]
    fn a_training_without_an_epoch_is_said_to_have_none() {
        assert_eq!(title(0, 7), "Training: 7 steps, no epoch finished");
        assert_eq!(title(2, 7), "Training: 2 epochs, 7 steps");
    }
}
