//! The course of a training, as what its figure is drawn from.

use vae_report::{Series, Splits, Training};
use vae_train::learn::{EpochMetrics, Event, StepMetrics};

/// The events of a run as series over optimizer steps.
///
/// Training curves are means over epochs, or single batches while no epoch is finished.
pub(super) fn course(events: &[Event]) -> Training {
    let steps: Vec<&StepMetrics> = events
        .iter()
        .filter_map(|event| match event {
            Event::Step(step) => Some(step),
            Event::Epoch(_) => None,
        })
        .collect();
    let epochs: Vec<&EpochMetrics> = events
        .iter()
        .filter_map(|event| match event {
            Event::Step(_) => None,
            Event::Epoch(epoch) => Some(epoch),
        })
        .collect();
    let by_step = |value: fn(&StepMetrics) -> f64| -> Series {
        steps.iter().map(|step| (step.step, Some(value(step)))).collect()
    };
    let by_epoch = |value: &dyn Fn(&EpochMetrics) -> Option<f64>| -> Series {
        epochs.iter().map(|epoch| (epoch.step, value(epoch))).collect()
    };
    let training = |of_epoch: fn(&EpochMetrics) -> f64, of_step: fn(&StepMetrics) -> f64| {
        if epochs.is_empty() { by_step(of_step) } else { by_epoch(&|epoch| Some(of_epoch(epoch))) }
    };
    let dimensions = epochs.iter().map(|epoch| epoch.kl_per_dim.len()).max().unwrap_or(0);
    Training {
        // An evaluation before the first step is not an epoch of training.
        epochs: epochs.iter().filter(|epoch| 0 < epoch.step).count(),
        bound: Splits {
            training: by_epoch(&|epoch| Some(epoch.train.terms.value())),
            validation: by_epoch(&|epoch| epoch.validation?.elbo),
        },
        loss: by_step(|step| step.parts.loss),
        log_likelihood: Splits {
            training: training(
                |epoch| epoch.train.terms.log_likelihood,
                |step| step.parts.terms.log_likelihood,
            ),
            validation: by_epoch(&|epoch| Some(epoch.validation?.terms.log_likelihood)),
        },
        kl: Splits {
            training: training(|epoch| epoch.train.terms.kl, |step| step.parts.terms.kl),
            validation: by_epoch(&|epoch| Some(epoch.validation?.terms.kl)),
        },
        kl_by_dimension: (0..dimensions)
            .map(|dimension| by_epoch(&|epoch| epoch.kl_per_dim.get(dimension).copied()))
            .collect(),
        mse: by_epoch(&|epoch| Some(epoch.validation?.mse)),
        iou: by_epoch(&|epoch| Some(epoch.validation?.iou)),
        learning_rate: by_step(|step| step.learning_rate),
        kl_weight: by_step(|step| step.beta),
        gradient_norm: by_step(|step| step.gradient_norm),
    }
}

#[cfg(test)]
mod tests {
    use vae_train::learn::{Elbo, Parts, Validation};

    use super::*;

    fn step(step: u64) -> Event {
        Event::Step(StepMetrics {
            step,
            epoch: 1,
            parts: Parts { loss: 900.0, terms: Elbo { log_likelihood: -899.0, kl: 1.5 } },
            beta: 0.1,
            learning_rate: 1e-4,
            gradient_norm: 80.0,
            geco: None,
        })
    }

    fn epoch(step: u64) -> Event {
        Event::Epoch(EpochMetrics {
            epoch: step / 2,
            step,
            beta: 0.1,
            train: Parts { loss: 800.0, terms: Elbo { log_likelihood: -790.0, kl: 9.0 } },
            validation: Some(Validation {
                elbo: Some(-650.0),
                loss: 650.0,
                terms: Elbo { log_likelihood: -640.0, kl: 10.0 },
                mse: 0.01,
                iou: 0.9,
                excess: None,
            }),
            kl_per_dim: vec![6.0, 4.0],
            best: true,
            seconds: 1.5,
            images_per_s: 300.0,
        })
    }

    #[test]
    fn while_no_epoch_is_finished_single_batches_stand_for_the_training_split() {
        let begun = course(&[step(1), step(2)]);
        assert_eq!(begun.kl.training, [(1, Some(1.5)), (2, Some(1.5))]);
        assert_eq!((begun.epochs, begun.kl.validation.len()), (0, 0));
        let later = course(&[epoch(0), step(1), step(2), epoch(2)]);
        assert_eq!(later.kl.training, [(0, Some(9.0)), (2, Some(9.0))]);
        assert_eq!(later.epochs, 1, "step 0 is not an epoch of training");
    }

    #[test]
    fn every_value_is_in_its_series() {
        let training = course(&[step(1), epoch(2)]);
        assert_eq!(training.bound.training, [(2, Some(-799.0))]);
        assert_eq!(training.bound.validation, [(2, Some(-650.0))]);
        assert_eq!(training.kl_by_dimension, [[(2, Some(6.0))], [(2, Some(4.0))]]);
        assert_eq!(training.gradient_norm, [(1, Some(80.0))]);
        assert_eq!(training.kl_weight, [(1, Some(0.1))]);
    }
}
