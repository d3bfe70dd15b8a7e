//! Settings that can be left to this crate, turned off, or given.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ReadingError;

/// A setting that can be left to this crate, turned off, or given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Setting<T> {
    /// `auto`: found out from the data.
    #[default]
    Auto,
    /// `none`.
    None,
    /// As stated.
    Given(T),
}

impl<T> Setting<T> {
    /// What was stated, if anything was.
    pub fn given(&self) -> Option<&T> {
        if let Self::Given(value) = self { Some(value) } else { None }
    }
}

impl<T: FromStr> FromStr for Setting<T>
where
    ReadingError: From<T::Err>,
{
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            _ => Ok(Self::Given(text.parse()?)),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::Given(value) => value.fmt(f),
        }
    }
}

impl<T: fmt::Display> Serialize for Setting<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Setting<T>
where
    ReadingError: From<T::Err>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: ReadingError| serde::de::Error::custom(error))
    }
}

/// The error of a text that is not a value of a setting.
pub(crate) fn wrong(text: &str, wanted: &'static str) -> ReadingError {
    ReadingError::Setting { text: text.into(), wanted }
}
