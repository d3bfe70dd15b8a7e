//! From Parquet files to a data-set folder.

use std::path::{Path, PathBuf};

use crate::error::HubError;
use crate::event::{Event, Observer};
use crate::place::{Fetched, Partial, already_there};
use crate::receipt::{Receipt, StoredFile};

use super::beams;
use super::beside::Beside;
use super::column::design_column;
use super::designs::{for_each_design, stored_as};
use super::origin::Origin;
use super::reading::Reading;
use super::shape::wrong;
use super::shard::Shard;
use super::sheet::Sheet;

/// Converts Parquet files with the same columns, such as the parts of one set, into a data-set
/// folder at `out`.
///
/// The designs are the column of matrices or pictures; integers mean 0 to 255, floats 0 to 1,
/// pictures grey levels. Numbers that differ between rows become conditions; `c` and `compliance`,
/// numbers that are the same in all rows, the length of lists, and the part of the set (train,
/// test) that the file's name tells go to `results.csv`. The columns of EngiBench's 2-D beams are
/// known: they get their problem, and designs of one problem share a group.
///
/// # Errors
///
/// [`HubError::NoDesigns`], [`HubError::Parquet`] with file and row, [`HubError::Occupied`],
/// [`HubError::Data`].
pub fn convert_parquet(
    paths: &[PathBuf],
    reading: &Reading,
    out: &Path,
    observer: &mut Observer<'_>,
) -> Result<Fetched, HubError> {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let source = names.join(" ");
    if let Some(fetched) = already_there(out, &source, observer)? {
        return Ok(fetched);
    }
    let shards: Vec<Shard> = paths
        .iter()
        .zip(&names)
        .map(|(path, name)| Shard::open(path, name, name))
        .collect::<Result<_, _>>()?;
    let origin = Origin { url: source.clone(), license: None, source };
    write(&shards, &origin, reading, out, observer)
}

/// Writes the data-set folder of a table in one or several files.
pub(super) fn write(
    shards: &[Shard],
    origin: &Origin,
    reading: &Reading,
    out: &Path,
    observer: &mut Observer<'_>,
) -> Result<Fetched, HubError> {
    let Some(first) = shards.first() else {
        return Err(HubError::Answer {
            url: origin.url.clone(),
            why: "it has no Parquet files".into(),
        });
    };
    if let Some(other) = shards.iter().find(|shard| shard.columns != first.columns) {
        return Err(wrong(
            &other.path,
            format!("its columns are not those of {}", first.path.display()),
        ));
    }
    let column = design_column(&first.path, &first.columns, reading.column.as_deref())?;
    let beside = Beside::read(shards)?;
    let partial = Partial::open(out)?;
    let staging = partial.staging()?;
    let mut sheet = Sheet { folder: &staging, element: stored_as(column.kind), writer: None };
    let total = beside.rows as u64;
    for shard in shards {
        for_each_design(shard, column, reading.inverted, |row, size, design| {
            sheet.push(&shard.path, row, size, design)?;
            observer(Event::Converting { done: sheet.n_designs(), total });
            Ok(())
        })?;
    }
    let license = license(reading, origin, &beside);
    sheet.finish(beside, origin, reading, license.clone())?;
    let names = [
        "dataset.json",
        "designs.npy",
        "conditions.npy",
        "groups.npy",
        "results.csv",
        "problem.toml",
    ];
    let files = names
        .into_iter()
        .filter(|name| staging.join(name).is_file())
        .map(|name| StoredFile::read(&staging, Path::new(name)))
        .collect::<Result<_, _>>()?;
    partial.put_in_place(Receipt {
        source: origin.source.clone(),
        url: origin.url.clone(),
        title: None,
        license,
        downloads: shards.iter().map(|shard| shard.remote.clone()).collect(),
        files,
    })
}

/// The terms: as the reader was told, as the publisher states them, or as they are known of the
/// set.
fn license(reading: &Reading, origin: &Origin, beside: &Beside) -> Option<String> {
    let known = || beside.beams.then(|| beams::LICENSE.to_owned());
    reading.license.clone().or_else(|| origin.license.clone()).or_else(known)
}
