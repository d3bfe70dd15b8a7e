//! The samplers of a run: read if they are stored, fitted and stored otherwise.

use std::path::Path;

use vae_models::Vae;
use vae_train::RunFolder;
use vae_train::generate::Samplers;

use crate::error::{Result, StudyError};
use crate::progress::Progress;
use crate::run::Run;

impl Run {
    /// The samplers of the run. If none are stored, they are fitted and stored now, `progress` is
    /// told how far that is, in components of mixtures, and the sentence says what came of it.
    /// Without validation designs a tenth of the training designs determines the number of
    /// components.
    ///
    /// # Errors
    /// If a design cannot be read, or `samplers.json` cannot be read or written.
    pub fn samplers(
        &self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Samplers, Option<String>)> {
        let Self { folder, config, split, vae, .. } = self;
        if let Some(known) = Samplers::read(folder, vae)? {
            return Ok((known, None));
        }
        let (mut train, mut validation) = (split.train.clone(), split.validation.clone());
        if validation.is_empty() {
            let every_tenth = |(i, &index): (usize, &usize)| (i % 10 == 9).then_some(index);
            validation = train.iter().enumerate().filter_map(every_tenth).collect();
            train.retain(|index| !validation.contains(index));
        }
        let mut samplers = Samplers::fit(
            vae,
            &self.designs(),
            (&train, &validation),
            config.seed,
            &mut |done, total| progress(Progress { done, total }),
        )?;
        samplers.save(folder)?;
        let sentence = sentence(&samplers, folder);
        Ok((samplers, Some(sentence)))
    }
}

/// The samplers that are stored in the run at `path`, without its data.
///
/// # Errors
/// [`StudyError::WeightsAlone`] if `path` is a weight file, [`StudyError::NoSamplers`] if the run
/// has none; if they cannot be read.
pub fn stored_samplers(path: &Path, vae: &Vae) -> Result<Samplers> {
    if path.is_file() {
        return Err(StudyError::WeightsAlone { file: path.to_owned() });
    }
    let folder = RunFolder::open(path)?;
    Samplers::read(&folder, vae)?
        .ok_or_else(|| StudyError::NoSamplers { folder: folder.root().to_owned() })
}

fn sentence(samplers: &Samplers, folder: &RunFolder) -> String {
    let scores = &samplers.scores;
    let best = scores.mixtures.iter().map(|score| score.1).fold(f64::NEG_INFINITY, f64::max);
    format!(
        "samplers: under one normal, the code of a validation design is {:.2} nats likelier than under the prior, under a mixture of {} it is {:.2} nats likelier: {}",
        scores.mixtures.first().map_or(0.0, |score| score.1) - scores.standard,
        samplers.components(),
        best - scores.standard,
        folder.samplers().display()
    )
}
