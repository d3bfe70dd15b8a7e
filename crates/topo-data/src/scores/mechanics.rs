//! The mechanics of a set of designs in one row of a table.

use ndarray::{Array2, Array3, ArrayView3, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use topo_simp::Problem;

use super::{
    distribution::{COPY_DISTANCE, Distribution, coverage, dpp, mmd, train_distances, vendi},
    outcome::Outcome,
    quantiles::median,
};
use crate::{
    error::Result,
    judging::{Domain, Judge, Judgement},
};

/// Version of the definitions below; tables of different versions are not comparable.
pub const METRICS_VERSION: u32 = 1;

/// References whose compliance grows by more than this factor when they are cut to 0/1 are
/// excluded, and so are those that do not carry the load in one piece then.
const VALID_REFERENCE: f64 = 1.2;

/// The mechanics of a set of designs, each beside a reference design of the same problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MechanicsScores {
    /// Designs with a valid reference.
    pub n: usize,
    /// Designs left out because the cut multiplies the compliance of their reference by more than
    /// 1.2, or leaves it in pieces.
    pub invalid_references: usize,
    /// Share with a compliance error of 100 % or more, or a load that no support holds.
    pub failure_rate: f64,
    /// Median of the compliance error at equal volume, `C / C_reference - 1`, over all designs.
    pub ce_median: Option<f64>,
    /// Mean of it over the designs that do not fail.
    pub ce_mean: Option<f64>,
    /// Mean of `|mean density - volume fraction|` of the designs as they are.
    pub volume_error: f64,
    /// Share of the designs in several pieces, elements that share a side being connected.
    pub floating_4: f64,
    /// Share in several pieces, elements that share a corner being connected too.
    pub floating_8: f64,
    /// Share with void under a load.
    pub load_on_void: f64,
    /// Mean of `4 x (1 - x)` of the designs as they are.
    pub greyness: f64,
    /// The published measure, for comparison only: both designs cut at 0.5, whatever volume that
    /// gives.
    pub ce_topodiff: TopodiffError,
    /// How the cut designs relate to the references and to training designs.
    pub distribution: Distribution,
}

/// Compliance error with both designs cut at one half.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopodiffError {
    /// Mean over all designs.
    pub mean: f64,
    /// Median.
    pub median: Option<f64>,
    /// Share of 100 % or more.
    pub failure_rate: f64,
}

/// What sets are compared with: problems, a reference design for each, training designs.
///
/// # Examples
///
/// ```
/// use ndarray::{Array3, Axis};
/// use topo_data::{Judge, References};
/// use topo_simp::{Grid, Problem};
///
/// let problems: Vec<Problem> =
///     [0.4, 0.5].map(|v| Problem::cantilever(Grid { nelx: 24, nely: 12 }, v)).into();
/// let mut judge = Judge::new(problems[0].grid)?;
/// let mut designs = Array3::zeros((2, 12, 24));
/// for (problem, mut design) in problems.iter().zip(designs.outer_iter_mut()) {
///     design.assign(&judge.optimum(problem)?.design.mapv(|x| x as f32));
///     let cells = design.as_slice_mut().expect("one design after the other");
///     vae_data::cut_at_volume(cells, None, problem.volume_fraction as f32);
/// }
/// let references = References::new(problems, designs.view(), designs.view())?;
/// let scores = references.score(designs.view())?;
/// assert_eq!((scores.failure_rate, scores.distribution.copy_rate), (0.0, 1.0));
/// assert!(scores.ce_median.unwrap().abs() < 1e-9);
/// # Ok::<(), topo_data::TopoDataError>(())
/// ```
pub struct References {
    problems: Vec<Problem>,
    /// Compliance of each cut reference; `None` for excluded ones.
    compliances: Vec<Option<f64>>,
    /// Compliance of each reference cut at one half.
    at_half: Vec<f64>,
    cut: Array2<f32>,
    training: Array2<f32>,
    /// Mean distance of the references from the training designs.
    train_distance: f64,
}

