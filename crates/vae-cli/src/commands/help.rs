//! `vae help`, `vae completions` and `vae man`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory as _};
use serde_json::json;
use vae_base::text::counted;
use vae_help::{Explained, Length, Shell, completions, explain, manual_pages, on_one_screen};

use crate::Cli;
use crate::failure::UsageError;
use crate::output::{folder, json, line, shown, text};

/// Explain a subject, or everything about a command
#[derive(Args)]
#[command(after_help = "Examples:
  vae help data
  vae help train
  vae help simp solve")]
pub(crate) struct Help {
    /// A topic, or a command with all of its flags [default: a list of both]
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

/// Print what makes a shell complete commands, flags and paths
#[derive(Args)]
#[command(after_help = "Examples:
  vae completions bash > ~/.local/share/bash-completion/completions/vae
  vae completions zsh > ~/.zfunc/_vae
  vae completions fish > ~/.config/fish/completions/vae.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Write manual pages, one for each command
#[derive(Args)]
#[command(after_help = "Examples:
  vae man --out ~/.local/share/man/man1
  man vae-train")]
pub(crate) struct Manual {
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = "man")]
    out: PathBuf,
}

pub(crate) fn help(args: &Help) -> Result<ExitCode> {
    if args.words.is_empty() {
        on_one_screen(vae_help::described(Cli::command()), Length::Screen).print_help()?;
        return Ok(ExitCode::SUCCESS);
    }
    match explain(Cli::command(), &args.words) {
        Ok(Explained::Topic(lines, flags)) => {
            lines.into_iter().try_for_each(line)?;
            text(&format!("\n{flags}"))?;
        }
        Ok(Explained::Command(mut command)) => {
            command.print_long_help()?;
            text("\n")?;
        }
        Err(unexplained) => {
            let message = format!("there is no topic or command `{}`", args.words.join(" "));
            let near = unexplained.nearest.map(|near| format!("`vae help {near}`, or "));
            let hint = format!("{}`vae help` lists them", near.unwrap_or_default());
            return Err(UsageError::with_hint(message, hint).into());
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn complete(args: &Completions) -> Result<ExitCode> {
    text(&completions(args.shell, Cli::command()))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn manual(args: &Manual) -> Result<ExitCode> {
    folder(&args.out)?;
    let pages = manual_pages(Cli::command())?;
    for (name, page) in &pages {
        vae_base::files::write(&args.out.join(name), page)?;
    }
    json(&json!({ "pages": pages.len(), "folder": shown(&args.out) }))?;
    line(format!("{} in {}", counted(pages.len(), "page"), shown(&args.out)))?;
    Ok(ExitCode::SUCCESS)
}
