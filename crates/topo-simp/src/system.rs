//! The equations of a grid: loads, supports and displacements around the factorisation.

use crate::{
    Grid,
    cholesky::{Cholesky, Matrix, TooLarge},
    dense::NotPositive,
    element::{ElementMatrix, energy},
    fronts::Tree,
    model::Model,
};

/// The equations of one grid, and the last solution.
///
/// Unknowns are stored in elimination order: unknown `2 p` and `2 p + 1` are the x and y displacement of the node at place
/// p of that order.
#[derive(Debug)]
pub(crate) struct System {
    grid: Grid,
    cholesky: Cholesky,
    /// Places of the four nodes of each element.
    corners: Vec<[u32; 4]>,
    /// Unknowns held by supports.
    held: Vec<bool>,
    /// Elements with a held unknown.
    near_support: Vec<bool>,
    /// Loads of every case: (case, unknown, force).
    loads: Vec<(usize, usize, f64)>,
    /// Displacements of every case, one after another.
    displacements: Vec<f64>,
}

impl System {
    pub(crate) fn new(grid: Grid) -> Result<Self, TooLarge> {
        let cholesky = Cholesky::new(Tree::new(grid))?;
        let position = cholesky.position();
        let corners = (0..grid.n_elements())
            .map(|e| grid.corners(e / grid.nelx, e % grid.nelx).map(|node| position[node]))
            .collect();
        Ok(Self {
            grid,
            cholesky,
            corners,
            held: Vec::new(),
            near_support: Vec::new(),
            loads: Vec::new(),
            displacements: Vec::new(),
        })
    }

    pub(crate) const fn grid(&self) -> Grid {
        self.grid
    }

    /// Takes over the supports and loads of a problem on the same grid; nothing of the previous one stays.
    pub(crate) fn set_model(&mut self, model: &Model) {
        let position = self.cholesky.position();
        let unknown = |dof: usize| 2 * position[dof / 2] as usize + dof % 2;
        self.held.clear();
        self.held.resize(self.grid.n_dofs(), false);
        for (dof, _) in model.fixed.iter().enumerate().filter(|(_, fixed)| **fixed) {
            self.held[unknown(dof)] = true;
        }
        self.near_support.clear();
        let near = self
            .corners
            .iter()
            .map(|corners| unknowns(corners).iter().any(|&unknown| self.held[unknown]));
        self.near_support.extend(near);
        self.loads.clear();
        for (case, forces) in model.cases.iter().enumerate() {
            self.loads.extend(forces.iter().map(|&(dof, force)| (case, unknown(dof), force)));
        }
        self.displacements.clear();
        self.displacements.resize(model.cases.len() * self.grid.n_dofs(), 0.0);
    }

    /// Solves for the displacements of all load cases, for the given Young's modulus of every element.
    pub(crate) fn solve(&mut self, ke: &ElementMatrix, moduli: &[f64]) -> Result<(), NotPositive> {
        self.cholesky.factorize(Matrix {
            ke,
            moduli,
            held: &self.held,
            near_support: &self.near_support,
        })?;
        let n = self.grid.n_dofs();
        self.displacements.fill(0.0);
        for &(case, unknown, force) in &self.loads {
            self.displacements[case * n + unknown] = force;
        }
        for displacements in self.displacements.chunks_exact_mut(n) {
            self.cholesky.solve(displacements);
        }
        Ok(())
    }

    /// `fᵀ u` of each load case of the last solution.
    pub(crate) fn compliances(&self) -> Vec<f64> {
        let n = self.grid.n_dofs();
        let mut compliances = vec![0.0; self.displacements.len() / n];
        for &(case, unknown, force) in &self.loads {
            compliances[case] += force * self.displacements[case * n + unknown];
        }
        compliances
    }

    /// `fᵀ u` summed over the load cases.
    pub(crate) fn compliance(&self) -> f64 {
        let n = self.grid.n_dofs();
        self.loads
            .iter()
            .map(|&(case, unknown, force)| force * self.displacements[case * n + unknown])
            .sum()
    }

    /// `uᵀ KE u` of every element for unit modulus, summed over the load cases of the last solution.
    pub(crate) fn energies(&self, ke: &ElementMatrix, energies: &mut [f64]) {
        energies.fill(0.0);
        for displacements in self.displacements.chunks_exact(self.grid.n_dofs()) {
            for (total, corners) in energies.iter_mut().zip(&self.corners) {
                *total += energy(ke, &unknowns(corners).map(|unknown| displacements[unknown]));
            }
        }
    }

