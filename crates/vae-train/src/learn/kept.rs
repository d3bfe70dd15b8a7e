//! States at the end of earlier epochs, and the way back to them.

use std::path::Path;

use crate::error::{Result, TrainError};
use crate::learn::checkpoint::{self, Position};
use crate::learn::learner::Learner;
use crate::learn::run_folder::RunFolder;

/// Number of earlier states that are kept beside the last and the best.
const KEPT: usize = 2;

/// Keeps the state at the end of an epoch, and lets the oldest of more than [`KEPT`] go.
///
/// # Errors
/// When a file cannot be written or removed.
pub(crate) fn keep(run: &RunFolder, position: &Position, learner: &Learner) -> Result<()> {
    checkpoint::save(&run.kept_checkpoint(position.epoch), position, learner)?;
    let kept = run.kept_epochs();
    let old = &kept[..kept.len().saturating_sub(KEPT)];
    old.iter().try_for_each(|&epoch| remove(&run.kept_checkpoint(epoch)))
}

/// Makes the state at the end of an earlier epoch, 0 for the beginning, the one from which the run
/// goes on; what was kept of later epochs is removed.
///
/// # Errors
/// [`TrainError::NotKept`] if there is no state of that epoch; when a file cannot be read, written
/// or removed.
pub fn go_back(run: &RunFolder, epoch: u64) -> Result<()> {
    let best = run.best_checkpoint();
    let best_epoch = if best.is_file() { Some(checkpoint::position(&best)?.epoch) } else { None };
    let kept = run.kept_epochs();
    let path = if kept.contains(&epoch) {
        run.kept_checkpoint(epoch)
    } else if best_epoch == Some(epoch) {
        best
    } else {
        let mut kept: Vec<u64> = kept.into_iter().chain(best_epoch).collect();
        kept.sort_unstable();
        return Err(TrainError::NotKept { run: run.root().to_owned(), epoch, kept });
    };
    let mut position = checkpoint::position(&path)?;
    position.finished = false;
    // The weights of an earlier best model may have been replaced since.
    position.best = position.best.filter(|best| Some(best.epoch) == best_epoch);
    checkpoint::copy(&path, &run.last_checkpoint(), &position)?;
    let later = kept.into_iter().filter(|&kept| epoch < kept);
    later.map(|epoch| run.kept_checkpoint(epoch)).try_for_each(|path| remove(&path))
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|source| TrainError::io("removing", path, source))
}
