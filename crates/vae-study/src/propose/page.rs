//! The page of proposals: what was asked for, what was found, and where the files are.

use std::path::Path;

use vae_base::files as written;
use vae_base::text::{counted, wrapped};
use vae_report::{Block, Page, Table};

use super::error::{ProposeError, Result};
use super::files::{Described, Files, PAGE, SHEET, SKETCH};
use super::proposals::Proposals;
use crate::words::{proposed, references};

/// Characters in a line of the page.
const COLUMNS_OF_TEXT: usize = 88;
/// Columns of the table of proposals.
const COLUMNS: [&str; 7] = [
    "proposal",
    "compliance",
    "against the reference",
    "largest stress",
    "thinnest member",
    "narrowest hole",
    "holes",
];

impl Proposals {
    /// The sketch of the task and the contact sheet, which lie in a folder.
    pub(super) fn figures(&self, folder: &Path) -> Vec<Block> {
        let figure =
            |name: &str, caption: String| Block::Figure { png: folder.join(name), caption };
        let known = self.comparison.known.as_ref().map_or("", |_| ", after the best of the data");
        vec![
            figure(SKETCH, "Supports, loads and passive regions".to_owned()),
            figure(SHEET, format!("{}{known}", counted(self.accepted.len(), "proposal"))),
        ]
    }

    /// Writes `proposals.html` into the folder that holds the files.
    pub(super) fn write_page(
        &self,
        described: &[Described<'_>],
        folder: &Path,
        files: &Files<'_>,
    ) -> Result<()> {
        let mut blocks = self.figures(folder);
        let volume = self.problem.volume_fraction;
        let lines = references(&self.comparison, volume).into_iter().chain(proposed(self));
        let lines: Vec<String> = lines.map(|line| wrapped(&line, COLUMNS_OF_TEXT)).collect();
        blocks.push(Block::Code(lines.join("\n")));
        let mut table = Table::new("", &COLUMNS);
        for proposal in described {
            table.push(proposal.rank.to_string(), cells(proposal));
        }
        blocks.push(Block::Table(table));
        blocks.push(Block::Text(
            "Compliances and stresses are in the units of the problem, of the design cut to 0/1 at exactly its volume; lengths are in elements.".to_owned(),
        ));
        blocks.push(Block::Heading("Files".to_owned()));
        let mut links = Vec::new();
        for proposal in described {
            let folder = proposal.folder();
            let names = files.formats.iter().map(|&format| files.name(format));
            for name in ["design.json".to_owned(), "design.npy".to_owned()].into_iter().chain(names)
            {
                links.push((format!("{folder}/{name}"), format!("{folder}/{name}")));
            }
        }
        links.push(("proposals.csv".to_owned(), "proposals.csv".to_owned()));
        links.push(("problem.toml".to_owned(), "problem.toml".to_owned()));
        blocks.push(Block::Links(links));
        let title = format!("Proposals at volume {volume}");
        let path = folder.join(PAGE);
        let html = Page { title, blocks }.to_html();
        let html = html.map_err(|source| ProposeError::Figure { path: path.clone(), source })?;
        Ok(written::write(&path, html.as_bytes())?)
    }
}

/// The cells of a proposal in the table of the page.
fn cells(proposal: &Described<'_>) -> [String; 6] {
    let candidate = proposal.candidate;
    let judged = &candidate.judgement;
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        format!("{:.4}", candidate.compliance),
        or_nothing(proposal.compliance_error.map(|error| format!("{:+.1} %", 100.0 * error))),
        or_nothing(judged.stress.map(|stress| format!("{stress:.4}"))),
        or_nothing(judged.member_size.map(|size| size.to_string())),
        or_nothing(candidate.hole_size.map(|size| format!("{size:.1}"))),
        candidate.topology.holes.len().to_string(),
    ]
}
