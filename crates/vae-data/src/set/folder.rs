//! The files of a data-set folder.

use std::path::Path;

use ndarray::{Array2, ArrayD, Axis, Ix1, Ix2};

use crate::error::{DataError, FormatError, ReadingError};
use crate::formats::bytes::Bytes;
use crate::formats::npy;
use crate::formats::table::Table;
use crate::set::checks::{check_condition_count, check_conditions, check_count};
use crate::set::designs::Designs as _;
use crate::set::details::Details;
use crate::set::masks::MaskSource;
use crate::set::metadata::{Condition, DeclaredCondition, Description};
use crate::set::opening::Opening;
use crate::set::problems::ProblemSource;
use crate::set::stored::Stored;

/// The files of a data-set folder, in the order in which they are written and fingerprinted.
pub(crate) const FILES: [&str; 8] = [
    "dataset.json",
    "designs.npy",
    "conditions.npy",
    "groups.npy",
    "masks.npy",
    "results.csv",
    "problems.jsonl",
    "problem.toml",
];

/// Descriptions and tables are read in one piece, up to this size.
const MAX_TEXT: u64 = 1 << 30;

/// The files of a set, opened but not read.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) description: Option<Bytes>,
    pub(crate) designs: Option<Bytes>,
    pub(crate) conditions: Option<Bytes>,
    pub(crate) groups: Option<Bytes>,
    pub(crate) masks: Option<Bytes>,
    pub(crate) results: Option<Bytes>,
    pub(crate) problems: Option<Bytes>,
    pub(crate) shared_problem: Option<Bytes>,
}

impl Files {
    /// Whether a folder is a data-set folder.
    pub(crate) fn are_in(folder: &Path) -> bool {
        folder.join("dataset.json").is_file() || folder.join("designs.npy").is_file()
    }

    /// The files of a data-set folder.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self, FormatError> {
        Self::read(&mut |name| {
            let path = folder.join(name);
            if path.exists() { Bytes::open(&path).map(Some) } else { Ok(None) }
        })
    }

    /// Takes the files that `file` gives by name.
    pub(crate) fn read(
        file: &mut dyn FnMut(&str) -> Result<Option<Bytes>, FormatError>,
    ) -> Result<Self, FormatError> {
        let [description, designs, conditions, groups, masks, results, problems, shared_problem] =
            FILES;
        Ok(Self {
            description: file(description)?,
            designs: file(designs)?,
            conditions: file(conditions)?,
            groups: file(groups)?,
            masks: file(masks)?,
            results: file(results)?,
            problems: file(problems)?,
            shared_problem: file(shared_problem)?,
        })
    }

    /// The files that are there, by name.
    fn present(&self) -> Vec<(&'static str, Bytes)> {
        let files = [
            &self.description,
            &self.designs,
            &self.conditions,
            &self.groups,
            &self.masks,
            &self.results,
            &self.problems,
            &self.shared_problem,
        ];
        FILES
            .into_iter()
            .zip(files)
            .filter_map(|(name, file)| Some((name, file.clone()?)))
            .collect()
    }

    /// Reads `dataset.json`, if there is one.
    pub(crate) fn describe(&self) -> Result<Description, DataError> {
        match &self.description {
            Some(file) => Ok(Description::parse(&file.read_text(MAX_TEXT)?, file.label())?),
            None => Ok(Description::default()),
        }
    }

    /// A set of these files. Their designs, and groups if the designs state any, were opened
    /// already. `path` is for messages.
    pub(crate) fn into_opening(
        self,
        description: Description,
        name: &str,
        path: &str,
        designs: Stored,
        groups: Option<Vec<u32>>,
    ) -> Result<Opening, DataError> {
        let members = self.present();
        let (n, size) = (designs.len(), designs.size());
        let (conditions, values) =
            read_conditions(self.conditions.as_ref(), description.conditions, n, path)?;
        let groups = match &self.groups {
            Some(file) => Some(read_groups(file, n)?),
            None => groups,
        };
        let masks = match &self.masks {
            Some(file) => MaskSource::open(file, n, size)?,
            None => MaskSource::None,
        };
        let results = self.results.as_ref().map(|file| read_results(file, n)).transpose()?;
        let problems = match (&self.problems, &self.shared_problem) {
            (Some(_), Some(_)) => {
                let why = "it has both problems.jsonl and problem.toml".into();
                return Err(ReadingError::NotADataSet { path: path.into(), why }.into());
            }
            (Some(file), None) => ProblemSource::open_lines(file, n)?,
            (None, Some(file)) => ProblemSource::open_shared(file)?,
            (None, None) => ProblemSource::None,
        };
        let metadata = description.metadata;
        let name = metadata.name.clone().unwrap_or_else(|| name.into());
        let details =
            Details { metadata, conditions, values, groups, results, ..Details::default() };
        let mut set = Opening::new(&name, designs, details)?;
        set.parts.masks = masks;
        set.parts.problems = problems;
        set.parts.members = members;
        Ok(set)
    }
}

