//! Tables: sets of the Hugging Face Hub and Parquet files. The feature `hub` brings what reads
//! them.

use std::path::Path;

use anyhow::Result;
use vae_hub::Source;

use super::Args;
use crate::failure::UsageError;

/// Without the feature there is only the way to get it.
#[cfg(not(feature = "hub"))]
pub(super) fn fetch(args: &Args, _: &Source, _: &Path) -> Result<()> {
    let source = args.source.as_deref().unwrap_or_default();
    let message = format!("this program was built without what reads {source}");
    let hint = format!("cargo run -p vae-cli --features hub -- data fetch {source}");
    Err(UsageError::with_hint(message, hint).into())
}

/// Writes the data-set folder of a table.
#[cfg(feature = "hub")]
pub(super) fn fetch(args: &Args, source: &Source, out: &Path) -> Result<()> {
    use vae_hub::hub::{HubSite, Reading, convert_parquet, fetch_dataset};

    if args.list {
        return Err(UsageError::new("--list lists sources, and the files of Zenodo records").into());
    }
    let reading = Reading {
        column: args.column.clone(),
        inverted: args.inverted,
        license: args.license.clone(),
        command: args.source.as_ref().map(|source| format!("vae data fetch {source}")),
    };
    let mut bars = super::Bars::default();
    let observer = &mut |event: vae_hub::Event<'_>| bars.show(event);
    let fetched = match source {
        Source::Hub(id) => {
            let retries = usize::try_from(args.attempts - 1).ok();
            let site = HubSite { url: args.url.clone(), retries, ..HubSite::default() };
            fetch_dataset(id, &site, &reading, out, observer)?
        }
        Source::Parquet(path) => convert_parquet(&files(path)?, &reading, out, observer)?,
        Source::Builtin | Source::Zenodo(_) => return Ok(()),
    };
    bars.finish();
    super::report(&fetched, out)
}

/// The file, or the Parquet files of the folder in the order of their names.
#[cfg(feature = "hub")]
fn files(path: &Path) -> Result<Vec<std::path::PathBuf>> {
    use anyhow::Context as _;

    if !path.is_dir() {
        if path.is_file() {
            return Ok(vec![path.into()]);
        }
        return Err(UsageError::new(format!("no file at {}", path.display())).into());
    }
    let mut files = Vec::new();
    for entry in path.read_dir().with_context(|| format!("reading {}", path.display()))? {
        files.push(entry.with_context(|| format!("reading {}", path.display()))?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "parquet"));
    files.sort();
    if files.is_empty() {
        return Err(UsageError::new(format!("no Parquet files in {}", path.display())).into());
    }
    Ok(files)
}
