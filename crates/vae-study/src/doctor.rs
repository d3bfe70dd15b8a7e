//! What this machine can do, and what that means.

use std::fs;
use std::path::Path;

use pulp::{Arch, Simd, WithSimd};
use serde::Serialize;
use vae_base::{FileError, Lock};
use vae_train::learn::Memory;

/// Memory below which the default model cannot be trained on the built-in set with room to spare,
/// in bytes.
const ENOUGH: f64 = 2e9;

/// What was found out about this machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Findings {
    /// Version of this program.
    pub version: String,
    /// Operating system and architecture.
    pub system: String,
    /// Cores that may be used.
    pub cores: usize,
    /// Threads that commands use.
    pub threads: usize,
    /// Instruction set of the layers of networks: `portable`, `avx2` or `avx512`.
    pub network_vectors: &'static str,
    /// Numbers of 8 bytes that the solver of mechanics computes at once.
    pub solver_lanes: usize,
    /// The memory.
    pub memory: Memory,
    /// Whether sets of the Hub and Parquet files can be read.
    pub hub: bool,
    /// Folders for results, and whether they can be written.
    pub folders: Vec<Writable>,
    /// Whether a lock in the current folder keeps a second process out.
    pub locks: bool,
}

/// A folder for results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Writable {
    /// What lies there.
    pub what: &'static str,
    /// Its path, below the current folder.
    pub path: String,
    /// Why it cannot be written; `None` if it can.
    pub trouble: Option<String>,
}

/// How many numbers a vector holds.
struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        size_of::<S::f64s>() / size_of::<f64>()
    }
}

impl Findings {
    /// Looks at this machine from a folder; `threads` are those that commands use, and `hub` tells
    /// whether this program reads sets of the Hub.
    pub fn of(here: &Path, version: &str, threads: usize, hub: bool) -> Self {
        let folders = [("runs", "runs"), ("data", "data that are fetched"), (".", "other results")];
        let look = |(path, what): (&str, &'static str)| Writable {
            what,
            path: path.to_owned(),
            trouble: trouble(&here.join(path)),
        };
        Self {
            version: version.to_owned(),
            system: format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            threads,
            network_vectors: vae_nn::instruction_set(),
            solver_lanes: Arch::new().dispatch(Lanes),
            memory: Memory::now(),
            hub,
            folders: folders.map(look).to_vec(),
            locks: keeps_out(here),
        }
    }

    /// Each finding with what it means, in a line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut row = |name: &str, found: String, means: &str| {
            let means = if means.is_empty() { String::new() } else { format!(": {means}") };
            lines.push(format!("{name:12}  {found}{means}"));
        };
        row("version", self.version.clone(), "");
        row("system", self.system.clone(), "");
        let fewer = "fewer threads than cores: the setting `threads`, or RAYON_NUM_THREADS";
        let threads = match self.threads.cmp(&self.cores) {
            std::cmp::Ordering::Less => fewer,
            std::cmp::Ordering::Equal => "all cores are used",
            std::cmp::Ordering::Greater => "more threads than cores, which is slower",
        };
        row("threads", format!("{} of {} cores", self.threads, self.cores), threads);
        let network = match self.network_vectors {
            "avx512" | "avx2" => "training runs on wide vectors",
            _ => "training takes several times as long: the processor has no AVX2 with FMA",
        };
        row("network", self.network_vectors.to_owned(), network);
        let solver = if self.solver_lanes < 4 {
            "the solver computes few numbers at once: the processor has no AVX2"
        } else {
            "the solver runs on wide vectors"
        };
        row("solver", format!("{} numbers at once", self.solver_lanes), solver);
        let gb = |bytes: Option<f64>| {
            bytes.map_or("unknown".to_owned(), |bytes| format!("{:.1} GB", bytes / 1e9))
        };
        let memory = match self.memory.free {
            Some(free) if free < ENOUGH => {
                "little: close other programs, or train with smaller batches"
            }
            Some(_) => "enough for the default model; a training says what it needs",
            None => "unknown: a training cannot say beforehand that it needs too much",
        };
        let free = format!("{} free of {}", gb(self.memory.free), gb(self.memory.total));
        row("memory", free, memory);
        let (hub, means) = if self.hub {
            ("yes", "sets of the Hub and Parquet files are read")
        } else {
            ("no", "sets of the Hub and Parquet files need a build with the feature hub")
        };
        row("feature hub", hub.to_owned(), means);
        for Writable { what, path, trouble } in &self.folders {
            let (found, means) = match trouble {
                None => ("writable".to_owned(), format!("{what} can be written")),
                Some(trouble) => (trouble.clone(), format!("{what} need another folder")),
            };
            row(&format!("folder {path}"), found, &means);
        }
        let (locks, means) = if self.locks {
            ("work", "one process at a time writes a run")
        } else {
            ("do not work", "two processes may write one run: start them in turn")
        };
        row("locks", locks.to_owned(), means);
        lines
    }

    /// Whether everything works that results depend on.
    pub fn is_well(&self) -> bool {
        self.locks && self.folders.iter().all(|folder| folder.trouble.is_none())
    }
}

