//! The mechanics behind each design, as text: this crate keeps it by position and does not read it.

use crate::error::{DataError, FormatError, SetError};
use crate::formats::bytes::Bytes;
use crate::set::checks::check_count;

/// Problem texts to be written beside designs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Problems {
    /// Nothing is known.
    #[default]
    None,
    /// One text for all designs, `problem.toml`; its values may name conditions.
    Shared(String),
    /// One JSON text without line breaks per design, `problems.jsonl`.
    PerDesign(Vec<String>),
}

/// The problems of an open data set.
#[derive(Clone, Debug)]
pub(crate) enum ProblemSource {
    None,
    Shared(String),
    PerDesign(Lines),
}

/// Lines of a text, found by position and read when asked for.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    text: Bytes,
    /// Where each line begins, and behind the last one's line break.
    starts: Vec<u64>,
}

/// A text shared by all designs is held in memory.
const MAX_SHARED: u64 = 16 << 20;

impl ProblemSource {
    /// Opens `problem.toml`.
    pub(crate) fn open_shared(file: &Bytes) -> Result<Self, FormatError> {
        file.read_text(MAX_SHARED).map(Self::Shared)
    }

    /// Opens `problems.jsonl`, which must have one line for each of `n` designs.
    pub(crate) fn open_lines(file: &Bytes, n: usize) -> Result<Self, DataError> {
        let mut starts = vec![0];
        let mut offset = 0;
        file.for_each_piece(&mut vec![0; 1 << 16], |piece| {
            let breaks = piece.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            starts.extend(breaks.map(|(position, _)| offset + position as u64 + 1));
            offset += piece.len() as u64;
            Ok::<(), FormatError>(())
        })?;
        if starts.last() != Some(&file.len()) {
            starts.push(file.len()); // the last line lacks its line break
        }
        let found = starts.len() - 1;
        check_count(file.label(), "problems", found, n)?;
        Ok(Self::PerDesign(Lines { text: file.clone(), starts }))
    }

    /// Checks problems in memory against `n` designs.
    pub(crate) fn from_problems(problems: Problems, n: usize) -> Result<Self, DataError> {
        match problems {
            Problems::None => Ok(Self::None),
            Problems::Shared(text) => Ok(Self::Shared(text)),
            Problems::PerDesign(texts) => {
                if let Some(design) = texts.iter().position(|text| text.contains('\n')) {
                    return Err(
                        SetError::ProblemLines { file: "problems.jsonl".into(), design }.into()
                    );
                }
                let mut joined = texts.join("\n");
                if !texts.is_empty() {
                    joined.push('\n');
                }
                Self::open_lines(&Bytes::from_vec(joined.into_bytes(), "problems.jsonl"), n)
            }
        }
    }
}

impl Lines {
    /// Line `index`, without its line break.
    pub(crate) fn line(&self, index: usize) -> Result<String, FormatError> {
        let (start, end) = (self.starts[index], self.starts[index + 1]);
        let line = self.text.slice(start, end - start, self.text.label())?.read_text(MAX_SHARED)?;
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// All lines as they stand.
    pub(crate) fn text(&self) -> &Bytes {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_with_and_without_a_last_break() {
        for text in ["{\"a\":1}\n{}\r\n{\"b\":2}", "{\"a\":1}\n{}\r\n{\"b\":2}\n"] {
            let file = Bytes::from_vec(text.into(), "problems.jsonl");
            let ProblemSource::PerDesign(lines) = ProblemSource::open_lines(&file, 3).unwrap()
            else {
                panic!()
            };
            assert_eq!(lines.line(0).unwrap(), "{\"a\":1}");
            assert_eq!(lines.line(1).unwrap(), "{}");
            assert_eq!(lines.line(2).unwrap(), "{\"b\":2}");
        }
    }

    #[test]
    fn a_wrong_number_of_lines_is_named() {
        let file = Bytes::from_vec(b"{}\n{}\n".into(), "problems.jsonl");
        let error = ProblemSource::open_lines(&file, 3).unwrap_err();
        assert_eq!(error.to_string(), "problems.jsonl: 2 problems where 3 are expected");
        let two = Problems::PerDesign(vec!["{}".into(), "{\n}".into()]);
        assert!(matches!(
            ProblemSource::from_problems(two, 2),
            Err(DataError::Set(SetError::ProblemLines { design: 1, .. }))
        ));
    }
}
