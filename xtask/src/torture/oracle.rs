//! What a process may do, whatever happens to it.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// A process that takes longer hangs, however busy the machine is.
const LONGEST: Duration = Duration::from_mins(30);

/// Lines of an error: the error, the place in a text with the line before and after it, a hint.
const MOST_LINES: usize = 8;

/// How a process ended.
pub(crate) struct Ran {
    /// `None` if it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Runs a command, for `limit` at most: then it is killed. Its errors come through a pipe, on which
/// no limit of the size of files bears.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<Ran> {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut pipe = child.stderr.take().context("a pipe")?;
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).map(|_| bytes)
    });
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(left.min(Duration::from_millis(2)));
    };
    let took = begun.elapsed();
    let bytes = reader.join().expect("reading does not panic")?;
    let stderr = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Ran { code: status.and_then(|status| status.code()), stderr, took })
}

/// Runs a command to its end.
pub(crate) fn run_through(command: &mut Command) -> Result<Ran> {
    run(command, LONGEST)
}

impl Ran {
    /// What is wrong with the end of a process that was not killed: it has to succeed, or to end
    /// with 1 or 2 and to say why in a line.
    pub(crate) fn fault(&self) -> Option<String> {
        let fault = |what: &str| Some(format!("{what}: {}", last(&self.stderr)));
        if self.stderr.contains("panicked") {
            return fault("it panics");
        }
        match self.code {
            None if LONGEST <= self.took => fault("it hangs"),
            None => fault("a signal ends it, as beyond its memory or 20 s of computing"),
            Some(0) => None,
            Some(1 | 2) => {
                let lines: Vec<&str> = self.stderr.lines().collect();
                let why = lines.iter().rposition(|line| line.starts_with("vae: "));
                // A hint, or the place in a text, follows.
                match why {
                    Some(at) if lines.len() - at <= MOST_LINES => None,
                    _ => fault("it does not end with a line that begins with `vae: `"),
                }
            }
            Some(code) => fault(&format!("it ends with code {code}")),
        }
    }
}

/// The end of a text.
fn last(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    let text = lines.into_iter().rev().collect::<Vec<_>>().join(" | ");
    text.chars().take(400).collect()
}

/// What a process left that it should have removed: unfinished files, locks, partial downloads.
pub(crate) fn left_behind(folder: &Path) -> Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // `.NAME.lock` and `.NAME.partial` lie beside what they are for.
        let ending = name.strip_prefix('.').and_then(|name| name.rsplit('.').next());
        if name.starts_with(".unfinished-") || matches!(ending, Some("lock" | "partial")) {
            return Ok(Some(format!("{name} is left behind")));
        }
        if entry.file_type()?.is_dir()
            && let Some(left) = left_behind(&entry.path())?
        {
            return Ok(Some(left));
        }
    }
    Ok(None)
}

/// The first difference between two files or folders; the contents of files with the names `but`
/// may differ.
pub(crate) fn difference(whole: &Path, found: &Path, but: &[&str]) -> Result<Option<String>> {
    let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if whole.is_dir() != found.is_dir() || !found.exists() {
        return Ok(Some(format!("{name} is missing")));
    }
    if !whole.is_dir() {
        let same = but.contains(&name.as_str()) || fs::read(whole)? == fs::read(found)?;
        return Ok((!same).then(|| format!("{name} differs")));
    }
    let names = |folder: &Path| -> Result<Vec<_>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.push(entry?.file_name());
        }
        names.sort();
        Ok(names)
    };
    let (expected, there) = (names(whole)?, names(found)?);
    if expected != there {
        return Ok(Some(format!("{name} holds {there:?} instead of {expected:?}")));
    }
    for name in expected {
        if let Some(found) = difference(&whole.join(&name), &found.join(&name), but)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: Option<i32>, stderr: &str) -> Option<String> {
        Ran { code, stderr: stderr.to_owned(), took: Duration::from_secs(1) }.fault()
    }

    #[test]
    fn a_process_succeeds_or_says_why_not() {
        assert_eq!(ended(Some(0), "data: note"), None);
        assert_eq!(ended(Some(1), "vae: a file is damaged\nhint: copy it again"), None);
        assert_eq!(ended(Some(2), "vae: a.toml is wrong\n1 | a = \n  |     ^"), None);
        assert!(ended(Some(1), "a file is damaged").is_some());
        assert!(ended(Some(0), "thread 'main' panicked at").is_some());
        assert!(ended(Some(101), "").is_some());
        assert!(ended(None, "memory allocation of 9 bytes failed").is_some());
    }

    #[test]
    fn what_is_left_and_what_differs_is_found() -> Result<()> {
        let around = std::env::temp_dir().join(format!("xtask-oracle-{}", std::process::id()));
        let (a, b) = (around.join("a"), around.join("b"));
        for folder in [&a, &b] {
            fs::create_dir_all(folder.join("in"))?;
            fs::write(folder.join("in/x"), "1")?;
            fs::write(folder.join("log"), folder.display().to_string())?;
        }
        assert_eq!(difference(&a, &b, &["log"])?, None);
        assert_eq!(difference(&a, &b, &[])?.as_deref(), Some("log differs"));
        fs::write(b.join("in/x"), "2")?;
        assert_eq!(difference(&a, &b, &["log"])?.as_deref(), Some("x differs"));
        assert_eq!(left_behind(&around)?, None);
        fs::write(a.join("in/.unfinished-x"), "")?;
        assert!(left_behind(&around)?.is_some());
        fs::remove_dir_all(around)?;
        Ok(())
    }
}
