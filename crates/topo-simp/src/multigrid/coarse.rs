//! The coarse levels: Galerkin products as nine-point stencils.

use pulp::{Simd, WithSimd};

use super::layout::{Layout, lanes, lanes_mut};
use crate::element::ElementMatrix;

/// Planes of a stencil: the symmetric block of the node itself, and one full block for each neighbor that comes later.
const N_PLANES: usize = 3 + 4 * N_LATER;
/// The neighbors to the east, south-west, south and south-east.
const N_LATER: usize = 4;

/// A symmetric matrix that couples each node with its eight neighbors.
#[derive(Clone, Debug)]
pub(super) struct Stencil {
    layout: Layout,
    /// Plane after plane: xx, xy, yy of the node itself, then xx, xy, yx, yy (own direction, the neighbor's) for each later
    /// neighbor.
    planes: Vec<f64>,
}

impl Stencil {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, planes: vec![0.0; N_PLANES * layout.plane()] }
    }

    /// The sum of element matrices, row by row.
    pub(super) fn assemble(&mut self, elements: &[ElementMatrix]) {
        self.planes.fill(0.0);
        let (layout, plane) = (self.layout, self.layout.plane());
        for ((row, column), k) in layout.elements().zip(elements) {
            let (ul, ll) = (layout.place(row, column), layout.place(row + 1, column));
            let mut add = |slot: usize, place: usize, value: f64| {
                self.planes[slot * plane + place] += value;
            };
            // Unknowns of the element matrix: lower left 0, 1, lower right 2, 3, upper right 4, 5, upper left 6, 7.
            for (corner, place) in [(0, ll), (2, ll + 1), (4, ul + 1), (6, ul)] {
                add(0, place, k[corner][corner]);
                add(1, place, k[corner][corner + 1]);
                add(2, place, k[corner + 1][corner + 1]);
            }
            let mut block = |later: usize, place: usize, from: usize, to: usize| {
                let slot = 3 + 4 * later;
                add(slot, place, k[from][to]);
                add(slot + 1, place, k[from][to + 1]);
                add(slot + 2, place, k[from + 1][to]);
                add(slot + 3, place, k[from + 1][to + 1]);
            };
            block(0, ul, 6, 4);
            block(0, ll, 0, 2);
            block(1, ul + 1, 4, 0);
            block(2, ul, 6, 0);
            block(2, ul + 1, 4, 2);
            block(3, ul, 6, 2);
        }
    }

    /// The diagonal entry of an unknown.
    pub(super) fn diagonal(&self, place: usize, axis: usize) -> f64 {
        self.planes[2 * axis * self.layout.plane() + place]
    }
}

/// `f ← A u`.
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
        // A row of a component, and of a plane of the stencil, from a place on.
        let ux = |place: usize| lanes::<S>(&ux[place..][..layout.stride], n);
        let uy = |place: usize| lanes::<S>(&uy[place..][..layout.stride], n);
        let entry = |index: usize, place: usize| {
            lanes::<S>(&self.stencil.planes[index * plane + place..][..layout.stride], n)
        };
        for row in 0..=layout.nely {
            let range = layout.row(row);
            let here = range.start;
            let (above, below) = (here - layout.stride, here + layout.stride);
            let fx = lanes_mut::<S>(&mut fx[range.clone()], n);
            let fy = lanes_mut::<S>(&mut fy[range], n);
            let (x, y) = (ux(here), uy(here));
            let (xx, xy, yy) = (entry(0, here), entry(1, here), entry(2, here));
            for i in 0..n {
                fx[i] = simd.mul_add_e_f64s(xx[i], x[i], simd.mul_f64s(xy[i], y[i]));
                fy[i] = simd.mul_add_e_f64s(yy[i], y[i], simd.mul_f64s(xy[i], x[i]));
            }
            // Each later neighbor, and the transposed block towards the earlier one on the opposite side.
            for (later, forward, backward) in [
                (0, here + 1, here - 1),
                (1, below - 1, above + 1),
                (2, below, above),
                (3, below + 1, above - 1),
            ] {
                let block = |place| [0, 1, 2, 3].map(|index| entry(3 + 4 * later + index, place));
                let [xx, xy, yx, yy] = block(here);
                let [txx, txy, tyx, tyy] = block(backward);
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
