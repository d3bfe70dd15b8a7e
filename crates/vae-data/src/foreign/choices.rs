//! Small settings: what is material, what is cut off, what is taken of a trajectory.

use std::fmt;
use std::str::FromStr;

use crate::error::ReadingError;
use crate::foreign::setting::wrong;

/// `yes` or `no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Answer {
    Yes,
    No,
}

impl FromStr for Answer {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        match text {
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            _ => Err(wrong(text, "auto, yes or no")),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
        })
    }
}

/// Pixels to cut off: `TOP,RIGHT,BOTTOM,LEFT`, or one number for all sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Margins {
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
    pub left: usize,
}

impl Margins {
    /// The sides by name.
    pub(crate) fn sides(&self) -> [(&'static str, usize); 4] {
        let Self { top, right, bottom, left } = *self;
        [("top", top), ("right", right), ("bottom", bottom), ("left", left)]
    }

    /// The width of the narrowest side.
    pub(crate) fn least(&self) -> usize {
        self.top.min(self.right).min(self.bottom).min(self.left)
    }

    /// The narrower of two, side by side.
    pub(crate) fn narrower(self, other: Self) -> Self {
        Self {
            top: self.top.min(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
            left: self.left.min(other.left),
        }
    }

    /// The size that is left of a picture of size (H, W); `None` if nothing is left.
    #[must_use]
    pub fn inside(&self, (height, width): (usize, usize)) -> Option<(usize, usize)> {
        let height = height.checked_sub(self.top.checked_add(self.bottom)?)?;
        let width = width.checked_sub(self.left.checked_add(self.right)?)?;
        (0 < height && 0 < width).then_some((height, width))
    }
}

impl FromStr for Margins {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let numbers: Option<Vec<usize>> =
            text.split(',').map(|number| number.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[all]) => Ok(Self { top: all, right: all, bottom: all, left: all }),
            Some(&[top, right, bottom, left]) => Ok(Self { top, right, bottom, left }),
            _ => Err(wrong(
                text,
                "auto, none, or pixels to cut off: one number, or TOP,RIGHT,BOTTOM,LEFT",
            )),
        }
    }
}

impl fmt::Display for Margins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.top, self.right, self.bottom, self.left)
    }
}

/// What of a trajectory of designs is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Iterations {
    /// The last design.
    Last,
    /// All designs, as one group.
    All,
}

impl FromStr for Iterations {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        match text {
            "last" => Ok(Self::Last),
            "all" => Ok(Self::All),
            _ => Err(wrong(text, "last or all")),
        }
    }
}

impl fmt::Display for Iterations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Last => "last",
            Self::All => "all",
        })
    }
}
