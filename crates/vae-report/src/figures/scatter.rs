//! Where designs lie in latent space.

use std::path::Path;

use ndarray::{ArrayView1, ArrayView2, Axis as Dimension};

use crate::charts::axis::Axis;
use crate::charts::chart::Chart;
use crate::charts::color_bar::{BAR_GAP, BAR_WIDTH, color_bar};
use crate::drawing::canvas::{Anchor, Area, Canvas, Heading, MARGIN, Pen, SMALL};
use crate::drawing::color::{BLUE, SOFT_INK, viridis};
use crate::drawing::numerals::{counted, fixed, subscripted};
use crate::drawing::png::save;
use crate::error::ReportError;
use crate::figures::checks::check_labels;

/// Points in latent space, such as the posterior means of a split.
#[derive(Debug, Clone, Copy)]
pub struct Scatter<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// The points, (N, Z).
    pub points: ArrayView2<'a, f32>,
    /// Which two columns are drawn, counted from 0: across, and up.
    pub columns: (usize, usize),
    /// The names of the Z dimensions; if empty they are z₁, z₂, …
    pub names: &'a [String],
    /// The quantity that colors the points.
    pub condition: Option<Shade<'a>>,
}

/// A quantity shown as color.
#[derive(Debug, Clone, Copy)]
pub struct Shade<'a> {
    /// Its name, with the unit if it has one, written beside the color bar.
    pub name: &'a str,
    /// Its value for each point.
    pub values: ArrayView1<'a, f32>,
}

const PLOT: f32 = 800.0;
/// Largest number of dimensions listed below the plot.
const LISTED: usize = 16;

/// Writes a PNG file with two latent dimensions against each other, each point in the color of its
/// condition.
///
/// Both axes have one scale, centered at zero and at least three units long either way, and dashed
/// circles mark one and two standard deviations of the standard normal prior, so that a dimension
/// that does not vary is seen to be flat. The caption gives mean and standard deviation of every
/// dimension, drawn or not. The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`], [`ReportError::NotFinite`]; [`ReportError::Column`] for a dimension that
/// is not there; [`ReportError::Count`] if names or condition do not match the points;
/// [`ReportError::Write`].
///
/// # Examples
/// ```
/// use ndarray::Array2;
/// use vae_report::{Scatter, Shade, latent_scatter};
/// let folder = tempfile::tempdir()?;
/// let points = Array2::from_shape_fn((50, 4), |(n, dim)| (n as f32 * 0.7 + dim as f32).sin());
/// let condition = Some(Shade { name: "volume fraction", values: points.column(3) });
/// let title = "Posterior means";
/// let figure =
///     Scatter { title, points: points.view(), columns: (0, 1), names: &[], condition };
/// latent_scatter(&figure, &folder.path().join("latent.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn latent_scatter(figure: &Scatter<'_>, out: &Path) -> Result<(), ReportError> {
    check(figure)?;
    save(&draw(figure)?, out)
}

fn check(figure: &Scatter<'_>) -> Result<(), ReportError> {
    let (count, columns) = figure.points.dim();
    if count == 0 || columns == 0 {
        return Err(ReportError::Empty { what: "points" });
    }
    for column in [figure.columns.0, figure.columns.1] {
        if columns <= column {
            return Err(ReportError::Column { column, columns });
        }
    }
    check_labels("names of dimensions", figure.names, columns)?;
    if let Some(((point, column), &value)) =
        figure.points.indexed_iter().find(|(_, value)| !value.is_finite())
    {
        return Err(ReportError::NotFinite {
            what: "points",
            position: vec![point, column],
            value,
        });
    }
    let Some(condition) = figure.condition else { return Ok(()) };
    if condition.values.len() != count {
        let got = condition.values.len();
        return Err(ReportError::Count { what: "values of the condition", expected: count, got });
    }
    match condition.values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((point, &value)) => Err(ReportError::NotFinite {
            what: "values of the condition",
            position: vec![point],
            value,
        }),
        None => Ok(()),
    }
}

