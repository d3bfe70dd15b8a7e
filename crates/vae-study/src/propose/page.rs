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

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use topo_data::{Flaw, Judgement, Topology};
    use topo_simp::{Grid, Problem};
    use vae_base::text::Share;
    use vae_design::{Candidate, Criteria, Measure, Yield};

    use super::super::comparison::{Judged, Known, Reference};
    use super::super::proposals::EXPLORED;
    use super::super::settings::ProposeSettings;
    use super::super::shortfall::Shortfall;
    use super::*;

    fn candidate(position: usize, compliance: f64) -> Candidate {
        let design = Array2::from_shape_fn((2, 4), |(_, column)| f32::from(column == position));
        let judgement = Judgement {
            compliance,
            volume_fraction: 0.25,
            volume_error: 0.0,
            greyness: 0.0,
            checkerboard: 0.0,
            compliance_cut: compliance,
            pieces_4: 1,
            pieces_8: 1,
            floating: 0.0,
            loads_on_material: true,
            loads_supported: true,
            member_size: None,
            stress: None,
        };
        Candidate {
            source: "flow",
            latent: Vec::new(),
            trust: 1.0,
            compliance_start: compliance,
            compliance_searched: compliance,
            steps: 0,
            repair: 0,
            mended: false,
            compliance,
            judgement,
            topology: Topology { holes: Vec::new(), free_ends: 0 },
            hole_size: None,
            searched: design.clone(),
            design,
        }
    }

    /// Proposals of these compliances, beside an optimum of 10 and a design of the data of 11.
    fn proposals(compliances: &[f64]) -> Proposals {
        let candidates: Vec<Candidate> =
            compliances.iter().enumerate().map(|(i, &c)| candidate(i, c)).collect();
        let criteria = Criteria {
            reference: None,
            replaceable: false,
            within: f64::INFINITY,
            softest: f64::INFINITY,
            overlap: 0.95,
            requirements: Vec::new(),
            minimize: Measure::Compliance,
            training: Vec::new(),
        };
        let (accepted, counts) = criteria.select(&candidates);
        assert_eq!(counts.accepted, compliances.len(), "no two are alike");
        let judged = Judged { design: Array2::zeros((2, 4)), stress: None };
        let known = Some(Known { position: 7, compliance: 11.0, judged });
        let name = "the SIMP optimum".to_owned();
        Proposals {
            problem: Problem::cantilever(Grid { nelx: 4, nely: 2 }, 0.5),
            conditions: Vec::new(),
            comparison: Comparison {
                bound: 5.0,
                optimum: Ok(10.0),
                optimal: None,
                known,
                named: None,
            },
            reference: Some(Reference { name, compliance: 10.0, stress: None }),
            limit: 11.0,
            candidates,
            accepted,
            sound: Vec::new(),
            counts,
            unrepaired: None,
            iterations_saved: None,
            training: Vec::new(),
            settings: ProposeSettings {
                compliance_within: Share::from(0.1),
                ..ProposeSettings::default()
            },
        }
    }

    fn lines(found: &Proposals) -> String {
        proposed(found).join("\n")
    }

    #[test]
    fn the_stiffest_proposal_is_said_to_be_as_stiff_as_it_is() {
        let said = |compliances: &[f64]| {
            let found = proposals(compliances);
            (summary_of_proposals(&found).join(" "), lines(&found))
        };
        let beat = "softer than design 7 of the data, which is the one to beat";
        let (first, rest) = said(&[9.0, 14.0]);
        assert!(first.contains("The stiffest is 10.0 % stiffer than the SIMP optimum."), "{first}");
        assert!(first.contains("It is 18.2 % stiffer than design 7 of the data"), "{first}");
        assert!(!rest.contains(beat), "{rest}");
        let (first, rest) = said(&[13.2]);
        assert!(first.contains("The stiffest is 32.0 % softer than the SIMP optimum."), "{first}");
        assert!(first.contains("It is 20.0 % softer than design 7 of the data"), "{first}");
        assert!(rest.contains(&format!("the stiffest proposal is 20.0 % {beat}")), "{rest}");
        let (first, rest) = said(&[11.0]);
        assert!(first.contains("It is as stiff as design 7 of the data"), "{first}");
        assert!(!rest.contains(beat), "{rest}");
        let mut found = proposals(&[9.0]);
        (found.reference, found.comparison.known) = (None, None);
        assert!(
            !summary_of_proposals(&found).join(" ").contains("tiff"),
            "nothing to stand beside"
        );
    }

    #[test]
    fn a_reference_bounds_proposals_only_if_that_was_asked_for() {
        let bounded = "a proposal may be 10 % softer, at most 11.0000";
        let mut found = proposals(&[9.0]);
        assert!(lines(&found).contains(&format!("the SIMP optimum, 10.0000: {bounded}")));
        found.limit = 25.0;
        assert!(lines(&found).contains("10.0000: what is softer than 25.0000 is no structure"));
        found.settings.compliance_within = Share::from(f64::INFINITY);
        let said = lines(&found);
        assert!(said.contains("compared with the SIMP optimum, 10.0000"), "{said}");
        assert!(!said.contains("may be"), "{said}");
        assert!(found.title().contains("of the SIMP optimum"), "{}", found.title());
        found.reference = None;
        assert!(lines(&found).contains("nothing holds that candidates could be compared with"));
        assert!(found.title().ends_with(": no reference holds"), "{}", found.title());
    }

    #[test]
    fn repairs_explorations_and_savings_are_said_only_where_they_were() {
        let mut found = proposals(&[9.0, 14.0]);
        let [repaired, explored, saved] = ["before the repair", "other topologies", "SIMP needs"];
        let said = lines(&found);
        for words in [repaired, explored, saved, "the lightest proposal"] {
            assert!(!said.contains(words), "{words:?} in {said}");
        }
        found.unrepaired = Some(0);
        found.candidates[1].source = EXPLORED;
        found.iterations_saved = Some(vec![4, 9]);
        let said = lines(&found);
        assert!(said.contains("before the repair by SIMP 0 of 2 are stiff enough, after it 1"));
        assert!(said.contains("1 of 2 proposals began as a draw for another volume"), "{said}");
        assert!(
            said.contains("SIMP needs 9 iterations fewer than from the uniform start"),
            "{said}"
        );
    }

    #[test]
    fn the_lightest_is_said_only_where_it_was_looked_for() {
        let mut found = proposals(&[13.2]);
        assert!(!found.heading().contains("Lightest"), "{}", found.heading());
        found.settings.minimize = Measure::Weight;
        found.counts = Yield { tried: 3, unmet: 2, ..found.counts };
        let said = lines(&found);
        let lightest = "fills 25.0 % of the domain, 50 % less than the 50.0 % that were allowed";
        assert!(said.contains(lightest) && said.contains("heavier than need be"), "{said}");
        // Designs of other volumes are not beaten.
        assert!(!said.contains("the one to beat"), "{said}");
        assert!(found.heading().contains("Lightest"), "{}", found.heading());
        let first = summary_of_proposals(&found).join(" ");
        assert!(first.contains("softer than the SIMP optimum at volume 0.5."), "{first}");
    }

    #[test]
    fn each_shortfall_is_said_with_its_own_words() {
        let said = |counts: Yield| {
            let mut found = proposals(&[]);
            found.candidates = vec![candidate(0, 12.0)];
            found.counts = Yield { tried: 9, ..counts };
            found.shortfall().to_string()
        };
        let none = Yield::default();
        for (counts, words) in [
            (Yield { in_pieces: 5, ..none }, "most break apart or hardly carry the load"),
            (Yield { too_soft: 5, ..none }, "in one piece is 20 % softer than the reference"),
            (Yield { unmet: 5, ..none }, "most do not keep a bound"),
            (Yield { training_copies: 5, ..none }, "most are nearly copies of training designs"),
        ] {
            assert!(said(counts).ends_with(words), "{}", said(counts));
        }
        // A sheet of variable thickness has a compliance of 5: what is softer than 25 is no
        // structure, however much softer than the reference a proposal may be.
        let mut found = proposals(&[]);
        found.candidates = vec![candidate(0, 26.0)];
        found.counts = Yield { tried: 1, too_soft: 1, ..none };
        assert_eq!(found.shortfall(), Shortfall::Broken);
        // What is too soft for nothing is not said to be.
        let mut found = proposals(&[]);
        (found.reference, found.counts) = (None, Yield { tried: 9, too_soft: 5, ..none });
        assert!(!matches!(found.shortfall(), Shortfall::TooSoft { .. }), "{}", found.shortfall());
    }

    #[test]
    fn an_optimum_that_does_not_hold_is_no_reference() {
        let mut found = proposals(&[9.0]);
        found.comparison.known = None;
        let reference = found.comparison.reference().unwrap();
        assert_eq!(reference.name, "the SIMP optimum");
        found.comparison.optimum = Err(Flaw::InPieces(2));
        assert_eq!(found.comparison.reference(), None);
        let beside = found.comparison.reference_beside(Some((9.0, None))).unwrap();
        assert_eq!(beside.name, "the stiffest candidate");
    }
}
