//! `vae explore`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use vae_explore::{Address, Limits, Server, Subject, SubjectSettings, open_in_browser};

use crate::args::ModelArgs;
use crate::interrupt::Stop;
use crate::output::{json, line, note, shown};
use crate::progress::Progress;

/// Walk through the designs of a run in the browser
///
/// A page shows all designs on a map of their codes. Dragging on the map decodes the design at that
/// place, cuts it to 0/1 at exactly its volume, and judges it by finite elements. Conditions and
/// loads can be moved; designs can be kept, compared and exported. The page is served by this
/// program, without a network, until Ctrl-C.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae explore
  vae explore runs/mine --open
  vae explore runs/mine --problem part.toml
  vae explore runs/mine --designs proposals
  vae explore runs/mine --host 0.0.0.0 --port 8017
  vae explore runs/mine --export page.html --session session.json")]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// TOML file of the problem that designs are made for and judged by; its values may name
    /// conditions [default: the one that the data state]
    #[arg(long, value_name = "FILE")]
    problem: Option<PathBuf>,
    /// Folder of proposals to show on the map, as `vae propose` writes it
    #[arg(long, value_name = "DIR")]
    designs: Option<PathBuf>,
    /// Address of this machine to listen on; others than 127.0.0.1 can be reached from the network,
    /// and then the link holds a token [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// Port to listen on; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 8017)]
    port: u16,
    /// Open the page in the browser
    #[arg(long)]
    open: bool,
    /// Write one offline page to send on instead, of at most 10 MB: the map, the kept designs, a
    /// grid of decoded designs to drag through, and the numbers
    #[arg(long, value_name = "FILE", conflicts_with_all = ["host", "open"])]
    export: Option<PathBuf>,
    /// Session as the page saves it, whose kept designs the offline page holds
    #[arg(long, value_name = "FILE", requires = "export")]
    session: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let address = Address::new(args.host, args.port)?;
    let run = args.model.open_run()?;
    let settings = SubjectSettings {
        problem: args.problem.clone(),
        proposals: args.designs.clone(),
        ..SubjectSettings::default()
    };
    let mut bar: Option<Progress> = None;
    let subject = Subject::open(run, &settings, |progress| {
        let new = || Progress::new("encoding the designs", "designs", progress.total, 0);
        bar.get_or_insert_with(new).set(progress.done, "");
    });
    bar.into_iter().for_each(Progress::finish);
    let subject = subject?;
    if let Some(file) = &args.export {
        return export(subject, args, file);
    }
    let server = Server::bind(subject, address, Limits::default())?;
    let link = server.address().link();
    json(&json!({ "link": link }))?;
    line(&link)?;
    note("the page is served until Ctrl-C");
    if args.open && !open_in_browser(&link) {
        note("no program opens the link by itself; it can be pasted into a browser");
    }
    // Ctrl-C is how it ends, so it ends well.
    server.serve(&Stop::new(true)?.asked)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the offline page.
fn export(subject: Subject, args: &Args, file: &Path) -> Result<ExitCode> {
    let mut bar: Option<Progress> = None;
    let page = subject.offline_page(args.session.as_deref(), |progress| {
        let new = || Progress::new("judging the designs", "designs", progress.total, 0);
        bar.get_or_insert_with(new).set(progress.done, "");
    });
    bar.into_iter().for_each(Progress::finish);
    let page = page?;
    vae_base::files::write(file, page.as_bytes())?;
    json(&json!({ "file": shown(file), "bytes": page.len() }))?;
    line(format!("{}: {:.1} MB", shown(file), page.len() as f64 / 1e6))?;
    Ok(ExitCode::SUCCESS)
}
