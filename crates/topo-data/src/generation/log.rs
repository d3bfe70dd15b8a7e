//! The log of a generation: its finished jobs, so that an interrupted generation continues where it
//! stopped, and parts can be merged.
//!
//! Its first line is the specification with its family and part, each further line one finished
//! job. A line counts once it ends in a line feed; what follows the last one was cut off by a crash
//! and is dropped.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read as _, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use vae_base::{Lock, files::append};

use super::{candidate::Candidate, report::GENERATOR, shard::Shard, spec::GenerateSpec};
use crate::{
    error::{Result, TopoDataError},
    families::Family,
};

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// A design, or all iterates; never empty.
    Made(Vec<Candidate>),
    /// No design, and why.
    Failed {
        /// Number of the problem in its family.
        problem: usize,
        /// Number of the variant of that problem.
        variant: usize,
        /// The error of the solver.
        reason: String,
    },
}

impl Outcome {
    /// Whether this can be the outcome of a job of a specification: as many designs of its grid as
    /// a job makes, all of one job.
    pub(crate) fn fits(&self, spec: &GenerateSpec) -> bool {
        let Self::Made(candidates) = self else { return true };
        let (key, cells) = (self.key(), spec.height * spec.width);
        let fits = |candidate: &Candidate| {
            (candidate.problem, candidate.variant) == key
                && candidate.iterate.is_some() == spec.keep_iterates.is_some()
                && candidate.design.len() == cells
        };
        let iterates = spec.keep_iterates.unwrap_or(1);
        (1..=iterates).contains(&candidates.len()) && candidates.iter().all(fits)
    }

    /// Problem and variant: jobs are done in this order.
    pub(crate) fn key(&self) -> (usize, usize) {
        match self {
            Self::Made(candidates) => {
                candidates.first().map_or((0, 0), |first| (first.problem, first.variant))
            }
            Self::Failed { problem, variant, .. } => (*problem, *variant),
        }
    }
}

/// The first line: what decides the designs that follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    format: u32,
    generator: String,
    pub(crate) spec: GenerateSpec,
    /// In full: the file of a family may change.
    pub(crate) family: Family,
    pub(crate) shard: Shard,
}

impl Header {
    pub(crate) fn new(spec: &GenerateSpec, family: &Family, shard: Shard) -> Self {
        Self {
            format: FORMAT,
            generator: GENERATOR.to_owned(),
            spec: spec.clone(),
            family: family.clone(),
            shard,
        }
    }

    fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Version of the log.
const FORMAT: u32 = 2;

/// An open log, which one process at a time can have.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    path: PathBuf,
    _lock: Lock,
}

impl Log {
    /// Where the log of an output folder lies: beside it. That of a part is also its result, and
    /// carries its number.
    pub(crate) fn path_for(out: &Path, shard: Shard) -> PathBuf {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        if shard.is_whole() {
            name.push(".jobs.jsonl");
        } else {
            name.push(format!(".part-{}-of-{}.jsonl", shard.index(), shard.count()));
        }
        out.with_file_name(name)
    }

