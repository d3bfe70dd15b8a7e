#![doc = include_str!("../README.md")]

mod checksum;
mod client;
mod download;
mod error;
mod event;
mod fetch;
#[cfg(feature = "hub")]
pub mod hub;
mod note;
mod pace;
mod place;
mod receipt;
mod retry;
mod source;
#[cfg(test)]
mod tests;
mod unpack;
mod zenodo;

pub use checksum::{Checksum, UnknownChecksum};
pub use error::HubError;
pub use event::{Event, Observer};
pub use fetch::{Fetcher, Options};
pub use note::RECEIPT;
pub use pace::Pace;
pub use place::Fetched;
pub use receipt::{Receipt, StoredFile};
pub use retry::Retry;
pub use source::{HUB_SETS, Source, TUTORIAL, UnknownSource, folder_name};
pub use unpack::Limits;
pub use zenodo::{Record, RemoteFile, ZENODO};
