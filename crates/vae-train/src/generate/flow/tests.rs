//! Draws of a flow, its file, and the codes that it is fitted to.

use std::collections::HashMap;
use std::fs;

use candle_core::{DType, Device, Tensor};
use ndarray::{Array2, Array3, Axis, s};
use safetensors::SafeTensors;
use vae_data::{
    Condition, DataSet, Details, FieldChannel, FieldMaps, Mirror, MirrorRule, ProblemMaps,
    mirror_fields,
};
use vae_models::{
    Activation, ConditionStats, Context, Decoder, Encoder, Fields, Head, Likelihood, ModelConfig,
    Vae,
};
use vae_nn::Parameters;

use super::codes::{Codes, standards};
use super::model::{Flow, to_tensor};
use super::scores::FlowScores;
use super::velocity::Velocity;
use crate::codes::{posteriors, prior_draws, values};
use crate::data::{Augmentation, Given, TargetKind, Targets};
use crate::error::TrainError;
use crate::learn::RunFolder;

const LATENTS: usize = 3;
const HEIGHT: usize = 5;
const WIDTH: usize = 6;

/// A model that is told a condition, and the problem if `fields` maps say so.
fn model(fields: usize) -> Vae {
    let names = (0..fields).map(|map| map.to_string()).collect();
    let config = ModelConfig {
        height: HEIGHT,
        width: WIDTH,
        latent_dim: LATENTS,
        encoder: Encoder::Strided { channels: vec![4, 6], normalized: false },
        decoder: Decoder::Transposed {
            channels: vec![6, 4],
            kernel: 4,
            head: Head::Transposed,
            normalized: false,
            activation: Activation::LeakyRelu,
        },
        likelihood: Likelihood::Bernoulli,
        conditions: vec![ConditionStats::from_values("load_y", "", &[0.2, 0.8]).unwrap()],
        embedding: None,
        fields: (0 < fields).then(|| Fields {
            recipe: "test-1".into(),
            names,
            pooled: 5,
            averaged: false,
            prior: 6,
            blocks: 1,
            decoder_blocks: 2,
        }),
    };
    let parameters = Parameters::new(2, DType::F32, Device::Cpu);
    Vae::new(&config, parameters.var_builder()).unwrap()
}

/// A model that is told nothing.
fn unconditional() -> Vae {
    let config = ModelConfig { latent_dim: LATENTS, ..ModelConfig::tutorial_mlp(4, 4, Vec::new()) };
    let parameters = Parameters::new(2, DType::F32, Device::Cpu);
    Vae::new(&config, parameters.var_builder()).unwrap()
}

/// A flow that moves noise somewhere, and by its context.
fn flow(latent_dim: usize, context: usize) -> Flow {
    let parameters = Parameters::new(9, DType::F32, Device::Cpu);
    let velocity = Velocity::new((latent_dim, context), super::model::WIDTH, &parameters).unwrap();
    for (_, weight) in parameters.iter().filter(|(name, _)| name.ends_with("told.weight")) {
        weight.set(&(weight.as_tensor() * 4.0).unwrap()).unwrap();
    }
    let output = parameters.get("output.weight").unwrap();
    let wave: Vec<f32> = (0..output.elem_count()).map(|i| 0.1 * (1.3 * i as f32).sin()).collect();
    output.set(&Tensor::from_vec(wave, output.dims(), &Device::Cpu).unwrap()).unwrap();
    let standards = Array2::from_shape_fn((2, context), |(row, i)| (row + i) as f32 * 0.5 - 0.2);
    let scores = FlowScores { steps: 250, loss: 0.5, prior_loss: 1.25 };
    Flow { velocity, parameters, standards, scores }
}

fn wave_maps(channels: usize, phase: f64) -> Array3<f64> {
    Array3::from_shape_fn((channels, HEIGHT, WIDTH), |(map, row, column)| {
        (phase + 1.7 * (31 * map + 7 * row + column) as f64).sin()
    })
}

fn given(n: usize, fields: usize) -> Given {
    let conditions = Array2::from_shape_fn((n, 1), |(row, _)| (row * 7 % 12) as f32);
    let maps = |row: usize| ProblemMaps::new(wave_maps(fields, row as f64).view());
    let maps = if fields == 0 { Vec::new() } else { (0..n).map(maps).collect() };
    Given::new(conditions, maps)
}

