//! The mechanics part of an evaluation: reconstructions and new designs, each judged under its
//! problem, controls beside the model.

use std::collections::BTreeMap;

use ndarray::{Array2, Array3, Axis};
use serde::Serialize;
use topo_data::{METRICS_VERSION, MechanicsScores, References, problem_of};
use topo_simp::Problem;
use vae_base::{evenly_spaced, text::counted};
use vae_data::DataSet;
use vae_train::codes::reconstruct;
use vae_train::codes::{decode, prior_draws};
use vae_train::score::{
    nearest_by_condition, nearest_by_pixels, principal_components, regression_by_condition,
};

use super::new_designs::{NewDesigns, new_designs};
use crate::error::Result;
use crate::run::{Run, stored};

/// Test designs that are judged, at most.
const MOST: usize = 96;
/// Deviation of the noise that one control adds to the references.
const NOISE: f32 = 0.25;
/// The control for new designs that needs no model.
const NEAREST_BY_CONDITION: &str = "nearest by condition";

/// Scores of the model and of what is simpler.
#[derive(Clone, Debug, Serialize)]
pub struct Mechanics {
    /// Version of the definitions.
    pub version: u32,
    /// Test designs that were judged.
    pub n: usize,
    /// Designs from the codes of the test designs, or what comes close to them.
    pub reconstructions: Vec<Scored>,
    /// Designs for the conditions of the test designs.
    pub generated: Vec<Scored>,
    /// Several draws for each test design, by the ways to draw.
    pub new_designs: NewDesigns,
    /// Mean change of a generated design, over the square root of the elements, when the conditions
    /// are swapped and the code stays: 0 if they are ignored.
    pub condition_sensitivity: Option<f64>,
}

impl Mechanics {
    /// The share that fails of new designs as they are drawn by default.
    pub fn failure_rate(&self) -> Option<f64> {
        self.new_designs.kinds.first().map(|kind| kind.failure_rate)
    }

    /// The scores of the training designs with the nearest conditions; `None` without conditions.
    pub fn nearest_by_condition(&self) -> Option<&MechanicsScores> {
        self.generated
            .iter()
            .find(|scored| scored.name == NEAREST_BY_CONDITION)
            .map(|scored| &scored.scores)
    }
}

/// The scores of one kind of designs.
#[derive(Clone, Debug, Serialize)]
pub struct Scored {
    /// The kind, such as `nearest training design`.
    pub name: String,
    /// Its scores.
    #[serde(flatten)]
    pub scores: MechanicsScores,
}

/// Judges the model on some held-out designs; `None` if the problems of the designs are unknown. If
/// a flow has to be fitted for it, a sentence about it is added to `notes`.
pub(super) fn mechanics(
    run: &Run,
    held_out: &[usize],
    notes: &mut Vec<String>,
) -> Result<Option<Mechanics>> {
    let Some(problems) = problems(&run.data, held_out)? else { return Ok(None) };
    let (test, problems) = judged(held_out, problems);
    let designs = run.designs();
    let (train, vae, device) = (&run.split.train, &run.vae, &run.device);
    let training = designs.array(train)?;
    let truth = stored(&run.data, &test)?;
    let references = References::new(problems, truth.view(), training.view())?;
    let score = |name: String, found: Array3<f32>| -> Result<Scored> {
        Ok(Scored { name, scores: references.score(found.view())? })
    };

    let latent_dim = vae.config().latent_dim;
    let pca = principal_components(&designs, train, &test, latent_dim)?.mapv(|x| x.clamp(0.0, 1.0));
    let reconstructions = vec![
        score("this model".into(), reconstruct(vae, &designs, &test, device)?)?,
        score(format!("PCA, {}", counted(latent_dim, "component")), pca)?,
        score("nearest training design".into(), nearest_by_pixels(&designs, train, &test)?)?,
    ];

    let zs = prior_draws(latent_dim, test.len(), 0);
    let given = designs.given(&test);
    let samples = decode(vae, &zs, &given, device)?;
    let told = 0 < given.conditions().ncols() || !given.fields().is_empty();
    let condition_sensitivity = if !told || test.len() < 2 {
        None
    } else {
        let half = test.len() / 2;
        let swapped: Vec<usize> = (0..test.len()).map(|i| (i + half) % test.len()).collect();
        let other = decode(vae, &zs, &given.select(&swapped), device)?;
        Some(mean_distance(&samples, &other))
    };
    let mut generated = vec![score("this model, prior samples".into(), samples)?];
    if let Some(nearest) = nearest_by_condition(&designs, train, &test)? {
        generated.push(score(NEAREST_BY_CONDITION.into(), nearest)?);
    }
    if let Some(found) = regression_by_condition(&designs, train, &test, latent_dim)? {
        generated.push(score("PCA, regression by condition".into(), found)?);
    }
    let mean = training.mean_axis(Axis(0)).unwrap_or_else(|| Array2::zeros((1, 1)));
    let collapsed = Array3::from_shape_fn(truth.dim(), |(_, i, j)| mean[(i, j)]);
    generated.push(score("mean training design".into(), collapsed)?);
    generated.push(score("test designs with noise".into(), noisy(&truth))?);
    let new_designs = new_designs(run, &references, &test, notes)?;
    let (version, n) = (METRICS_VERSION, test.len());
    Ok(Some(Mechanics {
        version,
        n,
        reconstructions,
        generated,
        new_designs,
        condition_sensitivity,
    }))
}

