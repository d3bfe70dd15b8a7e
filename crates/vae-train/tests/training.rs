//! The loop as a whole: it learns, it goes on exactly, it stops at what is not finite.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::Device;
use ndarray::Array3;
use support::{bars, manifest};
use vae_data::{DataSet, Details};
use vae_models::{Likelihood, Sigma};
use vae_train::learn::{
    CrossEntropy, Event, EvidenceBound, ImportanceBound, Tolerances, go_back, read,
};
use vae_train::{
    Config, Ending, Layer, Objective, Outcome, Progress, RunFolder, TargetKind, Targets,
    TrainError, train,
};

/// A small model that trains for some epochs.
fn config(epochs: u64) -> Config {
    let mut config = Config::preset("default").unwrap();
    config.training.epochs = epochs;
    config.training.batch_size = 8;
    config.model.latent_dim = 2;
    config.training.checkpoint_seconds = 0;
    config.training.log_every = 1;
    config
}

/// Trains in a folder until the end or until so many steps of this call are done.
fn run(config: &Config, folder: &RunFolder, steps: Option<u64>) -> Result<Outcome, TrainError> {
    let data = bars();
    let stop = AtomicBool::new(false);
    let done = Cell::new(0);
    train(config, &data, folder, &manifest(&data), &stop, &mut |progress| {
        if let Progress::Step(_) = progress {
            done.set(done.get() + 1);
            stop.store(steps == Some(done.get()), Ordering::Relaxed);
        }
    })
}

fn folder(root: &tempfile::TempDir, name: &str) -> RunFolder {
    RunFolder::vacant(&root.path().join(name)).unwrap()
}

#[test]
fn it_learns() {
    let root = tempfile::tempdir().unwrap();
    let run_folder = folder(&root, "run");
    let outcome = run(&config(30), &run_folder, None).unwrap();
    assert_eq!(outcome.ending, Ending::Finished);
    let epochs: Vec<_> = read(&run_folder.metrics())
        .unwrap()
        .into_iter()
        .filter_map(|event| if let Event::Epoch(metrics) = event { Some(metrics) } else { None })
        .collect();
    assert_eq!(epochs.len(), 30);
    // 128 pixels at even odds are 89 nats; a model that has learned the bars is far above.
    let (first, last) = (epochs[0].validation.unwrap(), epochs[29].validation.unwrap());
    let bound = |elbo: Option<f64>| elbo.unwrap();
    let (from, to) = (bound(first.elbo), bound(last.elbo));
    assert!(from < -60.0 && -40.0 < to, "{from} then {to}");
    assert!((to - (last.terms.value())).abs() < 1e-9);
    assert!(epochs.iter().filter(|epoch| epoch.best).count() >= 1);
    assert!(
        epochs.iter().all(|epoch| !epoch.best || 1.0 <= epoch.beta),
        "no best model before the KL weight is final"
    );
}

/// Both of the lecture's models learn the bars by its losses. The squared error never says that it
/// has a bound; the cross-entropy has one here, because the bars are 0 and 1.
#[test]
fn the_lectures_presets_learn_by_their_losses() {
    let root = tempfile::tempdir().unwrap();
    for (preset, epochs) in [("tutorial-mlp", 20), ("tutorial-conv", 2)] {
        let run_folder = folder(&root, preset);
        let mut config = Config::preset(preset).unwrap();
        config.training.epochs = epochs;
        run(&config, &run_folder, None).unwrap();
        let mut losses = Vec::new();
        for event in read(&run_folder.metrics()).unwrap() {
            let Event::Epoch(epoch) = event else { continue };
            let bound = (preset == "tutorial-mlp").then_some(-epoch.validation.unwrap().loss);
            assert_eq!(epoch.validation.unwrap().elbo, bound, "{preset}");
            losses.push(epoch.train.loss);
        }
        assert!(losses[losses.len() - 1] < 0.95 * losses[0], "{preset}: {losses:?}");
    }
}

