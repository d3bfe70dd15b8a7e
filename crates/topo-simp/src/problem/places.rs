//! Places snapped to the nodes of a grid.

use super::{
    error::ProblemError,
    statement::{Place, Side},
};
use crate::grid::Grid;

/// The nodes of a place as (row, column, share of a load on the place).
pub(super) fn nodes(
    place: &Place,
    grid: Grid,
    what: &str,
) -> Result<Vec<(usize, usize, f64)>, ProblemError> {
    let relative = |name: &str, value: f64| {
        if (0.0..=1.0).contains(&value) {
            Ok(value)
        } else {
            let what = format!("{name} of {what}");
            Err(ProblemError::OutOfRange { what, value, range: "in [0, 1]" })
        }
    };
    let column =
        |x: f64| Ok::<_, ProblemError>((relative("x", x)? * grid.nelx as f64).round() as usize);
    let row =
        |y: f64| Ok::<_, ProblemError>((relative("y", y)? * grid.nely as f64).round() as usize);
    let ordered = |name: &str, low: f64, high: f64| {
        if low <= high {
            Ok(())
        } else {
            let what = format!("the end of {what} in {name}");
            Err(ProblemError::OutOfRange { what, value: high, range: "at or after its beginning" })
        }
    };
    Ok(match *place {
        Place::Point([x, y]) => vec![(row(y)?, column(x)?, 1.0)],
        Place::Node([column, row]) => {
            if column > grid.nelx || row > grid.nely {
                return Err(ProblemError::NodeOutside { what: what.to_owned(), column, row, grid });
            }
            vec![(row, column, 1.0)]
        }
        Place::Edge(side) => side_nodes(side, grid, 0, side_length(side, grid)),
        Place::Segment { side, from, to } => {
            let length = side_length(side, grid);
            let snap = |name, s| {
                Ok::<_, ProblemError>((relative(name, s)? * length as f64).round() as usize)
            };
            let (first, last) = (snap("the beginning", from)?, snap("the end", to)?);
            ordered("position", from, to)?;
            side_nodes(side, grid, first, last)
        }
        Place::Area { min, max } => {
            let (rows, columns) = (row(min[1])?..=row(max[1])?, column(min[0])?..=column(max[0])?);
            ordered("x", min[0], max[0])?;
            ordered("y", min[1], max[1])?;
            let share = 1.0 / (rows.clone().count() * columns.clone().count()) as f64;
            rows.flat_map(|r| columns.clone().map(move |c| (r, c, share))).collect()
        }
    })
}

const fn side_length(side: Side, grid: Grid) -> usize {
    match side {
        Side::Left | Side::Right => grid.nely,
        Side::Top | Side::Bottom => grid.nelx,
    }
}

/// Nodes `first..=last` of a side; the shares are those of a constant line load.
fn side_nodes(side: Side, grid: Grid, first: usize, last: usize) -> Vec<(usize, usize, f64)> {
    let pieces = (last - first) as f64;
    let share = |s: usize| match (first == last, s == first || s == last) {
        (true, _) => 1.0,
        (false, true) => 0.5 / pieces,
        (false, false) => 1.0 / pieces,
    };
    (first..=last)
        .map(|s| match side {
            Side::Left => (s, 0, share(s)),
            Side::Right => (s, grid.nelx, share(s)),
            Side::Top => (0, s, share(s)),
            Side::Bottom => (grid.nely, s, share(s)),
        })
        .collect()
}
