//! Repository chores: `cargo xtask ci`, `cargo xtask fetch-data`, `cargo xtask compare-pytorch`,
//! `cargo xtask sanitize`, `cargo xtask structure`, `cargo xtask explore-e2e`,
//! `cargo xtask torture`.

mod compare_pytorch;
mod environment;
mod explore_e2e;
mod sanitize;
mod structure;
mod table;
mod torture;
mod workload;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Parser;

/// Repository chores.
#[derive(Clone, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Everything that a change must pass: format, lints, tests, documentation tests, documentation
    Ci,
    /// Fetch data: what follows goes to `vae data fetch`; alone, check the built-in set and say
    /// what can be fetched
    FetchData {
        /// Solve the built-in set's problems again (about half an hour) into data/builtin and
        /// compare
        #[arg(long, conflicts_with_all = ["hub", "arguments"])]
        regenerate: bool,
        /// Build with the feature `hub`: tables and sets of the Hugging Face Hub
        #[arg(long)]
        hub: bool,
        /// SOURCE and flags of `vae data fetch`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<String>,
    },
    /// Measure our speed and PyTorch's in turn, and print the table of benches/README.md
    ComparePytorch(compare_pytorch::Settings),
    /// Print the shape of each crate: files, layers of imports, circles, the longest file
    Structure {
        /// Another checkout to measure
        root: Option<PathBuf>,
    },
    /// Test the page of `vae explore` in a headless browser; installs Chromium and playwright-core
    /// if they are missing
    ExploreE2e(explore_e2e::Settings),
    /// Kill processes of `vae`, let their disks run full, give them damaged files, and look at what
    /// comes of it
    Torture(torture::Settings),
    /// Run the tests of the kernels under AddressSanitizer, or those of threads under
    /// ThreadSanitizer
    Sanitize(sanitize::Settings),
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
        Task::FetchData { regenerate, hub, arguments } => fetch_data(regenerate, hub, &arguments),
        Task::ComparePytorch(settings) => compare_pytorch::run(&settings),
        Task::Structure { root } => structure::print(&root.unwrap_or_else(|| ".".into())),
        Task::ExploreE2e(settings) => explore_e2e::run(&settings),
        Task::Torture(settings) => torture::run(&settings),
        Task::Sanitize(settings) => sanitize::run(&settings),
    }
}

/// Cheapest first. One profile and `--workspace` throughout, so that nothing is compiled twice; the
/// lints and the documentation see the code of the feature `hub` too.
fn ci() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    let with_hub = ["--workspace", "--features", "vae-cli/hub"];
    cargo(&[&["clippy"], &with_hub[..], &["--all-targets", "--", "-D", "warnings"]].concat())?;
    if has_nextest() {
        cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])?;
    } else {
        cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--examples"])?;
    }
    torture::in_ci()?;
    test_hub()?;
    cargo(&["test", "--workspace", "--doc"])?;
    say("$ cargo doc --workspace --features vae-cli/hub --no-deps, warnings denied");
    let mut doc = command(&[&["doc"], &with_hub[..], &["--no-deps", "--quiet"]].concat());
    finish(doc.env("RUSTDOCFLAGS", "-D warnings"), "doc")
}

/// The feature `hub` of vae-hub alone, not optimized: its 360 crates are compiled for these few
/// tests only.
fn test_hub() -> Result<()> {
    let arguments = ["nextest", "run", "--package", "vae-hub", "--features", "hub"];
    let arguments = if has_nextest() {
        &arguments[..]
    } else {
        &["test", "--package", "vae-hub", "--features", "hub", "--tests"]
    };
    say(&format!("$ CARGO_PROFILE_DEV_OPT_LEVEL=0 cargo {}", arguments.join(" ")));
    finish(command(arguments).env("CARGO_PROFILE_DEV_OPT_LEVEL", "0"), arguments[0])
}

fn fetch_data(regenerate: bool, hub: bool, arguments: &[String]) -> Result<()> {
    let features: &[&str] = if hub { &["--features", "hub"] } else { &[] };
    let run = |arguments: &[&str]| {
        let vae = [&["run", "--quiet", "--package", "vae-cli"], features, &["--"]].concat();
        cargo(&[&vae[..], arguments].concat())
    };
    if !arguments.is_empty() {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        return run(&[&["data", "fetch"], &arguments[..]].concat());
    }
    run(&["data", "fetch", "builtin"])?;
    if regenerate {
        run(&["simp", "generate", "cantilever", "--solver", "direct", "--out", "data/builtin"])?;
        return run(&["data", "info", "data/builtin"]);
    }
    say("\nWhat else there is: cargo xtask fetch-data SOURCE");
    run(&["data", "fetch", "--list"])?;
    say("\nYour own data need no fetching: data/README.md says what `vae train --data` reads, and
`cargo run -p vae-cli -- simp generate --help` how to make a set.");
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
