//! Repository chores: `cargo xtask ci`, `cargo xtask fetch-data`, `cargo xtask compare-pytorch`, `cargo xtask sanitize`.

mod compare_pytorch;
mod environment;
mod sanitize;
mod table;

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Parser;

/// Repository chores.
#[derive(Clone, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Everything that a change must pass: format, lints, tests, documentation tests, documentation
    Ci,
    /// Check the built-in data, or make them again, and say where other data come from
    FetchData {
        /// Solve the built-in set's problems again (about half an hour) into data/builtin and compare
        #[arg(long)]
        regenerate: bool,
    },
    /// Measure our speed and PyTorch's in turn, and print the table of benches/README.md
    ComparePytorch(compare_pytorch::Settings),
    /// Run the tests of the kernels under AddressSanitizer
    Sanitize {
        /// Arguments for `cargo test`, such as the name of a test
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "this is a command")]
            {
                eprintln!("xtask: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
    env::set_current_dir(root).with_context(|| format!("cannot enter {}", root.display()))?;
    match task {
        Task::Ci => ci(),
        Task::FetchData { regenerate } => fetch_data(regenerate),
        Task::ComparePytorch(settings) => compare_pytorch::run(&settings),
        Task::Sanitize { arguments } => sanitize::sanitize(&arguments),
    }
}

/// Cheapest first. One profile and `--workspace` throughout, so that nothing is compiled twice.
fn ci() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    if has_nextest() {
        cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])?;
    } else {
        cargo(&["test", "--workspace", "--all-targets"])?;
    }
    cargo(&["test", "--workspace", "--doc"])?;
    say("$ cargo doc --workspace --no-deps, warnings denied");
    let mut doc = command(&["doc", "--workspace", "--no-deps", "--quiet"]);
    finish(doc.env("RUSTDOCFLAGS", "-D warnings"), "doc")
}

fn fetch_data(regenerate: bool) -> Result<()> {
    let vae = ["run", "--quiet", "--package", "vae-cli", "--"];
    let run = |arguments: &[&str]| cargo(&[&vae[..], arguments].concat());
    say("The built-in set comes with the source; it needs no network. Checking it:");
    run(&["data", "info", "builtin"])?;
    if regenerate {
        run(&["simp", "generate", "cantilever", "--out", "data/builtin"])?;
        run(&["data", "info", "data/builtin"])?;
    }
    say("\nOther data: give `vae train --data` a data-set folder, a .npy or a .npz file (data/README.md says what is in them),
or make your own set: cargo run -p vae-cli -- simp generate --help");
    Ok(())
}

fn has_nextest() -> bool {
    let mut probe = command(&["nextest", "--version"]);
    probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    say(&format!("$ cargo {}", arguments.join(" ")));
    finish(&mut command(arguments), arguments[0])
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

pub(crate) fn finish(command: &mut Command, name: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start cargo {name}"))?;
    if status.success() { Ok(()) } else { bail!("cargo {name} failed ({status})") }
}

/// Writes a line to stdout.
#[expect(clippy::print_stdout, reason = "this is a command")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}
