//! Tables of conditions that lie beside designs and are not used.

use std::path::{Path, PathBuf};

use crate::error::{DataError, FormatError, ReadingError, is_sheet};
use crate::foreign::listing::{Found, Kind, plain};
use crate::formats::bytes::Bytes;
use crate::formats::encoding::decoded;
use crate::formats::npy::Header;
use crate::formats::table::Table;
use crate::set::opening::Opening;

/// What files of conditions are called.
const NAMES: [&str; 8] =
    ["conditions", "condition", "labels", "parameters", "params", "metadata", "inputs", "targets"];
/// The first of these are names of nothing else.
const OWN: usize = 3;
/// A larger file is not looked into.
const MAX_TABLE: u64 = 16 << 20;
/// With more tables than this in one folder, only their names are looked at.
const MOST: usize = 20;

/// Whether a file is called as files of conditions are: `conditions.csv`, `beam_labels.txt`.
pub(crate) fn is_named(name: &str) -> bool {
    let name = plain(name);
    NAMES.contains(&name.as_str()) || NAMES.contains(&last_word(&name))
}

/// Whether a file is called by a name that nothing else has.
fn has_own_name(name: &str) -> bool {
    NAMES[..OWN].contains(&last_word(&plain(name)))
}

fn last_word(name: &str) -> &str {
    name.rsplit(['_', '-', '.', ' ']).next().unwrap_or_default()
}

/// Stops if a table of conditions lies in the folder of the source, or beside its file, and is not
/// used.
pub(crate) fn check(source: &Path, set: &Opening) -> Result<(), DataError> {
    let known = |name: &str| set.parts.members.iter().any(|(member, _)| *member == name);
    if known("dataset.json") || known("conditions.npy") || set.len() < 2 {
        return Ok(());
    }
    let in_folder = source.is_dir();
    let folder = if in_folder { Some(source) } else { source.parent() };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fail = |source| FormatError::io_path("reading", folder, source);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(fail)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file() && path != source)
        .collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_text =
        |path: &Path| Found::new(path, name(path)).is_some_and(|found| found.kind == Kind::Text);
    let few = files.iter().filter(|path| is_text(path)).count() <= MOST;
    for path in files {
        let file = name(&path);
        // What the designs themselves came from, and what this program writes beside a set.
        if set.names.contains(&file) || file == "results.csv" {
            continue;
        }
        // Programs keep their settings in JSON, which may be called parameters too.
        let is_settings = file.to_lowercase().ends_with(".json") && !has_own_name(&file);
        let is_table = |path: &Path| {
            is_text(path) || (is_sheet(&file) && !is_settings) || has_rows(path, set.len())
        };
        let named = is_named(&file) && is_table(&path);
        let by_count = few && is_text(&path) && !set.has_conditions();
        if named || (by_count && fits(&path, set.len())) {
            return Err(ReadingError::UnusedConditions { file: path.display().to_string() }.into());
        }
    }
    Ok(())
}

/// Whether a file is an array with a row for each design.
fn has_rows(path: &Path, n: usize) -> bool {
    let header = Bytes::open(path).and_then(|bytes| Header::read(&bytes, "conditions"));
    header.is_ok_and(|header| header.shape.first() == Some(&n))
}

/// Whether a file is a table with names of its columns and a row for each design.
fn fits(path: &Path, n: usize) -> bool {
    let text = Bytes::open(path).and_then(|bytes| bytes.read_all(MAX_TABLE)).map(decoded);
    let table = text.and_then(|text| Table::read_any(&text, ""));
    table.is_ok_and(|table| table.len() == n && table.columns().len() < 64)
}
