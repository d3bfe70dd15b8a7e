//! Damaged files given to commands.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use vae_torture::{Random, mutant};

use super::oracle;
use super::scene::{Scene, copy};
use super::tally::Tally;

/// The memory that a command may address beside [`RESERVED`] for each of its threads, in kilobytes
/// (2 GB).
const MEMORY: u64 = 2 << 20;

/// What a thread may address without touching it, in kilobytes (1 GB): faer's matrix product
/// reserves twice the size of the last cache for each, and some processors have 480 MB.
const RESERVED: u64 = 1 << 20;

/// How long a command may compute, in seconds.
const SECONDS: u64 = 20;

/// A file that is damaged, and a command that reads it.
struct Target {
    file: &'static str,
    command: &'static str,
}

const fn target(file: &'static str, command: &'static str) -> Target {
    Target { file, command }
}

/// Every kind of file that a command reads.
const TARGETS: [Target; 33] = [
    target("beams/dataset.json", "data info beams"),
    target("beams/designs.npy", "data info beams"),
    target("beams/conditions.npy", "data info beams"),
    target("beams/groups.npy", "data info beams"),
    target("beams/results.csv", "data info beams"),
    target("beams/problems.jsonl", "data info beams"),
    target("beams/problems.jsonl", "analyze beams"),
    target("beams/dataset.json", "data convert beams --out out"),
    target("picture.png", "data info picture.png"),
    target("picture.tif", "data info picture.tif"),
    target("picture.pgm", "data info picture.pgm"),
    target("picture.bmp", "data convert picture.bmp --out out"),
    target("images-idx3-ubyte", "data info images-idx3-ubyte"),
    target("designs.npz", "data info designs.npz"),
    target("designs.npy", "data convert designs.npy --out out"),
    target("table.csv", "data info table.csv"),
    target("run/config.toml", "evaluate run --samples 1"),
    target("run/splits.json", "evaluate run --samples 1"),
    target("run/manifest.json", "evaluate run --samples 1"),
    target("run/model.safetensors", "evaluate run --samples 1"),
    target("run/model.safetensors", "sample run --count 1 --out out"),
    target("run/flow.safetensors", "sample run --count 1 --out out"),
    target("run/metrics.jsonl", "plot curves run --out out"),
    target("run/checkpoints/last.safetensors", "train --resume run"),
    target("run/config.toml", "train --resume run"),
    target(
        "often.toml",
        "train --data beams --config often.toml --epochs 1 --batch-size 8 --latent-dim 2 --run out",
    ),
    target("codes.npz", "decode run codes.npz --out out"),
    target("samples/designs.npz", "export samples/designs.npz --all --to stl --out out"),
    target("problem.toml", "simp solve problem.toml --max-iterations 3"),
    target("problem.toml", "analyze samples/designs.npz --problem problem.toml"),
    target(
        "family.toml",
        "simp generate family.toml --grid 6x12 --problems 2 --variants 1 --filter-radii 1.5 --out out",
    ),
    target("part.jobs.jsonl", "simp merge part.jobs.jsonl --out out"),
    target(
        "weights.safetensors",
        "weights import weights.safetensors --preset tutorial-mlp --size 12x21 --condition volume=52,27,5,99 --out out",
    ),
];

/// Inputs that damaged files lie among.
const INPUTS: [&str; 17] = [
    "beams",
    "run",
    "samples",
    "picture.png",
    "picture.tif",
    "picture.pgm",
    "picture.bmp",
    "images-idx3-ubyte",
    "designs.npz",
    "designs.npy",
    "table.csv",
    "often.toml",
    "codes.npz",
    "problem.toml",
    "family.toml",
    "part.jobs.jsonl",
    "weights.safetensors",
];

/// Checks that each command succeeds on the whole file: else its damage would not be looked at.
pub(crate) fn check(scene: &Scene) -> Result<()> {
    let bench = Bench::new(scene, 0)?;
    let inside = bench.around.join("inside");
    for Target { file, command } in TARGETS {
        let mut process = scene.command(command);
        let ran = oracle::run_through(process.current_dir(&inside))?;
        ensure!(ran.code == Some(0), "vae {command} fails: {}", ran.stderr);
        bench.restore(file, &fs::read(scene.inputs().join(file))?)?;
    }
    Ok(())
}

