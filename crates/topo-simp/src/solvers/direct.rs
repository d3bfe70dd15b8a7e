//! The stiffness matrix of a grid: assembled through a fixed map, factorized and solved again and
//! again.
//!
//! Everything that depends on the grid alone is done once: the elimination order, the pattern of
//! the matrix and of its Cholesky factor, and the place of every element entry among the matrix
//! values. Supports stay in the pattern as unit rows and columns, so every problem on a grid shares
//! this work. Unknowns are stored in elimination order, so that nothing is permuted in the loop,
//! which allocates nothing either.

use faer::{
    Conj, MatMut, Par,
    dyn_stack::{MemBuffer, MemStack, StackReq},
    sparse::{
        SparseColMatRef, SymbolicSparseColMatRef,
        linalg::{
            SymbolicSupernodalParams,
            cholesky::{simplicial, supernodal},
        },
    },
};

use super::{ordering::nested_dissection, solved::Solved};
use crate::{
    grid::Grid,
    mechanics::{ElementMatrix, energy},
    problem::Model,
};

/// When neighboring supernodes are merged: (largest number of columns, largest share of zeros).
/// Tried at 60 × 20 to 96 × 48: about a tenth faster than the default of faer.
const RELAX: [(usize, f64); 4] = [(8, 1.0), (24, 0.8), (64, 0.2), (usize::MAX, 0.05)];

/// Entries of the lower triangle of an element matrix.
const N_LOWER: usize = 36;

/// The factorization does not fit in memory, or has too many entries to count.
#[derive(Debug)]
pub(crate) struct TooLarge;

/// The matrix is not positive definite in double precision.
#[derive(Debug)]
pub(crate) struct NotPositive;

/// The sparse Cholesky factorization of a grid, and the last solution.
pub(crate) struct Direct {
    grid: Grid,
    ke: ElementMatrix,
    /// Position of each node in elimination order.
    position: Vec<u32>,
    /// Positions of the four nodes of each element.
    corners: Vec<[u32; 4]>,
    /// For each element, where the entries of its lower triangle are added.
    slots: Vec<[u32; N_LOWER]>,
    column_starts: Vec<u32>,
    rows: Vec<u32>,
    values: Vec<f64>,
    symbolic: supernodal::SymbolicSupernodalCholesky<u32>,
    factor: Vec<f64>,
    /// The matrix that `factor` belongs to; empty before the first. Problems that differ in their
    /// loads alone share it.
    factorized: Vec<f64>,
    scratch: MemBuffer,
    /// Entries in the rows and columns of supports, and their diagonal entries.
    support_entries: Vec<u32>,
    support_diagonal: Vec<u32>,
    /// Diagonal entries with a spring, and its stiffness.
    springs: Vec<(u32, f64)>,
    /// Loads of every case in elimination order: (case, unknown, force).
    loads: Vec<(usize, usize, f64)>,
    /// Displacements of every case, one after another, in elimination order.
    displacements: Vec<f64>,
}

impl Direct {
    /// Orders and analyzes the matrix of a grid.
    pub(crate) fn new(grid: Grid) -> Result<Self, TooLarge> {
        let order = nested_dissection(grid);
        let mut position = vec![0; order.len()];
        for (p, &node) in (0_u32..).zip(&order) {
            position[node] = p;
        }
        let corners: Vec<[u32; 4]> = (0..grid.n_elements())
            .map(|e| grid.corners(e / grid.nelx, e % grid.nelx).map(|node| position[node]))
            .collect();
        let (upper, lower) = patterns(grid, &order, &position);
        let slots = corners.iter().map(|corners| slots(corners, &lower)).collect();
        let symbolic = analyze(grid.n_dofs(), &upper)?;
        let scratch = supernodal::factorize_supernodal_numeric_llt_scratch::<u32, f64>(
            &symbolic,
            Par::Seq,
            faer::Spec::default(),
        );
        Ok(Self {
            grid,
            ke: [[0.0; 8]; 8],
            position,
            corners,
            slots,
            values: zeros(lower.rows.len())?,
            column_starts: lower.starts,
            rows: lower.rows,
            factor: zeros(symbolic.len_val())?,
            factorized: Vec::new(),
            scratch: MemBuffer::try_new(scratch).map_err(|_| TooLarge)?,
            symbolic,
            support_entries: Vec::new(),
            support_diagonal: Vec::new(),
            springs: Vec::new(),
            loads: Vec::new(),
            displacements: Vec::new(),
        })
    }

