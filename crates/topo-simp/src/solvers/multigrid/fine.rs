//! The stiffness of the finest level, without a matrix.

use pulp::{Simd, WithSimd};

use super::{
    layout::Layout,
    sweeps::{lanes, lanes_mut},
};

/// The element matrix in the modes of the square.
///
/// A bilinear field on the unit square is `u = a + a_ξ ξ + a_η η + a_ξη ξη` (x to the right, y up,
/// both from the center). In these modes `∫ ε : C : ε` has no cross terms but one, since odd powers
/// vanish over the square: `k (a_ξ² + 2 ν a_ξ b_η + b_η²) + k g (a_η + b_ξ)² + k h (a_ξη² + b_ξη²)`
/// with `k = 1 / (1 − ν²)`, `g = (1 − ν) / 2` and `h = (1 + g) / 12`. That is a third of the
/// arithmetic of the 8 × 8 product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Modes {
    /// A quarter of `k`, of `k ν` and of `k g`, since the derivatives are taken twice too large;
    /// and `k h`.
    stretch: f64,
    cross: f64,
    shear: f64,
    hourglass: f64,
}

impl Modes {
    pub(super) fn new(nu: f64) -> Self {
        let (k, g) = (1.0 / (1.0 - nu * nu), 0.5 * (1.0 - nu));
        Self {
            stretch: 0.25 * k,
            cross: 0.25 * k * nu,
            shear: 0.25 * k * g,
            hourglass: k * (1.0 + g) / 12.0,
        }
    }

    /// The diagonal entry of the element matrix, the same for all eight unknowns.
    pub(super) fn diagonal(self) -> f64 {
        self.stretch + self.shear + self.hourglass
    }

    /// The largest eigenvalue of the element matrix: that of uniform expansion, or of stretch
    /// against shrinkage.
    pub(super) fn largest_eigenvalue(self) -> f64 {
        4.0 * (self.stretch + self.cross.abs())
    }
}

/// Rows of element forces (six of the elements below a row of nodes), what the elements above left
/// for the nodes, and the forces on a row of nodes.
pub(super) type Scratch = [Vec<f64>; 10];

/// Working space of [`Apply`].
pub(super) fn scratch(layout: Layout) -> Scratch {
    std::array::from_fn(|_| vec![0.0; PAD + layout.stride])
}

/// Zeros to the left of a row of element forces.
const PAD: usize = 8;

/// `K u`, and what becomes of it. Rows of supports are not treated: mask them afterwards.
pub(super) struct Apply<'a> {
    pub(super) layout: Layout,
    pub(super) modes: Modes,
    pub(super) moduli: &'a [f64],
    pub(super) u: &'a [f64],
    pub(super) then: Then<'a>,
    pub(super) scratch: &'a mut Scratch,
}