fn largest_gap(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    assert_eq!(a.dim(), b.dim());
    a.iter().zip(b).fold(0.0, |gap, (a, b)| gap.max((a - b).abs()))
}

/// The i-th draw is the same among few and among many; in the many there are more rows than a pass
/// takes. What may differ is the order of sums in a matrix product.
#[test]
fn a_draw_depends_on_seed_row_and_index_only() {
    for (fields, width, count) in [(0, 1, 12), (2, 5, 260)] {
        let (vae, flow) = (model(fields), flow(LATENTS, width));
        let given = given(count, fields);
        let all = flow.draws(&vae, &given, 1.0, 7).unwrap();
        for n in [1, 9, count - 1] {
            let first: Vec<usize> = (0..n).collect();
            let few = flow.draws(&vae, &given.select(&first), 1.0, 7).unwrap();
            let gap = largest_gap(&few, &all.slice(s![..n, ..]).to_owned());
            assert!(gap < 1e-4, "{gap}");
            assert_eq!(few, flow.draws(&vae, &given.select(&first), 1.0, 7).unwrap());
        }
        // Other rows before it change nothing.
        let others = [3, 3, 1, 0, 2, 5, 6, 7, 8];
        let drawn = flow.draws(&vae, &given.select(&others), 1.0, 7).unwrap();
        let row = |table: &Array2<f32>| table.select(Axis(0), &[8]);
        assert!(largest_gap(&row(&drawn), &row(&all)) < 1e-4);
        // Another row, another seed and another temperature do.
        let moved = |a: &Array2<f32>, b: &Array2<f32>| 1e-3 < largest_gap(a, b);
        let select = |row: usize| given.select(&[row]);
        let one = flow.draws(&vae, &select(0), 1.0, 7).unwrap();
        assert!(moved(&one, &flow.draws(&vae, &select(11), 1.0, 7).unwrap()));
        assert!(moved(&one, &flow.draws(&vae, &select(0), 1.0, 8).unwrap()));
        assert!(moved(&one, &flow.draws(&vae, &select(0), 0.5, 7).unwrap()));
    }
}

#[test]
fn a_flow_without_velocity_gives_the_noise_at_its_temperature() {
    let (vae, flow) = (unconditional(), flow(LATENTS, 0));
    let output = flow.parameters.get("output.weight").unwrap();
    output.set(&output.zeros_like().unwrap()).unwrap();
    let given = Given::repeated(&[], None, 4);
    for temperature in [1.0, 0.5, 0.0] {
        let found = flow.draws(&vae, &given, temperature, 3).unwrap();
        let expected = prior_draws(LATENTS, 4, 3).mapv(|eps| temperature as f32 * eps);
        assert_eq!(found, expected);
    }
}

#[test]
fn fields_and_conditions_must_be_the_models() {
    let flow = flow(LATENTS, 5);
    let error = flow.draws(&model(2), &given(2, 0), 1.0, 1).unwrap_err();
    assert!(
        matches!(error, TrainError::Model(vae_models::ModelError::MissingFields { .. })),
        "{error:?}"
    );
    let error = flow.draws(&model(2), &given(2, 3), 1.0, 1).unwrap_err();
    assert!(
        matches!(error, TrainError::Model(vae_models::ModelError::Shape { input: "fields", .. })),
        "{error:?}"
    );
}

/// A run folder whose weight file holds these bytes.
fn run(weights: &str) -> (tempfile::TempDir, RunFolder) {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder::vacant(folder.path()).unwrap();
    fs::write(run.model(), weights).unwrap();
    (folder, run)
}