/// Why nothing can be written into a folder, or made where there is none yet; `None` if it can.
fn trouble(folder: &Path) -> Option<String> {
    let there = folder.ancestors().find(|path| path.exists())?;
    if !there.is_dir() {
        return Some("not a folder".to_owned());
    }
    tempfile::tempfile_in(there).err().map(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => "not allowed".to_owned(),
        std::io::ErrorKind::ReadOnlyFilesystem => "read-only".to_owned(),
        std::io::ErrorKind::StorageFull => "full".to_owned(),
        _ => error.to_string(),
    })
}

/// Whether a lock keeps a second one out.
fn keeps_out(here: &Path) -> bool {
    let Ok(folder) = tempfile::tempdir_in(here) else { return false };
    let place = folder.path().join("run");
    let Ok(_lock) = Lock::of(&place, "looking") else { return false };
    let refused = matches!(Lock::of(&place, "looking"), Err(FileError::Busy { .. }));
    // Unless it was moved away, it goes with its folder.
    let _ = fs::remove_file(&place);
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_written_is_well() {
        let here = tempfile::tempdir().unwrap();
        let found = Findings::of(here.path(), "0.1", 2, false);
        assert!(found.is_well() && 0 < found.cores && 0 < found.solver_lanes, "{found:?}");
        assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0, "nothing stays behind");
        let lines = found.lines();
        assert!(lines.iter().any(|line| line.starts_with("locks         work: ")), "{lines:?}");
    }

    /// Each remark has its opposite.
    #[test]
    fn what_is_missing_is_said() {
        let here = tempfile::tempdir().unwrap();
        std::fs::write(here.path().join("runs"), "a file").unwrap();
        let mut found = Findings::of(here.path(), "0.1", 2, false);
        assert!(!found.is_well());
        let says =
            |found: &Findings, words: &str| found.lines().iter().any(|line| line.contains(words));
        assert!(says(&found, "not a folder") && says(&found, "runs need another folder"));
        assert!(!says(&found, "runs can be written") && says(&found, "results can be written"));
        for (words, change) in [
            (
                "need a build",
                Box::new(|it: &mut Findings| it.hub = true) as Box<dyn Fn(&mut Findings)>,
            ),
            ("one process at a time", Box::new(|it: &mut Findings| it.locks = false)),
        ] {
            assert!(says(&found, words), "{words}");
            change(&mut found);
            assert!(!says(&found, words), "{words}");
        }
        for (free, words) in [(Some(1e9), "little"), (Some(9e9), "enough"), (None, "unknown")] {
            found.memory.free = free;
            assert!(says(&found, words), "{words}");
        }
        for (threads, words) in [(1, "fewer"), (2, "all cores"), (3, "slower")] {
            (found.threads, found.cores) = (threads, 2);
            assert!(says(&found, words), "{words}");
        }
        for (set, words) in [("portable", "several times"), ("avx2", "training runs on wide")] {
            found.network_vectors = set;
            assert!(says(&found, words), "{words}");
        }
        for (lanes, words) in [(1, "few numbers"), (4, "the solver runs")] {
            found.solver_lanes = lanes;
            assert!(says(&found, words), "{words}");
        }
    }
}