#[test]
fn stopping_after_any_step_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let whole = folder(&root, "whole");
    run(&config(3), &whole, None).unwrap();
    let model = std::fs::read(whole.model()).unwrap();
    for steps in [1, 4, 9, 13, 26] {
        let resumed = folder(&root, &format!("stopped-{steps}"));
        assert_eq!(
            run(&config(3), &resumed, Some(steps)).unwrap().ending,
            Ending::Interrupted,
            "after {steps}"
        );
        assert_eq!(run(&config(3), &resumed, None).unwrap().ending, Ending::Finished);
        assert!(model == std::fs::read(resumed.model()).unwrap(), "stopped after {steps} steps");
        assert_eq!(run(&config(3), &resumed, None).unwrap().ending, Ending::WasFinished);
    }
}

/// Every objective that keeps more than weights: multipliers and averages, draws, cycles, targets
/// drawn anew, a running σ.
#[test]
fn what_else_a_step_depends_on_is_taken_up_again() {
    let root = tempfile::tempdir().unwrap();
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = config(3);
        change(&mut config);
        config.validate().unwrap();
        config
    };
    let optimal = Likelihood::Gaussian { sigma: Sigma::Optimal };
    let cases = [
        with(&|config| {
            config.training.objective =
                Objective::Geco(Tolerances { density_tolerance: 0.02, volume_tolerance: 0.01 });
        }),
        with(&|config| {
            config.training.objective = Objective::Iwae(ImportanceBound { importance_samples: 3 });
        }),
        with(&|config| {
            config.training.kl_cycles = 3;
            config.training.kl_warmup = 0.5;
            config.training.objective = Objective::Elbo(EvidenceBound { free_bits: 0.05 });
            config.data.targets = TargetKind::Dequantized;
            config.model.likelihood = optimal;
        }),
    ];
    for (i, config) in cases.iter().enumerate() {
        let whole = folder(&root, &format!("whole-{i}"));
        assert_eq!(run(config, &whole, None).unwrap().ending, Ending::Finished);
        let resumed = folder(&root, &format!("resumed-{i}"));
        assert_eq!(run(config, &resumed, Some(14)).unwrap().ending, Ending::Interrupted);
        assert_eq!(run(config, &resumed, None).unwrap().ending, Ending::Finished);
        for file in ["model.safetensors", "checkpoints/last.safetensors"] {
            let bytes = |run: &RunFolder| std::fs::read(run.root().join(file)).unwrap();
            assert!(bytes(&whole) == bytes(&resumed), "case {i}: {file}");
        }
    }
    // The multipliers are in the checkpoint and have moved.
    let events = read(&root.path().join("whole-0/metrics.jsonl")).unwrap();
    let multipliers: Vec<f64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Step(step) => step.geco.as_ref().map(|geco| geco.constraints[0].multiplier),
            Event::Epoch(_) => None,
        })
        .collect();
    assert!(multipliers.windows(2).all(|pair| pair[0] < pair[1]), "{multipliers:?}");
}

/// A mean picture of the bars is off by 0.4; what is allowed is half of that.
#[test]
fn a_tolerance_is_met() {
    let root = tempfile::tempdir().unwrap();
    let run_folder = folder(&root, "run");
    let mut config = config(150);
    config.training.objective =
        Objective::Geco(Tolerances { density_tolerance: 0.2, volume_tolerance: 0.0 });
    let outcome = run(&config, &run_folder, None).unwrap();
    let best = outcome.position.best.unwrap().validation.unwrap();
    assert!(best.excess.unwrap() < 0.25, "{best:?}");
}