#[test]
fn what_is_saved_draws_the_same() {
    for (vae, flow, given) in [
        (unconditional(), flow(LATENTS, 0), Given::repeated(&[], None, 5)),
        (model(0), flow(LATENTS, 1), given(5, 0)),
        (model(2), flow(LATENTS, 5), given(5, 2)),
    ] {
        let (_folder, run) = run("weights");
        assert!(Flow::read(&run, &vae).unwrap().is_none(), "there is none yet");
        flow.save(&run).unwrap();
        let read = Flow::read(&run, &vae).unwrap().unwrap();
        assert_eq!((&read.scores, &read.standards), (&flow.scores, &flow.standards));
        let draws = |flow: &Flow| flow.draws(&vae, &given, 1.0, 4).unwrap();
        assert_eq!(draws(&read), draws(&flow));

        // The codes of other weights are others.
        fs::write(run.model(), "other weights").unwrap();
        assert!(Flow::read(&run, &vae).unwrap().is_none());
        fs::write(run.model(), "weights").unwrap();
        assert!(Flow::read(&run, &vae).unwrap().is_some());
        fs::remove_file(run.model()).unwrap();
        assert!(matches!(Flow::read(&run, &vae), Err(TrainError::File(_))));
    }
}

/// Damaged files are refused, or draw codes that are numbers, or an error.
#[test]
fn damaged_flows() {
    let (vae, given) = (model(0), given(2, 0));
    let (_folder, run) = run("weights");
    flow(LATENTS, 1).save(&run).unwrap();
    let whole = fs::read(run.flow()).unwrap();
    let mut draws = |bytes: &[u8]| {
        fs::write(run.flow(), bytes).unwrap();
        let Ok(Some(flow)) = Flow::read(&run, &vae) else { return false };
        let codes = flow.draws(&vae, &given, 1.0, 1);
        codes.is_ok_and(|codes| {
            assert!(codes.iter().all(|code| code.is_finite()));
            true
        })
    };
    vae_torture::Campaign::new("flows", [whole.clone()]).one_in(20).run(&mut draws);

    // Finite each, but too large together.
    let large = |all: &mut HashMap<String, Tensor>| {
        for tensor in all.values_mut() {
            *tensor = (tensor.ones_like().unwrap() * 1e38).unwrap();
        }
    };
    assert!(!draws(&changed(&whole, large, |json| Some(("flow", json)))));
}

/// The file with its tensors or its header changed.
fn changed(
    bytes: &[u8],
    tensors: impl FnOnce(&mut HashMap<String, Tensor>),
    header: impl FnOnce(String) -> Option<(&'static str, String)>,
) -> Vec<u8> {
    let mut all = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).unwrap();
    tensors(&mut all);
    let (_, metadata) = SafeTensors::read_metadata(bytes).unwrap();
    let json = metadata.metadata().as_ref().unwrap()["flow"].clone();
    let metadata = header(json).map(|(key, value)| HashMap::from([(key.to_owned(), value)]));
    safetensors::serialize(&all, metadata).unwrap()
}

