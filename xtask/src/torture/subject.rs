//! Commands that write, stopped at any moment: the same command, or `--resume`, ends as if nothing
//! had happened.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::interruption::Interruption;
use super::oracle;
use super::scene::{Scene, Whole, copy};
use super::tally::Tally;

/// The folder in which commands are tried.
const TRY: &str = "try";

/// A command that writes `out`.
pub(crate) struct Subject {
    name: &'static str,
    /// `{url}` is the site.
    command: &'static str,
    inputs: &'static [&'static str],
    /// Files that may differ from those of a process that was not stopped.
    but: &'static [&'static str],
    /// Whether `out` is a run that goes on.
    resumes: bool,
    /// The input that `out` begins as.
    begins_as: Option<&'static str>,
}

const PLAIN: Subject = Subject {
    name: "",
    command: "",
    inputs: &["beams"],
    but: &[],
    resumes: false,
    begins_as: None,
};

/// The log, the manifest and the report hold times, and tell that a run was resumed.
const OF_A_RUN: &[&str] = &["metrics.jsonl", "manifest.json", "report.html"];

/// All commands that write, in the order of a round.
pub(crate) const SUBJECTS: [Subject; 10] = [
    Subject {
        name: "train default",
        command: "train --preset default --data beams --config often.toml --run out",
        inputs: &["beams", "often.toml"],
        but: OF_A_RUN,
        resumes: true,
        ..PLAIN
    },
    Subject {
        name: "train tutorial-conv",
        command: "train --preset tutorial-conv --data beams --config often.toml --run out",
        inputs: &["beams", "often.toml"],
        but: OF_A_RUN,
        resumes: true,
        ..PLAIN
    },
    Subject {
        name: "train pool",
        command: "train --preset pool --data beams --config often.toml --run out",
        inputs: &["beams", "often.toml"],
        but: OF_A_RUN,
        resumes: true,
        ..PLAIN
    },
    Subject {
        name: "train tutorial-mlp",
        command: "train --preset tutorial-mlp --data beams --config often.toml --run out",
        inputs: &["beams", "often.toml"],
        but: OF_A_RUN,
        resumes: true,
        ..PLAIN
    },
    Subject {
        name: "simp generate",
        command: "simp generate cantilever --grid 12x24 --problems 12 --variants 2 --filter-radii 1.5 --out out",
        inputs: &[],
        ..PLAIN
    },
    Subject {
        name: "data convert",
        command: "data convert beams --resize 48x96 --out out",
        ..PLAIN
    },
    Subject {
        name: "propose",
        command: "propose run --volume 0.4 --count 2 --candidates 4 --search 0 --refine 20 --sampler prior --compliance-within 1000% --out out",
        inputs: &["beams", "run"],
        ..PLAIN
    },
    Subject {
        name: "evaluate",
        command: "evaluate out --samples 2",
        but: OF_A_RUN,
        begins_as: Some("run"),
        ..PLAIN
    },
    Subject {
        name: "explore",
        command: "explore run --export out",
        inputs: &["beams", "run"],
        ..PLAIN
    },
    Subject {
        name: "data fetch",
        command: "data fetch zenodo:7 --url {url} --out out",
        inputs: &[],
        ..PLAIN
    },
];