/// Soft edges of some height and slope, which two latent dimensions can code exactly: 2 % of
/// density and 1 % of volume are kept at the end, on held-out designs, and codes are not let grow
/// for more. A hundredth of a percent is not reached, and the run says by how much.
#[test]
fn a_tolerance_in_engineering_units_is_kept_or_said_to_be_exceeded() {
    let (n, h, w) = (256, 8, 16);
    let designs = Array3::from_shape_fn((n, h, w), |(i, row, column)| {
        let spread = |step: f32| (step * i as f32).fract();
        let height = 0.3 + 0.4 * spread(0.618_034);
        let slope = 0.4 * spread(0.754_878) - 0.2;
        let edge = height + slope * ((column as f32 + 0.5) / w as f32 - 0.5);
        1.0 / (1.0 + (-((row as f32 + 0.5) / h as f32 - edge) / 0.15).exp())
    });
    let data = DataSet::new("edges", designs, Details::default()).unwrap();
    let root = tempfile::tempdir().unwrap();
    let end = |name: &str, epochs, density, volume| {
        let mut config = config(epochs);
        config.data.targets = TargetKind::Grey;
        config.model.likelihood = Likelihood::Gaussian { sigma: Sigma::Optimal };
        let tolerances = Tolerances { density_tolerance: density, volume_tolerance: volume };
        config.training.objective = Objective::Geco(tolerances);
        let (run_folder, stop) = (folder(&root, name), AtomicBool::new(false));
        let outcome =
            train(&config, &data, &run_folder, &manifest(&data), &stop, &mut |_| ()).unwrap();
        outcome.position.best.unwrap().validation.unwrap()
    };
    let kept = end("kept", 60, 0.02, 0.01);
    assert_eq!(kept.excess, Some(0.0), "{kept:?}");
    assert!(kept.mse.sqrt() <= 0.02, "{kept:?}");
    let exceeded = end("exceeded", 3, 1e-4, 0.0);
    let by_hand = exceeded.mse.sqrt() / 1e-4 - 1.0;
    assert!(1.0 < by_hand && (exceeded.excess.unwrap() / by_hand - 1.0).abs() < 1e-6);
}

#[test]
fn a_binary_likelihood_on_grey_designs_is_asked_for_or_refused() {
    let root = tempfile::tempdir().unwrap();
    let grey = support::grey_bars();
    let train_on = |name: &str, objective| {
        let mut config = config(1);
        config.data.targets = TargetKind::Grey;
        config.training.objective = objective;
        let folder = folder(&root, name);
        let stop = AtomicBool::new(false);
        train(&config, &grey, &folder, &manifest(&grey), &stop, &mut |_| ())
    };
    let error = train_on("refused", Objective::Elbo(EvidenceBound::default())).unwrap_err();
    assert!(matches!(error, TrainError::BinaryLikelihood), "{error}");
    assert!(!root.path().join("refused").exists(), "nothing was begun");
    let outcome = train_on("said", Objective::CrossEntropy(CrossEntropy {})).unwrap();
    assert_eq!(outcome.position.best.unwrap().validation.unwrap().elbo, None);
}

#[test]
fn cycles_that_are_too_short_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let mut config = config(1);
    config.training.kl_cycles = 9;
    config.training.kl_warmup = 0.9;
    let error = run(&config, &folder(&root, "run"), None).unwrap_err();
    let TrainError::Setting { key, .. } = error else { panic!("{error}") };
    assert_eq!(key, "training.kl_cycles");
}

#[test]
fn the_seed_decides() {
    let root = tempfile::tempdir().unwrap();
    let model = |name: &str, seed| {
        let run_folder = folder(&root, name);
        run(&Config { seed, ..config(2) }, &run_folder, None).unwrap();
        std::fs::read(run_folder.model()).unwrap()
    };
    assert!(model("a", 1) == model("b", 1));
    assert!(model("c", 2) != model("d", 3));
}

/// Runs of several seeds are compared on the same designs if the split has a seed of its own.
#[test]
fn the_split_may_have_its_own_seed() {
    let data = bars();
    let of = |seed, split_seed| {
        let mut config = config(1);
        config.seed = seed;
        config.data.split_seed = split_seed;
        vae_train::learn::split(&config, &data).unwrap()
    };
    assert_eq!(of(1, Some(3)), of(2, Some(3)));
    assert_eq!(of(1, Some(3)), of(3, None));
    assert_ne!(of(1, None), of(3, None));
}

