//! Sets of designs that are looked at rather than learned from.

use std::path::Path;

use vae_data::{DataError, DataSet, Reading, SetError, Source, open_one, open_with};

use super::error::{AnalysisError, Result};

/// Opens the designs of a source.
///
/// A `.npy` file of two axes is one design here, where data to train on would be flat vectors whose
/// layout has to be stated.
///
/// # Errors
/// If the source cannot be read.
pub fn open_designs(source: &str, reading: &Reading) -> Result<DataSet> {
    let Ok(parsed) = source.parse::<Source>();
    let refused = match open_with(&parsed, reading) {
        Ok(set) => return Ok(set),
        Err(refused) => refused,
    };
    let path = Path::new(source);
    // Every other setting of how to read is about sets of designs.
    let plain = Reading { problem: reading.problem.clone(), ..Reading::default() } == *reading;
    let has_two_axes = matches!(
        &refused,
        DataError::Set(SetError::DesignShape { shape, .. }) if shape.len() == 2
    );
    if !(plain && has_two_axes && path.extension().is_some_and(|extension| extension == "npy")) {
        return Err(refused.into());
    }
    Ok(open_one(path, reading)?)
}

/// The designs of a set that were asked for; its only one if none was.
///
/// # Errors
/// [`AnalysisError::NoDesign`]; [`AnalysisError::Several`] if there are several designs and none
/// was asked for.
pub fn chosen(set: &DataSet, name: &str, asked: &[usize]) -> Result<Vec<usize>> {
    if asked.is_empty() && set.len() != 1 {
        return Err(AnalysisError::Several { name: name.to_owned(), len: set.len() });
    }
    positions(set, name, asked)
}

/// The designs of a set that were asked for; all of them if none was.
///
/// # Errors
/// [`AnalysisError::NoDesign`].
pub fn positions(set: &DataSet, name: &str, asked: &[usize]) -> Result<Vec<usize>> {
    if asked.is_empty() {
        return Ok((0..set.len()).collect());
    }
    match asked.iter().find(|&&index| set.len() <= index) {
        Some(&index) => {
            Err(AnalysisError::NoDesign { name: name.to_owned(), index, len: set.len() })
        }
        None => Ok(asked.to_vec()),
    }
}
