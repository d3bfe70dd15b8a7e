//! One design from a file: a NumPy array, an archive of them, or a table of numbers.

use std::path::Path;

use anyhow::{Context as _, Result};
use ndarray::{Array2, ArrayD, Axis, Ix2, Ix3};
use vae_data::npy;
use vae_data::npz::Npz;

use crate::failure::UsageError;

/// Reads design `index` of a `.npy`, `.npz` or `.csv` file, shape (rows, columns), row 0 on top, 1
/// = material.
///
/// The array has two axes, or three for several designs; of an archive it is `designs` or the only
/// array. Whole numbers up to 255 of which one is above 1 are grey values, 255 for material.
pub(crate) fn read(path: &Path, index: usize) -> Result<Array2<f64>> {
    let missing =
        |err: std::io::Error| UsageError::new(format!("cannot read {}: {err}", path.display()));
    let metadata = std::fs::metadata(path).map_err(missing)?;
    if metadata.is_dir() {
        return Err(UsageError::new(format!(
            "{} is a folder, but one design is wanted: a .npy, .npz or .csv file",
            path.display()
        ))
        .into());
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let array = match extension.to_ascii_lowercase().as_str() {
        "csv" => table(&std::fs::read_to_string(path).map_err(missing)?)
            .with_context(|| path.display().to_string())?
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
        _ => {
            return Err(UsageError::new(format!(
                "{} is no .npy, .npz or .csv file",
                path.display()
            ))
            .into());
        }
    };
    one(array, index).with_context(|| path.display().to_string()).map(densities)
}

/// The design of this position.
fn one(array: ArrayD<f64>, index: usize) -> Result<Array2<f64>> {
    let shape = array.shape().to_vec();
    let n = if shape.len() == 3 { shape[0] } else { 1 };
    if index >= n {
        return Err(UsageError::new(format!("there is no design {index}: there are {n}")).into());
    }
    match array.ndim() {
        2 => Ok(array.into_dimensionality::<Ix2>()?),
        3 => Ok(array.into_dimensionality::<Ix3>()?.index_axis_move(Axis(0), index)),
        _ => {
            anyhow::bail!("an array of shape {shape:?} is no design: two axes or three are wanted")
        }
    }
}

/// Grey values to densities.
fn densities(mut design: Array2<f64>) -> Array2<f64> {
    let grey = |x: &f64| (0.0..=255.0).contains(x) && x.fract() == 0.0;
    if design.iter().any(|&x| x > 1.0) && design.iter().all(grey) {
        design /= 255.0;
    }
    design
}

/// Rows of numbers between commas.
fn table(text: &str) -> Result<Array2<f64>> {
    let mut values = Vec::new();
    let (mut rows, mut columns) = (0, 0);
    for (line, row) in text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        let before = values.len();
        for cell in row.split(',') {
            let cell = cell.trim();
            let number = cell
                .parse::<f64>()
                .with_context(|| format!("line {}: {cell:?} is not a number", line + 1))?;
            values.push(number);
        }
        let found = values.len() - before;
        anyhow::ensure!(
            rows == 0 || found == columns,
            "line {} has {found} numbers, but the lines before have {columns}",
            line + 1
        );
        (rows, columns) = (rows + 1, found);
    }
    anyhow::ensure!(rows > 0, "there are no numbers");
    Ok(Array2::from_shape_vec((rows, columns), values)?)
}

#[cfg(test)]
mod tests {
    use ndarray::{array, stack};

    use super::*;

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
            let error = table(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
