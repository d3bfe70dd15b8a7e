//! Findings of a made-up model, for the tests of what is said of them.

use topo_data::{Distribution, MechanicsScores, TopodiffError};
use vae_train::score::{
    Controls, Diagnosis, Dimension, Evaluation, Information, Measure, Reconstruction, State,
    Unclear, Worth,
};

use crate::evaluation::{AtDistance, Drawn, Mechanics, NewDesigns};

/// A latent space with a dimension in each of these states.
pub(super) fn diagnosis(states: &[State], unclear: Option<Unclear>) -> Diagnosis {
    let dimension = |&state: &State| Dimension {
        activity: 0.5,
        kl: 0.01,
        state,
        silent_since: None,
        peak_kl: Some(1.0),
    };
    let worth = Worth { after_conditions: 1, after_model: 1 };
    Diagnosis {
        dimensions: states.iter().map(dimension).collect(),
        beta: 1.0,
        sigma: Some(0.1),
        error: 0.1,
        explained_by_conditions: 0.5,
        worth,
        worth_without_pressure: worth,
        n: 100,
        unclear,
    }
}

/// New designs of which this share fails, at this distance from the training problems.
pub(super) fn new_designs(failure_rate: f64, by_distance: Vec<AtDistance>) -> NewDesigns {
    let kind = Drawn {
        name: "flow".into(),
        failure_rate,
        standard_error: Some(0.01),
        ce_median: 0.12,
        volume_error: 0.0,
        load_on_void: 0.0,
        in_pieces: 0.0,
        too_soft: 0.0,
        best: None,
    };
    NewDesigns {
        draws: 4,
        problems: 6,
        groups: 3,
        rounds: 0,
        kinds: vec![kind],
        by_distance,
        overlap_of_draws: 0.5,
        overlap_with_training: 0.6,
        test_overlap_with_training: 0.7,
    }
}

/// Mechanics of ten test designs, and of new designs of which this share fails.
pub(super) fn mechanics(failure_rate: f64) -> Mechanics {
    Mechanics {
        version: 1,
        n: 10,
        reconstructions: Vec::new(),
        generated: Vec::new(),
        new_designs: new_designs(failure_rate, Vec::new()),
        condition_sensitivity: None,
    }
}

/// Scores of designs of which this share fails, with so many references left out.
pub(super) fn mechanics_scores(failure_rate: f64, invalid_references: usize) -> MechanicsScores {
    MechanicsScores {
        n: 10,
        invalid_references,
        failure_rate,
        ce_median: Some(0.1),
        ce_mean: Some(0.1),
        volume_error: 0.0,
        floating_4: 0.0,
        floating_8: 0.0,
        load_on_void: 0.0,
        greyness: 0.0,
        ce_topodiff: TopodiffError { mean: 0.0, median: None, failure_rate: 0.0 },
        distribution: Distribution {
            mmd: 0.0,
            vendi: 1.0,
            dpp: 1.0,
            coverage: 1.0,
            train_distance_ratio: None,
            copy_rate: 0.0,
        },
    }
}

/// The evaluation of a model with a likelihood whose codes carry so much of the four nats of
/// information that can be told.
pub(super) fn evaluation(mutual_information: f64) -> Evaluation {
    let scores = Reconstruction { mse: 0.02, iou: 0.9, volume_error: 0.01 };
    Evaluation {
        elbo: Some(-10.0),
        elbo_standard_error: None,
        iwae: Some(-9.0),
        iwae_standard_error: None,
        bits_per_pixel: None,
        bits_per_pixel_standard_error: None,
        measure: Measure::BinaryMass,
        cross_entropy_floor: None,
        importance: None,
        samples: 16,
        expected_log_likelihood: Some(-8.0),
        kl: 2.0,
        kl_per_dim: vec![2.0],
        mse: 0.01,
        iou: 0.9,
        volume_error: 0.01,
        sampled: scores,
        calibration: None,
        active_units: 1,
        unit_activity: vec![0.9],
        latent_dim: 1,
        n: 10,
        information: Information {
            mutual_information,
            aggregate_kl: 0.5,
            mutual_information_standard_error: 0.1,
            aggregate_kl_standard_error: 0.1,
            ceiling: 4.0,
            n: 55,
        },
        responses: Vec::new(),
        controls: Controls { pca: scores, nearest_by_pixels: scores, nearest_by_condition: None },
    }
}
