//! The settings that follow the number of training designs, unless somebody states them.

use std::path::Path;

use vae_base::{Note, Remedy};

use crate::error::Result;
use crate::learn::config::layer::Layer;
use crate::learn::config::presets::text_of;
use crate::learn::config::settings::Config;

/// Steps of a run of a small set, of 20 to 500 designs, for which longer runs gain little; the
/// built-in set takes 4050.
const STEPS: u64 = 2400;
/// Steps over which the KL weight of such a run rises: few designs are learned by heart soon after,
/// and the best model comes after the rise.
const KL_STEPS: f64 = 100.0;
/// Share of the epochs without a better validation score after which such a run ends.
const PATIENCE: f64 = 1.0 / 6.0;
/// The same of a run whose epochs are stated: as in the preset, a third; and the fewest epochs.
const STATED_PATIENCE: (u64, u64) = (3, 10);
/// Training designs for each design of a batch.
const DESIGNS_PER_BATCH: usize = 4;
/// Training designs for each latent dimension: with fewer dimensions, 45 designs are reconstructed
/// worse by a tenth.
const DESIGNS_PER_DIMENSION: usize = 2;
/// Fewest designs of a batch, and fewest latent dimensions.
const FEWEST: usize = 4;

impl Config {
    /// Resolves a configuration as [`Config::resolve`] does, for so many training designs: the
    /// length of the training, its patience, the size of a batch and the number of latent
    /// dimensions follow that number, unless a preset other than `default`, the file or `over`
    /// states them. The note says what was taken, if it is not what the preset has.
    ///
    /// A batch has the largest power of two that is at most a quarter of the designs, and a latent
    /// space the one that is at most a half, from 4 up to the number of the preset. A run takes
    /// 2400 steps, or the epochs of the preset if these are longer. A run that is longer than those
    /// epochs raises its KL weight over 100 steps, and ends early after a sixth of its epochs
    /// without a better validation score; one whose epochs are stated after a third of them, at
    /// least 10. Without validation designs none ends early.
    ///
    /// # Errors
    /// As [`Config::resolve`].
    ///
    /// # Examples
    /// ```
    /// use vae_train::{Config, Layer};
    ///
    /// let (small, note) = Config::resolve_for(None, None, &Layer::default(), 40)?;
    /// assert_eq!((small.training.batch_size, small.model.latent_dim), (8, 16));
    /// assert!(small.training.epochs == 480 && note.is_some());
    /// let (large, note) = Config::resolve_for(None, None, &Layer::default(), 4000)?;
    /// assert_eq!((large, note), (Config::preset("default")?, None));
    /// # Ok::<(), vae_train::TrainError>(())
    /// ```
    pub fn resolve_for(
        preset: Option<&str>,
        file: Option<&Path>,
        over: &Layer,
        designs: usize,
    ) -> Result<(Self, Option<Note>)> {
        let mut config = Self::resolve(preset, file, over)?;
        let file = file.map(Layer::read).transpose()?.unwrap_or_default();
        let named = match config.preset.as_str() {
            "default" => Layer::default(),
            name => Layer::parse(name, text_of(name)?)?,
        };
        let stated = |section: &str, key: &str| {
            [&named, &file, over].iter().any(|layer| layer.states(section, key))
        };
        let mut note = Note::new(String::new());
        let mut taken = Vec::new();

        let one_for = |each: usize| power_of_two_below(designs / each).max(FEWEST);
        let (latent_dim, batch) = (one_for(DESIGNS_PER_DIMENSION), one_for(DESIGNS_PER_BATCH));
        let (model, training) = (&mut config.model, &mut config.training);
        // Weights to start from have their own number of dimensions.
        let fixed = stated("model", "latent_dim") || !training.init.is_empty();
        if !fixed && latent_dim < model.latent_dim {
            model.latent_dim = latent_dim;
            taken.push(format!("{latent_dim} latent dimensions"));
            note = note.or(Remedy::set("latent_dim", "N", ""));
        }
        if !stated("training", "batch_size") && batch < training.batch_size {
            training.batch_size = batch;
            taken.push(format!("batches of {batch}"));
            note = note.or(Remedy::set("batch_size", "N", ""));
        }
        let steps_per_epoch = steps_per_epoch(designs, training.batch_size);
        let epochs = STEPS.div_ceil(steps_per_epoch);
        if !stated("training", "epochs") && training.epochs < epochs {
            training.epochs = epochs;
            taken.push(format!("{epochs} epochs"));
            note = note.or(Remedy::set("epochs", "N", ""));
            if !stated("training", "kl_warmup") && !stated("training", "kl_cycles") {
                let share = KL_STEPS / (epochs * steps_per_epoch) as f64;
                // A share is written with the digits that matter.
                training.kl_warmup = training.kl_warmup.min((1e3 * share).round() / 1e3);
            }
            if !stated("training", "patience") && 0.0 < config.data.validation {
                training.patience = (PATIENCE * epochs as f64).ceil() as u64;
                let patience = training.patience;
                taken.push(format!("an end after {patience} epochs without a better validation"));
                note = note.or(Remedy::set("patience", "N", "states it"));
            }
        }
        let (share, fewest) = STATED_PATIENCE;
        if !stated("training", "patience") {
            if config.data.validation <= 0.0 {
                training.patience = 0;
            } else if stated("training", "epochs") {
                training.patience = (training.epochs / share).max(fewest);
            }
        }
        note.found = format!("for {designs} training designs: {}", taken.join(", "));
        Ok((config, (!taken.is_empty()).then_some(note)))
    }
}

/// Whole batches of a pass over so many designs; at least one, of all designs.
pub(crate) fn steps_per_epoch(designs: usize, batch_size: usize) -> u64 {
    (designs / batch_size.min(designs).max(1)).max(1) as u64
}

/// The largest power of two that is at most `n`; 1 for 0.
fn power_of_two_below(n: usize) -> usize {
    1 << n.max(1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_follows_the_number_of_designs_is_said_to() {
        let said = |designs, over: &str| {
            let over = Layer::parse("x", over).unwrap();
            let (_, note) = Config::resolve_for(None, None, &over, designs).unwrap();
            note.map(|note| note.found)
        };
        let ends = ", an end after 80 epochs without a better validation";
        let sizes = "for 40 training designs: 16 latent dimensions, batches of 8, 480 epochs";
        assert_eq!(said(40, ""), Some(format!("{sizes}{ends}")));
        // Without validation designs none ends early.
        assert_eq!(said(40, "[data]\nvalidation = 0.0"), Some(sizes.to_owned()));
        let stated = "[model]\nlatent_dim = 3\n[training]\nepochs = 9";
        assert_eq!(said(40, stated).as_deref(), Some("for 40 training designs: batches of 8"));
        assert_eq!(said(4000, ""), None);
    }
}
