//! Results on stdout, and files that are whole or absent.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use ndarray::{Array2, Array3};
use serde::Serialize;
use vae_base::text::{printable, wrapped};
use vae_data::npz;
use vae_explore::open_in_browser;
use vae_report::Block;
use vae_study::report::Report;
use vae_train::RunFolder;

/// How a command speaks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Neither progress nor notes.
    pub(crate) quiet: bool,
    /// One JSON object on stdout, and no words.
    pub(crate) json: bool,
}

/// Stated once, before the command begins.
static MANNER: OnceLock<Manner> = OnceLock::new();

/// States how this process speaks.
pub(crate) fn speak(manner: Manner) {
    let _ = MANNER.set(manner);
}

/// How this process speaks.
pub(crate) fn manner() -> Manner {
    MANNER.get().copied().unwrap_or_default()
}

/// Widest line of prose on a terminal.
const COLUMNS: usize = 100;

/// Writes a sentence to stdout, unless a JSON object is wanted.
pub(crate) fn line(text: impl std::fmt::Display) -> Result<()> {
    if manner().json {
        return Ok(());
    }
    raw(prose(&text.to_string(), std::io::stdout().is_terminal()))
}

/// Writes a line to stdout as it is, but for what would act on the terminal: a command, a row of a
/// table.
fn raw(text: impl std::fmt::Display) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{}", printable(&text.to_string()))
        .context("cannot write to stdout")
}

/// Writes a text of our own to stdout as it is.
pub(crate) fn text(text: &str) -> Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes()).context("cannot write to stdout")
}

/// Writes one JSON object to stdout, if that is wanted.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    if manner().json { raw(serde_json::to_string(value)?) } else { Ok(()) }
}

/// Writes a sentence to stderr: what is neither a result nor an error. If nothing is to be said, a
/// warning still is.
pub(crate) fn note(text: impl std::fmt::Display) {
    let text = text.to_string();
    if !manner().quiet || text.contains("warning: ") {
        complain(text);
    }
}

/// Writes a sentence to stderr that is always said: an error, or that a command was interrupted.
pub(crate) fn complain(text: impl std::fmt::Display) {
    let text = prose(&text.to_string(), std::io::stderr().is_terminal());
    // Nothing is left to do if stderr is gone.
    let _ = writeln!(std::io::stderr().lock(), "{}", printable(&text));
}

/// A text as a person reads it: what libraries set in backticks is in quotes, and on a terminal no
/// line is wider than it.
pub(crate) fn prose(text: &str, terminal: bool) -> String {
    let text = text.replace('`', "'");
    if terminal { wrapped(&text, textwrap::termwidth().min(COLUMNS)) } else { text }
}

/// Columns of the terminal that stdout is; none too many for a file or a pipe.
fn columns() -> usize {
    if std::io::stdout().is_terminal() { textwrap::termwidth() } else { usize::MAX }
}

/// Writes words and tables to stdout, what belongs to a heading two columns further in.
pub(crate) fn blocks(blocks: &[Block]) -> Result<()> {
    if manner().json {
        return Ok(());
    }
    for block in blocks {
        match block {
            Block::Heading(text) => line(text)?,
            Block::Text(text) => line(format!("  {text}"))?,
            Block::Code(text) => {
                text.lines().try_for_each(|command| raw(format!("    {command}")))?;
            }
            Block::Table(table) => table.lines(columns()).iter().try_for_each(raw)?,
            Block::Figure { .. } | Block::Gallery(_) | Block::Links(_) => {}
        }
    }
    Ok(())
}

/// The sentences among words and tables.
pub(crate) fn texts<'a>(blocks: &'a [Block]) -> Vec<&'a str> {
    let text = |block: &'a Block| match block {
        Block::Text(text) => Some(text.as_str()),
        _ => None,
    };
    blocks.iter().filter_map(text).collect()
}

/// A path as the user would type it: relative to the working folder where it lies below.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// Opens a page in the browser, or says where it lies if no program does that.
pub(crate) fn open_page(page: &Path) {
    let whole = std::path::absolute(page).unwrap_or_else(|_| page.to_owned());
    if !open_in_browser(&whole.display().to_string()) {
        note(format!("no program opens the page by itself: {}", shown(&whole)));
    }
}

/// A path as a word of a command that can be pasted.
pub(crate) fn typed(path: &Path) -> String {
    quoted(&shown(path))
}

/// A word of a command that can be pasted: in quotes if the shell would take it apart.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Writes designs, the conditions they were asked for, and their latent vectors as one `.npz`,
/// which `--data` and `vae decode` read again.
pub(crate) fn arrays(
    path: &Path,
    designs: &Array3<f32>,
    conditions: &Array2<f32>,
    latents: &Array2<f32>,
) -> Result<()> {
    npz::write(path, |out| {
        out.add("designs", designs.view())?;
        if 0 < conditions.ncols() {
            out.add("conditions", conditions.view())?;
        }
        out.add("z", latents.view())
    })?;
    Ok(())
}

/// Writes the page of a run with its verdict and what else is known by now; `evaluated` is the
/// command that found it. Returns where the page lies.
pub(crate) fn page(
    report: Report,
    folder: &RunFolder,
    (verdict, mut known): (Vec<Block>, Vec<Block>),
    evaluated: Option<&[String]>,
) -> Result<String> {
    if evaluated.is_none() {
        known.push(Block::Heading("Scores on the test split".into()));
        known.push(Block::Text("not evaluated yet; this completes the page:".into()));
        known.push(Block::Code(format!("vae evaluate {}", typed(folder.root()))));
    }
    let commands: Vec<String> = report.training_commands().chain(evaluated).map(command).collect();
    report.write(&shown(folder.root()), verdict, known, &commands)?;
    Ok(shown(&folder.report()))
}

/// A command line that can be pasted, whatever path the program was started by.
fn command(words: &[String]) -> String {
    let arguments = words.iter().skip(1).map(|word| quoted(word));
    std::iter::once("vae".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Makes a folder for results.
pub(crate) fn folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let typed = |path: &str| typed(Path::new(path));
        assert_eq!(typed("runs/beams-default-1"), "runs/beams-default-1");
        assert_eq!(typed("my runs/first"), "'my runs/first'");
        assert_eq!(typed("it's"), "'it'\\''s'");
        assert_eq!(typed("a$(b)"), "'a$(b)'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let note = "data: warning: a `word`, and more of them, ".repeat(9);
        let shown = prose(&note, true);
        let widest = textwrap::termwidth().min(COLUMNS);
        assert!(1 < shown.lines().count() && !shown.contains('`'), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= widest), "{shown}");
        assert_eq!(prose(&note, false).lines().count(), 1, "a file or a pipe takes whole lines");
    }
}
