//! The flags that say how data are read, the same wherever data are given.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use toml::Table;
use vae_data::{
    Answer, DataSet, Iterations, Layout, Margins, Pattern, Reading, Resize, Setting, Size, Source,
    Turn, ValueRange, open_with,
};
use vae_study::checks::{check_compliances, check_polarity, check_volumes};

use crate::output::note;
use crate::words;

/// How a source is read; written as the table `data.reading` of a configuration. What is not given
/// is detected from the data, and printed.
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(next_help_heading = "How the data are read")]
pub(crate) struct ReadingArgs {
    /// Labels at the end of file names, such as `{volume_fraction%}_{iterate}`; {_} stands for a
    /// part that is not a label; `none` if there are none
    #[arg(long, value_name = "PATTERN")]
    labels: Option<Setting<Pattern>>,
    /// Whether pictures show material in white, or at the high end of a color map: auto (by
    /// volumes, pieces and background), yes, no
    #[arg(long, value_name = "ANSWER")]
    invert: Option<Setting<Answer>>,
    /// What to cut off pictures: auto (paper, axes, texts and color bars around the plot), none, or
    /// TOP,RIGHT,BOTTOM,LEFT pixels
    #[arg(long, value_name = "MARGINS")]
    crop: Option<Setting<Margins>>,
    /// Size to bring designs to: `ROWSxCOLUMNS` stretches, `fit:ROWSxCOLUMNS` keeps the aspect
    /// ratio
    #[arg(long, value_name = "SIZE")]
    resize: Option<Setting<Resize>>,
    /// How to turn designs, after everything else: mirror-y (top and bottom exchanged), mirror-x,
    /// half-turn, transpose, quarter-left (for arrays of x and y with y upward), quarter-right,
    /// anti-transpose; supports, loads and conditions stay
    #[arg(long, value_name = "TURN")]
    turn: Option<Setting<Turn>>,
    /// Leave out pictures and files that cannot be read
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    skip_bad: bool,
    /// How arrays hold designs: rows:NELXxNELY or columns:NELXxNELY (as in the classic codes) for
    /// flat vectors, or the axes by their letters, such as nhw, hwn (MATLAB) or nhwc: n designs, h
    /// rows, w columns, c channels, t iterations
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<Setting<Layout>>,
    /// Grid that tables of elements (x, y, density) are binned to: `ROWSxCOLUMNS`
    #[arg(long, value_name = "SIZE")]
    grid: Option<Setting<Size>>,
    /// What to take of trajectories: all (as one group), last
    #[arg(long, value_name = "WHICH")]
    iterations: Option<Setting<Iterations>>,
    /// Name of the array of designs in .npz files, or of the column of densities in tables
    #[arg(long, value_name = "NAME")]
    array: Option<Setting<String>>,
    /// Values of void and solid in arrays and pictures, such as 0:255, -1:1, or 1:0 if 0 is solid
    #[arg(long, value_name = "VOID:SOLID", allow_hyphen_values = true)]
    range: Option<Setting<ValueRange>>,
    /// Table of conditions: rows in the order of the designs, or named by a column `file`; none if
    /// no conditions are wanted
    #[arg(long = "conditions", value_name = "FILE", value_parser = table)]
    #[serde(rename = "conditions")]
    conditions_file: Option<PathBuf>,
    /// The mechanical problem of all designs; its values may name conditions
    #[arg(long, value_name = "FILE", value_parser = absolute)]
    problem: Option<PathBuf>,
    /// Which designs form a group that is never split: those with the same value of a condition, or
    /// of a pattern over file names such as {part}_{_}; none
    #[arg(long, value_name = "COLUMN|PATTERN")]
    group_by: Option<Setting<String>>,
}

impl ReadingArgs {
    /// The file of a stated problem.
    pub(crate) fn problem(&self) -> Option<&Path> {
        self.problem.as_deref()
    }

    /// Whether any of these flags was given.
    pub(crate) fn is_given(&self) -> Result<bool> {
        Ok(!Table::try_from(self)?.is_empty())
    }

    /// How the data are read: as the flags say, and the default way for the rest.
    pub(crate) fn reading(&self) -> Result<Reading> {
        self.over(&Reading::default())
    }

    /// These flags laid over another way of reading.
    pub(crate) fn over(&self, reading: &Reading) -> Result<Reading> {
        let mut table = Table::try_from(reading)?;
        table.extend(Table::try_from(self)?);
        Ok(table.try_into()?)
    }
}

/// Opens data and prints what was detected about them.
pub(crate) fn open_data(source: &str, reading: &Reading) -> Result<DataSet> {
    let parsed: Source = source.parse().with_context(|| format!("--data {source}"))?;
    let data = open_with(&parsed, reading)?;
    say_notes(&data, reading)?;
    Ok(data)
}

/// Prints what was detected about data.
pub(crate) fn say_notes(data: &DataSet, reading: &Reading) -> Result<()> {
    for found in data.notes() {
        note(format!("data: {}", words::note(found)));
    }
    for found in [check_polarity(data)?, check_volumes(data)].into_iter().flatten() {
        note(format!("data: {}", words::note(&found)));
    }
    // A problem that somebody adds is held against what is known of the designs.
    if !reading.problem.as_os_str().is_empty()
        && let Some(text) = check_compliances(data)?
    {
        note(format!("data: {text}"));
    }
    Ok(())
}

/// A source by its absolute path, so that it is found again from any folder.
pub(crate) fn absolute_source(source: &str) -> Result<String> {
    Source::absolute(source).with_context(|| source.to_owned())
}

/// The path of a table, or `none`.
fn table(path: &str) -> std::io::Result<PathBuf> {
    if path == "none" { Ok(path.into()) } else { absolute(path) }
}

/// An absolute path, so that the file is found again from any folder.
fn absolute(path: &str) -> std::io::Result<PathBuf> {
    std::path::absolute(path)
}