#[expect(clippy::items_after_statements, reason = "the function serves the lines below it")]
#[test]
fn a_file_that_is_no_flow_of_this_model_is_refused() {
    let vae = model(0);
    let (_folder, run) = run("weights");
    flow(LATENTS, 1).save(&run).unwrap();
    let bytes = fs::read(run.flow()).unwrap();
    let same = |json: String| Some(("flow", json));
    #[track_caller]
    fn refused(run: &RunFolder, vae: &Vae, bytes: &[u8], words: &str) {
        fs::write(run.flow(), bytes).unwrap();
        let error = Flow::read(run, vae).unwrap_err();
        assert!(matches!(error, TrainError::Damaged { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("flow.safetensors is damaged") && text.contains(words), "{text}");
    }
    refused(&run, &vae, b"", "");
    refused(&run, &vae, b"{}", "");
    refused(&run, &vae, &bytes[..bytes.len() - 1], "");
    refused(&run, &vae, &bytes[..40], "");
    refused(&run, &vae, &changed(&bytes, |_| (), |_| None), "it does not hold a flow");
    let vae_key = |json: String| Some(("vae", json));
    refused(&run, &vae, &changed(&bytes, |_| (), vae_key), "it does not hold a flow");
    let header = |text: &'static str| move |_| Some(("flow", text.to_owned()));
    refused(&run, &vae, &changed(&bytes, |_| (), header("{}")), "missing field");

    let other = "it is the flow of another model";
    let without = |name: &'static str| {
        move |all: &mut HashMap<String, Tensor>| {
            all.remove(name).unwrap();
        }
    };
    for name in ["context.standards", "output.bias", "blocks.3.told.weight"] {
        refused(&run, &vae, &changed(&bytes, without(name), same), other);
    }
    let with = |name: &'static str, shape: &'static [usize]| {
        move |all: &mut HashMap<String, Tensor>| {
            let tensor = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
            all.insert(name.to_owned(), tensor);
        }
    };
    for (name, shape) in [
        ("context.standards", &[2, 3][..]),
        ("context.standards", &[3, 1]),
        ("context.standards", &[2]),
        ("input.weight", &[192, 5]),
    ] {
        refused(&run, &vae, &changed(&bytes, with(name, shape), same), other);
    }
    for value in [f32::NAN, f32::INFINITY] {
        let spoil = |all: &mut HashMap<String, Tensor>| {
            let tensor = Tensor::full(value, (LATENTS,), &Device::Cpu).unwrap();
            all.insert("output.bias".to_owned(), tensor);
        };
        refused(&run, &vae, &changed(&bytes, spoil, same), "not finite");
    }
    let shift = |all: &mut HashMap<String, Tensor>| {
        let shifted = (&all["output.bias"] + 1e-3).unwrap();
        all.insert("output.bias".to_owned(), shifted);
    };
    refused(&run, &vae, &changed(&bytes, shift, same), "not those that were written");
    // Of a model with as many latents that is told more, and of one with more latents.
    fs::write(run.flow(), &bytes).unwrap();
    assert!(Flow::read(&run, &vae).unwrap().is_some());
    refused(&run, &model(2), &bytes, other);
    refused(&run, &unconditional(), &bytes, other);
    flow(LATENTS + 1, 1).save(&run).unwrap();
    let bytes = fs::read(run.flow()).unwrap();
    refused(&run, &vae, &bytes, other);

    let newer = |json: String| Some(("flow", json.replace("\"format\":1", "\"format\":2")));
    fs::write(run.flow(), changed(&bytes, |_| (), newer)).unwrap();
    let error = Flow::read(&run, &vae).unwrap_err();
    assert!(matches!(error, TrainError::Format { found: 2, known: 1, .. }), "{error:?}");
}

#[test]
fn standards_make_columns_of_mean_0_and_deviation_1() {
    let table = Array2::from_shape_fn((50, 3), |(row, column)| {
        [3.0 + 2.0 * (row as f32).sin(), 100.0 * (row % 2) as f32, 7.0][column]
    });
    let standards = standards(&table);
    let standardized = (&table - &standards.row(0)) * standards.row(1);
    for column in standardized.columns() {
        assert!(column.mean().unwrap().abs() < 1e-4);
    }
    for column in 0..2 {
        assert!((standardized.column(column).std(0.0) - 1.0).abs() < 2e-3);
    }
    // A column that never changes says nothing.
    assert!(standardized.column(2).iter().all(|value| value.abs() < 1e-3));
    assert_eq!(self::standards(&Array2::zeros((5, 0))).dim(), (2, 0));
}

/// Designs, conditions and maps, or their images top and bottom.
fn data(mirrored: bool) -> DataSet {
    let n = 70;
    let mut designs = Array3::from_shape_fn((n, HEIGHT, WIDTH), |(i, row, column)| {
        ((i + 2 * row + 3 * column + i * row) % 5 / 3) as f32
    });
    let mut values = Array2::from_shape_fn((n, 1), |(i, _)| i as f32 / n as f32);
    let channel = |name: &str, odd_y: bool, transposed| FieldChannel {
        name: name.into(),
        odd_x: false,
        odd_y,
        transposed,
    };
    // Channels that become themselves when transposed have equal signs in both directions.
    let mut channels = vec![channel("load", false, 0), channel("pull", true, 1)];
    channels[1].odd_x = true;
    let maps: Vec<ProblemMaps> = (0..3)
        .map(|problem| {
            let mut maps = wave_maps(2, f64::from(problem));
            if mirrored {
                let flat = maps.as_slice_mut().unwrap();
                mirror_fields(&channels, Mirror::Y, flat, WIDTH);
            }
            ProblemMaps::new(maps.view())
        })
        .collect();
    if mirrored {
        designs.invert_axis(Axis(1));
        designs = designs.as_standard_layout().to_owned();
        values.mapv_inplace(|value| 1.0 - value);
    }
    let condition = Condition {
        mirror_y: Some(MirrorRule::Sum(1.0)),
        ..Condition::covering("load_y", "", values.column(0))
    };
    let details = Details { conditions: vec![condition], values, ..Details::default() };
    let set = DataSet::new("waves", designs, details).unwrap();
    let of = (0..n).map(|i| i % 3).collect();
    set.with_fields(FieldMaps::new("test-1", channels, maps, of).unwrap()).unwrap()
}

/// Rows that share their fields are read once: the first, second and third problem come again and
/// again, with conditions of their own in the last row.
#[test]
fn rows_that_are_told_the_same_have_the_context_of_each_alone() {
    let (vae, set) = (model(2), data(false));
    let designs = Targets::new(&set, TargetKind::Binary, vec![0]);
    let given = designs.given(&[0, 1, 3, 0, 2, 4]);
    let mut cs = given.conditions().clone();
    for (row, problem) in [(2, 0), (3, 0), (5, 1)] {
        let same = cs.row(problem).to_owned();
        cs.row_mut(row).assign(&same);
    }
    cs.row_mut(5).mapv_inplace(|value| value + 0.25);
    let given = Given::new(cs, given.fields().to_vec());
    let together = given.context(&vae).unwrap();
    let codes = Array2::from_shape_fn((6, vae.config().latent_dim), |(i, j)| {
        (1.3 * i as f32 + 0.7 * j as f32).sin()
    });
    let decoded = |context: &Context, codes: Array2<f32>| -> Vec<f32> {
        values(&vae.decode(&to_tensor(&codes).unwrap(), context, false).unwrap()).unwrap()
    };
    let all = decoded(&together, codes.clone());
    let each = all.len() / 6;
    for row in 0..6 {
        let alone = given.select(&[row]).context(&vae).unwrap();
        let expected = decoded(&alone, codes.select(Axis(0), &[row]));
        for (found, expected) in all[row * each..].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "row {row}: {found} instead of {expected}");
        }
    }
}

