//! The coarse levels, and the V-cycle over them.

use pulp::Arch;

use super::{
    banded::Banded,
    coarse::{ApplyStencil, Stencil},
    layout::Layout,
    supports::{held, mask, places},
    sweeps::{Scale, ScaleAdd, Smooth},
    transfer::{PARTS, add_galerkin, prolong, restrict},
};
use crate::mechanics::ElementMatrix;

/// Damping of the smoother, over the diagonal.
pub(super) const DAMPING: f64 = 0.6;

/// What the damping must not exceed when the diagonal is replaced by a bound of the stiffness: the
/// largest eigenvalue of the element matrix on the finest level, the sum of a row's magnitudes on
/// the others, where an element with material in one corner is too stiff for its diagonal. Below 2,
/// no smoothing step adds energy.
pub(super) const SAFE_DAMPING: f64 = 1.9;

/// A level is small enough to be the coarsest if a band solver of one unknown per node takes at most
/// so many multiplications: 17 × 17 nodes are. The V-cycle loses much on coarse levels with thin
/// bars: at 64 × 64 it takes 25 steps from there to 5 × 5 nodes where it takes 13 to 17 × 17.
const COARSEST_WORK: usize = 200_000;

/// A coarse level.
pub(super) struct Level {
    pub(super) layout: Layout,
    pub(super) elements: Vec<ElementMatrix>,
    pub(super) stencil: Stencil,
    pub(super) damped: Vec<f64>,
    pub(super) fixed: Vec<usize>,
    /// Elements with held unknowns, and which.
    pub(super) held: Vec<(usize, [bool; 8])>,
    pub(super) b: Vec<f64>,
    pub(super) x: Vec<f64>,
    t: Vec<f64>,
    pub(super) row: Vec<f64>,
    /// Places of the unknowns in the order of the coarsest equations; empty on the other levels.
    unknowns: Vec<usize>,
}

/// The coarse levels over a finest one, from fine to coarse, and room for the equations of the
/// last.
pub(super) fn levels(finest: Layout) -> (Vec<Level>, Banded) {
    let mut levels = vec![Level::new(finest.coarser())];
    while let Some(last) = levels.last().map(|level| level.layout)
        && band(last).0 * band(last).1.pow(2) > COARSEST_WORK
        && last.coarser() != last
    {
        levels.push(Level::new(last.coarser()));
    }
    let (n, width) = levels.last().map_or((0, 1), |level| band(level.layout));
    if let Some(level) = levels.last_mut() {
        level.unknowns = (0..2 * n).map(|unknown| unknown_place(level.layout, unknown)).collect();
    }
    (levels, Banded::new(2 * n, 2 * width))
}

impl Level {
    fn new(layout: Layout) -> Self {
        Self {
            layout,
            elements: vec![[[0.0; 8]; 8]; layout.nelx * layout.nely],
            stencil: Stencil::new(layout),
            damped: layout.vector(),
            fixed: Vec::new(),
            held: Vec::new(),
            b: layout.vector(),
            x: layout.vector(),
            t: layout.vector(),
            row: vec![0.0; layout.stride + 2],
            unknowns: Vec::new(),
        }
    }

    pub(super) fn set_fixed(&mut self, fixed: &[bool]) {
        let layout = self.layout;
        self.fixed = places(fixed);
        let all = layout.elements().map(|(row, column)| held(layout, row, column, fixed));
        self.held = all.enumerate().filter(|(_, held)| held.contains(&true)).collect();
    }

    /// Galerkin products of the elements of the level below.
    pub(super) fn gather(&mut self, finer: &Self, weights: &[[[f64; 4]; 4]; 4]) {
        let (nelx, nely) = (finer.layout.nelx, finer.layout.nely);
        for ((row, column), k) in self.layout.elements().zip(&mut self.elements) {
            *k = [[0.0; 8]; 8];
            for ((down, right), weights) in PARTS.into_iter().zip(weights) {
                let (i, j) = (2 * row + down, 2 * column + right);
                if i < nely && j < nelx {
                    add_galerkin(&finer.elements[i * nelx + j], weights, k);
                }
            }
        }
    }

