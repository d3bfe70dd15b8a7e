//! What a diagnosis of the latent space says, in words.

use anyhow::Result;
use vae_models::Vae;
use vae_report::Block;
use vae_train::RunFolder;
use vae_train::diagnosis::{Diagnosis, Dimension, State, diagnose};
use vae_train::metrics::{EpochMetrics, Event, read};

use crate::opened::OpenedRun;

/// Diagnoses the model of a run.
pub(crate) fn of(opened: &OpenedRun) -> Result<Diagnosis> {
    let OpenedRun { folder, config, split, vae, device, .. } = opened;
    let epochs = epochs(folder)?;
    let (beta, designs) = (config.training.beta, opened.designs());
    Ok(diagnose(vae, &opened.loss(), beta, &designs, &split.train, &epochs, device)?)
}

/// The epochs that a run logged; none for one that was imported.
pub(crate) fn epochs(folder: &RunFolder) -> Result<Vec<EpochMetrics>> {
    let log = folder.metrics();
    let events = if log.is_file() { read(&log)? } else { Vec::new() };
    let epochs = events.into_iter().filter_map(|event| match event {
        Event::Epoch(metrics) => Some(metrics),
        Event::Step(_) => None,
    });
    Ok(epochs.collect())
}

/// One line: how many dimensions live, and why the others do not.
pub(crate) fn summary(diagnosis: &Diagnosis) -> String {
    let all = diagnosis.dimensions.len();
    let active = diagnosis.count(State::Active);
    if active == all {
        return format!("latent space: all {all} dimensions are active");
    }
    let parts: Vec<String> = [
        (State::NotNeeded, "not needed"),
        (State::SwitchedOff, "switched off"),
        (State::Collapsed, "collapsed in training"),
    ]
    .into_iter()
    .filter(|&(state, _)| 0 < diagnosis.count(state))
    .map(|(state, words)| format!("{} {words}", diagnosis.count(state)))
    .collect();
    format!("latent space: {active} of {all} dimensions are active, {}", parts.join(", "))
}

/// The whole report.
pub(crate) fn report(diagnosis: &Diagnosis, vae: &Vae) -> Vec<Block> {
    let mut blocks = vec![Block::Text(summary(diagnosis))];
    let beta = diagnosis.beta;
    let noise = match diagnosis.sigma {
        Some(sigma) => format!("a pixel noise of σ = {sigma:.3}"),
        None => format!("errors of {:.3} a pixel", diagnosis.error),
    };
    let conditions = if vae.config().conditions.is_empty() {
        String::new()
    } else {
        format!(
            "; conditions explain {:.0} % of the variance",
            100.0 * diagnosis.explained_by_conditions
        )
    };
    let all = diagnosis.dimensions.len();
    let some = |count: usize| {
        if all < count { format!("more than {all}") } else { count.to_string() }
    };
    blocks.push(Block::Text(format!(
        "at β = {beta} and {noise}, {} directions of what is left are worth a dimension{conditions}, and {} of what the model leaves",
        some(diagnosis.worth.after_conditions),
        some(diagnosis.worth.after_model)
    )));
    for (state, why) in [
        (
            State::NotNeeded,
            "there is nothing left to say for them, even at β = 1 and with the noise that there is",
        ),
        (State::SwitchedOff, "what they could say is not worth its cost"),
        (State::Collapsed, "they would have paid, and training did not get there"),
    ] {
        let dims: Vec<(usize, &Dimension)> = diagnosis
            .dimensions
            .iter()
            .enumerate()
            .filter(|(_, dimension)| dimension.state == state)
            .collect();
        if dims.is_empty() {
            continue;
        }
        let words = match state {
            State::NotNeeded => "not needed",
            State::SwitchedOff => "switched off",
            _ => "collapsed",
        };
        let since: Vec<String> = dims.iter().map(|&(dim, found)| name(dim, found)).collect();
        let remedy = remedy(diagnosis, state);
        blocks.push(Block::Text(format!("{words}: {}: {why}; try {remedy}", since.join(", "))));
    }
    blocks
}

/// `z3 (silent since epoch 2, 1.4 nats before)`.
fn name(dim: usize, dimension: &Dimension) -> String {
    let peak = dimension.peak_kl.unwrap_or(0.0);
    match dimension.silent_since {
        None => format!("z{}", dim + 1),
        Some(1) => format!("z{} (silent from the first epoch)", dim + 1),
        Some(epoch) => format!("z{} (silent since epoch {epoch}, {peak:.2} nats before)", dim + 1),
    }
}

fn remedy(diagnosis: &Diagnosis, state: State) -> String {
    let active = diagnosis.count(State::Active);
    match state {
        State::NotNeeded => {
            format!("--latent-dim {}: the others cost nothing but time", active.max(1))
        }
        State::SwitchedOff => {
            let mut parts = Vec::new();
            if diagnosis.pressed_by_beta() {
                parts.push(format!("--beta 1 in place of {}", diagnosis.beta));
            }
            if diagnosis.pressed_by_sigma() {
                parts.push(format!(
                    "a σ that is learned (--objective elbo --likelihood gaussian): errors are {:.3}, the loss acts as if the noise were {:.3}",
                    diagnosis.error,
                    diagnosis.sigma.unwrap_or(diagnosis.error)
                ));
            }
            if parts.is_empty() {
                parts.push("a smaller --beta, or a smaller σ".to_owned());
            }
            parts.join(", and ")
        }
        _ => "--free-bits 0.1 with --objective elbo, a longer warm-up of the KL term (--kl-warmup 0.5), more --epochs, another --seed"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use vae_train::diagnosis::Worth;

    use super::*;

    fn diagnosis(state: State, beta: f64) -> Diagnosis {
        let dimension = |state, silent_since, peak_kl| Dimension {
            activity: 0.5,
            kl: 0.01,
            state,
            silent_since,
            peak_kl,
        };
        let worth = Worth { after_conditions: 2, after_model: 1 };
        Diagnosis {
            dimensions: vec![
                dimension(State::Active, None, Some(2.0)),
                dimension(state, Some(4), Some(1.4)),
            ],
            beta,
            sigma: Some(0.1),
            error: 0.1,
            explained_by_conditions: 0.5,
            worth,
            worth_without_pressure: worth,
            n: 100,
        }
    }

    #[test]
    fn each_verdict_has_its_remedy_and_its_beginning() {
        for (state, beta, summed, remedied) in [
            (State::NotNeeded, 1.0, "1 not needed", "--latent-dim 1"),
            (State::SwitchedOff, 50.0, "1 switched off", "--beta 1 in place of 50"),
            (State::Collapsed, 1.0, "1 collapsed in training", "--free-bits"),
        ] {
            let found = diagnosis(state, beta);
            assert!(summary(&found).ends_with(summed), "{}", summary(&found));
            let remedy = remedy(&found, state);
            assert!(remedy.contains(remedied), "{remedy}");
        }
        let found = diagnosis(State::Collapsed, 1.0);
        assert_eq!(name(1, &found.dimensions[1]), "z2 (silent since epoch 4, 1.40 nats before)");
    }
}
