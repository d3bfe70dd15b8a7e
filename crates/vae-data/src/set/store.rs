//! Designs that cannot be read by position where they lie, unpacked once.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use crate::error::FormatError;
use crate::formats::bytes::Bytes;

/// Up to this many bytes are held in memory; more go to a temporary file without a name.
pub(crate) const IN_MEMORY: usize = 256 << 20;

/// Bytes being collected.
#[derive(Debug)]
pub(crate) struct Store {
    label: String,
    memory: Vec<u8>,
    file: Option<BufWriter<File>>,
    len: u64,
}

impl Store {
    /// An empty store, with a name for messages.
    pub(crate) fn new(label: &str) -> Self {
        Self { label: label.into(), memory: Vec::new(), file: None, len: 0 }
    }

    /// Adds bytes at the end.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        let fail = |source| FormatError::io("unpacking to a temporary file", &*self.label, source);
        self.len += bytes.len() as u64;
        if self.file.is_none() && IN_MEMORY < self.memory.len() + bytes.len() {
            let mut file = BufWriter::with_capacity(1 << 20, tempfile::tempfile().map_err(fail)?);
            file.write_all(&self.memory).map_err(fail)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        if let Some(file) = &mut self.file {
            return file.write_all(bytes).map_err(fail);
        }
        self.memory.extend_from_slice(bytes);
        Ok(())
    }

    /// Whether it went to a file; the number of bytes.
    pub(crate) fn spilled(&self) -> Option<u64> {
        self.file.is_some().then_some(self.len)
    }

    /// The bytes, to be read by position.
    pub(crate) fn finish(self) -> Result<Bytes, FormatError> {
        match self.file {
            None => Ok(Bytes::from_vec(self.memory, &self.label)),
            Some(file) => {
                let file = file.into_inner().map_err(|error| {
                    FormatError::io(
                        "unpacking to a temporary file",
                        &*self.label,
                        error.into_error(),
                    )
                })?;
                Bytes::from_file(file, &self.label)
            }
        }
    }
}