impl References {
    /// Judges the references, one per problem.
    ///
    /// # Errors
    ///
    /// The solver's.
    ///
    /// # Panics
    ///
    /// If there is not one reference for each problem.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn new(
        problems: Vec<Problem>,
        references: ArrayView3<'_, f32>,
        training: ArrayView3<'_, f32>,
    ) -> Result<Self> {
        assert_eq!(problems.len(), references.len_of(Axis(0)), "one reference per problem");
        let judged = judge_all(&problems, references)?;
        let valid = |judged: &Judgement| {
            let carries = judged.loads_on_material && judged.pieces_8 == 1;
            let valid = carries && judged.compliance_cut <= VALID_REFERENCE * judged.compliance;
            valid.then_some(judged.compliance_cut)
        };
        let cut = cut_all(&problems, references)?;
        let training = flatten(training);
        let distances = train_distances(cut.view(), training.view());
        let train_distance = distances.iter().sum::<f64>() / distances.len().max(1) as f64;
        Ok(Self {
            compliances: judged.iter().map(valid).collect(),
            at_half: halves(&problems, references)?,
            cut,
            training,
            train_distance,
            problems,
        })
    }

    /// The problems, in the order of the references.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The domain of each problem.
    ///
    /// # Errors
    ///
    /// The solver's, for a problem that is invalid.
    pub fn domains(&self) -> Result<Vec<Domain>> {
        let domains = self.problems.iter().map(Domain::of).collect::<std::result::Result<_, _>>();
        Ok(domains?)
    }

    /// The compliance of each cut reference; `None` for those whose compliance the cut multiplies
    /// by more than 1.2, and those that do not carry the load in one piece.
    pub fn compliances(&self) -> &[Option<f64>] {
        &self.compliances
    }

    /// Judges designs, one per problem; `None` where the reference is excluded.
    ///
    /// # Errors
    ///
    /// The solver's.
    ///
    /// # Panics
    ///
    /// If there is not one design for each problem.
    pub fn outcomes(&self, designs: ArrayView3<'_, f32>) -> Result<Vec<Option<Outcome>>> {
        assert_eq!(self.problems.len(), designs.len_of(Axis(0)), "one design per problem");
        let judged = judge_all(&self.problems, designs)?.into_iter().zip(&self.compliances);
        let outcome = |(judgement, reference): (Judgement, &Option<f64>)| {
            let error = judgement.compliance_error((*reference)?);
            Some(Outcome { judgement, error })
        };
        Ok(judged.map(outcome).collect())
    }

    /// Scores designs, one per problem.
    ///
    /// # Errors
    ///
    /// The solver's.
    ///
    /// # Panics
    ///
    /// If there is not one design for each problem.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn score(&self, designs: ArrayView3<'_, f32>) -> Result<MechanicsScores> {
        let all = self.outcomes(designs)?;
        let outcomes: Vec<&Outcome> = all.iter().flatten().collect();
        let n = outcomes.len();
        let share = |count: usize| count as f64 / n.max(1) as f64;
        let count = |f: fn(&Outcome) -> bool| outcomes.iter().filter(|found| f(found)).count();
        let mean = |f: fn(&Judgement) -> f64| {
            outcomes.iter().map(|found| f(&found.judgement)).sum::<f64>() / n.max(1) as f64
        };
        let passed: Vec<f64> =
            outcomes.iter().filter(|found| !found.fails()).map(|found| found.error).collect();
        Ok(MechanicsScores {
            n,
            invalid_references: all.len() - n,
            failure_rate: share(count(Outcome::fails)),
            ce_mean: (!passed.is_empty()).then(|| passed.iter().sum::<f64>() / passed.len() as f64),
            ce_median: median(outcomes.iter().map(|found| found.error).collect()),
            volume_error: mean(|judged| judged.volume_error),
            floating_4: share(count(|found| found.judgement.pieces_4 != 1)),
            floating_8: share(count(Outcome::is_in_pieces)),
            load_on_void: share(count(Outcome::has_load_on_void)),
            greyness: mean(|judged| judged.greyness),
            ce_topodiff: self.topodiff(designs)?,
            distribution: self.distribution(cut_all(&self.problems, designs)?),
        })
    }

    fn topodiff(&self, designs: ArrayView3<'_, f32>) -> Result<TopodiffError> {
        let errors: Vec<f64> = halves(&self.problems, designs)?
            .iter()
            .zip(&self.at_half)
            .map(|(design, reference)| design / reference - 1.0)
            .collect();
        let n = errors.len().max(1) as f64;
        Ok(TopodiffError {
            mean: errors.iter().sum::<f64>() / n,
            failure_rate: errors.iter().filter(|error| **error >= 1.0).count() as f64 / n,
            median: median(errors),
        })
    }

    fn distribution(&self, cut: Array2<f32>) -> Distribution {
        let distances = train_distances(cut.view(), self.training.view());
        let n = distances.len().max(1) as f64;
        let mean = distances.iter().sum::<f64>() / n;
        Distribution {
            mmd: mmd(cut.view(), self.cut.view()),
            vendi: vendi(cut.view()),
            dpp: dpp(cut.view()),
            coverage: coverage(cut.view(), self.cut.view()),
            train_distance_ratio: (0.0 < self.train_distance).then(|| mean / self.train_distance),
            copy_rate: distances.iter().filter(|distance| **distance < COPY_DISTANCE).count()
                as f64
                / n,
        }
    }
}

/// Judges designs, each under its problem, on the current thread pool.
///
/// # Errors
///
/// The solver's, of the first design that it refuses.
///
/// # Panics
///
/// If there is not one design for each problem.
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn judge_all(problems: &[Problem], designs: ArrayView3<'_, f32>) -> Result<Vec<Judgement>> {
    each(problems, designs, |judge, problem, design| judge.judge(problem, design))
}

/// Improves designs by SIMP iterations, each under its problem: [`Judge::repair`].
///
/// # Errors
///
/// The solver's, of the first design that it refuses.
///
/// # Panics
///
/// If there is not one design for each problem.
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn repair_all(
    problems: &[Problem],
    designs: ArrayView3<'_, f32>,
    iterations: usize,
) -> Result<Array3<f32>> {
    let repaired = each(problems, designs, |judge, problem, design| {
        Ok(judge.repair(problem, design, iterations)?.design.mapv(|density| density as f32))
    })?;
    let mut all = Array3::zeros(designs.dim());
    all.outer_iter_mut().zip(&repaired).for_each(|(mut place, design)| place.assign(design));
    Ok(all)
}

