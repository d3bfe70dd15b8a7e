//! What holds for every network: shapes, padding, masks, training against evaluation, gradients,
//! and formulas on floats.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod formula;

use candle_core::{DType, Device, Tensor};
use formula::{elements, loss, network, tensor, uniform};
use vae_models::{
    Activation, ConditionStats, Decoder, Dense, Encoder, Head, Likelihood, ModelConfig, ModelError,
    Pooling, Sigma, Vae,
};
use vae_nn::{Adam, AdamConfig, Parameters};
use vae_prob::{Bernoulli, DiagonalNormal, IsotropicNormal};

fn stats(names: &[&str]) -> Vec<ConditionStats> {
    names
        .iter()
        .map(|name| ConditionStats::from_values(name, "", &[0.0, 1.0, 4.0]).unwrap())
        .collect()
}

/// The shapes of the named architectures, narrower; every kind of layer is among them.
fn architectures(height: usize, width: usize) -> Vec<ModelConfig> {
    let decoder = |kernel, head, normalized, activation| Decoder::Transposed {
        channels: vec![6, 5, 4],
        kernel,
        head,
        normalized,
        activation,
    };
    let base = ModelConfig {
        height,
        width,
        latent_dim: 3,
        encoder: Encoder::Strided { channels: vec![4, 5, 6], normalized: true },
        decoder: decoder(3, Head::Conv, true, Activation::LeakyRelu),
        likelihood: Likelihood::Bernoulli,
        conditions: Vec::new(),
        embedding: None,
    };
    vec![
        base.clone(),
        ModelConfig {
            encoder: Encoder::Pool { channels: vec![4, 5], pool: Pooling::Max, normalized: false },
            decoder: decoder(4, Head::Transposed, false, Activation::Relu),
            likelihood: Likelihood::Gaussian { sigma: Sigma::Shared },
            conditions: stats(&["a"]),
            ..base.clone()
        },
        ModelConfig {
            encoder: Encoder::Pool {
                channels: vec![4, 5, 6],
                pool: Pooling::Average,
                normalized: true,
            },
            decoder: decoder(3, Head::Transposed, true, Activation::Relu),
            likelihood: Likelihood::Gaussian { sigma: Sigma::Fixed(0.2) },
            conditions: stats(&["a", "b"]),
            embedding: Some(7),
            ..base.clone()
        },
        ModelConfig {
            encoder: Encoder::Strided { channels: vec![4, 5, 6], normalized: false },
            decoder: decoder(4, Head::Conv, false, Activation::LeakyRelu),
            conditions: stats(&["a"]),
            ..base.clone()
        },
        ModelConfig {
            encoder: Encoder::Dense(Dense { widths: vec![9, 7], activation: Activation::Tanh }),
            decoder: Decoder::Dense(Dense {
                widths: vec![7, 9],
                activation: Activation::LeakyRelu,
            }),
            likelihood: Likelihood::SquaredError,
            conditions: stats(&["a", "b"]),
            ..base.clone()
        },
        // A dense encoder sees what the convolutional decoder pads.
        ModelConfig {
            encoder: Encoder::Dense(Dense { widths: vec![8], activation: Activation::Relu }),
            conditions: stats(&["a"]),
            embedding: Some(3),
            ..base.clone()
        },
        ModelConfig {
            decoder: Decoder::Dense(Dense { widths: vec![8], activation: Activation::Tanh }),
            ..base
        },
    ]
}

fn designs(name: &str, batch: usize, config: &ModelConfig, dtype: DType) -> Tensor {
    let shape = [batch, 1, config.height, config.width];
    let values =
        uniform(name, shape.iter().product()).into_iter().map(|v| f64::from(u8::from(0.0 < v)));
    tensor(values.collect(), &shape, dtype)
}

fn conditions(batch: usize, config: &ModelConfig, dtype: DType) -> Option<Tensor> {
    let count = config.conditions.len();
    (0 < count).then(|| tensor(uniform("raw", batch * count), &[batch, count], dtype))
}

fn noise(batch: usize, config: &ModelConfig, dtype: DType) -> Tensor {
    tensor(uniform("noise", batch * config.latent_dim), &[batch, config.latent_dim], dtype)
}

