//! Folders of somebody's designs: pictures, arrays or tables, one or more to a file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

use crate::DataError;
use crate::foreign::labels::{Labeled, stem};
use crate::foreign::listing::{Found, Kind, Listing, natural};
use crate::foreign::pictures;
use crate::foreign::reading::{Iterations, Reading};
use crate::formats::archive::Archive;
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Header};
use crate::formats::{npz, text};
use crate::set::data_set::{DataSet, Details};
use crate::set::designs::{Designs, Stored};
use crate::set::metadata::Condition;
use crate::set::store::Store;

/// A text file larger than this holds no single design.
const MAX_TEXT: u64 = 256 << 20;

/// Opens a folder of pictures, of `.npy` or `.npz` files, or of text files.
pub(crate) fn open_folder(path: &Path, reading: &Reading) -> Result<DataSet, DataError> {
    let listing = Listing::of(path)?;
    let (kind, mut notes) = one_kind(path, &listing)?;
    if 0 < listing.subfolders {
        notes.push(format!("files in {} subfolders are read as well", listing.subfolders));
    }
    let files: Vec<Found> = listing.files.into_iter().filter(|file| file.kind == kind).collect();
    let name = path.canonicalize().ok();
    let name = name.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    open_files(&name, &path.display().to_string(), kind, files, reading, notes)
}

/// Opens a single picture or text file.
pub(crate) fn open_file(found: Found, reading: &Reading) -> Result<DataSet, DataError> {
    let (kind, label) = (found.kind, found.path.display().to_string());
    if let (Kind::Text, Some(_)) = (kind, reading.layout.given()) {
        return open_vectors(&found, reading);
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
    mut notes: Vec<String>,
) -> Result<DataSet, DataError> {
    let set = if kind == Kind::Picture {
        drop_twins(&mut files, &mut notes);
        let values = |files: &[Found]| {
            let labeled = Labeled::of(&names(files), reading, &mut Vec::new())?;
            Ok(labeled.values.columns().into_iter().map(|column| column.to_vec()).collect())
        };
        let stored = pictures::open(label, &mut files, values, reading, &mut notes)?;
        let labeled = Labeled::of(&names(&files), reading, &mut notes)?;
        let mut set = DataSet::from_parts(name, Arc::new(stored), Details::default())?;
        set.names = names(&files);
        labeled.put_into(set)?
    } else {
        unpack(name, label, &files, reading, &mut notes)?
    };
    Ok(DataSet { notes, ..set })
}

fn names(files: &[Found]) -> Vec<String> {
    files.iter().map(|file| file.name.clone()).collect()
}

/// The kind of file that holds the designs: tables may lie beside pictures or arrays, but not
/// pictures beside arrays.
fn one_kind(path: &Path, listing: &Listing) -> Result<(Kind, Vec<String>), DataError> {
    let not_a_set = |why: String| DataError::NotADataSet { path: path.into(), why };
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
            return Err(not_a_set(why));
        }
        [] if kinds.contains_key(&Kind::Text) => Kind::Text,
        [] if kinds.contains_key(&Kind::Matlab) => {
            return Err(not_a_set("MATLAB files are not read".into()));
        }
        [] if listing.others == 0 => return Err(not_a_set("the folder is empty".into())),
        [] => return Err(not_a_set(format!("none of its {} files holds designs", listing.others))),
    };
    let ignored = listing.others + listing.files.len() - kinds[&kind];
    let mut notes = Vec::new();
    if 0 < ignored {
        notes.push(format!("{ignored} files that are no {} are passed over", kind.plural()));
    }
    Ok((kind, notes))
}

/// Of pictures that differ in their extension only, keeps one: the one without loss, if there is
/// one.
fn drop_twins(files: &mut Vec<Found>, notes: &mut Vec<String>) {
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
        notes.push(format!(
            "{dropped} pictures have a twin of the same name and are left out, such as {first}"
        ));
    }
}

/// What one file holds.
struct Contents {
    size: (usize, usize),
    /// Densities, design after design.
    values: Vec<f32>,
    /// Single numbers beside the designs, by name.
    numbers: BTreeMap<String, f32>,
}

