//! `cargo xtask explore-e2e`: the page of `vae explore` in a headless browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{cargo, say};

/// Where the scripts lie.
const SCRIPTS: &str = "crates/vae-explore/e2e";

/// What is tested.
#[derive(Clone, Args)]
pub(crate) struct Settings {
    /// Folder of a run to open [default: one that is trained for two epochs on the built-in set]
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Measure the time from pointer move to compliance instead of testing
    #[arg(long)]
    latency: bool,
    /// Folder for what is installed and for screenshots
    #[arg(long, value_name = "DIR", default_value = "target/explore-e2e")]
    out: PathBuf,
}

pub(crate) fn run(settings: &Settings) -> Result<()> {
    let out = &settings.out;
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    install(out)?;
    cargo(&["build", "--workspace", "--bins"])?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    let vae = target.join("debug").join(format!("vae{}", std::env::consts::EXE_SUFFIX));
    let run = match &settings.run {
        Some(run) => run.clone(),
        None => trained(&vae, &out.join("run"))?,
    };
    let script = Path::new(SCRIPTS).join(if settings.latency { "latency.mjs" } else { "run.mjs" });
    let mut node = Command::new("node");
    node.arg(script).arg("--vae").arg(vae).arg("--run").arg(run).arg("--tools").arg(out);
    start(node.arg("--out").arg(out.join("screenshots")))
}

/// The browser from the system's packages, and the library that steers it; both only if missing.
fn install(out: &Path) -> Result<()> {
    let browser = std::env::var_os("CHROMIUM").map_or("/usr/bin/chromium".into(), PathBuf::from);
    if !browser.is_file() {
        start(Command::new("apt-get").args(["install", "-y", "-q", "chromium"]))
            .context("the tests need Chromium; CHROMIUM names its program if it lies elsewhere")?;
    }
    let package = out.join("package.json");
    std::fs::copy(Path::new(SCRIPTS).join("package.json"), &package)
        .with_context(|| format!("cannot write {}", package.display()))?;
    if !out.join("node_modules/playwright-core/package.json").is_file() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-package-lock", "--no-fund", "--no-audit", "--prefix"]).arg(out);
        start(&mut npm)?;
    }
    Ok(())
}

/// A run on the built-in set, trained once.
fn trained(vae: &Path, run: &Path) -> Result<PathBuf> {
    if !run.is_dir() {
        let mut train = Command::new(vae);
        train.args(["train", "--data", "builtin", "--epochs", "2", "--run"]).arg(run);
        start(&mut train)?;
    }
    Ok(run.to_owned())
}

fn start(command: &mut Command) -> Result<()> {
    say(&format!("$ {command:?}"));
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if status.success() { Ok(()) } else { bail!("{name} failed ({status})") }
}
