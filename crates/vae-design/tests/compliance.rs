//! The gradient of compliance by the latent code, against finite differences.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use candle_core::{DType, Device};
use ndarray::Array3;
use topo_simp::{Grid, PassiveKind, Problem, Shape, Symmetry};
use vae_data::ProblemMaps;
use vae_design::{DesignError, Objective, Projection};
use vae_models::{
    Activation, ConditionStats, Decoder, Dense, Encoder, Fields, Head, Likelihood, ModelConfig,
    Sigma, Vae,
};
use vae_nn::Parameters;
use vae_train::data::Given;

const GRID: Grid = Grid { nelx: 15, nely: 9 };

/// The kinds of decoders, two likelihoods, with and without conditions and fields.
fn configs() -> Vec<ModelConfig> {
    let stats = ["volume_fraction", "load_y"]
        .map(|name| ConditionStats::from_values(name, "", &[0.2, 0.4, 0.9]).unwrap());
    let encoder = Encoder::Strided { channels: vec![4, 6], normalized: true };
    let compact = ModelConfig {
        height: GRID.nely,
        width: GRID.nelx,
        latent_dim: 4,
        encoder,
        decoder: Decoder::Transposed {
            channels: vec![8, 6],
            kernel: 4,
            head: Head::Conv,
            normalized: true,
            activation: Activation::LeakyRelu,
        },
        likelihood: Likelihood::Bernoulli,
        conditions: stats.to_vec(),
        embedding: Some(3),
        fields: None,
    };
    let dense = ModelConfig {
        encoder: Encoder::Dense(Dense { widths: vec![8], activation: Activation::Relu }),
        decoder: Decoder::Dense(Dense { widths: vec![12], activation: Activation::Relu }),
        likelihood: Likelihood::Gaussian { sigma: Sigma::Shared },
        conditions: Vec::new(),
        embedding: None,
        fields: None,
        ..compact.clone()
    };
    let told = ModelConfig {
        conditions: stats[..1].to_vec(),
        embedding: None,
        fields: Some(Fields {
            recipe: "test-1".to_owned(),
            names: vec!["load".to_owned(), "support".to_owned()],
            pooled: 5,
            averaged: false,
            prior: 6,
            blocks: 1,
            decoder_blocks: 1,
        }),
        ..compact.clone()
    };
    vec![compact, dense, told]
}

/// A network, and what it is told.
fn network(config: &ModelConfig, dtype: DType) -> (Vae, Given) {
    let parameters = Parameters::new(11, dtype, Device::Cpu);
    let vae = Vae::new(config, parameters.var_builder()).unwrap();
    // Larger than weights begin, so that a code says as much as after training.
    for (_, weight) in parameters.trainable() {
        weight.set(&(weight.as_tensor() * 2.0).unwrap()).unwrap();
    }
    let conditions: Vec<f32> =
        config.conditions.iter().map(|condition| condition.mean as f32 + 0.1).collect();
    let maps = config.fields.as_ref().map(|fields| {
        let shape = (fields.names.len(), config.height, config.width);
        let value = |(map, row, column)| (1.7 * (31 * map + 7 * row + column) as f64).sin();
        ProblemMaps::new(Array3::from_shape_fn(shape, value).view())
    });
    (vae, Given::repeated(&conditions, maps.as_ref(), 1))
}

/// Largest difference between gradient and central differences of fourth order, over the length of
/// the gradient.
fn largest_error(objective: &mut Objective<'_>, latent: &[f64], step: f64) -> f64 {
    let point = objective.at(latent).unwrap();
    let gradient = objective.gradient(&point).unwrap();
    let length = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!(length > 1e-3 * point.compliance, "a flat place tells nothing: {length}");
    let error = |i: usize| {
        let mut value = |step: f64| {
            let mut moved = latent.to_vec();
            moved[i] += step;
            objective.at(&moved).unwrap().compliance
        };
        let near = value(step) - value(-step);
        let far = value(2.0 * step) - value(-2.0 * step);
        ((8.0 * near - far) / (12.0 * step) - gradient[i]).abs() / length
    };
    (0..latent.len()).map(error).fold(0.0, f64::max)
}

