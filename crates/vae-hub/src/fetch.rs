//! From a published record to a folder.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::client::Client;
use crate::download::download;
use crate::error::HubError;
use crate::event::Observer;
use crate::pace::Pace;
use crate::place::{Fetched, Partial, already_there};
use crate::receipt::{Receipt, StoredFile};
use crate::retry::Retry;
use crate::unpack::{Limits, unpack};
use crate::zenodo::Record;

/// Fetches records.
///
/// # Examples
///
/// ```no_run
/// use std::path::Path;
/// use vae_hub::{Fetcher, Options, ZENODO};
///
/// let fetcher = Fetcher::new(Options::default());
/// let observer = &mut |event: vae_hub::Event<'_>| println!("{event:?}");
/// let fetched = fetcher.fetch(ZENODO, 20432301, Path::new("data/tutorial"), observer)?;
/// println!("{} files", fetched.receipt.files.len());
/// # Ok::<(), vae_hub::HubError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    options: Options,
}

/// How to fetch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// When to try again.
    pub retry: Retry,
    /// What archives may unpack to.
    pub limits: Limits,
    /// How long to wait for a connection, an answer, or more of it; half a minute by default.
    pub patience: Option<Duration>,
    /// How fast and how long a download may go on.
    pub pace: Pace,
}

impl Fetcher {
    /// A fetcher; this opens no connection.
    pub fn new(options: Options) -> Self {
        Self { client: Client::new(options.patience, options.pace), options }
    }

    /// Asks a site what record `id` consists of.
    ///
    /// # Errors
    ///
    /// [`HubError::Unreachable`] and the other errors of the network, [`HubError::Answer`].
    pub fn record(
        &self,
        site: &str,
        id: u64,
        observer: &mut Observer<'_>,
    ) -> Result<Record, HubError> {
        self.ask(&self.client.beginning_now(), site, id, observer)
    }

    fn ask(
        &self,
        client: &Client,
        site: &str,
        id: u64,
        observer: &mut Observer<'_>,
    ) -> Result<Record, HubError> {
        let url = Record::address(site, id);
        let answer = self.options.retry.run(observer, |_| client.text(&url))?;
        Record::parse(&answer, site, id)
    }

    /// Downloads record `id` of a site into the folder `out`, unpacking zip archives, or verifies
    /// that it is there already.
    ///
    /// The folder appears when everything is in it. Downloads that were interrupted wait beside it,
    /// in `.NAME.partial`, and the same call goes on with them.
    ///
    /// # Errors
    ///
    /// [`HubError::Occupied`] if the folder holds something else, [`HubError::Damaged`] if it no
    /// longer holds what was fetched, and everything that [`HubError`] knows about networks,
    /// checksums and archives. `out` is then as before.
    pub fn fetch(
        &self,
        site: &str,
        id: u64,
        out: &Path,
        observer: &mut Observer<'_>,
    ) -> Result<Fetched, HubError> {
        let source = format!("zenodo:{id}");
        if let Some(fetched) = already_there(out, &source, observer)? {
            return Ok(fetched);
        }
        let client = self.client.beginning_now();
        let record = self.ask(&client, site, id, observer)?;
        let partial = Partial::open(out)?;
        let staging = partial.staging()?;
        let mut files = Vec::new();
        for file in &record.files {
            let part = partial.part(&file.checksum);
            download(&client, &self.options.retry, file, &part, observer)?;
            if is_archive(&file.name) {
                let unpacked = unpack(&part, &file.name, &staging, &self.options.limits, observer);
                // After an input or output error, such as a full disk, the download is still good;
                // a damaged or hostile archive is not.
                if !matches!(unpacked, Ok(_) | Err(HubError::Io { .. })) {
                    // If it cannot be removed, the next call finds that it is wrong.
                    let _ = fs::remove_file(&part);
                }
                files.extend(unpacked?);
            } else {
                files.push(copy(&part, &file.name, &staging)?);
            }
        }
        let receipt = Receipt {
            source,
            url: record.url,
            title: record.title,
            license: record.license,
            downloads: record.files,
            files,
        };
        partial.put_in_place(receipt)
    }
}

/// Copies a file that is not an archive, under its own name, unless that is taken.
fn copy(part: &Path, name: &str, staging: &Path) -> Result<StoredFile, HubError> {
    let to = staging.join(name);
    if fs::symlink_metadata(&to).is_ok() {
        return Err(HubError::Twice { file: name.into() });
    }
    fs::copy(part, &to).map_err(|source| HubError::io("writing", &to, source))?;
    StoredFile::read(staging, Path::new(name))
}

fn is_archive(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}
