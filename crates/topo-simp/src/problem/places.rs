//! Places on the nodes of a grid: shared loads, and supports moved to the nearest nodes.

use super::{
    error::ProblemError,
    statement::{Place, Side},
};
use crate::grid::Grid;

/// Places within this part of an element of a node lie on it: conditions are rounded to single
/// precision, and no load moves noticeably by a thousandth of an element.
const ON_NODE: f64 = 1e-3;

/// A node of a place, with its share of a load on that place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeShare {
    /// Row of the node, from 0 on top.
    pub row: usize,
    /// Its column, from 0 at the left.
    pub column: usize,
    /// Its share; those of a place sum up to 1.
    pub share: f64,
}

impl Place {
    /// The nodes that share a load on this place, with consistent nodal forces: each takes the
    /// integral of its bilinear shape function over the place, so a point between nodes loads the
    /// nodes around it, and a line or an area is loaded evenly.
    ///
    /// # Errors
    /// [`ProblemError::OutOfRange`] or [`ProblemError::NodeOutside`].
    ///
    /// # Examples
    /// ```
    /// use topo_simp::{Grid, Place};
    /// let grid = Grid { nelx: 5, nely: 2 };
    /// let middle = Place::Point([0.5, 0.0]).shares(grid)?;
    /// let nodes: Vec<_> = middle.iter().map(|node| (node.row, node.column, node.share)).collect();
    /// assert_eq!(nodes, [(0, 2, 0.5), (0, 3, 0.5)]);
    /// # Ok::<(), topo_simp::ProblemError>(())
    /// ```
    pub fn shares(&self, grid: Grid) -> Result<Vec<NodeShare>, ProblemError> {
        shares(self, grid, "the place")
    }

    /// The nodes, as (row, column), that a support on this place holds: a point holds the nearest
    /// node, and the ends of lines and areas move outward to theirs.
    ///
    /// # Errors
    /// As [`Place::shares`].
    pub fn held(&self, grid: Grid) -> Result<Vec<(usize, usize)>, ProblemError> {
        held(self, grid, "the place")
    }

    /// Whether all corners and ends of this place lie on nodes.
    ///
    /// # Errors
    /// As [`Place::shares`].
    pub fn is_on_nodes(&self, grid: Grid) -> Result<bool, ProblemError> {
        let span = Span::of(self, grid, "the place")?;
        Ok([span.x, span.y].iter().flatten().all(|at| at.fract() == 0.0))
    }
}

/// The nodes of a load, with the share of each; `what` names the load in an error.
pub(super) fn shares(
    place: &Place,
    grid: Grid,
    what: &str,
) -> Result<Vec<NodeShare>, ProblemError> {
    let span = Span::of(place, grid, what)?;
    let (rows, columns) = (spread(span.y), spread(span.x));
    let of_row = |&(row, down): &(usize, f64)| {
        columns.iter().map(move |&(column, across)| NodeShare { row, column, share: down * across })
    };
    Ok(rows.iter().flat_map(of_row).filter(|node| 0.0 < node.share).collect())
}

/// The nodes that a support holds, as (row, column); `what` names the support in an error.
pub(super) fn held(
    place: &Place,
    grid: Grid,
    what: &str,
) -> Result<Vec<(usize, usize)>, ProblemError> {
    let span = Span::of(place, grid, what)?;
    let nodes = |[first, last]: [f64; 2]| {
        if last <= first {
            let nearest = first.round() as usize;
            nearest..=nearest
        } else {
            // Halves go outward at both ends, so that a symmetric place holds symmetric nodes.
            (first - 0.5).ceil() as usize..=(last + 0.5).floor() as usize
        }
    };
    let columns = nodes(span.x);
    Ok(nodes(span.y).flat_map(|row| columns.clone().map(move |column| (row, column))).collect())
}

/// Where a place begins and ends, in elements; a coordinate on a node is a whole number.
struct Span {
    x: [f64; 2],
    y: [f64; 2],
}