/// What becomes of a product `K u`: done row by row, while it is in the cache.
pub(super) enum Then<'a> {
    /// `f ← K u`; returns `uᵀ f`.
    Product { f: &'a mut [f64] },
    /// `f ← b − K u`; returns nothing of use.
    Residual { b: &'a [f64], f: &'a mut [f64] },
    /// `z ← u + d (b − K u)`, a step of the smoother; returns `bᵀ z`. One plane of d serves both
    /// components.
    Smooth { b: &'a [f64], d: &'a [f64], z: &'a mut [f64] },
}

impl WithSimd for Apply<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Self { layout, modes, moduli, u, mut then, scratch } = self;
        let plane = layout.plane();
        let (ux, uy) = u.split_at(plane);
        let [alpha, beta, shear_x, gamma, delta, stretch_y, carry_x, carry_y, kx, ky] = scratch;
        carry_x.fill(0.0);
        carry_y.fill(0.0);
        let [stretch, cross, shear, hourglass] =
            [modes.stretch, modes.cross, modes.shear, modes.hourglass].map(|m| simd.splat_f64s(m));
        let (add, sub) = (|a, b| simd.add_f64s(a, b), |a, b| simd.sub_f64s(a, b));
        let n = layout.stride / S::F64_LANES;
        let mut total = simd.splat_f64s(0.0);
        for row in 0..=layout.nely {
            let (here, below) = (layout.row(row), layout.row(row + 1));
            let (right, below_right) =
                (here.start + 1..here.end + 1, below.start + 1..below.end + 1);
            let (ulx, uly) = (lanes::<S>(&ux[here.clone()], n), lanes::<S>(&uy[here.clone()], n));
            let (urx, ury) = (lanes::<S>(&ux[right.clone()], n), lanes::<S>(&uy[right], n));
            let (llx, lly) = (lanes::<S>(&ux[below.clone()], n), lanes::<S>(&uy[below], n));
            let (lrx, lry) =
                (lanes::<S>(&ux[below_right.clone()], n), lanes::<S>(&uy[below_right], n));
            let moduli = lanes::<S>(&moduli[here.clone()], n);

            // Forces of the elements below this row of nodes, from their upper left (ul) to their
            // lower right (lr) node.
            let (a, b) =
                (lanes_mut::<S>(&mut alpha[PAD..], n), lanes_mut::<S>(&mut beta[PAD..], n));
            let (g, d) =
                (lanes_mut::<S>(&mut gamma[PAD..], n), lanes_mut::<S>(&mut delta[PAD..], n));
            let s = lanes_mut::<S>(&mut shear_x[PAD..], n);
            let q = lanes_mut::<S>(&mut stretch_y[PAD..], n);
            for i in 0..n {
                // Twice a_ξ, twice a_η, and a_ξη.
                let modes = |ul, ur, ll, lr| {
                    let (rising, falling) = (sub(ur, ll), sub(lr, ul));
                    (add(rising, falling), sub(rising, falling), sub(add(ur, ll), add(ul, lr)))
                };
                let (ax, ae, at) = modes(ulx[i], urx[i], llx[i], lrx[i]);
                let (bx, be, bt) = modes(uly[i], ury[i], lly[i], lry[i]);
                let e = moduli[i];
                let (es, ec) = (simd.mul_f64s(e, stretch), simd.mul_f64s(e, cross));
                let eh = simd.mul_f64s(e, hourglass);
                let p = simd.mul_add_e_f64s(es, ax, simd.mul_f64s(ec, be));
                let r = simd.mul_f64s(simd.mul_f64s(e, shear), add(ae, bx));
                let (hx, hy) = (simd.mul_f64s(eh, at), simd.mul_f64s(eh, bt));
                (a[i], b[i]) = (add(p, hx), sub(p, hx));
                (g[i], d[i]) = (add(r, hy), sub(r, hy));
                s[i] = r;
                q[i] = simd.mul_add_e_f64s(es, be, simd.mul_f64s(ec, ax));
            }

            // The nodes of this row: right and left corners of the elements on their left and
            // right, and what the row above left.
            let left = PAD - 1..PAD - 1 + layout.stride;
            let (al, bl) =
                (lanes::<S>(&alpha[left.clone()], n), lanes::<S>(&beta[left.clone()], n));
            let (gl, dl) =
                (lanes::<S>(&gamma[left.clone()], n), lanes::<S>(&delta[left.clone()], n));
            let (sl, ql) = (lanes::<S>(&shear_x[left.clone()], n), lanes::<S>(&stretch_y[left], n));
            let (a, b) = (lanes::<S>(&alpha[PAD..], n), lanes::<S>(&beta[PAD..], n));
            let (g, d) = (lanes::<S>(&gamma[PAD..], n), lanes::<S>(&delta[PAD..], n));
            let (s, q) = (lanes::<S>(&shear_x[PAD..], n), lanes::<S>(&stretch_y[PAD..], n));
            let (cx, cy) = (lanes_mut::<S>(carry_x, n), lanes_mut::<S>(carry_y, n));
            let (kx, ky) = (lanes_mut::<S>(kx, n), lanes_mut::<S>(ky, n));
            for i in 0..n {
                let (ss, qq) = (add(sl[i], s[i]), add(ql[i], q[i]));
                kx[i] = add(cx[i], add(sub(al[i], a[i]), ss));
                ky[i] = add(cy[i], add(sub(gl[i], g[i]), qq));
                cx[i] = sub(sub(bl[i], b[i]), ss);
                cy[i] = sub(sub(dl[i], d[i]), qq);
            }
            for (k, u, shift) in [(kx, ulx, 0), (ky, uly, plane)] {
                let range = here.start + shift..here.end + shift;
                match &mut then {
                    Then::Product { f } => {
                        let f = lanes_mut::<S>(&mut f[range], n);
                        for i in 0..n {
                            f[i] = k[i];
                            total = simd.mul_add_e_f64s(k[i], u[i], total);
                        }
                    }
                    Then::Residual { b, f } => {
                        let (b, f) =
                            (lanes::<S>(&b[range.clone()], n), lanes_mut::<S>(&mut f[range], n));
                        for i in 0..n {
                            f[i] = sub(b[i], k[i]);
                        }
                    }
                    Then::Smooth { b, d, z } => {
                        let (b, d) =
                            (lanes::<S>(&b[range.clone()], n), lanes::<S>(&d[here.clone()], n));
                        let z = lanes_mut::<S>(&mut z[range], n);
                        for i in 0..n {
                            z[i] = simd.mul_add_e_f64s(d[i], sub(b[i], k[i]), u[i]);
                            total = simd.mul_add_e_f64s(b[i], z[i], total);
                        }
                    }
                }
            }
        }
        simd.reduce_sum_f64s(total)
    }
}

/// `uᵀ KE u` of every element for unit modulus, added to `out`, row by row.
pub(super) struct Energies<'a> {
    pub(super) layout: Layout,
    pub(super) modes: Modes,
    pub(super) u: &'a [f64],
    pub(super) out: &'a mut [f64],
}

impl WithSimd for Energies<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { layout, modes, u, out } = self;
        let (ux, uy) = u.split_at(layout.plane());
        for (row, energies) in out.chunks_exact_mut(layout.nelx).enumerate() {
            let width = layout.nelx + 1;
            let (upper, lower) = (layout.place(row, 0), layout.place(row + 1, 0));
            let (ux0, uy0) = (&ux[upper..upper + width], &uy[upper..upper + width]);
            let (ux1, uy1) = (&ux[lower..lower + width], &uy[lower..lower + width]);
            for (j, energy) in energies.iter_mut().enumerate() {
                let modes_of = |upper: &[f64], lower: &[f64]| {
                    let (ul, ur, ll, lr) = (upper[j], upper[j + 1], lower[j], lower[j + 1]);
                    let (rising, falling) = (ur - ll, lr - ul);
                    (rising + falling, rising - falling, (ur + ll) - (ul + lr))
                };
                let ((ax, ae, at), (bx, be, bt)) = (modes_of(ux0, ux1), modes_of(uy0, uy1));
                *energy += modes.stretch * (ax * ax + be * be)
                    + 2.0 * modes.cross * ax * be
                    + modes.shear * (ae + bx) * (ae + bx)
                    + modes.hourglass * (at * at + bt * bt);
            }
        }
    }
}
