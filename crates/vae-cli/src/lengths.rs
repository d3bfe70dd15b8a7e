//! How large a cell is in the world.

use anyhow::Result;
use vae_study::analysis::{Length, Lengths};

use crate::failure::UsageError;

/// The lengths that a grid of densities does not have.
#[derive(clap::Args)]
pub(crate) struct LengthArgs {
    /// Side of a cell, with its unit: mm, cm, m, in
    #[arg(long, value_name = "LENGTH", default_value = "1mm", allow_hyphen_values = true)]
    cell_size: String,
    /// Thickness of the plate, with its unit: mm, cm, m, in
    #[arg(long, value_name = "LENGTH", default_value = "5mm", allow_hyphen_values = true)]
    thickness: String,
}

impl LengthArgs {
    /// Reads both lengths.
    pub(crate) fn lengths(&self) -> Result<Lengths> {
        let length = |flag: &str, text: &str| -> Result<f64> {
            let length: Result<Length, _> = text.parse();
            Ok(length.map_err(|err| UsageError::new(format!("{flag} {text}: {err}")))?.mm)
        };
        Ok(Lengths {
            cell_size: length("--cell-size", &self.cell_size)?,
            thickness: length("--thickness", &self.thickness)?,
        })
    }
}
