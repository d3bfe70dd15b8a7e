//! Which mirrors a run applies to its training designs.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vae_data::{DataSet, Mirror, ReadingError};

/// The mirrors that are applied to training designs at random; in a configuration `"auto"` or a
/// list.
///
/// # Examples
/// ```
/// use vae_data::Mirror;
/// use vae_train::data::Augment;
///
/// assert_eq!("mirror-y".parse::<Augment>()?, Augment::Mirrors(vec![Mirror::Y]));
/// assert_eq!("none".parse::<Augment>()?, Augment::Mirrors(Vec::new()));
/// assert_eq!("auto".parse::<Augment>()?, Augment::AUTO);
/// # Ok::<(), vae_data::ReadingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Augment {
    /// A rule that looks at the data.
    Rule(AugmentRule),
    /// These.
    Mirrors(Vec<Mirror>),
}

/// A rule that chooses mirrors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AugmentRule {
    /// Those for which the data state what becomes of every condition.
    Auto,
}

impl Augment {
    /// `auto`.
    pub const AUTO: Self = Self::Rule(AugmentRule::Auto);

    /// The mirrors for these data. A set without conditions states nothing, so `auto` gives none.
    pub fn mirrors(&self, data: &DataSet) -> Vec<Mirror> {
        let conditions = data.condition_info();
        match self {
            Self::Mirrors(mirrors) => mirrors.clone(),
            Self::Rule(AugmentRule::Auto) if conditions.is_empty() => Vec::new(),
            Self::Rule(AugmentRule::Auto) => [Mirror::X, Mirror::Y]
                .into_iter()
                .filter(|mirror| {
                    conditions.iter().all(|condition| condition.mirror_rule(*mirror).is_some())
                })
                .collect(),
        }
    }
}

impl FromStr for Augment {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        match text {
            "auto" => Ok(Self::AUTO),
            "none" => Ok(Self::Mirrors(Vec::new())),
            list => list.split(',').map(str::parse).collect::<Result<_, _>>().map(Self::Mirrors),
        }
    }
}
