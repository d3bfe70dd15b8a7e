//! The log of a generation: finished jobs, so that an interrupted one goes on where it stopped.
//!
//! Its first line is the specification, each further line one finished job. A line counts once it ends in a line feed; what follows the last
//! one was cut off by a crash and is dropped.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    candidate::Candidate,
    error::{Result, TopoDataError},
    spec::GenerateSpec,
};

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// A design.
    Made(Candidate),
    /// No design, and why.
    Failed {
        /// Number of the problem in its family.
        problem: usize,
        /// Number of the variant of that problem.
        variant: usize,
        /// The solver's words.
        reason: String,
    },
}

impl Outcome {
    /// Problem and variant: jobs are done in this order.
    pub(crate) fn key(&self) -> (usize, usize) {
        match self {
            Self::Made(candidate) => (candidate.problem, candidate.variant),
            Self::Failed { problem, variant, .. } => (*problem, *variant),
        }
    }
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    generator: String,
    spec: GenerateSpec,
}

/// An open log.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// Where the log of an output folder lies: beside it.
    pub(crate) fn path_for(out: &Path) -> PathBuf {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".jobs.jsonl");
        out.with_file_name(name)
    }

    /// Opens or creates a log, and returns what it holds.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::OtherGeneration`] if it was made with other settings or another version, [`TopoDataError::DamagedLog`], or
    /// [`TopoDataError::Io`].
    pub(crate) fn open(path: PathBuf, spec: &GenerateSpec) -> Result<(Self, Vec<Outcome>)> {
        let io = |verb| {
            let path = path.clone();
            move |source| TopoDataError::Io { verb, path, source }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io("open"))?;

        let header = header(spec);
        let mut reader = BufReader::new(&file);
        let (mut outcomes, mut end, mut number, mut line) = (Vec::new(), 0_u64, 0, String::new());
        while reader.read_line(&mut line).map_err(io("read"))? > 0 && line.ends_with('\n') {
            number += 1;
            if number == 1 {
                if line.trim_end() != header {
                    return Err(TopoDataError::OtherGeneration { path });
                }
            } else {
                let damaged = |error: serde_json::Error| TopoDataError::DamagedLog {
                    path: path.clone(),
                    line: number,
                    reason: error.to_string(),
                };
                outcomes.push(serde_json::from_str(&line).map_err(damaged)?);
            }
            end += line.len() as u64;
            line.clear();
        }
        file.set_len(end).map_err(io("cut"))?;
        file.seek(SeekFrom::End(0)).map_err(io("open"))?;
        if number == 0 {
            writeln!(file, "{header}").map_err(io("write"))?;
        }
        Ok((Self { file, path }, outcomes))
    }

    /// Adds a finished job.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Io`].
    pub(crate) fn append(&mut self, outcome: &Outcome) -> Result<()> {
        // One write: a killed process leaves a whole line, or one without its end.
        let mut line = serde_json::to_string(outcome).unwrap_or_default();
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(|source| TopoDataError::Io {
            verb: "write",
            path: self.path.clone(),
            source,
        })
    }

    /// Removes the log: the data set is complete.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Io`].
    pub(crate) fn remove(self) -> Result<()> {
        drop(self.file);
        std::fs::remove_file(&self.path).map_err(|source| TopoDataError::Io {
            verb: "remove",
            path: self.path,
            source,
        })
    }
}

/// The first line of the log of a specification.
fn header(spec: &GenerateSpec) -> String {
    let header = Header { format: 1, generator: crate::generate::generator(), spec: spec.clone() };
    serde_json::to_string(&header).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> GenerateSpec {
        GenerateSpec::for_family("cantilever").unwrap()
    }

    fn made(variant: usize) -> Outcome {
        Outcome::Made(Candidate {
            problem: 3,
            variant,
            filter_radius: 2.0,
            iterations: 7,
            compliance: 1.0 / 3.0,
            compliance_cut: f64::INFINITY,
            greyness: 0.1,
            design: vec![0, 127, 255],
            history: Vec::new(),
        })
    }

    #[test]
    fn a_log_gives_back_what_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = Log::path_for(&folder.path().join("set"));
        assert!(path.ends_with("set.jobs.jsonl"));
        let failed = Outcome::Failed { problem: 3, variant: 1, reason: "singular".to_owned() };
        let (mut log, outcomes) = Log::open(path.clone(), &spec()).unwrap();
        assert!(outcomes.is_empty());
        log.append(&made(0)).unwrap();
        log.append(&failed).unwrap();
        drop(log);
        let (log, outcomes) = Log::open(path.clone(), &spec()).unwrap();
        assert_eq!(outcomes, [made(0), failed]);
        log.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_line_cut_off_at_any_byte_is_dropped_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.jsonl");
        let (mut log, _) = Log::open(path.clone(), &spec()).unwrap();
        log.append(&made(0)).unwrap();
        let one = std::fs::metadata(&path).unwrap().len();
        log.append(&made(1)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in one..whole.len() as u64 {
            std::fs::write(&path, &whole[..length as usize]).unwrap();
            let (mut log, outcomes) = Log::open(path.clone(), &spec()).unwrap();
            assert_eq!(outcomes, [made(0)]);
            log.append(&made(1)).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn other_settings_and_damage_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.jsonl");
        let (mut log, _) = Log::open(path.clone(), &spec()).unwrap();
        log.append(&made(0)).unwrap();
        let other = GenerateSpec { seed: 2, ..spec() };
        let error = Log::open(path.clone(), &other).unwrap_err();
        assert!(matches!(error, TopoDataError::OtherGeneration { .. }), "{error}");

        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"made\":\n");
        std::fs::write(&path, bytes).unwrap();
        let error = Log::open(path, &spec()).unwrap_err();
        assert!(matches!(error, TopoDataError::DamagedLog { line: 3, .. }), "{error}");
    }
}
