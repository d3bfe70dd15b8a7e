//! From layers to a configuration: what is given over a file over a preset.

use std::path::Path;

use crate::error::Result;
use crate::learn::config::check::check;
use crate::learn::config::layer::Layer;
use crate::learn::config::presets::{DEFAULT, text_of};
use crate::learn::config::settings::Config;
use crate::learn::objective::{Objective, as_bound};

impl Config {
    /// The preset of this name.
    ///
    /// # Errors
    /// [`TrainError::UnknownPreset`](crate::TrainError::UnknownPreset).
    pub fn preset(name: &str) -> Result<Self> {
        let preset = Layer::parse(&format!("the preset {name}"), text_of(name)?)?;
        let default = Layer::parse("the preset default", DEFAULT)?;
        default.complete::<Self>()?.overlaid(&preset)
    }

    /// Resolves a configuration: `over` over the file over the preset. Without a preset, the one
    /// that the file names is taken, else `default`.
    ///
    /// If a preset of the lecture is given another objective, its loss becomes a bound first: what
    /// is compared becomes a likelihood, and β becomes 1. Settings of the file and of `over` still
    /// count.
    ///
    /// # Errors
    /// For an unknown preset or key, a wrong type, or a setting outside its domain; if the file
    /// cannot be read.
    pub fn resolve(preset: Option<&str>, file: Option<&Path>, over: &Layer) -> Result<Self> {
        let file = file.map(Layer::read).transpose()?.unwrap_or_default();
        let mut config = Self::preset(preset.or(file.preset()).unwrap_or("default"))?;
        let objective = over.objective().or(file.objective());
        if objective.is_some_and(|kind| kind != config.training.objective.kind())
            && matches!(config.training.objective, Objective::Lecture(_))
        {
            config = config.overlaid(&as_bound(config.model.likelihood).into())?;
        }
        config = config.overlaid(&file)?;
        if let Some(name) = preset {
            name.clone_into(&mut config.preset);
        }
        config = config.overlaid(over)?;
        check(&config)?;
        Ok(config)
    }

    /// Reads the `config.toml` of a run.
    ///
    /// # Errors
    /// As [`Config::resolve`].
    pub fn read(path: &Path) -> Result<Self> {
        Self::resolve(None, Some(path), &Layer::default())
    }

    /// Checks every setting against its domain, as [`Config::resolve`] does.
    ///
    /// # Errors
    /// [`TrainError::Setting`](crate::TrainError::Setting) for the first that is outside.
    pub fn validate(&self) -> Result<()> {
        check(self)
    }

    /// This configuration with a layer over it.
    fn overlaid(&self, layer: &Layer) -> Result<Self> {
        let mut table = self.to_table();
        layer.lay_over(&mut table)?;
        layer.read_as(table)
    }
}

#[cfg(test)]
mod tests {
    use toml::toml;
    use vae_models::{Encoder, Likelihood, ModelConfig, Scale, Sigma};

    use super::*;
    use crate::data::TargetKind;
    use crate::data::{Augment, Told};
    use crate::error::TrainError;
    use crate::learn::config::presets::PRESETS;
    use crate::learn::config::settings::TrainingConfig;
    use crate::learn::config::{OptimizerKind, ProblemsTold};
    use crate::learn::objective::{ImportanceBound, Tolerances};
    use crate::score::Measure;

    fn resolve(text: &str) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.toml");
        std::fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    #[test]
    fn every_preset_is_valid_and_reads_back() {
        for (name, _) in PRESETS {
            let config = Config::preset(name).unwrap();
            check(&config).unwrap();
            assert_eq!(config.preset, name);
            assert_eq!(resolve(&config.to_toml()).unwrap(), config);
        }
    }

