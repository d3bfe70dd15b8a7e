//! Multifrontal Cholesky factorisation of the stiffness matrix of a grid.

use crate::{
    dense::{NotPositive, backward, eliminate, forward},
    element::ElementMatrix,
    fronts::{Front, PANEL, Tree},
};

/// The factor of a stiffness matrix, and the space to compute it again.
#[derive(Debug)]
pub(crate) struct Cholesky {
    tree: Tree,
    factor: Vec<f64>,
    /// Schur complements that wait for their parents, of fronts at even and at odd depth.
    updates: [Vec<f64>; 2],
    packed: Vec<f64>,
    rows: Vec<f64>,
}

/// A stiffness matrix to be assembled: the sum of `moduli[e]` times the element matrix, with unit rows and columns for
/// held unknowns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    pub(crate) ke: &'a ElementMatrix,
    /// By element.
    pub(crate) moduli: &'a [f64],
    /// By unknown in elimination order.
    pub(crate) held: &'a [bool],
    /// By element: whether one of its unknowns is held.
    pub(crate) near_support: &'a [bool],
}

/// It does not fit in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooLarge;

impl Cholesky {
    pub(crate) fn new(tree: Tree) -> Result<Self, TooLarge> {
        Ok(Self {
            factor: zeros(tree.factor_len)?,
            updates: [zeros(tree.update_len[0])?, zeros(tree.update_len[1])?],
            packed: zeros(tree.max_factor_len)?,
            rows: zeros(tree.max_rows)?,
            tree,
        })
    }

    /// Place of each node in elimination order; its unknowns are twice that, and one more.
    pub(crate) fn position(&self) -> &[u32] {
        &self.tree.position
    }

    /// Assembles and factorises.
    pub(crate) fn factorize(&mut self, matrix: Matrix<'_>) -> Result<(), NotPositive> {
        vectorized(Factorize { this: self, matrix })
    }

    /// Solves in place for a right-hand side in elimination order.
    pub(crate) fn solve(&mut self, x: &mut [f64]) {
        vectorized(Solve { this: self, x });
    }

    #[inline(always)]
    fn factorize_with<const FUSED: bool>(&mut self, matrix: Matrix<'_>) -> Result<(), NotPositive> {
        let [even, odd] = &mut self.updates;
        for front in &self.tree.fronts {
            let (updates, below) =
                if front.parity == 0 { (&mut *even, &*odd) } else { (&mut *odd, &*even) };
            let own = &mut self.factor[front.factor_start..][..front.factor_len()];
            let update = &mut updates[front.update_start..][..front.update_len()];
            own.fill(0.0);
            // The upper triangle is never read.
            let height = front.boundary_rows();
            for c in 0..height {
                update[c * height + c / PANEL * PANEL..(c + 1) * height].fill(0.0);
            }
            let mut target = Target { front, own, update };
            target.add_elements(matrix);
            for child in &front.children {
                let from = &self.tree.fronts[child.front];
                target.add_update(
                    &below[from.update_start..][..from.update_len()],
                    from.boundary_rows(),
                    &child.runs,
                );
            }
            eliminate::<FUSED>(
                own,
                update,
                &mut self.packed,
                front.n_own,
                front.own_rows(),
                front.boundary_rows(),
            )?;
        }
        Ok(())
    }

    #[inline(always)]
    fn solve_with<const FUSED: bool>(&mut self, x: &mut [f64]) {
        for front in &self.tree.fronts {
            let rows = &mut self.rows[..front.n_rows()];
            let own = &mut x[front.first..][..front.n_own];
            if own.iter().all(|&x| x == 0.0) {
                // No load has reached this front: true of all but a few.
                continue;
            }
            rows.fill(0.0);
            rows[..front.n_own].copy_from_slice(own);
            forward::<FUSED>(&self.factor[front.factor_start..], rows, front.n_own);
            own.copy_from_slice(&rows[..front.n_own]);
            for (&unknown, change) in front.boundary.iter().zip(&rows[front.own_rows()..]) {
                x[unknown as usize] += change;
            }
        }
        for front in self.tree.fronts.iter().rev() {
            let rows = &mut self.rows[..front.n_rows()];
            let own = &mut x[front.first..][..front.n_own];
            rows.fill(0.0);
            rows[..front.n_own].copy_from_slice(own);
            for (&unknown, row) in front.boundary.iter().zip(&mut rows[front.own_rows()..]) {
                *row = x[unknown as usize];
            }
            backward::<FUSED>(&self.factor[front.factor_start..], rows, front.n_own);
            x[front.first..][..front.n_own].copy_from_slice(&rows[..front.n_own]);
        }
    }
}

