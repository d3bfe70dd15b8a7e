//! The page of a run: what was trained, on what, how good it is, and how to repeat it.

use anyhow::{Context as _, Result};
use vae_report::{Block, Page, Table};
use vae_train::RunFolder;
use vae_train::run::Manifest;

use crate::figures;
use crate::latent;
use crate::opened::OpenedRun;
use crate::output::{quoted, shown, typed};
use crate::trained;

/// The page of a run before its results are known.
pub(crate) struct Report {
    folder: RunFolder,
    opening: Vec<Block>,
    manifest: Manifest,
}

/// Begins with what was trained, by what the run recorded.
pub(crate) fn start(opened: &OpenedRun) -> Result<Report> {
    let OpenedRun { folder, config, data, split, vae, .. } = opened;
    let manifest = folder.recorded_manifest()?;
    let mut opening = vec![Block::Heading("What was trained".into())];
    let sentences = trained::in_words(config, &opened.loss());
    opening.extend(sentences.into_iter().map(Block::Text));
    let mut table = Table::new("", &["", ""]);
    let mut row = |name: &str, value: String| table.push(name, [value]);
    let (height, width) = (data.height(), data.width());
    row("data", format!("{}: {} designs of {height} x {width}", data.name(), data.len()));
    row("source", config.data.source.clone());
    let sides = [&split.train, &split.validation, &split.test].map(Vec::len);
    row("split", format!("{} to train, {} to validate, {} to test", sides[0], sides[1], sides[2]));
    let names: Vec<&str> = vae.config().conditions.iter().map(|c| c.name.as_str()).collect();
    row("conditions", if names.is_empty() { "none".to_owned() } else { names.join(", ") });
    row("preset", config.preset.clone());
    row("likelihood", vae.config().likelihood.to_string());
    row("latent dimensions", vae.config().latent_dim.to_string());
    row("seed", manifest.seed.to_string());
    opening.push(Block::Table(table));
    let result = trained::result(config, &latent::epochs(folder)?);
    opening.extend(result.into_iter().flatten().map(Block::Text));
    Ok(Report { folder: folder.clone(), opening, manifest })
}

impl Report {
    /// Writes the page with what is known by now; `evaluated` is the command that found it. Returns
    /// where it lies.
    pub(crate) fn write(self, known: Vec<Block>, evaluated: Option<&[String]>) -> Result<String> {
        let Self { folder, opening: mut blocks, manifest } = self;
        let run = typed(folder.root());
        if evaluated.is_none() {
            blocks.push(Block::Heading("Latent space".into()));
        }
        blocks.extend(known);
        if evaluated.is_none() {
            blocks.push(Block::Heading("Scores on the test split".into()));
            blocks.push(Block::Text("not evaluated yet; this completes the page:".into()));
            blocks.push(Block::Code(format!("vae evaluate {run}")));
        }
        blocks.push(Block::Heading("Figures".into()));
        blocks.extend(figures::all(&folder));

        blocks.push(Block::Heading("To repeat".into()));
        let commands = [Some(manifest.command.as_slice()), evaluated];
        let commands: Vec<String> = commands.into_iter().flatten().map(command).collect();
        blocks.push(Block::Code(commands.join("\n")));
        let Manifest { version, threads, device, data_fingerprint, resumed_at_step, .. } = manifest;
        let resumed = match resumed_at_step.as_slice() {
            [] => String::new(),
            steps => {
                let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
                format!("; resumed after step {}", steps.join(", "))
            }
        };
        blocks.push(Block::Text(format!(
            "made by vae {version} with {threads} threads on the {device}; data {data_fingerprint}{resumed}; config.toml decides the result:"
        )));
        let config = folder.config();
        let text = std::fs::read_to_string(&config)
            .with_context(|| format!("cannot read {}", config.display()))?;
        blocks.push(Block::Code(text.trim_end().to_owned()));

        let page = folder.report();
        Page { title: format!("Training run {}", shown(folder.root())), blocks }.write(&page)?;
        Ok(shown(&page))
    }
}

/// A command line that can be pasted, whatever path the program was started by.
fn command(words: &[String]) -> String {
    let arguments = words.iter().skip(1).map(|word| quoted(word));
    std::iter::once("vae".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}
