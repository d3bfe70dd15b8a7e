//! Held unknowns: where they lie, and cutting them out of vectors and matrices.

use super::layout::Layout;
use crate::mechanics::ElementMatrix;

/// Zeros at these places.
pub(super) fn mask(values: &mut [f64], places: &[usize]) {
    for &place in places {
        values[place] = 0.0;
    }
}

/// The matrix without the rows and columns of held unknowns.
pub(super) fn without(k: &ElementMatrix, held: [bool; 8]) -> ElementMatrix {
    let mut k = *k;
    for (i, row) in k.iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            if held[i] || held[j] {
                *value = 0.0;
            }
        }
    }
    k
}

/// Which unknowns of an element are held; no unknown of an element that sticks out of the grid.
pub(super) fn held(layout: Layout, row: usize, column: usize, fixed: &[bool]) -> [bool; 8] {
    if row >= layout.nely || column >= layout.nelx {
        return [false; 8];
    }
    let (ul, ll) = (layout.place(row, column), layout.place(row + 1, column));
    let [a, b, c, d] = [ll, ll + 1, ul + 1, ul];
    let plane = layout.plane();
    [a, a + plane, b, b + plane, c, c + plane, d, d + plane].map(|place| fixed[place])
}

/// Places that hold true.
pub(super) fn places(fixed: &[bool]) -> Vec<usize> {
    fixed.iter().enumerate().filter(|(_, fixed)| **fixed).map(|(place, _)| place).collect()
}

/// A coarse unknown is held if the fine one at the same node is.
pub(super) fn coincident(fixed: &[bool], fine: Layout, coarse: Layout) -> Vec<bool> {
    let mut out = vec![false; 2 * coarse.plane()];
    for axis in 0..2 {
        for row in (0..=fine.nely).step_by(2) {
            for column in (0..=fine.nelx).step_by(2) {
                out[axis * coarse.plane() + coarse.place(row / 2, column / 2)] =
                    fixed[axis * fine.plane() + fine.place(row, column)];
            }
        }
    }
    out
}