/// A front being assembled.
struct Target<'a> {
    front: &'a Front,
    own: &'a mut [f64],
    update: &'a mut [f64],
}

impl Target<'_> {
    #[inline(always)]
    fn add_elements(&mut self, matrix: Matrix<'_>) {
        let (n_own, n_rows) = (self.front.n_own, self.front.n_rows());
        for &(element, rows) in &self.front.elements {
            let rows = rows.map(|row| row as usize);
            let modulus = matrix.moduli[element as usize];
            if matrix.near_support[element as usize] {
                let held = rows.map(|row| {
                    [self.is_held(matrix.held, row), self.is_held(matrix.held, row + 1)]
                });
                let held = held.as_flattened();
                let mut ke = *matrix.ke;
                for (a, row) in ke.iter_mut().enumerate() {
                    for (b, entry) in row.iter_mut().enumerate() {
                        if held[a] || held[b] {
                            *entry = 0.0;
                        }
                    }
                }
                self.add_element(rows, modulus, &ke);
            } else {
                self.add_element(rows, modulus, matrix.ke);
            }
        }
        for c in 0..n_own {
            if matrix.held[self.front.first + c] {
                self.own[c * n_rows + c] = 1.0;
            }
        }
    }

    #[inline(always)]
    fn add_element(&mut self, rows: [usize; 4], modulus: f64, ke: &ElementMatrix) {
        let (n_own, own_rows) = (self.front.n_own, self.front.own_rows());
        for (b, &column) in rows.iter().enumerate() {
            let (columns, shift, n_rows) = if column < n_own {
                (&mut self.own[column * self.front.n_rows()..], 0, self.front.n_rows())
            } else {
                let n_rows = self.front.boundary_rows();
                (&mut self.update[(column - own_rows) * n_rows..], own_rows, n_rows)
            };
            let (left, right) = columns[..2 * n_rows].split_at_mut(n_rows);
            for (a, &row) in rows.iter().enumerate() {
                // The entry above the diagonal in a node's own block is never read.
                if column <= row {
                    let row = row - shift;
                    left[row] += modulus * ke[2 * b][2 * a];
                    left[row + 1] += modulus * ke[2 * b][2 * a + 1];
                    right[row] += modulus * ke[2 * b + 1][2 * a];
                    right[row + 1] += modulus * ke[2 * b + 1][2 * a + 1];
                }
            }
        }
    }

    #[inline(always)]
    fn is_held(&self, held: &[bool], row: usize) -> bool {
        if row < self.front.n_own {
            held[self.front.first + row]
        } else {
            held[self.front.boundary[row - self.front.own_rows()] as usize]
        }
    }

    /// Adds the Schur complement of a child.
    #[inline(always)]
    fn add_update(&mut self, from: &[f64], from_rows: usize, runs: &[crate::fronts::Run]) {
        let (n_own, own_rows) = (self.front.n_own, self.front.own_rows());
        for (r, columns) in runs.iter().enumerate() {
            for k in 0..columns.len {
                let source = &from[(columns.from + k) * from_rows..][..from_rows];
                let column = columns.to + k;
                let (target, shift) = if column < n_own {
                    let n_rows = self.front.n_rows();
                    (&mut self.own[column * n_rows..][..n_rows], 0)
                } else {
                    let n_rows = self.front.boundary_rows();
                    (&mut self.update[(column - own_rows) * n_rows..][..n_rows], own_rows)
                };
                for rows in &runs[r..] {
                    let source = &source[rows.from..][..rows.len];
                    let target = &mut target[rows.to - shift..][..rows.len];
                    for (target, source) in target.iter_mut().zip(source) {
                        *target += source;
                    }
                }
            }
        }
    }
}

/// Work that is compiled once for each vector unit.
trait Work {
    type Output;

    fn run<const FUSED: bool>(self) -> Self::Output;
}

struct Factorize<'a, 'b> {
    this: &'a mut Cholesky,
    matrix: Matrix<'b>,
}

impl Work for Factorize<'_, '_> {
    type Output = Result<(), NotPositive>;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> Self::Output {
        self.this.factorize_with::<FUSED>(self.matrix)
    }
}

struct Solve<'a> {
    this: &'a mut Cholesky,
    x: &'a mut [f64],
}

impl Work for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        self.this.solve_with::<FUSED>(self.x);
    }
}

