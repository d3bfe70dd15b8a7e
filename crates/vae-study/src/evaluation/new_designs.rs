//! New designs for the problems of the test split: how many carry their load, how stiff they are,
//! and how different from each other.

use ndarray::{Array3, Axis};
use serde::Serialize;
use topo_data::{Outcome, References, Silhouette, median, nearest_iou, repair_all};
use vae_train::codes::decode;

use super::distance::{AtDistance, by_distance, distances};
use crate::error::Result;
use crate::run::Run;
use crate::sampling::{Drawing, suitable_rounds};

/// Draws for each test design.
const DRAWS: usize = 4;
/// SIMP iterations after the draw that are tried.
const ITERATIONS: [usize; 2] = [5, 10];

/// New designs of several kinds, several for each test design.
#[derive(Clone, Debug, Serialize)]
pub struct NewDesigns {
    /// Draws for each test design.
    pub draws: usize,
    /// Distinct problems of the test designs.
    pub problems: usize,
    /// Groups of the test designs, over which the standard errors are taken.
    pub groups: usize,
    /// Rounds of re-encoding after a draw that suit the model.
    pub rounds: usize,
    /// The kinds; the first is what `vae sample` draws by default.
    pub kinds: Vec<Drawn>,
    /// The first kind by how far a problem lies from the training problems; empty for a model that
    /// is not told the problem.
    pub by_distance: Vec<AtDistance>,
    /// Mean overlap (intersection over union) of two draws for the same test design.
    pub overlap_of_draws: f64,
    /// Median overlap of a draw with the training design that is most like it.
    pub overlap_with_training: f64,
    /// The same median of the test designs themselves.
    pub test_overlap_with_training: f64,
}

/// What became of the designs of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Drawn {
    /// The kind, such as `flow and 4 rounds`.
    pub name: String,
    /// Share that fails: a compliance error of 100 % or more, or a load that nothing holds.
    pub failure_rate: f64,
    /// Standard error of that share, over groups; `None` for a single group.
    pub standard_error: Option<f64>,
    /// Median compliance error over all designs.
    pub ce_median: f64,
    /// Mean distance of the volume from that of the problem, before the cut.
    pub volume_error: f64,
    /// Share with void under a load.
    pub load_on_void: f64,
    /// Share in several pieces.
    pub in_pieces: f64,
    /// Share that fails although it is in one piece with material under every load.
    pub too_soft: f64,
    /// The stiffest of all draws for each test design; `None` if there is one draw only.
    pub best: Option<Best>,
}

/// The stiffest of several draws.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Best {
    /// Share that fails.
    pub failure_rate: f64,
    /// Median compliance error.
    pub ce_median: f64,
}

/// Draws and judges designs for the test designs `test`, whose references are given.
pub(super) fn new_designs(
    run: &Run,
    references: &References,
    test: &[usize],
    notes: &mut Vec<String>,
) -> Result<NewDesigns> {
    let (designs, vae) = (run.designs(), &run.vae);
    let given = designs.given(test);
    let groups: Vec<u32> = test.iter().map(|&index| run.data.groups()[index]).collect();
    let (flow, fitted) = run.flow(&mut |_| {})?;
    notes.extend(fitted);
    let rounds = suitable_rounds(vae);

    let domains = references.domains()?;
    let drawn = |from_flow: bool, rounds: usize| -> Result<Vec<Array3<f32>>> {
        let draw = |seed| {
            let flow = from_flow.then_some(&flow);
            let drawing = Drawing { flow, rounds, seed, ..Drawing::default() };
            Ok(decode(vae, &drawing.codes(vae, &given, &domains)?, &given, &run.device)?)
        };
        (0..DRAWS as u64).map(draw).collect()
    };
    let mut asked = vec![(true, rounds), (true, 0), (false, rounds), (false, 0)];
    asked.dedup();
    let mut kinds = Vec::new();
    let mut first: Vec<Array3<f32>> = Vec::new();
    let mut parts = Vec::new();
    for (from_flow, rounds) in asked {
        let name = match (if from_flow { "flow" } else { "prior" }, rounds) {
            (from, 0) => from.to_owned(),
            (from, n) => format!("{from} and {n} rounds"),
        };
        let found = drawn(from_flow, rounds)?;
        let outcomes = found.iter().map(|designs| Ok(references.outcomes(designs.view())?));
        let outcomes = outcomes.collect::<Result<Vec<_>>>()?;
        kinds.push(Drawn::of(name, &outcomes, &groups));
        if first.is_empty() {
            first = found;
            let distances = distances(run, test);
            parts = distances.map_or_else(Vec::new, |each| by_distance(&each, &outcomes));
        }
    }
    for iterations in ITERATIONS {
        let repaired = repair_all(references.problems(), first[0].view(), iterations)?;
        let outcomes = references.outcomes(repaired.view())?;
        let name = format!("{}, then {iterations} SIMP iterations", kinds[0].name);
        kinds.push(Drawn::of(name, &[outcomes], &groups));
    }
    let (training, truth) = (designs.array(&run.split.train)?, designs.array(test)?);
    let training = silhouettes(&training);
    let all: Vec<Vec<Silhouette>> = first.iter().map(silhouettes).collect();
    Ok(NewDesigns {
        draws: DRAWS,
        problems: distinct(references.problems().iter().map(topo_simp::Problem::to_toml)),
        groups: distinct(groups.iter().copied()),
        rounds,
        by_distance: parts,
        overlap_of_draws: overlap(&all),
        overlap_with_training: median(nearest_iou(&all.concat(), &training)).unwrap_or_default(),
        test_overlap_with_training: median(nearest_iou(&silhouettes(&truth), &training))
            .unwrap_or_default(),
        kinds,
    })
}

