//! The folder of a run: which file lies where.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vae_base::files::FolderBeside;
use vae_base::{FileError, Lock};
use vae_data::{DataSet, Split, SplitGroups};
use vae_models::ModelConfig;
use vae_nn::Parameters;

use crate::data::Told;
use crate::error::{Result, TrainError};
use crate::learn::config::{Config, Layer};
use crate::learn::files::{read_to_string, write, write_json};
use crate::learn::manifest::Manifest;
use crate::learn::network::network;

/// Settings that may change when a run is taken up again.
const CHANGEABLE: [&str; 5] = [
    "data.source",
    "training.epochs",
    "training.patience",
    "training.learning_rate",
    "training.checkpoint_seconds",
];
/// What the names of kept checkpoints begin with.
const KEPT: &str = "epoch-";

/// What a process that holds a run says to others.
const TRAINING: &str = "training";

/// Paths inside a run folder.
#[derive(Clone, Debug)]
pub struct RunFolder {
    root: PathBuf,
    /// Held as long as this process may train here.
    lock: Option<Arc<Lock>>,
}

impl RunFolder {
    /// A place for a new run, which nobody else can take as long as this value lives; nothing is
    /// written yet.
    ///
    /// # Errors
    /// [`FileError::Busy`] if another process trains there; [`TrainError::RunExists`] if something
    /// is there already.
    pub fn vacant(root: &Path) -> Result<Self> {
        let lock = Lock::of(root, TRAINING)?;
        let occupied = std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some());
        if occupied || root.is_file() {
            return Err(TrainError::RunExists { path: root.to_owned() });
        }
        Ok(Self { root: root.to_owned(), lock: Some(Arc::new(lock)) })
    }

    /// Makes the folder with the files that `write` puts into it: all of them, or no folder.
    ///
    /// # Errors
    /// That of `write`; when the file system refuses.
    pub(crate) fn make(&self, write: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        let begun = FolderBeside::create_under(&self.root)?;
        let growing = Self { root: begun.path().to_owned(), lock: self.lock.clone() };
        for path in [growing.checkpoints(), growing.figures()] {
            std::fs::create_dir(&path)
                .map_err(|source| TrainError::io("creating", &path, source))?;
        }
        write(&growing).map_err(|error| error.at(&growing.root, &self.root))?;
        Ok(begun.finish()?)
    }

    /// Makes the folder of a run whose weights come from elsewhere. It has no checkpoint to
    /// continue from and no log, and a split only if the data are known.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn import(
        &self,
        config: &Config,
        manifest: &Manifest,
        split: Option<&Split>,
        model: &ModelConfig,
        parameters: &Parameters,
    ) -> Result<()> {
        self.make(|run| {
            let size = Some([model.height, model.width]);
            write_json(&run.manifest(), &Manifest { size, ..manifest.clone() })?;
            if let Some(split) = split {
                write_json(&run.splits(), &split.groups)?;
            }
            vae_models::save(&run.model(), model, parameters)?;
            write(&run.config(), config.to_toml().as_bytes())
        })
    }

    /// Opens the folder of an existing run.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] when the folder has no `config.toml`.
    pub fn open(root: &Path) -> Result<Self> {
        let run = Self { root: root.to_owned(), lock: None };
        if run.config().is_file() {
            Ok(run)
        } else {
            Err(TrainError::NotARun { path: root.to_owned(), missing: "config.toml" })
        }
    }

    /// Opens the folder of an existing run to train on, which nobody else can do as long as this
    /// value lives.
    ///
    /// # Errors
    /// As [`RunFolder::open`]; [`FileError::Busy`] if another process trains there.
    pub fn open_to_train(root: &Path) -> Result<Self> {
        let run = Self::open(root)?;
        Ok(Self { lock: Some(Arc::new(Lock::of(root, TRAINING)?)), ..run })
    }

    /// The most recently changed run below `runs`; `None` if there is none.
    pub fn newest(runs: &Path) -> Option<Self> {
        let entries = std::fs::read_dir(runs).ok()?;
        entries
            .filter_map(|entry| Self::open(&entry.ok()?.path()).ok())
            .filter_map(|run| Some((std::fs::metadata(run.metrics()).ok()?.modified().ok()?, run)))
            .max_by_key(|(modified, _)| *modified)
            .map(|(_, run)| run)
    }

    /// The first free `<runs>/<data>-<preset>-<n>`, as [`RunFolder::vacant`].
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn next(runs: &Path, data: &str, preset: &str) -> Result<Self> {
        let mut n = 1_u64;
        loop {
            let path = runs.join(format!("{data}-{preset}-{n}"));
            let taken = path.exists();
            match (!taken).then(|| Self::vacant(&path)) {
                None
                | Some(Err(
                    TrainError::RunExists { .. } | TrainError::File(FileError::Busy { .. }),
                )) => {
                    n += 1;
                }
                Some(found) => return found,
            }
        }
    }

    /// The configuration with which the run goes on: its own, with these settings over it. A stated
    /// number of epochs is kept, so that it ends the patience of the run, unless that is stated too.
    ///
    /// # Errors
    /// [`TrainError::FixedSetting`] for a setting that cannot change any more; as
    /// [`Config::resolve`].
    pub fn config_to_resume(&self, over: &Layer) -> Result<Config> {
        let config = Config::read(&self.config())?;
        let mut changed = Config::resolve(None, Some(&self.config()), over)?;
        if over.states("training", "epochs") && !over.states("training", "patience") {
            changed.training.patience = 0;
        }
        match config.first_difference(&changed, &CHANGEABLE) {
            Some(key) => Err(TrainError::FixedSetting { key }),
            None => Ok(changed),
        }
    }

    /// The split that the run was trained on.
    ///
    /// # Errors
    /// When `splits.json` cannot be read, or the groups of the data have changed.
    pub fn recorded_split(&self, data: &DataSet) -> Result<Split> {
        let path = self.splits();
        let groups: SplitGroups = serde_json::from_str(&read_to_string(&path)?)
            .map_err(|err| TrainError::Damaged { path, message: err.to_string() })?;
        Ok(groups.of(data.groups())?)
    }

    /// How the run was started.
    ///
    /// # Errors
    /// When `manifest.json` cannot be read.
    pub fn recorded_manifest(&self) -> Result<Manifest> {
        Manifest::read(&self.manifest())
    }

    /// Refuses data other than those that the run was started on, because its split names designs
    /// by position.
    ///
    /// # Errors
    /// [`TrainError::DataChanged`]; when the manifest or the data cannot be read.
    pub fn check_data(&self, data: &DataSet) -> Result<()> {
        let (expected, found) = (self.recorded_manifest()?.data_fingerprint, data.fingerprint()?);
        if expected == found { Ok(()) } else { Err(TrainError::DataChanged { expected, found }) }
    }

    /// Refuses weights of another network than the configuration of the run describes, such as those
    /// of another run that wrote into the same folder. The size of the designs is that of the
    /// manifest, and conditions are compared if the configuration names them.
    ///
    /// # Errors
    /// [`TrainError::OtherModel`]; when the configuration cannot be read.
    pub fn check_model(&self, model: &ModelConfig) -> Result<()> {
        let config = Config::read(&self.config())?;
        let wanted = network(&config, (model.height, model.width), model.conditions.clone());
        let told = match &config.data.told {
            Told::Named(names) => Some(&names[..]),
            Told::None => Some(&[][..]),
            Told::Auto | Told::All | Told::First => None,
        };
        let names: Vec<&str> =
            model.conditions.iter().map(|condition| condition.name.as_str()).collect();
        // A damaged manifest is a matter of those who need it.
        let size = self.recorded_manifest().ok().and_then(|manifest| manifest.size);
        let what = if let Some([height, width]) = size
            && (height, width) != (model.height, model.width)
        {
            format!("designs of {} x {}, and not {height} x {width}", model.height, model.width)
        } else if let Some(told) = told
            && names != told
        {
            let list = |names: &[&str]| match names {
                [] => "no conditions".to_owned(),
                names => format!("the conditions {}", names.join(", ")),
            };
            let told: Vec<&str> = told.iter().map(String::as_str).collect();
            format!("{}, and not {}", list(&names), list(&told))
        } else if wanted.latent_dim != model.latent_dim {
            format!("{} latent dimensions, and not {}", model.latent_dim, wanted.latent_dim)
        } else if wanted.likelihood != model.likelihood {
            format!("the likelihood {}, and not {}", model.likelihood, wanted.likelihood)
        } else if wanted.encoder != model.encoder {
            "another encoder".to_owned()
        } else if wanted.decoder != model.decoder {
            "another decoder".to_owned()
        } else {
            return Ok(());
        };
        Err(TrainError::OtherModel { path: self.model(), what })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration: everything that decides the result.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// Which groups are in training, validation and test.
    pub fn splits(&self) -> PathBuf {
        self.root.join("splits.json")
    }

    /// How the run was started.
    pub fn manifest(&self) -> PathBuf {
        self.root.join("manifest.json")
    }

    /// One object per logged step and epoch.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }

    /// The best weights.
    pub fn model(&self) -> PathBuf {
        self.root.join("model.safetensors")
    }

    /// Distributions of codes that new designs can be drawn from.
    pub fn flow(&self) -> PathBuf {
        self.root.join("flow.safetensors")
    }

    /// The folder of checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// The state that the run continues from.
    pub fn last_checkpoint(&self) -> PathBuf {
        self.checkpoints().join("last.safetensors")
    }

    /// The state at the best validation.
    pub fn best_checkpoint(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }

    /// The state at the end of this epoch, if it is one of those that are kept.
    pub fn kept_checkpoint(&self, epoch: u64) -> PathBuf {
        self.checkpoints().join(format!("{KEPT}{epoch}.safetensors"))
    }

    /// The epochs whose states are kept beside the last and the best, ascending.
    pub fn kept_epochs(&self) -> Vec<u64> {
        let entries = std::fs::read_dir(self.checkpoints()).into_iter().flatten();
        let number =
            |name: &str| name.strip_prefix(KEPT)?.strip_suffix(".safetensors")?.parse().ok();
        let mut epochs: Vec<u64> =
            entries.filter_map(|entry| number(entry.ok()?.file_name().to_str()?)).collect();
        epochs.sort_unstable();
        epochs
    }

    /// The folder of figures.
    pub fn figures(&self) -> PathBuf {
        self.root.join("figures")
    }

    /// One page with everything that is known about the run.
    pub fn report(&self) -> PathBuf {
        self.root.join("report.html")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_occupied_folder_is_refused_and_an_empty_one_taken() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("run");
        std::fs::create_dir(&folder).unwrap();
        let run = RunFolder::vacant(&folder).unwrap();
        run.make(|_| Ok(())).unwrap();
        drop(run);
        assert!(matches!(RunFolder::vacant(&folder), Err(TrainError::RunExists { .. })));
        assert!(matches!(RunFolder::open(&folder), Err(TrainError::NotARun { .. })));
        std::fs::write(folder.join("config.toml"), "").unwrap();
        assert!(RunFolder::open(&folder).is_ok());
    }

    #[test]
    fn a_run_is_taken_up_by_one_at_a_time() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("run");
        let run = RunFolder::vacant(&folder).unwrap();
        let is_busy = |other: Result<RunFolder>| {
            matches!(other, Err(TrainError::File(FileError::Busy { .. })))
        };
        assert!(is_busy(RunFolder::vacant(&folder)));
        run.make(|run| write(&run.config(), b"")).unwrap();
        assert!(is_busy(RunFolder::open_to_train(&folder)));
        drop(run);
        let run = RunFolder::open_to_train(&folder).unwrap();
        assert!(is_busy(RunFolder::open_to_train(&folder)));
        assert!(RunFolder::open(&folder).is_ok(), "reading needs no lock");
        drop(run);
    }

    #[test]
    fn names_count_up_beyond_what_is_there_or_held() {
        let folder = tempfile::tempdir().unwrap();
        let next = || RunFolder::next(folder.path(), "builtin", "default").unwrap();
        let first = next();
        assert!(first.root().ends_with("builtin-default-1"));
        let second = next();
        assert!(second.root().ends_with("builtin-default-2"));
        std::fs::create_dir(second.root()).unwrap();
        drop(second);
        assert!(next().root().ends_with("builtin-default-3"));
        drop(first);
        assert!(next().root().ends_with("builtin-default-1"));
    }
}
