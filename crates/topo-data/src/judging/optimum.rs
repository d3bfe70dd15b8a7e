//! SIMP designs to compare with, which must hold once they are cut to 0/1.

use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use topo_simp::{
    Filter, Grid, Options, PenaltyContinuation, Problem, Projection, ProjectionRule, Solver, Start,
};

use super::{
    bound::SOFTEST,
    domain::Domain,
    judge::{Judge, Judgement},
};
use crate::{
    error::Result,
    recipe::{self, SHARP_RADIUS, layout_radius, random_start},
};

/// A design whose compliance the cut changes by more than this share is not what was optimized:
/// others are looked for.
const CHANGE: f64 = 0.05;
/// The projection that keeps bars and gaps from being much thinner than the filter.
const ROBUST: ProjectionRule = ProjectionRule::Robust { offset: 0.2 };
/// Iterations that repair a design which the cut spoils.
const REPAIR: usize = 12;

/// A SIMP design to compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// The design as SIMP made it, row 0 on top.
    pub design: Array2<f64>,
    /// The design cut to 0/1 at exactly its volume fraction, in one piece where that can be; pieces
    /// may meet at corners.
    pub cut: Array2<f32>,
    /// Compliance of the cut design.
    pub compliance_cut: f64,
    /// Why nothing can be compared with the cut design; `None` if it holds.
    pub flaw: Option<Flaw>,
    /// SIMP iterations.
    pub iterations: usize,
}

/// Why a design of 0 and 1 is no reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flaw {
    /// A load stands on void, or no support holds it.
    NotCarried,
    /// It is in this many pieces.
    InPieces(usize),
    /// Its compliance is this many times the lower bound of [`Judge::lower_bound`]: more than
    /// [`SOFTEST`].
    TooSoft(f64),
    /// The cut changed its compliance by this share.
    Changed(f64),
}

impl Flaw {
    /// What is wrong with a cut design in one piece or several.
    pub fn of(judgement: &Judgement) -> Option<Self> {
        if !judgement.loads_supported || !judgement.compliance_cut.is_finite() {
            return Some(Self::NotCarried);
        }
        (judgement.pieces_4 != 1).then_some(Self::InPieces(judgement.pieces_4))
    }
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotCarried => f.write_str("it does not carry the load"),
            Self::InPieces(pieces) => write!(f, "it is in {pieces} pieces"),
            Self::TooSoft(times) => write!(
                f,
                "it is {times:.0} times as soft as a sheet of the same volume, so its members are \
                 thinner than an element"
            ),
            Self::Changed(share) => {
                write!(f, "the cut changes its compliance by {:.0} %", 100.0 * share)
            }
        }
    }
}

impl Optimum {
    /// The compliance that others can be compared with: that of the cut design; `None` if that has
    /// a flaw.
    pub fn reference(&self) -> Option<f64> {
        self.flaw.is_none().then_some(self.compliance_cut)
    }

    /// Itself, whose flaw is that it is too soft for a problem with this lower bound if it carries
    /// in one piece and is; whatever else the cut changed does not matter then.
    fn beside(self, bound: f64) -> Self {
        let times = self.compliance_cut / bound;
        let flaw = match self.flaw {
            None | Some(Flaw::Changed(_)) => (SOFTEST < times).then_some(Flaw::TooSoft(times)),
            other => other,
        };
        Self { flaw, ..self }
    }

    /// Whether it is a better structure than another one: stiffer, if both carry in one piece.
    fn is_better_than(&self, other: &Self) -> bool {
        let carries = |one: &Self| matches!(one.flaw, None | Some(Flaw::Changed(_)));
        (carries(self), -self.compliance_cut) > (carries(other), -other.compliance_cut)
    }
}

/// Another way to a design, where the recipe from the uniform start made none that holds.
enum Attempt {
    /// A few iterations from the cut.
    Repaired,
    /// The recipe from a random start of this seed.
    Recipe(u64),
    /// A growing penalty and a projection.
    Projected(ProjectionRule, Start),
}

impl Judge {
    /// The SIMP design of a problem that others are compared with.
    ///
    /// First the recipe of the data sets, from the uniform start. If its design does not hold once
    /// it is cut (in pieces, not carrying, too soft, or more than 5 % off the compliance before),
    /// the problem is solved anew: by the recipe from its cut and from random starts, and with a
    /// growing penalty and a projection that becomes sharper, from two starts and with a minimum
    /// length. The optimum is the stiffest design that carries in one piece; it has a flaw if there
    /// is none, or if it is more than [`SOFTEST`] times as soft as a sheet of the same volume.
    ///
    /// # Errors
    ///
    /// The solver's.
    ///
    /// # References
    ///
    /// Wang, Lazarov and Sigmund 2011, "On projection methods, convergence and robust formulations
    /// in topology optimization"; Ferrari and Sigmund 2020, "A new generation 99 line Matlab code
    /// for compliance topology optimization and its extension to 3D".
    pub fn optimum(&mut self, problem: &Problem) -> Result<Optimum> {
        let bound = self.lower_bound(problem)?;
        self.optimum_above(problem, bound)
    }

