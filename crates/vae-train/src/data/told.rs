//! Which conditions a model is told.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vae_data::DataSet;

use crate::error::Result;

/// The conditions that a model is told; the others stay labels of the data.
///
/// # Examples
/// ```
/// use vae_train::Told;
///
/// let told: Told = "load_y, volume_fraction".parse()?;
/// assert_eq!(told, Told::Named(vec!["load_y".into(), "volume_fraction".into()]));
/// assert_eq!(Told::First.to_string(), "first");
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Told {
    /// `all`.
    #[default]
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

impl FromStr for Told {
    type Err = Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        Ok(Self::from(text.to_owned()))
    }
}

impl From<String> for Told {
    fn from(text: String) -> Self {
        match text.as_str() {
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
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::First => f.write_str("first"),
            Self::Named(names) => f.write_str(&names.join(",")),
        }
    }
}
