//! The files of proposals: contact sheet, table, one folder per design.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vae_base::FileError;
use vae_base::files::{self, FolderBeside};
use vae_data::npy;
use vae_design::Candidate;

use super::error::{ProposeError, Result};
use super::proposals::Proposals;
use crate::analysis::{AxisSide, Format, JudgedRow, Lengths, whole, write_judged_table};
use crate::pictures::draw_task;
use crate::run::make_folder;

/// Columns of the table, before those of every table of judged designs.
const COLUMNS: [&str; 11] = [
    "rank",
    "holes",
    "hole_size",
    "source",
    "novelty",
    "trust",
    "compliance_start",
    "compliance_searched",
    "steps",
    "simp_iterations",
    "iterations_saved",
];

const TABLE: &str = "proposals.csv";
pub(super) const SHEET: &str = "proposals.png";

/// The page of all proposals.
pub(crate) const PAGE: &str = "proposals.html";
/// The pictures of the SIMP optimum and of the best design of the data.
pub(super) const OPTIMUM: &str = "optimum.png";
pub(super) const KNOWN: &str = "known.png";
/// Two costs of all candidates against each other.
pub(super) const TRADEOFF: &str = "tradeoff.png";
/// The picture of one proposal, in its folder.
pub(super) const PICTURE: &str = "picture.png";
/// The sketch of the task.
pub(super) const SKETCH: &str = "task.png";

/// Which files the folder of a proposal has beside `design.json` and `design.npy`.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// Their formats.
    pub formats: &'a [Format],
    /// Their lengths.
    pub lengths: Lengths,
    /// On which sides of a half or quarter model its axes of symmetry lie; if there are any, the
    /// files are called `whole`, and hold the whole design.
    pub mirror: &'a [AxisSide],
}

/// A proposal as its `design.json` describes it.
#[derive(Clone, Debug, Serialize)]
pub struct Described<'a> {
    /// Its rank, from 1 for the stiffest.
    pub rank: usize,
    /// The stated volume fraction; that of the design is `judgement.volume_fraction`.
    pub volume_fraction: f64,
    /// Compliance of the SIMP optimum at that volume, cut; `None` if the cut spoils it.
    pub optimum: Option<f64>,
    /// Position of the stiffest design of the data for this problem; `None` if none holds.
    pub known: Option<usize>,
    /// Its compliance, cut at that volume.
    pub known_compliance: Option<f64>,
    /// What `compliance_error` is relative to: the stiffest design that holds, or the one that was
    /// named; `None` if nothing holds.
    pub reference: Option<&'a str>,
    /// Compliance of the reference, cut.
    pub reference_compliance: Option<f64>,
    /// Compliance over that of the reference, minus 1.
    pub compliance_error: Option<f64>,
    /// 1 minus the overlap with the nearest training design.
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
    /// The page.
    pub page: PathBuf,
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
            let (reference, known) = (self.reference.as_ref(), self.comparison.known.as_ref());
            let reference_compliance = reference.map(|reference| reference.compliance);
            Described {
                rank: index + 1,
                volume_fraction: self.problem_of(candidate).volume_fraction,
                optimum: self.comparison.optimum.ok(),
                known: known.map(|known| known.position),
                known_compliance: known.map(|known| known.compliance),
                reference: reference.map(|reference| reference.name.as_str()),
                reference_compliance,
                compliance_error: reference_compliance
                    .map(|reference| candidate.compliance / reference - 1.0),
                novelty: proposal.novelty,
                nearest_training_design: proposal.nearest.map(|near| self.training[near]),
                conditions: &self.conditions,
                candidate,
                iterations_saved: self.iterations_saved.as_ref().map(|saved| saved[index]),
            }
        };
        self.accepted.iter().enumerate().map(describe).collect()
    }

    /// Writes `problem.toml`, `proposals.csv`, `proposals.png`, `tradeoff.png`, `task.png`,
    /// `proposals.html`, pictures of the best known designs, and a folder for each proposal with
    /// `design.json`, `design.npy`, `picture.png`, and a file in each of the formats. All appear
    /// together.
    ///
    /// # Errors
    /// If there is no proposal, a design cannot be drawn in a format, or a file cannot be written.
    pub fn write(&self, folder: FolderBeside, files: &Files<'_>) -> Result<Written> {
        self.write_into(folder.path(), files)?;
        let [page, sheet, table] = [PAGE, SHEET, TABLE].map(|name| folder.target().join(name));
        folder.finish()?;
        Ok(Written { page, sheet, table })
    }

    /// As [`Proposals::write`], into a folder that is there.
    pub(super) fn write_into(&self, out: &Path, files: &Files<'_>) -> Result<()> {
        files::write(&out.join("problem.toml"), self.problem.to_toml().as_bytes())?;
        let described = self.described();
        for proposal in &described {
            proposal.write(&out.join(proposal.folder()), files)?;
        }
        self.draw(&described, out)?;
        let rows: Vec<JudgedRow> = described.iter().map(Described::row).collect();
        write_judged_table(&out.join(TABLE), &COLUMNS, &rows)?;
        draw_task(&self.problem, "The task", &out.join(SKETCH))?;
        self.write_page(&described, out, files)
    }
}

impl Files<'_> {
    /// The name of the file in a format.
    pub(super) fn name(&self, format: Format) -> String {
        let name = if self.mirror.is_empty() { "design" } else { "whole" };
        format!("{name}.{}", format.name())
    }
}

impl Described<'_> {
    /// The name of its folder.
    pub(super) fn folder(&self) -> String {
        format!("{:02}", self.rank)
    }

    /// Writes the folder of the proposal.
    fn write(&self, folder: &Path, files: &Files<'_>) -> Result<()> {
        make_folder(folder)?;
        npy::write(&folder.join("design.npy"), self.candidate.design.view())?;
        let design = whole(self.candidate.design.view(), files.mirror)?;
        for &format in files.formats {
            let path = folder.join(files.name(format));
            let title = format!("proposal {}", self.rank);
            let undrawn = |source| ProposeError::Format { path: path.clone(), source };
            let drawn = format.draw(design.view(), files.lengths, &title).map_err(undrawn)?;
            files::write(&path, &drawn.bytes)?;
        }
        let mut text = serde_json::to_string_pretty(self).expect("plain structs have a JSON form");
        text.push('\n');
        Ok(files::write(&folder.join("design.json"), text.as_bytes())?)
    }

    fn row(&self) -> JudgedRow {
        let candidate = self.candidate;
        let which = vec![
            self.rank.to_string(),
            candidate.topology.holes.len().to_string(),
            candidate.hole_size.map(|size| format!("{size:.1}")).unwrap_or_default(),
            candidate.source.to_owned(),
            format!("{:.4}", self.novelty),
            format!("{:.4}", candidate.trust),
            candidate.compliance_start.to_string(),
            candidate.compliance_searched.to_string(),
            candidate.steps.to_string(),
            candidate.repair.to_string(),
            self.iterations_saved.map(|n| n.to_string()).unwrap_or_default(),
        ];
        JudgedRow::judged(which, &candidate.judgement, self.optimum)
    }
}
