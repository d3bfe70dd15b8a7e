//! The flags that say how data are read, the same wherever data are given.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use vae_data::{
    Answer, DataSet, Iterations, Layout, Margins, Pattern, Reading, Resize, Setting, Size, Source,
    ValueRange, open_with,
};
use vae_study::checks::check_compliances;

use crate::output::note;
use crate::words;

/// How a source is read. What is not given is found out from the data, and said.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "How the data are read")]
pub(crate) struct ReadingArgs {
    /// Labels at the end of file names: `{volume_fraction%}_{iterate}`, {_} for what is no label;
    /// `none`
    #[arg(long, value_name = "PATTERN")]
    labels: Option<Setting<Pattern>>,
    /// Whether pictures show material in white: auto, yes, no
    #[arg(long, value_name = "ANSWER")]
    invert: Option<Setting<Answer>>,
    /// What to cut off pictures: auto (a frame around all of them), none, or TOP,RIGHT,BOTTOM,LEFT
    /// pixels
    #[arg(long, value_name = "MARGINS")]
    crop: Option<Setting<Margins>>,
    /// Size to bring designs to: `ROWSxCOLUMNS` stretches, `fit:ROWSxCOLUMNS` keeps the aspect
    /// ratio
    #[arg(long, value_name = "SIZE")]
    resize: Option<Setting<Resize>>,
    /// Leave out pictures and files that cannot be read
    #[arg(long)]
    skip_bad: bool,
    /// How flat vectors are laid out: rows:NELXxNELY, or columns:NELXxNELY as in the classic codes
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<Setting<Layout>>,
    /// Grid that tables of elements (x, y, density) are binned to: `ROWSxCOLUMNS`
    #[arg(long, value_name = "SIZE")]
    grid: Option<Setting<Size>>,
    /// What to take of trajectories: all (as one group), last
    #[arg(long, value_name = "WHICH")]
    iterations: Option<Setting<Iterations>>,
    /// Name of the array of designs in .npz files
    #[arg(long, value_name = "NAME")]
    array: Option<Setting<String>>,
    /// Values of void and solid in arrays, such as 0:255 or -1:1
    #[arg(long, value_name = "VOID:SOLID", allow_hyphen_values = true)]
    range: Option<Setting<ValueRange>>,
    /// CSV file of conditions: rows in the order of the designs, or named by a column `file`
    #[arg(long = "conditions", value_name = "FILE")]
    conditions_file: Option<PathBuf>,
    /// The mechanical problem of all designs; its values may name conditions
    #[arg(long, value_name = "FILE")]
    problem: Option<PathBuf>,
    /// What belongs together and is never split: a condition, a pattern over file names such as
    /// {part}_{_}, none
    #[arg(long, value_name = "COLUMN|PATTERN")]
    group_by: Option<Setting<String>>,
}

impl ReadingArgs {
    /// Whether anything was said.
    pub(crate) fn is_given(&self) -> bool {
        self.reading().map_or(true, |reading| reading != Reading::default())
    }

    /// What was said, and the default way for the rest.
    pub(crate) fn reading(&self) -> Result<Reading> {
        let mut reading = Reading::default();
        self.apply(&mut reading)?;
        Ok(reading)
    }

    /// Lays what was said over a way of reading. Paths become absolute, so that a run can be taken
    /// up from any folder.
    pub(crate) fn apply(&self, reading: &mut Reading) -> Result<()> {
        fn set<T: Clone>(flag: Option<&T>, place: &mut T) {
            if let Some(value) = flag {
                place.clone_from(value);
            }
        }
        set(self.labels.as_ref(), &mut reading.labels);
        set(self.invert.as_ref(), &mut reading.invert);
        set(self.crop.as_ref(), &mut reading.crop);
        set(self.resize.as_ref(), &mut reading.resize);
        reading.skip_bad |= self.skip_bad;
        set(self.layout.as_ref(), &mut reading.layout);
        set(self.grid.as_ref(), &mut reading.grid);
        set(self.iterations.as_ref(), &mut reading.iterations);
        set(self.array.as_ref(), &mut reading.array);
        set(self.range.as_ref(), &mut reading.range);
        for (flag, place) in [
            (&self.conditions_file, &mut reading.conditions),
            (&self.problem, &mut reading.problem),
        ] {
            if let Some(path) = flag {
                *place = absolute(path)?;
            }
        }
        set(self.group_by.as_ref(), &mut reading.group_by);
        Ok(())
    }
}

/// Opens data and says what was found out about them.
pub(crate) fn open_data(source: &str, reading: &Reading) -> Result<DataSet> {
    let parsed: Source = source.parse().with_context(|| format!("--data {source}"))?;
    let data = open_with(&parsed, reading)?;
    say_notes(&data, reading)?;
    Ok(data)
}

/// Says what was found out about data.
pub(crate) fn say_notes(data: &DataSet, reading: &Reading) -> Result<()> {
    for found in data.notes() {
        note(format!("data: {}", words::note(found)));
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
    let (prefix, path) = match source.strip_prefix("mnist:") {
        _ if source == "builtin" => return Ok(source.to_owned()),
        Some(folder) => ("mnist:", folder),
        None => ("", source),
    };
    let path = absolute(Path::new(path))?;
    let text = path
        .into_os_string()
        .into_string()
        .map_err(|path| anyhow::anyhow!("the path {} is not Unicode", path.display()))?;
    Ok(format!("{prefix}{text}"))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| path.display().to_string())
}