#[test]
fn the_gradient_equals_finite_differences() {
    let hole = Shape::Rectangle { min: [0.4, 0.3], max: [0.6, 0.7] };
    let plain = Problem::cantilever(GRID, 0.4);
    let with_hole = Problem::two_loads(GRID, 0.45).with_passive(PassiveKind::Void, hole);
    let mut errors = Vec::new();
    for config in configs() {
        let (vae, given) = network(&config, DType::F64);
        for (problem, sharpness, symmetry) in [
            (&plain, 1.0, None),
            (&plain, 4.0, Some(Symmetry::TopBottom)),
            (&with_hole, 2.0, Some(Symmetry::Both)),
        ] {
            let projection = Projection::new(problem, sharpness, symmetry).unwrap();
            let mut objective = Objective::new(&vae, &given, problem, &projection).unwrap();
            for latent in [[0.3, -1.2, 0.8, 0.1], [-2.0, 0.4, 0.0, 1.5]] {
                let error = largest_error(&mut objective, &latent, 1e-4);
                assert!(error < 1e-4, "{error:e}, {:?}", config.likelihood);
                errors.push(error);
            }
        }
    }
    // A design that hardly carries its load rounds more than the others.
    errors.sort_by(f64::total_cmp);
    assert!(errors[errors.len() / 2] < 1e-8, "{errors:?}");
}

#[test]
fn single_precision_is_good_to_1e_4() {
    // The decoder that is used: the rounding of its logits over the step is what is left.
    let problem = Problem::cantilever(GRID, 0.4);
    let projection = Projection::new(&problem, 1.0, None).unwrap();
    for config in configs() {
        let (vae, given) = network(&config, DType::F32);
        let mut objective = Objective::new(&vae, &given, &problem, &projection).unwrap();
        let (double, _) = network(&config, DType::F64);
        let mut exact = Objective::new(&double, &given, &problem, &projection).unwrap();
        let latent = [0.3, -1.2, 0.8, 0.1];
        let gradients = [&mut objective, &mut exact].map(|objective| {
            let point = objective.at(&latent).unwrap();
            objective.gradient(&point).unwrap()
        });
        let length = gradients[1].iter().map(|g| g * g).sum::<f64>().sqrt();
        for (single, double) in gradients[0].iter().zip(&gradients[1]) {
            assert!((single - double).abs() < 1e-4 * length, "{single} {double}");
        }
    }
}

#[test]
fn the_compliance_is_that_of_the_solver() {
    let problem = Problem::cantilever(GRID, 0.4);
    let projection = Projection::new(&problem, 1.0, None).unwrap();
    let (vae, given) = network(&configs()[0], DType::F64);
    let mut objective = Objective::new(&vae, &given, &problem, &projection).unwrap();
    let point = objective.at(&[0.1, 0.2, 0.3, 0.4]).unwrap();
    let cut = topo_simp::compliance(&problem, point.cut.mapv(f64::from).view(), 3.0).unwrap();
    assert!((objective.compliance_cut(&point).unwrap() / cut - 1.0).abs() < 1e-12);
    assert!((point.cut.sum() - 54.0).abs() < 1e-6);
}

#[test]
fn another_grid_and_another_latent_space_are_refused() {
    let problem = Problem::cantilever(Grid { nelx: 9, nely: 15 }, 0.4);
    let projection = Projection::new(&problem, 1.0, None).unwrap();
    let (vae, given) = network(&configs()[0], DType::F64);
    let error = Objective::new(&vae, &given, &problem, &projection).unwrap_err();
    let text = "the problem has 15 rows and 9 columns, but the model makes designs of 9 x 15";
    assert_eq!(error.to_string(), text);
    let problem = Problem::cantilever(GRID, 0.4);
    let projection = Projection::new(&problem, 1.0, None).unwrap();
    let mut objective = Objective::new(&vae, &given, &problem, &projection).unwrap();
    let error = objective.at(&[0.0; 3]).unwrap_err();
    assert!(matches!(error, DesignError::LatentLength { expected: 4, found: 3 }), "{error}");
}