/// Gives the damaged files of these cases to commands, several at a time.
pub(crate) fn torture(
    scene: &Scene,
    cases: Range<u64>,
    until: Instant,
    tally: &mut Tally,
) -> Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (next, tally) = (AtomicU64::new(cases.start), Mutex::new(tally));
    thread::scope(|scope| {
        let worker = |number: usize| {
            let (next, tally, end) = (&next, &tally, cases.end);
            move || -> Result<()> {
                let bench = Bench::new(scene, number)?;
                loop {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    if end <= case || until < Instant::now() {
                        return Ok(());
                    }
                    let (name, met, took, failure) = bench.case(case)?;
                    let mut tally = tally.lock().expect("no worker panics");
                    tally.note(("damaged file", &name), met, took, failure);
                }
            }
        };
        let started: Vec<_> = (0..workers).map(|number| scope.spawn(worker(number))).collect();
        for worker in started {
            worker.join().expect("a worker does not panic")?;
        }
        Ok(())
    })
}

/// The folders of a worker: `around` holds nothing but `inside`, where commands run.
struct Bench<'a> {
    scene: &'a Scene,
    around: std::path::PathBuf,
}

impl<'a> Bench<'a> {
    fn new(scene: &'a Scene, number: usize) -> Result<Self> {
        let around = scene.folder(&format!("files-{number}"), &[])?;
        let inside = around.join("inside");
        fs::create_dir(&inside)?;
        for input in INPUTS {
            copy(&scene.inputs().join(input), &inside.join(input))?;
        }
        Ok(Self { scene, around })
    }

    /// One damaged file; its name, whether it was refused, how long that took, and what is wrong.
    fn case(&self, case: u64) -> Result<(String, bool, Duration, Option<String>)> {
        let random = &mut Random::new(self.scene.seed, (1 << 40) + case);
        let Target { file, command } = random.pick(&TARGETS);
        let inside = self.around.join("inside");
        let path = inside.join(file);
        let whole = fs::read(self.scene.inputs().join(file))?;
        let damaged = mutant(random, &whole, &whole);
        fs::write(&path, &damaged)?;
        let threads = 1 + thread::available_parallelism()?.get() as u64;
        let memory = MEMORY + threads * RESERVED;
        let shell = format!("ulimit -v {memory}; ulimit -t {SECONDS}; exec \"$@\"");
        let mut process = self.scene.behind(&shell, command);
        let ran = oracle::run_through(process.current_dir(&inside))?;
        let mut fault = ran.fault();
        if fault.is_none() {
            fault = self.elsewhere()?;
        }
        if fault.is_none() {
            fault = oracle::left_behind(&inside)?;
        }
        if let Some(fault) = &fault {
            self.keep(case, file, command, &damaged, fault)?;
        }
        self.restore(file, &whole)?;
        Ok(((*file).to_owned(), ran.code != Some(0), ran.took, fault))
    }

    /// What appeared outside of the folder in which the command ran.
    fn elsewhere(&self) -> Result<Option<String>> {
        for entry in fs::read_dir(&self.around)? {
            let name = entry?.file_name();
            if name != "inside" {
                return Ok(Some(format!("{} was written outside", name.display())));
            }
        }
        let evil = ["/tmp/evil", "/evil"].into_iter().find(|path| Path::new(path).exists());
        Ok(evil.map(|path| format!("{path} was written")))
    }

    fn keep(
        &self,
        case: u64,
        file: &str,
        command: &str,
        damaged: &[u8],
        fault: &str,
    ) -> Result<()> {
        let folder = self.scene.failures().join(format!("file-{case}"));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(Path::new(file).file_name().unwrap_or_default()), damaged)?;
        fs::write(folder.join("what.txt"), format!("{file}\nvae {command}\n{fault}\n"))?;
        Ok(())
    }

    /// Brings everything back that a command has changed.
    fn restore(&self, file: &str, whole: &[u8]) -> Result<()> {
        let inside = self.around.join("inside");
        for entry in fs::read_dir(&inside)? {
            let path = entry?.path();
            if !self.scene.inputs().join(path.file_name().unwrap_or_default()).exists() {
                if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
            }
        }
        // A command may have gone on with a run, or written its report.
        let top = Path::new(file).iter().next().unwrap_or_default();
        if top == "run" {
            fs::remove_dir_all(inside.join("run"))?;
            copy(&self.scene.inputs().join("run"), &inside.join("run"))
        } else {
            Ok(fs::write(inside.join(file), whole)?)
        }
    }
}