impl Span {
    fn of(place: &Place, grid: Grid, what: &str) -> Result<Self, ProblemError> {
        let relative = |name: &str, value: f64| {
            if (0.0..=1.0).contains(&value) {
                Ok(value)
            } else {
                let what = format!("{name} of {what}");
                Err(ProblemError::OutOfRange { what, value, range: "in [0, 1]" })
            }
        };
        let ordered = |name: &str, low: f64, high: f64| {
            if low <= high {
                Ok(())
            } else {
                let what = format!("the end of {what} in {name}");
                let range = "at or after its beginning";
                Err(ProblemError::OutOfRange { what, value: high, range })
            }
        };
        let (width, height) = (grid.nelx as f64, grid.nely as f64);
        let column = |x: f64| Ok::<_, ProblemError>(snapped(relative("x", x)? * width));
        let row = |y: f64| Ok::<_, ProblemError>(snapped(relative("y", y)? * height));
        let on_side = |side: Side, [first, last]: [f64; 2]| match side {
            Side::Left => Self { x: [0.0; 2], y: [first, last] },
            Side::Right => Self { x: [width; 2], y: [first, last] },
            Side::Top => Self { x: [first, last], y: [0.0; 2] },
            Side::Bottom => Self { x: [first, last], y: [height; 2] },
        };
        let length = |side: Side| match side {
            Side::Left | Side::Right => height,
            Side::Top | Side::Bottom => width,
        };
        Ok(match *place {
            Place::Point([x, y]) => {
                let (y, x) = (row(y)?, column(x)?);
                Self { x: [x; 2], y: [y; 2] }
            }
            Place::Node([column, row]) => {
                if column > grid.nelx || row > grid.nely {
                    let what = what.to_owned();
                    return Err(ProblemError::NodeOutside { what, column, row, grid });
                }
                Self { x: [column as f64; 2], y: [row as f64; 2] }
            }
            Place::Edge(side) => on_side(side, [0.0, length(side)]),
            Place::Segment { side, from, to } => {
                let at =
                    |name, s| Ok::<_, ProblemError>(snapped(relative(name, s)? * length(side)));
                let ends = [at("the beginning", from)?, at("the end", to)?];
                ordered("position", from, to)?;
                on_side(side, ends)
            }
            Place::Area { min, max } => {
                let y = [row(min[1])?, row(max[1])?];
                let x = [column(min[0])?, column(max[0])?];
                ordered("x", min[0], max[0])?;
                ordered("y", min[1], max[1])?;
                Self { x, y }
            }
        })
    }
}

/// A position in elements, on the node if it is as good as there.
fn snapped(position: f64) -> f64 {
    let node = position.round();
    if (position - node).abs() < ON_NODE { node } else { position }
}

