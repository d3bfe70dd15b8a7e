//! Sets of the Hugging Face Hub, and Parquet files from anywhere: to a data-set folder.
//!
//! `candle-datasets` gets the files of a set and gives Parquet readers; its own loaders trust the
//! metadata of a file and panic if they are wrong, so they are not used. The bytes of a file are
//! checked before a reader sees it (`shape`), columns are checked against the schema, and values
//! against their range, before a design is written.

mod beams;
mod beside;
mod column;
mod convert;
mod designs;
mod origin;
mod reading;
mod remote;
mod shape;
mod shard;
mod sheet;
mod table;

pub use convert::convert_parquet;
pub use reading::Reading;
pub use remote::{HUGGING_FACE, HubSite, fetch_dataset};
