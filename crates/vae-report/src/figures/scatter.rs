//! Where designs lie in latent space.

use std::path::Path;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis as Dimension};

use crate::charts::axis::Axis;
use crate::charts::chart::Chart;
use crate::charts::color_bar::{BAR_GAP, BAR_WIDTH, color_bar};
use crate::drawing::canvas::{Anchor, Area, Canvas, Heading, MARGIN, Pen, SMALL};
use crate::drawing::color::{BLUE, SOFT_INK, viridis};
use crate::drawing::numerals::{counted, fixed, subscripted};
use crate::drawing::png::save;
use crate::error::ReportError;
use crate::figures::checks::{check_design, check_labels};
use crate::sheets::zoom::Zoom;

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
    /// Designs of some points by their positions, drawn around the plot; the first [`THUMBNAILS`]
    /// are.
    pub designs: &'a [(usize, Array2<f32>)],
}

/// Designs around a latent picture at most.
pub const THUMBNAILS: usize = 16;

/// A quantity shown as color.
#[derive(Debug, Clone, Copy)]
pub struct Shade<'a> {
    /// Its name, with the unit if it has one, written beside the color bar.
    pub name: &'a str,
    /// Its value for each point.
    pub values: ArrayView1<'a, f32>,
}

const PLOT: f32 = 800.0;
/// Height and width of the designs around the plot at most, in pixels.
const THUMBNAIL: (usize, usize) = (78, 130);

/// Writes a PNG file with two latent dimensions against each other, each point in the color of its
/// condition.
///
/// Both axes have one scale, centered at zero and at least three units long either way, and dashed
/// circles mark one and two standard deviations of the standard normal prior, so that a dimension
/// that does not vary is seen to be flat. The caption gives mean and standard deviation of both. The
/// file is written beside `out` and renamed.
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
///     Scatter { title, points: points.view(), columns: (0, 1), names: &[], condition, designs: &[] };
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
    for (point, design) in figure.designs {
        check_design("designs", &design.view())?;
        if count <= *point {
            let got = *point + 1;
            return Err(ReportError::Count { what: "points with designs", expected: count, got });
        }
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
    // Designs stand along the sides, where no point is then.
    let reach = if figure.designs.is_empty() { reach } else { reach.max(3.2) * 1.3 };
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
    thumbnails(&mut canvas, &chart, figure);
    if let Some((shade, axis)) = &shades {
        color_bar(&mut canvas, area, shade.name, axis);
    }
    canvas.lines(&captions, MARGIN, first, Anchor::Start, SMALL);
    Ok(canvas)
}

/// Designs along the sides of the plot, each joined to its point.
fn thumbnails(canvas: &mut Canvas, chart: &Chart, figure: &Scatter<'_>) {
    let area = chart.area;
    let (middle_x, middle_y) =
        (f32::midpoint(area.left, area.right), f32::midpoint(area.top, area.bottom));
    let turn = |(x, y): (f32, f32)| (y - middle_y).atan2(x - middle_x);
    let mut shown: Vec<((f32, f32), &Array2<f32>)> = (figure.designs.iter().take(THUMBNAILS))
        .map(|(point, design)| {
            let [x, y] = [figure.columns.0, figure.columns.1]
                .map(|column| f64::from(figure.points[(*point, column)]));
            (chart.place(x, y), design)
        })
        .collect();
    shown.sort_by(|a, b| turn(a.0).total_cmp(&turn(b.0)));
    let mut slots = slots(area, shown.len());
    slots.sort_by(|a, b| turn(*a).total_cmp(&turn(*b)));
    // Both go around once; they are turned against each other until the lines are shortest.
    let length = |shift: usize| -> f32 {
        let pairs = shown.iter().zip(slots.iter().cycle().skip(shift));
        pairs.map(|((point, _), slot)| (point.0 - slot.0).hypot(point.1 - slot.1)).sum()
    };
    let best = (0..slots.len()).min_by(|&a, &b| length(a).total_cmp(&length(b))).unwrap_or(0);
    let line = Pen { color: SOFT_INK, width: 1.0, dashed: false };
    let pairs = || shown.iter().zip(slots.iter().cycle().skip(best));
    for ((point, _), slot) in pairs() {
        canvas.curve(&[*point, *slot], line, area);
        canvas.circle(point.0, point.1, 7.0, Pen { width: 2.0, ..line }, area);
    }
    for ((_, design), slot) in pairs() {
        let dim = design.dim();
        let zoom = Zoom::within(dim, THUMBNAIL);
        let (height, width) = zoom.size(dim);
        let (left, top) = (slot.0 - width as f32 / 2.0, slot.1 - height as f32 / 2.0);
        zoom.draw(canvas, &design.view(), left.round() as i32, top.round() as i32);
    }
}

