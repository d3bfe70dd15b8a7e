//! The page of a run: what was trained, on what, how good it is, and how to repeat it.

use std::path::Path;

use vae_base::text::counted;
use vae_report::{Block, Page, Table};
use vae_train::RunFolder;
use vae_train::learn::Manifest;

use crate::error::{Result, StudyError};
use crate::latent::logged_epochs;
use crate::pictures::figures;
use crate::propose::PAGE;
use crate::run::Run;
use crate::words::{optimized, reached};

/// The page of a run before its results are known.
pub struct Report {
    folder: RunFolder,
    training: Vec<Block>,
    manifest: Manifest,
}

impl Report {
    /// Begins the page with what the run recorded: what was trained, and what it reached.
    ///
    /// # Errors
    /// If the manifest or the log of the run cannot be read.
    pub fn begin(run: &Run) -> Result<Self> {
        let manifest = run.folder.recorded_manifest()?;
        let mut training = vec![Block::Heading("What was trained".into())];
        let sentences = optimized(&run.config, &run.loss());
        training.extend(sentences.into_iter().map(Block::Text));
        training.push(Block::Table(facts(run, &manifest)));
        let reached = reached(&run.config, &logged_epochs(&run.folder)?);
        training.extend(reached.into_iter().flatten().map(Block::Text));
        Ok(Self { folder: run.folder.clone(), training, manifest })
    }

    /// The command that started the run, and those that went on with other settings, word by word.
    pub fn training_commands(&self) -> impl Iterator<Item = &[String]> {
        let Manifest { command, continued_by, .. } = &self.manifest;
        std::iter::once(command).chain(continued_by).map(Vec::as_slice)
    }

    /// Writes the page into the folder of the run: what it comes to, its pictures, how it was
    /// trained, and its scores.
    ///
    /// Pages of proposals that lie in folders of the run are linked.
    ///
    /// `name` is the run as the title has it, `verdict` what is read first, `known` what else is
    /// known by now, and `commands` the lines that repeat it.
    ///
    /// # Errors
    /// If a figure or the configuration cannot be read, or the page cannot be written.
    pub fn write(
        self,
        name: &str,
        verdict: Vec<Block>,
        known: Vec<Block>,
        commands: &[String],
    ) -> Result<()> {
        let Self { folder, training, manifest } = self;
        let mut blocks = verdict;
        blocks.push(Block::Heading("Figures".into()));
        blocks.extend(figures(&folder));
        let links = proposals(folder.root());
        if !links.is_empty() {
            blocks.push(Block::Heading("Proposals".into()));
            blocks.push(Block::Links(links));
        }
        blocks.extend(training);
        blocks.extend(known);

        blocks.push(Block::Heading("To repeat".into()));
        blocks.push(Block::Code(commands.join("\n")));
        blocks.push(Block::Text(made_by(&manifest)));
        let config = folder.config();
        let text = std::fs::read_to_string(&config).map_err(|source| StudyError::Io {
            action: "read",
            path: config,
            source,
        })?;
        blocks.push(Block::Code(text.trim_end().to_owned()));

        let page = Page { title: format!("Training run {name}"), blocks };
        page.write(&folder.report()).map_err(StudyError::Page)
    }
}

/// The pages of proposals in folders of the run, by the names of the folders.
fn proposals(root: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let has_page = |name: &String| root.join(name).join(PAGE).is_file();
    let mut names: Vec<String> = names.filter(has_page).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), format!("{name}/{PAGE}"))).collect()
}

/// Data, split and model in a table.
fn facts(run: &Run, manifest: &Manifest) -> Table {
    let Run { config, data, split, vae, .. } = run;
    let mut table = Table::new("", &["", ""]);
    let mut row = |name: &str, value: String| table.push(name, [value]);
    let (height, width) = (data.height(), data.width());
    row(
        "data",
        format!("{}: {} of {height} x {width}", data.name(), counted(data.len(), "design")),
    );
    row("source", config.data.source.clone());
    let sides = [&split.train, &split.validation, &split.test].map(Vec::len);
    row("split", format!("{} to train, {} to validate, {} to test", sides[0], sides[1], sides[2]));
    let names: Vec<&str> = vae.config().conditions.iter().map(|c| c.name.as_str()).collect();
    row("conditions", if names.is_empty() { "none".to_owned() } else { names.join(", ") });
    row("preset", config.preset.clone());
    row("likelihood", vae.config().likelihood.to_string());
    row("latent dimensions", vae.config().latent_dim.to_string());
    row("seed", manifest.seed.to_string());
    table
}

/// Under what circumstances a run was made.
fn made_by(manifest: &Manifest) -> String {
    let Manifest { version, threads, device, data_fingerprint, resumed_at_step, .. } = manifest;
    let resumed = if resumed_at_step.is_empty() {
        String::new()
    } else {
        let steps: Vec<String> = resumed_at_step.iter().map(ToString::to_string).collect();
        format!("; resumed after step {}", steps.join(", "))
    };
    format!(
        "made by vae {version} with {threads} threads on the {device}; data {data_fingerprint}{resumed}; config.toml determines the result:"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_proposals_in_the_folder_of_a_run_are_found() {
        let root = tempfile::tempdir().unwrap();
        for name in ["second", "first", "other"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        for name in ["second", "first"] {
            std::fs::write(root.path().join(name).join(PAGE), "").unwrap();
        }
        let found: Vec<String> = proposals(root.path()).into_iter().map(|link| link.1).collect();
        assert_eq!(found, ["first/proposals.html", "second/proposals.html"]);
    }
}
