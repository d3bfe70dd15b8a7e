//! The dense kernels of a front: partial Cholesky factorisation in tiles of 8 × 8.
//!
//! Everything here is inlined into callers compiled for the vector units of the machine, see [`crate::cholesky`]. A tile
//! is eight columns of eight rows; compilers turn its loops over lanes into vector instructions.

use crate::fronts::PANEL;

type Tile = [[f64; PANEL]; PANEL];

/// A matrix is not positive definite in double precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotPositive;

/// Eliminates the first `n_own` unknowns of a front.
///
/// `own` has `n_own` columns and `update` as many columns as boundary rows; both are lower triangles stored by columns.
/// On return `own` is the factor, with **reciprocals on its diagonal**, and `update` has become the Schur complement.
/// `packed` is working space of the length of `own`: the factor again, in panels of eight rows.
#[inline(always)]
pub(crate) fn eliminate<const FUSED: bool>(
    own: &mut [f64],
    update: &mut [f64],
    packed: &mut [f64],
    n_own: usize,
    own_rows: usize,
    boundary_rows: usize,
) -> Result<(), NotPositive> {
    let n_rows = own_rows + boundary_rows;
    let n_panels = n_rows / PANEL;
    let depth = n_own * PANEL;
    for q in 0..own_rows / PANEL {
        let done = q * PANEL;
        let width = PANEL.min(n_own - done);
        let (columns, row) = (&mut own[done * n_rows..], q * PANEL);
        let mut corner = load(columns, n_rows, row, width);
        subtract::<FUSED>(&mut corner, &packed[q * depth..], &packed[q * depth..], done);
        factor_corner(&mut corner, width)?;
        store(columns, n_rows, row, width, &corner);
        pack(&mut packed[q * depth..], done, width, &corner);
        for i in q + 1..n_panels {
            let row = i * PANEL;
            let mut tile = load(columns, n_rows, row, width);
            subtract::<FUSED>(&mut tile, &packed[i * depth..], &packed[q * depth..], done);
            solve_right::<FUSED>(&mut tile, &corner);
            store(columns, n_rows, row, width, &tile);
            pack(&mut packed[i * depth..], done, width, &tile);
        }
    }
    let packed = &packed[own_rows / PANEL * depth..];
    for q in 0..boundary_rows / PANEL {
        let columns = &mut update[q * PANEL * boundary_rows..];
        for i in q..boundary_rows / PANEL {
            let mut tile = load(columns, boundary_rows, i * PANEL, PANEL);
            subtract::<FUSED>(&mut tile, &packed[i * depth..], &packed[q * depth..], n_own);
            store(columns, boundary_rows, i * PANEL, PANEL, &tile);
        }
    }
    Ok(())
}

/// `tile -= a bᵀ` for panels of eight rows and `depth` columns.
#[inline(always)]
fn subtract<const FUSED: bool>(tile: &mut Tile, a: &[f64], b: &[f64], depth: usize) {
    let (a, _) = a[..depth * PANEL].as_chunks::<PANEL>();
    let (b, _) = b[..depth * PANEL].as_chunks::<PANEL>();
    let mut sum = [[0.0; PANEL]; PANEL];
    for (a, b) in a.iter().zip(b) {
        for j in 0..PANEL {
            for l in 0..PANEL {
                sum[j][l] = multiply_add::<FUSED>(a[l], b[j], sum[j][l]);
            }
        }
    }
    for j in 0..PANEL {
        for l in 0..PANEL {
            tile[j][l] -= sum[j][l];
        }
    }
}

