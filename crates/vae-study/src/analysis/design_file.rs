//! One design from a file: a NumPy array, an archive of them, or a table of numbers.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ndarray::{Array2, ArrayD, Axis, Ix2, Ix3};
use vae_data::npz::Npz;
use vae_data::{DataError, FormatError, npy};

use super::error::{AnalysisError, Result};
use crate::error::StudyError;

/// A design by its file and its position in it, written `FILE` or `FILE:POSITION`.
///
/// # Examples
/// ```
/// use vae_study::analysis::DesignFile;
///
/// let fourth: DesignFile = "beams.npz:3".parse()?;
/// assert_eq!((fourth.path.to_str(), fourth.index), (Some("beams.npz"), 3));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesignFile {
    /// The `.npy`, `.npz` or `.csv` file.
    pub path: PathBuf,
    /// The position of the design in the file, from 0.
    pub index: usize,
}

impl DesignFile {
    /// Reads the design, shape (rows, columns), row 0 on top, 1 = material.
    ///
    /// The array has two axes, or three for several designs; of an archive it is `designs` or the
    /// only array. Whole numbers up to 255 of which one is above 1 are grey values, 255 for
    /// material.
    ///
    /// # Errors
    /// If the file does not exist, is of another kind, or has no such design.
    pub fn read(&self) -> Result<Array2<f64>> {
        let path = &self.path;
        let unreadable = |source| AnalysisError::Unreadable { path: path.clone(), source };
        let kind = std::fs::metadata(path).map_err(unreadable)?;
        if kind.is_dir() {
            return Err(AnalysisError::Folder { path: path.clone() });
        }
        if !kind.is_file() {
            let pipe = DataError::from(FormatError::NotAFile { path: path.clone() });
            return Err(StudyError::from(pipe).into());
        }
        let extension =
            path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let array = match extension.to_ascii_lowercase().as_str() {
            "csv" => table(&std::fs::read_to_string(path).map_err(unreadable)?)
                .map_err(|reason| AnalysisError::Content { path: path.clone(), reason })?
                .into_dyn(),
            "npz" => {
                let mut arrays = Npz::open(path)?;
                let name = match arrays.names() {
                    [only] => only.clone(),
                    _ => "designs".to_owned(),
                };
                arrays.read(&name)?
            }
            "npy" => npy::read(path)?,
            _ => return Err(AnalysisError::Extension { path: path.clone() }),
        };
        self.choose(array).map(densities)
    }

    /// The design of this position.
    fn choose(&self, array: ArrayD<f64>) -> Result<Array2<f64>> {
        let shape = array.shape().to_vec();
        let len = if shape.len() == 3 { shape[0] } else { 1 };
        if self.index >= len {
            let name = self.path.display().to_string();
            return Err(AnalysisError::NoDesign { name, index: self.index, len });
        }
        let design = match array.ndim() {
            3 => array
                .into_dimensionality::<Ix3>()
                .map(|designs| designs.index_axis_move(Axis(0), self.index)),
            _ => array.into_dimensionality::<Ix2>(),
        };
        design.map_err(|_| AnalysisError::Content {
            path: self.path.clone(),
            reason: format!("an array of shape {shape:?} is not a design, which has two axes, or three for several designs"),
        })
    }
}

impl FromStr for DesignFile {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let place = text.rsplit_once(':').and_then(|(file, index)| {
            // A name may hold a colon itself.
            (!Path::new(text).exists()).then(|| Some((file, index.parse().ok()?)))?
        });
        let (file, index) = place.unwrap_or((text, 0));
        Ok(Self { path: file.into(), index })
    }
}

impl fmt::Display for DesignFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            0 => write!(f, "{}", self.path.display()),
            index => write!(f, "{}:{index}", self.path.display()),
        }
    }
}

/// Turns grey values into densities.
fn densities(mut design: Array2<f64>) -> Array2<f64> {
    let grey = |x: &f64| (0.0..=255.0).contains(x) && x.fract() == 0.0;
    if design.iter().any(|&x| x > 1.0) && design.iter().all(grey) {
        design /= 255.0;
    }
    design
}

/// Reads rows of numbers between commas.
fn table(text: &str) -> std::result::Result<Array2<f64>, String> {
    let mut values = Vec::new();
    let (mut rows, mut columns) = (0, 0);
    for (line, row) in text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        let before = values.len();
        for cell in row.split(',').map(str::trim) {
            let number: f64 =
                cell.parse().map_err(|_| format!("line {}: {cell:?} is not a number", line + 1))?;
            values.push(number);
        }
        let found = values.len() - before;
        if rows != 0 && found != columns {
            let line = line + 1;
            return Err(format!(
                "line {line} has {found} numbers, but the lines before have {columns}"
            ));
        }
        (rows, columns) = (rows + 1, found);
    }
    if rows == 0 {
        return Err("there are no numbers".to_owned());
    }
    Array2::from_shape_vec((rows, columns), values).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use ndarray::{array, stack};

    use super::*;

    fn read(path: &Path, index: usize) -> Result<Array2<f64>> {
        DesignFile { path: path.to_owned(), index }.read()
    }

    #[test]
    fn the_formats_agree() {
        let folder = tempfile::tempdir().unwrap();
        let design = array![[0.0, 0.25], [1.0, 0.5], [0.125, 0.75]];
        let [npy_file, many, npz_file, csv_file] =
            ["a.npy", "many.npy", "a.npz", "a.csv"].map(|name| folder.path().join(name));
        npy::write(&npy_file, design.view()).unwrap();
        let several = stack![Axis(0), design.mapv(|x| 1.0 - x), design];
        npy::write(&many, several.view()).unwrap();
        vae_data::npz::write(&npz_file, |out| out.add("x", several.view())).unwrap();
        std::fs::write(&csv_file, "0, 0.25\n1, 0.5\n\n0.125, 0.75\n").unwrap();
        assert_eq!(read(&npy_file, 0).unwrap(), design);
        assert_eq!(read(&many, 1).unwrap(), design);
        assert_eq!(read(&npz_file, 1).unwrap(), design);
        assert_eq!(read(&csv_file, 0).unwrap(), design);
        assert!(read(&csv_file, 1).is_err() && read(&folder.path().join("b.npy"), 0).is_err());
    }

    #[test]
    fn grey_values_are_densities() {
        assert_eq!(densities(array![[0.0, 255.0, 51.0]]), array![[0.0, 1.0, 0.2]]);
        assert_eq!(densities(array![[0.0, 1.0]]), array![[0.0, 1.0]]);
    }

    #[test]
    fn odd_tables_are_named_by_line() {
        for (text, expected) in
            [("1,2\n3\n", "line 2 has 1"), ("1\nx\n", "line 2: \"x\""), ("\n", "no numbers")]
        {
            let error = table(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
