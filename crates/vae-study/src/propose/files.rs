//! The files of proposals: contact sheet, table, one folder per design.

use std::path::{Path, PathBuf};

use ndarray::{Array3, Axis, stack};
use serde::Serialize;
use vae_base::FileError;
use vae_base::files::{self, FolderBeside};
use vae_data::npy;
use vae_design::Candidate;
use vae_report::{Grid, grid};

use super::error::{ProposeError, Result};
use super::proposals::Proposals;
use crate::analysis::{AxisSide, Format, JudgedRow, Lengths, whole, write_judged_table};
use crate::run::make_folder;

/// Columns of the table, before those of every table of judged designs.
const COLUMNS: [&str; 8] = [
    "rank",
    "source",
    "novelty",
    "trust",
    "compliance_start",
    "compliance_searched",
    "steps",
    "iterations_saved",
];

const TABLE: &str = "proposals.csv";
const SHEET: &str = "proposals.png";

/// A proposal as its `design.json` describes it.
#[derive(Clone, Debug, Serialize)]
pub struct Described<'a> {
    /// Its rank, from 1 for the stiffest.
    pub rank: usize,
    /// The stated volume fraction; that of the design is `judgement.volume_fraction`.
    pub volume_fraction: f64,
    /// Compliance of the SIMP optimum at that volume, cut; `None` if the cut takes it apart.
    pub optimum: Option<f64>,
    /// What `compliance_error` is relative to.
    pub reference: &'a str,
    /// Compliance of the reference, cut.
    pub reference_compliance: f64,
    /// Compliance over that of the reference, minus 1.
    pub compliance_error: f64,
    /// `1 − IoU` with the nearest training design.
    pub novelty: f64,
    /// Position of the nearest training design in the data; `None` if there are no training
    /// designs.
    pub nearest_training_design: Option<usize>,
    /// The conditions that the model was told.
    pub conditions: &'a [(String, f32)],
    /// The design and how it came about.
    #[serde(flatten)]
    pub candidate: &'a Candidate,
    /// Number of iterations that the design before the repair saves SIMP; `None` if nothing was
    /// repaired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations_saved: Option<isize>,
}

/// Where the files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The contact sheet.
    pub sheet: PathBuf,
    /// The table of all proposals.
    pub table: PathBuf,
}

/// Begins the folder for proposals before the long part begins: it will be new, or is empty, and
/// nobody else writes it.
///
/// # Errors
/// [`ProposeError::NotEmpty`], [`ProposeError::NotWritable`], or [`FileError::Busy`].
pub fn claim_folder(out: &Path) -> Result<FolderBeside> {
    FolderBeside::create(out, "proposing designs").map_err(|error| match error {
        FileError::Occupied { path } => ProposeError::NotEmpty { path },
        FileError::Io { path, source, .. } => ProposeError::NotWritable { path, source },
        other => other.into(),
    })
}

