//! Opening data: a folder, an archive, a plain array, or the built-in set.

use std::path::Path;
use std::sync::Arc;

use ndarray::{Array2, ArrayD};
use vae_base::Note;

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::facts::Facts;
use crate::foreign::listing::{Found, Kind};
use crate::foreign::problem_file::read_problem;
use crate::foreign::reading::Reading;
use crate::foreign::setting::Setting;
use crate::foreign::source::Source;
use crate::foreign::{
    archives, arrays, beside, conditions_file, folder, grouping, labels, mnist, number_polarity,
    stated_volumes, unread,
};
use crate::formats::archive::Archive;
use crate::formats::bytes::Bytes;
use crate::formats::npy;
use crate::formats::npz::array_names;
use crate::set::data_set::DataSet;
use crate::set::folder::Files;
use crate::set::masks::MaskSource;
use crate::set::opening::Opening;
use crate::set::problems::ProblemSource;
use crate::set::resized::Resized;
use crate::set::size::Resize;
use crate::set::turn::{Turn, Turned};

/// An array with a row for each design and at most so many columns may hold conditions.
const FEW: usize = 64;

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
/// The contents of a file decide what it is, not its name:
///
/// * a folder with `dataset.json` or `designs.npy` is a data-set folder: `conditions.npy`,
///   `groups.npy`, `masks.npy`, `results.csv` and `problems.jsonl` or `problem.toml` are read if
///   they are there;
/// * any other folder holds pictures, or `.npy`, `.npz` or text files with a design or a trajectory
///   of designs each; folders inside it are entered, hidden files and files of other kinds are
///   ignored;
/// * a zip archive with `dataset.json` is a data-set folder packed into one file
///   ([`pack`](crate::pack()));
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
    let set = match source {
        Source::Builtin => builtin(reading)?,
        Source::Mnist(folder) => mnist::open_folder(folder)?,
        Source::Path(path) => open_path(path, reading)?,
    };
    settled(set, source, reading)
}

/// Opens a `.npy` file of one design, (H, W), or of one trajectory; [`open_with`] would take two
/// axes as flat vectors.
///
/// # Errors
///
/// As [`open_with`].
pub fn open_one(path: &Path, reading: &Reading) -> Result<DataSet, DataError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let not_an_array = || ReadingError::NotADataSet {
        path: path.into(),
        why: "the file is not called a NumPy array".into(),
    };
    let found = Found::new(path, name).filter(|found| found.kind == Kind::Npy);
    let set = folder::open_file(found.ok_or_else(not_an_array)?, reading)?;
    settled(set, &Source::Path(path.into()), reading)
}

/// Brings what a caller says about a set, and what its designs show, into it.
fn settled(mut set: Opening, source: &Source, reading: &Reading) -> Result<DataSet, DataError> {
    if reading.conditions == Path::new(conditions_file::NONE) {
        set.keep_conditions(&[]);
    } else if !reading.conditions.as_os_str().is_empty() {
        conditions_file::join(&mut set, &reading.conditions)?;
    } else if let Source::Path(path) = source {
        beside::check(path, &set)?;
    }
    labels::drop_followers(&mut set);
    if !reading.problem.as_os_str().is_empty() {
        let text = read_problem(&reading.problem)?;
        let file = Bytes::from_vec(text.into_bytes(), &reading.problem.display().to_string());
        set.parts.problems = ProblemSource::open_shared(&file)?;
        set.parts.members.push(("problem.toml", file));
    }
    if let Some(ends) = set.ends.filter(|_| reading.range.given().is_none()) {
        number_polarity::check(&mut set, ends)?;
        set.parts.exchange = Some(number_polarity::remedies(ends));
    }
    stated_volumes::check(&mut set)?;
    if let Some(resize) = reading.resize.given() {
        bring_to_size(&mut set, *resize)?;
    }
    if let Some(turn) = reading.turn.given() {
        turn_designs(&mut set, *turn)?;
    }
    grouping::regroup(&mut set, &reading.group_by)?;
    Ok(set.finish())
}