    /// Displacements of a load case of the last solution: for each node, row by row, x and y (up).
    pub(crate) fn displacements(&self, case: usize) -> Vec<f64> {
        let u = &self.displacements[case * self.grid.n_dofs()..][..self.grid.n_dofs()];
        self.cholesky
            .position()
            .iter()
            .flat_map(|&p| [u[2 * p as usize], u[2 * p as usize + 1]])
            .collect()
    }
}

/// The eight unknowns of an element.
fn unknowns(corners: &[u32; 4]) -> [usize; 8] {
    let [a, b, c, d] = corners.map(|p| 2 * p as usize);
    [a, a + 1, b, b + 1, c, c + 1, d, d + 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Problem, element::element_matrix, spectrum::eigenvalues};

    const GRID: Grid = Grid { nelx: 7, nely: 4 };

    fn moduli() -> Vec<f64> {
        (0..28).map(|e| 0.1 + f64::from(e * 7 % 13)).collect()
    }

    /// The stiffness matrix, element by element, nodes row by row; unit rows and columns where `fixed`.
    fn assembled(moduli: &[f64], fixed: &[bool]) -> Vec<Vec<f64>> {
        let ke = element_matrix(0.3);
        let mut k = vec![vec![0.0; GRID.n_dofs()]; GRID.n_dofs()];
        for (e, modulus) in moduli.iter().enumerate() {
            let nodes = GRID.corners(e / GRID.nelx, e % GRID.nelx);
            let dofs = nodes.map(|node| [2 * node, 2 * node + 1]);
            for (a, &row) in dofs.as_flattened().iter().enumerate() {
                for (b, &column) in dofs.as_flattened().iter().enumerate() {
                    if !fixed[row] && !fixed[column] {
                        k[row][column] += modulus * ke[a][b];
                    }
                }
            }
        }
        for dof in (0..fixed.len()).filter(|&dof| fixed[dof]) {
            k[dof][dof] = 1.0;
        }
        k
    }

    #[test]
    fn unsupported_matrix_is_symmetric_and_has_exactly_the_three_rigid_motions() {
        let k = assembled(&moduli(), &vec![false; GRID.n_dofs()]);
        for (i, row) in k.iter().enumerate() {
            for (j, entry) in row.iter().enumerate() {
                assert!((entry - k[j][i]).abs() < 1e-15 * k[i][i]);
            }
        }
        let values = eigenvalues(k);
        let largest = values[values.len() - 1];
        assert!(
            values[..3].iter().all(|value| value.abs() < 1e-13 * largest),
            "{:?}",
            &values[..4]
        );
        assert!(values[3] > 1e-5 * largest, "{:?}", &values[..4]);
    }

    #[test]
    fn solutions_fulfil_the_equations() {
        for problem in [Problem::mbb(GRID, 0.5), Problem::two_loads(GRID, 0.5)] {
            let model = Model::new(&problem).unwrap();
            let mut system = System::new(GRID).unwrap();
            system.set_model(&model);
            system.solve(&model.ke, &moduli()).unwrap();
            let k = assembled(&moduli(), &model.fixed);
            for (case, forces) in model.cases.iter().enumerate() {
                let u = system.displacements(case);
                let mut residual: Vec<f64> =
                    k.iter().map(|row| row.iter().zip(&u).map(|(k, u)| k * u).sum()).collect();
                for &(dof, force) in forces {
                    residual[dof] -= force;
                }
                assert!(residual.iter().all(|r| r.abs() < 1e-12), "{residual:?}");
            }
        }
    }

    #[test]
    fn rigid_motions_have_no_energy() {
        let model = Model::new(&Problem::mbb(GRID, 0.5)).unwrap();
        let mut system = System::new(GRID).unwrap();
        system.set_model(&model);
        let motions: [fn(f64, f64) -> [f64; 2]; 3] =
            [|_, _| [1.0, 0.0], |_, _| [0.0, 1.0], |x, y| [-y, x]];
        for motion in motions {
            for (node, &p) in system.cholesky.position().iter().enumerate() {
                let (row, column) = (node / (GRID.nelx + 1), node % (GRID.nelx + 1));
                let u = motion(column as f64, -(row as f64));
                system.displacements[2 * p as usize..][..2].copy_from_slice(&u);
            }
            let mut energies = vec![f64::NAN; GRID.n_elements()];
            system.energies(&model.ke, &mut energies);
            assert!(energies.iter().all(|energy| energy.abs() < 1e-13), "{energies:?}");
        }
    }
}
