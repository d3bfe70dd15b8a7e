//! The place of a data set: empty, complete, or being filled out of sight.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use vae_base::Lock;

use crate::checksum::Checksum;
use crate::error::HubError;
use crate::event::Observer;
use crate::note::RECEIPT;
use crate::receipt::Receipt;

/// What a fetch did.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// What is in the folder.
    pub receipt: Receipt,
    /// Whether it was there already, whole, so that nothing was done.
    pub already_there: bool,
}

/// What an earlier fetch of `source` put into `out`, verified; `None` if the place is free.
pub(crate) fn already_there(
    out: &Path,
    source: &str,
    observer: &mut Observer<'_>,
) -> Result<Option<Fetched>, HubError> {
    if let Some(receipt) = Receipt::read(out)?.filter(|receipt| receipt.source == source) {
        receipt.verify(out, observer)?;
        return Ok(Some(Fetched { receipt, already_there: true }));
    }
    refuse_occupied(out, source).map(|()| None)
}

/// The folder beside a place that is being filled: downloads, and the data set in the making. Only
/// one process at a time can hold it.
pub(crate) struct Partial {
    path: PathBuf,
    out: PathBuf,
    _lock: Lock,
}

impl Partial {
    /// Begins to fill the place `out`, or continues an earlier attempt.
    pub(crate) fn open(out: &Path) -> Result<Self, HubError> {
        let mut name = OsString::from(".");
        name.push(out.file_name().unwrap_or_default());
        name.push(".partial");
        let path = parent(out).join(name);
        let lock = Lock::of(out, "fetching a data set")?;
        fs::create_dir_all(&path).map_err(|source| HubError::io("creating", &path, source))?;
        Ok(Self { path, out: out.into(), _lock: lock })
    }

    /// Where a download grows. Its name is its checksum, so the part of a record that
    /// has changed is not continued.
    pub(crate) fn part(&self, checksum: &Checksum) -> PathBuf {
        self.path.join(format!("{}.part", checksum.digest()))
    }

    /// The folder that will stand at the place, empty now.
    pub(crate) fn staging(&self) -> Result<PathBuf, HubError> {
        let staging = self.staging_path();
        let fail = |source| HubError::io("creating", &staging, source);
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
            _ => fs::create_dir(&staging).map_err(fail)?,
        }
        Ok(staging)
    }

    fn staging_path(&self) -> PathBuf {
        self.path.join("complete")
    }

    /// Adds the note to the folder, renames it to its place, and removes the downloads.
    pub(crate) fn put_in_place(self, receipt: Receipt) -> Result<Fetched, HubError> {
        let (staging, out) = (self.staging_path(), &self.out);
        write_receipt(&receipt, &staging)?;
        refuse_occupied(out, &receipt.source)?;
        let fail = |error| HubError::io("writing", out, error);
        sync_folder(&staging).map_err(fail)?;
        if out.is_dir() {
            fs::remove_dir(out).map_err(fail)?;
        }
        fs::rename(&staging, out).map_err(fail)?;
        sync_folder(parent(out)).map_err(fail)?;
        // A leftover that cannot be removed does no harm.
        let _ = fs::remove_dir_all(&self.path);
        Ok(Fetched { receipt, already_there: false })
    }
}

impl Drop for Partial {
    /// Leaves only downloads that can be continued.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.staging_path());
        let _ = fs::remove_dir(&self.path);
    }
}

fn write_receipt(receipt: &Receipt, staging: &Path) -> Result<(), HubError> {
    let path = staging.join(RECEIPT);
    let fail = |source| HubError::io("writing", &path, source);
    let mut text = serde_json::to_string_pretty(receipt)
        .map_err(|source| HubError::Receipt { path: path.clone(), source })?;
    text.push('\n');
    let mut file = File::create_new(&path).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.sync_all().map_err(fail)
}

/// Refuses a place that is not empty.
fn refuse_occupied(out: &Path, source: &str) -> Result<(), HubError> {
    let occupied = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => out.exists(),
    };
    if occupied {
        Err(HubError::Occupied { path: out.into(), wanted: source.into() })
    } else {
        Ok(())
    }
}

/// Makes renames in a folder durable; only Unix lets a folder be opened for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The folder that holds `path`; the current one for a bare name.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
