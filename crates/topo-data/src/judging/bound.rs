//! What no design can be stiffer than.

use topo_simp::{Filter, Options, Problem, Solver};

use super::judge::Judge;
use crate::error::Result;

/// A design of 0 and 1 that is softer than this many times [`Judge::lower_bound`] is no structure.
///
/// The SIMP optima of the families, at volumes from 0.1 on where the grid has room for members, are
/// 1.01 to 2.7 times the bound; those that hang by lines of single elements are 8 to 10⁷ times.
pub const SOFTEST: f64 = 5.0;

/// Iterations of the sheet, whose compliance settles long before its densities do.
const ITERATIONS: usize = 40;

impl Judge {
    /// A lower bound of the compliance of all designs of a problem: that of the stiffest sheet of
    /// variable thickness, whose stiffness is proportional to its density.
    ///
    /// Designs of 0 and 1 are such sheets, and the task is convex, so SIMP with a penalty of 1 finds
    /// its optimum from any start (to some tenths of a percent).
    ///
    /// # Errors
    ///
    /// The solver's.
    ///
    /// # References
    ///
    /// Bendsøe and Sigmund 2003, "Topology Optimization", section 1.5.2.
    pub fn lower_bound(&mut self, problem: &Problem) -> Result<f64> {
        let options = Options {
            penalty: 1.0,
            solver: Solver::Multigrid,
            max_iterations: ITERATIONS,
            // Without a filter: a radius of one element.
            ..Options::top88(Filter::Sensitivity, 1.0)
        };
        Ok(self.optimizer.optimize(problem, &options)?.compliance_returned)
    }
}

#[cfg(test)]
mod tests {
    use topo_simp::{Fix, Grid, Place, Side};

    use super::*;

    /// A bar under tension is as stiff as its area says: no other design of that volume is stiffer,
    /// and all sheets of constant thickness along it are as stiff.
    #[test]
    fn a_bar_under_tension_meets_its_bound() {
        let grid = Grid { nelx: 12, nely: 6 };
        let problem = Problem::new(grid, 0.5)
            .with_support(Place::Edge(Side::Left), Fix::X)
            .with_support(Place::Point([0.0, 0.0]), Fix::Xy)
            .with_load_case([(Place::Edge(Side::Right), [1.0, 0.0])]);
        let mut judge = Judge::new(grid).unwrap();
        let bound = judge.lower_bound(&problem).unwrap();
        // Load 1 over a height of 6 and a thickness of 0.5: elongation 12 / (6 · 0.5) = 4.
        assert!((bound / 4.0 - 1.0).abs() < 1e-3, "{bound}");
    }

    #[test]
    fn no_design_is_stiffer() {
        let grid = Grid { nelx: 24, nely: 12 };
        let mut judge = Judge::new(grid).unwrap();
        for volume_fraction in [0.3, 0.5, 0.8] {
            let problem = Problem::cantilever(grid, volume_fraction);
            let bound = judge.lower_bound(&problem).unwrap();
            let optimum = judge.optimum(&problem).unwrap();
            let times = optimum.compliance_cut / bound;
            assert!((1.0..2.0).contains(&times), "{times} at {volume_fraction}");
        }
    }
}