fn draw(figure: &Scatter<'_>) -> Result<Canvas, ReportError> {
    let (across, up) =
        (figure.points.column(figure.columns.0), figure.points.column(figure.columns.1));
    let reach = across
        .iter()
        .chain(up)
        .fold(3.0_f64, |reach, &value| reach.max(f64::from(value).abs() * 1.04));
    let (x, y) = (Axis::linear(-reach, reach, 7), Axis::linear(-reach, reach, 7));
    let shades = figure.condition.map(|shade| {
        let range = shade.values.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| {
            (low.min(f64::from(value)), high.max(f64::from(value)))
        });
        (shade, Axis::linear(range.0, range.1, 6))
    });

    let left = MARGIN + Chart::left_margin(&y, true);
    let bar_room = shades
        .as_ref()
        .map_or(0.0, |(_, axis)| BAR_GAP + BAR_WIDTH + Chart::left_margin(axis, true));
    let width = left + PLOT + bar_room + MARGIN;
    let heading = Heading::new(figure.title, width);
    let top = heading.bottom();
    let area = Area { left, top, right: left + PLOT, bottom: top + PLOT };
    let captions = SMALL.wrap(&caption(figure), width - 2.0 * MARGIN, 12);
    let first = area.bottom + Chart::bottom_margin(true) + 14.0 + SMALL.cap_height();
    let height = first + SMALL.line_height() * (captions.len().max(1) - 1) as f32 + MARGIN;
    let mut canvas = Canvas::new(width, height)?;

    heading.draw(&mut canvas);
    let chart = Chart { area, x, y };
    chart.draw(&mut canvas, &name(figure, figure.columns.0), &name(figure, figure.columns.1));
    let unit = PLOT / (2.0 * reach as f32);
    let (middle_x, middle_y) = chart.place(0.0, 0.0);
    for radius in [1.0, 2.0] {
        canvas.circle(
            middle_x,
            middle_y,
            radius * unit,
            Pen { color: SOFT_INK, width: 1.2, dashed: true },
            area,
        );
    }
    let count = across.len();
    let (radius, opacity) = match count {
        0..=300 => (6.0, 0.85),
        301..=3000 => (4.5, 0.8),
        3001..=20_000 => (3.0, 0.6),
        _ => (2.0, 0.4),
    };
    for index in scattered(count) {
        let color = shades
            .as_ref()
            .map_or(BLUE, |(shade, axis)| viridis(axis.position(f64::from(shade.values[index]))));
        let (x, y) = chart.place(f64::from(across[index]), f64::from(up[index]));
        canvas.disc(x, y, radius, color, opacity);
    }
    if let Some((shade, axis)) = &shades {
        color_bar(&mut canvas, area, shade.name, axis);
    }
    canvas.lines(&captions, MARGIN, first, Anchor::Start, SMALL);
    Ok(canvas)
}

/// Number of points, and mean and standard deviation of each dimension.
fn caption(figure: &Scatter<'_>) -> String {
    let columns = figure.points.ncols();
    let count = counted(figure.points.nrows(), "point");
    let mut text = format!(
        "{count}. Dashed: one and two standard deviations of the prior. \
         Mean ± standard deviation:\n"
    );
    let listed: Vec<String> = (figure.points.axis_iter(Dimension(1)).enumerate().take(LISTED))
        .map(|(index, values)| {
            let values = values.mapv(f64::from);
            let (mean, deviation) = (values.mean().unwrap_or(0.0), values.std(0.0));
            // Spaces that do not break keep the pieces of an entry together.
            format!(
                "{}\u{a0}{}\u{a0}±\u{a0}{}",
                name(figure, index),
                fixed(mean, 2),
                fixed(deviation, 2)
            )
        })
        .collect();
    text += &listed.join(",  ");
    if LISTED < columns {
        text += ", and ";
        text += &counted(columns - LISTED, "more dimension");
    }
    text
}

