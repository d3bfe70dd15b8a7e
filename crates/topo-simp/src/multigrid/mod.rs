//! The stiffness equations by conjugate gradients with a multigrid preconditioner, started from the
//! last solution.
//!
//! The finest level needs no matrix: the element matrix is applied in the modes of the square
//! ([`fine`]). Every coarser level has elements of twice the size, and the Galerkin product of the
//! level below as its matrix, with supports cut out of the interpolation: so supports and voids of
//! any shape are seen on every level. Grids of any size can be halved: the last elements stick out,
//! and what sticks out has no stiffness. The smoother is Jacobi's, the coarsest level is solved
//! directly. All vectors are kept, so that nothing is allocated from one design to the next.
//!
//! Reference: Amir, Aage and Lazarov, "On multigrid-CG for efficient topology optimization", 2014.

mod banded;
#[expect(
    clippy::inline_always,
    reason = "a kernel must be compiled inside the caller that has the vector instructions"
)]
mod coarse;
#[expect(
    clippy::inline_always,
    reason = "a kernel must be compiled inside the caller that has the vector instructions"
)]
mod fine;
#[expect(
    clippy::inline_always,
    reason = "a kernel must be compiled inside the caller that has the vector instructions"
)]
mod layout;
#[cfg(test)]
mod tests;
mod transfer;

use pulp::Arch;

use self::{
    banded::Banded,
    coarse::{ApplyStencil, Stencil},
    fine::{Apply, Energies, Modes, Scratch, Then},
    layout::{AddScaled, Dot, Layout, Scale, ScaleAdd, Smooth},
    transfer::{add_galerkin, part_weights, prolong, restrict},
};
use crate::{
    Grid,
    element::{ElementMatrix, element_matrix},
    model::Model,
};

/// Damping of the smoother, over the diagonal.
const DAMPING: f64 = 0.6;

/// What the damping must not exceed when the diagonal is replaced by a bound of the stiffness: the
/// largest eigenvalue of the element matrix on the finest level, the sum of a row's magnitudes on
/// the others, where an element with material in one corner is too stiff for its diagonal. Below 2,
/// no smoothing step adds energy.
const SAFE_DAMPING: f64 = 1.9;

/// The coarsest level is reached when a band solver takes about so many multiplications.
const COARSEST_WORK: usize = 3000;

/// The conjugate gradients did not reach the tolerance.
#[derive(Debug)]
pub(crate) struct NotConverged;

/// The equations of one grid, and the last solution.
pub(crate) struct Multigrid {
    grid: Grid,
    arch: Arch,
    modes: Modes,
    layout: Layout,
    /// Young's moduli, each at the place of its element.
    moduli: Vec<f64>,
    /// Damping over diagonal, the same for both components; 0 beside the grid.
    damped: Vec<f64>,
    /// Places of held unknowns.
    fixed: Vec<usize>,
    scratch: Scratch,
    /// Residual, preconditioned residual and what it was before the last smoothing, direction,
    /// stiffness times direction.
    r: Vec<f64>,
    z: Vec<f64>,
    rough: Vec<f64>,
    p: Vec<f64>,
    q: Vec<f64>,
    row: Vec<f64>,
    /// From fine to coarse.
    levels: Vec<Level>,
    coarsest: Banded,
    /// Galerkin products of the four parts of a coarse element without supports.
    parts: [ElementMatrix; 4],
    /// Elements of the first coarse level with supports in them.
    supported: Vec<(usize, [ElementMatrix; 4])>,
    cases: Vec<Case>,
}

/// A coarse level.
struct Level {
    layout: Layout,
    elements: Vec<ElementMatrix>,
    stencil: Stencil,
    damped: Vec<f64>,
    fixed: Vec<usize>,
    /// Elements with held unknowns, and which.
    held: Vec<(usize, [bool; 8])>,
    b: Vec<f64>,
    x: Vec<f64>,
    t: Vec<f64>,
    row: Vec<f64>,
}

/// A load case.
struct Case {
    /// Places and forces.
    forces: Vec<(usize, f64)>,
    u: Vec<f64>,
    compliance: f64,
}

