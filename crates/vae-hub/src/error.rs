//! What can go wrong while data are fetched.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use vae_base::{FileError, Remedy};

use crate::checksum::Checksum;

/// Everything this crate can fail with.
///
/// A message is one line that names the address or the file; what a caller can do about it is in
/// [`HubError::remedies`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// No connection: no network, no such host, or nothing listens there.
    #[error("cannot reach {}", host(url))]
    Unreachable {
        /// The address asked for.
        url: String,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server did not answer in time.
    #[error("{url}: no answer for {seconds} s")]
    Stalled {
        /// The address asked for.
        url: String,
        /// How long the client waited.
        seconds: u64,
    },
    /// The server sends so slowly that the end would not come.
    #[error("{url}: the server sends fewer than {least} bytes per second")]
    Slow {
        /// The address asked for.
        url: String,
        /// The rate that it has to have.
        least: u64,
    },
    /// The record has taken longer than it may.
    #[error("{url}: not everything came within {}", hours(*limit))]
    Overdue {
        /// The address asked for.
        url: String,
        /// The time that it had.
        limit: Duration,
    },
    /// The exchange failed: it was broken off, had too many redirects, or the certificate is
    /// invalid.
    #[error("{url}")]
    Http {
        /// The address asked for.
        url: String,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether another attempt may succeed.
        passing: bool,
    },
    /// The server refused.
    #[error("{url}: the server answers {status}{}{}", meaning(*status), wish(*asked))]
    Status {
        /// The address asked for.
        url: String,
        /// The HTTP status.
        status: u16,
        /// How long it asks to be left alone, if it says so in seconds (`Retry-After`).
        asked: Option<Duration>,
    },
    /// A download ended early.
    #[error("{file}: the download ended after {found} of {expected} bytes")]
    Truncated {
        /// Name of the file.
        file: String,
        /// Its published size.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// A download is longer than published.
    #[error("{file}: the server sends more than the {expected} bytes that were published")]
    TooLong {
        /// Name of the file.
        file: String,
        /// Its published size.
        expected: u64,
    },
    /// A download differs from what was published.
    #[error("{file}: its checksum is {found}, the published one {expected}")]
    Mismatch {
        /// Name of the file.
        file: String,
        /// The published checksum.
        expected: Checksum,
        /// That of the download.
        found: Checksum,
    },
    /// An answer is not a record.
    #[error("{url}: not a record with files: {why}")]
    Answer {
        /// The address asked for.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// An archive cannot be read.
    #[error("{archive}: reading the archive")]
    Archive {
        /// The archive.
        archive: String,
        /// The reader's reason.
        source: io::Error,
    },
    /// An archive is not what archives are.
    #[error("{archive}: refused: {why}")]
    Irregular {
        /// The archive.
        archive: String,
        /// The reason.
        why: &'static str,
    },
    /// A file has the name of one that is there already.
    #[error("{file}: refused: another file of the record has the same name")]
    Twice {
        /// The file.
        file: String,
    },
    /// A member of an archive would do harm.
    #[error("{archive}: archive member {member:?} is refused: {why}")]
    Member {
        /// The archive.
        archive: String,
        /// The member's name.
        member: String,
        /// The reason.
        why: &'static str,
    },
    /// An archive unpacks to more than is sensible.
    #[error("{archive}: refused: it unpacks to more than {limit} {unit}")]
    Bomb {
        /// The archive.
        archive: String,
        /// The limit that it exceeds.
        limit: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// A Parquet file, or a row of it, cannot be read.
    #[error("{file}: not a Parquet file of designs: {why}")]
    Parquet {
        /// The file.
        file: String,
        /// What is wrong with it, with the row if one is at fault.
        why: String,
    },
    /// A table has no column of designs.
    #[error("{file}: no column holds designs; it has {}", columns.join(", "))]
    NoDesigns {
        /// The file.
        file: String,
        /// Its columns, each with what it is.
        columns: Vec<String>,
    },
    /// The Hugging Face Hub refused.
    #[error("the set {id}")]
    Hub {
        /// Its name.
        id: String,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A data set cannot be written.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Data(Box<vae_data::DataError>),

    /// Something else is at the place of the data.
    #[error("{} exists already and was not fetched from {wanted}", path.display())]
    Occupied {
        /// The path that is in the way.
        path: PathBuf,
        /// The source that was to be fetched.
        wanted: String,
    },
    /// Another process fetches to the same place.
    #[error(transparent)]
    Busy(#[from] FileError),
    /// Data that were fetched earlier have changed.
    #[error("{}: {file} {why}", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// The file in it.
        file: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The note of an earlier fetch cannot be read.
    #[error("{}: not the note of an earlier fetch", path.display())]
    Receipt {
        /// The file.
        path: PathBuf,
        /// The reader's reason, with line and column.
        source: serde_json::Error,
    },
    /// The operating system refused.
    #[error("{action} {}", path.display())]
    Io {
        /// What was being done, as a participle.
        action: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
}

#[cfg(feature = "hub")]
impl From<vae_data::DataError> for HubError {
    fn from(error: vae_data::DataError) -> Self {
        Self::Data(Box::new(error))
    }
}

impl HubError {
    /// Whether another attempt may succeed.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Stalled { .. }
            | Self::Slow { .. }
            | Self::Truncated { .. } => true,
            Self::Http { passing, .. } => *passing,
            Self::Status { status, .. } => {
                matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
            }
            _ => false,
        }
    }

    /// What a caller can do about this error; empty if nothing in particular helps.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let remedy = match self {
            #[cfg(feature = "hub")]
            Self::Data(error) => return error.remedies(),
            Self::Unreachable { .. } | Self::Stalled { .. } => Remedy::advice(
                "without a network, use the built-in set, or generate a set of your own",
            ),
            Self::Status { status: 401 | 403, .. } => Remedy::advice("the data are not public"),
            Self::Status { status: 404 | 410, .. } => {
                Remedy::set("url", "SITE", "names a mirror, if the address has changed")
            }
            Self::Status { asked: Some(_), .. } => {
                Remedy::advice("fetch again after that time: what has arrived is kept")
            }
            Self::Truncated { .. }
            | Self::Status { .. }
            | Self::Slow { .. }
            | Self::Overdue { .. }
            | Self::Http { passing: true, .. } => {
                Remedy::advice("fetch again: what has arrived is kept")
            }
            Self::TooLong { .. } | Self::Mismatch { .. } => {
                return vec![
                    Remedy::advice(
                        "the server has another file than the one published, so the download was \
                         discarded",
                    ),
                    Remedy::set("url", "SITE", "names another server"),
                ];
            }
            Self::Answer { .. } => {
                Remedy::set("url", "SITE", "names a site that answers as zenodo.org does")
            }
            Self::Member { .. }
            | Self::Bomb { .. }
            | Self::Irregular { .. }
            | Self::Twice { .. } => Remedy::advice("nothing of the archive was kept"),
            Self::Occupied { .. } => {
                return vec![
                    Remedy::set("out", "FOLDER", "names another folder"),
                    Remedy::advice("move the old one away"),
                ];
            }
            Self::NoDesigns { .. } => Remedy::set(
                "column",
                "NAME",
                "names the column of designs: matrices (lists of lists of numbers) or pictures",
            ),
            Self::Damaged { .. } | Self::Receipt { .. } => {
                Remedy::advice("move the folder away and fetch again")
            }
            _ => return Vec::new(),
        };
        vec![remedy]
    }

    /// Whether what was asked for is at fault, rather than the network or the contents of a file.
    #[must_use]
    pub fn is_callers_mistake(&self) -> bool {
        match self {
            #[cfg(feature = "hub")]
            Self::Data(error) => error.is_callers_mistake(),
            Self::Occupied { .. } => true,
            _ => false,
        }
    }

    /// Wraps what the operating system said about `path`.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}

/// The host of an address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// How long a server asks to be left alone.
fn wish(asked: Option<Duration>) -> String {
    asked.map(|wait| format!(", and asks to wait {} s", wait.as_secs())).unwrap_or_default()
}

/// A time in hours, or in seconds if it is short.
fn hours(time: Duration) -> String {
    let hours = time.as_secs() / 3600;
    if hours == 0 { format!("{} s", time.as_secs_f64()) } else { format!("{hours} hours") }
}

/// What the usual statuses mean.
const fn meaning(status: u16) -> &'static str {
    match status {
        401 | 403 => " (not allowed)",
        404 => " (not found)",
        410 => " (gone)",
        429 => " (too many requests)",
        500..=599 => " (its own failure)",
        _ => "",
    }
}
