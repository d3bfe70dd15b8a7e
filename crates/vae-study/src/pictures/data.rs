//! Designs of a data set, and how its quantities are distributed.

use std::collections::BTreeSet;
use std::path::Path;

use ndarray::{Array1, Array3};
use vae_base::stream;
use vae_data::{DataSet, Info, shuffled};
use vae_report::{Comparison, Grid, Histogram, Version, comparison, grid, histogram};
use vae_train::{TargetKind, Targets};

use super::marks::marks_of;
use crate::error::{Result, StudyError};

/// A quantity that each design of a data set has.
pub struct Quantity {
    /// Its name, with its unit if it has one.
    pub name: String,
    /// Its name as a part of a file name.
    pub file: String,
    /// Its values, one per design.
    pub values: Array1<f32>,
}

impl Quantity {
    /// The volume fractions of the designs, if any design holds densities, and every condition of
    /// the data; no two have one name of a file.
    pub fn all(data: &DataSet, info: &Info) -> Vec<Self> {
        let values: Array1<f32> = info.volume_fractions().iter().map(|v| *v as f32).collect();
        let volume = Self { name: "mean density".into(), file: "volume".into(), values };
        let volume = Some(volume).filter(|volume| !volume.values.is_empty());
        apart(volume.into_iter().chain(Self::of_conditions(data)).collect())
    }

    /// Every condition of the data; no two have one name of a file.
    pub fn conditions(data: &DataSet) -> Vec<Self> {
        apart(Self::of_conditions(data))
    }

    fn of_conditions(data: &DataSet) -> Vec<Self> {
        let table = data.conditions();
        let columns = data.condition_info().iter().zip(table.columns());
        let quantities = columns.map(|(info, values)| {
            let unit =
                if info.unit.is_empty() { String::new() } else { format!(" ({})", info.unit) };
            let plain = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '-' };
            Self {
                name: format!("{}{unit}", info.name),
                file: info.name.chars().map(plain).collect(),
                values: values.to_owned(),
            }
        });
        quantities.collect()
    }

    /// Draws how the values are distributed.
    ///
    /// # Errors
    /// [`StudyError::Draw`].
    pub fn draw(&self, title: &str, out: &Path) -> Result<()> {
        let figure = Histogram { title, name: &self.name, values: self.values.view(), bins: None };
        histogram(&figure, out).map_err(StudyError::drawing(out))
    }
}

/// Numbers the names of files that are equal, for file systems with and without upper case.
fn apart(mut quantities: Vec<Quantity>) -> Vec<Quantity> {
    let mut taken = BTreeSet::new();
    for quantity in &mut quantities {
        let plain = quantity.file.clone();
        let mut number = 1;
        while !taken.insert(quantity.file.to_lowercase()) {
            number += 1;
            quantity.file = format!("{plain}-{number}");
        }
    }
    quantities
}

/// Draws random designs of a data set with their conditions, and returns their positions.
///
/// # Errors
/// If a design cannot be read or the picture cannot be drawn.
pub fn draw_samples(data: &DataSet, count: usize, seed: u64, out: &Path) -> Result<Vec<usize>> {
    let all: Vec<usize> = (0..data.len()).collect();
    let mut chosen = shuffled(&all, &mut stream(seed, "plot", 0));
    chosen.truncate(count);
    chosen.sort_unstable();
    let designs = grey(data, &chosen)?;
    let captions: Vec<String> = chosen.iter().map(|&index| caption(data, index)).collect();
    let title = format!("{} of {} designs of {}", chosen.len(), data.len(), data.name());
    let marks = marks_of(data, &chosen)?;
    let figure =
        Grid { title: &title, captions: &captions, marks: &marks, ..Grid::new(designs.view()) };
    grid(&figure, out).map_err(StudyError::drawing(out))?;
    Ok(chosen)
}

/// Draws some designs before and after they were brought to another size, which `size` names.
///
/// # Errors
/// If a design cannot be read or the picture cannot be drawn.
pub fn draw_resizing(
    before: &DataSet,
    after: &DataSet,
    size: &str,
    chosen: &[usize],
    out: &Path,
) -> Result<()> {
    let (originals, resized) = (grey(before, chosen)?, grey(after, chosen)?);
    let (height, width) = (before.height(), before.width());
    let names = [format!("{height} x {width}"), format!("as {size}")];
    let versions = [
        Version { name: &names[0], designs: originals.view(), captions: &[], marks: &[] },
        Version { name: &names[1], designs: resized.view(), captions: &[], marks: &[] },
    ];
    let figure = Comparison { title: "Before and after resizing", versions: &versions };
    comparison(&figure, out).map_err(StudyError::drawing(out))
}

fn grey(data: &DataSet, chosen: &[usize]) -> Result<Array3<f32>> {
    Ok(Targets::new(data, TargetKind::Grey, Vec::new()).array(chosen)?)
}

/// The number of a design and its conditions, with at most two decimals.
fn caption(data: &DataSet, index: usize) -> String {
    let conditions = data.conditions();
    let words = data.condition_info().iter().zip(conditions.row(index));
    let words =
        words.map(|(info, value)| format!("{} {}", info.name, (value * 100.0).round() / 100.0));
    std::iter::once(format!("design {index}")).chain(words).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_quantities_share_a_file() {
        let quantity = |file: &str| Quantity {
            name: file.into(),
            file: file.into(),
            values: Array1::zeros(1),
        };
        let names = ["volume", "volume", "Volume", "volume-2", "angle"];
        let found: Vec<String> =
            apart(names.map(quantity).into()).into_iter().map(|q| q.file).collect();
        assert_eq!(found, ["volume", "volume-2", "Volume-3", "volume-2-2", "angle"]);
    }
}