impl Multigrid {
    pub(crate) fn new(grid: Grid) -> Self {
        let layout = Layout::new(grid.nelx, grid.nely);
        let mut levels = vec![Level::new(layout.coarser())];
        while let Some(last) = levels.last().map(|level| level.layout)
            && band(last).0 * band(last).1.pow(2) > COARSEST_WORK
            && last.coarser() != last
        {
            levels.push(Level::new(last.coarser()));
        }
        let (n, width) = levels.last().map_or((0, 1), |level| band(level.layout));
        Self {
            grid,
            arch: Arch::new(),
            modes: Modes::new(0.3),
            layout,
            moduli: vec![0.0; layout.plane()],
            damped: vec![0.0; layout.plane()],
            fixed: Vec::new(),
            scratch: fine::scratch(layout),
            r: layout.vector(),
            z: layout.vector(),
            rough: layout.vector(),
            p: layout.vector(),
            q: layout.vector(),
            row: vec![0.0; layout.stride + 2],
            levels,
            coarsest: Banded::new(2 * n, 2 * width),
            parts: [[[0.0; 8]; 8]; 4],
            supported: Vec::new(),
            cases: Vec::new(),
        }
    }

    /// Takes over the supports and loads of a problem on the same grid; nothing of the previous one
    /// stays.
    pub(crate) fn set_model(&mut self, model: &Model) {
        let layout = self.layout;
        self.modes = Modes::new(model.poisson_ratio);
        let ke = element_matrix(model.poisson_ratio);
        self.parts = parts_of(&[ke; 4]);
        let place = |dof: usize| {
            let (node, width) = (dof / 2, layout.nelx + 1);
            layout.place(node / width, node % width) + dof % 2 * layout.plane()
        };
        let mut fixed = vec![false; 2 * layout.plane()];
        for (dof, _) in model.fixed.iter().enumerate().filter(|(_, fixed)| **fixed) {
            fixed[place(dof)] = true;
        }
        self.fixed = places(&fixed);
        // Interpolation leaves supports out: their rows and columns are cut from the element
        // matrices.
        self.supported.clear();
        let coarse = self.levels[0].layout;
        for (e, (row, column)) in coarse.elements().enumerate() {
            let cut =
                PARTS.map(|(down, right)| held(layout, 2 * row + down, 2 * column + right, &fixed));
            if cut.iter().flatten().any(|held| *held) {
                self.supported.push((e, parts_of(&cut.map(|held| without(&ke, held)))));
            }
        }
        let mut finer = layout;
        for level in &mut self.levels {
            fixed = coincident(&fixed, finer, level.layout);
            level.set_fixed(&fixed);
            finer = level.layout;
        }
        self.cases = model
            .cases
            .iter()
            .map(|forces| Case {
                forces: forces.iter().map(|&(dof, force)| (place(dof), force)).collect(),
                u: layout.vector(),
                compliance: 0.0,
            })
            .collect();
    }

    /// Solves for the displacements of all load cases, for the given Young's modulus of every
    /// element, from the last displacements on.
    ///
    /// Ends one step after the relative error of the displacements in the energy norm, as the
    /// preconditioner estimates it, has come below the tolerance. Returns the number of steps.
    pub(crate) fn solve(
        &mut self,
        moduli: &[f64],
        tolerance: f64,
        max_steps: usize,
    ) -> Result<usize, NotConverged> {
        self.prepare(moduli);
        let mut total = 0;
        let mut cases = std::mem::take(&mut self.cases);
        let solved = cases.iter_mut().try_for_each(|case| {
            total += self.solve_case(case, tolerance, max_steps)?;
            Ok(())
        });
        self.cases = cases;
        solved.map(|()| total)
    }

    fn solve_case(
        &mut self,
        case: &mut Case,
        tolerance: f64,
        max_steps: usize,
    ) -> Result<usize, NotConverged> {
        let arch = self.arch;
        // The forces less what the displacements carry already.
        self.p.fill(0.0);
        for &(place, force) in &case.forces {
            self.p[place] = force;
        }
        let then = Then::Residual { b: &self.p, f: &mut self.r };
        arch.dispatch(Apply {
            layout: self.layout,
            modes: self.modes,
            moduli: &self.moduli,
            u: &case.u,
            then,
            scratch: &mut self.scratch,
        });
        mask(&mut self.r, &self.fixed);
        // Exact to second order in the error: the compliance of the true displacements is higher by
        // its energy.
        let load: f64 = case.forces.iter().map(|&(place, force)| force * case.u[place]).sum();
        case.compliance = load + arch.dispatch(Dot(&case.u, &self.r));
        let mut before = f64::INFINITY;
        for step in 1..=max_steps {
            let rz = self.precondition();
            if rz == 0.0 {
                return Ok(step);
            }
            let close = rz <= tolerance * tolerance * case.compliance;
            if step == 1 {
                self.p.copy_from_slice(&self.z);
            } else {
                arch.dispatch(ScaleAdd(&mut self.p, rz / before, &self.z));
            }
            let energy = arch.dispatch(Apply {
                layout: self.layout,
                modes: self.modes,
                moduli: &self.moduli,
                u: &self.p,
                then: Then::Product { f: &mut self.q },
                scratch: &mut self.scratch,
            });
            mask(&mut self.q, &self.fixed);
            let length = rz / energy;
            if !(rz > 0.0 && length > 0.0 && length.is_finite()) {
                return Err(NotConverged);
            }
            arch.dispatch(AddScaled(&mut case.u, length, &self.p));
            case.compliance += length * rz;
            if close {
                return Ok(step);
            }
            arch.dispatch(AddScaled(&mut self.r, -length, &self.q));
            before = rz;
        }
        Err(NotConverged)
    }

