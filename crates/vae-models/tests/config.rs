//! Configurations: what is refused, how they are written, what they cost.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use vae_models::{
    Activation, ConditionStats, ConfigError, Decoder, Dense, Encoder, Fields, Head, Likelihood,
    ModelConfig, Pooling, Sigma,
};

fn stats(name: &str) -> ConditionStats {
    ConditionStats {
        name: name.to_owned(),
        unit: String::new(),
        mean: 0.5,
        std: 0.25,
        min: 0.0,
        max: 1.0,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it fills a field that is an option")]
fn fields(names: &[&str]) -> Option<Fields> {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    Some(Fields {
        recipe: "test-1".to_owned(),
        names,
        pooled: 7,
        averaged: false,
        prior: 6,
        blocks: 0,
        decoder_blocks: 0,
    })
}

#[test]
fn json_is_stable() {
    let mut config = ModelConfig::pool(20, 60, vec![stats("volume_fraction")]);
    config.likelihood = Likelihood::Gaussian { sigma: Sigma::Fixed(0.1) };
    config.embedding = Some(8);
    let expected = concat!(
        r#"{"height":20,"width":60,"latent_dim":16,"#,
        r#""encoder":{"kind":"pool","channels":[32,64,128],"pool":"max","normalized":false},"#,
        r#""decoder":{"kind":"transposed","channels":[128,64,32],"kernel":4,"head":"transposed","normalized":false,"activation":"relu"},"#,
        r#""likelihood":{"gaussian":{"sigma":{"fixed":0.1}}},"#,
        r#""conditions":[{"name":"volume_fraction","unit":"","mean":0.5,"std":0.25,"min":0.0,"max":1.0}],"embedding":8}"#,
    );
    assert_eq!(serde_json::to_string(&config).unwrap(), expected);
    assert_eq!(serde_json::from_str::<ModelConfig>(expected).unwrap(), config);

    // Fields come last, and a file that was written before there were any has none.
    let told = ModelConfig { fields: fields(&["load", "support"]), ..config };
    let expected = format!(
        "{},{}}}",
        &expected[..expected.len() - 1],
        r#""fields":{"recipe":"test-1","names":["load","support"],"pooled":7,"averaged":false,"prior":6,"blocks":0,"decoder_blocks":0}"#
    );
    assert_eq!(serde_json::to_string(&told).unwrap(), expected);
    assert_eq!(serde_json::from_str::<ModelConfig>(&expected).unwrap(), told);
    // Fields that were averaged over no positions, and had no residual blocks.
    let before = expected.replace(r#""averaged":false,"#, "");
    let before = before.replace(r#","blocks":0,"decoder_blocks":0"#, "");
    assert_eq!(serde_json::from_str::<ModelConfig>(&before).unwrap(), told);
    let unknown = expected.replace(r#""pooled":7"#, r#""pooled":7,"scale":1"#);
    assert!(serde_json::from_str::<ModelConfig>(&unknown).is_err());
}

#[test]
fn statistics_survive_json_bit_for_bit() {
    let mut config = ModelConfig::compact(48, 96, vec![stats("a")]);
    for seed in 1..2000_u32 {
        let value = (f64::from(seed) * 0.737_373).sin().abs() / 3.0 + 1e-3;
        config.conditions[0].mean = value;
        config.conditions[0].std = value * 1.1;
        config.conditions[0].max = (value * 7.0) as f32;
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<ModelConfig>(&json).unwrap(), config);
    }
}

#[test]
fn unknown_keys_are_refused_everywhere() {
    let json = serde_json::to_string(&ModelConfig::pool(20, 60, vec![stats("a")])).unwrap();
    for (place, with) in [
        (r#"{"height""#, r#"{"depth":1,"height""#),
        (r#"{"kind":"pool","#, r#"{"kind":"pool","stride":2,"#),
        (r#"{"kind":"transposed","#, r#"{"kind":"transposed","bias":true,"#),
        (r#""likelihood":"bernoulli""#, r#""likelihood":{"gaussian":{"sigma":"shared","mean":0}}"#),
        (r#"{"name":"a""#, r#"{"scale":1,"name":"a""#),
        (r#""kind":"pool""#, r#""kind":"dense""#),
    ] {
        let changed = json.replacen(place, with, 1);
        assert_ne!(changed, json);
        assert!(serde_json::from_str::<ModelConfig>(&changed).is_err(), "{changed}");
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut ModelConfig), expected: &str) {
    let mut config = ModelConfig::tutorial(128, 128, vec![stats("a"), stats("b")]);
    change(&mut config);
    assert_eq!(config.validate().unwrap_err().to_string(), expected);
}

fn with_decoder(config: &mut ModelConfig, change: impl FnOnce(&mut Vec<usize>, &mut usize)) {
    let Decoder::Transposed { channels, kernel, .. } = &mut config.decoder else {
        panic!("a convolutional decoder")
    };
    change(channels, kernel);
}

#[test]
fn impossible_configurations_are_refused_by_name() {
    refused(|c| c.height = 0, "height is 0, but must be between 1 and 16384");
    refused(|c| c.width = 1 << 20, "width is 1048576, but must be between 1 and 16384");
    refused(|c| c.latent_dim = 0, "latent_dim is 0, but must be between 1 and 16384");
    refused(
        |c| c.encoder = Encoder::Strided { channels: Vec::new(), normalized: true },
        "the number of encoder.channels is 0, but must be between 1 and 14",
    );
    refused(
        |c| with_decoder(c, |channels, _| channels[2] = 0),
        "decoder.channels[2] is 0, but must be between 1 and 16384",
    );
    refused(
        |c| with_decoder(c, |channels, _| *channels = vec![2; 15]),
        "the number of decoder.channels is 15, but must be between 1 and 14",
    );
    refused(
        |c| with_decoder(c, |_, kernel| *kernel = 5),
        "decoder.kernel is 5, but must be 3 or 4",
    );
    refused(
        |c| {
            if let Decoder::Transposed { activation, .. } = &mut c.decoder {
                *activation = Activation::Tanh;
            }
        },
        "decoder.activation is tanh, which is for dense layers; transposed convolutions take relu or leaky-relu",
    );
    refused(
        |c| {
            c.encoder =
                Encoder::Dense(Dense { widths: vec![256, 0], activation: Activation::Relu });
        },
        "encoder.widths[1] is 0, but must be between 1 and 16384",
    );
    refused(
        |c| c.decoder = Decoder::Dense(Dense { widths: Vec::new(), activation: Activation::Relu }),
        "the number of decoder.widths is 0, but must be between 1 and 14",
    );
    for sigma in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        refused(
            |c| c.likelihood = Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) },
            &format!("likelihood.gaussian.sigma is {sigma}, but must be positive and finite"),
        );
    }
    refused(
        |c| c.conditions[1].std = 0.0,
        "condition \"b\" has mean 0.5 and std 0, but both must be finite and std positive",
    );
    refused(
        |c| c.conditions[0].mean = f64::NAN,
        "condition \"a\" has mean NaN and std 0.25, but both must be finite and std positive",
    );
    refused(|c| c.conditions[1].name = "a".to_owned(), "condition name \"a\" is given twice");
    refused(|c| c.conditions[1].name.clear(), "condition name \"\" is empty");
    refused(|c| c.embedding = Some(0), "embedding is 0, but must be between 1 and 16384");
    let mut config = ModelConfig::pool(8, 8, Vec::new());
    config.embedding = Some(4);
    assert_eq!(config.validate(), Err(ConfigError::EmbeddingWithoutConditions { width: 4 }));
}

/// A network of the tutorial that is told the problem, changed.
#[track_caller]
fn refused_with_fields(change: impl FnOnce(&mut ModelConfig), expected: &ConfigError) {
    let mut config = ModelConfig::tutorial(128, 128, vec![stats("a")]);
    config.fields = fields(&["load", "support"]);
    config.validate().unwrap();
    change(&mut config);
    assert_eq!(config.validate().as_ref(), Err(expected));
}

#[test]
fn fields_that_no_network_can_take_are_refused() {
    let other = ConfigError::FieldsIntoOther;
    refused_with_fields(
        |c| {
            c.encoder =
                Encoder::Pool { channels: vec![4, 4, 4, 4], pool: Pooling::Max, normalized: true };
        },
        &other,
    );
    let dense = || Dense { widths: vec![8], activation: Activation::Relu };
    refused_with_fields(|c| c.encoder = Encoder::Dense(dense()), &other);
    refused_with_fields(|c| c.decoder = Decoder::Dense(dense()), &other);
    refused_with_fields(|c| with_decoder(c, |channels, _| channels.truncate(3)), &other);
    refused_with_fields(|c| c.embedding = Some(8), &other);

    for names in [&[][..], &["load", "support", "load"]] {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let error = ConfigError::FieldNames { names: names.clone() };
        refused_with_fields(|c| c.fields.as_mut().unwrap().names = names, &error);
    }
    let extent =
        |field: &str, value| ConfigError::Extent { field: field.to_owned(), value, max: 16384 };
    refused_with_fields(|c| c.fields.as_mut().unwrap().pooled = 0, &extent("fields.pooled", 0));
    let blocks = |field: &str| ConfigError::Extent { field: field.to_owned(), value: 15, max: 14 };
    refused_with_fields(|c| c.fields.as_mut().unwrap().blocks = 15, &blocks("fields.blocks"));
    refused_with_fields(
        |c| c.fields.as_mut().unwrap().decoder_blocks = 15,
        &blocks("fields.decoder_blocks"),
    );
    refused_with_fields(
        |c| c.fields.as_mut().unwrap().prior = 1 << 20,
        &extent("fields.prior", 1 << 20),
    );
}

#[test]
fn monstrous_networks_are_refused_before_they_are_built() {
    let mut config = ModelConfig::tutorial(16384, 16384, Vec::new());
    config.latent_dim = 16384;
    assert!(matches!(config.validate(), Err(ConfigError::TooLarge { .. })));
}

#[test]
fn constant_and_empty_columns_have_statistics() {
    let constant = ConditionStats::from_values("a", "", &[0.1; 7]).unwrap();
    assert_eq!((constant.std, constant.min, constant.max), (1.0, 0.1, 0.1));
    assert_eq!(ConditionStats::from_values("a", "", &[]), None);
    assert_eq!(ConditionStats::from_values("a", "", &[1.0, f32::NAN]), None);
}

#[test]
fn padding_reaches_the_next_multiple() {
    let padded = |height, width| ModelConfig::pool(height, width, Vec::new()).padded_size();
    assert_eq!(padded(64, 64), (64, 64));
    assert_eq!(padded(20, 60), (24, 64));
    assert_eq!(padded(1, 1), (8, 8));
    assert_eq!(ModelConfig::tutorial(126, 349, Vec::new()).padded_size(), (128, 352));
    assert_eq!(ModelConfig::tutorial_mlp(126, 349, Vec::new()).padded_size(), (126, 349));
}

/// Counted by hand, layer by layer.
#[test]
fn multiply_adds_by_hand() {
    let cost = ModelConfig::tutorial(128, 128, vec![stats("volume_fraction")]).multiply_adds();
    let encode = 4096 * 9 * 32
        + 1024 * 9 * 32 * 64
        + 256 * 9 * 64 * 128
        + 64 * 9 * 128 * 256
        + 2 * 16385 * 2;
    let decode = 3 * 16384
        + 64 * 9 * 256 * 128
        + 256 * 9 * 128 * 64
        + 1024 * 9 * 64 * 32
        + 4096 * 9 * 32 * 32
        + 16384 * 9 * 32;
    assert_eq!((cost.encode, cost.decode), (encode, decode));
    assert_eq!(cost.total(), 157_007_876);

    let cost = ModelConfig::pool(64, 64, Vec::new()).multiply_adds();
    let encode = 4096 * 9 * 32 + 1024 * 9 * 32 * 64 + 256 * 9 * 64 * 128 + 2 * 8192 * 16;
    let decode = 16 * 8192 + 64 * 16 * 128 * 64 + 256 * 16 * 64 * 32 + 1024 * 16 * 32;
    assert_eq!((cost.encode, cost.decode), (encode, decode));

    // An embedding, padding from 5 × 6 to 8 × 8, and another depth on each side.
    let config = ModelConfig {
        height: 5,
        width: 6,
        latent_dim: 2,
        encoder: Encoder::Pool { channels: vec![3], pool: Pooling::Average, normalized: true },
        decoder: Decoder::Transposed {
            channels: vec![4, 3, 2],
            kernel: 3,
            head: Head::Transposed,
            normalized: true,
            activation: Activation::Relu,
        },
        likelihood: Likelihood::Bernoulli,
        conditions: vec![stats("a")],
        embedding: Some(5),
        fields: None,
    };
    let encode = (5 + 5 * 5) + 64 * 9 * 3 + 2 * (16 * 3 + 5) * 2;
    let decode = (2 + 5) * 4 + 9 * 4 * 3 + 4 * 9 * 3 * 2 + 16 * 9 * 2;
    let cost = config.multiply_adds();
    assert_eq!((cost.encode, cost.decode), (encode, decode));

    // Two maps of the problem, padding from 5 × 6 to 8 × 8: the field encoder, its pool and the
    // prior count as encoding, the mixture and the wider blocks as decoding.
    let config = ModelConfig {
        encoder: Encoder::Strided { channels: vec![3, 4], normalized: true },
        decoder: Decoder::Transposed {
            channels: vec![5, 2],
            kernel: 4,
            head: Head::Conv,
            normalized: false,
            activation: Activation::LeakyRelu,
        },
        embedding: None,
        fields: fields(&["load", "support"]),
        ..config
    };
    let maps = 16 * 9 * 2 * 3 + 4 * 9 * 3 * 4;
    let pool = (4 * 4 + 1) * 7;
    let prior = 7 * 6 + 6 * 4;
    let designs = 16 * 9 * (1 + 2) * 3 + 4 * 9 * 3 * 4 + 2 * (4 * 4 + 7) * 2;
    let mix = 4 * 9 * (5 + 4) * 5;
    let decode = (2 + 7) * 5 * 4 + mix + 4 * 16 * 5 * 2 + 16 * 16 * (2 + 3) * 2 + 64 * 9 * 2;
    let cost = config.multiply_adds();
    assert_eq!((cost.encode, cost.decode), (maps + pool + prior + designs, decode));
}

/// Names and shapes of the additional tensors.
#[test]
fn fields_add_these_tensors() {
    let base = ModelConfig {
        embedding: None,
        ..ModelConfig::compact(12, 20, vec![stats("volume_fraction")])
    };
    let told = ModelConfig { fields: fields(&["load", "support"]), ..base.clone() };
    let before = base.parameter_shapes();
    let added: Vec<(String, Vec<usize>)> = told
        .parameter_shapes()
        .into_iter()
        .filter(|(name, _)| before.iter().all(|(known, _)| known != name))
        .filter(|(name, _)| name.ends_with("weight"))
        .collect();
    let shapes = [
        ("decoder_mix.0.weight", vec![64, 128, 3, 3]),
        ("field_encoder.0.weight", vec![16, 2, 3, 3]),
        ("field_encoder.2.weight", vec![32, 16, 3, 3]),
        ("field_encoder.4.weight", vec![64, 32, 3, 3]),
        ("field_pool.0.weight", vec![7, 64 * 2 * 3 + 1]),
        ("prior.0.weight", vec![6, 7]),
        ("prior.2.weight", vec![64, 6]),
    ];
    assert_eq!(added, shapes.map(|(name, shape)| (name.to_owned(), shape)));
}

#[test]
fn recommended_architecture_keeps_its_budget() {
    let conditions = ["load_y", "load_angle", "volume_fraction"].map(stats).to_vec();
    let cost = ModelConfig::compact(48, 96, conditions).multiply_adds().total();
    assert!((6_000_000..=9_000_000).contains(&cost), "{cost}");
}

/// As in the README's table, the weights counted by PyTorch.
#[test]
fn named_architectures_have_their_sizes() {
    let check = |config: ModelConfig, weights: usize, multiply_adds: u64| {
        let shapes = config.parameter_shapes();
        let trainable = shapes.iter().filter(|(name, _)| !name.contains("running_"));
        assert_eq!(
            trainable.map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>(),
            weights
        );
        assert_eq!(config.multiply_adds().total(), multiply_adds);
    };
    let conditions = ["load_y", "load_angle", "volume_fraction"].map(stats).to_vec();
    check(ModelConfig::compact(48, 96, conditions), 662_289, 8_426_592);
    check(ModelConfig::tutorial(128, 128, vec![stats("volume_fraction")]), 917_225, 157_007_876);
    check(ModelConfig::pool(64, 64, Vec::new()), 658_561, 56_623_104);
    let mlp = ModelConfig::tutorial_mlp(126, 349, vec![stats("volume_fraction")]);
    check(mlp, 22_692_810, 22_647_808);
    check(ModelConfig::burda_1layer(28, 28, Vec::new()), 425_284, 423_600);
}
