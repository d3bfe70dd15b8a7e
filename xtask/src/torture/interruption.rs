//! Ways to stop a process before its end.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use vae_torture::Random;

use super::oracle::{self, Ran};
use super::scene::{Scene, Whole};

/// A way to stop a process, at a place that a number between 0 and 1 names.
pub(crate) enum Interruption {
    /// After that share of the time that it takes.
    Kill(f64),
    /// At that point of writing, counted from 1.
    Point(u64),
    /// When a file becomes larger than that share of its largest.
    FileSize(f64),
    /// When a disk is full that has that share of the space that it needs.
    Disk(f64),
}

impl Interruption {
    pub(crate) fn kill(random: &mut Random) -> Self {
        Self::Kill(share(random))
    }

    pub(crate) fn full(random: &mut Random, has_disks: bool) -> Self {
        let share = share(random);
        if has_disks && random.once_in(2) { Self::Disk(share) } else { Self::FileSize(share) }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Kill(_) => "kill",
            Self::Point(_) => "kill point",
            Self::FileSize(_) => "file limit",
            Self::Disk(_) => "full disk",
        }
    }

    /// Runs `vae` in a folder until it is stopped; `whole` took so long, and left files of at most
    /// and in all so many bytes.
    pub(crate) fn apply(
        &self,
        scene: &Scene,
        arguments: &str,
        folder: &Path,
        whole: &Whole,
    ) -> Result<Ran> {
        match *self {
            Self::Kill(share) => {
                let limit = whole.took.mul_f64(share);
                oracle::run(scene.command(arguments).current_dir(folder), limit)
            }
            Self::Point(point) => {
                let mut command = scene.command(arguments);
                command.env("VAE_KILL_POINT", point.to_string());
                oracle::run_through(command.current_dir(folder))
            }
            Self::FileSize(share) => {
                let blocks = (share * whole.largest as f64 / 512.0) as u64;
                let shell = format!("ulimit -f {blocks}; exec \"$@\"");
                let mut command = scene.behind(&shell, arguments);
                oracle::run_through(command.current_dir(folder))
            }
            Self::Disk(share) => {
                let kilobytes = 4 + (share * whole.bytes as f64 / 1024.0) as u64;
                let shell = format!(
                    "mkdir -p disk && mount -t tmpfs -o size={kilobytes}k none disk || exit 77; \
                     \"$@\"; code=$?; \
                     find disk -name '.unfinished-*' -o -name '.*.lock' | sed 's/^/left: /' >&2; \
                     exit $code"
                );
                let mut command = Command::new("unshare");
                command.arg("-rm").arg("sh").args(["-c", &shell, "sh"]);
                let inner = scene.command(&arguments.replace(" out", " disk/out"));
                command.arg(inner.get_program()).args(inner.get_args());
                command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
                oracle::run_through(command.current_dir(folder))
            }
        }
    }
}

fn share(random: &mut Random) -> f64 {
    random.below(10_000) as f64 / 10_000.0
}

/// Whether a file system of a few kilobytes can be mounted, as nobody but this process sees it.
pub(crate) fn has_small_disks(scene: &Scene) -> bool {
    let mut probe = Command::new("unshare");
    probe.args(["-rm", "sh", "-c", "mount -t tmpfs -o size=64k none ."]);
    let probe = probe.current_dir(scene.inputs()).stderr(std::process::Stdio::null()).status();
    probe.is_ok_and(|status| status.success())
}
