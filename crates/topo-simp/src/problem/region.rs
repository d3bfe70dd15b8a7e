//! Which elements lie in a shape.

use super::{error::ProblemError, statement::Shape};
use crate::grid::Grid;

/// Slack in elements: a center this near to a boundary counts as on it, whatever rounding says.
const SLACK: f64 = 1e-9;

/// Checks the numbers of a shape.
pub(super) fn check(region: usize, shape: &Shape) -> Result<(), ProblemError> {
    let number = |name: &str, value: f64, fine: bool, range| {
        if fine {
            Ok(())
        } else {
            Err(ProblemError::OutOfRange {
                what: format!("{name} of passive region {region}"),
                value,
                range,
            })
        }
    };
    let point = |name: &str, [x, y]: [f64; 2]| {
        number(&format!("the x {name}"), x, x.is_finite(), "finite")?;
        number(&format!("the y {name}"), y, y.is_finite(), "finite")
    };
    let radius =
        |name: &str, r: f64| number(name, r, r > 0.0 && r.is_finite(), "positive and finite");
    match shape {
        Shape::Rectangle { min, max } => {
            point("min", *min)?;
            point("max", *max)?;
            number("the x max", max[0], min[0] < max[0], "above its min")?;
            number("the y max", max[1], min[1] < max[1], "above its min")
        }
        Shape::Circle { center, radius: r } => {
            point("center", *center)?;
            radius("the radius", *r)
        }
        Shape::Ellipse { center, radii } => {
            point("center", *center)?;
            radius("the x radius", radii[0])?;
            radius("the y radius", radii[1])
        }
        Shape::Cells { rows } => {
            let width = rows.first().map_or(0, |row| row.chars().count());
            let fits = |row: &String| {
                0 < width && row.chars().count() == width && row.chars().all(|c| "#.".contains(c))
            };
            match rows.iter().position(|row| !fits(row)) {
                None if !rows.is_empty() => Ok(()),
                found => {
                    let row = found.unwrap_or(0);
                    let text = rows.get(row).cloned().unwrap_or_default();
                    Err(ProblemError::Picture { region, row, text })
                }
            }
        }
        Shape::Polygon { corners } => {
            if corners.len() < 3 {
                return Err(ProblemError::Polygon { region, corners: corners.len() });
            }
            corners.iter().try_for_each(|corner| point("corner", *corner))
        }
    }
}

/// Whether the center of an element lies inside.
pub(super) fn contains(shape: &Shape, grid: Grid, row: usize, column: usize) -> bool {
    let (width, height) = (grid.nelx as f64, grid.nely as f64);
    let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
    let scaled = |[px, py]: [f64; 2]| (px * width, py * height);
    match shape {
        Shape::Rectangle { min, max } => {
            let ((x0, y0), (x1, y1)) = (scaled(*min), scaled(*max));
            (x0 - SLACK..x1 - SLACK).contains(&x) && (y0 - SLACK..y1 - SLACK).contains(&y)
        }
        Shape::Circle { center, radius } => {
            let (cx, cy) = scaled(*center);
            (x - cx).hypot(y - cy) < radius * height - SLACK
        }
        Shape::Ellipse { center, radii } => {
            let ((cx, cy), (rx, ry)) = (scaled(*center), scaled(*radii));
            ((x - cx) / rx).hypot((y - cy) / ry) < 1.0 - SLACK
        }
        Shape::Cells { rows } => {
            // The cell of the picture that the center of the element lies in.
            let cell =
                |at: f64, length: f64, n: usize| ((at / length * n as f64) as usize).min(n - 1);
            rows.get(cell(y, height, rows.len().max(1))).is_some_and(|row| {
                let n = row.chars().count().max(1);
                row.chars().nth(cell(x, width, n)) == Some('#')
            })
        }
        Shape::Polygon { corners } => {
            let corners: Vec<_> = corners.iter().map(|corner| scaled(*corner)).collect();
            let mut inside = false;
            for (&(ax, ay), &(bx, by)) in corners.iter().zip(corners.iter().cycle().skip(1)) {
                // A ray to the right of the center crosses this side; a corner belongs to the side
                // below it.
                if (ay <= y) != (by <= y) && x < ax + (y - ay) / (by - ay) * (bx - ax) - SLACK {
                    inside = !inside;
                }
            }
            inside
        }
    }
}
