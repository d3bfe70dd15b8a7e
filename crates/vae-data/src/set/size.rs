//! Sizes of designs as text: `ROWSxCOLUMNS`.

use std::fmt;
use std::str::FromStr;

use crate::error::ReadingError;

/// Rows and columns: `HxW`.
///
/// # Examples
///
/// ```
/// use vae_data::Size;
///
/// let size: Size = "48x96".parse()?;
/// assert_eq!((size.height, size.width), (48, 96));
/// # Ok::<(), vae_data::ReadingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Size {
    pub height: usize,
    pub width: usize,
}

impl FromStr for Size {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let (height, width) = two_numbers(text).ok_or_else(|| ReadingError::Setting {
            text: text.into(),
            wanted: "a size: ROWSxCOLUMNS, such as 64x128",
        })?;
        Ok(Self { height, width })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

/// The size that designs are brought to: `HxW` stretches them, `fit:HxW` keeps their aspect ratio
/// and fills the rest with void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resize {
    /// Rows and columns afterwards.
    pub size: Size,
    /// Whether the aspect ratio is kept.
    pub fit: bool,
}

impl FromStr for Resize {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let (fit, size) = match text.strip_prefix("fit:") {
            Some(size) => (true, size),
            None => (false, text),
        };
        let (height, width) = two_numbers(size).ok_or_else(|| ReadingError::Setting {
            text: text.into(),
            wanted: "a size: ROWSxCOLUMNS to stretch, fit:ROWSxCOLUMNS to keep the aspect ratio",
        })?;
        Ok(Self { size: Size { height, width }, fit })
    }
}

impl fmt::Display for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.fit { "fit:" } else { "" }, self.size)
    }
}

/// No design is brought to more cells than this.
const MAX_CELLS: usize = 1 << 26;

/// Reads `AxB`: both numbers are positive and their product is bounded.
pub(crate) fn two_numbers(text: &str) -> Option<(usize, usize)> {
    let (a, b) = text.split_once('x')?;
    let (a, b): (usize, usize) = (a.trim().parse().ok()?, b.trim().parse().ok()?);
    let cells = a.checked_mul(b)?;
    (0 < cells && cells <= MAX_CELLS).then_some((a, b))
}
