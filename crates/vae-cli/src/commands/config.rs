//! `vae config`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;
use toml::Table;
use vae_train::learn::split;
use vae_train::{Config, Layer, RunFolder};

use super::problem::vacant;
use super::train::Settings;
use crate::failure::UsageError;
use crate::output::{json, line, manner, shown, text, typed};
use crate::reading::open_data;

/// Show the settings of a run, or write a file of settings
#[derive(Subcommand)]
pub(crate) enum Command {
    Show(Box<Show>),
    Init(Init),
}

/// Show every setting with its origin
///
/// Of a run, its settings, and which differ from its preset. Without RUN, those that `vae train`
/// would take with the same flags: each with its origin (default, preset, file, flag, or sized for
/// the data).
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae config show runs/cantilever-default-1
  vae config show --preset pool --data my-designs/ --epochs 30
  vae config show --config study.toml")]
pub(crate) struct Show {
    /// Folder of a run
    #[arg(value_name = "RUN", conflicts_with_all = ["preset", "config"])]
    run: Option<PathBuf>,
    /// Preset to start from
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// TOML file with settings over the preset's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// Write a file of all settings with what each means, to be changed in an editor
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae config init study.toml
  vae config init --preset pool study.toml")]
pub(crate) struct Init {
    /// File to write; one that exists is kept
    #[arg(value_name = "FILE")]
    out: PathBuf,
    /// Preset whose settings it has
    #[arg(long, value_name = "NAME", default_value = "default")]
    preset: String,
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Show(args) => show(args)?,
        Command::Init(args) => init(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(args: &Show) -> Result<()> {
    let settings = Layer::new(&args.settings)?;
    let (config, origins) = if let Some(run) = &args.run {
        if !settings.is_empty() {
            let message = "a run has its settings; flags are for a training to come";
            return Err(UsageError::with_hint(message, "leave RUN out, or the flags").into());
        }
        let config = Config::read(&RunFolder::open(run)?.config())?;
        let origins = config.differences(&Config::preset(&config.preset)?);
        (config, origins.into_iter().map(|path| (path, "of this run".to_owned())).collect())
    } else {
        let (preset, file) = (args.preset.as_deref(), args.config.as_deref());
        let config = Config::resolve(preset, file, &settings)?;
        let data = open_data(&config.data.source, &config.data.reading)?;
        let designs = split(&config, &data)?.train.len();
        let (config, _) = Config::resolve_for(preset, file, &settings, designs)?;
        let origins = config.origins(preset, file, &settings, designs)?;
        let origins = origins.into_iter().map(|(path, origin)| (path, origin.to_string()));
        (config, origins.collect::<std::collections::BTreeMap<_, _>>())
    };
    let table: Table = config.to_toml().parse()?;
    json(&json!({ "settings": table, "origins": origins }))?;
    let remarked = config.to_remarked_toml(|path| origins.get(path).cloned().unwrap_or_default());
    if manner().json { Ok(()) } else { text(&remarked) }
}

fn init(args: &Init) -> Result<()> {
    let template = Config::preset(&args.preset)?.to_annotated_toml();
    vacant(&args.out)?;
    vae_base::files::write(&args.out, template.as_bytes())?;
    json(&json!({ "file": shown(&args.out) }))?;
    line(format!(
        "{}: to be changed in an editor; then\n  vae train --config {}",
        shown(&args.out),
        typed(&args.out)
    ))
}