/// Brings designs to another size; files of single designs have it already.
fn bring_to_size(set: &mut Opening, resize: Resize) -> Result<(), DataError> {
    if !matches!(set.parts.masks, MaskSource::None) {
        let why = "the set has masks, which go with its own size".into();
        return Err(ReadingError::NotApplicable { setting: "resize", why }.into());
    }
    if set.names.is_empty() {
        let from = set.size();
        set.parts.designs = Arc::new(Resized::new(Arc::clone(&set.parts.designs), resize));
        set.note(Note::new(format!(
            "designs of {} x {} are brought to {resize}, bilinear with antialiasing",
            from.0, from.1
        )));
    }
    Ok(())
}

/// Turns designs, with the mask that they share.
fn turn_designs(set: &mut Opening, turn: Turn) -> Result<(), DataError> {
    set.parts.masks = match std::mem::replace(&mut set.parts.masks, MaskSource::None) {
        MaskSource::None => MaskSource::None,
        MaskSource::Shared(mask) => {
            let cells: Vec<u8> = mask.iter().copied().collect();
            let turned = turn.apply(&cells, mask.ncols());
            let size = turn.size(mask.dim());
            MaskSource::Shared(Array2::from_shape_fn(size, |(i, j)| turned[i * size.1 + j]))
        }
        MaskSource::PerDesign(_) => {
            let why =
                "the set has a mask for each design, which would have to be turned too".into();
            return Err(ReadingError::NotApplicable { setting: "turn", why }.into());
        }
    };
    set.parts.designs = Arc::new(Turned::new(Arc::clone(&set.parts.designs), turn));
    set.note(Note::new(format!("designs are turned: {turn}")));
    Ok(())
}

#[cfg(feature = "builtin")]
fn builtin(reading: &Reading) -> Result<Opening, DataError> {
    static PACKED: &[u8] = include_bytes!("../../builtin/cantilever.zip");
    open_archive(Archive::open(Bytes::from_static(PACKED, "builtin"))?, "builtin", reading)
}

#[cfg(not(feature = "builtin"))]
fn builtin(_: &Reading) -> Result<Opening, DataError> {
    Err(ReadingError::NoBuiltin.into())
}

fn open_path(path: &Path, reading: &Reading) -> Result<Opening, DataError> {
    if !path.exists() {
        return Err(FormatError::NotFound { path: path.into() }.into());
    }
    let label = path.display().to_string();
    if path.is_dir() {
        if !Files::are_in(path) {
            return folder::open(path, reading);
        }
        let name = path.canonicalize().ok();
        let name = name.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let mut files = Files::in_folder(path)?;
        if files.shared_problem.is_some() {
            // The pictures that it names lie beside it.
            let problem = path.join("problem.toml");
            let text = read_problem(&problem)?.into_bytes();
            files.shared_problem = Some(Bytes::from_vec(text, &problem.display().to_string()));
        }
        return open_files(files, &name, &label, reading);
    }
    let not_a_set =
        |why: &str| Err(ReadingError::NotADataSet { path: path.into(), why: why.into() }.into());
    let bytes = Bytes::open(path)?;
    let mut magic = [0; 4];
    if bytes.len() == 0 {
        return not_a_set("the file is empty");
    }
    let known = bytes.len().min(4) as usize;
    bytes.read_exact_at(&mut magic[..known], 0)?;
    let is_matlab = || {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Found::new(path, name).is_some_and(|found| found.kind == Kind::Matlab)
    };
    let unread = unread::of(path, &bytes).filter(|_| !is_matlab());
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    match &magic {
        b"\x93NUM" => {
            open_files(Files { designs: Some(bytes), ..Files::default() }, &name, &label, reading)
        }
        b"PK\x03\x04" | b"PK\x05\x06" => {
            let archive = Archive::open(bytes);
            let is_array = |name: &str| Path::new(name).extension().is_some_and(|e| e == "npy");
            let is_ours = |name: &String| is_array(name) || name == "dataset.json";
            let is_other = match &archive {
                Ok(archive) => !archive.names().iter().any(is_ours),
                Err(error) => matches!(error, FormatError::ArchiveMember { .. }),
            };
            match unread.filter(|_| is_other) {
                Some(unread) => Err(unread.into()),
                None => open_archive(archive?, &name, reading),
            }
        }
        [0, 0, 8 | 9 | 11..=14, 1..=4] => mnist::open_images(path, reading),
        _ => {
            if let Some(unread) = unread {
                return Err(unread.into());
            }
            let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match Found::new(path, file_name) {
                Some(Found { kind: Kind::Npy | Kind::Npz, .. }) => {
                    not_a_set("the file is neither a NumPy array nor a zip archive")
                }
                Some(Found { kind: Kind::Matlab, .. }) => Err(folder::matlab(path).into()),
                Some(Found { kind: kind @ Kind::Drawing, .. }) => {
                    not_a_set(&format!("{} are not read; save pictures as PNG", kind.plural()))
                }
                Some(found) if found.kind != Kind::Idx => folder::open_file(found, reading),
                _ => not_a_set("the file is not a picture, an array or a table"),
            }
        }
    }
}