impl Subject {
    /// Stops the command, begins it again, and compares what it leaves with what it leaves when
    /// nobody stops it. Whether it was stopped before its end.
    pub(crate) fn torture(
        &self,
        scene: &Scene,
        how: Interruption,
        tally: &mut Tally,
    ) -> Result<bool> {
        let Some(command) = self.command(scene) else { return Ok(false) };
        let (whole, measures) = self.whole(scene, &command)?;
        let folder = self.folder(scene, TRY)?;
        let ran = how.apply(scene, &command, &folder, &measures)?;
        let kind = (how.name(), self.name);
        // The machine was busier when the whole was measured.
        if matches!(how, Interruption::Kill(_)) && ran.code == Some(0) {
            let mut wholes = scene.wholes.lock().expect("nobody panics with it");
            wholes.entry(self.name).and_modify(|whole| whole.took = ran.took);
        }
        let kills = matches!(how, Interruption::Kill(_) | Interruption::Point(_));
        let killed = kills && ran.code.is_none();
        // A full disk has its own namespace, of which nothing is left to go on with.
        if let Interruption::Disk(_) = how {
            let (left, said): (Vec<&str>, Vec<&str>) =
                ran.stderr.lines().partition(|line| line.starts_with("left: "));
            let left = left.first().map(|left| format!("{left} behind"));
            let stderr = said.join("\n");
            let met = ran.code != Some(0);
            let took = ran.took;
            let fault = oracle::Ran { stderr, ..ran }.fault().or(left);
            tally.note(kind, met, took, fault);
            return Ok(met);
        }
        let mut failure = if killed { None } else { ran.fault() };
        let met = ran.code != Some(0);
        if failure.is_none() {
            failure = self.again(scene, &command, &folder, &whole)?;
        }
        if failure.is_some() {
            let kept =
                scene.failures().join(format!("{}-{}", how.name(), self.name).replace(' ', "-"));
            fs::create_dir_all(scene.failures())?;
            let _ = copy(&folder, &kept);
        }
        tally.note(kind, met, ran.took, failure);
        Ok(met)
    }

    /// Begins a stopped command again; what is wrong with its end.
    fn again(
        &self,
        scene: &Scene,
        command: &str,
        folder: &Path,
        whole: &Path,
    ) -> Result<Option<String>> {
        let out = folder.join("out");
        let is_there = out.exists();
        let again = if self.resumes && is_there { "train --resume out" } else { command };
        let ran = oracle::run_through(scene.command(again).current_dir(folder))?;
        // What was complete already is refused, and stays.
        let refused = is_there && !self.resumes && ran.code == Some(2);
        if ran.code != Some(0) && !refused {
            let end: Vec<&str> = ran.stderr.lines().rev().take(2).collect();
            return Ok(Some(format!("`vae {again}` ends with {:?}: {end:?}", ran.code)));
        }
        if let Some(left) = oracle::left_behind(folder)? {
            return Ok(Some(left));
        }
        oracle::difference(whole, &out, self.but)
    }

    fn command(&self, scene: &Scene) -> Option<String> {
        if !self.command.contains("{url}") {
            return Some(self.command.to_owned());
        }
        Some(self.command.replace("{url}", &scene.site.as_ref()?.url))
    }

    fn folder(&self, scene: &Scene, name: &str) -> Result<PathBuf> {
        let folder = scene.folder(name, self.inputs)?;
        if let Some(input) = self.begins_as {
            copy(&scene.inputs().join(input), &folder.join("out"))?;
        }
        Ok(folder)
    }

    /// What the command leaves when nobody stops it, and how long that takes; it is done once.
    fn whole(&self, scene: &Scene, command: &str) -> Result<(PathBuf, Whole)> {
        let name = format!("whole-{}", self.name.replace(' ', "-"));
        let mut wholes = scene.wholes.lock().expect("nobody panics with it");
        if let Some(whole) = wholes.get(self.name) {
            let folder = scene.inputs().with_file_name(name);
            return Ok((folder.join("out"), *whole));
        }
        // Where those that are stopped will be: a run records where its data lie.
        let folder = self.folder(scene, TRY)?;
        let ran = oracle::run_through(scene.command(command).current_dir(&folder))?;
        ensure!(ran.code == Some(0), "vae {command} fails: {}", ran.stderr);
        let kept = scene.inputs().with_file_name(name);
        fs::rename(folder, &kept)?;
        let out = kept.join("out");
        let (largest, bytes) = size(&out).with_context(|| out.display().to_string())?;
        let whole = Whole { took: ran.took, largest, bytes };
        wholes.insert(self.name, whole);
        Ok((out, whole))
    }
}

/// Bytes of the largest file at or below a path, and of all.
fn size(path: &Path) -> std::io::Result<(u64, u64)> {
    if !path.is_dir() {
        let bytes = fs::metadata(path)?.len();
        return Ok((bytes, bytes));
    }
    let (mut largest, mut all) = (0, 0);
    for entry in fs::read_dir(path)? {
        let (one, inside) = size(&entry?.path())?;
        (largest, all) = (largest.max(one), all + inside);
    }
    Ok((largest, all))
}