/// The nodes along one axis over which an even load from `first` to `last` is spread, and the share
/// of each: the integral of its hat function, over the length.
fn spread([first, last]: [f64; 2]) -> Vec<(usize, f64)> {
    let nodes = first.floor() as usize..=last.ceil() as usize;
    if last <= first {
        return nodes.map(|node| (node, 1.0 - (node as f64 - first).abs())).collect();
    }
    let share = |node: usize| {
        let k = node as f64;
        // Each slope of the hat is linear, so its integral is the width times its middle value.
        let rising = [first.max(k - 1.0), last.min(k)];
        let falling = [first.max(k), last.min(k + 1.0)];
        let slope = |[low, high]: [f64; 2], value: fn(f64, f64) -> f64| {
            if low < high { (high - low) * value(0.5 * (low + high), k) } else { 0.0 }
        };
        slope(rising, |middle, k| middle - (k - 1.0)) + slope(falling, |middle, k| k + 1.0 - middle)
    };
    nodes.map(|node| (node, share(node) / (last - first))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_place() -> impl Strategy<Value = Place> {
        let pair =
            || (0.0..=1.0, 0.0..=1.0_f64).prop_map(|(a, b): (f64, f64)| [a.min(b), a.max(b)]);
        let sides = vec![Side::Left, Side::Right, Side::Top, Side::Bottom];
        prop_oneof![
            [0.0..=1.0, 0.0..=1.0].prop_map(Place::Point),
            prop::sample::select(sides.clone()).prop_map(Place::Edge),
            (prop::sample::select(sides), pair()).prop_map(|(side, [from, to])| Place::Segment {
                side,
                from,
                to
            }),
            (pair(), pair())
                .prop_map(|([x0, x1], [y0, y1])| Place::Area { min: [x0, y0], max: [x1, y1] }),
        ]
    }

    /// The place with left and right, or top and bottom, exchanged.
    fn mirrored(place: &Place, x: bool) -> Place {
        let turn = |[px, py]: [f64; 2]| if x { [1.0 - px, py] } else { [px, 1.0 - py] };
        let side = |side: Side| match (side, x) {
            (Side::Left, true) => Side::Right,
            (Side::Right, true) => Side::Left,
            (Side::Top, false) => Side::Bottom,
            (Side::Bottom, false) => Side::Top,
            (other, _) => other,
        };
        match *place {
            Place::Point(point) => Place::Point(turn(point)),
            Place::Node(node) => Place::Node(node),
            Place::Edge(edge) => Place::Edge(side(edge)),
            Place::Segment { side: edge, from, to } => {
                let along = matches!(edge, Side::Top | Side::Bottom) == x;
                let (from, to) = if along { (1.0 - to, 1.0 - from) } else { (from, to) };
                Place::Segment { side: side(edge), from, to }
            }
            Place::Area { min, max } => {
                let (a, b) = (turn(min), turn(max));
                Place::Area {
                    min: [a[0].min(b[0]), a[1].min(b[1])],
                    max: [a[0].max(b[0]), a[1].max(b[1])],
                }
            }
        }
    }

    proptest! {
        /// Statically equivalent, symmetric, and without a node that pulls the other way.
        #[test]
        fn shares_keep_the_resultant_and_mirror_images_the_shares(
            place in any_place(), nelx in 1..20_usize, nely in 1..20_usize,
        ) {
            let grid = Grid { nelx, nely };
            let shares = place.shares(grid).unwrap();
            let sum = |f: &dyn Fn(&NodeShare) -> f64| shares.iter().map(|n| n.share * f(n)).sum::<f64>();
            let middle = |[a, b]: [f64; 2]| 0.5 * (a + b);
            let span = Span::of(&place, grid, "it").unwrap();
            prop_assert!((sum(&|_| 1.0) - 1.0).abs() < 1e-12);
            prop_assert!((sum(&|n| n.column as f64) - middle(span.x)).abs() < 1e-9);
            prop_assert!((sum(&|n| n.row as f64) - middle(span.y)).abs() < 1e-9);
            prop_assert!(shares.iter().all(|n| 0.0 < n.share && n.row <= nely && n.column <= nelx));
            for x in [false, true] {
                let image = mirrored(&place, x).shares(grid).unwrap();
                for node in &shares {
                    let row = if x { node.row } else { nely - node.row };
                    let column = if x { nelx - node.column } else { node.column };
                    let there = image.iter().find(|n| (n.row, n.column) == (row, column));
                    // Where `1 - x` rounds, a place may or may not count as on a node.
                    let share = there.map_or(0.0, |n| n.share);
                    prop_assert!((share - node.share).abs() < 2.0 * ON_NODE, "{} {}", share, node.share);
                }
            }
        }
    }

    #[test]
    fn places_on_nodes_have_the_shares_of_a_constant_line_load() {
        let grid = Grid { nelx: 4, nely: 2 };
        let shares = |place: Place| {
            let nodes = place.shares(grid).unwrap();
            nodes.into_iter().map(|n| (n.row, n.column, n.share)).collect::<Vec<_>>()
        };
        assert_eq!(
            shares(Place::Edge(Side::Top)),
            [(0, 0, 0.125), (0, 1, 0.25), (0, 2, 0.25), (0, 3, 0.25), (0, 4, 0.125)]
        );
        assert_eq!(shares(Place::Point([0.75, 0.5])), [(1, 3, 1.0)]);
        // A quarter of an element beyond a node on each side.
        let odd = Place::Segment { side: Side::Bottom, from: 0.1875, to: 0.8125 };
        let found = shares(odd);
        assert_eq!(found.first().map(|n| n.2), found.last().map(|n| n.2));
        assert_eq!(found.len(), 5);
        // Rounded to single precision, a place on a node stays there.
        assert_eq!(shares(Place::Point([f64::from(0.75_f32 + 1e-7), 0.5])), [(1, 3, 1.0)]);
    }

    #[test]
    fn supports_move_to_the_nearest_nodes_and_say_so() {
        let grid = Grid { nelx: 5, nely: 5 };
        let middle = Place::Segment { side: Side::Left, from: 0.3, to: 0.7 };
        assert_eq!(middle.held(grid).unwrap(), [(1, 0), (2, 0), (3, 0), (4, 0)]);
        assert_eq!(Place::Point([0.5, 1.0]).held(grid).unwrap(), [(5, 3)]);
        assert!(!middle.is_on_nodes(grid).unwrap());
        assert!(Place::Edge(Side::Left).is_on_nodes(grid).unwrap());
    }
}