    /// Likewise, for a caller who knows the lower bound of the problem.
    ///
    /// # Errors
    ///
    /// The solver's.
    pub fn optimum_above(&mut self, problem: &Problem, bound: f64) -> Result<Optimum> {
        let first = self.improve(problem, Start::Uniform, &stages(problem.grid))?;
        if first.flaw.is_none() && first.compliance_cut <= SOFTEST * bound {
            return Ok(first);
        }
        let random = || Start::Design(random_layout(problem, 1));
        let attempts = [
            Attempt::Repaired,
            Attempt::Recipe(1),
            Attempt::Recipe(2),
            Attempt::Projected(ProjectionRule::VolumePreserving, Start::Uniform),
            Attempt::Projected(ProjectionRule::VolumePreserving, random()),
            Attempt::Projected(ROBUST, Start::Uniform),
        ];
        let made = attempts.into_par_iter().map(|attempt| {
            let mut judge = Self::new(problem.grid)?;
            match attempt {
                Attempt::Repaired => judge.repair(problem, first.cut.view(), REPAIR),
                Attempt::Recipe(seed) => judge.from_random_start(problem, seed),
                Attempt::Projected(rule, start) => judge.projected(problem, rule, start),
            }
        });
        let made = made.collect::<Result<Vec<_>>>()?;
        let better =
            |best: Optimum, next: Optimum| if next.is_better_than(&best) { next } else { best };
        Ok(made.into_iter().fold(first, better).beside(bound))
    }

    /// A SIMP design from a random start, as the variants of a data set begin: another one for
    /// every seed.
    ///
    /// # Errors
    ///
    /// The solver's.
    pub fn from_random_start(&mut self, problem: &Problem, seed: u64) -> Result<Optimum> {
        let start = Start::Design(random_layout(problem, seed));
        self.improve(problem, start, &stages(problem.grid))
    }

    /// The SIMP design that the recipe of the data sets makes from a given design.
    ///
    /// # Errors
    ///
    /// As [`Judge::judge`].
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn optimum_from(
        &mut self,
        problem: &Problem,
        design: ArrayView2<'_, f32>,
    ) -> Result<Optimum> {
        let start = Start::Design(design.mapv(f64::from));
        self.improve(problem, start, &stages(problem.grid))
    }

    /// Repairs a design by a few SIMP iterations, the last two without filter. Those before the
    /// last ten, if there are so many, have the filter of a whole optimization, which finds a
    /// layout.
    ///
    /// # Errors
    ///
    /// As [`Judge::judge`].
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn repair(
        &mut self,
        problem: &Problem,
        design: ArrayView2<'_, f32>,
        iterations: usize,
    ) -> Result<Optimum> {
        self.repair_in_layout(problem, design, iterations, 1.0)
    }

    /// Likewise, where the filter that finds a layout has `scale` times its usual radius: a smaller
    /// one leaves more and thinner members, a larger one fewer.
    ///
    /// # Errors
    ///
    /// As [`Judge::judge`].
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn repair_in_layout(
        &mut self,
        problem: &Problem,
        design: ArrayView2<'_, f32>,
        iterations: usize,
        scale: f64,
    ) -> Result<Optimum> {
        let crisp = iterations.min(2);
        let sharp = (iterations - crisp).min(8);
        let layout = iterations - crisp - sharp;
        let radius = (scale * layout_radius(problem.grid)).max(SHARP_RADIUS);
        let stages = [(radius, layout), (SHARP_RADIUS, sharp), (1.0, crisp)];
        self.improve(problem, Start::Design(design.mapv(f64::from)), &stages)
    }

    /// SIMP from a start, stage by stage: filter radius and iterations.
    fn improve(
        &mut self,
        problem: &Problem,
        start: Start,
        stages: &[(f64, usize)],
    ) -> Result<Optimum> {
        let options = |radius| Options {
            solver: Solver::Multigrid,
            ..Options::top88(Filter::Sensitivity, radius)
        };
        let go_on = || ControlFlow::Continue(());
        let made = recipe::run(&mut self.optimizer, problem, start, stages, options, &go_on)?;
        let made = made.expect("nobody stops it");
        self.cut(problem, made.design, made.history.len())
    }