/// Cholesky factor of the lower triangle of a tile, reciprocals on the diagonal, zeros above it.
///
/// Columns from `width` on become those of the unit matrix, so that [`solve_right`] needs no width.
#[inline(always)]
fn factor_corner(tile: &mut Tile, width: usize) -> Result<(), NotPositive> {
    for c in 0..width {
        let pivot = tile[c][c];
        // Written so that NaN fails too.
        if !(pivot > 0.0 && pivot < f64::INFINITY) {
            return Err(NotPositive);
        }
        let reciprocal = 1.0 / pivot.sqrt();
        tile[c][..c].fill(0.0);
        tile[c][c] = reciprocal;
        for l in c + 1..PANEL {
            tile[c][l] *= reciprocal;
        }
        for j in c + 1..width {
            for l in j..PANEL {
                tile[j][l] -= tile[c][l] * tile[c][j];
            }
        }
    }
    for (c, column) in tile.iter_mut().enumerate().skip(width) {
        column.fill(0.0);
        column[c] = 1.0;
    }
    Ok(())
}

/// `tile ← tile L⁻ᵀ` for the factor of a corner.
#[inline(always)]
fn solve_right<const FUSED: bool>(tile: &mut Tile, corner: &Tile) {
    for c in 0..PANEL {
        for p in 0..c {
            for l in 0..PANEL {
                tile[c][l] = multiply_add::<FUSED>(-tile[p][l], corner[p][c], tile[c][l]);
            }
        }
        for l in 0..PANEL {
            tile[c][l] *= corner[c][c];
        }
    }
}

/// Eight rows of the first `width` columns; the other columns are zero.
#[inline(always)]
fn load(columns: &[f64], n_rows: usize, row: usize, width: usize) -> Tile {
    let mut tile = [[0.0; PANEL]; PANEL];
    for (j, lanes) in tile.iter_mut().enumerate().take(width) {
        lanes.copy_from_slice(&columns[j * n_rows + row..][..PANEL]);
    }
    tile
}

#[inline(always)]
fn store(columns: &mut [f64], n_rows: usize, row: usize, width: usize, tile: &Tile) {
    for (j, lanes) in tile.iter().enumerate().take(width) {
        columns[j * n_rows + row..][..PANEL].copy_from_slice(lanes);
    }
}

/// Appends the columns of a tile to a panel.
///
/// The reciprocals on the diagonal of a corner are never used from there: a panel serves only the columns after its own.
#[inline(always)]
fn pack(panel: &mut [f64], done: usize, width: usize, tile: &Tile) {
    for (lanes, packed) in
        tile.iter().zip(panel[done * PANEL..].chunks_exact_mut(PANEL)).take(width)
    {
        packed.copy_from_slice(lanes);
    }
}

/// `L⁻¹ x` for the own rows of a front, and its effect on the boundary rows.
#[inline(always)]
pub(crate) fn forward<const FUSED: bool>(own: &[f64], x: &mut [f64], n_own: usize) {
    let n_rows = x.len();
    for (c, column) in own.chunks_exact(n_rows).enumerate().take(n_own) {
        let (done, rest) = x.split_at_mut(c + 1);
        let value = done[c] * column[c];
        done[c] = value;
        for (x, l) in rest.iter_mut().zip(&column[c + 1..]) {
            *x = multiply_add::<FUSED>(-l, value, *x);
        }
    }
}

/// `L⁻ᵀ x` for the own rows of a front, given the boundary rows.
#[inline(always)]
pub(crate) fn backward<const FUSED: bool>(own: &[f64], x: &mut [f64], n_own: usize) {
    let n_rows = x.len();
    for (c, column) in own.chunks_exact(n_rows).enumerate().take(n_own).rev() {
        let (done, rest) = x.split_at_mut(c + 1);
        done[c] = (done[c] - dot::<FUSED>(rest, &column[c + 1..])) * column[c];
    }
}

#[inline(always)]
fn dot<const FUSED: bool>(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; PANEL];
    let (a_chunks, a_rest) = a.as_chunks::<PANEL>();
    let (b_chunks, b_rest) = b.as_chunks::<PANEL>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for l in 0..PANEL {
            sums[l] = multiply_add::<FUSED>(a[l], b[l], sums[l]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

/// `a b + c`, in one rounding where the machine has an instruction for it: without, `mul_add` is a slow library call.
#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}