    /// What nobody states follows the number of designs; what a preset, a file or a flag states
    /// stays.
    #[test]
    fn sizes_follow_the_number_of_designs_unless_stated() {
        let sizes = |config: &Config| {
            let TrainingConfig { epochs, batch_size, patience, .. } = config.training;
            (config.model.latent_dim, batch_size, epochs, patience)
        };
        let of = |preset, text: &str, designs| {
            let over = Layer::from(text.parse::<toml::Table>().unwrap());
            Config::resolve_for(preset, None, &over, designs).unwrap()
        };
        for (designs, expected) in [
            (4, (4, 4, 2400, 400)),
            (16, (8, 4, 600, 100)),
            (40, (16, 8, 480, 80)),
            (120, (32, 16, 343, 58)),
            (400, (32, 32, 200, 34)),
            (2603, (32, 32, 50, 17)),
            (60_000, (32, 32, 50, 17)),
        ] {
            assert_eq!(sizes(&of(None, "", designs).0), expected, "{designs} designs");
        }
        // A third of a stated length without a gain ends it; a stated batch decides how many epochs
        // there are.
        assert_eq!(sizes(&of(None, "training.epochs = 7", 40).0), (16, 8, 7, 10));
        assert_eq!(sizes(&of(None, "training.epochs = 90", 40).0), (16, 8, 90, 30));
        assert_eq!(sizes(&of(None, "training.batch_size = 20", 40).0), (16, 20, 1200, 200));
        assert_eq!(sizes(&of(None, "training.patience = 9", 40).0), (16, 8, 480, 9));
        assert_eq!(sizes(&of(None, "model.latent_dim = 50", 40).0), (50, 8, 480, 80));
        let (all, note) =
            of(None, "model.latent_dim = 50\ntraining = { epochs = 1, batch_size = 2 }", 40);
        assert_eq!((sizes(&all), note), ((50, 2, 1, 10), None));
        assert_eq!(sizes(&of(None, "training.init = \"a\"", 40).0), (32, 8, 480, 80));
        // Without validation designs nothing can tell when to stop.
        assert_eq!(sizes(&of(None, "data.validation = 0.0", 40).0), (16, 8, 480, 0));
        // The lecture's presets are what they are.
        let (lecture, note) = of(Some("tutorial-conv"), "", 40);
        assert_eq!((lecture, note), (Config::preset("tutorial-conv").unwrap(), None));
        assert_eq!(sizes(&of(Some("pool"), "", 40).0), (16, 8, 480, 80));
    }