/// Opens the files of a data-set folder.
fn open_files(
    files: Files,
    name: &str,
    path: &str,
    reading: &Reading,
) -> Result<Opening, DataError> {
    let description = files.describe()?;
    let designs = files.designs.as_ref().ok_or_else(|| ReadingError::NotADataSet {
        path: path.into(),
        why: "it has no designs.npy".into(),
    })?;
    let mut notes = Vec::new();
    // A set that describes itself is in the order of its format.
    let is_described = files.description.is_some();
    let reading = match reading.layout {
        Setting::Auto if is_described => &Reading { layout: Setting::None, ..reading.clone() },
        _ => reading,
    };
    let facts = Facts::of(reading).with(&files);
    let (designs, groups) = arrays::open(designs, reading, facts, is_described, &mut notes)?;
    let ends = designs.ends();
    let mut set = files.into_opening(description, name, path, designs, groups)?;
    set.ends = Some(ends);
    set.is_described = is_described;
    set.parts.notes = notes;
    Ok(set)
}

fn open_archive(mut archive: Archive, name: &str, reading: &Reading) -> Result<Opening, DataError> {
    let label = archive.label().to_owned();
    let mut files = Files::read(&mut |file| archive.member(file))?;
    if files.description.is_some() {
        return open_files(files, name, &label, reading);
    }
    if array_names(&archive).is_empty() {
        let why = "it is an archive without arrays; unpack it into a folder".into();
        return Err(ReadingError::NotADataSet { path: label.into(), why }.into());
    }
    let (designs, others) = archives::designs_and_others(&mut archive, reading, true)?;
    files.designs = Some(designs);
    let has_conditions = files.conditions.is_some();
    let mut set = open_files(files, name, &label, reading)?;
    let (mut named, mut ignored, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
    for (name, bytes) in others {
        // An array of anything but plain numbers cannot be a condition.
        let Ok(header) = npy::Header::read(&bytes, "conditions") else { continue };
        let n = set.len();
        if !has_conditions && [&[n][..], &[n, 1], &[1, n]].contains(&&header.shape[..]) {
            let values: ArrayD<f32> = npy::read_bytes(&bytes, "conditions")?;
            named.push(name.clone());
            conditions.push((name, String::new(), values.into_iter().collect()));
        } else {
            let columns = match header.shape[..] {
                [rows, columns] | [columns, rows] if rows == n => columns,
                _ => usize::MAX,
            };
            if columns <= FEW && !has_conditions && reading.conditions.as_os_str().is_empty() {
                let file = format!("{label}:{name}");
                return Err(ReadingError::UnusedConditions { file }.into());
            }
            ignored.push(format!("{name} {:?}", header.shape));
        }
    }
    set.put_conditions(conditions)?;
    if !named.is_empty() {
        set.note(Note::new(format!(
            "arrays with a number per design are conditions: {}",
            named.join(", ")
        )));
    }
    if !ignored.is_empty() {
        set.note(Note::new(format!("other arrays are not used: {}", ignored.join(", "))));
    }
    Ok(set)
}
