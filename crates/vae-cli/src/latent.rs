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
        _ => "a longer warm-up of the KL term (training.kl_warmup), more --epochs, another --seed"
            .to_owned(),
    }
}