/// Runs work with the best instructions of this machine.
fn vectorized<W: Work>(work: W) -> W::Output {
    run_with(Vectors::of_this_machine(), work)
}

/// Instructions that work can be compiled for.
///
/// Those with fused multiply-add give the same bits: they differ in how many lanes they take at a time, not in the order
/// of the operations on a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vectors {
    /// What the compiler was told to assume.
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Vectors {
    #[cfg(target_arch = "x86_64")]
    fn of_this_machine() -> Self {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        if avx2 && is_x86_feature_detected!("avx512f") {
            Self::Avx512
        } else if avx2 {
            Self::Avx2
        } else {
            Self::Baseline
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    const fn of_this_machine() -> Self {
        Self::Baseline
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "calls of functions compiled for instructions that a machine may lack"
)]
fn run_with<W: Work>(vectors: Vectors, work: W) -> W::Output {
    #[target_feature(enable = "avx512f,avx2,fma")]
    fn with_avx512<W: Work>(work: W) -> W::Output {
        work.run::<true>()
    }
    #[target_feature(enable = "avx2,fma")]
    fn with_avx2<W: Work>(work: W) -> W::Output {
        work.run::<true>()
    }
    let best = Vectors::of_this_machine();
    match (vectors, best) {
        // SAFETY: the machine has these instructions, as just asked.
        (Vectors::Avx512, Vectors::Avx512) => unsafe { with_avx512(work) },
        // SAFETY: likewise; `Avx512` is found only where AVX2 and FMA are.
        (Vectors::Avx2 | Vectors::Avx512, Vectors::Avx2 | Vectors::Avx512) => unsafe {
            with_avx2(work)
        },
        _ => work.run::<false>(),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn run_with<W: Work>(_: Vectors, work: W) -> W::Output {
    // Every 64-bit ARM has a fused multiply-add; of others nothing is known.
    if cfg!(target_arch = "aarch64") { work.run::<true>() } else { work.run::<false>() }
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
    use crate::{Grid, element::element_matrix};

    /// The solution for a force on the last unknown, the left edge held.
    fn solve(grid: Grid, moduli: &[f64], vectors: Vectors) -> Result<Vec<f64>, NotPositive> {
        let mut cholesky = Cholesky::new(Tree::new(grid)).unwrap();
        let ke = element_matrix(0.3);
        let mut held = vec![false; grid.n_dofs()];
        for row in 0..=grid.nely {
            held[2 * cholesky.position()[grid.node(row, 0)] as usize..][..2].fill(true);
        }
        let near_support: Vec<bool> = (0..grid.n_elements()).map(|e| e % grid.nelx == 0).collect();
        let matrix = Matrix { ke: &ke, moduli, held: &held, near_support: &near_support };
        run_with(vectors, Factorize { this: &mut cholesky, matrix })?;
        let mut x = vec![0.0; grid.n_dofs()];
        x[2 * cholesky.position()[grid.n_nodes() - 1] as usize + 1] = 1.0;
        run_with(vectors, Solve { this: &mut cholesky, x: &mut x });
        Ok(x)
    }

    fn moduli(grid: Grid) -> Vec<f64> {
        (0..grid.n_elements()).map(|e| 0.05 + (e * 29 % 101) as f64 / 100.0).collect()
    }

    #[test]
    fn all_instructions_agree() {
        for (nelx, nely) in [(1, 1), (1, 6), (9, 2), (13, 11), (40, 23)] {
            let grid = Grid { nelx, nely };
            let moduli = moduli(grid);
            let best = solve(grid, &moduli, Vectors::of_this_machine()).unwrap();
            let largest = best.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            let baseline = solve(grid, &moduli, Vectors::Baseline).unwrap();
            for (a, b) in best.iter().zip(&baseline) {
                assert!((a - b).abs() < 1e-10 * largest, "{grid}: {a} against {b}");
            }
            #[cfg(target_arch = "x86_64")]
            if Vectors::of_this_machine() == Vectors::Avx512 {
                let narrow = solve(grid, &moduli, Vectors::Avx2).unwrap();
                assert!(
                    best.iter().zip(&narrow).all(|(a, b)| a.to_bits() == b.to_bits()),
                    "{grid}"
                );
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_is_refused() {
        let grid = Grid { nelx: 13, nely: 11 };
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let mut moduli = moduli(grid);
            moduli[70] = bad;
            assert_eq!(solve(grid, &moduli, Vectors::of_this_machine()), Err(NotPositive), "{bad}");
        }
    }
}