/// Does something with each design and a judge for its grid; judges are kept as long as the grid
/// stays the same.
fn each<T: Send>(
    problems: &[Problem],
    designs: ArrayView3<'_, f32>,
    work: impl Fn(&mut Judge, &Problem, ndarray::ArrayView2<'_, f32>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    assert_eq!(problems.len(), designs.len_of(Axis(0)), "one design per problem");
    (0..problems.len())
        .into_par_iter()
        .map_init(
            || None,
            |judge: &mut Option<(topo_simp::Grid, Judge)>, i| {
                let problem = &problems[i];
                if judge.as_ref().is_none_or(|(grid, _)| *grid != problem.grid) {
                    *judge = Some((problem.grid, Judge::new(problem.grid)?));
                }
                let Some((_, judge)) = judge else { unreachable!("it was set just now") };
                work(judge, problem, designs.index_axis(Axis(0), i))
            },
        )
        .collect()
}

/// Compliance of each design cut at one half.
fn halves(problems: &[Problem], designs: ArrayView3<'_, f32>) -> Result<Vec<f64>> {
    each(problems, designs, |judge, problem, design| {
        judge.compliance(problem, design.mapv(|x| if x > 0.5 { 1.0 } else { 0.0 }).view())
    })
}

/// Each design cut at the volume of its problem, flattened.
fn cut_all(problems: &[Problem], designs: ArrayView3<'_, f32>) -> Result<Array2<f32>> {
    let mut cut = flatten(designs);
    for (problem, mut row) in problems.iter().zip(cut.rows_mut()) {
        let domain = Domain::of(problem)?;
        let design = domain.cut(&row.to_vec());
        row.iter_mut().zip(design).for_each(|(to, value)| *to = value);
    }
    Ok(cut)
}

fn flatten(designs: ArrayView3<'_, f32>) -> Array2<f32> {
    let (n, height, width) = designs.dim();
    let values: Vec<f32> = designs.iter().copied().collect();
    Array2::from_shape_vec((n, height * width), values).expect("as many values as before")
}

#[cfg(test)]
mod tests {
    use ndarray::s;
    use topo_simp::Grid;

    use super::*;

    /// Two problems, and straight bars at the bottom as references.
    fn bars() -> (References, Array3<f32>) {
        let grid = Grid { nelx: 16, nely: 8 };
        let problems: Vec<Problem> = [0.5, 0.25].map(|v| Problem::cantilever(grid, v)).into();
        let mut designs = Array3::zeros((2, 8, 16));
        designs.slice_mut(s![0, 4.., ..]).fill(1.0);
        designs.slice_mut(s![1, 6.., ..]).fill(1.0);
        let training = Array3::from_elem((1, 8, 16), 0.5);
        (References::new(problems, designs.view(), training.view()).unwrap(), designs)
    }

    #[test]
    fn references_score_perfectly_against_themselves() {
        let (references, designs) = bars();
        let scores = references.score(designs.view()).unwrap();
        assert_eq!((scores.n, scores.invalid_references), (2, 0));
        assert!(scores.failure_rate == 0.0 && scores.volume_error == 0.0);
        assert!(scores.ce_median.unwrap().abs() < 1e-12 && scores.ce_mean.unwrap().abs() < 1e-12);
        assert!(scores.ce_topodiff.mean.abs() < 1e-12);
        assert!(scores.distribution.mmd.abs() < 1e-12);
        assert!((scores.distribution.coverage - 1.0).abs() < 1e-12);
        assert!((scores.distribution.train_distance_ratio.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn failures_are_counted_and_kept_out_of_the_mean() {
        let (references, mut designs) = bars();
        // The second load hangs in the air.
        designs.slice_mut(s![1, .., ..]).fill(0.0);
        designs.slice_mut(s![1, ..2, ..]).fill(1.0);
        let scores = references.score(designs.view()).unwrap();
        assert!((scores.failure_rate - 0.5).abs() < 1e-12);
        assert!((scores.load_on_void - 0.5).abs() < 1e-12);
        assert!(scores.ce_mean.unwrap().abs() < 1e-12);
        assert!(scores.ce_median.unwrap() > 1e3);
    }

    #[test]
    fn a_reference_that_the_cut_ruins_is_none() {
        let grid = Grid { nelx: 16, nely: 8 };
        let problems = vec![Problem::cantilever(grid, 0.5)];
        let grey = Array3::from_elem((1, 8, 16), 0.5);
        // Uniform grey is cut to its upper half, which does not carry the load.
        let references = References::new(problems, grey.view(), grey.view()).unwrap();
        assert_eq!(references.compliances(), [None]);
        let scores = references.score(grey.view()).unwrap();
        assert_eq!((scores.n, scores.invalid_references), (0, 1));
        assert!(scores.ce_median.is_none());
    }
}
