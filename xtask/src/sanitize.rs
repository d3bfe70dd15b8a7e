//! `cargo xtask sanitize`: the tests of the kernels under AddressSanitizer.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{command, finish, say};

/// Runs the tests of vae-nn, the one crate with `unsafe` code, with every access to memory checked.
///
/// The sanitizer is a feature of the nightly compiler; `RUSTC_BOOTSTRAP` lets the stable one use
/// it. Naming the target keeps build scripts and macros out of it, and everything is built in a
/// folder of its own.
pub(crate) fn sanitize(arguments: &[String]) -> Result<()> {
    let target = host()?;
    if target != "x86_64-unknown-linux-gnu" && target != "aarch64-apple-darwin" {
        say(&format!("note: AddressSanitizer may not exist for {target}"));
    }
    let mut test = command(&["test", "--package", "vae-nn", "--tests", "--target", &target]);
    test.args(["--target-dir", "target/sanitize"]).args(arguments);
    say(&format!(
        "$ RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo test --package vae-nn --tests --target {target}"
    ));
    test.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    finish(&mut test, "test under AddressSanitizer")
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
