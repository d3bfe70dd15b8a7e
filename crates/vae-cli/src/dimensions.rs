//! Latent dimensions on the command line: counted from 1, as in the figures.

use anyhow::Result;

use crate::failure::UsageError;

/// Two latent dimensions, counted from 1: across, and up.
#[derive(Clone, Copy)]
pub(crate) struct TwoDimensions(usize, usize);

impl TwoDimensions {
    /// Both, counted from 0.
    pub(crate) fn of(self, latent_dim: usize) -> Result<(usize, usize)> {
        Ok((index(self.0, latent_dim)?, index(self.1, latent_dim)?))
    }
}

/// Reads `I,J`.
pub(crate) fn two_dimensions(text: &str) -> Result<TwoDimensions, String> {
    let wrong = || "write it as I,J: two dimensions, counted from 1".to_owned();
    let (across, up) = text.split_once(',').ok_or_else(wrong)?;
    let (across, up) = across.trim().parse().ok().zip(up.trim().parse().ok()).ok_or_else(wrong)?;
    if across == up {
        Err("take two different dimensions".into())
    } else {
        Ok(TwoDimensions(across, up))
    }
}

/// A dimension, counted from 0.
pub(crate) fn index(dimension: usize, latent_dim: usize) -> Result<usize> {
    let message = || {
        format!(
            "latent dimension {dimension} does not exist: the model has {latent_dim}, counted from 1"
        )
    };
    let index = dimension.checked_sub(1).filter(|&index| index < latent_dim);
    Ok(index.ok_or_else(|| UsageError::new(message()))?)
}
