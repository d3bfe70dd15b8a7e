//! One Parquet file of a set.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;

use crate::error::HubError;
use crate::receipt::StoredFile;
use crate::zenodo::RemoteFile;

use super::column::{Column, columns};
use super::shape::open;

/// A Parquet file with its columns and its origin.
pub(super) struct Shard {
    pub(super) path: PathBuf,
    pub(super) remote: RemoteFile,
    pub(super) reader: SerializedFileReader<File>,
    pub(super) columns: Vec<Column>,
}

impl Shard {
    /// Opens a file; `url` is where it came from.
    pub(super) fn open(path: &Path, name: &str, url: &str) -> Result<Self, HubError> {
        let reader = open(path)?;
        Self::new(path, name, url, reader)
    }

    /// Takes a reader whose metadata were checked.
    pub(super) fn new(
        path: &Path,
        name: &str,
        url: &str,
        reader: SerializedFileReader<File>,
    ) -> Result<Self, HubError> {
        let stored = StoredFile::read(
            path.parent().unwrap_or(Path::new("")),
            Path::new(path.file_name().unwrap_or_default()),
        )?;
        let remote = RemoteFile {
            name: name.into(),
            size: stored.size,
            checksum: stored.checksum,
            url: url.into(),
        };
        let columns = columns(reader.metadata().file_metadata().schema_descr());
        Ok(Self { path: path.into(), remote, reader, columns })
    }

    /// `train`, `test` or `validation`, if the name says so.
    pub(super) fn split(&self) -> &'static str {
        let parts = self.remote.name.split(['/', '-', '_', '.']);
        let known = [
            ("train", "train"),
            ("test", "test"),
            ("validation", "validation"),
            ("val", "validation"),
            ("valid", "validation"),
        ];
        parts
            .into_iter()
            .find_map(|part| known.iter().find(|(there, _)| *there == part))
            .map_or("", |(_, here)| here)
    }
}