/// Reads files of arrays or tables once, one after the other.
fn unpack(
    name: &str,
    label: &str,
    files: &[Found],
    reading: &Reading,
    notes: &mut Vec<String>,
) -> Result<DataSet, DataError> {
    let mut store = Store::new(label);
    let mut all: Vec<(usize, BTreeMap<String, f32>)> = Vec::new(); // the file of each design, and its numbers
    let mut size = None;
    let (mut longest, mut bad) = (0, Vec::new());
    let mut said = Vec::new();
    for (position, file) in files.iter().enumerate() {
        let contents = match read(file, reading, &mut said) {
            Ok(contents) => contents,
            Err(error) if reading.skip_bad => {
                bad.push(error.to_string());
                continue;
            }
            Err(error) => return Err(error),
        };
        let (first, first_size) = *size.get_or_insert((position, contents.size));
        if first_size != contents.size && reading.resize.given().is_none() {
            return Err(DataError::MixedSizes {
                first: files[first].path.clone(),
                first_size,
                other: file.path.clone(),
                other_size: contents.size,
            });
        }
        let cells = contents.size.0 * contents.size.1;
        let resampler = reading
            .resize
            .given()
            .map(|resize| crate::set::resample::Resampler::new(contents.size, *resize));
        let n = contents.values.len() / cells;
        let taken = match reading.iterations.given() {
            Some(Iterations::Last) => n - 1..n,
            _ => 0..n,
        };
        longest = longest.max(n);
        for design in contents.values.chunks_exact(cells).take(taken.end).skip(taken.start) {
            // A value that is no density is reported when the design is used; resampling would hide
            // where it stood.
            let resized = resampler
                .as_ref()
                .filter(|_| crate::set::data_set::first_invalid(design).is_none())
                .map(|resampler| {
                    let mut out = vec![0.0; resampler.size().0 * resampler.size().1];
                    resampler.apply(design, &mut out);
                    out
                });
            let design = match (&resized, &resampler) {
                (Some(design), _) => design,
                (None, Some(resampler)) => &vec![f32::NAN; resampler.size().0 * resampler.size().1],
                (None, None) => design,
            };
            let bytes: Vec<u8> = design.iter().flat_map(|value| value.to_le_bytes()).collect();
            store.push(&bytes)?;
            all.push((position, contents.numbers.clone()));
        }
    }
    for note in said {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    if let Some(first) = bad.first() {
        notes.push(format!("{} files are left out; the first: {first}", bad.len()));
    }
    let Some((_, size)) = size else {
        return Err(DataError::NotADataSet {
            path: label.into(),
            why: "none of its files can be read".into(),
        });
    };
    let size =
        reading.resize.given().map_or(size, |resize| (resize.size.height, resize.size.width));
    let of_designs = |text: &dyn Fn(&Found) -> String| -> Vec<String> {
        all.iter().map(|(position, _)| text(&files[*position])).collect()
    };
    let paths = of_designs(&|file| file.path.display().to_string());
    let stored = Stored::of_floats(store.finish()?, all.len(), size, paths);
    let mut set = DataSet::from_parts(name, Arc::new(stored), Details::default())?;
    set.names = of_designs(&|file| file.name.clone());
    let mut set = Labeled::of(&set.names, reading, notes)?.put_into(set)?;
    add_numbers(&mut set, all.iter().map(|(_, numbers)| numbers))?;
    if 1 < longest && reading.iterations.given() != Some(&Iterations::Last) {
        notes.push("the designs of one file are a group".into());
        set.groups = all.iter().map(|(position, _)| *position as u32).collect();
        set.grouped = true;
    }
    Ok(set)
}

/// Makes conditions of the numbers that every file has.
fn add_numbers<'a>(
    set: &mut DataSet,
    numbers: impl Iterator<Item = &'a BTreeMap<String, f32>> + Clone,
) -> Result<(), DataError> {
    let Some(first) = numbers.clone().next() else { return Ok(()) };
    for name in first.keys() {
        let values: Option<Vec<f32>> =
            numbers.clone().map(|numbers| numbers.get(name).copied()).collect();
        if let Some(values) = values {
            set.put_condition(name, "", values)?;
        }
    }
    Ok(())
}

