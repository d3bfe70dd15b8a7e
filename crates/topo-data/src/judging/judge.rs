//! The judge of one design.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};
use topo_simp::{
    Analysis, Filter, Grid, Optimizer, Options, PENALTY, Problem, Refined, SimpError, Solution,
    Start,
};

use super::{
    domain::Domain,
    geometry::{Loads, checkerboard, member_size},
    pieces::{Connectivity, components},
};
use crate::{error::Result, recipe::layout_radius};

/// The mechanics of one design under its problem.
///
/// Every measure but the first four is of the design cut to 0/1 at exactly the volume fraction of
/// its problem, so that designs are compared at equal volume. Void has 1e-9 of the stiffness of the
/// material.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Compliance of the design as it is, with penalty 3.
    pub compliance: f64,
    /// Mean density over the domain.
    pub volume_fraction: f64,
    /// `|mean density - volume fraction of the problem|`.
    pub volume_error: f64,
    /// Mean of `4 x (1 - x)` over the domain, in `[0, 1]`.
    pub greyness: f64,
    /// Checkerboard index of the design as it is, in `[0, 1]`: [`checkerboard`].
    pub checkerboard: f64,
    /// Compliance of the cut design.
    pub compliance_cut: f64,
    /// Connected pieces, elements that share a side being connected.
    pub pieces_4: usize,
    /// Connected pieces, elements that share a corner being connected too.
    pub pieces_8: usize,
    /// Share of the material outside the largest piece (8-connectivity).
    pub floating: f64,
    /// Every loaded node touches material.
    pub loads_on_material: bool,
    /// Every loaded node is joined to a held one through sides of elements.
    pub loads_supported: bool,
    /// Thickness of the thinnest member, in elements: [`member_size`]; `None` without material.
    pub member_size: Option<usize>,
    /// Largest von Mises stress in the material of the cut design, at the centers of elements, over
    /// all load cases; elements beside a load or a support count too. `None` if the loads are not
    /// supported.
    #[serde(default)]
    pub stress: Option<f64>,
}

impl Judgement {
    /// Compliance error at equal volume, `C / C_reference - 1`.
    pub fn compliance_error(&self, reference: f64) -> f64 {
        self.compliance_cut / reference - 1.0
    }
}

/// What one solve says of a design of 0 and 1.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Connected pieces, elements that share a corner being connected.
    pub pieces: usize,
    /// Share of the material outside the largest piece.
    pub floating: f64,
    /// Every loaded node is joined to a held one through sides of elements.
    pub loads_supported: bool,
    /// Compliance, displacements, energies and stresses; `None` for a design so disconnected that
    /// its stiffness matrix cannot be factorized.
    pub analysis: Option<Analysis>,
}

/// The result of a few SIMP iterations from a design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refinement {
    /// Iterations made.
    pub iterations: usize,
    /// Compliance before the first one, with penalty 3.
    pub compliance_before: f64,
    /// Compliance after the last one.
    pub compliance_after: f64,
    /// Iterations saved against the uniform start, to the same compliance:
    /// [`Refined::iterations_needed`](topo_simp::Refined::iterations_needed).
    pub iterations_saved: isize,
    /// Iterations that the uniform start needs for it.
    pub uniform_iterations: usize,
}

/// A problem solved from the uniform start, with which refinements are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct UniformStart(Solution);

/// Judges designs on one grid; keeps the symbolic work.
///
/// # Examples
///
/// ```
/// use topo_data::Judge;
/// use topo_simp::{Grid, Problem};
/// let problem = Problem::cantilever(Grid { nelx: 30, nely: 10 }, 0.5);
/// let mut judge = Judge::new(problem.grid)?;
/// let optimum = judge.optimum(&problem)?;
/// let judged = judge.judge(&problem, optimum.design.mapv(|x| x as f32).view())?;
/// assert!(judged.compliance_error(optimum.compliance_cut).abs() < 1e-6);
/// assert!(judged.loads_supported);
/// # Ok::<(), topo_data::TopoDataError>(())
/// ```
#[derive(Debug)]
pub struct Judge {
    pub(super) optimizer: Optimizer,
}

impl Judge {
    /// Prepares a grid.
    ///
    /// # Errors
    ///
    /// The solver's, for a grid that is too large.
    pub fn new(grid: Grid) -> Result<Self> {
        Ok(Self { optimizer: Optimizer::new(grid)? })
    }

