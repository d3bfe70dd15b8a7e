//! Folders and files of designs from elsewhere: pictures, arrays or text files.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::Array3;
use vae_base::{Note, text::counted};

use crate::error::{DataError, ReadingError};
use crate::foreign::beside::is_named;
use crate::foreign::labels::Labeled;
use crate::foreign::layout::Layout;
use crate::foreign::listing::{Found, Kind, Listing, natural, stem};
use crate::foreign::polarity::Column;
use crate::foreign::reading::Reading;
use crate::foreign::{companions, conditions_file, pictures, unpack};
use crate::formats::bytes::Bytes;
use crate::set::details::Details;
use crate::set::opening::Opening;

/// Opens a folder of pictures, of `.npy` or `.npz` files, or of text files.
pub(crate) fn open(path: &Path, reading: &Reading) -> Result<Opening, DataError> {
    let listing = Listing::of(path)?;
    let (kind, mut notes) = one_kind(path, &listing)?;
    if 0 < listing.subfolders {
        notes.push(Note::new(format!(
            "files in {} are read as well",
            counted(listing.subfolders, "subfolder")
        )));
    }
    // A table of conditions among text files of designs is no design.
    let is_design = |file: &Found| {
        file.kind == kind
            && (kind != Kind::Text
                || !(is_named(&file.name) || is_same(&file.path, &reading.conditions)))
    };
    let files: Vec<Found> = listing.files.into_iter().filter(is_design).collect();
    companions::check(path, &files)?;
    let name = path.canonicalize().ok();
    let name = name.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    open_files(&name, &path.display().to_string(), kind, files, reading, notes)
}

/// Opens a single picture or text file.
pub(crate) fn open_file(found: Found, reading: &Reading) -> Result<Opening, DataError> {
    let (kind, label) = (found.kind, found.path.display().to_string());
    if let (Kind::Text, Some(Layout::Flat(flat))) = (kind, reading.layout.given()) {
        return unpack::open_vectors(&found, *flat, reading);
    }
    let name = stem(&found.name).to_owned();
    open_files(&name, &label, kind, vec![found], reading, Vec::new())
}

fn open_files(
    name: &str,
    label: &str,
    kind: Kind,
    mut files: Vec<Found>,
    reading: &Reading,
    mut notes: Vec<Note>,
) -> Result<Opening, DataError> {
    let mut set = if kind == Kind::Picture {
        drop_twins(&mut files, &mut notes);
        let known = |files: &[Found]| known(files, reading);
        let read = pictures::open(label, &mut files, known, reading, &mut notes)?;
        let mut set = Opening::new(name, read.designs, Details::default())?;
        set.parts.cut = read.cut;
        set.parts.exchange = read.exchange;
        // A stated problem may decide it.
        if reading.problem.as_os_str().is_empty() {
            notes.extend(read.doubt);
        } else {
            set.parts.doubt = read.doubt;
        }
        set.names = names(&files);
        Labeled::of(&set.names, reading, &mut notes)?.put_into(&mut set)?;
        set
    } else {
        unpack::open(name, label, &files, reading, &mut notes)?
    };
    set.parts.notes = notes;
    Ok(set)
}

/// The numbers that are known of each design before any is read: labels, and conditions from a
/// table.
fn known(files: &[Found], reading: &Reading) -> Result<Vec<Column>, DataError> {
    let mut set = Opening::new("", Array3::<f32>::zeros((files.len(), 1, 1)), Details::default())?;
    set.names = names(files);
    Labeled::of(&set.names, reading, &mut Vec::new())?.put_into(&mut set)?;
    if ![Path::new(""), Path::new(conditions_file::NONE)].contains(&&*reading.conditions) {
        conditions_file::join(&mut set, &reading.conditions)?;
    }
    let columns = set.parts.conditions.iter().zip(set.parts.values.columns());
    Ok(columns
        .map(|(condition, values)| Column { name: condition.name.clone(), values: values.to_vec() })
        .collect())
}

