//! The note that a fetch leaves beside the data: what came from where, so that a second call can
//! tell that the data are there already.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use vae_base::paths;

use crate::checksum::Checksum;
use crate::error::HubError;
use crate::event::{Event, Observer};
use crate::note::RECEIPT;
use crate::zenodo::RemoteFile;

/// What was fetched, from where, and what it became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The source, such as `zenodo:20432301`.
    pub source: String,
    /// The address that described it.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
    /// The terms of use.
    pub license: Option<String>,
    /// The published files.
    pub downloads: Vec<RemoteFile>,
    /// The files in the folder.
    pub files: Vec<StoredFile>,
}

/// A file that a fetch wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its path below the folder, with `/` between the parts.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub checksum: Checksum,
}

impl StoredFile {
    pub(crate) fn new(relative: &Path, size: u64, checksum: Checksum) -> Self {
        let parts: Vec<_> = relative
            .components()
            .filter_map(|part| match part {
                Component::Normal(part) => Some(part.to_string_lossy()),
                _ => None,
            })
            .collect();
        Self { path: parts.join("/"), size, checksum }
    }

    /// The file at `relative` below `folder`, which is on the disk for good afterwards.
    pub(crate) fn read(folder: &Path, relative: &Path) -> Result<Self, HubError> {
        let path = folder.join(relative);
        let fail = |source| HubError::io("reading", &path, source);
        let file = File::open(&path).map_err(fail)?;
        file.sync_all().map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        let checksum = Checksum::sha256(file).map_err(fail)?;
        Ok(Self::new(relative, size, checksum))
    }
}

impl Receipt {
    /// Reads the note in a folder; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`HubError::Receipt`], [`HubError::Io`].
    pub fn read(folder: &Path) -> Result<Option<Self>, HubError> {
        let path = folder.join(RECEIPT);
        match File::open(&path) {
            Ok(file) => serde_json::from_reader(BufReader::new(file))
                .map(Some)
                .map_err(|source| HubError::Receipt { path, source }),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(source) => Err(HubError::io("opening", &path, source)),
        }
    }

    /// Compares every file in the folder with what was fetched. Files that came later do not
    /// matter.
    ///
    /// # Errors
    ///
    /// [`HubError::Damaged`] for the first that is missing or changed, [`HubError::Io`].
    pub fn verify(&self, folder: &Path, observer: &mut Observer<'_>) -> Result<(), HubError> {
        let total = self.files.len() as u64;
        for (index, file) in self.files.iter().enumerate() {
            let damaged =
                |why| HubError::Damaged { path: folder.into(), file: file.path.clone(), why };
            let path = folder.join(paths::below(&file.path).map_err(damaged)?);
            match File::open(&path) {
                Ok(opened) => {
                    let found = Checksum::sha256(opened)
                        .map_err(|source| HubError::io("reading", &path, source))?;
                    if found != file.checksum {
                        return Err(damaged("has changed since it was fetched"));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(damaged("is missing"));
                }
                Err(source) => return Err(HubError::io("opening", &path, source)),
            }
            observer(Event::Verifying { done: index as u64 + 1, total });
        }
        Ok(())
    }

    /// Bytes of all files in the folder.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The folder (`""` for the top) that holds most files with one of these extensions, and how
    /// many, directly in it.
    pub fn fullest_folder(&self, extensions: &[&str]) -> Option<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for file in &self.files {
            let extension =
                Path::new(&file.path).extension().and_then(|extension| extension.to_str());
            if extension.is_some_and(|found| {
                extensions.iter().any(|wanted| found.eq_ignore_ascii_case(wanted))
            }) {
                let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                *counts.entry(folder).or_default() += 1;
            }
        }
        counts.into_iter().max_by_key(|(_, count)| *count)
    }
}