/// Conditions (N, C), or (N) for a single one, with the names and ranges that `dataset.json`
/// states, or names by number and the ranges that are there.
fn read_conditions(
    file: Option<&Bytes>,
    declared: Option<Vec<DeclaredCondition>>,
    n: usize,
    path: &str,
) -> Result<(Vec<Condition>, Array2<f32>), DataError> {
    let Some(file) = file else {
        check_count(
            path,
            "columns of conditions",
            0,
            declared.map_or(0, |declared| declared.len()),
        )?;
        return Ok((Vec::new(), Array2::zeros((n, 0))));
    };
    let array: ArrayD<f32> = npy::read_bytes(file, "conditions")?;
    let shape = array.shape().to_vec();
    let array = if array.ndim() == 1 { array.insert_axis(Axis(1)) } else { array };
    let values = array.into_dimensionality::<Ix2>().map_err(|_| FormatError::Shape {
        file: file.label().into(),
        shape,
        expected: format!("({n}, conditions)"),
    })?;
    check_count(file.label(), "rows of conditions", values.nrows(), n)?;
    check_condition_count(file.label(), values.ncols())?;
    let unnamed = |position| DeclaredCondition {
        name: format!("condition_{position}"),
        unit: String::new(),
        min: None,
        max: None,
        mirror_x: None,
        mirror_y: None,
    };
    let declared = declared.unwrap_or_else(|| (0..values.ncols()).map(unnamed).collect());
    check_count(file.label(), "columns of conditions", values.ncols(), declared.len())?;
    let describe = |(declared, column): (DeclaredCondition, _)| {
        let covering = Condition::covering(&declared.name, &declared.unit, column);
        let (min, max) =
            (declared.min.unwrap_or(covering.min), declared.max.unwrap_or(covering.max));
        let DeclaredCondition { mirror_x, mirror_y, .. } = declared;
        Condition { min, max, mirror_x, mirror_y, ..covering }
    };
    let conditions: Vec<Condition> =
        declared.into_iter().zip(values.columns()).map(describe).collect();
    let values = check_conditions(file.label(), n, &conditions, values)?;
    Ok((conditions, values))
}

fn read_groups(file: &Bytes, n: usize) -> Result<Vec<u32>, DataError> {
    let array: ArrayD<u32> = npy::read_bytes(file, "groups")?;
    let shape = array.shape().to_vec();
    let expected = || format!("({n})");
    let groups = array
        .into_dimensionality::<Ix1>()
        .map_err(|_| FormatError::Shape { file: file.label().into(), shape, expected: expected() })?
        .to_vec();
    check_count(file.label(), "groups", groups.len(), n)?;
    Ok(groups)
}

fn read_results(file: &Bytes, n: usize) -> Result<Table, DataError> {
    if MAX_TEXT < file.len() {
        return Err(FormatError::TooLarge {
            file: file.label().into(),
            bytes: file.len(),
            limit: MAX_TEXT,
        }
        .into());
    }
    let table = Table::read(file.reader(), file.label())?;
    check_count(file.label(), "rows of results", table.len(), n)?;
    Ok(table)
}
