#![doc = include_str!("../README.md")]

mod answers;
mod assets;
mod browser;
mod error;
mod frame;
mod offline;
mod server;
mod subject;

pub use browser::open_in_browser;
pub use error::{ExploreError, Result};
pub use server::{Address, Limits, Server};
pub use subject::{Subject, SubjectSettings};
