//! What a diagnosis of the latent space says, in words.

use vae_base::Remedy;
use vae_report::Block;
use vae_train::score::{Diagnosis, Dimension, State, Unclear};

use super::Speak;

/// How many dimensions are active, and why the others are not, in one line.
pub fn summary(diagnosis: &Diagnosis) -> String {
    let all = diagnosis.dimensions.len();
    let active = diagnosis.count(State::Active);
    if active == all {
        return format!("latent space: all {all} dimensions are active");
    }
    let parts: Vec<String> = STATES
        .into_iter()
        .filter(|&state| 0 < diagnosis.count(state))
        .map(|state| format!("{} {}", diagnosis.count(state), verdict(diagnosis, state)))
        .collect();
    format!("latent space: {active} of {all} dimensions are active, {}", parts.join(", "))
}

/// More dimensions than this are named as ranges.
const NAMED: usize = 4;

/// The states of silent dimensions, in the order in which they are reported.
const STATES: [State; 4] = [State::NotNeeded, State::SwitchedOff, State::Collapsed, State::Unclear];

/// A state as a verdict.
fn verdict(diagnosis: &Diagnosis, state: State) -> String {
    match (state, diagnosis.unclear) {
        (State::Active, _) => "active".into(),
        (State::NotNeeded, _) => "not needed".into(),
        (State::SwitchedOff, _) => "switched off".into(),
        (State::Collapsed, _) => "collapsed in training".into(),
        (State::Unclear, Some(Unclear::FewDesigns)) => "with too few designs to tell".into(),
        (State::Unclear, Some(Unclear::Pressed)) if diagnosis.pressed_by_beta() => {
            format!("not to be told at β = {}", diagnosis.beta)
        }
        (State::Unclear, Some(Unclear::Pressed)) => "not to be told under this noise".into(),
        (State::Unclear, _) => "not trained long enough to tell".into(),
    }
}

/// Why dimensions are in a state.
fn reason(diagnosis: &Diagnosis, state: State) -> String {
    let text = match (state, diagnosis.unclear) {
        (State::NotNeeded, _) => {
            "nothing is left for them to describe, even at β = 1 and with the noise that there is"
        }
        (State::SwitchedOff, _) => "what they could describe is not worth its cost",
        (State::Collapsed, _) => "they would be worth their cost, but training did not find them",
        (_, Some(Unclear::FewDesigns)) => {
            let n = diagnosis.n;
            return format!("{n} training designs do not tell a shape from chance");
        }
        (_, Some(Unclear::Pressed)) => {
            "the errors of this model hide what they could describe in one without that pressure"
        }
        _ => "the run was short, or its bound still rose at the end",
    };
    text.to_owned()
}

