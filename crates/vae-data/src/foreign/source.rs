//! Where designs come from.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where designs come from.
///
/// # Examples
///
/// ```
/// use vae_data::Source;
///
/// let source: Source = "runs/beams.npz".parse()?;
/// assert_eq!(source, Source::Path("runs/beams.npz".into()));
/// assert_eq!("builtin".parse(), Ok(Source::Builtin));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Source {
    /// The set of cantilevers inside this library; `builtin` as text.
    #[default]
    Builtin,
    /// MNIST's pictures of digits in four IDX files, with its own test side; `mnist:FOLDER` as
    /// text.
    Mnist(PathBuf),
    /// A folder or a file with designs. (A folder that is really called `builtin` is reached as
    /// `./builtin`.)
    Path(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text.to_owned()))
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        match text.strip_prefix("mnist:") {
            _ if text == "builtin" => Self::Builtin,
            Some(folder) => Self::Mnist(folder.into()),
            None => Self::Path(text.into()),
        }
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.to_string()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin => f.write_str("builtin"),
            Self::Mnist(folder) => write!(f, "mnist:{}", folder.display()),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}
