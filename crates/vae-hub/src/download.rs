//! One file from a server, in as many pieces as it takes.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use crate::checksum::Checksum;
use crate::client::Client;
use crate::error::HubError;
use crate::event::{Event, Observer};
use crate::retry::{Failure, Retry};
use crate::zenodo::RemoteFile;

/// If an attempt gets this many bytes further than any before, failures are counted anew.
const FURTHER: u64 = 1 << 20;

/// Downloads `file` to the path `part`, going on where an earlier attempt or an earlier call
/// stopped, and compares size and checksum with the published ones.
///
/// After an error the part stays if more can be added to it, and is gone if it is wrong.
pub(crate) fn download(
    client: &Client,
    retry: &Retry,
    file: &RemoteFile,
    part: &Path,
    observer: &mut Observer<'_>,
) -> Result<(), HubError> {
    let mut best = length(part)?;
    retry.run(observer, |observer| {
        let had = length(part)?;
        let outcome =
            transfer(client, file, part, had, observer).and_then(|()| compare(file, part, 0 < had));
        outcome.map_err(|failure| {
            if !failure.keep {
                // If it cannot be removed, the next attempt says why.
                let _ = fs::remove_file(part);
            }
            let now = length(part).unwrap_or(0);
            let got_further = best + FURTHER <= now;
            best = best.max(now);
            Failure { got_further, ..failure.failure }
        })
    })
}

/// A failed transfer, and whether what is here is worth keeping.
struct Broken {
    failure: Failure,
    keep: bool,
}

impl From<HubError> for Broken {
    fn from(error: HubError) -> Self {
        Self { failure: error.into(), keep: true }
    }
}

/// Adds what is missing behind the `had` bytes that are here.
fn transfer(
    client: &Client,
    file: &RemoteFile,
    part: &Path,
    had: u64,
    observer: &mut Observer<'_>,
) -> Result<(), Broken> {
    let (name, total) = (&file.name, file.size);
    let tell = |observer: &mut Observer<'_>, done| {
        observer(Event::Downloading { file: name, done, total });
    };
    tell(observer, had.min(total));
    if had == total && part.exists() {
        return Ok(());
    }
    let from = if had < total { had } else { 0 };
    let answer = client.get(&file.url, from).map_err(|failure| Broken {
        // The server has no such part: begin again.
        keep: !matches!(failure.error, HubError::Status { status: 416, .. }),
        failure: again_from_the_start(failure),
    })?;
    let writing = |source| HubError::io("writing", part, source);
    let mut out = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(answer.start == 0)
        .append(answer.start != 0)
        .open(part)
        .map_err(writing)?;
    let mut done = answer.start;
    let mut body = answer.body.take(total - done + 1);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(client.broken_off(&file.url, error).into()),
        };
        out.write_all(&buffer[..n]).map_err(writing)?;
        done += n as u64;
        if total < done {
            let error = HubError::TooLong { file: name.clone(), expected: total };
            return Err(Broken { failure: error.into(), keep: false });
        }
        tell(observer, done);
    }
    if done < total {
        return Err(HubError::Truncated { file: name.clone(), expected: total, found: done }.into());
    }
    Ok(())
}

/// Makes the refusal of a part passing, so that the download begins again.
fn again_from_the_start(failure: Failure) -> Failure {
    let passing = failure.passing || matches!(failure.error, HubError::Status { status: 416, .. });
    Failure { passing, ..failure }
}

/// Compares a whole download with its checksum. If it was put together from pieces, one in one
/// piece may be better.
fn compare(file: &RemoteFile, part: &Path, pieced: bool) -> Result<(), Broken> {
    let found = Checksum::of_file(&file.checksum, part)
        .map_err(|source| HubError::io("reading", part, source))?;
    if found == file.checksum {
        return Ok(());
    }
    let error =
        HubError::Mismatch { file: file.name.clone(), expected: file.checksum.clone(), found };
    Err(Broken { failure: Failure { passing: pieced, ..error.into() }, keep: false })
}

/// Bytes of a file; 0 if it does not exist.
fn length(path: &Path) -> Result<u64, HubError> {
    match File::open(path).and_then(|file| file.metadata()) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(source) => Err(HubError::io("reading", path, source)),
    }
}
