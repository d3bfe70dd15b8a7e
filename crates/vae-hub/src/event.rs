//! The events of a fetch.

use std::time::Duration;

use crate::error::HubError;

/// Receives what happens, for a progress bar or a log.
pub type Observer<'a> = dyn FnMut(Event<'_>) + 'a;

/// What happens during a fetch.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Bytes of a file are here; also sent once at the start, when a part from an earlier call may
    /// be there already.
    Downloading {
        /// Name of the file.
        file: &'a str,
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// An attempt failed, and another follows.
    Waiting {
        /// Why it failed.
        reason: &'a HubError,
        /// How long until the next attempt.
        wait: Duration,
    },
    /// Members of an archive are on the disk.
    Unpacking {
        /// Name of the archive.
        file: &'a str,
        /// Members so far.
        done: u64,
        /// Members in all.
        total: u64,
    },
    /// Files that were fetched earlier have been compared with their checksums.
    Verifying {
        /// Files so far.
        done: u64,
        /// Files in all.
        total: u64,
    },
    /// A file is being fetched by a client that does not report bytes.
    Getting {
        /// Name of the file.
        file: &'a str,
        /// Its number, from 1.
        nth: u64,
        /// How many there are.
        of: u64,
    },
    /// Rows of a table are designs now.
    Converting {
        /// Rows so far.
        done: u64,
        /// Rows in all.
        total: u64,
    },
}