    /// Reads a finished or unfinished log without touching it.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::NoShard`] if it is not a log of this version,
    /// [`TopoDataError::DamagedLog`], [`TopoDataError::Io`].
    pub(crate) fn read(path: &Path) -> Result<(Header, Vec<Outcome>)> {
        let io = |source| TopoDataError::Io { verb: "read", path: path.to_owned(), source };
        let no_shard = || TopoDataError::NoShard { path: path.to_owned() };
        // Before it is opened, which would wait for somebody to write into a pipe.
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(no_shard());
        }
        let mut reader = BufReader::new(File::open(path).map_err(io)?);
        let mut line = String::new();
        // A file that is not text is not a log.
        reader.read_line(&mut line).map_err(|_| no_shard())?;
        let header: Header = serde_json::from_str(&line).map_err(|_| no_shard())?;
        if header.format != FORMAT {
            return Err(no_shard());
        }
        Ok((header, outcomes(reader, path)?.0))
    }

    /// Opens or creates a log, and returns what it holds. A file that is not a log stays as it is.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::OtherGeneration`] if it was made with other settings or another version, or
    /// is something else; [`TopoDataError::Place`] if another process writes it;
    /// [`TopoDataError::DamagedLog`], or [`TopoDataError::Io`].
    pub(crate) fn open(path: PathBuf, header: &Header) -> Result<(Self, Vec<Outcome>)> {
        let io = |verb| {
            let path = path.clone();
            move |source| TopoDataError::Io { verb, path, source }
        };
        if path.exists() && !path.is_file() {
            return Err(TopoDataError::OtherGeneration { path });
        }
        let lock = Lock::of(&path, "generating designs")?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io("open"))?;

        let header = header.line() + "\n";
        let mut reader = BufReader::new(&file);
        let mut first = Vec::new();
        // No further than the line can be: the file may be anything.
        (&mut reader)
            .take(header.len() as u64)
            .read_until(b'\n', &mut first)
            .map_err(io("read"))?;
        let (mut found, mut end) = (Vec::new(), 0);
        if first == header.as_bytes() {
            let (outcomes, length) = outcomes(reader, &path)?;
            (found, end) = (outcomes, (first.len() + length) as u64);
        } else if !header.as_bytes().starts_with(&first) {
            return Err(TopoDataError::OtherGeneration { path });
        }
        file.set_len(end).map_err(io("cut"))?;
        file.seek(SeekFrom::End(0)).map_err(io("open"))?;
        if end == 0 {
            append(&file, header.as_bytes()).map_err(io("write"))?;
        }
        Ok((Self { file, path, _lock: lock }, found))
    }

    /// Adds a finished job.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Io`].
    pub(crate) fn append(&mut self, outcome: &Outcome) -> Result<()> {
        let mut line = serde_json::to_string(outcome).unwrap_or_default();
        line.push('\n');
        append(&self.file, line.as_bytes()).map_err(|source| TopoDataError::Io {
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

/// The outcomes that follow the first line, and the bytes of their lines. What follows the last
/// line feed does not count.
fn outcomes(mut reader: impl BufRead, path: &Path) -> Result<(Vec<Outcome>, usize)> {
    let (mut outcomes, mut length, mut line) = (Vec::new(), 0, String::new());
    let io = |source| TopoDataError::Io { verb: "read", path: path.to_owned(), source };
    while reader.read_line(&mut line).map_err(io)? > 0 && line.ends_with('\n') {
        let damaged = |error: serde_json::Error| TopoDataError::DamagedLog {
            path: path.to_owned(),
            line: outcomes.len() + 2,
            reason: error.to_string(),
        };
        outcomes.push(serde_json::from_str(&line).map_err(damaged)?);
        length += line.len();
        line.clear();
    }
    Ok((outcomes, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(seed: u64) -> Header {
        let spec = GenerateSpec { seed, ..GenerateSpec::for_family("cantilever").unwrap() };
        Header::new(&spec, &Family::cantilever(), Shard::WHOLE)
    }

    fn made(variant: usize) -> Outcome {
        Outcome::Made(vec![Candidate {
            problem: 3,
            variant,
            iterate: None,
            filter_radius: 2.0,
            iterations: 7,
            compliance: 1.0 / 3.0,
            compliance_cut: f64::INFINITY,
            greyness: 0.1,
            design: vec![0, 127, 255],
            history: Vec::new(),
        }])
    }

    #[test]
    fn a_log_gives_back_what_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = Log::path_for(&folder.path().join("set"), Shard::WHOLE);
        assert!(path.ends_with("set.jobs.jsonl"));
        let failed = Outcome::Failed { problem: 3, variant: 1, reason: "singular".to_owned() };
        let (mut log, outcomes) = Log::open(path.clone(), &header(1)).unwrap();
        assert!(outcomes.is_empty());
        log.append(&made(0)).unwrap();
        log.append(&failed).unwrap();
        drop(log);
        let (log, outcomes) = Log::open(path.clone(), &header(1)).unwrap();
        assert_eq!(outcomes, [made(0), failed]);
        log.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_line_cut_off_at_any_byte_is_dropped_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.jsonl");
        let (mut log, _) = Log::open(path.clone(), &header(1)).unwrap();
        log.append(&made(0)).unwrap();
        let one = std::fs::metadata(&path).unwrap().len();
        log.append(&made(1)).unwrap();
        drop(log);
        let whole = std::fs::read(&path).unwrap();
        for length in one..whole.len() as u64 {
            std::fs::write(&path, &whole[..length as usize]).unwrap();
            let (mut log, outcomes) = Log::open(path.clone(), &header(1)).unwrap();
            assert_eq!(outcomes, [made(0)]);
            log.append(&made(1)).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn other_settings_and_damage_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.jsonl");
        let (mut log, _) = Log::open(path.clone(), &header(1)).unwrap();
        log.append(&made(0)).unwrap();
        let error = Log::open(path.clone(), &header(1)).unwrap_err();
        assert!(matches!(error, TopoDataError::Place(_)), "{error}");
        drop(log);
        let error = Log::open(path.clone(), &header(2)).unwrap_err();
        assert!(matches!(error, TopoDataError::OtherGeneration { .. }), "{error}");

        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"made\":\n");
        std::fs::write(&path, bytes).unwrap();
        let error = Log::open(path, &header(1)).unwrap_err();
        assert!(matches!(error, TopoDataError::DamagedLog { line: 3, .. }), "{error}");
    }

    #[test]
    fn a_file_that_is_not_a_log_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.jsonl");
        let longer = header(1).line() + " and more";
        let texts: [&[u8]; 4] = [b"notes", b"\xff\xfe", b"{}\n{}\n", longer.as_bytes()];
        for text in texts {
            std::fs::write(&path, text).unwrap();
            let error = Log::open(path.clone(), &header(1)).unwrap_err();
            assert!(matches!(error, TopoDataError::OtherGeneration { .. }), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), text);
        }
        // A first line that was cut off by a crash is written again.
        let line = header(1).line();
        for length in [0, 1, line.len()] {
            std::fs::write(&path, &line[..length]).unwrap();
            drop(Log::open(path.clone(), &header(1)).unwrap());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), line.clone() + "\n");
        }
    }

    #[test]
    fn an_outcome_fits_its_specification_or_not() {
        let spec =
            GenerateSpec { height: 1, width: 3, ..GenerateSpec::for_family("cantilever").unwrap() };
        assert!(made(0).fits(&spec));
        let changed = |change: fn(&mut Vec<Candidate>)| {
            let Outcome::Made(mut candidates) = made(0) else { unreachable!() };
            change(&mut candidates);
            Outcome::Made(candidates).fits(&spec)
        };
        assert!(!changed(Vec::clear));
        assert!(!changed(|candidates| candidates.push(candidates[0].clone())));
        assert!(!changed(|candidates| candidates[0].design.truncate(2)));
        assert!(!changed(|candidates| candidates[0].iterate = Some(0)));
    }
}
