//! What an evaluation says of a model, in words and tables.

use ndarray::Array3;
use serde::Serialize;
use topo_data::{Connectivity, components, holes};
use vae_report::{Block, Table};
use vae_train::evaluate::Reconstruction;
use vae_train::evaluation::{Evaluation, Reconstructions};
use vae_train::response::Follows;

/// Share of designs that are one piece at 0.5, pixels joined by edges or corners.
#[derive(Serialize)]
pub(crate) struct OnePiece {
    /// Prior samples, one per test design, under its conditions.
    pub(crate) prior_samples: f64,
    /// The test designs themselves.
    pub(crate) data: f64,
}

/// How often reconstructions of one kind have the topology of the design, at 0.5.
#[derive(Serialize)]
pub(crate) struct Topology {
    name: String,
    /// As many pieces, joined by edges or corners.
    pieces: f64,
    /// As many holes.
    holes: f64,
}

/// Pieces and holes of reconstructions of the test designs, beside those of the designs.
pub(crate) fn topology(truth: &Array3<f32>, reconstructions: &Reconstructions) -> Vec<Topology> {
    let counts = |designs: &Array3<f32>| -> Vec<(usize, usize)> {
        let both = |design| (components(design, Connectivity::Eight).count(), holes(design));
        designs.outer_iter().map(both).collect()
    };
    let truth = counts(truth);
    let matched = |name: &str, found: &Array3<f32>| {
        let found = counts(found);
        let share = |same: fn(&(usize, usize), &(usize, usize)) -> bool| {
            let hits = truth.iter().zip(&found).filter(|(a, b)| same(a, b)).count();
            hits as f64 / truth.len().max(1) as f64
        };
        Topology {
            name: name.to_owned(),
            pieces: share(|a, b| a.0 == b.0),
            holes: share(|a, b| a.1 == b.1),
        }
    };
    let Reconstructions { model, pca, nearest_by_pixels, nearest_by_condition } = reconstructions;
    let mut all = vec![
        matched("this model", model),
        matched("pca", pca),
        matched("nearest_by_pixels", nearest_by_pixels),
    ];
    all.extend(nearest_by_condition.as_ref().map(|found| matched("nearest_by_condition", found)));
    all
}

/// The scores, with those of the controls beside them.
pub(crate) fn words(
    evaluation: &Evaluation,
    topology: &[Topology],
    one_piece: &OnePiece,
) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(format!("Scores on {} test designs", evaluation.n))];
    bounds(evaluation, &mut blocks);
    blocks.push(Block::Table(reconstructions(evaluation, topology)));
    if let Some(found) = &evaluation.calibration {
        blocks.push(Block::Text(format!(
            "stated noise of a pixel: σ = {:.4}; pixels scatter by {:.2} σ, {:.1} % within σ (normal: 68.3), {:.1} % within 2 σ (95.4)",
            found.sigma,
            found.ratio,
            100.0 * found.within_1,
            100.0 * found.within_2
        )));
    }
    if !evaluation.responses.is_empty() {
        blocks.push(Block::Table(conditions(evaluation)));
    }
    blocks.push(Block::Text(format!(
        "one connected piece: {:.0} % of prior samples, {:.0} % of the data",
        100.0 * one_piece.prior_samples,
        100.0 * one_piece.data
    )));
    codes(evaluation, &mut blocks);
    blocks
}

