//! The files of a proposal: contact sheet, table, one folder per design.

use std::path::Path;

use anyhow::{Context as _, Result};
use ndarray::{Array3, ArrayView2, Axis};
use serde::Serialize;
use vae_data::npy;
use vae_design::Candidate;
use vae_report::{Grid, grid};
use vae_train::run::write;

use super::asked::Reference;
use super::{Asked, Outcome};
use crate::cad::{Format, Lengths};
use crate::failure::UsageError;
use crate::judged::{Row, write_table};
use crate::output::{self, line, shown};
use vae_study::Run as OpenedRun;

/// Makes the folder, before any work is done for it; one that holds something is refused.
pub(super) fn claim(out: &Path) -> Result<()> {
    output::folder(out)?;
    let occupied = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        let message = format!("{} is not empty", shown(out));
        return Err(UsageError::with_hint(message, "name another folder with --out").into());
    }
    // A folder may be there and not take files.
    tempfile::tempfile_in(out)
        .with_context(|| format!("cannot write into {}", shown(out)))
        .map(drop)
}

/// What `design.json` says of a proposal.
#[derive(Serialize)]
struct Described<'a> {
    rank: usize,
    /// The stated volume fraction; that of the design is `judgement.volume_fraction`.
    volume_fraction: f64,
    /// Compliance of the SIMP optimum at that volume, cut.
    optimum: f64,
    /// What `compliance_error` is relative to.
    reference: &'a str,
    reference_compliance: f64,
    compliance_error: f64,
    /// `1 − IoU` with the nearest training design,
    novelty: f64,
    /// which is this one of the data.
    nearest_training_design: Option<usize>,
    conditions: Vec<(&'a str, f32)>,
    #[serde(flatten)]
    candidate: &'a Candidate,
    #[serde(skip_serializing_if = "Option::is_none")]
    iterations_saved: Option<isize>,
}

impl Outcome<'_> {
    /// Writes everything and says where it is.
    pub(super) fn write(
        &self,
        out: &Path,
        opened: &OpenedRun,
        saved: Option<&[isize]>,
        cad: (&[Format], Lengths),
    ) -> Result<()> {
        let Asked { problem, conditions, .. } = self.asked;
        write(&out.join("problem.toml"), problem.to_toml().as_bytes())?;
        let reference = match &self.asked.reference {
            Reference::Named { name, .. } => name.as_str(),
            Reference::Optimum => "SIMP optimum",
        };
        let names = opened.vae.config().conditions.iter().map(|c| c.name.as_str());
        let conditions: Vec<(&str, f32)> = names.zip(conditions.iter().copied()).collect();
        let (mut rows, mut captions) = (Vec::new(), Vec::new());
        for (index, proposal) in self.proposals.iter().enumerate() {
            let candidate = &self.candidates[proposal.candidate];
            let rank = index + 1;
            let compliance_error = candidate.compliance / self.asked.reference() - 1.0;
            let described = Described {
                rank,
                volume_fraction: problem.volume_fraction,
                optimum: self.asked.optimum,
                reference,
                reference_compliance: self.asked.reference(),
                compliance_error,
                novelty: proposal.novelty,
                nearest_training_design: proposal.nearest.map(|near| self.training[near]),
                conditions: conditions.clone(),
                candidate,
                iterations_saved: saved.map(|saved| saved[index]),
            };
            one(&out.join(format!("{rank:02}")), &described, cad)?;
            captions.push(format!(
                "{rank}: C {:.2} ({:+.1} %) V {:.3} novelty {:.2} trust {:.2}",
                candidate.compliance,
                100.0 * compliance_error,
                candidate.judgement.volume_fraction,
                proposal.novelty,
                candidate.trust
            ));
            rows.push(Row::judged(
                vec![
                    rank.to_string(),
                    candidate.source.to_owned(),
                    format!("{:.4}", proposal.novelty),
                    format!("{:.4}", candidate.trust),
                    candidate.compliance_start.to_string(),
                    candidate.compliance_searched.to_string(),
                    candidate.steps.to_string(),
                    described.iterations_saved.map(|n| n.to_string()).unwrap_or_default(),
                ],
                &candidate.judgement,
                Some(self.asked.optimum),
            ));
        }
        let columns = [
            "rank",
            "source",
            "novelty",
            "trust",
            "compliance_start",
            "compliance_searched",
            "steps",
            "iterations_saved",
        ];
        let (table, sheet) = (out.join("proposals.csv"), out.join("proposals.png"));
        write_table(&table, &columns, &rows)?;
        self.draw(reference, &captions, &sheet)?;
        line(format!(
            "{} proposals in {}: {}, {}, and a folder for each",
            rows.len(),
            shown(out),
            shown(&sheet),
            shown(&table)
        ))
    }

    fn draw(&self, reference: &str, captions: &[String], out: &Path) -> Result<()> {
        let views: Vec<_> =
            self.proposals.iter().map(|p| self.candidates[p.candidate].design.view()).collect();
        let designs: Array3<f32> = ndarray::stack(Axis(0), &views)?;
        let title = format!(
            "Proposals at volume {}: compliance C against {:.2}, {reference}",
            self.asked.problem.volume_fraction,
            self.asked.reference()
        );
        let figure = Grid { title: &title, captions, ..Grid::new(designs.view()) };
        grid(&figure, out).with_context(|| format!("cannot draw {}", out.display()))
    }
}

/// Writes the folder of one proposal.
fn one(
    folder: &Path,
    described: &Described<'_>,
    (formats, lengths): (&[Format], Lengths),
) -> Result<()> {
    output::folder(folder)?;
    let design: ArrayView2<'_, f32> = described.candidate.design.view();
    npy::write(&folder.join("design.npy"), design)?;
    for format in formats {
        let file = folder.join(format!("design.{}", format.extension()));
        let title = format!("proposal {}", described.rank);
        let drawn = format.draw(design, lengths, &title);
        write(&file, &drawn.with_context(|| file.display().to_string())?.bytes)?;
    }
    let mut text = serde_json::to_string_pretty(described)?;
    text.push('\n');
    Ok(write(&folder.join("design.json"), text.as_bytes())?)
}
