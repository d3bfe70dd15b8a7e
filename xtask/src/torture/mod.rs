//! `cargo xtask torture`: processes of `vae` that are killed, run out of space, or are given
//! damaged files, and what may not come of it.

mod files;
mod interruption;
mod oracle;
mod scene;
mod site;
mod subject;
mod tally;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{cargo, say};
use interruption::Interruption;
use scene::Scene;
use subject::SUBJECTS;
use tally::Tally;

/// Damaged files given to commands in one round, unless their number is stated.
const FILES: u64 = 200;

#[derive(Clone, clap::Args)]
pub(crate) struct Settings {
    /// How long to go on; one round takes about a minute, and 50 rounds kill `vae train` 200 times
    #[arg(long, default_value_t = 10.0, value_name = "N")]
    minutes: f64,
    /// Rounds after which to end, if that comes sooner
    #[arg(long, value_name = "N")]
    rounds: Option<u64>,
    /// Damaged files given to commands in one round
    #[arg(long, default_value_t = FILES, value_name = "N")]
    files: u64,
    /// Instead of rounds, kill a training once before and after each creation, sync and rename of a
    /// file
    #[arg(long)]
    every_point: bool,
    /// Seed of every moment and every damage
    #[arg(long, default_value_t = vae_torture::SEED, value_name = "S")]
    seed: u64,
}

/// Runs round after round, prints a table, and fails if something went wrong.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    cargo(&["build", "--quiet", "--package", "vae-cli"])?;
    let scene = Scene::new(settings.seed)?;
    let mut tally = Tally::default();
    if settings.every_point {
        return every_point(&scene, settings.seed, tally);
    }
    files::check(&scene)?;
    let begun = Instant::now();
    let until = begun + Duration::from_secs_f64(60.0 * settings.minutes);
    let has_disks = interruption::has_small_disks(&scene);
    if !has_disks {
        say("note: no small file system can be mounted here without privileges; files of limited \
             size stand for full disks");
    }
    let mut round = 0;
    while Instant::now() < until && settings.rounds.is_none_or(|rounds| round < rounds) {
        for (number, subject) in SUBJECTS.iter().enumerate() {
            if until < Instant::now() {
                break;
            }
            let random = &mut vae_torture::Random::new(settings.seed, 1000 * round + number as u64);
            subject.torture(&scene, Interruption::kill(random), &mut tally)?;
            // Disks fill up less often than processes are killed.
            if (round + number as u64).is_multiple_of(4) {
                let full = Interruption::full(random, has_disks);
                subject.torture(&scene, full, &mut tally)?;
            }
        }
        let cases = round * settings.files..(round + 1) * settings.files;
        files::torture(&scene, cases, until, &mut tally)?;
        round += 1;
    }
    finish(&scene, &tally, settings.seed, begun)
}

/// A minute of it, as every change must pass it.
pub(crate) fn in_ci() -> Result<()> {
    let settings = Settings {
        minutes: 1.0,
        rounds: None,
        files: FILES,
        every_point: false,
        seed: vae_torture::SEED,
    };
    run(&settings)
}

/// Kills a training at each point at which it writes, until it gets through.
fn every_point(scene: &Scene, seed: u64, mut tally: Tally) -> Result<()> {
    let begun = Instant::now();
    let mut point = 1;
    while SUBJECTS[0].torture(scene, Interruption::Point(point), &mut tally)? {
        point += 1;
    }
    say(&format!("a training reaches {} points", point - 1));
    finish(scene, &tally, seed, begun)
}

/// Prints the table; fails if something went wrong, else removes everything.
fn finish(scene: &Scene, tally: &Tally, seed: u64, begun: Instant) -> Result<()> {
    tally.print(seed, begun.elapsed());
    if tally.failed() {
        bail!("something failed; what was given to it lies in {}", scene.failures().display());
    }
    scene.remove();
    Ok(())
}
