//! The cone filter as a stencil on the grid.

use crate::{grid::Grid, problem::Cell};

/// Weights `max(0, radius − distance of centers)`, cut off at the boundary of the domain.
#[derive(Clone, Debug)]
pub(crate) struct ConeFilter {
    grid: Grid,
    /// Offsets in rows and columns, with their weights.
    stencil: Vec<(isize, isize, f64)>,
    /// 1 in the domain, 0 outside.
    domain: Vec<f64>,
    /// Sum of the weights within the domain; 1 outside, where nothing is ever filtered.
    sums: Vec<f64>,
    buffer: Vec<f64>,
}

impl ConeFilter {
    /// A filter with a radius in elements.
    pub(crate) fn new(grid: Grid, cells: &[Cell], radius: f64) -> Self {
        let reach = |n: usize| radius.min((n - 1) as f64).floor() as isize;
        let (rows, columns) = (reach(grid.nely), reach(grid.nelx));
        let stencil = (-rows..=rows)
            .flat_map(|di| (-columns..=columns).map(move |dj| (di, dj)))
            .map(|(di, dj)| (di, dj, radius - (di as f64).hypot(dj as f64)))
            .filter(|&(.., weight)| weight > 0.0)
            .collect();
        let domain: Vec<f64> =
            cells.iter().map(|cell| if cell.in_domain() { 1.0 } else { 0.0 }).collect();
        let mut filter = Self {
            grid,
            stencil,
            sums: vec![1.0; domain.len()],
            buffer: vec![0.0; domain.len()],
            domain,
        };
        let mut sums = vec![0.0; filter.domain.len()];
        filter.sum(&filter.domain, &mut sums);
        for (sum, inside) in sums.iter_mut().zip(&filter.domain) {
            if *inside == 0.0 {
                *sum = 1.0;
            }
        }
        filter.sums = sums;
        filter
    }

    /// `out = H x / Hs`, 0 outside the domain.
    pub(crate) fn average(&mut self, x: &[f64], out: &mut [f64]) {
        let mut masked = std::mem::take(&mut self.buffer);
        for ((masked, x), inside) in masked.iter_mut().zip(x).zip(&self.domain) {
            *masked = x * inside;
        }
        self.sum(&masked, out);
        self.buffer = masked;
        for ((out, sum), inside) in out.iter_mut().zip(&self.sums).zip(&self.domain) {
            *out *= inside / sum;
        }
    }

    /// `out = Hᵀ (g / Hs)`, 0 outside the domain: the chain rule of [`Self::average`].
    pub(crate) fn pull_back(&mut self, g: &[f64], out: &mut [f64]) {
        let mut scaled = std::mem::take(&mut self.buffer);
        for (((scaled, g), inside), sum) in
            scaled.iter_mut().zip(g).zip(&self.domain).zip(&self.sums)
        {
            *scaled = g * inside / sum;
        }
        self.sum(&scaled, out);
        self.buffer = scaled;
        for (out, inside) in out.iter_mut().zip(&self.domain) {
            *out *= inside;
        }
    }

    /// `out = H x`, where x is 0 outside the domain already.
    fn sum(&self, x: &[f64], out: &mut [f64]) {
        let (nelx, nely) = (self.grid.nelx, self.grid.nely);
        out.fill(0.0);
        for (row, out) in out.chunks_exact_mut(nelx).enumerate() {
            for &(di, dj, weight) in &self.stencil {
                let Some(other) = row.checked_add_signed(di).filter(|&other| other < nely) else {
                    continue;
                };
                let x = &x[other * nelx..][..nelx];
                let shift = dj.unsigned_abs();
                let (out, x) = if dj < 0 {
                    (&mut out[shift..], x)
                } else {
                    (&mut out[..nelx - shift], &x[shift..])
                };
                for (out, x) in out.iter_mut().zip(x) {
                    *out += weight * x;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::PassiveKind;

    /// The definition, pair by pair.
    fn direct(grid: Grid, cells: &[Cell], radius: f64, x: &[f64]) -> Vec<f64> {
        let center = |e: usize| ((e / grid.nelx) as f64, (e % grid.nelx) as f64);
        let weight = |a: usize, b: usize| {
            let ((ra, ca), (rb, cb)) = (center(a), center(b));
            (radius - (ra - rb).hypot(ca - cb)).max(0.0)
        };
        let inside = |&e: &usize| cells[e].in_domain();
        (0..cells.len())
            .map(|a| {
                if !inside(&a) {
                    return 0.0;
                }
                let others = || (0..cells.len()).filter(inside);
                others().map(|b| weight(a, b) * x[b]).sum::<f64>()
                    / others().map(|b| weight(a, b)).sum::<f64>()
            })
            .collect()
    }

    fn case(nelx: usize, nely: usize) -> (Grid, Vec<Cell>, Vec<f64>) {
        let grid = Grid { nelx, nely };
        let outside = |e: usize| e % nelx > nelx / 2 && e / nelx < nely / 2;
        let cells = (0..nelx * nely)
            .map(|e| if outside(e) { Cell::Passive(PassiveKind::Outside) } else { Cell::Free })
            .collect();
        let x = (0..nelx * nely).map(|e| ((e * 37 % 101) as f64) / 101.0).collect();
        (grid, cells, x)
    }

    #[test]
    fn equals_the_definition() {
        for (nelx, nely, radius) in
            [(7, 5, 2.4), (7, 5, 0.5), (3, 9, 30.0), (1, 1, 1.5), (12, 8, 3.0)]
        {
            let (grid, cells, x) = case(nelx, nely);
            let mut out = vec![f64::NAN; x.len()];
            ConeFilter::new(grid, &cells, radius).average(&x, &mut out);
            for (got, expected) in out.iter().zip(direct(grid, &cells, radius, &x)) {
                assert!(
                    (got - expected).abs() < 1e-14,
                    "{grid} radius {radius}: {got} against {expected}"
                );
            }
        }
    }

    #[test]
    fn pull_back_is_the_transpose() {
        let (grid, cells, x) = case(9, 6);
        let g: Vec<f64> = x.iter().rev().copied().collect();
        let mut filter = ConeFilter::new(grid, &cells, 2.4);
        let (mut forward, mut backward) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        filter.average(&x, &mut forward);
        filter.pull_back(&g, &mut backward);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert!((dot(&forward, &g) - dot(&x, &backward)).abs() < 1e-12);
    }
}
