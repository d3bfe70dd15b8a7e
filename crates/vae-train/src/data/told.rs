//! Which conditions a model is told.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vae_base::text::significant;
use vae_base::{Note, Remedy};
use vae_data::{Condition, DataSet};

use super::untold::reason_against;

use crate::error::Result;

/// The conditions that a model is told; the others stay labels of the data.
///
/// # Examples
/// ```
/// use vae_train::Told;
///
/// let told: Told = "load_y, volume_fraction".parse()?;
/// assert_eq!(told, Told::Named(vec!["load_y".into(), "volume_fraction".into()]));
/// assert_eq!(Told::default().to_string(), "auto");
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Told {
    /// `auto`: all but those that look like identifiers, run times or flags.
    #[default]
    Auto,
    /// `all`.
    All,
    /// `none`: an unconditional model.
    None,
    /// `first`: the first column, if there is one. The lecture's models know the volume and not the
    /// iterate.
    First,
    /// Names, separated by commas.
    Named(Vec<String>),
}

impl Told {
    /// Their columns, in the order of the model.
    ///
    /// # Errors
    /// When the data have no condition of a name.
    pub fn columns(&self, data: &DataSet) -> Result<Vec<usize>> {
        let all = 0..data.condition_info().len();
        Ok(match self {
            Self::All => all.collect(),
            Self::Auto => all.filter(|column| against(data, *column).is_none()).collect(),
            Self::None => Vec::new(),
            Self::First => all.take(1).collect(),
            Self::Named(names) => {
                let mut columns = Vec::new();
                for name in names {
                    // The data know how to refuse a name that they do not have.
                    data.condition(name)?;
                    columns
                        .extend(data.condition_info().iter().position(|info| info.name == *name));
                }
                columns
            }
        })
    }
}

impl Told {
    /// The same by name, so that it does not depend on the data that are looked at later.
    ///
    /// # Errors
    /// When the data have no condition of a name.
    pub fn by_name(&self, data: &DataSet) -> Result<Self> {
        let name = |column: usize| data.condition_info()[column].name.clone();
        let names: Vec<String> = self.columns(data)?.into_iter().map(name).collect();
        Ok(if names.is_empty() { Self::None } else { Self::Named(names) })
    }

    /// What the model is told, each condition with its range, and what it is not told and why.
    ///
    /// # Errors
    /// When the data have no condition of a name.
    pub fn notes(&self, data: &DataSet) -> Result<Vec<Note>> {
        let columns = self.columns(data)?;
        let told = |column: &usize| {
            let Condition { name, unit, min, max, .. } = &data.condition_info()[*column];
            let [min, max] = [min, max].map(|end| significant(f64::from(*end), 4));
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            format!("{name} ({min} to {max}{unit})")
        };
        let found = if columns.is_empty() {
            "the model is told no conditions".to_owned()
        } else {
            let told: Vec<String> = columns.iter().map(told).collect();
            format!("the model is told {}", told.join(", "))
        };
        let mut notes = vec![Note::new(found)];
        let untold: Vec<String> = (0..data.condition_info().len())
            .filter(|column| !columns.contains(column))
            .map(|column| {
                let name = &data.condition_info()[column].name;
                let why = against(data, column).filter(|_| *self == Self::Auto);
                why.map_or(name.clone(), |why| format!("{name} ({why})"))
            })
            .collect();
        if !untold.is_empty() {
            let note = Note::new(format!("it is not told {}", untold.join(", ")));
            let names = "NAME,NAME";
            notes.push(note.or(Remedy::set("told", names, "says what it is told")));
        }
        Ok(notes)
    }
}

/// Why a model is not told a condition of its own accord.
fn against(data: &DataSet, column: usize) -> Option<&'static str> {
    let name = &data.condition_info()[column].name;
    let values = data.condition(name).ok()?;
    reason_against(name, &values.to_vec())
}

impl FromStr for Told {
    type Err = Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        Ok(Self::from(text.to_owned()))
    }
}

impl From<String> for Told {
    fn from(text: String) -> Self {
        match text.as_str() {
            "auto" => Self::Auto,
            "all" => Self::All,
            "none" => Self::None,
            "first" => Self::First,
            names => Self::Named(names.split(',').map(|name| name.trim().to_owned()).collect()),
        }
    }
}

impl From<Told> for String {
    fn from(told: Told) -> Self {
        told.to_string()
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::First => f.write_str("first"),
            Self::Named(names) => f.write_str(&names.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr2};
    use vae_data::Details;

    use super::*;

    #[test]
    fn what_a_model_is_told_and_not_told_is_said() {
        let values = arr2(&[[0.4, 7.0], [0.5, 3.0], [0.4, 12.0], [0.3, 5.0]]);
        let conditions = vec![
            Condition::covering("load", "N", values.column(0)),
            Condition::covering("case", "", values.column(1)),
        ];
        let details = Details { conditions, values, ..Details::default() };
        let data = DataSet::new("x", Array3::from_elem((4, 1, 2), 0.5), details).unwrap();
        let said = |told: &str| {
            let told: Told = told.parse().unwrap();
            let notes = told.notes(&data).unwrap();
            notes.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let load = "the model is told load (0.3 to 0.5 N)";
        let not = "it is not told case (all different whole numbers, as identifiers are)";
        assert_eq!(said("auto"), [load, not]);
        // Who names the conditions knows why.
        assert_eq!(said("load"), [load, "it is not told case"]);
        assert_eq!(said("all"), ["the model is told load (0.3 to 0.5 N), case (3 to 12)"]);
        assert_eq!(said("none"), ["the model is told no conditions", "it is not told load, case"]);
    }
}
