//! The coarse levels: Galerkin products as nine-point stencils.

use pulp::{Simd, WithSimd};

use super::{
    layout::{LANES, Layout},
    sweeps::{lanes, lanes_mut},
};
use crate::mechanics::ElementMatrix;

/// Planes of a stencil: the symmetric block of the node itself, and one full block for each
/// neighbor that comes later.
const N_PLANES: usize = 3 + 4 * N_LATER;
/// The neighbors to the east, south, south-east and south-west.
const N_LATER: usize = 4;

/// A symmetric matrix that couples each node with its eight neighbors.
#[derive(Clone, Debug)]
pub(super) struct Stencil {
    layout: Layout,
    /// Row of nodes after row; in each, plane after plane, so that a row is one piece of memory:
    /// xx, xy, yy of the node itself, then xx, xy, yx, yy (own direction, the neighbor's) for each
    /// later neighbor, then a few zeros.
    ///
    /// The product reads the south-west planes one column ahead. They come last, so that behind
    /// each of them lie zeros: the first column of the next, which has no neighbor in the west, or
    /// the few at the end.
    entries: Vec<f64>,
}

impl Stencil {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, entries: vec![0.0; (layout.nely + 3) * Self::row_len(layout)] }
    }

    const fn row_len(layout: Layout) -> usize {
        N_PLANES * layout.stride + LANES
    }

    /// Where an entry of a node lies. Row −1 is one of zeros.
    const fn index(layout: Layout, plane: usize, row: usize, column: usize) -> usize {
        LANES + (row + 1) * Self::row_len(layout) + plane * layout.stride + column
    }

    /// The sum of element matrices, row by row.
    pub(super) fn assemble(&mut self, elements: &[ElementMatrix]) {
        self.entries.fill(0.0);
        let layout = self.layout;
        for ((row, column), k) in layout.elements().zip(elements) {
            let mut add = |plane: usize, (row, column): (usize, usize), value: f64| {
                self.entries[Self::index(layout, plane, row, column)] += value;
            };
            let (ul, ur) = ((row, column), (row, column + 1));
            let (ll, lr) = ((row + 1, column), (row + 1, column + 1));
            // Unknowns of the element matrix: lower left 0, 1, lower right 2, 3, upper right 4, 5,
            // upper left 6, 7.
            for (corner, node) in [(0, ll), (2, lr), (4, ur), (6, ul)] {
                add(0, node, k[corner][corner]);
                add(1, node, k[corner][corner + 1]);
                add(2, node, k[corner + 1][corner + 1]);
            }
            let mut block = |later: usize, node: (usize, usize), from: usize, to: usize| {
                let plane = 3 + 4 * later;
                add(plane, node, k[from][to]);
                add(plane + 1, node, k[from][to + 1]);
                add(plane + 2, node, k[from + 1][to]);
                add(plane + 3, node, k[from + 1][to + 1]);
            };
            block(0, ul, 6, 4);
            block(0, ll, 0, 2);
            block(1, ul, 6, 0);
            block(1, ur, 4, 2);
            block(2, ul, 6, 2);
            block(3, ur, 4, 0);
        }
    }

    /// Of both unknowns of a node: the diagonal entry, and the sum of the magnitudes in its row of
    /// the matrix.
    pub(super) fn diagonals_and_row_sums(&self, row: usize, column: usize) -> [[f64; 2]; 2] {
        let layout = self.layout;
        let own = Self::index(layout, 0, row, column);
        let before = own - Self::row_len(layout);
        let entry = |start: usize, plane: usize| self.entries[start + plane * layout.stride];
        let [xx, xy, yy] = [0, 1, 2].map(|plane| entry(own, plane));
        let (mut x, mut y) = (xx.abs() + xy.abs(), yy.abs() + xy.abs());
        for (later, towards) in [own - 1, before, before - 1, before + 1].into_iter().enumerate() {
            let block = |start| [0, 1, 2, 3].map(|i| entry(start, 3 + 4 * later + i).abs());
            let ([xx, xy, yx, yy], [txx, txy, tyx, tyy]) = (block(own), block(towards));
            x += xx + xy + txx + tyx;
            y += yx + yy + txy + tyy;
        }
        [[xx, x], [yy, y]]
    }
}

/// `f ← A u`; zeros beside the grid stay zeros.
pub(super) struct ApplyStencil<'a> {
    pub(super) stencil: &'a Stencil,
    pub(super) u: &'a [f64],
    pub(super) f: &'a mut [f64],
}

impl WithSimd for ApplyStencil<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let layout = self.stencil.layout;
        let (plane, n) = (layout.plane(), layout.stride / S::F64_LANES);
        let (ux, uy) = self.u.split_at(plane);
        let (fx, fy) = self.f.split_at_mut(plane);
        // A row of a component from a place on, and of a plane of the stencil from an index on.
        let ux = |place: usize| lanes::<S>(&ux[place..][..layout.stride], n);
        let uy = |place: usize| lanes::<S>(&uy[place..][..layout.stride], n);
        let entries = |index: usize| lanes::<S>(&self.stencil.entries[index..][..layout.stride], n);
        for row in 0..=layout.nely {
            let range = layout.row(row);
            let here = range.start;
            let (above, below) = (here - layout.stride, here + layout.stride);
            let own = Stencil::index(layout, 0, row, 0);
            let before = own - Stencil::row_len(layout);
            let fx = lanes_mut::<S>(&mut fx[range.clone()], n);
            let fy = lanes_mut::<S>(&mut fy[range], n);
            let (x, y) = (ux(here), uy(here));
            let [xx, xy, yy] = [0, 1, 2].map(|plane| entries(own + plane * layout.stride));
            for i in 0..n {
                fx[i] = simd.mul_add_e_f64s(xx[i], x[i], simd.mul_f64s(xy[i], y[i]));
                fy[i] = simd.mul_add_e_f64s(yy[i], y[i], simd.mul_f64s(xy[i], x[i]));
            }
            // Each later neighbor, and the transposed block towards the earlier one on the opposite
            // side.
            for (later, forward, backward, towards) in [
                (0, here + 1, here - 1, own - 1),
                (1, below, above, before),
                (2, below + 1, above - 1, before - 1),
                (3, below - 1, above + 1, before + 1),
            ] {
                let block = |start: usize| {
                    [0, 1, 2, 3]
                        .map(|plane| entries(start + (3 + 4 * later + plane) * layout.stride))
                };
                let ([xx, xy, yx, yy], [txx, txy, tyx, tyy]) = (block(own), block(towards));
                let ((x, y), (tx, ty)) = ((ux(forward), uy(forward)), (ux(backward), uy(backward)));
                for i in 0..n {
                    let mut sum = simd.mul_add_e_f64s(xx[i], x[i], fx[i]);
                    sum = simd.mul_add_e_f64s(xy[i], y[i], sum);
                    sum = simd.mul_add_e_f64s(txx[i], tx[i], sum);
                    fx[i] = simd.mul_add_e_f64s(tyx[i], ty[i], sum);
                    let mut sum = simd.mul_add_e_f64s(yx[i], x[i], fy[i]);
                    sum = simd.mul_add_e_f64s(yy[i], y[i], sum);
                    sum = simd.mul_add_e_f64s(txy[i], tx[i], sum);
                    fy[i] = simd.mul_add_e_f64s(tyy[i], ty[i], sum);
                }
            }
        }
    }
}
