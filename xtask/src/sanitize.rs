//! `cargo xtask sanitize`: tests under the sanitizers of the compiler.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{command, finish, say};

#[derive(Clone, clap::Args)]
pub(crate) struct Settings {
    /// Instead, run the tests of threads and of training under ThreadSanitizer
    #[arg(long)]
    threads: bool,
    /// Arguments for `cargo test`, such as the name of a test
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// What `threads` leaves out: the standard library that comes with the compiler, and crossbeam,
/// order memory by fences, which this sanitizer does not know.
const FENCED: &str = "xtask/src/fenced.txt";

/// Runs the tests of vae-nn, the one crate with `unsafe` code, with every access to memory checked;
/// or those of threads and of training, with every two accesses of two threads compared.
///
/// The sanitizers are features of the nightly compiler; `RUSTC_BOOTSTRAP` lets the stable one use
/// them. Naming the target keeps build scripts and macros out of it, and everything is built in a
/// folder of its own.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let target = host()?;
    if target != "x86_64-unknown-linux-gnu" && target != "aarch64-apple-darwin" {
        say(&format!("note: the sanitizers may not exist for {target}"));
    }
    let (flags, folder, tests) = if settings.threads {
        // The standard library is not compiled anew, which would need its sources.
        let flags = "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer";
        let tests = "--package vae-nn --package vae-train --test threads --test training";
        (flags, "target/sanitize-threads", tests)
    } else {
        ("-Zsanitizer=address", "target/sanitize", "--package vae-nn --tests")
    };
    let mut test = command(&["test", "--target", &target, "--target-dir", folder]);
    test.args(tests.split(' ')).args(&settings.arguments);
    say(&format!("$ RUSTC_BOOTSTRAP=1 RUSTFLAGS='{flags}' cargo test {tests} --target {target}"));
    test.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", flags);
    if settings.threads {
        let suppressions = std::env::current_dir()?.join(FENCED);
        test.env("TSAN_OPTIONS", format!("suppressions={}", suppressions.display()));
    }
    finish(&mut test, "test under a sanitizer")
}

/// The machine that the compiler makes programs for.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => bail!("rustc -vV names no host"),
    }
}