impl Proposals {
    /// The proposals with everything that is known of them, in the order of their rank.
    pub fn described(&self) -> Vec<Described<'_>> {
        let describe = |(index, proposal): (usize, &vae_design::Proposal)| {
            let candidate = &self.candidates[proposal.candidate];
            Described {
                rank: index + 1,
                volume_fraction: self.problem.volume_fraction,
                optimum: self.optimum,
                reference: &self.reference.name,
                reference_compliance: self.reference.compliance,
                compliance_error: candidate.compliance / self.reference.compliance - 1.0,
                novelty: proposal.novelty,
                nearest_training_design: proposal.nearest.map(|near| self.training[near]),
                conditions: &self.conditions,
                candidate,
                iterations_saved: self.iterations_saved.as_ref().map(|saved| saved[index]),
            }
        };
        self.accepted.iter().enumerate().map(describe).collect()
    }

    /// Writes `problem.toml`, `proposals.csv`, `proposals.png`, and a folder for each proposal with
    /// `design.json`, `design.npy`, and `design` in each of the formats. If `mirror` says on which
    /// sides of a half or quarter model its axes of symmetry lie, the last are called `whole`, and
    /// hold the whole design.
    ///
    /// # Errors
    /// If there is no proposal, a design cannot be drawn in a format, or a file cannot be written.
    pub fn write(
        &self,
        folder: FolderBeside,
        formats: &[Format],
        (lengths, mirror): (Lengths, &[AxisSide]),
    ) -> Result<Written> {
        let out = folder.path();
        files::write(&out.join("problem.toml"), self.problem.to_toml().as_bytes())?;
        let described = self.described();
        for proposal in &described {
            let folder = out.join(format!("{:02}", proposal.rank));
            proposal.write(&folder, formats, (lengths, mirror))?;
        }
        let rows: Vec<JudgedRow> = described.iter().map(Described::row).collect();
        write_judged_table(&out.join(TABLE), &COLUMNS, &rows)?;
        self.draw(&described, &out.join(SHEET))?;
        let [sheet, table] = [SHEET, TABLE].map(|name| folder.target().join(name));
        folder.finish()?;
        Ok(Written { sheet, table })
    }

    fn draw(&self, described: &[Described<'_>], path: &Path) -> Result<()> {
        let fail = |source| ProposeError::Figure { path: path.to_owned(), source };
        let views: Vec<_> = described.iter().map(|one| one.candidate.design.view()).collect();
        // The designs have one shape; without any, the figure is refused.
        let designs = stack(Axis(0), &views).unwrap_or_else(|_| Array3::zeros((0, 0, 0)));
        let captions: Vec<String> = described.iter().map(Described::caption).collect();
        let title = format!(
            "Proposals at volume {}: compliance C against {:.2}, {}",
            self.problem.volume_fraction, self.reference.compliance, self.reference.name
        );
        let figure = Grid { title: &title, captions: &captions, ..Grid::new(designs.view()) };
        grid(&figure, path).map_err(fail)
    }
}

impl Described<'_> {
    /// Writes the folder of the proposal.
    fn write(
        &self,
        folder: &Path,
        formats: &[Format],
        (lengths, mirror): (Lengths, &[AxisSide]),
    ) -> Result<()> {
        make_folder(folder)?;
        npy::write(&folder.join("design.npy"), self.candidate.design.view())?;
        let design = whole(self.candidate.design.view(), mirror)?;
        let name = if mirror.is_empty() { "design" } else { "whole" };
        for format in formats {
            let path = folder.join(format!("{name}.{}", format.name()));
            let title = format!("proposal {}", self.rank);
            let undrawn = |source| ProposeError::Format { path: path.clone(), source };
            let drawn = format.draw(design.view(), lengths, &title).map_err(undrawn)?;
            files::write(&path, &drawn.bytes)?;
        }
        let mut text = serde_json::to_string_pretty(self).expect("plain structs have a JSON form");
        text.push('\n');
        Ok(files::write(&folder.join("design.json"), text.as_bytes())?)
    }

    fn caption(&self) -> String {
        let Self { rank, novelty, candidate, .. } = self;
        format!(
            "{rank}: C {:.2} ({:+.1} %) V {:.3} novelty {novelty:.2} trust {:.2}",
            candidate.compliance,
            100.0 * self.compliance_error,
            candidate.judgement.volume_fraction,
            candidate.trust
        )
    }

    fn row(&self) -> JudgedRow {
        let candidate = self.candidate;
        let which = vec![
            self.rank.to_string(),
            candidate.source.to_owned(),
            format!("{:.4}", self.novelty),
            format!("{:.4}", candidate.trust),
            candidate.compliance_start.to_string(),
            candidate.compliance_searched.to_string(),
            candidate.steps.to_string(),
            self.iterations_saved.map(|n| n.to_string()).unwrap_or_default(),
        ];
        JudgedRow::judged(which, &candidate.judgement, self.optimum)
    }
}
