//! Where designs come from.

use std::convert::Infallible;
use std::fmt;
use std::io;
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

impl Source {
    /// The text of a source with its path made absolute, so that it is found again from any folder.
    ///
    /// # Errors
    ///
    /// If the path is empty, or the present folder is unknown or not Unicode.
    pub fn absolute(text: &str) -> io::Result<String> {
        let absolute = |path: PathBuf| {
            let path = std::path::absolute(path)?;
            if path.to_str().is_some() {
                return Ok(path);
            }
            let why = format!("the path {} is not Unicode", path.display());
            Err(io::Error::new(io::ErrorKind::InvalidInput, why))
        };
        Ok(match Self::from(text.to_owned()) {
            Self::Builtin => Self::Builtin,
            Self::Mnist(folder) => Self::Mnist(absolute(folder)?),
            Self::Path(path) => Self::Path(absolute(path)?),
        }
        .to_string())
    }
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