#[test]
fn a_loss_that_is_not_finite_stops_before_the_update() {
    let root = tempfile::tempdir().unwrap();
    let run_folder = folder(&root, "run");
    let mut wild = config(3);
    wild.training.learning_rate = 1e30;
    wild.training.max_gradient_norm = 0.0;
    let error = run(&wild, &run_folder, None).unwrap_err();
    let TrainError::NotFinite { step, checkpoint_step, .. } = error else { panic!("{error}") };
    assert_eq!(
        step, checkpoint_step,
        "a checkpoint after every step, so the last good one is the last"
    );
    assert!(run_folder.last_checkpoint().is_file());
}

/// Every step is finite, and the bound falls far below what any model of 128 pixels has.
#[test]
fn an_explosion_without_nan_is_stopped_and_left_behind() {
    let root = tempfile::tempdir().unwrap();
    let run_folder = folder(&root, "run");
    let mut wild = config(30);
    wild.training.learning_rate = 10.0;
    let error = run(&wild, &run_folder, None).unwrap_err();
    let (TrainError::Exploded { retreat, .. } | TrainError::NotFinite { retreat, .. }) = error
    else {
        panic!("{error}")
    };
    assert!(retreat.learning_rate < 0.01, "{retreat:?}");
    // What it offers works: back, and on with the learning rate that it names.
    let over = |text: &str| Layer::from(text.parse::<toml::Table>().unwrap());
    let rate = format!("training.learning_rate = {}", retreat.learning_rate);
    let changed = run_folder.config_to_resume(&over(&rate)).unwrap();
    go_back(&run_folder, retreat.epoch).unwrap();
    assert_eq!(run(&changed, &run_folder, None).unwrap().ending, Ending::Finished);
    let manifest = run_folder.recorded_manifest().unwrap();
    assert_eq!((manifest.continued_by.len(), manifest.resumed_at_step.len()), (1, 1));

    // An epoch that is not kept is refused with those that are, and so is another model.
    let error = go_back(&run_folder, 999).unwrap_err();
    let TrainError::NotKept { kept, .. } = &error else { panic!("{error}") };
    assert!(kept.contains(&16) && kept.contains(&8), "{error}");
    let error = run_folder.config_to_resume(&over("model.latent_dim = 9")).unwrap_err();
    assert!(matches!(&error, TrainError::FixedSetting { key } if key == "model.latent_dim"));
}

/// Going back and on with the same settings takes the same steps again.
#[test]
fn going_back_repeats_what_was() {
    let root = tempfile::tempdir().unwrap();
    let (whole, again) = (folder(&root, "whole"), folder(&root, "again"));
    run(&config(12), &whole, None).unwrap();
    run(&config(12), &again, None).unwrap();
    go_back(&again, 4).unwrap();
    assert_eq!(run(&config(12), &again, None).unwrap().ending, Ending::Finished);
    let bytes = |run: &RunFolder| std::fs::read(run.model()).unwrap();
    assert!(bytes(&whole) == bytes(&again));
    assert_eq!(again.recorded_manifest().unwrap().resumed_at_step.len(), 1);
}

