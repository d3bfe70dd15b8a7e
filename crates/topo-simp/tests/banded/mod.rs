//! An independent solver: banded Cholesky without roots (L D Lᵀ), nodes column by column as in the
//! classic codes, element matrix by quadrature.

use ndarray::Array2;
use topo_simp::{Fix, LoadCase, PassiveKind, Place, Problem, Shape, Side};

/// The factor L (unit diagonal) and D of the stiffness matrix of a problem, penalty 3, void
/// stiffness 1e-9.
pub(crate) struct Banded {
    nelx: usize,
    nely: usize,
    width: usize,
    /// Row by row, the entries from the diagonal to the left.
    rows: Vec<Vec<f64>>,
    fixed: Vec<bool>,
}

impl Banded {
    pub(crate) fn new(problem: &Problem, density: &Array2<f64>) -> Self {
        let (nelx, nely) = (problem.grid.nelx, problem.grid.nely);
        let n = 2 * (nelx + 1) * (nely + 1);
        let width = 2 * (nely + 3);
        let mut this =
            Self { nelx, nely, width, rows: vec![vec![0.0; width]; n], fixed: vec![false; n] };
        for support in &problem.supports {
            for (r, c) in this.nodes(&support.at) {
                let (x, y) = (this.dof(r, c, 0), this.dof(r, c, 1));
                this.fixed[x] |= support.fix != Fix::Y;
                this.fixed[y] |= support.fix != Fix::X;
            }
        }
        let ke = element(problem.poisson_ratio);
        for i in 0..nely {
            for j in 0..nelx {
                let x = if outside(problem, i, j) { 0.0 } else { density[[i, j]] };
                let modulus = 1e-9 + x.powi(3) * (1.0 - 1e-9);
                let corners = [(i + 1, j), (i + 1, j + 1), (i, j + 1), (i, j)];
                let dofs: Vec<usize> = corners
                    .iter()
                    .flat_map(|&(r, c)| [this.dof(r, c, 0), this.dof(r, c, 1)])
                    .collect();
                for (a, &p) in dofs.iter().enumerate() {
                    for (b, &q) in dofs.iter().enumerate() {
                        if q <= p && !this.fixed[p] && !this.fixed[q] {
                            this.rows[p][p - q] += modulus * ke[a][b];
                        }
                    }
                }
            }
        }
        for (row, _) in this.rows.iter_mut().zip(&this.fixed).filter(|(_, fixed)| **fixed) {
            row[0] = 1.0;
        }
        this.factorize();
        this
    }

    /// Number of a degree of freedom.
    pub(crate) fn dof(&self, row: usize, column: usize, axis: usize) -> usize {
        2 * (column * (self.nely + 1) + row) + axis
    }

    /// Displacements under the point loads of a case.
    pub(crate) fn solve(&self, case: &LoadCase) -> Vec<f64> {
        let mut u = vec![0.0; self.rows.len()];
        for load in &case.loads {
            for (r, c, share) in self.shares(&load.at) {
                for axis in 0..2 {
                    let dof = self.dof(r, c, axis);
                    u[dof] += if self.fixed[dof] { 0.0 } else { share * load.force[axis] };
                }
            }
        }
        for p in 0..u.len() {
            for q in p.saturating_sub(self.width - 1)..p {
                u[p] -= self.rows[p][p - q] * u[q];
            }
        }
        for (u, row) in u.iter_mut().zip(&self.rows) {
            *u /= row[0];
        }
        for p in (0..u.len()).rev() {
            for q in p.saturating_sub(self.width - 1)..p {
                u[q] -= self.rows[p][p - q] * u[p];
            }
        }
        u
    }

    fn factorize(&mut self) {
        for p in 0..self.rows.len() {
            let first = p.saturating_sub(self.width - 1);
            for q in first..p {
                let mut value = self.rows[p][p - q];
                for k in first.max(q.saturating_sub(self.width - 1))..q {
                    value -= self.rows[p][p - k] * self.rows[k][0] * self.rows[q][q - k];
                }
                self.rows[p][p - q] = value / self.rows[q][0];
            }
            for k in first..p {
                self.rows[p][0] -= self.rows[p][p - k].powi(2) * self.rows[k][0];
            }
        }
    }

    /// A point between nodes loads the four around it, by bilinear shape functions.
    fn shares(&self, place: &Place) -> Vec<(usize, usize, f64)> {
        let Place::Point([x, y]) = *place else { panic!("{place:?} is no built-in load") };
        let (x, y) = (x * self.nelx as f64, y * self.nely as f64);
        let mut shares = Vec::new();
        for r in 0..=self.nely {
            for c in 0..=self.nelx {
                let hat = |distance: f64| (1.0 - distance.abs()).max(0.0);
                let share = hat(x - c as f64) * hat(y - r as f64);
                if share > 1e-9 {
                    shares.push((r, c, share));
                }
            }
        }
        shares
    }

    /// The places that the built-in problems use.
    fn nodes(&self, place: &Place) -> Vec<(usize, usize)> {
        match *place {
            Place::Point([x, y]) => {
                vec![(
                    (y * self.nely as f64).round() as usize,
                    (x * self.nelx as f64).round() as usize,
                )]
            }
            Place::Edge(Side::Left) => (0..=self.nely).map(|r| (r, 0)).collect(),
            Place::Segment { side: Side::Top, from: 0.0, to } => {
                (0..=(to * self.nelx as f64).round() as usize).map(|c| (0, c)).collect()
            }
            ref other => panic!("{other:?} is not in a built-in problem"),
        }
    }
}

/// Whether an element lies in a rectangle outside the domain.
fn outside(problem: &Problem, i: usize, j: usize) -> bool {
    problem.passive.iter().any(|region| match &region.shape {
        Shape::Rectangle { min, max } if region.kind == PassiveKind::Outside => {
            let x = (j as f64 + 0.5) / problem.grid.nelx as f64;
            let y = (i as f64 + 0.5) / problem.grid.nely as f64;
            min[0] <= x && x < max[0] && min[1] <= y && y < max[1]
        }
        _ => false,
    })
}

/// Stiffness of the unit square, nodes lower left, lower right, upper right, upper left, by 2 × 2
/// Gauss points.
fn element(nu: f64) -> [[f64; 8]; 8] {
    let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    let (e, g) = (1.0 / (1.0 - nu * nu), 0.5 / (1.0 + nu));
    let mut k = [[0.0; 8]; 8];
    let point = 1.0 / 3.0_f64.sqrt();
    for (s, t) in [(-point, -point), (point, -point), (point, point), (-point, point)] {
        let slopes = corners.map(|(sa, ta)| (sa * (1.0 + ta * t) / 2.0, ta * (1.0 + sa * s) / 2.0));
        for (a, (ax, ay)) in slopes.into_iter().enumerate() {
            for (b, (bx, by)) in slopes.into_iter().enumerate() {
                k[2 * a][2 * b] += 0.25 * (e * ax * bx + g * ay * by);
                k[2 * a][2 * b + 1] += 0.25 * (e * nu * ax * by + g * ay * bx);
                k[2 * a + 1][2 * b] += 0.25 * (e * nu * ay * bx + g * ax * by);
                k[2 * a + 1][2 * b + 1] += 0.25 * (e * ay * by + g * ax * bx);
            }
        }
    }
    k
}
