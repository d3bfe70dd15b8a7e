//! How a quantity is distributed.

use std::path::Path;

use ndarray::ArrayView1;

use crate::charts::axis::Axis;
use crate::charts::chart::Chart;
use crate::drawing::canvas::{Anchor, Area, Canvas, Heading, MARGIN, SMALL};
use crate::drawing::color::BLUE;
use crate::drawing::numerals::{counted, number};
use crate::drawing::png::save;
use crate::error::ReportError;

/// The distribution of a quantity over designs.
#[derive(Debug, Clone, Copy)]
pub struct Histogram<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// The name of the quantity, with the unit if it has one.
    pub name: &'a str,
    /// Its values.
    pub values: ArrayView1<'a, f32>,
    /// About how many bars; `None` chooses by the number of values.
    pub bins: Option<usize>,
}

const PLOT: (f32, f32) = (860.0, 380.0);
/// Largest number of different values that get one bar each.
const MOST_DISTINCT: usize = 60;

/// Writes a PNG file with a histogram, and number, mean, standard deviation and range of the values
/// below it.
///
/// A quantity that takes few different values, such as a condition on a grid, gets one bar for each
/// value; any other gets bars between round numbers. The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`], [`ReportError::NotFinite`], [`ReportError::Zero`] for no bins,
/// [`ReportError::Write`].
///
/// # Examples
/// ```
/// use ndarray::Array1;
/// use vae_report::{Histogram, histogram};
/// let folder = tempfile::tempdir()?;
/// let values = Array1::from_shape_fn(500, |n| (n as f32 * 0.61).fract());
/// let (title, name) = ("Test split", "volume fraction");
/// let figure = Histogram { title, name, values: values.view(), bins: None };
/// histogram(&figure, &folder.path().join("volume.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn histogram(figure: &Histogram<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw(figure)?, out)
}

fn draw(figure: &Histogram<'_>) -> Result<Canvas, ReportError> {
    if figure.values.is_empty() {
        return Err(ReportError::Empty { what: "values" });
    }
    if figure.bins == Some(0) {
        return Err(ReportError::Zero { what: "the number of bins" });
    }
    if let Some((index, &value)) =
        figure.values.iter().enumerate().find(|(_, value)| !value.is_finite())
    {
        return Err(ReportError::NotFinite { what: "values", position: vec![index], value });
    }
    let values = figure.values.mapv(f64::from);
    // Adding zero makes one value of both zeros.
    let mut sorted: Vec<f32> = figure.values.iter().map(|value| value + 0.0).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let bars = distinct(&sorted)
        .filter(|_| figure.bins.is_none())
        .unwrap_or_else(|| between(&sorted, figure.bins));

    let highest = bars.iter().map(|bar| bar.count).max().unwrap_or(1) as f64;
    let (first, last) = (bars[0], bars[bars.len() - 1]);
    let room = 0.2 * (first.high - first.low);
    let y = Axis::linear(0.0, highest * 1.05, highest.min(5.0) as usize);
    let x = Chart::horizontal(first.low - room, last.high + room, PLOT.0, 9);
    let left = MARGIN + Chart::left_margin(&y, true);
    let width = left + PLOT.0 + MARGIN;
    let heading = Heading::new(figure.title, width);
    let top = heading.bottom();
    let area = Area { left, top, right: left + PLOT.0, bottom: top + PLOT.1 };
    let caption_y = area.bottom + Chart::bottom_margin(true) + 14.0 + SMALL.cap_height();
    let mut canvas = Canvas::new(width, caption_y + MARGIN)?;
    heading.draw(&mut canvas);
    let chart = Chart { area, x, y };
    chart.draw(&mut canvas, figure.name, "count");
    for bar in &bars {
        let ((left, top), (right, bottom)) =
            (chart.place(bar.low, bar.count as f64), chart.place(bar.high, 0.0));
        // Bars of whole pixels with one of white between them, however narrow.
        let (left, right) = (left.round() as i32 + 1, right.round() as i32);
        let top = if bar.count == 0 { bottom } else { top.round().min(bottom - 1.0) };
        canvas.fill(left, top as i32, (right - left).max(1), (bottom - top) as i32, BLUE);
    }
    let caption = format!(
        "{}, mean {}, standard deviation {}, from {} to {}",
        counted(values.len(), "value"),
        number(values.mean().unwrap_or(0.0), 3),
        number(values.std(0.0), 3),
        number(f64::from(sorted[0]), 3),
        number(f64::from(sorted[sorted.len() - 1]), 3),
    );
    canvas.text(&caption, MARGIN, caption_y, Anchor::Start, SMALL);
    Ok(canvas)
}

/// One bar: the values in [low, high).
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bar {
    low: f64,
    high: f64,
    count: usize,
}