    /// Takes over the supports and loads of a problem on the same grid; nothing of the previous one
    /// stays.
    pub(crate) fn set_model(&mut self, model: &Model) -> Result<(), TooLarge> {
        self.ke = model.ke;
        let mut fixed = vec![false; model.fixed.len()];
        for (node, &p) in self.position.iter().enumerate() {
            fixed[2 * p as usize] = model.fixed[2 * node];
            fixed[2 * p as usize + 1] = model.fixed[2 * node + 1];
        }
        self.support_entries.clear();
        for (corners, slots) in self.corners.iter().zip(&self.slots) {
            let held = unknowns(corners).map(|unknown| fixed[unknown]);
            if held.contains(&true) {
                let entries = lower_pairs().zip(slots).filter(|((a, b), _)| held[*a] || held[*b]);
                self.support_entries.extend(entries.map(|(_, &slot)| slot));
            }
        }
        self.support_entries.sort_unstable();
        self.support_entries.dedup();
        // The diagonal entry is the first of its column.
        self.support_diagonal.clear();
        let diagonals = fixed.iter().zip(&self.column_starts).filter(|(fixed, _)| **fixed);
        self.support_diagonal.extend(diagonals.map(|(_, &start)| start));

        let diagonal = |dof: usize| self.column_starts[place(&self.position, dof)];
        self.springs = model.springs.iter().map(|&(dof, k)| (diagonal(dof), k)).collect();

        self.set_loads(&model.cases);
        self.displacements.clear();
        self.displacements.resize(model.cases.len() * self.grid.n_dofs(), 0.0);
        let factorize = supernodal::factorize_supernodal_numeric_llt_scratch::<u32, f64>(
            &self.symbolic,
            Par::Seq,
            faer::Spec::default(),
        );
        let solve = self.symbolic.solve_in_place_scratch::<f64>(model.cases.len(), Par::Seq);
        self.scratch = MemBuffer::try_new(StackReq::or(factorize, solve)).map_err(|_| TooLarge)?;
        Ok(())
    }

    /// Takes over other loads of the same number of cases.
    pub(crate) fn set_loads(&mut self, cases: &[Vec<(usize, f64)>]) {
        self.loads.clear();
        for (case, forces) in cases.iter().enumerate() {
            let loads =
                forces.iter().map(|&(dof, force)| (case, place(&self.position, dof), force));
            self.loads.extend(loads);
        }
    }

    /// Solves for the displacements of all load cases, for the given Young's modulus of every
    /// element.
    pub(crate) fn solve(&mut self, moduli: &[f64]) -> Result<(), NotPositive> {
        self.assemble(moduli);
        if self.values != self.factorized {
            self.factorize()?;
        }
        let n = self.grid.n_dofs();
        self.displacements.fill(0.0);
        for &(case, unknown, force) in &self.loads {
            self.displacements[case * n + unknown] = force;
        }
        let cases = self.displacements.len() / n;
        supernodal::SupernodalLltRef::new(&self.symbolic, &self.factor).solve_in_place_with_conj(
            Conj::No,
            MatMut::from_column_major_slice_mut(&mut self.displacements, n, cases),
            Par::Seq,
            MemStack::new(&mut self.scratch),
        );
        Ok(())
    }

    /// Factorizes the assembled matrix.
    fn factorize(&mut self) -> Result<(), NotPositive> {
        self.factorized.clear();
        let n = self.grid.n_dofs();
        let pattern =
            SymbolicSparseColMatRef::new_checked(n, n, &self.column_starts, None, &self.rows);
        supernodal::factorize_supernodal_numeric_llt(
            &mut self.factor,
            SparseColMatRef::new(pattern, &self.values),
            faer::linalg::cholesky::llt::factor::LltRegularization::default(),
            &self.symbolic,
            Par::Seq,
            MemStack::new(&mut self.scratch),
            faer::Spec::default(),
        )
        .map_err(|_| NotPositive)?;
        self.factorized.extend_from_slice(&self.values);
        Ok(())
    }

    fn assemble(&mut self, moduli: &[f64]) {
        self.values.fill(0.0);
        let mut lower = [0.0; N_LOWER];
        for (entry, (a, b)) in lower.iter_mut().zip(lower_pairs()) {
            *entry = self.ke[a][b];
        }
        for (slots, modulus) in self.slots.iter().zip(moduli) {
            for (&slot, entry) in slots.iter().zip(&lower) {
                self.values[slot as usize] += modulus * entry;
            }
        }
        for &(slot, stiffness) in &self.springs {
            self.values[slot as usize] += stiffness;
        }
        for &slot in &self.support_entries {
            self.values[slot as usize] = 0.0;
        }
        for &slot in &self.support_diagonal {
            self.values[slot as usize] = 1.0;
        }
    }
}

