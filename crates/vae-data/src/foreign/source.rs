//! Opening data: a folder, an archive, a plain array, or the built-in set.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use ndarray::{Array2, ArrayD, Axis, Ix1, Ix2};
use serde::{Deserialize, Serialize};

use crate::DataError;
use crate::foreign::listing::{Found, Kind};
use crate::foreign::reading::{Reading, Resize};
use crate::foreign::{conditions_file, folder, grouping, mnist};
use crate::formats::archive::Archive;
use crate::formats::bytes::Bytes;
use crate::formats::table::Table;
use crate::formats::{npy, npz};
use crate::set::data_set::{DataSet, check_conditions, check_count, own_groups};
use crate::set::designs::{Designs, Resized, Stored};
use crate::set::masks::MaskSource;
use crate::set::metadata::{Condition, DeclaredCondition, Description};
use crate::set::problems::ProblemSource;

/// Where designs come from, as a person states it.
///
/// # Examples
///
/// ```
/// use vae_data::Source;
///
/// let source: Source = "runs/beams.npz".parse()?;
/// assert_eq!(source, Source::Path("runs/beams.npz".into()));
/// assert_eq!("builtin".parse(), Ok(Source::Builtin));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Source {
    /// The set of cantilevers inside this library; `builtin` as text.
    #[default]
    Builtin,
    /// MNIST's pictures of digits in four IDX files, with its own test side; `mnist:FOLDER` as
    /// text.
    Mnist(PathBuf),
    /// A folder or a file with designs. (A folder that is really called `builtin` is reached as
    /// `./builtin`.)
    Path(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text.to_owned()))
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        match text.strip_prefix("mnist:") {
            _ if text == "builtin" => Self::Builtin,
            Some(folder) => Self::Mnist(folder.into()),
            None => Self::Path(text.into()),
        }
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.to_string()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin => f.write_str("builtin"),
            Self::Mnist(folder) => write!(f, "mnist:{}", folder.display()),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

/// [`open_with`] the default way of reading.
///
/// # Errors
///
/// As [`open_with`].
pub fn open(source: &Source) -> Result<DataSet, DataError> {
    open_with(source, &Reading::default())
}

/// Opens a data set.
///
/// A file is known by its contents, not by its name:
///
/// * a folder with `dataset.json` or `designs.npy` is a data-set folder: `conditions.npy`,
///   `groups.npy`, `masks.npy`, `results.csv` and `problems.jsonl` or `problem.toml` are read if
///   they are there;
/// * any other folder holds pictures, or `.npy`, `.npz` or text files with a design or a trajectory
///   of designs each; folders inside it are entered, hidden files and files of other kinds are
///   passed over;
/// * a zip archive with `dataset.json` is a data-set folder packed into one file
///   ([`pack`](crate::pack));
/// * any other zip archive is a `.npz` file: its array `designs`, or the only one that can be
///   meant, beside `conditions`, `groups` and `masks` if they are there; an array with one number
///   per design is a condition;
/// * a `.npy` file holds designs and nothing else;
/// * a picture, a text file or an IDX file.
///
/// Arrays and data-set folders are read by position when designs are asked for; their headers and
/// lengths are checked now. Pictures and files of single designs are unpacked now, once, into
/// memory up to 256 MiB, into a nameless temporary file beyond. What was found out is in
/// [`DataSet::notes`]. A set that does not say what belongs together is looked through for
/// near-copies, unless it is larger than 2³¹ cells or 100,000 designs.
///
/// # Errors
///
/// Missing, damaged, truncated or hostile files, unknown versions, arrays of the wrong shape or
/// type, settings that do not fit: see [`DataError`].
pub fn open_with(source: &Source, reading: &Reading) -> Result<DataSet, DataError> {
    let mut set = match source {
        Source::Builtin => builtin(reading)?,
        Source::Mnist(folder) => mnist::open_folder(folder)?,
        Source::Path(path) => open_path(path, reading)?,
    };
    if !reading.conditions.as_os_str().is_empty() {
        set = conditions_file::join(set, &reading.conditions)?;
    }
    if !reading.problem.as_os_str().is_empty() {
        if !reading.problem.is_file() {
            return Err(DataError::NotFound { path: reading.problem.clone() });
        }
        let file = Bytes::open(&reading.problem)?;
        set.problems = ProblemSource::open_shared(&file)?;
        set.members.push(("problem.toml", file));
    }
    if let Some(resize) = reading.resize.given() {
        set = resized(set, *resize)?;
    }
    grouping::regroup(set, &reading.group_by)
}