/// One bar for each value, where there are few values on a regular grid.
fn distinct(sorted: &[f32]) -> Option<Vec<Bar>> {
    let groups: Vec<&[f32]> = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).collect();
    if MOST_DISTINCT < groups.len() || sorted.len() < 2 * groups.len() {
        return None;
    }
    if let [only] = groups.as_slice() {
        // A narrow bar with room on both sides.
        let (center, half) = (f64::from(only[0]), f64::from(only[0].abs().max(1e-6)) * 0.02);
        let bar = |place: i32| Bar {
            low: center + f64::from(2 * place - 1) * half,
            high: center + f64::from(2 * place + 1) * half,
            count: if place == 0 { only.len() } else { 0 },
        };
        return Some((-3..=3).map(bar).collect());
    }
    let gap = groups
        .windows(2)
        .map(|pair| f64::from(pair[1][0]) - f64::from(pair[0][0]))
        .fold(f64::MAX, f64::min);
    let range = f64::from(sorted[sorted.len() - 1]) - f64::from(sorted[0]);
    if 2.0 * MOST_DISTINCT as f64 * gap < range {
        return None;
    }
    let bar = |group: &&[f32]| {
        let center = f64::from(group[0]);
        Bar { low: center - 0.45 * gap, high: center + 0.45 * gap, count: group.len() }
    };
    Some(groups.iter().map(bar).collect())
}

/// Bars between round numbers.
fn between(sorted: &[f32], bins: Option<usize>) -> Vec<Bar> {
    // Rice's rule: twice the cube root of the number of values.
    let wanted =
        bins.unwrap_or_else(|| (2.0 * (sorted.len() as f64).cbrt()).ceil() as usize).max(1);
    let (low, high) = (f64::from(sorted[0]), f64::from(sorted[sorted.len() - 1]));
    let axis = Axis::linear_to_ticks(low, high, wanted);
    let bars = axis.ticks.len().max(2) - 1;
    let step = (axis.high - axis.low) / bars as f64;
    let mut counts = vec![0; bars];
    for &value in sorted {
        // f32 values like 0.3 may lie a rounding error below the edge that they are meant to lie
        // on.
        let place = (f64::from(value) - axis.low) / step + 1e-5;
        counts[(place.max(0.0) as usize).min(bars - 1)] += 1;
    }
    let bar = |(index, count)| Bar {
        low: axis.low + index as f64 * step,
        high: axis.low + (index + 1) as f64 * step,
        count,
    };
    counts.into_iter().enumerate().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;

    #[test]
    fn values_on_a_grid_get_a_bar_each() {
        let values: Vec<f32> = (0..90).map(|i| [0.3, 0.35, 0.4][i % 3]).collect();
        let mut sorted = values;
        sorted.sort_unstable_by(f32::total_cmp);
        let bars = distinct(&sorted).unwrap();
        assert_eq!(bars.iter().map(|bar| bar.count).collect::<Vec<_>>(), [30, 30, 30]);
        assert!((bars[1].low - 0.3275).abs() < 1e-6 && (bars[1].high - 0.3725).abs() < 1e-6);
    }

    #[test]
    fn a_constant_gets_one_bar_in_the_middle() {
        for value in [0.4_f32, 0.0, -3e8] {
            let bars = distinct(&[value; 5]).unwrap();
            assert_eq!(bars.iter().map(|bar| bar.count).collect::<Vec<_>>(), [0, 0, 0, 5, 0, 0, 0]);
            assert!(bars[3].low < f64::from(value) && f64::from(value) < bars[3].high, "{bars:?}");
        }
    }

    #[test]
    fn other_values_are_counted_between_round_numbers() {
        let sorted: Vec<f32> = (0..1000_u16).map(|i| f32::from(i) / 1000.0).collect();
        assert_eq!(distinct(&sorted), None);
        let bars = between(&sorted, Some(10));
        assert_eq!(bars.len(), 10);
        assert!(bars.iter().all(|bar| bar.count == 100), "{bars:?}");
        assert_eq!(between(&[2.0, 2.0], None).iter().map(|bar| bar.count).sum::<usize>(), 2);
        let total =
            between(&[-1e9, 0.0, 1e-9, 1e9], None).iter().map(|bar| bar.count).sum::<usize>();
        assert_eq!(total, 4);
    }

    #[test]
    fn bars_are_as_high_as_their_counts() {
        let values = array![1.0_f32, 1.0, 1.0, 1.0, 2.0, 2.0];
        let figure = Histogram { title: "", name: "holes", values: values.view(), bins: None };
        let canvas = draw(&figure).unwrap();
        let blue = |x: i32| {
            (0..canvas.height() as i32).filter(|y| canvas.pixel(x, *y) == Some(BLUE)).count()
        };
        let columns: Vec<usize> = (0..canvas.width() as i32).map(blue).collect();
        let (high, low) = (columns[canvas.width() / 3], columns[canvas.width() * 5 / 6]);
        assert!(low.abs_diff(high / 2) <= 1 && 300 < high, "{high} {low}");
    }

    #[test]
    fn nothing_and_no_numbers_are_refused() {
        let refused = |values: &Array1<f32>, bins| {
            draw(&Histogram { title: "", name: "", values: values.view(), bins })
                .map(|_| ())
                .unwrap_err()
        };
        assert!(matches!(refused(&array![], None), ReportError::Empty { what: "values" }));
        assert!(matches!(refused(&array![1.0, f32::NAN], None), ReportError::NotFinite { .. }));
        assert!(matches!(refused(&array![1.0], Some(0)), ReportError::Zero { .. }));
    }
}