    #[test]
    fn flag_over_file_over_preset() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.toml");
        std::fs::write(&path, "preset = \"pool\"\n[training]\nepochs = 7\nbeta = 0.5\n").unwrap();
        let over = toml! { training = { epochs = 9 } }.into();
        let config = Config::resolve(None, Some(&path), &over).unwrap();
        assert_eq!((config.training.epochs, config.training.beta), (9, 0.5));
        assert!(matches!(config.model.encoder, Encoder::Pool { .. }));
        let config = Config::resolve(Some("default"), Some(&path), &over).unwrap();
        assert!(matches!(config.model.encoder, Encoder::Strided { .. }));
        assert_eq!(config.preset, "default");
    }

    #[test]
    fn a_table_with_a_kind_replaces_the_old_one() {
        let config = resolve("[model.encoder]\nkind = \"pool\"\nchannels = [8, 16]\npool = \"average\"\nnormalized = false\n").unwrap();
        assert_eq!(config.model.encoder.halvings(), 2);
        let config = resolve("[model.likelihood.gaussian]\nsigma = { fixed = 0.2 }\n").unwrap();
        assert_eq!(config.model.likelihood, Likelihood::Gaussian { sigma: Sigma::Fixed(0.2) });
        // One likelihood replaces another whole, with what it is made of.
        let logistic = "[model.likelihood.discretized-logistic]\nscale = \"shared\"\n";
        let text =
            format!("preset = \"tutorial-conv\"\n[training]\nobjective = \"elbo\"\n{logistic}");
        let config = resolve(&text).unwrap();
        let expected = Likelihood::DiscretizedLogistic { scale: Scale::Shared };
        assert_eq!(config.model.likelihood, expected);
    }

    /// The lecture's numbers, as reference of what "as in the lecture" means.
    #[test]
    fn the_lectures_presets_and_their_honest_versions() {
        let conv = Config::preset("tutorial-conv").unwrap();
        let TrainingConfig { epochs, batch_size, learning_rate, beta, .. } = conv.training;
        assert_eq!((epochs, batch_size, learning_rate, beta), (5, 2, 1e-4, 0.01));
        assert_eq!(conv.model.likelihood, Likelihood::SquaredError);
        let mlp = Config::preset("tutorial-mlp").unwrap();
        let TrainingConfig { epochs, batch_size, learning_rate, beta, .. } = mlp.training;
        assert_eq!((epochs, batch_size, learning_rate, beta), (5, 8, 1e-3, 1.0));
        assert_eq!((mlp.model.latent_dim, mlp.data.targets), (2, TargetKind::Grey));
        for config in [&conv, &mlp] {
            let TrainingConfig { objective, learning_rate_floor, .. } = config.training;
            assert_eq!((objective.kind(), learning_rate_floor), ("lecture", 1.0));
            assert_eq!(config.measure(false), Measure::None);
        }

        let over = toml! { training = { objective = { kind = "elbo" } } }.into();
        let conv = Config::resolve(Some("tutorial-conv"), None, &over).unwrap();
        assert_eq!(conv.model.likelihood, Likelihood::Gaussian { sigma: Sigma::Shared });
        assert_eq!((conv.training.beta, conv.data.targets), (1.0, TargetKind::Grey));
        let mlp =
            resolve("preset = \"tutorial-mlp\"\n[training]\nobjective = \"elbo\"\nbeta = 2.0\n")
                .unwrap();
        assert_eq!((mlp.training.beta, mlp.data.targets), (2.0, TargetKind::Binary));
        assert_eq!(conv.measure(false), Measure::Density);
        assert_eq!(mlp.measure(false), Measure::BinaryMass);
    }

    #[test]
    fn misspelt_keys_get_a_suggestion() {
        let error = resolve("[training]\nlearning_rat = 0.1\n").unwrap_err();
        let TrainError::UnknownKey { key, suggestion, .. } = error else { panic!("{error}") };
        assert_eq!(
            (key.as_str(), suggestion.as_deref()),
            ("training.learning_rat", Some("learning_rate"))
        );
        assert!(matches!(resolve("[trainin]\n").unwrap_err(), TrainError::UnknownKey { .. }));
    }

    #[test]
    fn settings_outside_their_domain_are_named() {
        let cases = [
            ("[training]\nbeta = -0.1\n", "training.beta"),
            ("[training]\nkl_warmup = 1.0\n", "training.kl_warmup"),
            ("[training]\nkl_cycles = 0\n", "training.kl_cycles"),
            (
                "training.objective = { kind = \"iwae\", importance_samples = 0 }\n",
                "training.objective.importance_samples",
            ),
            ("training.objective.free_bits = -0.1\n", "training.objective.free_bits"),
            ("[training]\nbeta = 2.0\nobjective = \"iwae\"\n", "training.beta"),
            ("[training]\nbeta = 2.0\nobjective = \"geco\"\n", "training.beta"),
            (
                "training.objective = { kind = \"geco\", density_tolerance = 0.0 }\n",
                "training.objective.density_tolerance",
            ),
            (
                "training.objective = { kind = \"geco\", volume_tolerance = -0.01 }\n",
                "training.objective.volume_tolerance",
            ),
            ("[data]\ntargets = \"dequantized\"\n", "model.likelihood"),
            (
                "[data]\ntargets = \"dequantized\"\n[model.likelihood.discretized-logistic]\nscale = \"shared\"\n",
                "model.likelihood",
            ),
            (
                "[model.likelihood.discretized-logistic]\nscale = { fixed = -0.1 }\n",
                "model.likelihood",
            ),
            (
                "[training]\nobjective = \"geco\"\n[model.likelihood.gaussian]\nsigma = \"shared\"\n",
                "model.likelihood",
            ),
            (
                "[training]\nobjective = \"cross-entropy\"\n[model]\nlikelihood = \"continuous-bernoulli\"\n",
                "model.likelihood",
            ),
            ("[training]\nlearning_rate = 0.0\n", "training.learning_rate"),
            ("[training]\nbatch_size = 0\n", "training.batch_size"),
            ("[data]\nvalidation = 0.6\ntest = 0.5\n", "data.test"),
            ("[model]\nlatent_dim = 0\n", "model.latent_dim"),
            ("[model.likelihood.gaussian]\nsigma = { fixed = 0.0 }\n", "model.likelihood"),
            ("[model]\nlikelihood = \"squared-error\"\n", "model.likelihood"),
            (
                "preset = \"tutorial-conv\"\n[model.likelihood.gaussian]\nsigma = \"shared\"\n",
                "training.objective",
            ),
        ];
        for (text, expected) in cases {
            let error = resolve(text).unwrap_err();
            let TrainError::Setting { key, .. } = error else { panic!("{text}: {error}") };
            assert_eq!(key, expected);
        }
    }

    /// The architectures that vae-models names are those of the presets.
    #[test]
    fn presets_have_the_named_architectures() {
        let none = Vec::new;
        for (name, model) in [
            ("burda-1layer", ModelConfig::burda_1layer(0, 0, none())),
            ("default", ModelConfig::compact(0, 0, none())),
            ("pool", ModelConfig::pool(0, 0, none())),
            ("tutorial-conv", ModelConfig::tutorial(0, 0, none())),
            ("tutorial-mlp", ModelConfig::tutorial_mlp(0, 0, none())),
        ] {
            let preset = Config::preset(name).unwrap().model;
            assert_eq!(
                (preset.latent_dim, preset.likelihood, preset.encoder, preset.decoder),
                (model.latent_dim, model.likelihood, model.encoder, model.decoder),
                "{name}"
            );
        }
    }

    #[test]
    fn another_objective_starts_from_its_own_defaults() {
        let over = |text: &str| Layer::from(text.parse::<toml::Table>().unwrap());
        let objective = |file: &str, given: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("study.toml");
            std::fs::write(&path, file).unwrap();
            Config::resolve(None, Some(&path), &over(given)).map(|config| config.training.objective)
        };
        let iwae = |importance_samples| Objective::Iwae(ImportanceBound { importance_samples });
        let file = "training.objective = { kind = \"iwae\", importance_samples = 5 }\n";
        assert_eq!(objective("", "training.objective.kind = \"iwae\"").unwrap(), iwae(8));
        assert_eq!(objective(file, "").unwrap(), iwae(5));
        assert_eq!(objective(file, "training.objective.kind = \"iwae\"").unwrap(), iwae(5));
        assert_eq!(objective(file, "training.objective.importance_samples = 3").unwrap(), iwae(3));
        let geco = "training.objective = { kind = \"geco\", volume_tolerance = 0.01 }";
        let tolerances = Tolerances { density_tolerance: 0.02, volume_tolerance: 0.01 };
        assert_eq!(objective(file, geco).unwrap(), Objective::Geco(tolerances));
    }

    #[test]
    fn a_setting_of_another_objective_is_refused() {
        for text in [
            "training.objective = { kind = \"iwae\", free_bits = 0.1 }\n",
            "[training]\nobjective = \"iwae\"\nfree_bits = 0.1\n",
        ] {
            let error = resolve(text).unwrap_err();
            let TrainError::OtherObjective { key, owner, kind } = &error else { panic!("{error}") };
            assert_eq!((key.as_str(), *owner, kind.as_str()), ("free_bits", "elbo", "iwae"));
        }
        let error = resolve("training.objective.free_bit = 0.1\n").unwrap_err();
        let TrainError::UnknownKey { key, suggestion, .. } = error else { panic!("{error}") };
        let expected = ("training.objective.free_bit", Some("free_bits"));
        assert_eq!((key.as_str(), suggestion.as_deref()), expected);
    }

    /// Files that version 0.1.0 wrote, before objectives had tables of their own.
    #[test]
    fn files_of_format_1_are_read() {
        let read = |name: &str| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format-1");
            Config::read(&folder.join(format!("{name}.toml"))).unwrap()
        };
        for (name, _) in PRESETS {
            let mut expected = Config::preset(name).unwrap();
            // No model of that time was told problems, and nobody chose mirrors for it.
            expected.data.problems = ProblemsTold::None;
            expected.model.averaged = false;
            (expected.model.field_blocks, expected.model.decoder_blocks) = (0, 0);
            expected.training.optimizer = OptimizerKind::Adam;
            expected.data.augment = Augment::Mirrors(Vec::new());
            if expected.data.told == Told::Auto {
                expected.data.told = Told::All;
            }
            // The default was shorter, without weight decay, and none ended early.
            expected.training.patience = 0;
            if matches!(name, "default" | "pool") {
                (expected.training.epochs, expected.training.weight_decay) = (30, 0.0);
                expected.training.learning_rate = 2e-3;
            }
            assert_eq!(read(name), expected, "{name}");
        }
        let iwae = Objective::Iwae(ImportanceBound { importance_samples: 5 });
        assert_eq!(read("iwae").training.objective, iwae);
        let tolerances = Tolerances { density_tolerance: 0.02, volume_tolerance: 0.01 };
        assert_eq!(read("geco").training.objective, Objective::Geco(tolerances));
    }

    #[test]
    fn newer_formats_are_refused() {
        let error = resolve("format = 3\n").unwrap_err();
        assert!(matches!(error, TrainError::Format { found: 3, known: 2, .. }), "{error}");
    }
}