/// The set with its designs brought to another size; files of single designs have it already.
fn resized(mut set: DataSet, resize: Resize) -> Result<DataSet, DataError> {
    let from = (set.height(), set.width());
    if set.has_masks() {
        let why = "the set has masks, which go with its own size".into();
        return Err(DataError::NotApplicable { option: "--resize", why });
    }
    if set.names.is_empty() {
        set.designs = Arc::new(Resized::new(set.designs, resize));
        set.notes.push(format!(
            "designs of {} x {} are brought to {resize}, bilinear with antialiasing",
            from.0, from.1
        ));
    }
    Ok(set)
}

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

#[cfg(feature = "builtin")]
fn builtin(reading: &Reading) -> Result<DataSet, DataError> {
    static PACKED: &[u8] = include_bytes!("../../builtin/cantilever.zip");
    open_archive(Archive::open(Bytes::from_static(PACKED, "builtin"))?, "builtin", reading)
}

#[cfg(not(feature = "builtin"))]
fn builtin(_: &Reading) -> Result<DataSet, DataError> {
    Err(DataError::NoBuiltin)
}

fn open_path(path: &Path, reading: &Reading) -> Result<DataSet, DataError> {
    if !path.exists() {
        return Err(DataError::NotFound { path: path.into() });
    }
    let not_a_set = |why: &str| DataError::NotADataSet { path: path.into(), why: why.into() };
    if path.is_dir() {
        if !path.join("dataset.json").is_file() && !path.join("designs.npy").is_file() {
            return folder::open_folder(path, reading);
        }
        let name = path
            .canonicalize()
            .ok()
            .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        return Files::read(&mut |file| folder_file(path, file))?.into_data_set(
            &name.unwrap_or_default(),
            &path.display().to_string(),
            reading,
        );
    }
    let bytes = Bytes::open(path)?;
    let mut magic = [0; 4];
    if bytes.len() == 0 {
        return Err(not_a_set("the file is empty"));
    }
    let known = bytes.len().min(4) as usize;
    bytes.read_exact_at(&mut magic[..known], 0)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    match &magic {
        b"\x93NUM" => Files { designs: Some(bytes), ..Files::default() }.into_data_set(
            &name,
            &path.display().to_string(),
            reading,
        ),
        b"PK\x03\x04" | b"PK\x05\x06" => open_archive(Archive::open(bytes)?, &name, reading),
        [0, 0, 8, 1..=3] => mnist::open_images(path),
        _ => {
            let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match Found::new(path, file_name) {
                Some(Found { kind: Kind::Npy | Kind::Npz, .. }) => {
                    Err(not_a_set("the file is no NumPy array and no zip archive"))
                }
                Some(Found { kind: Kind::Matlab, .. }) => {
                    Err(not_a_set("MATLAB files are not read"))
                }
                Some(found) if found.kind != Kind::Idx => folder::open_file(found, reading),
                _ => Err(not_a_set("the file is no picture, no array and no table")),
            }
        }
    }
}

/// A file of a folder, if it is there.
fn folder_file(folder: &Path, name: &str) -> Result<Option<Bytes>, DataError> {
    let path = folder.join(name);
    if path.exists() { Bytes::open(&path).map(Some) } else { Ok(None) }
}