fn name(figure: &Scatter<'_>, column: usize) -> String {
    figure.names.get(column).cloned().unwrap_or_else(|| subscripted("z", column + 1))
}

/// All positions in an order that does not follow the data's, so that no end of a sorted condition
/// covers the other.
fn scattered(count: usize) -> impl Iterator<Item = usize> {
    // The golden ratio spreads any beginning of the order evenly; a step without a common factor
    // visits everything once.
    let near = (count as f64 * 0.618_033_988_749_895) as usize;
    let step = (near.max(1)..=count).find(|&step| divisor(step, count) <= 1).unwrap_or(1);
    (0..count).map(move |index| index * step % count)
}

fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, array};

    use super::*;

    fn figure(points: &Array2<f32>) -> Scatter<'_> {
        Scatter { title: "", points: points.view(), columns: (0, 1), names: &[], condition: None }
    }

    #[test]
    fn every_point_is_visited_once() {
        for count in [1, 2, 3, 10, 64, 999] {
            let mut seen: Vec<usize> = scattered(count).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn points_lie_where_their_coordinates_say() {
        let points = array![[1.5_f32, 9.0, -1.5], [-1.5, 9.0, 0.0]];
        let values = array![0.0_f32, 1.0];
        let condition = Some(Shade { name: "volume", values: values.view() });
        let canvas = draw(&Scatter { columns: (0, 2), condition, ..figure(&points) }).unwrap();
        let left = MARGIN + Chart::left_margin(&Axis::linear(-3.0, 3.0, 7), true);
        let at = |x: f32, y: f32| {
            canvas.pixel(
                (left + PLOT * (x + 3.0) / 6.0) as i32,
                (MARGIN + PLOT * (3.0 - y) / 6.0) as i32,
            )
        };
        let (dark, light) = (at(1.5, -1.5).unwrap(), at(-1.5, 0.0).unwrap());
        assert!(dark.1 < 60 && 150 < light.1, "{dark:?} {light:?}");
    }

    #[test]
    fn the_caption_describes_every_dimension() {
        let points = array![[1.0_f32, 0.0, -2.0], [3.0, 0.0, -2.0]];
        let text = caption(&figure(&points));
        assert!(
            text.contains(
                "z₁\u{a0}2.00\u{a0}±\u{a0}1.00,  z₂\u{a0}0.00\u{a0}±\u{a0}0.00,  z₃\u{a0}−2.00"
            ),
            "{text}"
        );
        let wide = Array2::zeros((3, 40));
        assert!(caption(&figure(&wide)).ends_with("and 24 more dimensions"));
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let points = Array2::<f32>::zeros((5, 3));
        let refused = |figure: Scatter<'_>| check(&figure).unwrap_err();
        assert!(matches!(
            refused(Scatter { columns: (0, 3), ..figure(&points) }),
            ReportError::Column { column: 3, columns: 3 }
        ));
        let short = Array1::zeros(4);
        let condition = Some(Shade { name: "c", values: short.view() });
        assert!(matches!(
            refused(Scatter { condition, ..figure(&points) }),
            ReportError::Count { expected: 5, got: 4, .. }
        ));
        let names = ["a".to_owned()];
        assert!(matches!(
            refused(Scatter { names: &names, ..figure(&points) }),
            ReportError::Count { expected: 3, got: 1, .. }
        ));
        let empty = Array2::zeros((0, 3));
        assert!(matches!(refused(figure(&empty)), ReportError::Empty { .. }));
        let mut broken = points.clone();
        broken[[4, 2]] = f32::NAN;
        assert_eq!(refused(figure(&broken)).to_string(), "points: the value at [4, 2] is NaN");
        let infinite = Array1::from_elem(5, f32::INFINITY);
        let condition = Some(Shade { name: "c", values: infinite.view() });
        assert!(matches!(
            refused(Scatter { condition, ..figure(&points) }),
            ReportError::NotFinite { .. }
        ));
    }
}
