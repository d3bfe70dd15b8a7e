//! Designs that a task names.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use ndarray::Array2;

use super::error::{ProposeError, Result};
use crate::analysis::{AnalysisError, DesignFile};
use crate::run::{Run, stored_one};

/// A design by its position in the data of a run, written as a number, or by its file.
///
/// # Examples
/// ```
/// use vae_study::propose::DesignPlace;
///
/// let seventeenth: DesignPlace = "17".parse()?;
/// assert_eq!(seventeenth.to_string(), "design 17 of the data");
/// let fourth: DesignPlace = "best.npy:3".parse()?;
/// assert_eq!(fourth.to_string(), "best.npy:3");
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesignPlace {
    /// In the data, by its position from 0.
    Data(usize),
    /// In a file.
    File(DesignFile),
}

impl FromStr for DesignPlace {
    type Err = Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        match text.parse() {
            Ok(index) => Ok(Self::Data(index)),
            Err(_) => text.parse().map(Self::File),
        }
    }
}

impl fmt::Display for DesignPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(index) => write!(f, "design {index} of the data"),
            Self::File(file) => file.fmt(f),
        }
    }
}

impl DesignPlace {
    /// Reads the design, which must have the size of the model's.
    pub(super) fn read(&self, run: &Run) -> Result<Array2<f32>> {
        let design = match self {
            Self::Data(index) => {
                let (index, len) = (*index, run.data.len());
                if len <= index {
                    let name = run.data.name().to_owned();
                    return Err(AnalysisError::NoDesign { name, index, len }.into());
                }
                stored_one(&run.data, index)?
            }
            Self::File(file) => file.read()?.mapv(|x| x as f32),
        };
        let (rows, columns) = design.dim();
        let (height, width) = (run.data.height(), run.data.width());
        if (rows, columns) != (height, width) {
            let design = self.to_string();
            return Err(ProposeError::Size { design, rows, columns, height, width });
        }
        Ok(design)
    }
}
