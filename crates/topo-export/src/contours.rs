//! Smooth closed curves around the material of a design.

use ndarray::ArrayView2;

use crate::checks::{check_densities, check_length};
use crate::error::ExportError;
use crate::lattice::{Crossing, trace};
use crate::polygon::signed_area;
use crate::smooth::{offset, smooth};

/// Largest difference between the area of contours and the volume of their design, relative to the
/// latter.
pub const AREA_TOLERANCE: f64 = 0.005;

/// Cells of a design at most: they are sorted.
const MOST_CELLS: usize = 1 << 26;
/// Points of all contours at most: each is moved a hundred times, and becomes corners of triangles.
const MOST_POINTS: usize = 1 << 20;

/// Turns of a contour that span less than this area, in cells, are straight.
const STRAIGHT: f64 = 1e-9;

/// The closed curves around the material of a design, in cells, x to the right and y up, from the
/// lower left corner of its domain.
///
/// Outer curves run counterclockwise and holes clockwise: material is on the left. No curve crosses
/// or touches another or itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Contours {
    rings: Vec<Vec<[f64; 2]>>,
    rows: usize,
    columns: usize,
    volume: f64,
}

impl Contours {
    /// The contours of densities of shape (rows, columns), row 0 on top, 1 = material.
    ///
    /// Marching squares on the centers of the densest cells, as many as the densities sum up to;
    /// crossings by linear interpolation, then without the steps of the grid. Material ends exactly
    /// on the edge of the domain. No center changes sides, so pieces and holes stay as they are;
    /// cells that meet in a corner are joined.
    ///
    /// # Accuracy
    /// In a design of 0 and 1 every island and every hole keeps the area of its cells, to rounding.
    /// The area of a grey design is the sum of its densities, to rounding, unless many cells of one
    /// grey leave no such contour; then the nearest one is returned if it is within
    /// [`AREA_TOLERANCE`].
    ///
    /// # Errors
    /// [`ExportError::Empty`]; [`ExportError::Density`] outside 0 to 1; [`ExportError::Volume`]
    /// beyond the tolerance; [`ExportError::TooManyCells`] above 2²⁶ cells, and
    /// [`ExportError::TooManyPoints`] above 2²⁰ points, which only noise has.
    ///
    /// # Examples
    /// ```
    /// use ndarray::array;
    /// use topo_export::Contours;
    ///
    /// let contours = Contours::of(array![[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]].view())?;
    /// assert_eq!(contours.rings().len(), 1);
    /// assert!((contours.area() - 4.0).abs() < 1e-6);
    /// # Ok::<(), topo_export::ExportError>(())
    /// ```
    pub fn of(density: ArrayView2<'_, f64>) -> Result<Self, ExportError> {
        let (rows, columns) = density.dim();
        if MOST_CELLS < density.len() {
            return Err(ExportError::TooManyCells { rows, columns, most: MOST_CELLS });
        }
        check_densities(density)?;
        let volume = density.sum();
        if volume == 0.0 {
            return Err(ExportError::Empty);
        }
        let mut contours = trace(density, level(density, volume), MOST_POINTS)
            .ok_or(ExportError::TooManyPoints { most: MOST_POINTS })?;
        for contour in &mut contours {
            smooth(contour);
            let cells = contour.iter().map(|crossing| crossing.cells).sum();
            offset(std::slice::from_mut(contour), cells);
        }
        // Nothing is left to do where cells are 0 or 1.
        offset(&mut contours, volume);
        let rings = contours.iter().map(|contour| ring(contour)).collect();
        let contours = Self { rings, rows, columns, volume };
        if contours.area_error().abs() <= AREA_TOLERANCE {
            Ok(contours)
        } else {
            Err(ExportError::Volume { wanted: volume, nearest: contours.area() })
        }
    }

    /// The curves as points; each curve ends where it begins, and the first point is not repeated.
    pub fn rings(&self) -> &[Vec<[f64; 2]>] {
        &self.rings
    }

    /// Number of pieces, which are the curves that run counterclockwise; the others go around
    /// holes.
    pub fn pieces(&self) -> usize {
        self.rings.iter().filter(|ring| 0.0 < signed_area(ring.iter().copied())).count()
    }

    /// Cells of the domain, (rows, columns).
    pub fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Enclosed area, in cells.
    pub fn area(&self) -> f64 {
        self.rings.iter().map(|ring| signed_area(ring.iter().copied())).sum()
    }

    /// Enclosed area over the sum of the densities, minus 1.
    pub fn area_error(&self) -> f64 {
        self.area() / self.volume - 1.0
    }

    /// The curves in millimeters, as all files hold them: in single precision, as STL does.
    pub(crate) fn in_mm(&self, cell_size: f64) -> Result<Vec<Vec<[f32; 2]>>, ExportError> {
        check_length("cell size", cell_size)?;
        check_length("size of the domain", cell_size * self.rows.max(self.columns) as f64)?;
        let scaled = |point: &[f64; 2]| point.map(|x| (x * cell_size) as f32);
        Ok(self.rings.iter().map(|ring| ring.iter().map(scaled).collect()).collect())
    }
}

/// The level above which there are as many cells as the volume, halfway between two densities that
/// occur.
///
/// Cells of the same density are on the same side, whichever leaves the number nearer. There is
/// always a cell above, and one below unless the whole domain has the volume of the design, or one
/// density.
fn level(density: ArrayView2<'_, f64>, volume: f64) -> f64 {
    let mut sorted: Vec<f64> = density.iter().copied().collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let distance = |count: usize| (count as f64 - volume).abs();
    let whole = distance(sorted.len());
    let mut nearest = if whole <= AREA_TOLERANCE * volume { whole } else { f64::INFINITY };
    let mut level = sorted.last().map_or(0.0, |lowest| lowest - 1.0);
    for (i, pair) in sorted.windows(2).enumerate().filter(|(_, pair)| pair[1] < pair[0]) {
        if distance(i + 1) < nearest {
            nearest = distance(i + 1);
            level = 0.5 * (pair[0] + pair[1]);
        }
    }
    level
}

/// The points of a contour without those that repeat or that lie on straight lines.
fn ring(contour: &[Crossing]) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = contour.iter().map(Crossing::point).collect();
    points.dedup();
    if points.first() == points.last() {
        points.pop();
    }
    let mut kept: Vec<[f64; 2]> = Vec::with_capacity(points.len());
    for (i, &point) in points.iter().enumerate() {
        let before = kept.last().copied().unwrap_or(points[points.len() - 1]);
        let after = points[(i + 1) % points.len()];
        if STRAIGHT < signed_area([before, point, after]).abs() {
            kept.push(point);
        }
    }
    kept
}