fn open_archive(mut archive: Archive, name: &str, reading: &Reading) -> Result<DataSet, DataError> {
    let label = archive.label().to_owned();
    let mut files = Files::read(&mut |file| archive.member(file))?;
    if files.description.is_some() {
        return files.into_data_set(name, &label, reading);
    }
    let (designs, others) = npz::designs_and_others(&mut archive, reading, true)?;
    files.designs = Some(designs);
    let has_conditions = files.conditions.is_some();
    let mut set = files.into_data_set(name, &label, reading)?;
    if has_conditions {
        return Ok(set);
    }
    let mut named = Vec::new();
    for (name, bytes) in others {
        // What is no array of plain numbers is none of ours.
        let Ok(header) = npy::Header::read(&bytes, "conditions") else { continue };
        if header.shape == [set.len()] || header.shape == [set.len(), 1] {
            let values: ArrayD<f32> = npy::read_bytes(&bytes, "conditions")?;
            set.put_condition(&name, "", values.into_iter().collect())?;
            named.push(name);
        }
    }
    if !named.is_empty() {
        set.notes
            .push(format!("arrays with a number per design are conditions: {}", named.join(", ")));
    }
    Ok(set)
}

/// The files of a set, opened but not read.
#[derive(Debug, Default)]
struct Files {
    description: Option<Bytes>,
    designs: Option<Bytes>,
    conditions: Option<Bytes>,
    groups: Option<Bytes>,
    masks: Option<Bytes>,
    results: Option<Bytes>,
    problems: Option<Bytes>,
    shared_problem: Option<Bytes>,
}

impl Files {
    fn read(
        file: &mut dyn FnMut(&str) -> Result<Option<Bytes>, DataError>,
    ) -> Result<Self, DataError> {
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

    fn into_data_set(
        self,
        name: &str,
        path: &str,
        reading: &Reading,
    ) -> Result<DataSet, DataError> {
        let mut notes = Vec::new();
        let members = self.present();
        let description = match &self.description {
            Some(file) => Description::parse(&file.read_text(MAX_TEXT)?, file.label())?,
            None => Description::default(),
        };
        let Some(designs) = &self.designs else {
            return Err(DataError::NotADataSet {
                path: path.into(),
                why: "it has no designs.npy".into(),
            });
        };
        let (designs, trajectories) = Stored::open(designs, reading, &mut notes)?;
        let (n, size) = (designs.len(), designs.size());
        let (conditions, values) =
            read_conditions(self.conditions.as_ref(), description.conditions, n, path)?;
        let stated = match &self.groups {
            Some(file) => Some(read_groups(file, n)?),
            None => trajectories,
        };
        let grouped = stated.is_some();
        let groups = match stated {
            Some(groups) => groups,
            None => own_groups(path, n, size)?,
        };
        let masks = match &self.masks {
            Some(file) => MaskSource::open(file, n, size)?,
            None => MaskSource::None,
        };
        let results = self.results.as_ref().map(|file| read_results(file, n)).transpose()?;
        let problems = match (&self.problems, &self.shared_problem) {
            (Some(_), Some(_)) => {
                let why = "it has both problems.jsonl and problem.toml".into();
                return Err(DataError::NotADataSet { path: path.into(), why });
            }
            (Some(file), None) => ProblemSource::open_lines(file, n)?,
            (None, Some(file)) => ProblemSource::open_shared(file)?,
            (None, None) => ProblemSource::None,
        };
        Ok(DataSet {
            name: description.metadata.name.clone().unwrap_or_else(|| name.into()),
            designs: Arc::new(designs),
            values,
            conditions,
            groups,
            masks,
            problems,
            results,
            metadata: description.metadata,
            members,
            names: Vec::new(),
            grouped,
            stated_test: None,
            label_groups: None,
            notes,
        })
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
    let values = array.into_dimensionality::<Ix2>().map_err(|_| DataError::Shape {
        file: file.label().into(),
        shape,
        expected: format!("({n}, conditions)"),
    })?;
    check_count(file.label(), "rows of conditions", values.nrows(), n)?;
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
        .map_err(|_| DataError::Shape { file: file.label().into(), shape, expected: expected() })?
        .to_vec();
    check_count(file.label(), "groups", groups.len(), n)?;
    Ok(groups)
}

fn read_results(file: &Bytes, n: usize) -> Result<Table, DataError> {
    if MAX_TEXT < file.len() {
        return Err(DataError::TooLarge {
            file: file.label().into(),
            bytes: file.len(),
            limit: MAX_TEXT,
        });
    }
    let table = Table::read(file.reader(), file.label())?;
    check_count(file.label(), "rows of results", table.len(), n)?;
    Ok(table)
}
