//! The mechanics part of an evaluation: reconstructions and new designs, each judged under its
//! problem, controls beside the model.

use anyhow::Result;
use ndarray::{Array2, Array3, Axis};
use serde::Serialize;
use topo_data::{METRICS_VERSION, MechanicsScores, References, problem_of};
use topo_simp::Problem;
use vae_data::DataSet;
use vae_report::{Block, Table};
use vae_train::controls::{nearest_by_condition, nearest_by_pixels, principal_components};
use vae_train::evaluate::reconstruct;
use vae_train::explore::{decode, prior_draws};
use vae_train::sampler::Sampler;

use crate::opened::OpenedRun;
use crate::samplers;
use crate::stored::{evenly_spaced, stored};

/// Test designs that are judged, at most; of more, evenly spaced ones.
const MOST: usize = 96;
/// Deviation of the noise that one control adds to the references.
const NOISE: f32 = 0.25;

/// Scores of the model and of what is simpler.
#[derive(Serialize)]
pub(crate) struct Mechanics {
    /// Version of the definitions.
    version: u32,
    /// Test designs that were judged.
    n: usize,
    /// Designs from the codes of the test designs, or what comes close to them.
    reconstructions: Vec<Scored>,
    /// Designs for the conditions of the test designs.
    generated: Vec<Scored>,
    /// Mean change of a generated design, over the square root of the elements, when the conditions
    /// are swapped and the code stays: 0 if they are ignored.
    condition_sensitivity: Option<f64>,
}

/// One row of the table.
#[derive(Serialize)]
struct Scored {
    name: String,
    #[serde(flatten)]
    scores: MechanicsScores,
}

/// Judges the model on the test split; none where the problems of the designs are not known.
pub(crate) fn mechanics(opened: &OpenedRun) -> Result<Option<Mechanics>> {
    let test = evenly_spaced(&opened.split.test, MOST);
    let Some(problems) = problems(&opened.data, &test)? else { return Ok(None) };
    let designs = opened.designs();
    let (train, vae, device) = (&opened.split.train, &opened.vae, &opened.device);
    let training = designs.array(train)?;
    let truth = stored(&opened.data, &test)?;
    let references = References::new(problems, truth.view(), training.view())?;
    let score = |name: String, found: Array3<f32>| -> Result<Scored> {
        Ok(Scored { name, scores: references.score(found.view())? })
    };

    let latent_dim = vae.config().latent_dim;
    let pca = principal_components(&designs, train, &test, latent_dim)?.mapv(|x| x.clamp(0.0, 1.0));
    let reconstructions = vec![
        score("this model".into(), reconstruct(vae, &designs, &test, device)?)?,
        score(format!("PCA, {latent_dim} components"), pca)?,
        score("nearest training design".into(), nearest_by_pixels(&designs, train, &test)?)?,
    ];

    let zs = prior_draws(latent_dim, test.len(), 0);
    let cs = designs.conditions(&test);
    let samples = decode(vae, &zs, &cs, device)?;
    let condition_sensitivity = if cs.ncols() == 0 || test.len() < 2 {
        None
    } else {
        let half = test.len() / 2;
        let swapped: Vec<usize> = (0..test.len()).map(|i| (i + half) % test.len()).collect();
        let other = decode(vae, &zs, &cs.select(Axis(0), &swapped), device)?;
        Some(mean_distance(&samples, &other))
    };
    let mut generated = vec![score("this model, prior samples".into(), samples)?];
    let samplers = samplers::of(opened)?;
    for (name, sampler) in
        [("this model, one normal", Sampler::Gaussian), ("this model, mixture", Sampler::Mixture)]
    {
        let zs = samplers.draws(vae, sampler, &cs, 0);
        generated.push(score(name.into(), decode(vae, &zs, &cs, device)?)?);
    }
    if let Some(nearest) = nearest_by_condition(&designs, train, &test)? {
        generated.push(score("nearest by condition".into(), nearest)?);
    }
    let mean = training.mean_axis(Axis(0)).unwrap_or_else(|| Array2::zeros((1, 1)));
    let collapsed = Array3::from_shape_fn(truth.dim(), |(_, i, j)| mean[(i, j)]);
    generated.push(score("mean training design".into(), collapsed)?);
    generated.push(score("test designs with noise".into(), noisy(&truth))?);
    let (version, n) = (METRICS_VERSION, test.len());
    Ok(Some(Mechanics { version, n, reconstructions, generated, condition_sensitivity }))
}

/// The problems of some designs; none if one is not known.
pub(crate) fn problems(data: &DataSet, indices: &[usize]) -> Result<Option<Vec<Problem>>> {
    indices.iter().map(|&index| Ok(problem_of(data, index)?)).collect()
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

/// The tables.
pub(crate) fn words(mechanics: &Mechanics) -> Vec<Block> {
    let left_out = mechanics.generated.first().map_or(0, |scored| scored.scores.invalid_references);
    let mut blocks = vec![
        Block::Heading(format!("Mechanics of {} test problems", mechanics.n - left_out)),
        Block::Text("each design is cut to 0/1 at the volume of its problem; CE = compliance / that of the test design - 1".into()),
    ];
    if 0 < left_out {
        blocks.push(Block::Text(format!(
            "left out: {left_out} test designs whose own compliance the cut multiplies by more than 1.2"
        )));
    }
    let columns = ["", "fails", "CE median", "CE mean", "volume off", "in pieces", "load on void"];
    for (title, rows) in
        [("reconstructions", &mechanics.reconstructions), ("new designs", &mechanics.generated)]
    {
        let mut table = Table::new("", &columns);
        title.clone_into(&mut table.columns[0]);
        for Scored { name, scores } in rows {
            table.push(
                name,
                [
                    format!("{:.1} %", 100.0 * scores.failure_rate),
                    percent(scores.ce_median),
                    percent(scores.ce_mean),
                    format!("{:.4}", scores.volume_error),
                    format!("{:.1} %", 100.0 * scores.floating_8),
                    format!("{:.1} %", 100.0 * scores.load_on_void),
                ],
            );
        }
        blocks.push(Block::Table(table));
    }
    let mut table = Table::new(
        "",
        &["distribution", "MMD", "Vendi", "DPP", "coverage", "train distance", "copies"],
    );
    for Scored { name, scores } in mechanics.reconstructions.iter().chain(&mechanics.generated) {
        let d = &scores.distribution;
        table.push(
            name,
            [
                format!("{:.4}", d.mmd),
                format!("{:.1}", d.vendi),
                format!("{:.3}", d.dpp),
                format!("{:.1} %", 100.0 * d.coverage),
                d.train_distance_ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
                format!("{:.1} %", 100.0 * d.copy_rate),
            ],
        );
    }
    blocks.push(Block::Table(table));
    if let Some(sensitivity) = mechanics.condition_sensitivity {
        blocks.push(Block::Text(format!(
            "conditions swapped, code kept: a new design changes by {sensitivity:.3} (0: they are ignored)"
        )));
    }
    blocks
}

/// `12.3 %`; a number beyond all sense as `> 1000 %`.
fn percent(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if 10.0 < value => "> 1000 %".to_owned(),
        Some(value) => format!("{:.1} %", 100.0 * value),
    }
}
