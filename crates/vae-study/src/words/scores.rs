//! What an evaluation says of a model, in words and tables.

use vae_base::Remedy;
use vae_base::text::counted;
use vae_report::{Block, Table};
use vae_train::score::Evaluation;
use vae_train::score::Follows;
use vae_train::score::Reconstruction;

use super::Speak;
use super::latent::{latent, summary};
use super::mechanics::{mechanics, new_designs};
use super::verdict::sentences;
use crate::evaluation::{Compared, OnePiece, Scores, Topology};
use crate::run::Part;

/// Latent dimensions in a row of a table.
const IN_A_ROW: usize = 8;

/// What the scores come to, in three sentences under a heading; empty if there are no scores.
pub fn verdict(scores: &Scores, speak: Speak<'_>) -> Vec<Block> {
    let found = (&scores.verdict, &scores.evaluation, scores.part);
    let (Some(found), Some(evaluation), Some(part)) = found else { return Vec::new() };
    let compared = Compared::of(evaluation, part);
    let said = sentences(found, &compared, scores.mechanics.as_ref(), speak);
    let heading = Block::Heading("Verdict".into());
    std::iter::once(heading).chain(said.map(Block::Text)).collect()
}

/// One table for each question: how well held-out designs are reproduced, how probable they are,
/// and whether new designs carry their loads.
pub fn answers(scores: &Scores, speak: Speak<'_>) -> Vec<Block> {
    let (Some(evaluation), Some(part)) = (&scores.evaluation, scores.part) else {
        return self::scores(scores, speak);
    };
    let designs = counted(evaluation.n, &format!("{} design", part.name()));
    let mut blocks = vec![Block::Heading(format!("How well does it reproduce {designs}?"))];
    blocks.extend(flattered(part));
    blocks.push(Block::Table(reconstructions(evaluation, &scores.topology)));
    blocks.push(Block::Text(
        "MSE and IoU (overlap) are over pixels; volume off is the mean difference; pieces and holes are those of designs cut at 0.5"
            .into(),
    ));
    blocks.push(Block::Heading("How probable are they to it?".into()));
    bounds(evaluation, &mut blocks);
    blocks.push(Block::Text(summary(&scores.latent)));
    if let Some(mechanics) = &scores.mechanics {
        blocks.push(Block::Heading("Do its new designs carry their loads?".into()));
        blocks.extend(new_designs(&mechanics.new_designs));
    }
    blocks
}

/// All scores, with those of the controls beside them, the latent space, and mechanics if it was
/// measured.
pub fn scores(scores: &Scores, speak: Speak<'_>) -> Vec<Block> {
    let found = (&scores.evaluation, &scores.one_piece, scores.part);
    let mut blocks = if let (Some(evaluation), Some(one_piece), Some(part)) = found {
        looks((evaluation, part), &scores.topology, one_piece)
    } else {
        let other = speak(&Remedy::set("data", "SOURCE", "scores the model on other designs"));
        vec![Block::Text(format!(
            "there are no test and no validation designs, so there is no bound, no reconstruction and no control to show; {other}"
        ))]
    };
    blocks.extend(latent(&scores.latent, speak));
    blocks.extend(scores.mechanics.iter().flat_map(mechanics));
    blocks
}