impl Drawn {
    /// From the outcomes of each draw, one for each test design.
    fn of(name: String, draws: &[Vec<Option<Outcome>>], groups: &[u32]) -> Self {
        let all: Vec<(&Outcome, u32)> = draws
            .iter()
            .flat_map(|draw| draw.iter().zip(groups))
            .filter_map(|(outcome, &group)| Some((outcome.as_ref()?, group)))
            .collect();
        let share = |holds: &dyn Fn(&Outcome) -> bool| {
            all.iter().filter(|(outcome, _)| holds(outcome)).count() as f64
                / all.len().max(1) as f64
        };
        let whole = |outcome: &Outcome| !outcome.is_in_pieces() && !outcome.has_load_on_void();
        let fails: Vec<(bool, u32)> =
            all.iter().map(|(outcome, group)| (outcome.fails(), *group)).collect();
        Self {
            name,
            failure_rate: share(&Outcome::fails),
            standard_error: error_by_group(&fails),
            ce_median: median(all.iter().map(|(outcome, _)| outcome.error).collect())
                .unwrap_or_default(),
            volume_error: all.iter().map(|(found, _)| found.judgement.volume_error).sum::<f64>()
                / all.len().max(1) as f64,
            load_on_void: share(&Outcome::has_load_on_void),
            in_pieces: share(&Outcome::is_in_pieces),
            too_soft: share(&|outcome| outcome.fails() && whole(outcome)),
            best: (1 < draws.len()).then(|| Best::of(draws)),
        }
    }
}

impl Best {
    fn of(draws: &[Vec<Option<Outcome>>]) -> Self {
        let designs = draws.first().map_or(0, Vec::len);
        // A design that does not hold its load counts as infinitely soft.
        let error = |outcome: &Outcome| {
            if outcome.judgement.loads_supported { outcome.error } else { f64::INFINITY }
        };
        let stiffest = (0..designs).filter_map(|i| {
            let errors = draws.iter().filter_map(|draw| draw[i].as_ref()).map(error);
            errors.min_by(f64::total_cmp)
        });
        let stiffest: Vec<f64> = stiffest.collect();
        let failed = stiffest.iter().filter(|error| 1.0 <= **error).count();
        Self {
            failure_rate: failed as f64 / stiffest.len().max(1) as f64,
            ce_median: median(stiffest).unwrap_or_default(),
        }
    }
}

/// Standard error of a share over groups, whose members are not independent:
/// `√(G/(G − 1) Σ_g (Σ_{i∈g} (x_i − x̄))²) / n`; `None` for a single group.
///
/// # References
/// Cameron & Miller 2015, "A practitioner's guide to cluster-robust inference", section II.
fn error_by_group(values: &[(bool, u32)]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().filter(|(holds, _)| *holds).count() as f64 / n;
    let mut sums = std::collections::BTreeMap::<u32, f64>::new();
    for (holds, group) in values {
        *sums.entry(*group).or_default() += f64::from(u8::from(*holds)) - mean;
    }
    let groups = sums.len() as f64;
    let squares: f64 = sums.values().map(|sum| sum * sum).sum();
    (1.0 < groups).then(|| (groups / (groups - 1.0) * squares).sqrt() / n)
}

/// Mean overlap of two draws for the same design.
fn overlap(draws: &[Vec<Silhouette>]) -> f64 {
    let pairs = (0..draws.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    let overlaps: Vec<f64> = pairs
        .flat_map(|(a, b)| draws[a].iter().zip(&draws[b]).map(|(one, other)| one.iou(other)))
        .collect();
    overlaps.iter().sum::<f64>() / overlaps.len().max(1) as f64
}

fn silhouettes(designs: &Array3<f32>) -> Vec<Silhouette> {
    designs.axis_iter(Axis(0)).map(crate::run::silhouette).collect()
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<std::collections::BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of equal size whose members agree: the error of a mean of group means.
    #[test]
    fn members_of_a_group_count_as_one() {
        let values: Vec<(bool, u32)> =
            (0..40).map(|i| (i / 10 == 1 || i / 10 == 3, i / 10)).collect();
        // Four groups of shares 0, 1, 0, 1: deviation √(1/3), error √(1/3 / 4).
        let error = error_by_group(&values).unwrap();
        assert!((error - (1.0_f64 / 12.0).sqrt()).abs() < 1e-12, "{error}");
        assert_eq!(error_by_group(&values[..10]), None);
    }
}
