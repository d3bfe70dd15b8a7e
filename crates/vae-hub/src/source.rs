//! Where data can be fetched from, as a person states it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The record of Zenodo with the pictures of the lecture.
pub const TUTORIAL: u64 = 20_432_301;

/// Sets of the Hugging Face Hub that have a short name: the name, the set, and what it holds.
pub const HUB_SETS: [(&str, &str, &str); 3] = [
    (
        "engibench",
        "IDEALLab/beams_2d_50_100_v0",
        "3,880 half MBB beams of EngiBench with conditions and compliance",
    ),
    ("mnist", "ylecun/mnist", "handwritten digits"),
    ("fashion-mnist", "zalando-datasets/fashion_mnist", "pictures of clothes"),
];

/// A source that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The built-in set.
    Builtin,
    /// A record of Zenodo.
    Zenodo(u64),
    /// A set of the Hugging Face Hub, OWNER/NAME.
    Hub(String),
    /// A Parquet file, or a folder of them.
    Parquet(PathBuf),
}

/// A text that names no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no source {text:?}")]
pub struct UnknownSource {
    /// The text.
    pub text: String,
}

impl FromStr for Source {
    type Err = UnknownSource;

    /// Reads `builtin`, `tutorial`, a name of [`HUB_SETS`], `zenodo:ID`, `hub:OWNER/NAME`, or the
    /// path of a Parquet file or of a folder of them.
    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        let path = Path::new(text);
        let folder = text.contains(std::path::is_separator) && path.is_dir();
        if folder || path.extension().is_some_and(|extension| extension == "parquet") {
            return Ok(Self::Parquet(path.into()));
        }
        if let Some((_, id, _)) = HUB_SETS.iter().find(|(name, ..)| *name == text) {
            return Ok(Self::Hub((*id).into()));
        }
        let known = match text.split_once(':') {
            Some(("zenodo", id)) => id.parse().ok().map(Self::Zenodo),
            Some(("hub", id)) => is_repository(id).then(|| Self::Hub(id.into())),
            None if text == "builtin" => Some(Self::Builtin),
            None if text == "tutorial" => Some(Self::Zenodo(TUTORIAL)),
            _ => None,
        };
        known.ok_or_else(|| UnknownSource { text: text.to_owned() })
    }
}

/// Whether this is OWNER/NAME.
fn is_repository(id: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    id.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name))
}

/// The name of the folder that a source gets, unless told otherwise.
pub fn folder_name(text: &str) -> String {
    let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
    last.trim_end_matches(".parquet").replace(':', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_their_folders() {
        for (text, expected, folder) in [
            ("builtin", Source::Builtin, "builtin"),
            ("tutorial", Source::Zenodo(20_432_301), "tutorial"),
            ("zenodo:20432301", Source::Zenodo(20_432_301), "zenodo-20432301"),
            ("mnist", Source::Hub("ylecun/mnist".into()), "mnist"),
            ("hub:ylecun/mnist", Source::Hub("ylecun/mnist".into()), "mnist"),
            ("a/beams.parquet", Source::Parquet("a/beams.parquet".into()), "beams"),
        ] {
            assert_eq!(text.parse::<Source>().unwrap(), expected);
            assert_eq!(folder_name(text), folder);
        }
        for text in [
            "",
            "tutorials",
            "zenodo:",
            "zenodo:x",
            "zenodo:-1",
            "zenodo:../x",
            "hub:",
            "hub:mnist",
            "hub:../x",
            "hub:a/b/c",
            "a:b/c",
        ] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
