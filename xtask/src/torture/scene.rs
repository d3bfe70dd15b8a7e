//! What processes are given: data, a run and other files, made once by the program itself.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use vae_torture::seeds;

use super::site::Site;

/// A folder with everything that is given to processes, and the program.
pub(crate) struct Scene {
    root: PathBuf,
    program: PathBuf,
    /// The seed of every damage.
    pub(crate) seed: u64,
    /// What commands do that are not stopped, by their names.
    pub(crate) wholes: Mutex<HashMap<&'static str, Whole>>,
    /// Serves a record to fetch; `None` where its checksum cannot be computed.
    pub(crate) site: Option<Site>,
}

/// What a process does that is not stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    pub(crate) took: Duration,
    /// Bytes of its largest file, and of all.
    pub(crate) largest: u64,
    pub(crate) bytes: u64,
}

/// Commands that make the inputs, in order, in the folder of the inputs.
const MAKE: [&str; 5] = [
    "simp generate cantilever --grid 12x24 --problems 16 --variants 3 --filter-radii 1.5 --out beams",
    "train --data beams --epochs 2 --batch-size 8 --latent-dim 2 --run run",
    "sample run --count 2 --out samples",
    "encode run --out codes.npz",
    "simp generate cantilever --grid 6x12 --problems 2 --variants 2 --filter-radii 1.5 --shard 1/1 --out part",
];

impl Scene {
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let program = env::current_exe()?.with_file_name("vae");
        ensure!(program.is_file(), "{} is not there", program.display());
        let target = program.parent().and_then(Path::parent).context("a target folder")?;
        let root = target.join("torture").join(std::process::id().to_string());
        fs::create_dir_all(root.join("inputs"))?;
        let mut scene = Self { root, program, seed, wholes: Mutex::default(), site: None };
        for command in MAKE {
            let output = scene.command(command).current_dir(scene.inputs()).output()?;
            ensure!(
                output.status.success(),
                "vae {command} failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        scene.write_files()?;
        scene.site = Site::start(&scene.inputs())?;
        Ok(scene)
    }

    /// Files of formats that the program reads and does not write.
    fn write_files(&self) -> Result<()> {
        let pixels: Vec<u8> = (0..24 * 12).map(|i| if i % 7 < 3 { 20 } else { 240 }).collect();
        let problem = fs::read_to_string(self.inputs().join("beams/problems.jsonl"))?;
        let problem = problem.lines().next().context("a problem")?;
        let problem: serde_json::Value = serde_json::from_str(problem)?;
        let floats = seeds::floats(&[0.25; 24]);
        let array = seeds::npy("<f4", &[2, 3, 4], &floats);
        // xtask runs in the root of the workspace.
        let ours = |path: &str| fs::read(path).with_context(|| path.to_owned());
        for (name, bytes) in [
            ("picture.png", seeds::png(24, 12, &pixels)),
            ("picture.tif", seeds::tiff(24, 12, &pixels)),
            ("picture.pgm", seeds::pgm(24, 12, &pixels)),
            ("picture.bmp", seeds::bmp(24, 12, [9, 9, 9])),
            ("images-idx3-ubyte", seeds::idx(&[2, 12, 24], &pixels.repeat(2))),
            ("designs.npz", seeds::zip(&[("designs.npy", &array)])),
            ("designs.npy", array),
            ("table.csv", b"x,y,density\n0,0,1\n1,0,0\n0,1,0.5\n1,1,0.25\n".to_vec()),
            ("problem.toml", toml(&problem).into_bytes()),
            ("family.toml", ours("crates/topo-data/families/cantilever.toml")?),
            (
                "weights.safetensors",
                ours("crates/vae-models/tests/fixtures/tutorial_dense.safetensors")?,
            ),
            (
                "often.toml",
                b"[training]\nepochs = 2\nbatch_size = 8\nlog_every = 1\n[model]\nlatent_dim = 2\n"
                    .to_vec(),
            ),
        ] {
            fs::write(self.inputs().join(name), bytes)?;
        }
        Ok(())
    }

    /// `vae` with arguments, on one thread.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments.split_whitespace());
        quiet(&mut command);
        command
    }

    /// The same behind a line of the shell, in which `"$@"` is the command.
    pub(crate) fn behind(&self, shell: &str, arguments: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", shell, "sh"]).arg(&self.program).args(arguments.split_whitespace());
        quiet(&mut command);
        command
    }

    pub(crate) fn inputs(&self) -> PathBuf {
        self.root.join("inputs")
    }

    pub(crate) fn failures(&self) -> PathBuf {
        self.root.join("failures")
    }

    /// A fresh folder with copies of these inputs.
    pub(crate) fn folder(&self, name: &str, inputs: &[&str]) -> Result<PathBuf> {
        let folder = self.root.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        for input in inputs {
            copy(&self.inputs().join(input), &folder.join(input))?;
        }
        Ok(folder)
    }

    /// Removes everything.
    pub(crate) fn remove(&self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// One thread, no backtraces, nothing to ask.
fn quiet(command: &mut Command) {
    command.env("RAYON_NUM_THREADS", "1").env("RUST_BACKTRACE", "0");
    command.stdin(std::process::Stdio::null());
}

/// Copies a file or a folder.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else {
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

/// A JSON object as TOML, whose inline tables and arrays are nearly the same.
fn toml(value: &serde_json::Value) -> String {
    let Some(object) = value.as_object() else { return String::new() };
    let lines = object.iter().map(|(key, value)| format!("{key} = {}", inline(value)));
    lines.collect::<Vec<_>>().join("\n")
}

fn inline(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Object(object) => {
            let items = object.iter().map(|(key, value)| format!("{key} = {}", inline(value)));
            format!("{{ {} }}", items.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