#[test]
fn any_size_and_a_batch_of_one_keep_their_shape() {
    for (height, width) in [(1, 1), (1, 7), (9, 8), (20, 60), (33, 17)] {
        for config in architectures(height, width) {
            let (vae, _) = network(&config, DType::F32);
            for batch in [1, 2] {
                let (xs, cs) = (
                    designs("x", batch, &config, DType::F32),
                    conditions(batch, &config, DType::F32),
                );
                let terms = vae
                    .elbo(&xs, cs.as_ref(), &noise(batch, &config, DType::F32), None, false)
                    .unwrap();
                assert_eq!(terms.params.dims(), [batch, 1, height, width]);
                assert_eq!(terms.log_likelihood.dims(), [batch]);
                assert_eq!(terms.kl.dims(), [batch, 3]);
                assert_eq!(terms.posterior.mean.dims(), [batch, 3]);
                let mean = elements(&vae.mean(&terms.params).unwrap());
                assert!(mean.iter().all(|density| (0.0..=1.0).contains(density)), "{config:?}");
                assert!(elements(&terms.value().unwrap()).iter().all(|value| value.is_finite()));
            }
        }
    }
}

#[test]
fn named_architectures_run_on_rectangles() {
    for config in [
        ModelConfig::compact(20, 60, stats(&["a"])),
        ModelConfig::tutorial(20, 60, stats(&["a"])),
        ModelConfig::pool(20, 60, Vec::new()),
    ] {
        let (vae, _) = network(&config, DType::F32);
        let cs = conditions(1, &config, DType::F32);
        let xs = designs("x", 1, &config, DType::F32);
        let terms = vae.elbo(&xs, cs.as_ref(), &noise(1, &config, DType::F32), None, true).unwrap();
        assert_eq!(terms.params.dims(), [1, 1, 20, 60]);
    }
}

#[test]
fn designs_of_one_batch_do_not_meet_in_evaluation() {
    for config in architectures(12, 20) {
        let (vae, _) = network(&config, DType::F64);
        let (xs, cs) = (designs("x", 3, &config, DType::F64), conditions(3, &config, DType::F64));
        let eps = noise(3, &config, DType::F64);
        let together =
            elements(&vae.elbo(&xs, cs.as_ref(), &eps, None, false).unwrap().value().unwrap());
        for (i, expected) in together.into_iter().enumerate() {
            let one = |tensor: &Tensor| tensor.narrow(0, i, 1).unwrap();
            let alone = vae
                .elbo(&one(&xs), cs.as_ref().map(one).as_ref(), &one(&eps), None, false)
                .unwrap();
            let alone = elements(&alone.value().unwrap())[0];
            assert!(
                (alone - expected).abs() < 1e-10 * expected.abs(),
                "{alone} instead of {expected}"
            );
        }
    }
}

/// The inner extension never enters: a model of the padded size with the same weights, shown the
/// same design on a larger void canvas, gives the same posterior, and the same pixels where the
/// design is.
#[test]
fn padding_is_void_outside_the_likelihood() {
    for config in architectures(10, 13) {
        let (height, width) = config.padded_size();
        let large = ModelConfig { height, width, ..config.clone() };
        let (small_vae, _) = network(&config, DType::F64);
        let (large_vae, _) = network(&large, DType::F64);
        let xs = designs("x", 2, &config, DType::F64);
        let canvas =
            xs.pad_with_zeros(2, 0, height - 10).unwrap().pad_with_zeros(3, 0, width - 13).unwrap();
        let mask = xs.ones_like().unwrap().narrow(0, 0, 1).unwrap();
        let mask = mask
            .pad_with_zeros(2, 0, height - 10)
            .unwrap()
            .pad_with_zeros(3, 0, width - 13)
            .unwrap();
        let (cs, eps) = (conditions(2, &config, DType::F64), noise(2, &config, DType::F64));

        let small = small_vae.elbo(&xs, cs.as_ref(), &eps, None, true).unwrap();
        let large = large_vae.elbo(&canvas, cs.as_ref(), &eps, Some(&mask), true).unwrap();
        let cropped = large.params.narrow(2, 0, 10).unwrap().narrow(3, 0, 13).unwrap();
        assert_eq!(elements(&small.params), elements(&cropped));
        assert_eq!(elements(&small.kl), elements(&large.kl));
        for (a, b) in
            elements(&small.log_likelihood).into_iter().zip(elements(&large.log_likelihood))
        {
            assert!((a - b).abs() < 1e-11 * a.abs(), "{a} and {b}");
        }
    }
}

