//! What is printed while a run goes on.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use vae_base::{evenly_spaced, text::counted};
use vae_models::Vae;
use vae_study::pictures::draw_pairs;

use vae_study::words::{epoch, optimized};
use vae_train::learn::Loss;
use vae_train::{Config, Progress, RunFolder, Targets};

use crate::output::{note, shown};
use crate::{progress, threads};

/// Lines about epochs, at most.
const LINES: u64 = 40;

/// Prints the reports of a run.
pub(super) struct Observer<'a> {
    folder: &'a RunFolder,
    config: &'a Config,
    preview: Option<Preview<'a>>,
    loss: Option<Loss>,
    bar: Option<progress::Progress>,
    started: Instant,
}

/// Reconstructions of a few validation designs in the course of a run; of training designs if there
/// are none.
pub(super) struct Preview<'a> {
    pub(super) every: u64,
    pub(super) designs: Targets<'a>,
    pub(super) chosen: Vec<usize>,
}

impl<'a> Observer<'a> {
    pub(super) fn new(
        folder: &'a RunFolder,
        config: &'a Config,
        preview: Option<Preview<'a>>,
    ) -> Self {
        Self { folder, config, preview, loss: None, bar: None, started: Instant::now() }
    }

    pub(super) fn observe(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Started { position, split, epochs, steps_per_epoch, multiply_adds, loss } => {
                note(format!(
                    "{}: {} to train, {} to validate, {} to test; {:.1} M multiply-adds a design; {}",
                    shown(self.folder.root()),
                    counted(split.train.len(), "design"),
                    split.validation.len(),
                    split.test.len(),
                    *multiply_adds as f64 / 1e6,
                    counted(threads::current(), "thread"),
                ));
                if 0 < position.step {
                    note(format!("continuing after step {}", position.step));
                }
                for sentence in optimized(self.config, loss) {
                    note(sentence);
                }
                self.loss = Some(*loss);
                if let Some(preview) = &mut self.preview {
                    let parts = [&split.validation, &split.train];
                    let shown = parts.into_iter().find(|part| !part.is_empty());
                    preview.chosen = shown.map_or_else(Vec::new, |part| evenly_spaced(part, 8));
                }
                self.bar = Some(progress::Progress::new(
                    "train",
                    "steps",
                    epochs * steps_per_epoch,
                    position.step,
                ));
            }
            Progress::Step(metrics) => {
                if let Some(bar) = &mut self.bar {
                    bar.set(
                        metrics.step,
                        &format!("epoch {} loss {:.4}", metrics.epoch, metrics.parts.loss),
                    );
                }
            }
            Progress::Epoch { metrics, vae } => {
                let Some(bar) = &self.bar else { return };
                // Of many short epochs a part is said; all of them are in the log.
                let epochs = self.config.training.epochs;
                if metrics.epoch.is_multiple_of(epochs.div_ceil(LINES)) || metrics.epoch == epochs {
                    let seconds = self.started.elapsed().as_secs_f64();
                    bar.say(&epoch(self.config, self.loss.as_ref(), metrics, seconds));
                }
                if let Some(preview) = &self.preview
                    && metrics.epoch.is_multiple_of(preview.every)
                {
                    let name = format!("epoch-{}.png", metrics.epoch);
                    let out = self.folder.figures().join(name);
                    // A picture that cannot be drawn is no reason to lose a run.
                    if let Err(error) = preview.draw(vae, metrics.epoch, &out) {
                        bar.say(&format!("no preview: {error:#}"));
                    }
                }
            }
        }
    }

    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish();
        }
    }
}

impl Preview<'_> {
    fn draw(&self, vae: &Vae, epoch: u64, out: &Path) -> Result<()> {
        let title = format!("Designs above, reconstructions after epoch {epoch} below");
        Ok(draw_pairs(vae, &self.designs, &self.chosen, vae.device(), &title, out)?)
    }
}