    /// `fᵀ u` of each load case of the last solution.
    pub(crate) fn compliances(&self) -> Vec<f64> {
        self.cases.iter().map(|case| case.compliance).collect()
    }

    /// `fᵀ u` summed over the load cases.
    pub(crate) fn compliance(&self) -> f64 {
        self.cases.iter().map(|case| case.compliance).sum()
    }

    /// `uᵀ KE u` of every element for unit modulus, summed over the load cases of the last
    /// solution.
    pub(crate) fn energies(&self, energies: &mut [f64]) {
        energies.fill(0.0);
        for case in &self.cases {
            let (layout, modes) = (self.layout, self.modes);
            self.arch.dispatch(Energies { layout, modes, u: &case.u, out: energies });
        }
    }

    /// Displacements of a load case of the last solution: for each node, row by row, x and y (up).
    pub(crate) fn displacements(&self, case: usize) -> Vec<f64> {
        let u = &self.cases[case].u;
        let width = self.grid.nelx + 1;
        let place = |node: usize| self.layout.place(node / width, node % width);
        (0..self.grid.n_nodes())
            .flat_map(|node| [u[place(node)], u[place(node) + self.layout.plane()]])
            .collect()
    }

    /// Everything that depends on the moduli: diagonals, coarse levels.
    fn prepare(&mut self, moduli: &[f64]) {
        let layout = self.layout;
        for (row, moduli) in moduli.chunks_exact(layout.nelx).enumerate() {
            self.moduli[layout.row(row)][..layout.nelx].copy_from_slice(moduli);
        }
        let scale =
            (DAMPING / self.modes.diagonal()).min(SAFE_DAMPING / self.modes.largest_eigenvalue());
        for row in 0..=layout.nely {
            let (place, n) = (layout.place(row, 0), layout.nelx + 1);
            // The elements around a node; beside the grid there are zeros.
            let below = self.moduli[place - 1..place + n].array_windows();
            let above =
                self.moduli[place - layout.stride - 1..place - layout.stride + n].array_windows();
            let damped = &mut self.damped[place..place + n];
            for ((damped, [a, b]), [c, d]) in damped.iter_mut().zip(above).zip(below) {
                *damped = scale / (a + b + c + d);
            }
        }

        let coarse = self.levels[0].layout;
        let modulus = |row: usize, column: usize| self.moduli[layout.place(row, column)];
        let mut supported = self.supported.iter().peekable();
        for (e, ((row, column), k)) in
            coarse.elements().zip(&mut self.levels[0].elements).enumerate()
        {
            let parts = match supported.next_if(|(at, _)| *at == e) {
                Some((_, parts)) => parts,
                None => &self.parts,
            };
            // Rows and columns of parts that stick out hold zeros.
            let moduli = PARTS.map(|(down, right)| modulus(2 * row + down, 2 * column + right));
            for (i, row) in k.iter_mut().enumerate() {
                for (j, value) in row.iter_mut().enumerate() {
                    *value = moduli[0] * parts[0][i][j]
                        + moduli[1] * parts[1][i][j]
                        + moduli[2] * parts[2][i][j]
                        + moduli[3] * parts[3][i][j];
                }
            }
        }
        let weights = PARTS.map(|(down, right)| part_weights(down, right));
        for index in 0..self.levels.len() {
            let (finer, coarser) = self.levels.split_at_mut(index);
            let last = coarser.len() == 1;
            let level = &mut coarser[0];
            if let Some(finer) = finer.last() {
                level.gather(finer, &weights);
            }
            for &(e, held) in &level.held {
                level.elements[e] = without(&level.elements[e], held);
            }
            if !last {
                level.stencil.assemble(&level.elements);
                level.set_damped();
            }
        }
        if let Some(level) = self.levels.last() {
            level.factorize(&mut self.coarsest);
        }
    }

