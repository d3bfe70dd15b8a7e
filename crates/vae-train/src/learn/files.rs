//! Files of a run: whole or absent when they are written, named when they cannot be read.

use std::path::Path;

use serde::Serialize;

use crate::error::{Result, TrainError};

/// Writes a file in one piece.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(vae_base::files::write(path, bytes)?)
}

/// Writes a value as indented JSON.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).expect("plain structs with string keys");
    text.push('\n');
    write(path, text.as_bytes())
}

/// A value of this crate as JSON on one line, without a line break.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain structs with string keys")
}

/// A value of this crate as a line of JSON.
pub(crate) fn line_of<T: Serialize>(value: &T) -> String {
    let mut text = to_json(value);
    text.push('\n');
    text
}

/// Removes a file, if there is one.
pub(crate) fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(TrainError::io("removing", path, source))
        }
        _ => Ok(()),
    }
}

/// Reads a text file.
pub(crate) fn read_to_string(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| TrainError::io("reading", path, source))
}