    pub(super) fn set_damped(&mut self) {
        let layout = self.layout;
        for row in 0..=layout.nely {
            for column in 0..=layout.nelx {
                let place = layout.place(row, column);
                let places = [place, place + layout.plane()];
                let entries = self.stencil.diagonals_and_row_sums(row, column);
                for (place, [diagonal, row_sum]) in places.into_iter().zip(entries) {
                    // Without stiffness: held, or beside the grid.
                    self.damped[place] = if diagonal > 0.0 {
                        (DAMPING / diagonal).min(SAFE_DAMPING / row_sum)
                    } else {
                        0.0
                    };
                }
            }
        }
    }

    pub(super) fn factorize(&self, coarsest: &mut Banded, arch: Arch) {
        coarsest.clear();
        for ((row, column), k) in self.layout.elements().zip(&self.elements) {
            let unknowns = element_unknowns(self.layout, row, column);
            for (a, k) in unknowns.iter().zip(k) {
                for (b, value) in unknowns.iter().zip(k).filter(|(b, _)| *b <= a) {
                    *coarsest.entry(*a, *b) += value;
                }
            }
        }
        coarsest.factorize(arch);
    }
}

/// A V-cycle from the right-hand side of the first level to its solution.
pub(super) fn cycle(levels: &mut [Level], coarsest: &mut Banded, arch: Arch) {
    let [level, coarser @ ..] = levels else { return };
    mask(&mut level.b, &level.fixed);
    let [next, ..] = coarser else {
        let solution = coarsest.solve(arch, |unknown| level.b[level.unknowns[unknown]]);
        for (place, value) in level.unknowns.iter().zip(solution) {
            level.x[*place] = *value;
        }
        return;
    };
    arch.dispatch(Scale { z: &mut level.x, d: &level.damped, b: &level.b });
    arch.dispatch(ApplyStencil { stencil: &level.stencil, u: &level.x, f: &mut level.t });
    arch.dispatch(ScaleAdd(&mut level.t, -1.0, &level.b));
    restrict(level.layout, &level.t, next.layout, &mut next.b, &mut level.row);
    cycle(coarser, coarsest, arch);
    prolong(coarser[0].layout, &coarser[0].x, level.layout, &mut level.x);
    mask(&mut level.x, &level.fixed);
    arch.dispatch(ApplyStencil { stencil: &level.stencil, u: &level.x, f: &mut level.t });
    arch.dispatch(Smooth { z: &mut level.x, d: &level.damped, b: &level.b, t: &level.t });
}

/// Nodes of a level, and how far apart neighbors are at most when nodes are counted along the
/// shorter side first.
fn band(layout: Layout) -> (usize, usize) {
    let short = layout.nelx.min(layout.nely) + 1;
    ((layout.nelx + 1) * (layout.nely + 1), short + 2)
}

/// The place of an unknown of the coarsest level.
fn unknown_place(layout: Layout, unknown: usize) -> usize {
    let (node, axis) = (unknown / 2, unknown % 2);
    let (row, column) = if layout.nely <= layout.nelx {
        (node % (layout.nely + 1), node / (layout.nely + 1))
    } else {
        (node / (layout.nelx + 1), node % (layout.nelx + 1))
    };
    axis * layout.plane() + layout.place(row, column)
}

/// The unknowns of an element of the coarsest level.
fn element_unknowns(layout: Layout, row: usize, column: usize) -> [usize; 8] {
    let node = |r: usize, c: usize| {
        if layout.nely <= layout.nelx {
            c * (layout.nely + 1) + r
        } else {
            r * (layout.nelx + 1) + c
        }
    };
    let corners = [
        node(row + 1, column),
        node(row + 1, column + 1),
        node(row, column + 1),
        node(row, column),
    ];
    let [a, b, c, d] = corners.map(|node| 2 * node);
    [a, a + 1, b, b + 1, c, c + 1, d, d + 1]
}
