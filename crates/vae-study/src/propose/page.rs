//! The page of proposals: what was asked for, what was found, and where the files are.

use std::path::Path;

use vae_base::files as written;
use vae_base::text::{counted, wrapped};
use vae_report::{Block, Item, Page, Table, number};

use super::comparison::Comparison;
use super::error::{ProposeError, Result};
use super::files::{Described, Files, KNOWN, PAGE, PICTURE, SHEET, SKETCH, TRADEOFF};
use super::proposals::Proposals;
use crate::words::{proposed, references, summary_of_proposals};

/// Characters in a line of the page.
const COLUMNS_OF_TEXT: usize = 88;
/// Columns of the table of proposals.
const COLUMNS: [&str; 8] = [
    "proposal",
    "weight",
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
        let known = self.comparison.known.as_ref().map_or("", |_| ", after the best of the data");
        vec![
            figure(folder, SKETCH, "Supports, loads and passive regions".to_owned()),
            figure(folder, SHEET, format!("{}{known}", counted(self.accepted.len(), "proposal"))),
        ]
    }

    /// Writes `proposals.html` into the folder that holds the files.
    pub(super) fn write_page(
        &self,
        described: &[Described<'_>],
        folder: &Path,
        files: &Files<'_>,
    ) -> Result<()> {
        let mut blocks: Vec<Block> =
            summary_of_proposals(self).into_iter().map(Block::Text).collect();
        blocks.push(Block::Gallery(self.items(described, folder, files)));
        blocks.push(Block::Text(
            "Above: the contours that are exported, with supports (blue), loads (arrows) and the size in elements. Below: the von Mises stress, in the same colors everywhere. C is the compliance; percentages are against the reference.".to_owned(),
        ));
        blocks.push(figure(folder, TRADEOFF, self.title_of_costs().to_owned()));
        let mut table = Table::new("", &COLUMNS);
        for proposal in described {
            table.push(proposal.rank.to_string(), cells(proposal));
        }
        blocks.push(Block::Heading("In numbers".to_owned()));
        blocks.push(Block::Table(table));
        blocks.push(Block::Text(
            "Compliances and stresses are in the units of the problem, of the design cut to 0/1 at exactly its volume; the weight is the share of the domain that is material; lengths are in elements.".to_owned(),
        ));
        blocks.push(Block::Heading("The task".to_owned()));
        blocks.push(figure(folder, SKETCH, "Supports, loads and passive regions".to_owned()));
        blocks.push(Block::Heading("How they were found".to_owned()));
        let volume = self.problem.volume_fraction;
        let lines = references(&self.comparison, volume).into_iter().chain(proposed(self));
        let lines: Vec<String> = lines.map(|line| wrapped(&line, COLUMNS_OF_TEXT)).collect();
        blocks.push(Block::Code(lines.join("\n")));
        blocks.push(Block::Heading("Files".to_owned()));
        let names = ["proposals.csv", "problem.toml", SHEET, TRADEOFF, SKETCH];
        blocks.push(Block::Links(names.map(|name| (name.to_owned(), name.to_owned())).to_vec()));
        let title = self.heading();
        let path = folder.join(PAGE);
        let html = Page { title, blocks }.to_html();
        let html = html.map_err(|source| ProposeError::Figure { path: path.clone(), source })?;
        Ok(written::write(&path, html.as_bytes())?)
    }

    /// The best known designs and the proposals with links to their files.
    fn items(&self, described: &[Described<'_>], folder: &Path, files: &Files<'_>) -> Vec<Item> {
        let known = self.known_pictures().into_iter().map(|name| {
            let Comparison { known, optimum, optimal, .. } = &self.comparison;
            let (title, compliance, judged) = match known {
                Some(known) if name == KNOWN => (
                    format!("Design {} of the data", known.position),
                    Some(known.compliance),
                    Some(&known.judged),
                ),
                _ => ("SIMP optimum".to_owned(), optimum.ok(), optimal.as_ref()),
            };
            let compliance = compliance.map(|compliance| format!("C {}", number(compliance, 5)));
            let stress = judged.and_then(|judged| judged.stress);
            let stress = stress.map(|stress| format!("stress {}", number(stress, 4)));
            let lines = compliance.into_iter().chain(stress).collect();
            Item { png: folder.join(name), title, lines, links: Vec::new() }
        });
        let proposals = described.iter().map(|proposal| {
            let own = proposal.folder();
            let formats = files.formats.iter().map(|&format| files.name(format));
            let names = [PICTURE, "design.npy", "design.json"].map(str::to_owned);
            let link = |name: String| {
                let address = format!("{own}/{name}");
                (name, address)
            };
            Item {
                png: folder.join(&own).join(PICTURE),
                title: format!("Proposal {}", proposal.rank),
                lines: self.caption(proposal),
                links: formats.chain(names).map(link).collect(),
            }
        });
        known.chain(proposals).collect()
    }
}

fn figure(folder: &Path, name: &str, caption: String) -> Block {
    Block::Figure { png: folder.join(name), caption }
}

/// The cells of a proposal in the table of the page.
fn cells(proposal: &Described<'_>) -> [String; 7] {
    let candidate = proposal.candidate;
    let judged = &candidate.judgement;
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        format!("{:.4}", judged.volume_fraction),
        format!("{:.4}", candidate.compliance),
        or_nothing(proposal.compliance_error.map(|error| format!("{:+.1} %", 100.0 * error))),
        or_nothing(judged.stress.map(|stress| format!("{stress:.4}"))),
        or_nothing(judged.member_size.map(|size| size.to_string())),
        or_nothing(candidate.hole_size.map(|size| format!("{size:.1}"))),
        candidate.topology.holes.len().to_string(),
    ]
}