impl Solved for Direct {
    fn compliances(&self) -> Vec<f64> {
        let n = self.grid.n_dofs();
        let mut compliances = vec![0.0; self.displacements.len() / n];
        for &(case, unknown, force) in &self.loads {
            compliances[case] += force * self.displacements[case * n + unknown];
        }
        compliances
    }

    fn compliance(&self) -> f64 {
        let n = self.grid.n_dofs();
        self.loads
            .iter()
            .map(|&(case, unknown, force)| force * self.displacements[case * n + unknown])
            .sum()
    }

    fn energies(&self, energies: &mut [f64]) {
        energies.fill(0.0);
        for displacements in self.displacements.chunks_exact(self.grid.n_dofs()) {
            for (total, corners) in energies.iter_mut().zip(&self.corners) {
                *total +=
                    energy(&self.ke, &unknowns(corners).map(|unknown| displacements[unknown]));
            }
        }
    }

    fn displacements(&self, case: usize) -> Vec<f64> {
        let u = &self.displacements[case * self.grid.n_dofs()..][..self.grid.n_dofs()];
        self.position.iter().flat_map(|&p| [u[2 * p as usize], u[2 * p as usize + 1]]).collect()
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").field("grid", &self.grid).finish_non_exhaustive()
    }
}

/// The place of a degree of freedom in elimination order.
fn place(position: &[u32], dof: usize) -> usize {
    2 * position[dof / 2] as usize + dof % 2
}

/// A compressed pattern, column by column.
struct Pattern {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

/// The pattern of the upper and of the lower triangle in elimination order, both with the diagonal.
fn patterns(grid: Grid, order: &[usize], position: &[u32]) -> (Pattern, Pattern) {
    let mut upper = Pattern { starts: vec![0], rows: Vec::new() };
    let mut lower = Pattern { starts: vec![0], rows: Vec::new() };
    let mut neighbors = Vec::with_capacity(9);
    for &node in order {
        let (row, column) = (node / (grid.nelx + 1), node % (grid.nelx + 1));
        neighbors.clear();
        for r in row.saturating_sub(1)..=(row + 1).min(grid.nely) {
            for c in column.saturating_sub(1)..=(column + 1).min(grid.nelx) {
                neighbors.push(position[grid.node(r, c)]);
            }
        }
        neighbors.sort_unstable();
        for axis in 0..2 {
            let own = 2 * position[node] + axis;
            let unknowns = || neighbors.iter().flat_map(|&p| [2 * p, 2 * p + 1]);
            upper.rows.extend(unknowns().filter(|&other| other <= own));
            lower.rows.extend(unknowns().filter(|&other| own <= other));
            upper.starts.push(upper.rows.len() as u32);
            lower.starts.push(lower.rows.len() as u32);
        }
    }
    (upper, lower)
}

/// Where the lower triangle of an element is added.
fn slots(corners: &[u32; 4], lower: &Pattern) -> [u32; N_LOWER] {
    let unknowns = unknowns(corners);
    let mut slots = [0; N_LOWER];
    for (slot, (a, b)) in slots.iter_mut().zip(lower_pairs()) {
        let (row, column) = (unknowns[a].max(unknowns[b]), unknowns[a].min(unknowns[b]));
        let start = lower.starts[column];
        let entries = &lower.rows[start as usize..lower.starts[column + 1] as usize];
        *slot = start + entries.partition_point(|&r| (r as usize) < row) as u32;
    }
    slots
}

/// The eight unknowns of an element.
fn unknowns(corners: &[u32; 4]) -> [usize; 8] {
    let [a, b, c, d] = corners.map(|p| 2 * p as usize);
    [a, a + 1, b, b + 1, c, c + 1, d, d + 1]
}

/// Local row and column of each entry of the lower triangle.
fn lower_pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..8).flat_map(|a| (0..=a).map(move |b| (a, b)))
}

/// The pattern of the factor, in supernodes.
fn analyze(
    n: usize,
    upper: &Pattern,
) -> Result<supernodal::SymbolicSupernodalCholesky<u32>, TooLarge> {
    let pattern = SymbolicSparseColMatRef::new_checked(n, n, &upper.starts, None, &upper.rows);
    let mut buffer = MemBuffer::try_new(StackReq::or(
        simplicial::prefactorize_symbolic_cholesky_scratch::<u32>(n, upper.rows.len()),
        supernodal::factorize_supernodal_symbolic_cholesky_scratch::<u32>(n),
    ))
    .map_err(|_| TooLarge)?;
    let stack = MemStack::new(&mut buffer);
    let mut tree = vec![0_i32; n];
    let mut counts = vec![0_u32; n];
    let tree = simplicial::prefactorize_symbolic_cholesky(&mut tree, &mut counts, pattern, stack);
    let params = SymbolicSupernodalParams { relax: Some(&RELAX) };
    supernodal::factorize_supernodal_symbolic_cholesky(pattern, tree, &counts, stack, params)
        .map_err(|_| TooLarge)
}

