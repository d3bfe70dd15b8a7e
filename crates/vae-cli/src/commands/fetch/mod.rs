//! `vae data fetch`.

mod bars;
mod tables;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use indicatif::HumanBytes;
use serde::Serialize;
use vae_data::Reading;
use vae_hub::{
    Fetched, Fetcher, HUB_SETS, Options, Record, Retry, Source, TUTORIAL, UnknownSource, ZENODO,
    folder_name,
};

use self::bars::Bars;
use crate::failure::UsageError;
use crate::output::{json, line, note, shown};
use crate::reading::open_data;

/// Extensions of pictures.
const PICTURES: [&str; 6] = ["jpg", "jpeg", "png", "bmp", "tif", "tiff"];

/// Download a data set, check it, and unpack it
///
/// Names, sizes and checksums come from the publisher's own API. An interrupted download continues
/// where it stopped, at once or when the same command is given again. If everything is there
/// already, the command does nothing.
#[derive(clap::Args)]
#[command(after_help = "Sources:
  tutorial         the pictures of the lecture, Zenodo record 20432301
  zenodo:RECORD    any other record of Zenodo
  builtin          the built-in set; it is part of this program, and is only checked

Sources of a program built with --features hub, written as data-set folders:
  engibench        half MBB beams with conditions and compliance; no commercial use
  mnist, fashion-mnist
  hub:OWNER/NAME   any set of the Hugging Face Hub with a column of designs
  FILE.parquet     a Parquet file, or a folder of them

Examples:
  vae data fetch --list
  vae data fetch tutorial --list
  vae data fetch tutorial
  vae data fetch tutorial --url https://mirror.example.org --out pictures")]