#[test]
fn a_finished_run_goes_on_with_more_epochs() {
    let root = tempfile::tempdir().unwrap();
    let run_folder = folder(&root, "run");
    let first = run(&config(6), &run_folder, None).unwrap().position;
    let longer = config(14);
    // Stopped in the middle of what was added, it ends as one that was not.
    assert_eq!(run(&longer, &run_folder, Some(20)).unwrap().ending, Ending::Interrupted);
    let second = run(&longer, &run_folder, None).unwrap();
    assert_eq!((second.ending, second.position.epoch), (Ending::Finished, 14));
    assert_eq!(second.position.leg, first.step);
    let at_once = folder(&root, "at-once");
    run(&config(6), &at_once, None).unwrap();
    run(&longer, &at_once, None).unwrap();
    let bytes = |run: &RunFolder| std::fs::read(run.model()).unwrap();
    assert!(bytes(&run_folder) == bytes(&at_once));

    let bound = |position: &vae_train::learn::Position| {
        position.best.unwrap().validation.unwrap().terms.value()
    };
    assert!(bound(&first) + 1.0 < bound(&second.position), "it learned more");
    let epochs = vae_train::learn::epochs(&run_folder.metrics()).unwrap();
    let later = epochs.iter().skip(6);
    assert!(later.clone().all(|epoch| epoch.beta >= 1.0), "no second warm-up of the KL weight");
    assert_eq!(later.count(), 8);
    // Fewer epochs than are done are no way to go on.
    let error = run(&config(9), &run_folder, None).unwrap_err();
    assert!(matches!(error, TrainError::Setting { key: "training.epochs", .. }), "{error}");
}

/// Without validation designs nothing is NaN, and the last model is the one that is kept.
#[test]
fn without_validation_the_last_model_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let run_folder = folder(&root, "run");
    let mut config = config(6);
    (config.data.validation, config.data.test) = (0.0, 0.0);
    let outcome = run(&config, &run_folder, None).unwrap();
    let best = outcome.position.best.unwrap();
    assert_eq!((best.epoch, best.validation), (6, None));
    let epochs = vae_train::learn::epochs(&run_folder.metrics()).unwrap();
    assert!(epochs.iter().all(|epoch| epoch.validation.is_none()));
    assert!(epochs.iter().flat_map(|epoch| &epoch.kl_per_dim).all(|kl| kl.is_finite()));
    let weights = |path: std::path::PathBuf, prefix: &str| -> Vec<(String, Vec<u8>)> {
        let bytes = std::fs::read(path).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap().tensors();
        let named = tensors.into_iter().filter_map(|(name, view)| {
            Some((name.strip_prefix(prefix)?.to_owned(), view.data().to_vec()))
        });
        let mut named: Vec<_> = named.collect();
        named.sort();
        named
    };
    assert!(weights(run_folder.model(), "") == weights(run_folder.last_checkpoint(), "weights."));
}

/// Twenty designs and three epochs decide nothing about a latent dimension.
#[test]
fn a_short_run_gives_no_verdict_on_a_dimension() {
    use vae_train::learn::{Loss, course};
    use vae_train::score::{State, Unclear, diagnose};
    let root = tempfile::tempdir().unwrap();
    let found = |name: &str, n: usize, epochs: u64, change: &dyn Fn(&mut Config)| {
        let all = bars();
        let mut values = vec![0.0; all.len() * all.design_len()];
        all.read_into(&(0..all.len()).collect::<Vec<_>>(), &mut values).unwrap();
        values.truncate(n * all.design_len());
        let designs = Array3::from_shape_vec((n, 8, 16), values).unwrap();
        let data = DataSet::new("bars", designs, Details::default()).unwrap();
        let run_folder = folder(&root, name);
        let mut config = config(epochs);
        config.model.latent_dim = 6;
        change(&mut config);
        let stop = AtomicBool::new(false);
        train(&config, &data, &run_folder, &manifest(&data), &stop, &mut |_| ()).unwrap();
        let (vae, _) = vae_models::load(&run_folder.model(), &Device::Cpu).unwrap();
        let targets = Targets::new(&data, config.data.targets, Vec::new());
        let split = run_folder.recorded_split(&data).unwrap();
        let epochs = vae_train::learn::epochs(&run_folder.metrics()).unwrap();
        let loss = Loss::new(config.training.objective, vae.config());
        let course = course(&loss, config.training.beta, &epochs);
        diagnose(&vae, &course, &targets, &split.train, &Device::Cpu).unwrap()
    };
    let short = found("short", 20, 3, &|_| ());
    assert_eq!((short.count(State::NotNeeded), short.unclear), (0, Some(Unclear::ShortRun)));
    let pressed = found("pressed", 96, 12, &|config| config.training.beta = 100.0);
    assert_eq!(pressed.count(State::NotNeeded), 0, "{pressed:#?}");
    assert!(0 < pressed.count(State::SwitchedOff) + pressed.count(State::Unclear));
}