    /// Judges a design of values in `[0, 1]`, row 0 on top.
    ///
    /// A design so disconnected that its stiffness matrix cannot be factorized has an infinite
    /// compliance.
    ///
    /// # Errors
    ///
    /// The solver's: an ill-posed problem, a design of another shape or with values outside `[0,
    /// 1]`.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn judge(&mut self, problem: &Problem, design: ArrayView2<'_, f32>) -> Result<Judgement> {
        let nodal = problem.nodal()?;
        let domain = Domain::of(problem)?;
        let density = design.mapv(f64::from);
        // The shape is checked here, before the design is cut.
        let as_it_is = self.solved(problem, &density)?;
        let compliance = as_it_is.as_ref().map_or(f64::INFINITY, |analysis| analysis.compliance);
        let cut = domain.cut_in_shape(design);
        // A design that was cut before is solved once.
        let cut_density = cut.mapv(f64::from);
        let solved =
            if cut_density == density { as_it_is } else { self.solved(problem, &cut_density)? };
        let volume_fraction = domain.mean(density.iter().copied());
        let pieces = components(cut.view(), Connectivity::Eight);
        let loads = Loads::of(&nodal, problem.self_weight.is_some(), cut.view());
        let solved_and_held = solved.as_ref().filter(|_| loads.supported);
        let stress = solved_and_held.map(|analysis| stress(analysis, &cut));
        let compliance_cut = solved.map_or(f64::INFINITY, |analysis| analysis.compliance);
        Ok(Judgement {
            compliance,
            volume_fraction,
            volume_error: (volume_fraction - domain.volume_fraction()).abs(),
            greyness: domain.greyness(density.iter().copied()),
            checkerboard: checkerboard(design),
            compliance_cut,
            pieces_4: components(cut.view(), Connectivity::Four).count(),
            pieces_8: pieces.count(),
            floating: pieces.floating(),
            loads_on_material: loads.on_material,
            loads_supported: loads.supported,
            member_size: member_size(cut.view()),
            stress,
        })
    }

    /// The compliance of a design that is cut to 0/1 at exactly the volume fraction of its problem.
    ///
    /// # Errors
    ///
    /// As [`Judge::judge`].
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn compliance_cut(
        &mut self,
        problem: &Problem,
        design: ArrayView2<'_, f32>,
    ) -> Result<f64> {
        let (got_rows, got_columns) = design.dim();
        let grid = problem.grid;
        if (got_rows, got_columns) != (grid.nely, grid.nelx) {
            return Err(SimpError::DesignShape { got_rows, got_columns, grid }.into());
        }
        if let Some(((row, column), &value)) = design.indexed_iter().find(|(_, x)| x.is_nan()) {
            return Err(SimpError::Density { row, column, value: f64::from(value) }.into());
        }
        let domain = Domain::of(problem)?;
        self.stiffness(problem, &domain.cut_in_shape(design).mapv(f64::from))
    }

    /// The compliance of a design as it is; infinite if its stiffness matrix cannot be factorized.
    ///
    /// # Errors
    ///
    /// As [`Judge::judge`].
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn compliance(&mut self, problem: &Problem, design: ArrayView2<'_, f32>) -> Result<f64> {
        self.stiffness(problem, &design.mapv(f64::from))
    }

    /// What carries and what is stressed in a design of 0 and 1, by one solve.
    ///
    /// # Errors
    ///
    /// As [`Judge::judge`].
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn inspect(&mut self, problem: &Problem, cut: ArrayView2<'_, f32>) -> Result<Inspection> {
        let nodal = problem.nodal()?;
        let density = cut.mapv(f64::from);
        let analysis = self.solved(problem, &density)?;
        let pieces = components(cut, Connectivity::Eight);
        Ok(Inspection {
            pieces: pieces.count(),
            floating: pieces.floating(),
            loads_supported: Loads::of(&nodal, problem.self_weight.is_some(), cut).supported,
            analysis,
        })
    }

    /// The displacements, energies and stresses of a design.
    ///
    /// # Errors
    ///
    /// As [`Judge::judge`], and [`SimpError::Singular`].
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn fields(&mut self, problem: &Problem, design: ArrayView2<'_, f32>) -> Result<Analysis> {
        Ok(self.optimizer.analyze(problem, design.mapv(f64::from).view(), PENALTY)?)
    }

    /// Solves a problem from the uniform start, with the sensitivity filter of a whole
    /// optimization: what [`Judge::refine`] compares with.
    ///
    /// # Errors
    ///
    /// The solver's.
    pub fn uniform_start(&mut self, problem: &Problem) -> Result<UniformStart> {
        Ok(UniformStart(self.optimizer.optimize(problem, &refining(problem.grid))?))
    }

    /// Continues from a design for some iterations with the sensitivity filter of a whole
    /// optimization, and compares with the uniform start of the same problem.
    ///
    /// # Errors
    ///
    /// As [`Judge::judge`].
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn refine(
        &mut self,
        problem: &Problem,
        uniform: &UniformStart,
        design: ArrayView2<'_, f32>,
        iterations: usize,
    ) -> Result<Refinement> {
        let options = Options {
            start: Start::Design(design.mapv(f64::from)),
            max_iterations: iterations,
            ..refining(problem.grid)
        };
        let warm = self.optimizer.optimize(problem, &options)?;
        let refined = Refined { warm, cold: uniform.0.clone() };
        let needed = refined.iterations_needed();
        Ok(Refinement {
            iterations: refined.warm.iterations,
            compliance_before: refined.warm.history.first().copied().unwrap_or(f64::NAN),
            compliance_after: refined.warm.compliance_returned,
            iterations_saved: needed.saved(),
            uniform_iterations: needed.cold,
        })
    }

    fn stiffness(&mut self, problem: &Problem, density: &Array2<f64>) -> Result<f64> {
        let analysis = self.solved(problem, density)?;
        Ok(analysis.map_or(f64::INFINITY, |analysis| analysis.compliance))
    }

    /// The analysis of a design; `None` if its stiffness matrix cannot be factorized.
    fn solved(&mut self, problem: &Problem, density: &Array2<f64>) -> Result<Option<Analysis>> {
        match self.optimizer.analyze(problem, density.view(), PENALTY) {
            Ok(analysis) if analysis.compliance.is_finite() => Ok(Some(analysis)),
            Ok(_) | Err(SimpError::Singular { .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }
}

/// The largest von Mises stress in the material of a cut design.
fn stress(analysis: &Analysis, cut: &Array2<f32>) -> f64 {
    let cases = analysis.von_mises.iter().flat_map(|stresses| stresses.iter().zip(cut));
    cases.filter(|(_, density)| 0.5 < **density).map(|(stress, _)| *stress).fold(0.0, f64::max)
}

/// How a design is refined.
fn refining(grid: Grid) -> Options {
    Options::top88(Filter::Sensitivity, layout_radius(grid))
}

#[cfg(test)]
mod tests {
    use ndarray::Axis;
    use proptest::prelude::*;
    use topo_simp::{Fix, Place, Side};

    use super::*;

    const GRID: Grid = Grid { nelx: 12, nely: 8 };

    fn cantilever(side: Side, x: f64, y: f64) -> Problem {
        Problem::new(GRID, 0.5)
            .with_support(Place::Edge(side), Fix::Xy)
            .with_load_case([(Place::Point([x, y]), [0.0, -1.0])])
    }

    #[test]
    fn one_solve_says_what_the_judge_says_of_a_cut_design() {
        let problem = cantilever(Side::Left, 1.0, 0.25);
        let mut judge = Judge::new(GRID).unwrap();
        let optimum = judge.optimum(&problem).unwrap();
        let found = optimum.design.mapv(|x| x.clamp(0.0, 1.0) as f32);
        let cut = Domain::of(&problem).unwrap().cut_in_shape(found.view());
        let (judged, seen) = (
            judge.judge(&problem, cut.view()).unwrap(),
            judge.inspect(&problem, cut.view()).unwrap(),
        );
        let compliance = seen.analysis.unwrap().compliance;
        assert!((compliance / judged.compliance_cut - 1.0).abs() < 1e-12);
        assert_eq!((seen.pieces, seen.floating), (judged.pieces_8, judged.floating));
        assert!(seen.loads_supported && judged.loads_supported);

        // Without its first column nothing holds it.
        let mut loose = cut.clone();
        loose.column_mut(0).fill(0.0);
        assert!(!judge.inspect(&problem, loose.view()).unwrap().loads_supported);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_flipped_design_in_a_flipped_problem_is_judged_alike(
            densities in proptest::collection::vec(0.0_f32..1.0, 96),
            row in 0_usize..8,
            carried in proptest::bool::ANY,
        ) {
            let y = row as f64 / 8.0;
            let mut design = Array2::from_shape_vec((8, 12), densities).unwrap();
            if carried {
                design.row_mut(row).fill(1.0);
            }
            let mut judge = Judge::new(GRID).unwrap();
            let one = judge.judge(&cantilever(Side::Left, 1.0, y), design.view()).unwrap();
            let mut flipped = design.clone();
            flipped.invert_axis(Axis(1));
            let other = judge.judge(&cantilever(Side::Right, 0.0, y), flipped.view()).unwrap();
            prop_assert!(!carried || one.loads_supported);
            // A load on void alone is held by a stiffness of 1e-9: the rounding of the solution is
            // the machine's times that contrast times the condition of the solid grid (about 1e3).
            let rounding = if one.loads_supported { 1e-10 } else { f64::EPSILON * 1e9 * 1e3 };
            prop_assert!((one.compliance / other.compliance - 1.0).abs() < 1e-10);
            prop_assert!((one.compliance_cut / other.compliance_cut - 1.0).abs() < rounding, "{one:?} {other:?}");
            prop_assert!((one.volume_fraction - other.volume_fraction).abs() < 1e-9);
            prop_assert_eq!(
                (one.pieces_4, one.pieces_8, one.loads_on_material, one.loads_supported, one.member_size),
                (other.pieces_4, other.pieces_8, other.loads_on_material, other.loads_supported, other.member_size)
            );
        }
    }

    #[test]
    fn by_hand() {
        let problem = cantilever(Side::Left, 1.0, 1.0);
        let mut judge = Judge::new(GRID).unwrap();
        // Four full rows at the bottom: half of the volume, one piece, thickness 4.
        let bar = Array2::from_shape_fn((8, 12), |(i, _)| if i < 4 { 0.0_f32 } else { 1.0 });
        let judged = judge.judge(&problem, bar.view()).unwrap();
        assert!((judged.volume_error, judged.greyness, judged.checkerboard) == (0.0, 0.0, 0.0));
        assert_eq!((judged.pieces_4, judged.pieces_8, judged.member_size), (1, 1, Some(4)));
        assert!(judged.loads_on_material && judged.loads_supported);
        assert!((judged.compliance / judged.compliance_cut - 1.0).abs() < 1e-12);
        // A beam of height 4 and length 12 under a unit load bends with 6 F l / h² = 4.5 at its
        // root; at the centers of elements, 3/4 of the height and half an element from the wall,
        // and with shear, it is less.
        assert!((2.5..4.5).contains(&judged.stress.unwrap()), "{:?}", judged.stress);
        // The same rows in the middle of the air: a load on void.
        let judged = judge.judge(&problem, Array2::zeros((8, 12)).view()).unwrap();
        assert!((judged.volume_error - 0.5).abs() < 1e-12);
        let mut upper = Array2::zeros((8, 12));
        upper.slice_mut(ndarray::s![0..4, ..]).fill(1.0_f32);
        let judged = judge.judge(&problem, upper.view()).unwrap();
        assert!(!judged.loads_on_material && !judged.loads_supported);
        assert!(judged.compliance_cut > 1e6 && judged.stress.is_none());
    }

    #[test]
    fn another_shape_and_values_that_are_no_densities_are_refused() {
        let problem = cantilever(Side::Left, 1.0, 1.0);
        let mut judge = Judge::new(GRID).unwrap();
        let message = |error: crate::TopoDataError| error.to_string();
        let wide = Array2::zeros((8, 13));
        assert!(message(judge.judge(&problem, wide.view()).unwrap_err()).contains("13 columns"));
        assert!(
            message(judge.compliance_cut(&problem, wide.view()).unwrap_err())
                .contains("13 columns")
        );
        let nan = Array2::from_elem((8, 12), f32::NAN);
        assert!(message(judge.judge(&problem, nan.view()).unwrap_err()).contains("NaN"));
        assert!(message(judge.compliance_cut(&problem, nan.view()).unwrap_err()).contains("NaN"));
    }
}
