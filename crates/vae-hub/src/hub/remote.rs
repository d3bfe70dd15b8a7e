//! Sets of the Hugging Face Hub.

use std::path::{Path, PathBuf};

use candle_datasets::hub::from_hub;
use hf_hub::{HFClient, HFClientSync, HFError, HFRepositorySync, RepoTypeDataset};
use parquet::file::reader::FileReader as _;

use crate::error::HubError;
use crate::event::{Event, Observer};
use crate::place::{Fetched, already_there};

use super::convert::write;
use super::origin::Origin;
use super::reading::Reading;
use super::shape::{check_bytes, check_metadata};
use super::shard::Shard;

/// The site itself.
pub const HUGGING_FACE: &str = "https://huggingface.co";

/// Every set has a branch on which its tables are Parquet files; `candle-datasets` reads that one.
const PARQUET: &str = "refs/convert/parquet";

/// Where sets are, and where downloads are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HubSite {
    /// The site; Hugging Face's, or that in `HF_ENDPOINT`, by default.
    pub url: Option<String>,
    /// The folder of downloads, shared with Hugging Face's own tools by default.
    pub cache: Option<PathBuf>,
    /// Attempts after the first; the client's own number by default.
    pub retries: Option<usize>,
}

/// Fetches set `id` (`OWNER/NAME`) of the Hub and writes it as a data-set folder at `out`, or
/// verifies that it is there already.
///
/// See [`convert_parquet`](super::convert_parquet) for what becomes of which column. The terms of
/// use are those on the set's card.
///
/// # Errors
///
/// [`HubError::Hub`] for what the Hub answers, [`HubError::Unreachable`], and those of
/// `convert_parquet`.
pub fn fetch_dataset(
    id: &str,
    site: &HubSite,
    reading: &Reading,
    out: &Path,
    observer: &mut Observer<'_>,
) -> Result<Fetched, HubError> {
    let source = format!("hub:{id}");
    if let Some(fetched) = already_there(out, &source, observer)? {
        return Ok(fetched);
    }
    let home = site.url.clone().unwrap_or_else(|| HUGGING_FACE.into());
    let failed = |error| refused(id, &home, error);
    let client = client(site).map_err(failed)?;
    let (owner, name) = hf_hub::split_id(id);
    let repository = client.dataset(owner, name);
    let license = license(&repository).map_err(failed)?;
    let listing = repository.info().revision(PARQUET).send().map_err(failed)?;
    let names: Vec<String> = listing
        .siblings
        .unwrap_or_default()
        .into_iter()
        .map(|file| file.rfilename)
        .filter(|name| name.ends_with(".parquet"))
        .collect();
    let mut paths = Vec::new();
    for (index, name) in names.iter().enumerate() {
        observer(Event::Getting { file: name, nth: index as u64 + 1, of: names.len() as u64 });
        let path =
            repository.download_file().filename(name).revision(PARQUET).send().map_err(failed)?;
        check_bytes(&path)?;
        paths.push(path);
    }
    // The files are here and have been looked at; candle-datasets finds them there and opens them,
    // in the same order.
    let readers = from_hub(&client, id.to_owned()).map_err(|error| match error {
        candle_datasets::hub::Error::HubError(error) => failed(error),
        other => HubError::Parquet { file: id.into(), why: other.to_string() },
    })?;
    let mut shards = Vec::new();
    for ((path, name), reader) in paths.iter().zip(&names).zip(readers) {
        check_metadata(path, reader.metadata())?;
        let url = format!("{home}/datasets/{id}/resolve/{PARQUET}/{name}");
        shards.push(Shard::new(path, name, &url, reader)?);
    }
    let origin = Origin { url: format!("{home}/datasets/{id}"), license, source };
    write(&shards, &origin, reading, out, observer)
}

fn client(site: &HubSite) -> Result<HFClientSync, HFError> {
    let mut builder = HFClient::builder();
    if let Some(url) = &site.url {
        builder = builder.endpoint(url);
    }
    if let Some(cache) = &site.cache {
        builder = builder.cache_dir(cache);
    }
    if let Some(retries) = site.retries {
        builder = builder.retry_max_attempts(retries);
    }
    builder.build_sync()
}

/// The terms on the card of a set.
fn license(repository: &HFRepositorySync<RepoTypeDataset>) -> Result<Option<String>, HFError> {
    let info = repository.info().send()?;
    let card = info.card_data.unwrap_or_default();
    let stated =
        card["license"].as_str().or_else(|| card["license"][0].as_str()).map(str::to_owned);
    let tags = info.tags.unwrap_or_default();
    let tagged = || tags.iter().find_map(|tag| tag.strip_prefix("license:")).map(str::to_owned);
    Ok(stated.or_else(tagged))
}

/// What the Hub, or the way to it, refused.
fn refused(id: &str, home: &str, error: HFError) -> HubError {
    match error {
        HFError::Request { ref source, .. } if source.is_connect() || source.is_timeout() => {
            HubError::Unreachable { url: home.into(), source: error.into() }
        }
        error => HubError::Hub { id: id.into(), source: error.into() },
    }
}