#[test]
fn other_data_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let run_folder = folder(&root, "run");
    run(&config(3), &run_folder, Some(2)).unwrap();
    let data = bars();
    let mut other = manifest(&data);
    other.data_fingerprint = "other".into();
    let stop = AtomicBool::new(false);
    let error = train(&config(3), &data, &run_folder, &other, &stop, &mut |_| ()).unwrap_err();
    assert!(matches!(error, TrainError::DataChanged { .. }), "{error}");
}

#[test]
fn an_evaluation_does_not_depend_on_batches_and_is_ordered() {
    let root = tempfile::tempdir().unwrap();
    let run_folder = folder(&root, "run");
    // Long enough for the latent dimensions to be used: a posterior that is the prior has nothing
    // to tighten.
    run(&config(30), &run_folder, None).unwrap();
    let (data, device) = (bars(), Device::Cpu);
    let (vae, _) = vae_models::load(&run_folder.model(), &device).unwrap();
    let targets = Targets::new(&data, vae_train::TargetKind::Binary, vec![0, 1]);
    let all: Vec<usize> = (0..data.len()).collect();
    let bounds = |indices: &[usize], samples| {
        vae_train::score::bounds(&vae, &targets, indices, samples, &device, &mut |_| ()).unwrap()
    };
    // Batches of 64 inside: 96 designs at once or one by one are the same.
    let at_once = bounds(&all, 4);
    let one_by_one =
        all.iter().map(|&index| bounds(&[index], 4).elbo).sum::<f64>() / all.len() as f64;
    assert!((at_once.elbo - one_by_one).abs() < 1e-3, "{} and {one_by_one}", at_once.elbo);
    assert!((at_once.elbo - (at_once.expected_log_likelihood - at_once.kl)).abs() < 1e-9);
    // More draws tighten the bound.
    assert!(at_once.elbo < at_once.iwae);
    assert!(bounds(&all, 2).iwae < bounds(&all, 64).iwae);
}

/// The model is told what the configuration says, and the control that goes by conditions sees no
/// more.
#[test]
fn a_model_is_told_what_the_configuration_says() {
    use vae_train::learn::{model_config, split};
    use vae_train::score::nearest_by_condition;
    use vae_train::{TargetKind, Told};
    let data = bars();
    let names = |told: Told| -> Vec<String> {
        let mut config = config(1);
        config.data.told = told.clone();
        let targets = Targets::new(&data, TargetKind::Binary, told.columns(&data).unwrap());
        let split = split(&config, &data).unwrap();
        let model = model_config(&config, &targets, &split).unwrap();
        model.conditions.into_iter().map(|condition| condition.name).collect()
    };
    assert_eq!(names(Told::All), ["height", "thickness"]);
    assert_eq!(names(Told::First), ["height"]);
    assert_eq!(names("thickness,height".to_owned().into()), ["thickness", "height"]);
    assert!(names(Told::None).is_empty());
    let error = Told::Named(vec!["lenght".into()]).columns(&data).unwrap_err();
    assert!(error.to_string().contains("lenght"), "{error}");

    // Designs 0 and 8 have one height and different thicknesses, 1 and 9 another height.
    let nearest = |told: Vec<usize>| {
        let targets = Targets::new(&data, TargetKind::Binary, told);
        let found = nearest_by_condition(&targets, &[9, 8, 1], &[0]).unwrap();
        found.map(|found| found == targets.array(&[8]).unwrap())
    };
    assert_eq!((nearest(vec![0]), nearest(Vec::new())), (Some(true), None));
}