#[test]
fn masked_pixels_do_not_count() {
    for config in architectures(12, 20) {
        let (vae, _) = network(&config, DType::F64);
        let xs = designs("x", 2, &config, DType::F64);
        let params = designs("params", 2, &config, DType::F64);
        let shape = [1, 1, config.height, config.width];
        let mask = designs("mask", 1, &config, DType::F64);
        let other = tensor(vec![1.0; config.height * config.width], &shape, DType::F64);
        let masked = |xs: &Tensor| elements(&vae.log_prob(&params, xs, Some(&mask)).unwrap());
        // Where the mask is 0, the designs may be anything.
        let changed =
            xs.broadcast_mul(&mask).unwrap().broadcast_add(&(&other - &mask).unwrap()).unwrap();
        assert_eq!(masked(&xs), masked(&changed));
        assert_ne!(elements(&vae.log_prob(&params, &xs, None).unwrap()), masked(&xs));
    }
}

/// The tensor forms are the float forms of vae-prob.
#[test]
fn log_prob_and_kl_are_those_of_vae_prob() {
    for config in architectures(5, 6) {
        let (vae, _) = network(&config, DType::F64);
        let (xs, cs) = (designs("x", 2, &config, DType::F64), conditions(2, &config, DType::F64));
        let terms =
            vae.elbo(&xs, cs.as_ref(), &noise(2, &config, DType::F64), None, false).unwrap();
        let (pixels, params) = (elements(&xs), elements(&terms.params));
        let sigma = vae.sigma().unwrap().map(|sigma| elements(&sigma)[0]);
        let (mean, log_var) = (elements(&terms.posterior.mean), elements(&terms.posterior.log_var));
        for design in 0..2 {
            let of = |values: &[f64], n: usize| values[design * n..(design + 1) * n].to_vec();
            let (pixels, params) = (of(&pixels, 30), of(&params, 30));
            let expected: f64 = match sigma {
                None if config.likelihood == Likelihood::SquaredError => {
                    -params.iter().zip(&pixels).map(|(m, x)| (x - m).powi(2)).sum::<f64>()
                }
                Some(sigma) => IsotropicNormal::new(&params, sigma).unwrap().log_prob(&pixels),
                None => params
                    .iter()
                    .zip(&pixels)
                    .map(|(&l, &x)| Bernoulli::from_logit(l).unwrap().log_prob(x))
                    .sum(),
            };
            let found = elements(&terms.log_likelihood)[design];
            assert!(
                (found - expected).abs() < 1e-11 * expected.abs(),
                "{found} instead of {expected}"
            );

            let (mean, log_var) = (of(&mean, 3), of(&log_var, 3));
            let q = DiagonalNormal::new(&mean, &log_var).unwrap();
            for (found, expected) in
                of(&elements(&terms.kl), 3).into_iter().zip(q.kl_to_standard_per_dim())
            {
                assert!(
                    (found - expected).abs() < 1e-11 * expected.abs(),
                    "{found} instead of {expected}"
                );
            }
        }
    }
}

#[test]
fn learned_sigma_has_a_soft_floor() {
    let config = &architectures(5, 6)[1];
    let (vae, parameters) = network(config, DType::F64);
    let raw = parameters.get("log_std").unwrap();
    let sigma = |log_std: f64| {
        raw.set(&Tensor::new(log_std, &Device::Cpu).unwrap()).unwrap();
        elements(&vae.sigma().unwrap().unwrap())[0].ln()
    };
    assert!((sigma(-40.0) - vae_models::LOG_STD_FLOOR).abs() < 1e-12);
    assert!((sigma(-6.0) - (-6.0 + 2f64.ln())).abs() < 1e-12);
    assert!((sigma(1.0) - 1.0).abs() < 1e-3);
}

