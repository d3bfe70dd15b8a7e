//! What an evaluation comes to: whether the model beats its controls, whether its new designs can
//! be used, and what to do next.

use serde::Serialize;
use vae_train::score::{Diagnosis, Unclear};

use super::closing::{Compared, Control};

/// New designs can be used as they are if at most this share of them fails.
const DIRECTLY: f64 = 0.05;
/// They can be used after each is judged if at most this share fails: two of them must be drawn, on
/// average, for one that holds.
const ONCE_JUDGED: f64 = 0.5;

/// What an evaluation comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The controls that reproduce held-out designs with a smaller squared error than the model.
    pub beaten_by: Vec<Control>,
    /// What new designs are good for; `None` if they were not judged by mechanics.
    pub new_designs: Option<Use>,
    /// What to do next.
    pub next: Next,
}

/// What new designs are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// At most 5 % fail.
    Directly,
    /// At most half of them fail, so that those that hold are worth choosing.
    OnceJudged,
    /// More than half of them fail.
    Not,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Train longer, because the run was short or its bound still rose.
    TrainLonger,
    /// Train otherwise, because simple controls are better.
    TrainOtherwise,
    /// State the problem of the designs, because nothing is known about their mechanics.
    StateProblem,
    /// Tell the model the problem of each design, because its new designs fail.
    TellProblems,
    /// Propose designs for a task.
    Propose,
}

impl Verdict {
    /// The verdict on a model beside its controls, with the share of its new designs that fails,
    /// which is `None` if they were not judged; `is_told` says whether the model is told the
    /// problem of each design.
    pub(super) fn new(
        compared: &Compared,
        latent: &Diagnosis,
        failure_rate: Option<f64>,
        is_told: bool,
    ) -> Self {
        let beaten_by = compared.beaten_by();
        let new_designs = failure_rate.map(Use::of);
        let next = match new_designs {
            _ if latent.unclear == Some(Unclear::ShortRun) => Next::TrainLonger,
            _ if !beaten_by.is_empty() => Next::TrainOtherwise,
            None => Next::StateProblem,
            Some(Use::OnceJudged | Use::Not) if !is_told => Next::TellProblems,
            Some(_) => Next::Propose,
        };
        Self { beaten_by, new_designs, next }
    }
}

impl Use {
    /// What designs are good for of which this share fails.
    fn of(failure_rate: f64) -> Self {
        if failure_rate <= DIRECTLY {
            Self::Directly
        } else if failure_rate <= ONCE_JUDGED {
            Self::OnceJudged
        } else {
            Self::Not
        }
    }
}

#[cfg(test)]
mod tests {
    use vae_train::score::Worth;

    use super::*;
    use crate::run::Part;

    fn verdict(mse: f64, unclear: Option<Unclear>, fails: Option<f64>, is_told: bool) -> Verdict {
        let compared = Compared {
            part: Part::Test,
            n: 10,
            model: mse,
            pca: 0.02,
            components: 8,
            nearest: 0.03,
        };
        let worth = Worth { after_conditions: 1, after_model: 0 };
        let latent = Diagnosis {
            dimensions: Vec::new(),
            beta: 1.0,
            sigma: None,
            error: 0.1,
            explained_by_conditions: 0.5,
            worth,
            worth_without_pressure: worth,
            n: 100,
            unclear,
        };
        Verdict::new(&compared, &latent, fails, is_told)
    }

    #[test]
    fn controls_that_are_better_are_named() {
        assert_eq!(verdict(0.01, None, None, false).beaten_by, []);
        assert_eq!(verdict(0.025, None, None, false).beaten_by, [Control::Pca]);
        let both = [Control::Pca, Control::NearestTrainingDesign];
        assert_eq!(verdict(0.04, None, None, false).beaten_by, both);
    }

    #[test]
    fn new_designs_are_worth_what_their_failures_say() {
        let of = |fails| verdict(0.01, None, fails, true).new_designs;
        assert_eq!(of(None), None);
        assert_eq!(of(Some(0.02)), Some(Use::Directly));
        assert_eq!(of(Some(0.2)), Some(Use::OnceJudged));
        assert_eq!(of(Some(0.8)), Some(Use::Not));
    }

    #[test]
    fn the_next_step_mends_what_is_worst() {
        let next = |mse, unclear, fails, is_told| verdict(mse, unclear, fails, is_told).next;
        let short = Some(Unclear::ShortRun);
        assert_eq!(next(0.04, short, Some(0.9), false), Next::TrainLonger);
        assert_eq!(next(0.04, None, Some(0.01), true), Next::TrainOtherwise);
        assert_eq!(next(0.01, None, None, false), Next::StateProblem);
        assert_eq!(next(0.01, None, Some(0.9), false), Next::TellProblems);
        assert_eq!(next(0.01, None, Some(0.9), true), Next::Propose);
        assert_eq!(next(0.01, Some(Unclear::FewDesigns), Some(0.01), false), Next::Propose);
    }
}
