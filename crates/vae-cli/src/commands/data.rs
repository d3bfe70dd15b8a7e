//! `vae data`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use vae_data::{ConditionInfo, Info};

use super::fetch;
use crate::opened::open_data;
use crate::output::{json, line};

/// Fetch data and look at them
#[derive(Subcommand)]
pub(crate) enum Command {
    Fetch(fetch::Args),
    Info(InfoArgs),
}

/// Say what a data set holds, and what is suspicious in it
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae data info builtin
  vae data info my-designs/ --json")]
pub(crate) struct InfoArgs {
    /// `builtin`, a data-set folder, or a .npy/.npz file
    #[arg(value_name = "SOURCE", default_value = "builtin")]
    source: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Fetch(args) => fetch::run(args),
        Command::Info(args) => info(args),
    }
}

fn info(args: &InfoArgs) -> Result<ExitCode> {
    let data = open_data(&args.source)?;
    let info = vae_data::info(&data)?;
    if args.json {
        json(&info)?;
    } else {
        table(&info)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(info: &Info) -> Result<()> {
    let Info { name, n, height, width, element, groups, .. } = info;
    line(format!(
        "{name}: {n} designs of {height} x {width} ({element}) in {groups} groups, the largest of {}",
        info.largest_group
    ))?;
    line(format!(
        "values {:.3} to {:.3}, {:.1} % grey, mean greyness {:.3}{}",
        info.value_min,
        info.value_max,
        100.0 * info.grey_share,
        info.greyness,
        if info.binary { ": black and white" } else { "" }
    ))?;
    let volume = &info.volume_fraction;
    line(format!(
        "volume fraction {:.3} ± {:.3}, {:.3} to {:.3}",
        volume.mean, volume.std, volume.min, volume.max
    ))?;
    for condition in &info.conditions {
        let unit =
            if condition.unit.is_empty() { String::new() } else { format!(" {}", condition.unit) };
        let ConditionInfo { name, values, distinct, .. } = condition;
        line(format!(
            "condition {name}: {:.3} to {:.3}{unit}, {distinct} distinct values",
            values.min, values.max
        ))?;
    }
    if info.problems {
        line("the mechanical problem of each design is known")?;
    }
    if !info.results.is_empty() {
        line(format!("results: {}", info.results.join(", ")))?;
    }
    for note in info.notes() {
        line(format!("note: {note}"))?;
    }
    Ok(())
}
