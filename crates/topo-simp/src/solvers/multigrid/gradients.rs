//! Conjugate gradients on the finest level, preconditioned by a V-cycle.

use pulp::Arch;

use super::{
    super::solved::Solved,
    banded::Banded,
    fine::{self, Apply, Energies, Modes, Scratch, Then},
    layout::Layout,
    level::{DAMPING, Level, SAFE_DAMPING, cycle, levels},
    supports::{coincident, held, mask, places, without},
    sweeps::{AddScaled, Dot, Scale, ScaleAdd},
    transfer::{PARTS, part_weights, parts_of, prolong, restrict},
};
use crate::{
    grid::Grid,
    mechanics::{ElementMatrix, element_matrix},
    problem::Model,
};

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
        let (levels, coarsest) = levels(layout);
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
            coarsest,
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
        let place = |dof: usize| dof_place(layout, dof);
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

    /// Takes over other loads of the same load cases, and keeps the displacements to start from.
    pub(crate) fn set_loads(&mut self, cases: &[Vec<(usize, f64)>]) {
        let layout = self.layout;
        for (case, forces) in self.cases.iter_mut().zip(cases) {
            case.forces.clear();
            let placed = forces.iter().map(|&(dof, force)| (dof_place(layout, dof), force));
            case.forces.extend(placed);
        }
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
            level.factorize(&mut self.coarsest, self.arch);
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

/// The place of a degree of freedom.
fn dof_place(layout: Layout, dof: usize) -> usize {
    let (node, width) = (dof / 2, layout.nelx + 1);
    layout.place(node / width, node % width) + dof % 2 * layout.plane()
}

impl Solved for Multigrid {
    fn compliances(&self) -> Vec<f64> {
        self.cases.iter().map(|case| case.compliance).collect()
    }

    fn compliance(&self) -> f64 {
        self.cases.iter().map(|case| case.compliance).sum()
    }

    fn energies(&self, energies: &mut [f64]) {
        energies.fill(0.0);
        for case in &self.cases {
            let (layout, modes) = (self.layout, self.modes);
            self.arch.dispatch(Energies { layout, modes, u: &case.u, out: energies });
        }
    }

    fn displacements(&self, case: usize) -> Vec<f64> {
        let u = &self.cases[case].u;
        let width = self.grid.nelx + 1;
        let place = |node: usize| self.layout.place(node / width, node % width);
        (0..self.grid.n_nodes())
            .flat_map(|node| [u[place(node)], u[place(node) + self.layout.plane()]])
            .collect()
    }
}

impl std::fmt::Debug for Multigrid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Multigrid").field("grid", &self.grid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