fn bounds(evaluation: &Evaluation, blocks: &mut Vec<Block>) {
    let mut table = Table::new("log-probabilities, nats per design", &["", "mean", "± error"]);
    let mut number = |name: &str, value: f64, error: Option<f64>| {
        let error = error.map_or(String::new(), |error| format!("{error:.2}"));
        table.push(name, [format!("{value:.2}"), error]);
    };
    let mut remarks = Vec::new();
    if let (Some(elbo), Some(iwae)) = (evaluation.elbo, evaluation.iwae) {
        number("bound on ln p(x)", elbo, evaluation.elbo_standard_error);
        number("expected log-likelihood", elbo + evaluation.kl, None);
        number("KL", evaluation.kl, None);
        let tighter = format!("tighter bound, {} draws", evaluation.samples);
        number(&tighter, iwae, evaluation.iwae_standard_error);
        let bits = evaluation.bits_per_pixel.zip(evaluation.bits_per_pixel_standard_error);
        if let Some((bits, error)) = bits {
            table.push("bits per pixel", [format!("{bits:.4}"), format!("{error:.4}")]);
        }
        remarks.push(format!("the bound is {}", evaluation.measure.spoken()));
        let found = evaluation.importance.as_ref();
        if let Some((found, error, bias)) =
            found.and_then(|found| Some((found, found.standard_error?, found.bias?)))
        {
            remarks.push(format!(
                "of the draws: error {error:.2}, below ln p(x) by {:.2} or more; worth {:.1} equal draws (median), one draw decides for {:.0} % of the designs",
                -bias,
                found.effective_sample_size,
                100.0 * found.loose_share
            ));
        }
    } else if let Some(log_likelihood) = evaluation.expected_log_likelihood {
        remarks
            .push("a Bernoulli on grey values is no likelihood, so there is no bound".to_owned());
        number("cross-entropy", -log_likelihood, None);
        if let Some(floor) = evaluation.cross_entropy_floor {
            number("it cannot fall below", floor, None);
        }
        number("KL", evaluation.kl, None);
    } else {
        remarks.push(
            "a squared error without a stated noise is no likelihood, so there is no bound"
                .to_owned(),
        );
        number("KL", evaluation.kl, None);
    }
    blocks.push(Block::Table(table));
    blocks.extend(remarks.into_iter().map(Block::Text));
}

fn codes(evaluation: &Evaluation, blocks: &mut Vec<Block>) {
    let Evaluation { active_units, latent_dim, information, .. } = evaluation;
    let full = 0.9 * information.ceiling < information.mutual_information;
    let (least, most) = if full { ("at least ", "at most ") } else { ("", "") };
    let per_dim: Vec<String> = evaluation
        .kl_per_dim
        .iter()
        .zip(&evaluation.unit_activity)
        .enumerate()
        .map(|(dim, (kl, activity))| format!("z{} {kl:.2} ({activity:.2})", dim + 1))
        .collect();
    blocks.push(Block::Heading("Latent space".into()));
    blocks.push(Block::Text(format!("active latent dimensions: {active_units} of {latent_dim}")));
    blocks.push(Block::Text(format!(
        "codes of {} training designs tell {least}{:.2} nats of a design (the estimate ends at {:.2}) and lie {most}{:.2} nats from the prior",
        information.n,
        information.mutual_information,
        information.ceiling,
        information.aggregate_kl
    )));
    blocks.push(Block::Text(format!("KL (activity) per dimension: {}", per_dim.join(", "))));
}

fn reconstructions(evaluation: &Evaluation, topology: &[Topology]) -> Table {
    let Evaluation { latent_dim, controls, mse, iou, volume_error, .. } = evaluation;
    let columns = ["reconstruction", "MSE", "IoU", "volume off", "same pieces", "same holes"];
    let mut table = Table::new("", &columns);
    let mut row = |name: &str, scores: &Reconstruction, kind: &str| {
        let found = topology.iter().find(|found| found.name == kind);
        let share = |of: fn(&Topology) -> f64| {
            found.map_or(String::new(), |found| format!("{:.0} %", 100.0 * of(found)))
        };
        let Reconstruction { mse, iou, volume_error } = scores;
        let cells = [format!("{mse:.4}"), format!("{iou:.3}"), format!("{volume_error:.4}")];
        table.push(name, cells.into_iter().chain([share(|t| t.pieces), share(|t| t.holes)]));
    };
    let (mse, iou, volume_error) = (*mse, *iou, *volume_error);
    row("this model", &Reconstruction { mse, iou, volume_error }, "this model");
    row("this model, sampled codes", &evaluation.sampled, "");
    row(&format!("PCA, {latent_dim} components"), &controls.pca, "pca");
    row("nearest training design", &controls.nearest_by_pixels, "nearest_by_pixels");
    if let Some(scores) = &controls.nearest_by_condition {
        row("nearest by condition", scores, "nearest_by_condition");
    }
    table
}

fn conditions(evaluation: &Evaluation) -> Table {
    let columns = ["condition", "new designs", "off by", "test designs", "nearest by condition"];
    let mut table = Table::new(
        "conditions, realized over requested: slope (correlation); 1 is met, 0 is ignored",
        &columns,
    );
    for response in &evaluation.responses {
        let text = |follows: &Follows| format!("{:.2} ({:.2})", follows.slope, follows.correlation);
        let cells = [
            text(&response.model),
            format!("{:.3}", response.model.error),
            text(&response.test_designs),
            response.nearest_by_condition.as_ref().map_or("-".to_owned(), text),
        ];
        table.push(&response.condition, cells);
    }
    table
}