/// The middles of `count` places along the sides of an area: as many above as below, a few at the
/// left and right.
fn slots(area: Area, count: usize) -> Vec<(f32, f32)> {
    let (width, height) = (area.right - area.left, area.bottom - area.top);
    let at_side = count / 5;
    let above = (count - 2 * at_side).div_ceil(2);
    let below = count - 2 * at_side - above;
    let (across, down) = (THUMBNAIL.1 as f32 / 2.0 + 10.0, THUMBNAIL.0 as f32 / 2.0 + 10.0);
    let along =
        |index: usize, count: usize, length: f32| length * (index as f32 + 0.5) / count as f32;
    let rows = [(above, area.top + down), (below, area.bottom - down)];
    let mut slots = Vec::new();
    for (count, y) in rows {
        slots.extend((0..count).map(|index| (area.left + along(index, count, width), y)));
    }
    for x in [area.left + across, area.right - across] {
        // The corners belong to the rows.
        let inner = height - 4.0 * down;
        let top = area.top + 2.0 * down;
        slots.extend((0..at_side).map(|index| (x, top + along(index, at_side, inner))));
    }
    slots
}

/// Number of points, what the marks mean, and mean and standard deviation of the two dimensions.
fn caption(figure: &Scatter<'_>) -> String {
    let count = counted(figure.points.nrows(), "point");
    let mut text = format!("{count}. Dashed: one and two standard deviations of the prior. ");
    if !figure.designs.is_empty() {
        text += "Around: the designs of the points in rings. ";
    }
    text += "Mean ± standard deviation: ";
    let drawn = [figure.columns.0, figure.columns.1].map(|column| {
        let values = figure.points.index_axis(Dimension(1), column).mapv(f64::from);
        let (mean, deviation) = (values.mean().unwrap_or(0.0), values.std(0.0));
        // Spaces that do not break keep the pieces of an entry together.
        let numbers = [fixed(mean, 2), fixed(deviation, 2)].join("\u{a0}±\u{a0}");
        format!("{}\u{a0}{numbers}", name(figure, column))
    });
    text + &drawn.join(",  ")
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
        Scatter {
            title: "",
            points: points.view(),
            columns: (0, 1),
            names: &[],
            condition: None,
            designs: &[],
        }
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
    fn the_caption_describes_what_is_drawn() {
        let points = array![[1.0_f32, 0.0, -2.0], [3.0, 0.0, -2.0]];
        let text = caption(&Scatter { columns: (0, 2), ..figure(&points) });
        let expected = "z₁\u{a0}2.00\u{a0}±\u{a0}1.00,  z₃\u{a0}−2.00\u{a0}±\u{a0}0.00";
        assert!(text.ends_with(expected) && !text.contains("Around"), "{text}");
    }

    #[test]
    fn designs_stand_along_the_sides_and_off_the_points() {
        let area = Area { left: 100.0, top: 50.0, right: 900.0, bottom: 850.0 };
        for count in 1..=THUMBNAILS {
            let found = slots(area, count);
            assert_eq!(found.len(), count);
            for (index, one) in found.iter().enumerate() {
                let apart = |other: &(f32, f32)| {
                    THUMBNAIL.1 as f32 <= (one.0 - other.0).abs()
                        || THUMBNAIL.0 as f32 <= (one.1 - other.1).abs()
                };
                assert!(found[..index].iter().all(apart), "{count}: {found:?}");
            }
        }
        let points = array![[3.0_f32, 0.0], [-3.0, 0.0]];
        let designs = [(0, Array2::ones((10, 20))), (1, Array2::zeros((10, 20)))];
        let canvas = draw(&Scatter { designs: &designs, ..figure(&points) }).unwrap();
        let has_black = (0..canvas.width() as i32)
            .any(|x| canvas.pixel(x, 100) == Some(crate::drawing::color::Color(0, 0, 0)));
        assert!(has_black);
        let wrong = [(2, Array2::ones((10, 20)))];
        assert!(check(&Scatter { designs: &wrong, ..figure(&points) }).is_err());
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
