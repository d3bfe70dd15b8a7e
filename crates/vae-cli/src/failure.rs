//! From an error to one clear line, a hint, and an exit code.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use topo_data::TopoDataError;
use vae_base::Remedy;
use vae_data::{DataError, FormatError, ReadingError, SetError, SplitError};
use vae_design::DesignError;
use vae_hub::HubError;
use vae_study::StudyError;
use vae_study::analysis::AnalysisError;
use vae_study::propose::ProposeError;
use vae_train::TrainError;

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
        let cause = cause.to_string();
        if !last.ends_with(&cause) {
            let _ =
                write!(text, ": {}", cause.lines().map(str::trim).collect::<Vec<_>>().join(" "));
        }
        last = cause;
    }
    text.push('\n');
    if let Some(hint) = hint {
        let _ = writeln!(text, "hint: {hint}");
    }
    // Nothing is left to do if stderr is gone.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(if usage { USAGE } else { FAILED })
}

/// The hint of the first error in the chain that has one, and whether the arguments are at fault.
fn advice(error: &anyhow::Error) -> (Option<String>, bool) {
    let found: Vec<(Option<String>, bool)> = error.chain().map(advice_of).collect();
    let hint = found.iter().find_map(|(hint, _)| hint.clone());
    (hint, found.iter().any(|(_, usage)| *usage))
}

fn advice_of(cause: &(dyn std::error::Error + 'static)) -> (Option<String>, bool) {
    if let Some((remedies, mistake)) = advice_on_data(cause) {
        return (words::hint(&remedies), mistake);
    }
    if let Some(err) = cause.downcast_ref::<ProposeError>() {
        return (words::hint(&err.remedies()), err.is_callers_mistake());
    }
    if let Some(err) = cause.downcast_ref::<AnalysisError>() {
        return (words::hint(&err.remedies()), err.is_callers_mistake());
    }
    if let Some(err) = cause.downcast_ref::<StudyError>() {
        return (words::hint(&err.remedies()), err.is_callers_mistake());
    }
    if let Some(err) = cause.downcast_ref::<TrainError>() {
        return (words::hint(&err.remedies()), err.is_callers_mistake());
    }
    if let Some(err) = cause.downcast_ref::<HubError>() {
        return (words::hint(&err.remedies()), err.is_callers_mistake());
    }
    if let Some(err) = cause.downcast_ref::<UsageError>() {
        return (err.hint.clone(), true);
    }
    if let Some(err) = cause.downcast_ref::<DesignError>() {
        return (words::hint(&err.remedies()), err.is_callers_mistake());
    }
    match cause.downcast_ref::<TopoDataError>() {
        Some(err) => (words::hint(&err.remedies()), err.is_callers_mistake()),
        None => (None, false),
    }
}

/// The remedies of an error of the data, and whether the arguments are at fault.
fn advice_on_data(cause: &(dyn std::error::Error + 'static)) -> Option<(Vec<Remedy>, bool)> {
    // A transparent error stands for the one inside.
    let data = match cause.downcast_ref() {
        Some(TrainError::Data(err)) => Some(err),
        _ => cause.downcast_ref::<DataError>(),
    };
    if let Some(err) = data {
        return Some((err.remedies(), err.is_callers_mistake()));
    }
    if let Some(err) = cause.downcast_ref::<FormatError>() {
        return Some((err.remedies(), err.is_callers_mistake()));
    }
    if let Some(err) = cause.downcast_ref::<SetError>() {
        return Some((err.remedies(), err.is_callers_mistake()));
    }
    if let Some(err) = cause.downcast_ref::<ReadingError>() {
        return Some((err.remedies(), err.is_callers_mistake()));
    }
    let err = cause.downcast_ref::<SplitError>()?;
    Some((err.remedies(), err.is_callers_mistake()))
}