fn zeros(len: usize) -> Result<Vec<f64>, TooLarge> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| TooLarge)?;
    values.resize(len, 0.0);
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mechanics::element_matrix, problem::Problem};

    /// The assembled matrix of a problem in elimination order, both triangles.
    fn dense(problem: &Problem, supported: bool, moduli: &[f64]) -> faer::Mat<f64> {
        let mut model = Model::new(problem).unwrap();
        if !supported {
            model.fixed.fill(false);
        }
        let mut system = Direct::new(problem.grid).unwrap();
        system.set_model(&model).unwrap();
        system.assemble(moduli);
        let n = problem.grid.n_dofs();
        let mut k = faer::Mat::zeros(n, n);
        for column in 0..n {
            for entry in
                system.column_starts[column] as usize..system.column_starts[column + 1] as usize
            {
                let row = system.rows[entry] as usize;
                k[(row, column)] = system.values[entry];
                k[(column, row)] = system.values[entry];
            }
        }
        k
    }

    fn problem() -> (Problem, Vec<f64>) {
        let problem = Problem::mbb(Grid { nelx: 5, nely: 4 }, 0.5);
        let moduli = (0..20).map(|e| 0.1 + f64::from(e * 7 % 13)).collect();
        (problem, moduli)
    }

    /// Whatever was solved before, displacements are those of a new solver, bit by bit.
    #[test]
    fn a_factor_serves_the_problems_that_it_belongs_to_and_no_other() {
        let (mbb, moduli) = problem();
        let mut other_load = mbb.clone();
        other_load.load_cases[0].loads[0].force = [0.3, 0.7];
        let cantilever = Problem::cantilever(mbb.grid, 0.5);
        let softer: Vec<f64> = moduli.iter().map(|modulus| 0.5 * modulus).collect();
        let mut kept = Direct::new(mbb.grid).unwrap();
        for (problem, moduli) in [
            (&mbb, &moduli),
            (&other_load, &moduli),
            (&cantilever, &moduli),
            (&mbb, &moduli),
            (&mbb, &softer),
        ] {
            let model = Model::new(problem).unwrap();
            let mut new = Direct::new(problem.grid).unwrap();
            for system in [&mut kept, &mut new] {
                system.set_model(&model).unwrap();
                system.solve(moduli).unwrap();
            }
            assert_eq!(kept.displacements, new.displacements);
        }
    }

    #[test]
    fn unsupported_matrix_has_exactly_the_three_rigid_motions() {
        let (problem, moduli) = problem();
        let eigenvalues =
            dense(&problem, false, &moduli).self_adjoint_eigenvalues(faer::Side::Lower).unwrap();
        let largest = eigenvalues.last().unwrap();
        assert!(
            eigenvalues[..3].iter().all(|value| value.abs() < 1e-14 * largest),
            "{eigenvalues:?}"
        );
        assert!(eigenvalues[3] > 1e-4 * largest, "{eigenvalues:?}");
    }

    #[test]
    fn assembly_is_the_sum_over_elements_with_unit_rows_for_supports() {
        let (problem, moduli) = problem();
        let model = Model::new(&problem).unwrap();
        let (grid, ke) = (problem.grid, element_matrix(0.3));
        let mut expected = faer::Mat::<f64>::zeros(grid.n_dofs(), grid.n_dofs());
        let position = Direct::new(grid).unwrap().position;
        let unknown = |dof: usize| 2 * position[dof / 2] as usize + dof % 2;
        for (e, modulus) in moduli.iter().enumerate() {
            let nodes = grid.corners(e / grid.nelx, e % grid.nelx);
            let dofs: Vec<usize> = nodes.iter().flat_map(|node| [2 * node, 2 * node + 1]).collect();
            for (a, &row) in dofs.iter().enumerate() {
                for (b, &column) in dofs.iter().enumerate() {
                    if !model.fixed[row] && !model.fixed[column] {
                        expected[(unknown(row), unknown(column))] += modulus * ke[a][b];
                    }
                }
            }
        }
        for dof in (0..grid.n_dofs()).filter(|&dof| model.fixed[dof]) {
            expected[(unknown(dof), unknown(dof))] = 1.0;
        }
        let difference = dense(&problem, true, &moduli) - expected;
        assert!(difference.norm_max() < 1e-14);
    }
}
