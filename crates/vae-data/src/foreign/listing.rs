//! The files below a folder, by what they seem to be.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::FormatError;

/// A file that may hold designs.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Path below the folder, with its extension, `/` between its parts.
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What a file seems to be, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Picture,
    Npy,
    Npz,
    Text,
    Idx,
    Matlab,
    /// Animations, drawings and pictures of other kinds, which are not read.
    Drawing,
}

/// The files below a folder, in the order in which people count: `a2` before `a10`.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<Found>,
    /// Number of other files.
    pub(crate) others: usize,
    /// Number of subfolders with files that may hold designs.
    pub(crate) subfolders: usize,
}

/// Subfolders are entered this deep.
const MAX_DEPTH: usize = 8;

impl Found {
    /// A single file.
    pub(crate) fn new(path: &Path, name: String) -> Option<Self> {
        Some(Self { path: path.into(), name, kind: Kind::of(path)? })
    }
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        if name.ends_with("-ubyte") {
            return Some(Self::Idx);
        }
        Some(match name.rsplit_once('.')?.1 {
            "jpg" | "jpeg" | "jpe" | "jfif" | "png" | "bmp" | "dib" | "tif" | "tiff" | "pgm"
            | "pbm" | "ppm" | "pnm" => Self::Picture,
            "npy" => Self::Npy,
            "npz" => Self::Npz,
            "csv" | "txt" | "tsv" | "dat" | "rpt" | "prn" | "asc" => Self::Text,
            "idx" | "idx3" => Self::Idx,
            "mat" => Self::Matlab,
            "gif" | "webp" | "svg" | "pdf" | "eps" | "ps" | "emf" | "heic" | "heif" | "avif"
            | "jp2" | "ico" | "tga" | "exr" | "psd" | "fig" => Self::Drawing,
            _ => return None,
        })
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Picture => "pictures",
            Self::Npy => ".npy files",
            Self::Npz => ".npz files",
            Self::Text => "text files",
            Self::Idx => "IDX files",
            Self::Matlab => "MATLAB files",
            Self::Drawing => "files of such a kind (GIF, WebP, ICO, SVG, PDF and others)",
        }
    }
}

impl Listing {
    /// Lists a folder and those inside it. Hidden files and folders, and links to folders, are left
    /// alone.
    pub(crate) fn of(folder: &Path) -> Result<Self, FormatError> {
        let mut listing = Self::default();
        listing.enter(folder, "", 0)?;
        listing.files.sort_by(|a, b| natural(&a.name, &b.name));
        Ok(listing)
    }

    fn enter(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), FormatError> {
        let fail = |source| FormatError::io_path("reading", folder, source);
        let before = self.files.len();
        let mut inside = Vec::new();
        for entry in fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let name = format!("{prefix}{name}");
            if entry.file_type().map_err(fail)?.is_dir() {
                inside.push((entry.path(), name));
            } else {
                match Found::new(&entry.path(), name) {
                    Some(found) if found.path.is_file() => self.files.push(found),
                    _ => self.others += 1,
                }
            }
        }
        self.subfolders += usize::from(0 < depth && before < self.files.len());
        if depth < MAX_DEPTH {
            for (path, name) in inside {
                self.enter(&path, &format!("{name}/"), depth + 1)?;
            }
        }
        Ok(())
    }

    /// Number of files of each kind.
    pub(crate) fn kinds(&self) -> BTreeMap<Kind, usize> {
        let mut kinds = BTreeMap::new();
        for file in &self.files {
            *kinds.entry(file.kind).or_default() += 1;
        }
        kinds
    }
}

/// The name of a file without its extension.
pub(crate) fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.contains('/') => stem,
        _ => name,
    }
}

/// The last part of a path.
pub(crate) fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// The last part of a path without extension and in lower case.
pub(crate) fn plain(name: &str) -> String {
    stem(base(name)).to_lowercase()
}

/// Compares names as people do: numbers in them by value. Names that differ only in leading zeros
/// are told apart last.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let ((text_a, number_a, rest_a), (text_b, number_b, rest_b)) = (piece(left), piece(right));
        let by_value = number_a.len().cmp(&number_b.len()).then(number_a.cmp(number_b));
        match text_a.cmp(text_b).then(by_value) {
            Ordering::Equal if rest_a.is_empty() || rest_b.is_empty() => {
                return rest_a.cmp(rest_b).then(a.cmp(b));
            }
            Ordering::Equal => (left, right) = (rest_a, rest_b),
            order => return order,
        }
    }
}

/// The text up to the first digit, the digits after it without leading zeros, and the rest.
fn piece(text: &str) -> (&str, &str, &str) {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let digits = &text[start..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (&text[..start], digits[..end].trim_start_matches('0'), &digits[end..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_in_names_count_by_value() {
        let mut names = ["a10", "a2", "a02", "b1", "a", "a2b", "a2_10", "a2_9"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "a02", "a2", "a2_9", "a2_10", "a2b", "a10", "b1"]);
    }

    proptest! {
        #[test]
        fn the_order_is_a_total_order(names in prop::collection::vec("[ab0-2_]{0,6}", 3)) {
            let [a, b, c] = &names[..] else { unreachable!() };
            prop_assert_eq!(natural(a, b), natural(b, a).reverse());
            prop_assert_eq!(natural(a, b) == Ordering::Equal, a == b);
            if natural(a, b).is_le() && natural(b, c).is_le() {
                prop_assert!(natural(a, c).is_le());
            }
        }
    }
}