/// The whole diagnosis, with what helps in the words of the caller.
pub fn latent(diagnosis: &Diagnosis, speak: Speak<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Text(summary(diagnosis)), Block::Text(worth(diagnosis))];
    for state in STATES {
        let Some(names) = names(diagnosis, state) else { continue };
        let remedies: Vec<String> = remedies(diagnosis, state).iter().map(speak).collect();
        blocks.push(Block::Text(format!(
            "{}: {}: {}; what helps: {}",
            verdict(diagnosis, state),
            names,
            reason(diagnosis, state),
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

/// The dimensions in a state: a few each with its history, many as ranges; `None` if there is none.
fn names(diagnosis: &Diagnosis, state: State) -> Option<String> {
    let dims = diagnosis.dimensions.iter().enumerate();
    let found: Vec<(usize, &Dimension)> =
        dims.filter(|(_, dimension)| dimension.state == state).collect();
    if found.len() <= NAMED {
        let names: Vec<String> = found.iter().map(|(dim, one)| name(*dim, one)).collect();
        return (!names.is_empty()).then(|| names.join(", "));
    }
    let ranges: Vec<String> = found
        .chunk_by(|a, b| a.0 + 1 == b.0)
        .map(|range| match range {
            [(one, _)] => format!("z{}", one + 1),
            [(first, _), .., (last, _)] => format!("z{} to z{}", first + 1, last + 1),
            [] => String::new(),
        })
        .collect();
    Some(ranges.join(", "))
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
        State::Unclear if diagnosis.unclear == Some(Unclear::ShortRun) => {
            vec![Remedy::set("epochs", "N", "trains longer")]
        }
        State::Unclear if diagnosis.unclear == Some(Unclear::FewDesigns) => {
            vec![Remedy::advice("train on more designs")]
        }
        State::NotNeeded => {
            let active = diagnosis.count(State::Active).max(1).to_string();
            vec![Remedy::set("latent_dim", active, "saves the time that the others cost")]
        }
        State::SwitchedOff | State::Unclear => {
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

    use super::super::examples;
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
            unclear: (state == State::Unclear).then_some(Unclear::ShortRun),
        }
    }

    #[test]
    fn each_verdict_has_its_remedy_and_its_beginning() {
        for (state, beta, summed, remedied) in [
            (State::NotNeeded, 1.0, "1 not needed", "latent_dim 1"),
            (State::SwitchedOff, 50.0, "1 switched off", "beta 1 in place of 50"),
            (State::Collapsed, 1.0, "1 collapsed in training", "free_bits"),
            (State::Unclear, 1.0, "1 not trained long enough to tell", "epochs N trains longer"),
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

    #[test]
    fn many_dimensions_are_ranges() {
        let mut found = diagnosis(State::NotNeeded, 1.0);
        assert_eq!(names(&found, State::Collapsed), None);
        let of = |which: usize| found.dimensions[which].clone();
        found.dimensions = [0, 1, 1, 1, 0, 1, 1].map(of).to_vec();
        let ranges = Some("z2 to z4, z6 to z7".to_owned());
        assert_eq!(names(&found, State::NotNeeded), ranges);
    }

    #[test]
    fn dimensions_that_are_all_active_are_said_to_be() {
        let found = examples::diagnosis(&[State::Active; 3], None);
        assert_eq!(summary(&found), "latent space: all 3 dimensions are active");
        let found = examples::diagnosis(&[State::Active, State::NotNeeded], None);
        assert_eq!(summary(&found), "latent space: 1 of 2 dimensions are active, 1 not needed");
    }

    /// Each state has its own verdict, its own reason and its own remedy, which no other has.
    #[test]
    fn no_state_is_said_with_the_words_of_another() {
        let speak = |remedy: &Remedy| match remedy {
            Remedy::Set { setting, value, effect } => format!("{setting} {value} {effect}"),
            Remedy::Advice(text) => text.clone(),
            other => format!("{other:?}"),
        };
        let said = |state, unclear, beta| {
            let found = Diagnosis { beta, ..examples::diagnosis(&[state], unclear) };
            let texts = latent(&found, &speak).into_iter().filter_map(|block| match block {
                Block::Text(text) => Some(text),
                _ => None,
            });
            texts.collect::<Vec<_>>().join("\n")
        };
        let (unclear, pressed) = (State::Unclear, Some(Unclear::Pressed));
        let (short, few) = (Some(Unclear::ShortRun), Some(Unclear::FewDesigns));
        let all = [
            (said(State::NotNeeded, None, 1.0), "not needed: z1", "nothing is left for them"),
            (said(State::SwitchedOff, None, 9.0), "switched off: z1", "is not worth its cost"),
            (said(State::Collapsed, None, 1.0), "collapsed in training: z1", "did not find them"),
            (said(unclear, few, 1.0), "with too few designs to tell: z1", "from chance"),
            (said(unclear, short, 1.0), "not trained long enough to tell: z1", "the run was short"),
            (said(unclear, pressed, 9.0), "not to be told at β = 9: z1", "hide what they could"),
        ];
        for (own, (text, ..)) in all.iter().enumerate() {
            for (other, (_, verdict, reason)) in all.iter().enumerate() {
                for words in [verdict, reason] {
                    assert_eq!(text.contains(words), own == other, "{words:?} in {text}");
                }
            }
        }
        // Under a weight of 1 it is the noise that presses.
        let by_noise = said(unclear, pressed, 1.0);
        assert!(by_noise.contains("not to be told under this noise: z1"), "{by_noise}");
        assert!(!by_noise.contains("at β = 1:"), "{by_noise}");
    }

    #[test]
    fn what_conditions_and_noise_leave_is_said_as_it_is() {
        let found = examples::diagnosis(&[State::Active], None);
        let said = worth(&found);
        assert!(said.contains("a pixel noise of σ = 0.100"), "{said}");
        assert!(said.contains("unexplained (they explain 50 %"), "{said}");
        let worthwhile = Worth { after_conditions: 2, after_model: 0 };
        let found =
            Diagnosis { sigma: None, explained_by_conditions: 0.0, worth: worthwhile, ..found };
        let said = worth(&found);
        assert!(said.contains("errors of 0.100 per pixel, more than 1 directions"), "{said}");
        assert!(said.contains("of the variance of the designs") && !said.contains("explain"));
        assert!(said.ends_with("and 0 of what the model leaves"), "{said}");
    }

    #[test]
    fn a_dimension_is_said_to_be_silent_from_when_it_was() {
        let mut one = examples::diagnosis(&[State::NotNeeded], None).dimensions.remove(0);
        assert_eq!(name(0, &one), "z1");
        one.silent_since = Some(1);
        assert_eq!(name(0, &one), "z1 (silent from the first epoch)");
    }
}
