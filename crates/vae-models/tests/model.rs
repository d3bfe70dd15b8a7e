//! What holds for every network: shapes, padding, masks, training against evaluation, gradients,
//! and formulas on floats.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod formula;

use candle_core::{DType, Device, Tensor};
use formula::{elements, loss, network, tensor, uniform};
use vae_models::{
    Activation, ConditionStats, Context, Decoder, Dense, ElboTerms, Encoder, Fields, Head,
    Likelihood, ModelConfig, ModelError, Pooling, Sigma, Vae,
};
use vae_nn::{Adam, AdamConfig, Parameters};
use vae_prob::{Bernoulli, DiagonalNormal, IsotropicNormal, iwae_bound, soft_bound};

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
        fields: None,
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
            ..base.clone()
        },
        // Told the problem, with conditions and without.
        ModelConfig {
            encoder: Encoder::Strided { channels: vec![4, 5, 7], normalized: false },
            decoder: decoder(4, Head::Transposed, false, Activation::LeakyRelu),
            conditions: stats(&["a", "b"]),
            fields: fields(&["load", "support", "energy"]),
            ..base.clone()
        },
        ModelConfig {
            likelihood: Likelihood::Gaussian { sigma: Sigma::Shared },
            fields: fields(&["load"]),
            ..base
        },
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "it fills a field that is an option")]
fn fields(names: &[&str]) -> Option<Fields> {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    Some(Fields {
        recipe: "test-1".to_owned(),
        names,
        pooled: 5,
        averaged: true,
        prior: 6,
        blocks: 2,
        decoder_blocks: 1,
    })
}

/// The architectures that are told the problem.
fn architectures_with_fields(height: usize, width: usize) -> Vec<ModelConfig> {
    let mut all = architectures(height, width);
    all.retain(|config| config.fields.is_some());
    assert_eq!(all.len(), 2);
    all
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

fn maps(batch: usize, config: &ModelConfig, dtype: DType) -> Option<Tensor> {
    let count = config.fields.as_ref()?.names.len();
    let shape = [batch, count, config.height, config.width];
    Some(tensor(uniform("maps", shape.iter().product()), &shape, dtype))
}

/// What a network is told beside the first `batch` designs.
fn told(vae: &Vae, batch: usize, train: bool) -> Context {
    let (config, dtype) = (vae.config(), vae.dtype());
    let (cs, fs) = (conditions(batch, config, dtype), maps(batch, config, dtype));
    vae.context(cs.as_ref(), fs.as_ref(), train).unwrap()
}

/// Both terms of the bound of the first `batch` designs.
fn elbo(vae: &Vae, batch: usize, train: bool) -> ElboTerms {
    let (config, dtype) = (vae.config(), vae.dtype());
    let (xs, eps) = (designs("x", batch, config, dtype), noise(batch, config, dtype));
    vae.elbo(&xs, &told(vae, batch, train), &eps, None, train).unwrap()
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
                let terms = elbo(&vae, batch, false);
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
        let terms = elbo(&vae, 1, true);
        assert_eq!(terms.params.dims(), [1, 1, 20, 60]);
    }
}

#[test]
fn designs_of_one_batch_do_not_meet_in_evaluation() {
    for config in architectures(12, 20) {
        let (vae, _) = network(&config, DType::F64);
        let (xs, cs) = (designs("x", 3, &config, DType::F64), conditions(3, &config, DType::F64));
        let (fs, eps) = (maps(3, &config, DType::F64), noise(3, &config, DType::F64));
        let together = elements(&elbo(&vae, 3, false).value().unwrap());
        for (i, expected) in together.into_iter().enumerate() {
            let one = |tensor: &Tensor| tensor.narrow(0, i, 1).unwrap();
            let alone = vae
                .elbo(
                    &one(&xs),
                    &vae.context(
                        cs.as_ref().map(one).as_ref(),
                        fs.as_ref().map(one).as_ref(),
                        false,
                    )
                    .unwrap(),
                    &one(&eps),
                    None,
                    false,
                )
                .unwrap();
            let alone = elements(&alone.value().unwrap())[0];
            assert!(
                (alone - expected).abs() < 1e-10 * expected.abs(),
                "{alone} instead of {expected}"
            );
        }
    }
}