/// Posteriors of the designs, then those of their mirror images with the maps and conditions of the
/// images.
#[test]
fn codes_are_the_posteriors_of_all_images() {
    let vae = model(2);
    let (set, images) = (data(false), data(true));
    let targets = |set| Targets::new(set, TargetKind::Binary, vec![0]);
    let (designs, mirrored) = (targets(&set), targets(&images));
    let augmentation =
        Augmentation::new(&[Mirror::Y], &designs.condition_info(), (HEIGHT, WIDTH)).unwrap();
    // More than a pass takes, and not in their order.
    let indices: Vec<usize> = (0..70).rev().collect();
    let codes = Codes::of(&vae, &designs, &indices, &augmentation).unwrap();
    assert_eq!(codes.len(), 140);

    let own = posteriors(&vae, &designs, &indices, &Device::Cpu).unwrap();
    let image = posteriors(&vae, &mirrored, &indices, &Device::Cpu).unwrap();
    let context = |designs: &Targets<'_>| {
        let context = designs.given(&indices).context(&vae).unwrap();
        let vector = context.vector().unwrap();
        Array2::from_shape_vec(vector.dims2().unwrap(), values(vector).unwrap()).unwrap()
    };
    for (part, (means, log_vars), contexts) in
        [(0..70, own, context(&designs)), (70..140, image, context(&mirrored))]
    {
        let rows = |table: &Array2<f32>| table.slice(s![part.clone(), ..]).to_owned();
        assert!(largest_gap(&rows(&codes.means), &means) < 1e-5);
        let deviations = log_vars.mapv(|log_var| (0.5 * log_var).exp());
        assert!(largest_gap(&rows(&codes.deviations), &deviations) < 1e-5);
        assert!(largest_gap(&rows(&codes.contexts), &contexts) < 1e-5);
    }
    // The images are others.
    let (first, second) = codes.means.view().split_at(Axis(0), 70);
    assert!(1e-3 < largest_gap(&first.to_owned(), &second.to_owned()));
}
