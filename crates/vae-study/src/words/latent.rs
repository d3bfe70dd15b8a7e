//! What a diagnosis of the latent space says, in words.

use vae_base::Remedy;
use vae_report::Block;
use vae_train::score::{Diagnosis, Dimension, State};

use super::Speak;

/// How many dimensions are active, and why the others are not, in one line.
pub fn summary(diagnosis: &Diagnosis) -> String {
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

/// The whole diagnosis, with what helps in the words of the caller.
pub fn latent(diagnosis: &Diagnosis, speak: Speak<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Text(summary(diagnosis)), Block::Text(worth(diagnosis))];
    for (state, why) in [
        (
            State::NotNeeded,
            "nothing is left for them to describe, even at β = 1 and with the noise that there is",
        ),
        (State::SwitchedOff, "what they could describe is not worth its cost"),
        (State::Collapsed, "they would be worth their cost, but training did not find them"),
    ] {
        let dims = diagnosis.dimensions.iter().enumerate();
        let names: Vec<String> = dims
            .filter(|(_, dimension)| dimension.state == state)
            .map(|(dim, dimension)| name(dim, dimension))
            .collect();
        if names.is_empty() {
            continue;
        }
        let words = match state {
            State::NotNeeded => "not needed",
            State::SwitchedOff => "switched off",
            _ => "collapsed",
        };
        let remedies: Vec<String> = remedies(diagnosis, state).iter().map(speak).collect();
        blocks.push(Block::Text(format!(
            "{words}: {}: {why}; what helps: {}",
            names.join(", "),
            remedies.join(", or ")
        )));
    }
    blocks
}

/// How many directions of the data are worth a latent dimension.
fn worth(diagnosis: &Diagnosis) -> String {
    let beta = diagnosis.beta;
    let noise = match diagnosis.sigma {
        Some(sigma) => format!("a pixel noise of σ = {sigma:.3}"),
        None => format!("errors of {:.3} per pixel", diagnosis.error),
    };
    let left = if 0.0 < diagnosis.explained_by_conditions {
        let share = 100.0 * diagnosis.explained_by_conditions;
        format!(
            "of what the conditions leave unexplained (they explain {share:.0} % of the variance)"
        )
    } else {
        "of the variance of the designs".to_owned()
    };
    let all = diagnosis.dimensions.len();
    let some = |count: usize| {
        if all < count { format!("more than {all}") } else { count.to_string() }
    };
    format!(
        "at β = {beta} and {noise}, {} directions {left} are worth a dimension, and {} of what the model leaves",
        some(diagnosis.worth.after_conditions),
        some(diagnosis.worth.after_model)
    )
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

/// What helps dimensions in a state.
fn remedies(diagnosis: &Diagnosis, state: State) -> Vec<Remedy> {
    match state {
        State::NotNeeded => {
            let active = diagnosis.count(State::Active).max(1).to_string();
            vec![Remedy::set("latent_dim", active, "saves the time that the others cost")]
        }
        State::SwitchedOff => {
            let mut found = Vec::new();
            if diagnosis.pressed_by_beta() {
                let effect = format!("in place of {} lowers their cost", diagnosis.beta);
                found.push(Remedy::set("beta", "1", effect));
            }
            if diagnosis.pressed_by_sigma() {
                let effect = format!(
                    "(objective elbo) learns σ: errors are {:.3}, while the loss acts as if the noise were {:.3}",
                    diagnosis.error,
                    diagnosis.sigma.unwrap_or(diagnosis.error)
                );
                found.push(Remedy::set("likelihood", "gaussian", effect));
            }
            if found.is_empty() {
                found.push(Remedy::set("beta", "X", "with a smaller value lowers their cost"));
                found.push(Remedy::advice("a smaller σ does the same"));
            }
            found
        }
        _ => vec![
            Remedy::set("free_bits", "0.1", "(objective elbo) makes their first nats free"),
            Remedy::set("kl_warmup", "0.5", "raises the KL weight more slowly"),
            Remedy::set("epochs", "N", "trains longer"),
            Remedy::set("seed", "N", "starts from other weights"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use vae_train::score::Worth;

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
            (State::NotNeeded, 1.0, "1 not needed", "latent_dim 1"),
            (State::SwitchedOff, 50.0, "1 switched off", "beta 1 in place of 50"),
            (State::Collapsed, 1.0, "1 collapsed in training", "free_bits"),
        ] {
            let found = diagnosis(state, beta);
            assert!(summary(&found).ends_with(summed), "{}", summary(&found));
            let speak = |remedy: &Remedy| match remedy {
                Remedy::Set { setting, value, effect } => format!("{setting} {value} {effect}"),
                other => format!("{other:?}"),
            };
            let said: Vec<String> = remedies(&found, state).iter().map(speak).collect();
            assert!(said.join(", ").contains(remedied), "{said:?}");
        }
        let found = diagnosis(State::Collapsed, 1.0);
        assert_eq!(name(1, &found.dimensions[1]), "z2 (silent since epoch 4, 1.40 nats before)");
    }
}
