//! From an error to one clear line, a hint, and an exit code.

use std::fmt::Write as _;
use std::process::ExitCode;

use topo_data::TopoDataError;
use vae_data::{DataError, FormatError, ReadingError, SetError, SplitError};
use vae_design::DesignError;
use vae_explore::ExploreError;
use vae_hub::HubError;
use vae_study::StudyError;
use vae_study::analysis::AnalysisError;
use vae_study::propose::ProposeError;
use vae_train::{Retreat, TrainError};

use crate::output::{complain, typed};
use crate::words;

/// Exit code of a failure inside a file, of input and output, or of a run.
pub(crate) const FAILED: u8 = 1;
/// Exit code of a wrong flag, configuration or path.
pub(crate) const USAGE: u8 = 2;
/// Exit code after an interruption.
pub(crate) const INTERRUPTED: u8 = 130;

/// An error in the arguments that clap cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UsageError {
    message: String,
    hint: Option<String>,
}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(crate) fn with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }
}

/// Writes `vae: <what>: <why>` and the hint to stderr.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    {
        return ExitCode::SUCCESS;
    }
    let (hint, usage) = advice(error);
    let mut text = String::from("vae");
    // A cause that its parent repeats word for word is said once.
    let mut last = String::new();
    for cause in error.chain() {
        let cause = without_backtrace(&cause.to_string()).to_owned();
        if !last.ends_with(&cause) {
            let _ = write!(text, ": {cause}");
        }
        last = cause;
    }
    text.push('\n');
    if let Some(hint) = hint {
        let _ = writeln!(text, "hint: {hint}");
    }
    complain(text.trim_end());
    ExitCode::from(if usage { USAGE } else { FAILED })
}

/// A message without the backtrace that the tensor library writes below it. Other lines stay: TOML
/// errors point at the place below the line.
fn without_backtrace(message: &str) -> &str {
    let is_frame = |line: &str| {
        let number = line.trim_start().split_once(": ").map_or("", |(number, _)| number);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let lines = message.split_inclusive('\n');
    let kept: usize = lines
        .enumerate()
        .take_while(|(i, line)| *i == 0 || !is_frame(line))
        .map(|(_, line)| line.len())
        .sum();
    message[..kept].trim_end()
}

/// The hint of the first error in the chain that has one, and whether the arguments are at fault.
fn advice(error: &anyhow::Error) -> (Option<String>, bool) {
    let found: Vec<(Option<String>, bool)> = error.chain().map(advice_of).collect();
    let hint = found.iter().find_map(|(hint, _)| hint.clone());
    (hint, found.iter().any(|(_, usage)| *usage))
}

fn advice_of(cause: &(dyn std::error::Error + 'static)) -> (Option<String>, bool) {
    /// The advice of the first of these types that the cause has.
    macro_rules! of_types {
        ($($error:ty),+) => {
            $(if let Some(err) = cause.downcast_ref::<$error>() {
                return (words::hint(&err.remedies()), err.is_callers_mistake());
            })+
        };
    }
    if let Some(HubError::Unreachable { .. } | HubError::Stalled { .. }) = cause.downcast_ref() {
        return (Some(WITHOUT_NETWORK.to_owned()), false);
    }
    if let Some(TrainError::NotFinite { retreat, .. } | TrainError::Exploded { retreat, .. }) =
        cause.downcast_ref()
    {
        let (run, Retreat { epoch, learning_rate, .. }) = (typed(&retreat.run), retreat);
        let command = "vae train --resume";
        return (
            Some(format!("{command} {run} --back-to {epoch} --learning-rate {learning_rate}")),
            false,
        );
    }
    if let Some(err) = cause.downcast_ref::<UsageError>() {
        return (err.hint.clone(), true);
    }
    of_types!(DataError, FormatError, SetError, ReadingError, SplitError);
    of_types!(ExploreError, ProposeError, AnalysisError, StudyError, TrainError);
    of_types!(HubError, DesignError, TopoDataError);
    (None, false)
}

/// What works without a network, in commands that the library of downloads does not know.
const WITHOUT_NETWORK: &str = "without a network: `vae train` uses the built-in set, and `vae simp generate` makes a set of your own";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtrace_goes_and_a_caret_stays() {
        let toml =
            "TOML parse error at line 1, column 1\n  |\n1 | egde = 3\n  | ^^^^\nunknown field";
        assert_eq!(without_backtrace(toml), toml);
        let tensor = "shape mismatch\n   0: candle_core::error::Error::bt\n   1: main\n";
        assert_eq!(without_backtrace(tensor), "shape mismatch");
    }
}