    /// SIMP whose design is nearly 0/1 before it is cut; one that the cut spoils is repaired.
    fn projected(
        &mut self,
        problem: &Problem,
        rule: ProjectionRule,
        start: Start,
    ) -> Result<Optimum> {
        let projection =
            Projection { max_beta: 64.0, iterations_per_beta: 15, ..Projection::tanh(rule) };
        let continuation = PenaltyContinuation { first: 1.0, step: 0.5, iterations_per_step: 10 };
        let options = Options {
            projection: Some(projection),
            penalty_continuation: Some(continuation),
            start,
            max_iterations: 150,
            solver: Solver::Multigrid,
            ..Options::top88(Filter::Density, PROJECTED_RADIUS)
        };
        let made = self.optimizer.optimize(problem, &options)?;
        let made = self.cut(problem, made.design, made.iterations)?;
        if made.flaw.is_none() {
            return Ok(made);
        }
        let repaired = self.repair(problem, made.cut.view(), REPAIR)?;
        Ok(if repaired.is_better_than(&made) { repaired } else { made })
    }

    /// Cuts what SIMP made, and says whether it holds. Members that meet at corners alone may stay
    /// so if the cut in one piece is softer.
    fn cut(
        &mut self,
        problem: &Problem,
        design: Array2<f64>,
        iterations: usize,
    ) -> Result<Optimum> {
        let grey = design.mapv(|x| x.clamp(0.0, 1.0) as f32);
        let compliance = self.compliance(problem, grey.view())?;
        let domain = Domain::of(problem)?;
        let plain = domain.cut_in_shape(grey.view());
        let joined = self.judge(problem, plain.view())?;
        let cut = domain.cut_whole(grey.view(), None);
        // Most cuts are in one piece already, and are judged once.
        let judged = if cut == plain { joined.clone() } else { self.judge(problem, cut.view())? };
        let corners = joined.pieces_8 == 1 && joined.loads_on_material;
        let (cut, compliance_cut, flaw) =
            if corners && joined.compliance_cut < judged.compliance_cut {
                (plain, joined.compliance_cut, None)
            } else {
                (cut, judged.compliance_cut, Flaw::of(&judged))
            };
        let change = (compliance_cut / compliance - 1.0).abs();
        let flaw = flaw.or((CHANGE < change).then_some(Flaw::Changed(change)));
        Ok(Optimum { design, cut, compliance_cut, flaw, iterations })
    }
}

/// Filter radius of the designs that are projected, in elements: with it, bars of two elements can
/// be made.
const PROJECTED_RADIUS: f64 = 1.5;

/// The stages of a whole optimization on a grid.
fn stages(grid: Grid) -> [(f64, usize); 3] {
    [(layout_radius(grid), 40), (SHARP_RADIUS, 12), (1.0, 2)]
}

/// A random start for a problem.
fn random_layout(problem: &Problem, seed: u64) -> Array2<f64> {
    let shape = (problem.grid.nely, problem.grid.nelx);
    random_start(shape, problem.volume_fraction, (4, 0.3), (seed, 0, 1))
}

#[cfg(test)]
mod tests {
    use topo_simp::{Fix, Place, Side};

    use super::*;

    const GRID: Grid = Grid { nelx: 12, nely: 8 };

    fn cantilever() -> Problem {
        Problem::new(GRID, 0.5)
            .with_support(Place::Edge(Side::Left), Fix::Xy)
            .with_load_case([(Place::Point([1.0, 0.5]), [0.0, -1.0])])
    }

    #[test]
    fn a_repair_and_a_second_optimization_do_not_make_the_optimum_worse() {
        let problem = cantilever();
        let mut judge = Judge::new(GRID).unwrap();
        let optimum = judge.optimum(&problem).unwrap();
        let repaired = judge.repair(&problem, optimum.cut.view(), 5).unwrap();
        assert!(repaired.iterations <= 5);
        assert!(repaired.compliance_cut < 1.05 * optimum.compliance_cut);
        let again = judge.optimum_from(&problem, optimum.cut.view()).unwrap();
        assert!(again.compliance_cut <= 1.1 * optimum.compliance_cut);
    }

    #[test]
    fn each_flaw_has_its_words() {
        let words = |flaw: Flaw| flaw.to_string();
        assert_eq!(words(Flaw::NotCarried), "it does not carry the load");
        assert_eq!(words(Flaw::InPieces(3)), "it is in 3 pieces");
        assert!(words(Flaw::TooSoft(25.4)).starts_with("it is 25 times as soft as a sheet"));
        assert_eq!(words(Flaw::Changed(0.171)), "the cut changes its compliance by 17 %");
    }
}