/// The error of a MATLAB file, which says how to convert it.
pub(crate) fn matlab(path: &Path) -> ReadingError {
    let mut begin = [0; 128];
    let known = Bytes::open(path).and_then(|bytes| bytes.read_exact_at(&mut begin, 0)).is_ok();
    let hdf5 = known && (begin.starts_with(b"MATLAB 7.3") || begin.starts_with(b"\x89HDF"));
    ReadingError::Matlab { path: path.into(), hdf5 }
}

/// Whether two paths are the same file.
fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn names(files: &[Found]) -> Vec<String> {
    files.iter().map(|file| file.name.clone()).collect()
}

/// The kind of file that holds the designs: tables may lie beside pictures or arrays, but not
/// pictures beside arrays.
fn one_kind(path: &Path, listing: &Listing) -> Result<(Kind, Vec<Note>), DataError> {
    let not_a_set = |why: String| Err(ReadingError::NotADataSet { path: path.into(), why }.into());
    let kinds = listing.kinds();
    let designs: Vec<(Kind, usize)> = [Kind::Picture, Kind::Npy, Kind::Npz]
        .into_iter()
        .filter_map(|kind| Some((kind, *kinds.get(&kind)?)))
        .collect();
    let kind = match designs[..] {
        [(kind, _)] => kind,
        [(a, n_a), (b, n_b), ..] => {
            let why = format!(
                "it holds {n_a} {} and {n_b} {}, and only one kind can be designs",
                a.plural(),
                b.plural()
            );
            return not_a_set(why);
        }
        [] if kinds.contains_key(&Kind::Text) => Kind::Text,
        [] if kinds.contains_key(&Kind::Matlab) => {
            let first = listing.files.iter().find(|file| file.kind == Kind::Matlab);
            return Err(matlab(first.map_or(path, |file| &file.path)).into());
        }
        [] if kinds.contains_key(&Kind::Drawing) => {
            return not_a_set(format!(
                "{} are not read; save pictures as PNG",
                Kind::Drawing.plural()
            ));
        }
        [] if listing.others == 0 => return not_a_set("the folder is empty".into()),
        [] => return not_a_set(format!("none of its {} files holds designs", listing.others)),
    };
    let ignored = listing.others + listing.files.len() - kinds[&kind];
    let mut notes = Vec::new();
    if 0 < ignored {
        let ignored = counted(ignored, "file");
        notes.push(Note::new(format!("ignored: {ignored} other than {}", kind.plural())));
    }
    Ok((kind, notes))
}

/// Of pictures that differ in their extension only, keeps one: the one without loss, if there is
/// one.
fn drop_twins(files: &mut Vec<Found>, notes: &mut Vec<Note>) {
    let rank = |file: &Found| {
        let lossy = [".jpg", ".jpeg", ".jpe", ".jfif"];
        let name = file.name.to_lowercase();
        (lossy.iter().any(|extension| name.ends_with(extension)), name)
    };
    let mut kept: BTreeMap<String, Found> = BTreeMap::new();
    let (mut dropped, mut first) = (0, None);
    for file in files.drain(..) {
        let stem = stem(&file.name).to_owned();
        match kept.get_mut(&stem) {
            None => {
                kept.insert(stem, file);
            }
            Some(twin) => {
                let (keep, drop) = if rank(twin) < rank(&file) {
                    (twin.clone(), file)
                } else {
                    (file, twin.clone())
                };
                dropped += 1;
                first.get_or_insert_with(|| format!("{} beside {}", drop.name, keep.name));
                *twin = keep;
            }
        }
    }
    files.extend(kept.into_values());
    files.sort_by(|a, b| natural(&a.name, &b.name));
    if let Some(first) = first {
        notes.push(Note::new(format!(
            "left out: {} with a twin of the same name, such as {first}",
            counted(dropped, "picture")
        )));
    }
}
