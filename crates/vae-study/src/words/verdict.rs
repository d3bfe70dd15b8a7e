//! What an evaluation comes to, in three sentences.

use vae_base::Remedy;
use vae_base::text::counted;

use super::Speak;
use super::closing::{self, better};
use super::mechanics::fine;
use crate::evaluation::{Compared, Mechanics, NewDesigns, Next, Use, Verdict};

/// Whether the model beats its controls, whether its new designs can be used, and what to do next:
/// sentences without full stops.
pub(super) fn sentences(
    verdict: &Verdict,
    compared: &Compared,
    mechanics: Option<&Mechanics>,
    speak: Speak<'_>,
) -> [String; 3] {
    let next = next(verdict.next, speak);
    [reproduces(compared), invents(verdict, mechanics), format!("next: {next}")]
}

/// Whether the model reproduces held-out designs better than its controls.
fn reproduces(compared: &Compared) -> String {
    let found = match better(compared) {
        None => "better than its controls".to_owned(),
        Some(better) => format!("worse than {better}"),
    };
    format!("the model reproduces designs {found}: {}", closing::compared(compared))
}

/// Whether new designs can be used, with the share that fails.
fn invents(verdict: &Verdict, mechanics: Option<&Mechanics>) -> String {
    let judged = mechanics.and_then(|it| Some((it, it.new_designs.kinds.first()?)));
    let (Some(found), Some((mechanics, kind))) = (verdict.new_designs, judged) else {
        return "whether its new designs carry a load is not known, because they were not judged by mechanics".to_owned();
    };
    let start = match found {
        Use::Directly => "its new designs can be used",
        Use::OnceJudged => "its new designs can be used once each is judged",
        Use::Not => "its new designs cannot be used",
    };
    let NewDesigns { draws, problems, .. } = &mechanics.new_designs;
    let error =
        kind.standard_error.map_or(String::new(), |error| format!(" ± {:.1}", 100.0 * error));
    let control = mechanics.nearest_by_condition().map_or(String::new(), |nearest| {
        format!(
            "; of the nearest training designs by condition {:.1} % fail",
            100.0 * nearest.failure_rate
        )
    });
    format!(
        "{start}: {:.1}{error} % of {draws} draws for each of {} fail, with a median error of the compliance of {}{control}",
        100.0 * kind.failure_rate,
        counted(*problems, "problem"),
        fine(kind.ce_median),
    )
}

fn next(next: Next, speak: Speak<'_>) -> String {
    let set = |setting, value: &str, effect: &str| speak(&Remedy::set(setting, value, effect));
    match next {
        Next::TrainLonger => format!(
            "the run was short, or its bound still rose at its end; {}",
            set("epochs", "N", "trains longer")
        ),
        Next::TrainOtherwise => format!(
            "train again on more designs, or {}",
            set("latent_dim", "N", "tries another number of dimensions")
        ),
        Next::StateProblem => set(
            "problem",
            "FILE",
            "states the problem of the designs, by which mechanics judges them",
        ),
        Next::TellProblems => set(
            "problems",
            "fields",
            "tells the model the problem of each design in a new training",
        ),
        Next::Propose => {
            "propose designs for a task of your own; each of them is judged".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speak(remedy: &Remedy) -> String {
        match remedy {
            Remedy::Set { setting, value, effect } => format!("--{setting} {value} {effect}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_next_step_is_said_with_its_setting() {
        for (step, setting) in [
            (Next::TrainLonger, "--epochs"),
            (Next::TrainOtherwise, "--latent_dim"),
            (Next::StateProblem, "--problem "),
            (Next::TellProblems, "--problems fields"),
            (Next::Propose, "propose designs"),
        ] {
            let said = next(step, &speak);
            assert!(said.contains(setting), "{said}");
        }
    }
}