#[test]
fn weights_and_statistics_move_in_training_only() {
    for config in architectures(12, 20) {
        let parameters = Parameters::new(3, DType::F64, Device::Cpu);
        let vae = Vae::new(&config, parameters.var_builder()).unwrap();
        let values =
            || -> Vec<_> { parameters.iter().map(|(name, var)| (name, elements(&var))).collect() };
        let (xs, cs) = (designs("x", 2, &config, DType::F64), conditions(2, &config, DType::F64));
        let eps = noise(2, &config, DType::F64);

        let before = values();
        vae.elbo(&xs, cs.as_ref(), &eps, None, false).unwrap();
        assert_eq!(before, values(), "evaluation changes nothing");

        let terms = vae.elbo(&xs, cs.as_ref(), &eps, None, true).unwrap();
        for (old, new) in before.iter().zip(&values()) {
            assert_eq!(
                old != new,
                old.0.contains("running"),
                "a forward pass in training moves statistics only: {}",
                old.0
            );
        }
        let mut adam = Adam::new(parameters.trainable(), AdamConfig::default()).unwrap();
        adam.step(&loss(&terms).backward().unwrap()).unwrap();
        let norms = before_norms(&config);
        for (old, new) in before.iter().zip(&values()) {
            // The gradient of a bias in front of a batch normalization is rounding; whether it
            // moves says nothing.
            assert!(old != new || norms.contains(&old.0), "{} has not moved", old.0);
        }
    }
}

/// A dead parameter is a mistake in the network. Only a bias in front of a batch normalization,
/// which subtracts it again, has no gradient.
#[test]
fn every_parameter_has_a_gradient() {
    for config in architectures(16, 24) {
        let (vae, parameters) = network(&config, DType::F64);
        let (xs, cs) = (designs("x", 3, &config, DType::F64), conditions(3, &config, DType::F64));
        let terms = vae.elbo(&xs, cs.as_ref(), &noise(3, &config, DType::F64), None, true).unwrap();
        let gradients = loss(&terms).backward().unwrap();
        let without = before_norms(&config);
        for (name, variable) in parameters.trainable() {
            let gradient = elements(gradients.get(&variable).unwrap());
            let largest = gradient.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
            assert_eq!(
                1e-9 < largest,
                !without.contains(&name),
                "{name}: largest gradient {largest:e}"
            );
        }
    }
}

/// Biases of convolutions followed by a batch normalization, found by their position in the stack.
fn before_norms(config: &ModelConfig) -> Vec<String> {
    let shapes = config.parameter_shapes();
    let norms = shapes.iter().filter_map(|(name, _)| name.strip_suffix(".running_mean"));
    let bias = |norm: &str| {
        let (stack, position) = norm.rsplit_once('.').unwrap();
        format!("{stack}.{}.bias", position.parse::<usize>().unwrap() - 1)
    };
    norms.map(bias).collect()
}

#[test]
fn conditions_are_standardized_inside() {
    let mut config = architectures(12, 20).remove(3);
    let (xs, raw) =
        (designs("x", 2, &config, DType::F64), conditions(2, &config, DType::F64).unwrap());
    let mean = |config: &ModelConfig, raw: &Tensor| {
        elements(&network(config, DType::F64).0.encode(&xs, Some(raw), false).unwrap().mean)
    };
    let expected = mean(&config, &raw);
    // The same physical value in another unit, with the statistics in that unit.
    config.conditions[0].mean *= 1000.0;
    config.conditions[0].std *= 1000.0;
    let found = mean(&config, &(&raw * 1000.0).unwrap());
    assert!(
        found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12),
        "{found:?} and {expected:?}"
    );
    assert_ne!(mean(&config, &raw), expected);
}

#[test]
fn output_starts_at_the_mean_density() {
    for config in architectures(12, 20) {
        let parameters = Parameters::new(5, DType::F64, Device::Cpu);
        let vae = Vae::new(&config, parameters.var_builder()).unwrap();
        let mean = || {
            let params = vae
                .decode(
                    &noise(2, &config, DType::F64),
                    conditions(2, &config, DType::F64).as_ref(),
                    false,
                )
                .unwrap();
            let mean = elements(&vae.mean(&params).unwrap());
            mean.iter().sum::<f64>() / mean.len() as f64
        };
        vae.start_at_mean(&parameters, &[0.2; 240]).unwrap();
        assert!((mean() - 0.2).abs() < 0.05, "{}", mean());
        vae.start_at_mean(&parameters, &[1.0; 240]).unwrap();
        assert!(0.95 < mean(), "{}", mean());
        assert!(matches!(
            vae.start_at_mean(&parameters, &[1.5; 240]),
            Err(ModelError::MeanDensity { value: 1.5 })
        ));
        let other = Parameters::new(5, DType::F64, Device::Cpu);
        assert!(matches!(
            vae.start_at_mean(&other, &[0.5; 240]),
            Err(ModelError::MissingParameter { .. })
        ));
        assert!(matches!(vae.start_at_mean(&parameters, &[0.5; 7]), Err(ModelError::Shape { .. })));
    }
}

