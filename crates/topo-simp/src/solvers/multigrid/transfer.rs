//! Between the levels: bilinear interpolation, and its transpose.

use super::layout::Layout;
use crate::mechanics::ElementMatrix;

/// `coarse ← Pᵀ fine`. `row` is working space of one fine row.
pub(super) fn restrict(
    fine: Layout,
    from: &[f64],
    coarse: Layout,
    to: &mut [f64],
    row: &mut [f64],
) {
    let components = from.chunks_exact(fine.plane()).zip(to.chunks_exact_mut(coarse.plane()));
    for (from, to) in components {
        for r in 0..=coarse.nely {
            // The rows above and below the fine row 2 r by half; ghost rows and missing ones are
            // zero.
            let middle = &from[fine.row((2 * r).min(fine.nely + 1))];
            let above = &from[fine.row(2 * r).start - fine.stride..][..fine.stride];
            let below = &from[fine.row((2 * r + 1).min(fine.nely + 1))];
            for (((sum, middle), above), below) in
                row[1..].iter_mut().zip(middle).zip(above).zip(below)
            {
                *sum = middle + 0.5 * (above + below);
            }
            let to = &mut to[coarse.row(r)][..=coarse.nelx];
            // `row` has a zero to the left of column 0 and zeros to the right of the last.
            for (to, near) in to.iter_mut().zip(row.windows(3).step_by(2)) {
                *to = near[1] + 0.5 * (near[0] + near[2]);
            }
        }
    }
}

/// `fine ← fine + P coarse`.
pub(super) fn prolong(coarse: Layout, from: &[f64], fine: Layout, to: &mut [f64]) {
    let components = from.chunks_exact(coarse.plane()).zip(to.chunks_exact_mut(fine.plane()));
    for (from, to) in components {
        for r in 0..=fine.nely {
            let to = &mut to[fine.row(r)][..=fine.nelx];
            let upper = &from[coarse.row(r / 2)];
            let lower = &from[coarse.row(r.div_ceil(2))];
            let mean = |c: usize| 0.5 * (upper[c] + lower[c]);
            let (pairs, last) = to.as_chunks_mut::<2>();
            let mut left = mean(0);
            for (c, pair) in pairs.iter_mut().enumerate() {
                let right = mean(c + 1);
                pair[0] += left;
                pair[1] += 0.5 * (left + right);
                left = right;
            }
            if let [last] = last {
                *last += left;
            }
        }
    }
}

/// Interpolation from the corners of a coarse element to those of one of its four parts, (row,
/// column) from the upper left: weights by part corner and coarse corner, both in the order of the
/// element matrix.
pub(super) fn part_weights(row: usize, column: usize) -> [[f64; 4]; 4] {
    // Corners in halves of the coarse element: (down, right).
    const CORNERS: [(usize, usize); 4] = [(1, 0), (1, 1), (0, 1), (0, 0)];
    let along = |position: usize, end: usize| {
        let share = 0.5 * position as f64;
        if end == 1 { share } else { 1.0 - share }
    };
    CORNERS.map(|(down, right)| {
        CORNERS.map(|(coarse_down, coarse_right)| {
            along(row + down, coarse_down) * along(column + right, coarse_right)
        })
    })
}

/// `k ← k + Tᵀ part T`, where T interpolates both components with the given weights.
pub(super) fn add_galerkin(part: &ElementMatrix, weights: &[[f64; 4]; 4], k: &mut ElementMatrix) {
    let half = rows(part, weights);
    let mut turned = [[0.0; 8]; 8];
    for (i, row) in half.iter().enumerate() {
        for (j, value) in row.iter().enumerate() {
            turned[j][i] = *value;
        }
    }
    for (k, sum) in k.iter_mut().zip(rows(&turned, weights)) {
        for (k, sum) in k.iter_mut().zip(sum) {
            *k += sum;
        }
    }
}

/// `Tᵀ m`.
fn rows(m: &ElementMatrix, weights: &[[f64; 4]; 4]) -> ElementMatrix {
    let mut out = [[0.0; 8]; 8];
    for (corner, weights) in weights.iter().enumerate() {
        for (coarse, &weight) in weights.iter().enumerate() {
            if weight != 0.0 {
                for axis in 0..2 {
                    for (out, value) in out[2 * coarse + axis].iter_mut().zip(&m[2 * corner + axis])
                    {
                        *out += weight * value;
                    }
                }
            }
        }
    }
    out
}

/// The parts of a coarse element: (row, column) from its upper left.
pub(super) const PARTS: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];

/// Galerkin products of the parts of a coarse element.
pub(super) fn parts_of(matrices: &[ElementMatrix; 4]) -> [ElementMatrix; 4] {
    std::array::from_fn(|part| {
        let mut k = [[0.0; 8]; 8];
        let (down, right) = PARTS[part];
        add_galerkin(&matrices[part], &part_weights(down, right), &mut k);
        k
    })
}
