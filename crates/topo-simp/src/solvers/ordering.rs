//! An elimination order of the nodes of a grid with little fill: nested dissection by straight
//! lines.

use crate::grid::Grid;

/// Rectangles of at most this many nodes are not cut further.
const LEAF: usize = 6;

/// All nodes in elimination order.
///
/// The grid is cut along a line of nodes across its longer side; both halves come first, each
/// ordered in the same way, and the line last. Reference: George, "Nested dissection of a regular
/// finite element mesh", 1973.
pub(crate) fn nested_dissection(grid: Grid) -> Vec<usize> {
    let mut order = Vec::with_capacity(grid.n_nodes());
    dissect(grid, [0, grid.nely + 1], [0, grid.nelx + 1], &mut order);
    order
}

/// Orders the nodes of rows `rows[0]..rows[1]` and columns `columns[0]..columns[1]`.
fn dissect(grid: Grid, rows: [usize; 2], columns: [usize; 2], order: &mut Vec<usize>) {
    let (height, width) = (rows[1] - rows[0], columns[1] - columns[0]);
    let line = |order: &mut Vec<usize>, rows: [usize; 2], columns: [usize; 2]| {
        order.extend(
            (rows[0]..rows[1]).flat_map(|r| (columns[0]..columns[1]).map(move |c| grid.node(r, c))),
        );
    };
    if height * width <= LEAF || height.max(width) < 3 {
        line(order, rows, columns);
    } else if width >= height {
        let cut = columns[0] + width / 2;
        dissect(grid, rows, [columns[0], cut], order);
        dissect(grid, rows, [cut + 1, columns[1]], order);
        line(order, rows, [cut, cut + 1]);
    } else {
        let cut = rows[0] + height / 2;
        dissect(grid, [rows[0], cut], columns, order);
        dissect(grid, [cut + 1, rows[1]], columns, order);
        line(order, [cut, cut + 1], columns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_permutation() {
        for (nelx, nely) in [(1, 1), (2, 1), (1, 7), (5, 5), (60, 20), (17, 31)] {
            let grid = Grid { nelx, nely };
            let mut order = nested_dissection(grid);
            order.sort_unstable();
            assert!(order.into_iter().eq(0..grid.n_nodes()), "{grid}");
        }
    }
}