/// The problems of some designs; `None` if one of them is unknown.
fn problems(data: &DataSet, indices: &[usize]) -> Result<Option<Vec<Problem>>> {
    indices.iter().map(|&index| Ok(problem_of(data, index)?)).collect()
}

/// The designs to judge, in their order: of more than [`MOST`], designs of each problem in turn,
/// so that as many problems as possible are judged; of more problems, evenly spaced ones.
fn judged(designs: &[usize], problems: Vec<Problem>) -> (Vec<usize>, Vec<Problem>) {
    let mut by_problem = BTreeMap::<String, Vec<usize>>::new();
    for (place, problem) in problems.iter().enumerate() {
        by_problem.entry(problem.to_toml()).or_default().push(place);
    }
    // In the order of their first designs, whatever their text.
    let mut places: Vec<Vec<usize>> = by_problem.into_values().collect();
    places.sort_unstable();
    let chosen = evenly_spaced(&(0..places.len()).collect::<Vec<_>>(), MOST);
    let places: Vec<&Vec<usize>> = chosen.iter().map(|&problem| &places[problem]).collect();
    let most = places.iter().map(|places| places.len()).max().unwrap_or(0);
    let turn = |turn: usize| places.iter().filter_map(move |places| places.get(turn).copied());
    let mut taken: Vec<usize> = (0..most).flat_map(turn).take(MOST).collect();
    taken.sort_unstable();
    taken.into_iter().map(|place| (designs[place], problems[place].clone())).unzip()
}

/// References with normal noise: designs that look right and are not.
fn noisy(designs: &Array3<f32>) -> Array3<f32> {
    let (n, height, width) = designs.dim();
    let noise = prior_draws(height * width, n, 0);
    Array3::from_shape_fn((n, height, width), |(k, i, j)| {
        (designs[(k, i, j)] + NOISE * noise[(k, i * width + j)]).clamp(0.0, 1.0)
    })
}

fn mean_distance(a: &Array3<f32>, b: &Array3<f32>) -> f64 {
    let pairs = a.outer_iter().zip(b.outer_iter());
    let distances = pairs.map(|(a, b)| {
        let squared: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        (squared / a.len() as f64).sqrt()
    });
    distances.sum::<f64>() / a.len_of(Axis(0)).max(1) as f64
}

#[cfg(test)]
mod tests {
    use topo_simp::Grid;

    use super::*;

    /// A problem for each design: the first `counts[0]` have one problem, and so on.
    fn problems(counts: &[usize]) -> Vec<Problem> {
        let grid = Grid { nelx: 4, nely: 4 };
        let each = counts.iter().enumerate().flat_map(|(number, &count)| {
            let volume = 0.1 + 0.8 * number as f64 / counts.len() as f64;
            vec![Problem::cantilever(grid, volume); count]
        });
        each.collect()
    }

    #[test]
    fn every_problem_is_judged_before_one_is_judged_again() {
        let few: Vec<usize> = (10..40).collect();
        assert_eq!(judged(&few, problems(&[10, 20])).0, few);

        let (taken, found) = judged(&(0..203).collect::<Vec<_>>(), problems(&[100, 100, 3]));
        assert_eq!(taken.len(), MOST);
        assert!(taken.is_sorted() && taken.ends_with(&[200, 201, 202]));
        let of_first = taken.iter().filter(|&&design| design < 100).count();
        assert!((46..=47).contains(&of_first), "{of_first}");
        assert_eq!(found[MOST - 1], problems(&[100, 100, 3])[202]);

        let (taken, _) = judged(&(0..192).collect::<Vec<_>>(), problems(&[1; 192]));
        assert_eq!(taken.len(), MOST);
    }
}
