//! `cargo xtask compare-pytorch`: our speed and PyTorch's, measured in turn on one machine.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::environment::python;
use crate::table::table;
use crate::workload::{OURS, Samples, WORKLOADS, Workload, number};
use crate::{cargo, say};

const MODES: [&str; 4] = ["eager", "eager-last", "compile", "compile-last"];

/// Settings of the comparison.
#[derive(Args, Clone)]
pub(crate) struct Settings {
    /// Python that has torch [default: an environment made in --cache]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Where the environment is made [default: topovae/pytorch in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Times that every contender is measured, in turn; 0 prints the table of what is in --samples
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Training steps that are timed per measurement, after three that are not
    #[arg(long, value_name = "N", default_value_t = 10)]
    steps: usize,
    /// Workloads to measure [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = WORKLOADS.map(|workload| workload.name))]
    workloads: Vec<String>,
    /// PyTorch's modes; compile needs a C++ compiler
    #[arg(long, value_name = "MODE", value_delimiter = ',', value_parser = MODES, default_values = MODES)]
    modes: Vec<String>,
    /// File that measurements are added to, so that a comparison can be made in pieces
    #[arg(long, value_name = "FILE", default_value = "target/compare-pytorch.jsonl")]
    samples: PathBuf,
}

/// Measures and prints.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    if 0 < settings.rounds {
        let python = python(settings.python.as_deref(), settings.cache.as_deref())?;
        cargo(&["build", "--package", "vae-cli"])?;
        // cargo puts all binaries of the workspace into one folder.
        let vae =
            std::env::current_exe()?.with_file_name(format!("vae{}", std::env::consts::EXE_SUFFIX));
        measure(settings, &vae, &python)?;
    }
    let samples = read(&settings.samples)?;
    say(&table(&samples)?);
    Ok(())
}

fn measure(settings: &Settings, vae: &Path, python: &Path) -> Result<()> {
    let chosen: Vec<Workload> = WORKLOADS
        .into_iter()
        .filter(|workload| {
            settings.workloads.is_empty()
                || settings.workloads.iter().any(|name| name == workload.name)
        })
        .collect();
    for round in 1..=settings.rounds {
        for workload in &chosen {
            let mut parameters = None;
            let contenders = std::iter::once(OURS).chain(settings.modes.iter().map(String::as_str));
            for contender in contenders {
                let mut command = if contender == OURS {
                    workload.ours(vae, settings.steps)
                } else {
                    workload.theirs(python, contender, settings.steps)
                };
                let result = output(&mut command)?;
                let found = result["parameters"].as_u64();
                let first = *parameters.get_or_insert(found);
                ensure!(
                    found == first,
                    "the networks of {} differ: {first:?} parameters here, {found:?} in PyTorch",
                    workload.name
                );
                let (rate, _) = workload.keys();
                say(&format!(
                    "round {round} of {}: {}, {contender}: {:.1} designs/s",
                    settings.rounds,
                    workload.title(),
                    number(&result, rate)?
                ));
                append(
                    &settings.samples,
                    &json!({ "workload": workload.name, "contender": contender, "result": result }),
                )?;
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Samples> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the measurements in {}", path.display()))?;
    let mut samples = Samples::new();
    for line in text.lines() {
        let mut sample: Value = serde_json::from_str(line)
            .with_context(|| format!("{} holds a line that is no measurement", path.display()))?;
        let name = |key: &str| sample[key].as_str().unwrap_or_default().to_owned();
        let key = (name("workload"), name("contender"));
        samples.entry(key).or_default().push(sample["result"].take());
    }
    Ok(samples)
}

fn append(path: &Path, sample: &Value) -> Result<()> {
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "{sample}")
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The last line that a command prints, as JSON.
fn output(command: &mut Command) -> Result<Value> {
    let shown = format!("{command:?}").replace('"', "");
    let output =
        command.stderr(Stdio::piped()).output().with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
        bail!("{shown} failed: {last} (without a C++ compiler: --modes eager,eager-last)");
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line).with_context(|| format!("{shown} printed no JSON: {line}"))
}
