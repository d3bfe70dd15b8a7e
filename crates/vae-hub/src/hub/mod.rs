//! Sets of the Hugging Face Hub, and Parquet files from anywhere: to a data-set folder.
//!
//! `candle-datasets` gets the files of a set and gives out Parquet readers; its own loaders trust
//! what a file says and panic where it lies, so they are not used. A file is looked at before a
//! reader sees it (`shape`), every column that is read is checked against the schema, and values
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