#[test]
fn a_context_of_some_rows_is_that_of_their_inputs() {
    for config in architectures(12, 20) {
        let (vae, _) = network(&config, DType::F64);
        let rows = [2, 0, 2, 1];
        let taken = |tensor: Tensor| {
            let rows: Vec<Tensor> =
                rows.iter().map(|&row| tensor.narrow(0, row, 1).unwrap()).collect();
            Tensor::cat(&rows, 0).unwrap()
        };
        let cs = conditions(3, &config, DType::F64).map(taken);
        let fs = maps(3, &config, DType::F64).map(taken);
        let expected = vae.context(cs.as_ref(), fs.as_ref(), false).unwrap();
        let found = told(&vae, 3, false).select(&rows).unwrap();
        let codes = noise(4, &config, DType::F64);
        let decoded = |context: &Context| elements(&vae.decode(&codes, context, false).unwrap());
        for (found, expected) in decoded(&found).into_iter().zip(decoded(&expected)) {
            assert!((found - expected).abs() < 1e-10, "{found} instead of {expected}");
        }
        if config.fields.is_some() {
            assert!(told(&vae, 3, false).select(&[3]).is_err());
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
        let on_canvas = |maps: &Tensor| {
            let below = maps.pad_with_zeros(2, 0, height - 10).unwrap();
            below.pad_with_zeros(3, 0, width - 13).unwrap()
        };
        let canvas = on_canvas(&xs);
        let mask = on_canvas(&xs.ones_like().unwrap().narrow(0, 0, 1).unwrap());
        let (cs, eps) = (conditions(2, &config, DType::F64), noise(2, &config, DType::F64));
        let fs = maps(2, &config, DType::F64).as_ref().map(on_canvas);

        let small = elbo(&small_vae, 2, true);
        let context = large_vae.context(cs.as_ref(), fs.as_ref(), true).unwrap();
        let large = large_vae.elbo(&canvas, &context, &eps, Some(&mask), true).unwrap();
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
        let xs = designs("x", 2, &config, DType::F64);
        let terms = elbo(&vae, 2, false);
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

        let before = values();
        elbo(&vae, 2, false);
        assert_eq!(before, values(), "evaluation changes nothing");

        let terms = elbo(&vae, 2, true);
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
        let terms = elbo(&vae, 3, true);
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
        let (vae, _) = network(config, DType::F64);
        let context = vae.context(Some(raw), None, false).unwrap();
        elements(&vae.encode(&xs, &context, false).unwrap().mean)
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
            let zs = noise(2, &config, DType::F64);
            let params = vae.decode(&zs, &told(&vae, 2, false), false).unwrap();
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
        let z = noise(1, &config, DType::F64);
        let params = vae.decode(&z, &told(&vae, 1, false), false).unwrap();
        let output = elements(&vae.mean(&params).unwrap());
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
    let transposed = vae
        .encode(&zeros(&[2, 1, 20, 12]), &vae.context(Some(&cs), None, false).unwrap(), false)
        .unwrap_err();
    assert_eq!(
        message(transposed),
        "designs has shape [2, 1, 20, 12], but the model takes (B, 1, 12, 20)"
    );
    assert!(matches!(
        vae.encode(&zeros(&[2, 12, 20]), &vae.context(Some(&cs), None, false).unwrap(), false),
        Err(ModelError::Shape { input: "designs", .. })
    ));
    assert!(matches!(
        vae.context(Some(&zeros(&[2, 2])), None, false),
        Err(ModelError::Shape { input: "conditions", .. })
    ));
    assert!(matches!(
        vae.encode(&xs, &vae.context(Some(&zeros(&[3, 1])), None, false).unwrap(), false),
        Err(ModelError::Shape { input: "context", .. })
    ));
    assert_eq!(
        message(vae.encode(&xs, &Context::default(), false).unwrap_err()),
        "the model needs the conditions [\"a\"], but none were given"
    );
    assert!(matches!(
        vae.decode(&zeros(&[2, 4]), &vae.context(Some(&cs), None, false).unwrap(), false),
        Err(ModelError::Shape { input: "latents", .. })
    ));
    assert!(matches!(
        vae.decode(&zeros(&[3]), &vae.context(Some(&cs), None, false).unwrap(), false),
        Err(ModelError::Shape { input: "latents", .. })
    ));
    assert!(matches!(
        vae.elbo(&xs, &vae.context(Some(&cs), None, false).unwrap(), &zeros(&[1, 3]), None, false),
        Err(ModelError::Shape { input: "eps", .. })
    ));
    let params = vae.decode(&z, &vae.context(Some(&cs), None, false).unwrap(), false).unwrap();
    assert!(matches!(
        vae.log_prob(&params, &zeros(&[2, 1, 12, 21]), None),
        Err(ModelError::Shape { .. })
    ));
    assert!(vae.log_prob(&params, &xs, Some(&zeros(&[1, 1, 12, 21]))).is_err());

    let (vae, _) = network(&architectures(12, 20)[0], DType::F32);
    assert!(matches!(
        vae.context(Some(&cs), None, false),
        Err(ModelError::UnexpectedConditions { count: 1 })
    ));
    let (conditional, _) = network(config, DType::F32);
    let theirs = conditional.context(Some(&cs), None, false).unwrap();
    assert!(matches!(
        vae.encode(&xs, &theirs, false),
        Err(ModelError::UnexpectedConditions { count: 1 })
    ));
}

#[test]
fn foreign_fields_are_refused() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let config = &architectures_with_fields(12, 20)[0];
    let (vae, _) = network(config, DType::F32);
    let (xs, cs, z) = (zeros(&[2, 1, 12, 20]), zeros(&[2, 2]), zeros(&[2, 3]));
    let fs = zeros(&[2, 3, 12, 20]);
    let refused = |cs: Option<&Tensor>, fs: Option<&Tensor>| {
        vae.context(cs, fs, false).unwrap_err().to_string()
    };
    assert_eq!(
        refused(Some(&cs), None),
        "the model needs the fields of the problem (recipe test-1), but none were given"
    );
    assert_eq!(
        refused(None, Some(&fs)),
        "the model needs the conditions [\"a\", \"b\"], but none were given"
    );
    for (shape, found) in [
        ([2, 2, 12, 20], "[2, 2, 12, 20]"),
        ([2, 3, 20, 12], "[2, 3, 20, 12]"),
        ([2, 3, 12, 24], "[2, 3, 12, 24]"),
    ] {
        assert_eq!(
            refused(Some(&cs), Some(&zeros(&shape))),
            format!("fields has shape {found}, but the model takes (B, 3, 12, 20)")
        );
    }
    assert_eq!(
        refused(Some(&cs), Some(&zeros(&[1, 3, 12, 20]))),
        "fields has shape [1, 3, 12, 20], but the model takes (2, …): one for each row of conditions"
    );

    // Another number of designs or codes, and contexts that another network made.
    let own = vae.context(Some(&cs), Some(&fs), false).unwrap();
    assert!(vae.encode(&xs, &own, false).is_ok() && vae.decode(&z, &own, false).is_ok());
    assert!(matches!(
        vae.encode(&zeros(&[3, 1, 12, 20]), &own, false),
        Err(ModelError::Shape { input: "context", .. })
    ));
    assert!(matches!(
        vae.decode(&zeros(&[1, 3]), &own, false),
        Err(ModelError::Shape { input: "context", .. })
    ));
    let missing = |error: ModelError| matches!(error, ModelError::MissingFields { .. });
    let (plain, _) = network(&architectures(12, 20)[0], DType::F32);
    let theirs = plain.context(None, None, false).unwrap();
    assert!(missing(vae.encode(&xs, &theirs, false).unwrap_err()));
    assert!(missing(vae.decode(&z, &theirs, false).unwrap_err()));
    assert!(matches!(plain.context(None, Some(&fs), false), Err(ModelError::UnexpectedFields)));
    assert!(matches!(plain.encode(&xs, &own, false), Err(ModelError::UnexpectedFields)));
    assert!(matches!(plain.decode(&z, &own, false), Err(ModelError::UnexpectedFields)));
}

/// Where what a network with fields computes is known on plain floats: q(z|x) from the same network
/// with a prior of N(0, I), and p(z|problem) by hand from the pooled vector.
struct OnFloats {
    /// Mean and log-variance of q(z|x) of each design.
    q: Vec<(Vec<f64>, Vec<f64>)>,
    /// Mean and log-variance of p(z|problem) of each design.
    p: Vec<(Vec<f64>, Vec<f64>)>,
    /// The network with the prior N(0, I).
    plain: Vae,
}

impl OnFloats {
    fn new(vae: &Vae, parameters: &Parameters, batch: usize) -> Self {
        let (plain, others) = network(vae.config(), DType::F64);
        let [weights, biases] =
            ["weight", "bias"].map(|part| others.get(&format!("prior.2.{part}")).unwrap());
        weights.set(&weights.zeros_like().unwrap()).unwrap();
        let dim = vae.config().latent_dim;
        let standard = [vec![0.0; dim], vec![log_variance_of_nothing(); dim]].concat();
        biases.set(&tensor(standard, &[2 * dim], DType::F64)).unwrap();
        let rows = |tensor: &Tensor| tensor.to_vec2::<f64>().unwrap();
        let posterior = elbo(&plain, batch, false).posterior;
        let q = rows(&posterior.mean).into_iter().zip(rows(&posterior.log_var)).collect();
        let pooled = rows(told(vae, batch, false).vector().unwrap());
        let p = pooled.iter().map(|pooled| prior(parameters, pooled)).collect();
        Self { q, p, plain }
    }

    fn densities(&self, design: usize) -> [DiagonalNormal<'_, f64>; 2] {
        [&self.q[design], &self.p[design]]
            .map(|(mean, log_var)| DiagonalNormal::new(mean, log_var).unwrap())
    }
}

/// What the bounds of a log-variance make 0 of.
fn log_variance_of_nothing() -> f64 {
    let (mut low, mut high) = (-1.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if soft_bound(middle, -8.0, 8.0) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Two linear layers with a LeakyReLU between them, and the bounds of a log-variance.
fn prior(parameters: &Parameters, pooled: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let linear = |name: &str, inputs: &[f64]| -> Vec<f64> {
        let get = |part| parameters.get(&format!("{name}.{part}")).unwrap();
        let weights: Vec<Vec<f64>> = get("weight").to_vec2().unwrap();
        let biases: Vec<f64> = get("bias").to_vec1().unwrap();
        let product = |row: &[f64]| row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f64>();
        weights.iter().zip(biases).map(|(row, bias)| product(row) + bias).collect()
    };
    let hidden: Vec<f64> =
        linear("prior.0", pooled).into_iter().map(|x| if x < 0.0 { 0.01 * x } else { x }).collect();
    let output = linear("prior.2", &hidden);
    let (mean, raw) = output.split_at(output.len() / 2);
    (mean.to_vec(), raw.iter().map(|&x| soft_bound(x, -8.0, 8.0)).collect())
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-11 * (1.0 + expected.abs()), "{found} and {expected}");
}

/// Codes in units of the prior change no divergence, no ratio of densities and no design.
#[test]
fn bounds_under_a_prior_of_the_problem_are_those_of_vae_prob() {
    const BATCH: usize = 3;
    const DRAWS: usize = 4;
    for config in architectures_with_fields(12, 20) {
        let (vae, parameters) = network(&config, DType::F64);
        let floats = OnFloats::new(&vae, &parameters, BATCH);
        let spread = floats.p.iter().flat_map(|(_, log_var)| log_var).map(|v| v.abs());
        assert!(0.05 < spread.fold(0.0, f64::max), "a prior of N(0, I) would tell nothing");

        let terms = elbo(&vae, BATCH, false);
        let per_latent: Vec<Vec<f64>> = terms.kl.to_vec2().unwrap();
        for (design, found) in per_latent.iter().enumerate() {
            let [q, p] = floats.densities(design);
            for ((found, q), p) in found.iter().zip(q.coordinates()).zip(p.coordinates()) {
                close(*found, q.kl(&p));
            }
            close(found.iter().sum(), q.kl(&p));
        }

        let shape = [DRAWS, BATCH, config.latent_dim];
        let eps = tensor(uniform("draws", shape.iter().product()), &shape, DType::F64);
        let xs = designs("x", BATCH, &config, DType::F64);
        let weights =
            vae.importance_weights(&xs, &told(&vae, BATCH, false), &eps, None, false).unwrap();
        let log_ratio: Vec<Vec<f64>> = weights.log_ratio.to_vec2().unwrap();
        let log_likelihood: Vec<Vec<f64>> = weights.log_likelihood.to_vec2().unwrap();
        let eps: Vec<Vec<Vec<f64>>> = eps.to_vec3().unwrap();
        for draw in 0..DRAWS {
            let mut zs = vec![0.0; BATCH * config.latent_dim];
            for (design, z) in zs.chunks_exact_mut(config.latent_dim).enumerate() {
                let [q, p] = floats.densities(design);
                q.reparameterize(&eps[draw][design], z);
                close(log_ratio[draw][design], p.log_prob(z) - q.log_prob(z));
            }
            // What is decoded from these latent variables, by the network whose codes they are.
            let zs = tensor(zs, &[BATCH, config.latent_dim], DType::F64);
            let plain = &floats.plain;
            let params = plain.decode(&zs, &told(plain, BATCH, false), false).unwrap();
            let expected = elements(&plain.log_prob(&params, &xs, None).unwrap());
            for (found, expected) in log_likelihood[draw].iter().zip(expected) {
                close(*found, expected);
            }
        }
        let bound = elements(&weights.bound(1.0).unwrap());
        for (design, found) in bound.into_iter().enumerate() {
            let weights: Vec<f64> =
                (0..DRAWS).map(|k| log_likelihood[k][design] + log_ratio[k][design]).collect();
            close(found, iwae_bound(&weights));
            assert!(weights.iter().sum::<f64>() / DRAWS as f64 <= found, "Jensen");
        }
    }
}

/// The bound of one draw is the same on average whether the KL is in closed form or drawn, and that
/// of many draws is tighter.
#[test]
fn more_draws_tighten_the_bound_under_a_prior_of_the_problem() {
    const DRAWS: usize = 4000;
    for config in architectures_with_fields(8, 8) {
        let (vae, _) = network(&config, DType::F64);
        let shape = [DRAWS, 1, config.latent_dim];
        // Standard normal draws by Box and Muller.
        let n: usize = shape.iter().product();
        let [radii, angles] = ["radii", "angles"].map(|name| uniform(name, n));
        let normal = |(r, a): (f64, f64)| {
            let u: f64 = 0.5 + 0.5 * r;
            (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::PI * a).cos()
        };
        let eps = tensor(radii.into_iter().zip(angles).map(normal).collect(), &shape, DType::F64);
        let (xs, context) = (designs("x", 1, &config, DType::F64), told(&vae, 1, false));
        let weights = vae.importance_weights(&xs, &context, &eps, None, false).unwrap();
        let kl = elements(&elbo(&vae, 1, false).kl).iter().sum::<f64>();
        let ratios = elements(&weights.log_ratio);
        let mean = ratios.iter().sum::<f64>() / DRAWS as f64;
        let variance =
            ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / DRAWS as f64;
        // Five standard errors of the mean.
        let error = 5.0 * (variance / DRAWS as f64).sqrt();
        assert!((mean + kl).abs() < error, "{mean} and {kl}, {error}");

        let likelihood = elements(&weights.log_likelihood).iter().sum::<f64>() / DRAWS as f64;
        let bound = elements(&weights.bound(1.0).unwrap())[0];
        assert!(likelihood - kl + error < bound, "{bound} is not above {}", likelihood - kl);
    }
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