pub(crate) struct Args {
    /// What to fetch, see below
    #[arg(value_name = "SOURCE", required_unless_present = "list")]
    source: Option<String>,
    /// Only list the sources, or the files of SOURCE
    #[arg(long)]
    list: bool,
    /// Site to use instead of the publisher's
    #[arg(long, value_name = "SITE")]
    url: Option<String>,
    /// Folder to write [default: data/ and the name of the source]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Attempts in a row before giving up on a server
    #[arg(long, value_name = "N", default_value_t = Retry::default().attempts, value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// Column of designs, if several columns of a table could be it
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// The pictures of a table show material in black
    #[arg(long)]
    inverted: bool,
    /// Terms of use to record with a table that does not state them
    #[arg(long, value_name = "TEXT")]
    license: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let Some(text) = &args.source else { return list_sources() };
    let out = args.out.clone().unwrap_or_else(|| Path::new("data").join(folder_name(text)));
    let unknown = |unknown: UnknownSource| {
        UsageError::with_hint(unknown.to_string(), "`vae data fetch --list` lists the sources")
    };
    match text.parse().map_err(unknown)? {
        Source::Builtin => check_builtin()?,
        Source::Zenodo(id) => fetch_record(args, id, &out)?,
        source @ (Source::Hub(_) | Source::Parquet(_)) => tables::fetch(args, &source, &out)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list_sources() -> Result<ExitCode> {
    #[derive(Serialize)]
    struct Row {
        source: &'static str,
        what: String,
    }
    let mut rows = vec![
        Row { source: "builtin", what: "cantilevers, part of this program".into() },
        Row {
            source: "tutorial",
            what: format!("the pictures of the lecture, {}", Record::address(ZENODO, TUTORIAL)),
        },
        Row { source: "zenodo:RECORD", what: format!("any record of {ZENODO}") },
    ];
    rows.extend(
        HUB_SETS.iter().map(|(source, id, what)| Row { source, what: format!("{what}, hub:{id}") }),
    );
    rows.extend([
        Row {
            source: "hub:OWNER/NAME",
            what: "any set of the Hugging Face Hub with a column of designs".into(),
        },
        Row { source: "FILE.parquet", what: "a Parquet file, or a folder of them".into() },
    ]);
    json(&rows)?;
    for row in rows {
        line(format!("{:16} {}", row.source, row.what))?;
    }
    if !cfg!(feature = "hub") {
        note("sets of the Hub and Parquet files need a build with --features hub");
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads every design of the built-in set.
fn check_builtin() -> Result<()> {
    #[derive(Serialize)]
    struct Checked {
        source: &'static str,
        designs: usize,
        height: usize,
        width: usize,
    }
    let data = open_data("builtin", &Reading::default())?;
    let mut design = vec![0.0; data.design_len()];
    for index in 0..data.len() {
        data.read_into(&[index], &mut design)?;
    }
    let (designs, height, width) = (data.len(), data.height(), data.width());
    json(&Checked { source: "builtin", designs, height, width })?;
    line(format!(
        "builtin: {designs} designs of {height} x {width}, part of this program and whole; nothing to fetch"
    ))
}

#[derive(Serialize)]
struct Done<'a> {
    source: &'a str,
    path: String,
    already_there: bool,
    files: usize,
    bytes: u64,
    title: Option<&'a str>,
    license: Option<&'a str>,
    /// The folder with most pictures, and how many.
    pictures: Option<(String, usize)>,
}

fn fetch_record(args: &Args, id: u64, out: &Path) -> Result<()> {
    let retry = Retry { attempts: args.attempts, ..Retry::default() };
    let fetcher = Fetcher::new(Options { retry, ..Options::default() });
    let site = args.url.as_deref().unwrap_or(ZENODO);
    let mut bars = Bars::default();
    if args.list {
        let record = fetcher.record(site, id, &mut |event| bars.show(event))?;
        bars.finish();
        return list_files(&record);
    }
    let fetched = fetcher.fetch(site, id, out, &mut |event| bars.show(event))?;
    bars.finish();
    report(&fetched, out)
}

/// Says what was fetched.
fn report(fetched: &Fetched, out: &Path) -> Result<()> {
    let receipt = &fetched.receipt;
    let done = Done {
        source: &receipt.source,
        path: shown(out),
        already_there: fetched.already_there,
        files: receipt.files.len(),
        bytes: receipt.size(),
        title: receipt.title.as_deref(),
        license: receipt.license.as_deref(),
        pictures: receipt
            .fullest_folder(&PICTURES)
            .map(|(folder, n)| (shown(&out.join(folder)), n)),
    };
    json(&done)?;
    say(&done)
}

fn say(done: &Done<'_>) -> Result<()> {
    let Done { source, path, files, bytes, .. } = done;
    let size = HumanBytes(*bytes);
    if done.already_there {
        line(format!(
            "{path} already holds {source}: {files} files, {size}, unchanged since they were fetched; nothing to do"
        ))?;
    } else {
        line(format!("{source}: {files} files, {size}, in {path}"))?;
    }
    let license = done.license.unwrap_or("not stated; ask the publisher");
    let forbids = if is_non_commercial(license) { " (no commercial use)" } else { "" };
    line(format!("license: {license}{forbids}"))?;
    match &done.pictures {
        Some((folder, n)) => line(format!("{n} pictures; next: vae data info {folder}")),
        None => line(format!("next: vae data info {path}")),
    }
}

/// Whether the abbreviation of a license has the part `nc`, such as `cc-by-nc-sa-4.0`.
fn is_non_commercial(license: &str) -> bool {
    license.to_ascii_lowercase().split(['-', ' ']).any(|part| part == "nc")
}

fn list_files(record: &Record) -> Result<()> {
    json(&record.files)?;
    let Record { id, title, license, files, .. } = record;
    line(format!(
        "zenodo:{id}: {} ({} files, {}, license {})",
        title.as_deref().unwrap_or("no title"),
        files.len(),
        HumanBytes(record.size()),
        license.as_deref().unwrap_or("not stated")
    ))?;
    for file in files {
        line(format!("{}  {}  {}", file.name, HumanBytes(file.size), file.checksum))?;
    }
    Ok(())
}