    /// One symmetric V-cycle: `z ≈ K⁻¹ r`; returns `rᵀ z`.
    fn precondition(&mut self) -> f64 {
        let arch = self.arch;
        let (layout, modes, moduli) = (self.layout, self.modes, &self.moduli);
        let components =
            self.rough.chunks_exact_mut(layout.plane()).zip(self.r.chunks_exact(layout.plane()));
        for (z, b) in components {
            arch.dispatch(Scale { z, d: &self.damped, b });
        }
        let then = Then::Residual { b: &self.r, f: &mut self.q };
        let scratch = &mut self.scratch;
        arch.dispatch(Apply { layout, modes, moduli, u: &self.rough, then, scratch });
        mask(&mut self.q, &self.fixed);
        let coarse = &mut self.levels[0];
        restrict(layout, &self.q, coarse.layout, &mut coarse.b, &mut self.row);
        cycle(&mut self.levels, &mut self.coarsest, arch);
        prolong(self.levels[0].layout, &self.levels[0].x, layout, &mut self.rough);
        mask(&mut self.rough, &self.fixed);
        let then = Then::Smooth { b: &self.r, d: &self.damped, z: &mut self.z };
        let scratch = &mut self.scratch;
        let rz = arch.dispatch(Apply { layout, modes, moduli, u: &self.rough, then, scratch });
        mask(&mut self.z, &self.fixed);
        rz
    }
}

impl std::fmt::Debug for Multigrid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Multigrid").field("grid", &self.grid).finish_non_exhaustive()
    }
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
        }
    }

    fn set_fixed(&mut self, fixed: &[bool]) {
        let layout = self.layout;
        self.fixed = places(fixed);
        let all = layout.elements().map(|(row, column)| held(layout, row, column, fixed));
        self.held = all.enumerate().filter(|(_, held)| held.contains(&true)).collect();
    }

    /// Galerkin products of the elements of the level below.
    fn gather(&mut self, finer: &Self, weights: &[[[f64; 4]; 4]; 4]) {
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

    fn set_damped(&mut self) {
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

    fn factorize(&self, coarsest: &mut Banded) {
        coarsest.clear();
        for ((row, column), k) in self.layout.elements().zip(&self.elements) {
            let unknowns = element_unknowns(self.layout, row, column);
            for (a, k) in unknowns.iter().zip(k) {
                for (b, value) in unknowns.iter().zip(k).filter(|(b, _)| *b <= a) {
                    *coarsest.entry(*a, *b) += value;
                }
            }
        }
        coarsest.factorize();
    }
}

/// A V-cycle from the right-hand side of the first level to its solution.
fn cycle(levels: &mut [Level], coarsest: &mut Banded, arch: Arch) {
    let [level, coarser @ ..] = levels else { return };
    mask(&mut level.b, &level.fixed);
    let [next, ..] = coarser else {
        let layout = level.layout;
        let place = |unknown: usize| unknown_place(layout, unknown);
        let (b, x) = (&level.b, &mut level.x);
        coarsest.solve(|unknown| b[place(unknown)], |unknown, value| x[place(unknown)] = value);
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

/// Zeros at these places.
fn mask(values: &mut [f64], places: &[usize]) {
    for &place in places {
        values[place] = 0.0;
    }
}

/// The parts of a coarse element: (row, column) from its upper left.
const PARTS: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];

/// Galerkin products of the parts of a coarse element.
fn parts_of(matrices: &[ElementMatrix; 4]) -> [ElementMatrix; 4] {
    std::array::from_fn(|part| {
        let mut k = [[0.0; 8]; 8];
        let (down, right) = PARTS[part];
        add_galerkin(&matrices[part], &part_weights(down, right), &mut k);
        k
    })
}

/// The matrix without the rows and columns of held unknowns.
fn without(k: &ElementMatrix, held: [bool; 8]) -> ElementMatrix {
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

/// Which unknowns of an element are held. An element that sticks out of the grid has none.
fn held(layout: Layout, row: usize, column: usize, fixed: &[bool]) -> [bool; 8] {
    if row >= layout.nely || column >= layout.nelx {
        return [false; 8];
    }
    let (ul, ll) = (layout.place(row, column), layout.place(row + 1, column));
    let [a, b, c, d] = [ll, ll + 1, ul + 1, ul];
    let plane = layout.plane();
    [a, a + plane, b, b + plane, c, c + plane, d, d + plane].map(|place| fixed[place])
}

/// Places that hold true.
fn places(fixed: &[bool]) -> Vec<usize> {
    fixed.iter().enumerate().filter(|(_, fixed)| **fixed).map(|(place, _)| place).collect()
}

/// A coarse unknown is held if the fine one at the same node is.
fn coincident(fixed: &[bool], fine: Layout, coarse: Layout) -> Vec<bool> {
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
