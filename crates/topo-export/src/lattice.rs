//! Marching squares on cell centers, up to the edge of the domain.

use std::collections::BTreeMap;

use ndarray::ArrayView2;

/// How far from both of its ends a contour stays on an edge of the lattice, as a share of that
/// edge.
///
/// Contours of different pieces then keep apart, and thin bars hold together. Any value below 1 −
/// 1/√2 leaves room for the area.
const MARGIN: f64 = 0.1;

/// Squared sine of the angle below which an edge counts as parallel to a line.
const PARALLEL: f64 = 0.1;

/// Where a contour crosses an edge of the lattice, between a node inside and a node outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crossing {
    inner: [f64; 2],
    /// From the node inside to the node outside; zero on the edge of the domain, where a crossing
    /// cannot move.
    step: [f64; 2],
    /// Share of the step.
    t: f64,
    /// What the crossing adds to the number of cells that its contour encloses.
    pub(crate) cells: f64,
}

impl Crossing {
    pub(crate) fn point(&self) -> [f64; 2] {
        [0, 1].map(|k| self.inner[k] + self.t * self.step[k])
    }

    pub(crate) fn is_fixed(&self) -> bool {
        self.step.iter().all(|&x| x == 0.0)
    }

    /// A direction at right angles to the edge.
    pub(crate) fn across(&self) -> [f64; 2] {
        [-self.step[1], self.step[0]]
    }

    /// Moves outward by a share of the edge, as far as the edge allows.
    pub(crate) fn advance(&mut self, by: f64) {
        self.t = (self.t + by).clamp(MARGIN, 1.0 - MARGIN);
    }

    /// Moves toward a straight line through `point` in a direction, by a share of the way.
    ///
    /// A crossing on an edge that is nearly parallel to the line could not reach it, so it moves
    /// less.
    pub(crate) fn approach(&mut self, point: [f64; 2], direction: [f64; 2], share: f64) {
        let here = self.point();
        let away = cross([point[0] - here[0], point[1] - here[1]], direction);
        let gain = cross(self.step, direction);
        let parallel = PARALLEL * dot(self.step, self.step) * dot(direction, direction);
        self.advance(share * away * gain / (gain * gain + parallel));
    }
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

/// The closed contours around all cells above a level, with the material on their left.
///
/// Positions are in cells, x to the right and y up, from the lower left corner of the domain. Nodes
/// are the centers of the cells; the outermost of them once more on the edge of the domain, so that
/// the field is constant over its last half cell; and around them nodes outside, on the same edge,
/// where contours therefore close. Of two diagonal neighbors and two gaps, the neighbors are joined
/// if the mean of the four is at the level or above, so always in designs of 0 and 1. `None` for
/// more than `most` crossings.
///
/// # References
/// W. E. Lorensen and H. E. Cline, Marching cubes, 1987, in two dimensions; for the ambiguous case
/// G. M. Nielson and B. Hamann, The asymptotic decider, 1991.
pub(crate) fn trace(
    density: ArrayView2<'_, f64>,
    level: f64,
    most: usize,
) -> Option<Vec<Vec<Crossing>>> {
    let lattice = Lattice { density, level };
    let mut next = lattice.steps(most)?;
    let mut contours = Vec::new();
    while let Some((first, mut edge)) = next.pop_first() {
        let mut contour = vec![lattice.crossing(first)];
        while edge != first {
            contour.push(lattice.crossing(edge));
            edge = next.remove(&edge).unwrap_or(first);
        }
        contours.push(contour);
    }
    Some(contours)
}

/// The edge from a node to the next one, to the right or up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    row: usize,
    column: usize,
    up: bool,
}

/// Rows are counted from below here.
struct Lattice<'a> {
    density: ArrayView2<'a, f64>,
    level: f64,
}

impl Lattice<'_> {
    /// From each crossed edge to the next one of the same contour; `None` for more than `most`.
    fn steps(&self, most: usize) -> Option<BTreeMap<Edge, Edge>> {
        let (rows, columns) = self.density.dim();
        let mut next = BTreeMap::new();
        for row in 0..rows + 3 {
            for column in 0..columns + 3 {
                // Counterclockwise; edge k joins the corners k and k + 1.
                let corners =
                    [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)];
                let edge = |row, column, up| Edge { row, column, up };
                let edges = [
                    edge(row, column, false),
                    edge(row, column + 1, true),
                    edge(row + 1, column, false),
                    edge(row, column, true),
                ];
                let inside = corners.map(|(r, c)| self.is_inside(r, c));
                let mean =
                    || corners.iter().filter_map(|&(r, c)| self.value(r, c)).sum::<f64>() / 4.0;
                for exit in (0..4).filter(|&k| inside[k] && !inside[(k + 1) % 4]) {
                    // Where there are two ways on, the nearest one around the node outside joins,
                    // and around the node inside it separates.
                    let joined = self.level <= mean();
                    let way = |d: usize| if joined { (exit + d) % 4 } else { (exit + 4 - d) % 4 };
                    let entry = (1..4).map(way).find(|&k| !inside[k] && inside[(k + 1) % 4]);
                    next.extend(entry.map(|entry| (edges[exit], edges[entry])));
                }
            }
            if most < next.len() {
                return None;
            }
        }
        Some(next)
    }

    fn crossing(&self, edge: Edge) -> Crossing {
        let Edge { row, column, up } = edge;
        let (rows, columns) = self.density.dim();
        let here = (row, column);
        let there = if up { (row + 1, column) } else { (row, column + 1) };
        let (inner, outer, direction) =
            if self.is_inside(here.0, here.1) { (here, there, 1.0) } else { (there, here, -1.0) };
        let position =
            |(row, column): (usize, usize)| [position(column, columns), position(row, rows)];
        let (from, to) = (position(inner), position(outer));
        let t = match (self.value(inner.0, inner.1), self.value(outer.0, outer.1)) {
            (Some(high), Some(low)) => (high - self.level) / (high - low),
            _ => 0.5,
        };
        // A row of cells ends at its last face: to the right of cell i, at i + 1.
        let is_row_of_cells = !up && (2..rows + 2).contains(&row);
        let face = (column.max(1) - 1).min(columns) as f64;
        let cells = if is_row_of_cells { direction * face } else { 0.0 };
        Crossing {
            inner: from,
            step: [to[0] - from[0], to[1] - from[1]],
            t: t.clamp(MARGIN, 1.0 - MARGIN),
            cells,
        }
    }

    fn is_inside(&self, row: usize, column: usize) -> bool {
        self.value(row, column).is_some_and(|value| self.level < value)
    }

    /// The density at a node; `None` outside the domain.
    fn value(&self, row: usize, column: usize) -> Option<f64> {
        let (rows, columns) = self.density.dim();
        let on_domain = (1..rows + 3).contains(&row) && (1..columns + 3).contains(&column);
        let cell = |node: usize, n: usize| (node.max(2) - 2).min(n - 1);
        on_domain.then(|| self.density[(rows - 1 - cell(row, rows), cell(column, columns))])
    }
}

/// Coordinate of the nodes of `n` cells: the edge of the domain, once outside and once inside, the
/// centers, and the other edge likewise.
fn position(node: usize, n: usize) -> f64 {
    (node as f64 - 1.5).clamp(0.0, n as f64)
}