fn read(file: &Found, reading: &Reading, notes: &mut Vec<String>) -> Result<Contents, DataError> {
    match file.kind {
        Kind::Npy => {
            let (size, values) = array(&Bytes::open(&file.path)?, reading, notes)?;
            Ok(Contents { size, values, numbers: BTreeMap::new() })
        }
        Kind::Npz => {
            let mut archive = Archive::open(Bytes::open(&file.path)?)?;
            let (designs, others) = npz::designs_and_others(&mut archive, reading, false)?;
            let (size, values) = array(&designs, reading, notes)?;
            let mut numbers = BTreeMap::new();
            for (name, bytes) in others {
                let header = Header::read(&bytes, "numbers")?;
                if header.shape.iter().product::<usize>() == 1 {
                    let value = npy::read_bytes::<f32>(&bytes, "numbers")?;
                    numbers.extend(value.first().map(|value| (name, *value)));
                }
            }
            Ok(Contents { size, values, numbers })
        }
        _ => {
            let bytes = Bytes::open(&file.path)?;
            let text = bytes.read_text(MAX_TEXT)?;
            let (size, mut values) = match reading.layout.given() {
                Some(layout) => {
                    ((layout.nely, layout.nelx), text::vectors(&text, bytes.label(), *layout)?)
                }
                None => text::design(&text, bytes.label(), reading.grid, notes)?,
            };
            if let Some(range) = reading.range.given() {
                for value in &mut values {
                    *value = (*value - range.void) / (range.solid - range.void);
                }
            }
            Ok(Contents { size, values, numbers: BTreeMap::new() })
        }
    }
}

/// The designs of a file that holds one, (H, W), or a trajectory of them, (T, H, W).
fn array(
    bytes: &Bytes,
    reading: &Reading,
    notes: &mut Vec<String>,
) -> Result<((usize, usize), Vec<f32>), DataError> {
    let stored = Stored::open_one(bytes, reading, notes)?;
    let size = stored.size();
    let cells = size.0 * size.1;
    let mut values = vec![0.0; stored.len() * cells];
    let mut scratch = Vec::new();
    for (index, out) in values.chunks_exact_mut(cells).enumerate() {
        stored.read(index, out, &mut scratch)?;
    }
    Ok((size, values))
}

/// A text file with a flat vector on each line, which may be larger than memory.
fn open_vectors(found: &Found, reading: &Reading) -> Result<DataSet, DataError> {
    let label = found.path.display().to_string();
    let Some(layout) = reading.layout.given() else {
        return Err(DataError::NotADataSet {
            path: found.path.clone(),
            why: "it has no layout".into(),
        });
    };
    let mut store = Store::new(&label);
    let cells = layout.nelx * layout.nely;
    let mut n = 0;
    text::for_each_vector(&found.path, *layout, |values| {
        n += values.len() / cells;
        let bytes: Vec<u8> = values
            .iter()
            .map(|value| {
                reading
                    .range
                    .given()
                    .map_or(*value, |range| (value - range.void) / (range.solid - range.void))
            })
            .flat_map(f32::to_le_bytes)
            .collect();
        store.push(&bytes)
    })?;
    let stored = Stored::of_floats(store.finish()?, n, (layout.nely, layout.nelx), Vec::new());
    DataSet::from_parts(stem(&found.name), Arc::new(stored), Details::default())
}

impl DataSet {
    /// Adds a condition, or replaces the one of this name.
    pub(crate) fn put_condition(
        &mut self,
        name: &str,
        unit: &str,
        values: Vec<f32>,
    ) -> Result<(), DataError> {
        let column = ndarray::Array1::from(values);
        let condition = Condition::covering(name, unit, column.view());
        let single = column.clone().insert_axis(ndarray::Axis(1));
        crate::set::data_set::check_conditions(
            &self.name,
            self.len(),
            std::slice::from_ref(&condition),
            single.clone(),
        )?;
        if let Some(position) = self.conditions.iter().position(|known| known.name == name) {
            self.values.column_mut(position).assign(&column);
            self.conditions[position] = condition;
            return Ok(());
        }
        self.conditions.push(condition);
        let joined: Result<Array2<f32>, _> =
            ndarray::concatenate(ndarray::Axis(1), &[self.values.view(), single.view()]);
        self.values = joined.map_err(|_| DataError::Count {
            file: self.name.clone(),
            what: "rows of conditions",
            found: single.nrows(),
            expected: self.len(),
        })?;
        Ok(())
    }
}
