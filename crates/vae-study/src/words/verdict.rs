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
    let Compared { model, pca, nearest, .. } = compared;
    let found = match better(compared) {
        Some(better) => format!("worse than {better}"),
        None if *model < pca.min(*nearest) => "better than its controls".to_owned(),
        // As well, or with an error that is no number.
        None => "no better than its controls".to_owned(),
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
    use super::super::examples;
    use super::*;
    use crate::evaluation::{Control, Scored};
    use crate::run::Part;

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

    #[test]
    fn a_model_is_called_better_than_its_controls_only_if_it_is() {
        let said = |model| {
            let (part, n, components) = (Part::Test, 10, 8);
            reproduces(&Compared { part, n, model, pca: 0.02, components, nearest: 0.03 })
        };
        assert!(said(0.01).starts_with("the model reproduces designs better than its controls:"));
        let worse = "worse than the projection on principal components: on 10 test designs";
        assert!(said(0.025).contains(worse), "{}", said(0.025));
        assert!(said(0.04).contains("and than the nearest training design"), "{}", said(0.04));
        for model in [0.02, f64::NAN] {
            assert!(said(model).contains("no better than its controls"), "{}", said(model));
        }
    }

    #[test]
    fn new_designs_can_be_used_as_far_as_they_hold() {
        let said = |failure_rate, found| {
            let new_designs = Some(found);
            let verdict = Verdict { beaten_by: Vec::new(), new_designs, next: Next::Propose };
            invents(&verdict, Some(&examples::mechanics(failure_rate)))
        };
        for (failure_rate, found, start) in [
            (0.02, Use::Directly, "its new designs can be used: 2.0 ± 1.0 % of 4 draws"),
            (0.2, Use::OnceJudged, "its new designs can be used once each is judged: 20.0 ± 1.0 %"),
            (0.8, Use::Not, "its new designs cannot be used: 80.0 ± 1.0 %"),
        ] {
            let said = said(failure_rate, found);
            assert!(said.starts_with(start) && !said.contains("nearest"), "{said}");
        }
        // What is simpler stands beside it, where there is such a thing.
        let mut mechanics = examples::mechanics(0.2);
        let (name, scores) = ("nearest by condition".into(), examples::mechanics_scores(0.1, 0));
        mechanics.generated.push(Scored { name, scores });
        let beaten_by = vec![Control::Pca];
        let verdict =
            Verdict { beaten_by, new_designs: Some(Use::OnceJudged), next: Next::Propose };
        let said = invents(&verdict, Some(&mechanics));
        let control = "; of the nearest training designs by condition 10.0 % fail";
        assert!(said.ends_with(control), "{said}");
        let unjudged = Verdict { new_designs: None, ..verdict };
        assert!(invents(&unjudged, None).contains("is not known"), "{}", invents(&unjudged, None));
    }
}