/// With weights of zero the output is the bias alone.
#[test]
fn dense_decoders_start_at_the_mean_of_every_pixel() {
    for config in architectures(7, 10) {
        let parameters = Parameters::new(5, DType::F64, Device::Cpu);
        let vae = Vae::new(&config, parameters.var_builder()).unwrap();
        let mean: Vec<f64> = (0..70).map(|i| 0.02 + 0.013 * f64::from(i)).collect();
        vae.start_at_mean(&parameters, &mean).unwrap();
        for (name, variable) in parameters.iter() {
            if name.ends_with("weight") {
                variable.set(&variable.zeros_like().unwrap()).unwrap();
            }
        }
        let (z, cs) = (noise(1, &config, DType::F64), conditions(1, &config, DType::F64));
        let output = elements(&vae.mean(&vae.decode(&z, cs.as_ref(), false).unwrap()).unwrap());
        let overall = mean.iter().sum::<f64>() / 70.0;
        for (found, mean) in output.into_iter().zip(mean) {
            let dense = matches!(config.decoder, Decoder::Dense(_));
            let expected = if dense { mean } else { overall };
            assert!((found - expected).abs() < 1e-12, "{found} and {expected}");
        }
    }
}

#[test]
fn foreign_inputs_are_refused() {
    let config = &architectures(12, 20)[3];
    let (vae, _) = network(config, DType::F32);
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let (xs, cs, z) = (zeros(&[2, 1, 12, 20]), zeros(&[2, 1]), zeros(&[2, 3]));

    let message = |error: ModelError| error.to_string();
    let transposed = vae.encode(&zeros(&[2, 1, 20, 12]), Some(&cs), false).unwrap_err();
    assert_eq!(
        message(transposed),
        "designs has shape [2, 1, 20, 12], but the model takes (B, 1, 12, 20)"
    );
    assert!(matches!(
        vae.encode(&zeros(&[2, 12, 20]), Some(&cs), false),
        Err(ModelError::Shape { input: "designs", .. })
    ));
    assert!(matches!(
        vae.encode(&xs, Some(&zeros(&[2, 2])), false),
        Err(ModelError::Shape { input: "conditions", .. })
    ));
    assert!(matches!(
        vae.encode(&xs, Some(&zeros(&[3, 1])), false),
        Err(ModelError::Shape { input: "conditions", .. })
    ));
    assert_eq!(
        message(vae.encode(&xs, None, false).unwrap_err()),
        "the model needs the conditions [\"a\"], but none were given"
    );
    assert!(matches!(
        vae.decode(&zeros(&[2, 4]), Some(&cs), false),
        Err(ModelError::Shape { input: "latents", .. })
    ));
    assert!(matches!(
        vae.decode(&zeros(&[3]), Some(&cs), false),
        Err(ModelError::Shape { input: "latents", .. })
    ));
    assert!(matches!(
        vae.elbo(&xs, Some(&cs), &zeros(&[1, 3]), None, false),
        Err(ModelError::Shape { input: "eps", .. })
    ));
    let params = vae.decode(&z, Some(&cs), false).unwrap();
    assert!(matches!(
        vae.log_prob(&params, &zeros(&[2, 1, 12, 21]), None),
        Err(ModelError::Shape { .. })
    ));
    assert!(vae.log_prob(&params, &xs, Some(&zeros(&[1, 1, 12, 21]))).is_err());

    let (vae, _) = network(&architectures(12, 20)[0], DType::F32);
    assert!(matches!(
        vae.encode(&xs, Some(&cs), false),
        Err(ModelError::UnexpectedConditions { count: 1 })
    ));
}

#[test]
fn equal_seeds_give_equal_networks() {
    let config = &architectures(12, 20)[2];
    let values = |seed| -> Vec<_> {
        let parameters = Parameters::new(seed, DType::F32, Device::Cpu);
        Vae::new(config, parameters.var_builder()).unwrap();
        parameters.iter().map(|(name, var)| (name, elements(&var))).collect()
    };
    assert_eq!(values(1), values(1));
    assert_ne!(values(1), values(2));
}