/// Bounds, reconstructions, and what the codes tell.
fn looks(
    (evaluation, part): (&Evaluation, Part),
    topology: &[Topology],
    one_piece: &OnePiece,
) -> Vec<Block> {
    let designs = counted(evaluation.n, &format!("{} design", part.name()));
    let mut blocks = vec![Block::Heading(format!("Scores on {designs}"))];
    blocks.extend(flattered(part));
    bounds(evaluation, &mut blocks);
    blocks.push(Block::Table(reconstructions(evaluation, topology)));
    if let Some(found) = &evaluation.calibration {
        blocks.push(Block::Text(format!(
            "stated noise per pixel: σ = {:.4}; the errors of the pixels have a deviation of {:.2} σ, {:.1} % of them lie within σ (normal: 68.3), {:.1} % within 2 σ (95.4)",
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

/// What to say of scores on designs that chose the model; `None` of others.
fn flattered(part: Part) -> Option<Block> {
    let text = "there are no test designs; these chose the model, so the scores flatter it";
    (part == Part::Validation).then(|| Block::Text(text.into()))
}

fn bounds(evaluation: &Evaluation, blocks: &mut Vec<Block>) {
    let mut table = Table::new("log-probabilities, nats per design", &["", "mean", "± error"]);
    let mut number = |name: &str, value: f64, error: Option<f64>| {
        let error = error.filter(|error| error.is_finite());
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
                "quality of the tighter bound: its draws cause an error of {error:.2}, and it lies at least {:.2} below ln p(x); they are worth {:.1} equal draws (median), and a single draw dominates for {:.0} % of the designs",
                -bias,
                found.effective_sample_size,
                100.0 * found.loose_share
            ));
        }
    } else if let Some(log_likelihood) = evaluation.expected_log_likelihood {
        remarks.push(
            "a Bernoulli is not a likelihood of grey values, so there is no bound".to_owned(),
        );
        number("cross-entropy", -log_likelihood, None);
        if let Some(floor) = evaluation.cross_entropy_floor {
            number("its lowest possible value", floor, None);
        }
        number("KL", evaluation.kl, None);
    } else {
        remarks.push(
            "a squared error without a stated noise is not a likelihood, so there is no bound"
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
        .map(|(kl, activity)| format!("{kl:.2} ({activity:.2})"))
        .collect();
    blocks.push(Block::Heading("Latent space".into()));
    blocks.push(Block::Text(format!("active latent dimensions: {active_units} of {latent_dim}")));
    blocks.push(Block::Text(format!(
        "the codes of {} training designs carry {least}{:.2} nats of information about a design (the estimate cannot exceed {:.2}), and their distribution lies {most}{:.2} nats from the prior",
        information.n,
        information.mutual_information,
        information.ceiling,
        information.aggregate_kl
    )));
    blocks.push(Block::Table(by_dimension(&per_dim)));
}

/// What is said of each latent dimension, some in a row.
fn by_dimension(cells: &[String]) -> Table {
    let wide = cells.len().min(IN_A_ROW);
    let title = "KL in nats, and activity in brackets, of each dimension";
    let mut table = Table::new(title, &vec![""; wide + 1]);
    for (row, cells) in cells.chunks(IN_A_ROW).enumerate() {
        let (first, last) = (row * IN_A_ROW + 1, row * IN_A_ROW + cells.len());
        let name = if first == last { format!("z{first}") } else { format!("z{first} to z{last}") };
        let filled = cells.iter().cloned().chain(std::iter::repeat(String::new()));
        table.push(name, filled.take(wide));
    }
    table
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
    row(&format!("PCA, {}", counted(*latent_dim, "component")), &controls.pca, "pca");
    row("nearest training design", &controls.nearest_by_pixels, "nearest_by_pixels");
    if let Some(scores) = &controls.nearest_by_condition {
        row("nearest by condition", scores, "nearest_by_condition");
    }
    table
}

fn conditions(evaluation: &Evaluation) -> Table {
    let columns = ["condition", "new designs", "off by", "test designs", "nearest by condition"];
    let mut table = Table::new(
        "conditions, realized over requested: slope (correlation); 1: met, 0: ignored",
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

#[cfg(test)]
mod tests {
    use vae_train::score::{Importance, Measure, State};

    use super::super::examples;
    use super::*;

    fn scored(evaluation: Option<Evaluation>, part: Part) -> Scores {
        let there = evaluation.is_some();
        Scores {
            verdict: None,
            part: there.then_some(part),
            evaluation,
            one_piece: there.then_some(OnePiece { prior_samples: 0.5, data: 1.0 }),
            topology: Vec::new(),
            latent: examples::diagnosis(&[State::Active], None),
            mechanics: None,
            notes: Vec::new(),
        }
    }

    /// All that is said of scores, with everything and in short.
    fn said(found: &Scores) -> [String; 2] {
        let speak = |remedy: &Remedy| format!("{remedy:?}");
        [scores(found, &speak), answers(found, &speak)].map(|blocks| {
            let text = |block: Block| match block {
                Block::Text(text) | Block::Heading(text) => text,
                _ => String::new(),
            };
            blocks.into_iter().map(text).collect::<Vec<_>>().join("\n")
        })
    }

    #[test]
    fn scores_flatter_only_where_the_designs_chose_the_model() {
        let evaluation = examples::evaluation(1.0);
        for text in said(&scored(Some(evaluation.clone()), Part::Validation)) {
            assert!(text.contains("there are no test designs; these chose the model"), "{text}");
            assert!(text.contains("10 validation designs"), "{text}");
        }
        for text in said(&scored(Some(evaluation), Part::Test)) {
            assert!(!text.contains("flatter") && text.contains("10 test designs"), "{text}");
        }
        for text in said(&scored(None, Part::Test)) {
            assert!(text.contains("there are no test and no validation designs"), "{text}");
        }
    }

    #[test]
    fn a_bound_is_said_to_be_one_only_of_a_likelihood() {
        let evaluation = examples::evaluation(1.0);
        let none = Evaluation {
            elbo: None,
            iwae: None,
            measure: Measure::None,
            expected_log_likelihood: None,
            ..evaluation.clone()
        };
        let entropy = Evaluation { expected_log_likelihood: Some(-8.0), ..none.clone() };
        let words = [
            (evaluation, "the bound is a probability of designs of 0 and 1"),
            (none, "a squared error without a stated noise is not a likelihood"),
            (entropy, "a Bernoulli is not a likelihood of grey values"),
        ];
        for (own, (evaluation, _)) in words.iter().enumerate() {
            for text in said(&scored(Some(evaluation.clone()), Part::Test)) {
                for (other, (_, words)) in words.iter().enumerate() {
                    assert_eq!(text.contains(words), own == other, "{words:?} in {text}");
                }
            }
        }
    }

    #[test]
    fn draws_are_judged_only_if_there_are_several() {
        let mut evaluation = examples::evaluation(1.0);
        let [all, short] = said(&scored(Some(evaluation.clone()), Part::Test));
        assert!(!all.contains("dominates") && !short.contains("dominates"));
        evaluation.importance = Some(Importance {
            standard_error: Some(0.2),
            bias: Some(-0.3),
            effective_sample_size: 4.0,
            smallest_effective_sample_size: 1.0,
            loose_share: 0.25,
        });
        for text in said(&scored(Some(evaluation), Part::Test)) {
            assert!(text.contains("at least 0.30 below ln p(x)"), "{text}");
            assert!(text.contains("a single draw dominates for 25 % of the designs"), "{text}");
        }
    }

    #[test]
    fn information_at_its_ceiling_is_a_bound_only() {
        let text = |mutual_information| {
            let [all, _] =
                said(&scored(Some(examples::evaluation(mutual_information)), Part::Test));
            all
        };
        let (full, free) = (text(3.7), text(3.5));
        assert!(full.contains("carry at least 3.70 nats") && full.contains("lies at most 0.50"));
        assert!(free.contains("carry 3.50 nats") && free.contains("distribution lies 0.50"));
    }
}
