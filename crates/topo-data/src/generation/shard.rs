//! Parts of a generation, for many machines.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::{Result, TopoDataError};

/// Part `index` of `count`, counted from 1: every `count`-th problem.
///
/// # Examples
///
/// ```
/// let shard: topo_data::Shard = "2/8".parse()?;
/// assert_eq!((shard.index(), shard.count()), (2, 8));
/// assert!("0/8".parse::<topo_data::Shard>().is_err());
/// # Ok::<(), topo_data::TopoDataError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Part `index` of `count`.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Shard`] if there is no such part.
    pub fn new(index: usize, count: usize) -> Result<Self> {
        if (1..=count).contains(&index) {
            Ok(Self { index, count })
        } else {
            Err(TopoDataError::Shard { index, count })
        }
    }

    /// Which part, from 1.
    pub const fn index(self) -> usize {
        self.index
    }

    /// How many parts there are.
    pub const fn count(self) -> usize {
        self.count
    }

    /// Whether there is one part only.
    pub(super) const fn is_whole(self) -> bool {
        self.count == 1
    }

    /// Whether the problem at this position is of this part.
    pub(super) const fn holds(self, position: usize) -> bool {
        position % self.count == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = TopoDataError;

    fn from_str(text: &str) -> Result<Self> {
        let numbers =
            text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        let (index, count) = numbers.unwrap_or((0, 0));
        Self::new(index, count)
    }
}
