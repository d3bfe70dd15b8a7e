//! What is measured, and what measurements are.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// What is measured, in the order of the table.
pub(crate) const WORKLOADS: [Workload; 7] = [
    Workload::training("train-tutorial-8", "tutorial-conv", 8),
    Workload::training("train-tutorial-32", "tutorial-conv", 32),
    Workload::training("train-tutorial-64", "tutorial-conv", 64),
    Workload::training("train-pool-64", "pool", 64),
    Workload::half("decode-one", "decode", 1, 500),
    Workload::half("encode-10000", "encode", 64, 10_000),
    Workload::half("decode-10000", "decode", 64, 10_000),
];

/// Our contender; the others are PyTorch's modes.
pub(crate) const OURS: &str = "topovae";
/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    preset: &'static str,
    /// Half of the model that is called; `None` for training steps.
    half: Option<&'static str>,
    batch_size: usize,
    /// Designs in all, of calls.
    count: usize,
}

impl Workload {
    const fn training(name: &'static str, preset: &'static str, batch_size: usize) -> Self {
        Self { name, preset, half: None, batch_size, count: 0 }
    }

    const fn half(name: &'static str, half: &'static str, batch_size: usize, count: usize) -> Self {
        Self { name, preset: "pool", half: Some(half), batch_size, count }
    }

    /// What is done, in words.
    pub(crate) fn title(&self) -> String {
        match self.half {
            None => format!("train {}, batch {}", self.preset, self.batch_size),
            Some(half) if self.batch_size == 1 => format!("{half} one design, {}", self.preset),
            Some(half) => {
                format!("{half} {} designs, {}, batch {}", self.count, self.preset, self.batch_size)
            }
        }
    }

    /// Name of the rate in what both programs print, and of the median time.
    pub(crate) fn keys(&self) -> (&'static str, &'static str) {
        if self.half.is_none() {
            ("images_per_s", "step_ms_median")
        } else {
            ("designs_per_s", "call_ms_median")
        }
    }

    /// Arguments that both programs take.
    fn arguments(&self, steps: usize) -> Vec<String> {
        let mut arguments = vec!["--preset".to_owned(), self.preset.to_owned()];
        arguments.extend(["--batch-size".to_owned(), self.batch_size.to_string()]);
        arguments.extend(match self.half {
            None => ["--steps".to_owned(), steps.to_string()],
            Some(_) => ["--count".to_owned(), self.count.to_string()],
        });
        arguments
    }

    pub(crate) fn ours(&self, vae: &Path, steps: usize) -> Command {
        let mut command = Command::new(vae);
        command.args(["bench", self.half.unwrap_or("train"), "--json"]).args(self.arguments(steps));
        command
    }

    pub(crate) fn theirs(&self, python: &Path, mode: &str, steps: usize) -> Command {
        let mut command = Command::new(python);
        match self.half {
            None => command.arg("benches/pytorch/train.py"),
            Some(half) => command.args(["benches/pytorch/calls.py", "--half", half]),
        };
        command.args(["--mode", mode]).args(self.arguments(steps));
        command
    }
}

/// Results of every contender of every workload, in the order they were measured.
pub(crate) type Samples = BTreeMap<(String, String), Vec<Value>>;

/// A number in what a program printed.
pub(crate) fn number(result: &Value, key: &str) -> Result<f64> {
    result[key].as_f64().with_context(|| format!("no number {key:?} in {result}"))
}
