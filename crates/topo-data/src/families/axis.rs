//! The axes of a family: its conditions, and what goes along with them.

use serde::{Deserialize, Serialize};

/// One condition of a family and the values it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Name of the condition's column.
    pub name: String,
    /// Its unit, empty for a plain number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// All values.
    pub values: Vec<f64>,
    /// Further quantities that go along: they take their `i`-th value where the axis takes its own
    /// `i`-th.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Companion>,
}

/// A quantity that goes along with an axis, such as the y of a place whose x is the axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// Its name.
    pub name: String,
    /// Its unit, empty for a plain number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// As many values as the axis has.
    pub values: Vec<f64>,
    /// Whether it is a condition of the data set, or only a value for the template.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub condition: bool,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
const fn is_true(value: &bool) -> bool {
    *value
}
