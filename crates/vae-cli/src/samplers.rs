//! The samplers of a run: read where they lie, fitted where they do not.

use std::path::Path;

use anyhow::Result;
use vae_models::Vae;
use vae_train::RunFolder;
use vae_train::sampler::{Sampler, Samplers};

use crate::failure::UsageError;
use crate::opened::{ModelArgs, OpenedRun};
use crate::output::{note, shown};

/// `--sampler`.
#[derive(Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SamplerArg {
    /// The prior N(0, I)
    #[default]
    Standard,
    /// One normal, fitted to the codes and conditions of the training designs
    Gaussian,
    /// A mixture of normals, fitted likewise; validation designs choose how many
    Mixture,
}

impl SamplerArg {
    pub(crate) fn sampler(self) -> Sampler {
        match self {
            Self::Standard => Sampler::Standard,
            Self::Gaussian => Sampler::Gaussian,
            Self::Mixture => Sampler::Mixture,
        }
    }
}

/// The samplers of a run whose data are open: those that lie in it, or new ones, which are kept
/// there.
pub(crate) fn of(opened: &OpenedRun) -> Result<Samplers> {
    let OpenedRun { folder, config, split, vae, .. } = opened;
    if let Some(known) = Samplers::read(folder, vae)? {
        return Ok(known);
    }
    let (train, validation) = (&split.train, &split.validation);
    let mut samplers = Samplers::fit(vae, &opened.designs(), train, validation, config.seed)?;
    samplers.save(folder)?;
    note(words(&samplers, folder));
    Ok(samplers)
}

/// The samplers for a model that is asked for designs, with its data or without.
pub(crate) fn find(args: &ModelArgs, vae: &Vae, opened: Option<&OpenedRun>) -> Result<Samplers> {
    if let Some(opened) = opened {
        return of(opened);
    }
    if let Some(path) = args.path().filter(|path| path.is_file()) {
        let message = format!("{} is a model alone, without fitted samplers", shown(path));
        return Err(UsageError::with_hint(message, "name the folder of its run").into());
    }
    let folder = args.folder()?;
    Samplers::read(&folder, vae)?.ok_or_else(|| {
        let message =
            format!("{} has no fitted samplers, and its data are not there", shown(folder.root()));
        UsageError::with_hint(message, "--sampler standard needs no data").into()
    })
}

fn words(samplers: &Samplers, folder: &RunFolder) -> String {
    let scores = &samplers.scores;
    let best = scores.mixtures.iter().map(|score| score.1).fold(f64::NEG_INFINITY, f64::max);
    format!(
        "samplers: a code of a validation design is {:.2} nats likelier under one normal than under the prior, and {:.2} under {} of them: {}",
        scores.mixtures.first().map_or(0.0, |score| score.1) - scores.standard,
        best - scores.standard,
        samplers.components(),
        shown(Path::new(&folder.samplers()))
    )
}
