//! Bytes read by position: a file, a part of a file, or memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::error::FormatError;

/// A window of bytes with a name for messages. Cloning shares the file or the memory.
#[derive(Clone, Debug)]
pub(crate) struct Bytes {
    label: Arc<str>,
    store: Store,
    start: u64,
    len: u64,
}

#[derive(Clone, Debug)]
enum Store {
    File(Arc<PositionedFile>),
    Memory(Arc<Vec<u8>>),
    #[cfg(feature = "builtin")]
    Static(&'static [u8]),
}

impl Bytes {
    /// Opens a file for reading by position.
    pub(crate) fn open(path: &Path) -> Result<Self, FormatError> {
        let fail = |source| FormatError::io_path("opening", path, source);
        // Before it is opened, which would wait for somebody to write into a pipe.
        if !std::fs::metadata(path).map_err(fail)?.is_file() {
            return Err(FormatError::NotAFile { path: path.into() });
        }
        let file = File::open(path).map_err(fail)?;
        Self::from_file(file, &path.display().to_string())
    }

    /// Takes an open file.
    pub(crate) fn from_file(file: File, label: &str) -> Result<Self, FormatError> {
        let len =
            file.metadata().map_err(|source| FormatError::io("reading", label, source))?.len();
        Ok(Self {
            label: label.into(),
            store: Store::File(Arc::new(PositionedFile::new(file))),
            start: 0,
            len,
        })
    }

    /// Takes bytes in memory.
    pub(crate) fn from_vec(bytes: Vec<u8>, label: &str) -> Self {
        let len = bytes.len() as u64;
        Self { label: label.into(), store: Store::Memory(Arc::new(bytes)), start: 0, len }
    }

    /// Bytes compiled into the program.
    #[cfg(feature = "builtin")]
    pub(crate) fn from_static(bytes: &'static [u8], label: &str) -> Self {
        Self { label: label.into(), store: Store::Static(bytes), start: 0, len: bytes.len() as u64 }
    }

    /// Name of the file, for messages.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Number of bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The part of `len` bytes that begins at `start`, under a name of its own.
    ///
    /// # Errors
    ///
    /// [`FormatError::Truncated`] if there are fewer bytes.
    pub(crate) fn slice(&self, start: u64, len: u64, label: &str) -> Result<Self, FormatError> {
        let end = start.saturating_add(len);
        if self.len < end {
            return Err(FormatError::Truncated {
                file: label.into(),
                expected: end,
                found: self.len,
            });
        }
        Ok(Self { label: label.into(), store: self.store.clone(), start: self.start + start, len })
    }

    /// Fills `out` with the bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// [`FormatError::Io`] if the file is shorter by now, or cannot be read.
    pub(crate) fn read_exact_at(&self, out: &mut [u8], offset: u64) -> Result<(), FormatError> {
        let fail = |source| FormatError::io("reading", &*self.label, source);
        let end = offset.checked_add(out.len() as u64).filter(|&end| end <= self.len);
        let Some(end) = end else { return Err(fail(io::ErrorKind::UnexpectedEof.into())) };
        let from = self.start + offset;
        let memory = |bytes: &[u8], out: &mut [u8]| {
            // In range: `end <= len`, and `start + len` was checked against this memory.
            out.copy_from_slice(&bytes[from as usize..(self.start + end) as usize]);
        };
        match &self.store {
            Store::File(file) => file.read_exact_at(out, from).map_err(fail)?,
            Store::Memory(bytes) => memory(bytes, out),
            #[cfg(feature = "builtin")]
            Store::Static(bytes) => memory(bytes, out),
        }
        Ok(())
    }

    /// Everything, in memory.
    ///
    /// # Errors
    ///
    /// [`FormatError::TooLarge`] above `limit` bytes.
    pub(crate) fn read_all(&self, limit: u64) -> Result<Vec<u8>, FormatError> {
        if limit < self.len {
            return Err(FormatError::TooLarge {
                file: self.label.to_string(),
                bytes: self.len,
                limit,
            });
        }
        let mut out = vec![0; self.len as usize];
        self.read_exact_at(&mut out, 0)?;
        Ok(out)
    }

    /// Everything as UTF-8 text.
    pub(crate) fn read_text(&self, limit: u64) -> Result<String, FormatError> {
        String::from_utf8(self.read_all(limit)?).map_err(|error| {
            FormatError::io(
                "reading",
                &*self.label,
                io::Error::new(io::ErrorKind::InvalidData, error),
            )
        })
    }

    /// Calls `each` with consecutive pieces of at most `buffer.len()` bytes.
    pub(crate) fn for_each_piece<E: From<FormatError>>(
        &self,
        buffer: &mut [u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut offset = 0;
        while offset < self.len {
            let n = (self.len - offset).min(buffer.len() as u64) as usize;
            self.read_exact_at(&mut buffer[..n], offset)?;
            each(&buffer[..n])?;
            offset += n as u64;
        }
        Ok(())
    }

    /// A reader with a position of its own.
    pub(crate) fn reader(&self) -> BytesReader {
        BytesReader { bytes: self.clone(), position: 0 }
    }
}

/// Reads [`Bytes`] in sequence.
#[derive(Debug)]
pub(crate) struct BytesReader {
    bytes: Bytes,
    position: u64,
}

impl Read for BytesReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.len.saturating_sub(self.position);
        let n = left.min(out.len() as u64) as usize;
        self.bytes.read_exact_at(&mut out[..n], self.position).map_err(|error| match error {
            FormatError::Io { source, .. } => source,
            other => io::Error::other(other),
        })?;
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for BytesReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.bytes.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// A file that several threads may read at once, each from a place of its own.
#[cfg(unix)]
#[derive(Debug)]
struct PositionedFile(File);

#[cfg(unix)]
impl PositionedFile {
    fn new(file: File) -> Self {
        Self(file)
    }

    fn read_exact_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, out, offset)
    }
}

/// Elsewhere than on Unix, seeking and reading are two calls, so a lock holds them together.
#[cfg(not(unix))]
#[derive(Debug)]
struct PositionedFile(std::sync::Mutex<File>);

#[cfg(not(unix))]
impl PositionedFile {
    fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(file))
    }

    fn read_exact_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(out)
    }
}
