//! Files of single designs or trajectories, unpacked once into one store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use vae_base::{Note, text::counted};

use crate::error::{DataError, ReadingError};
use crate::foreign::choices::Iterations;
use crate::foreign::facts::Facts;
use crate::foreign::labels::Labeled;
use crate::foreign::layout::{Axis, Flat, Layout};
use crate::foreign::listing::{Found, Kind, stem};
use crate::foreign::reading::Reading;
use crate::foreign::scale::{self, Seen};
use crate::foreign::{archives, arrays, bin, conditions_file, pivot, vectors};
use crate::formats::archive::Archive;
use crate::formats::bytes::Bytes;
use crate::formats::encoding::decoded;
use crate::formats::npy::{self, Element, Header};
use crate::set::density::{clip, first_invalid};
use crate::set::designs::Designs as _;
use crate::set::details::Details;
use crate::set::opening::Opening;
use crate::set::resample::Resampler;
use crate::set::size::Resize;
use crate::set::store::Store;
use crate::set::stored::Stored;
use crate::set::value_range::ValueRange;

/// A text file larger than this holds no single design.
const MAX_TEXT: u64 = 256 << 20;

/// What one file holds.
struct Contents {
    size: (usize, usize),
    /// Numbers as they stand in the file, design after design.
    values: Vec<f32>,
    /// The number that means solid by their type.
    unit: f32,
    /// Single numbers beside the designs, by name.
    numbers: BTreeMap<String, f32>,
}

/// Opens files of arrays or tables: each is read once, one after the other.
pub(crate) fn open(
    name: &str,
    label: &str,
    files: &[Found],
    reading: &Reading,
    notes: &mut Vec<Note>,
) -> Result<Opening, DataError> {
    let facts = Facts { count: None, ..Facts::of(reading) };
    let mut store = Store::new(label);
    // The file of each design, and its numbers.
    let mut all: Vec<(usize, BTreeMap<String, f32>)> = Vec::new();
    let mut sizes: Vec<(usize, usize)> = Vec::new();
    let (mut seen, mut unit) = (Seen::default(), None);
    let mut first: Option<(usize, (usize, usize))> = None;
    let (mut longest, mut bad) = (0, Vec::new());
    let mut said = Vec::new();
    for (position, file) in files.iter().enumerate() {
        let contents = match read(file, reading, facts, &mut said) {
            Ok(contents) => contents,
            Err(error) if reading.skip_bad => {
                bad.push(error.to_string());
                continue;
            }
            Err(error) => return Err(error),
        };
        let (first, first_size) = *first.get_or_insert((position, contents.size));
        if first_size != contents.size && reading.resize.given().is_none() {
            return Err(ReadingError::MixedSizes {
                first: files[first].path.clone(),
                first_size,
                other: file.path.clone(),
                other_size: contents.size,
            }
            .into());
        }
        let cells = contents.size.0 * contents.size.1;
        let n = contents.values.len() / cells;
        let taken = match reading.iterations.given() {
            Some(Iterations::Last) => n - 1..n,
            _ => 0..n,
        };
        longest = longest.max(n);
        // Bytes count to 255 only where all files hold bytes.
        unit = Some(unit.map_or(contents.unit, |unit: f32| unit.min(contents.unit)));
        for design in contents.values.chunks_exact(cells).take(taken.end).skip(taken.start) {
            seen.add(design);
            let bytes: Vec<u8> = design.iter().flat_map(|value| value.to_le_bytes()).collect();
            store.push(&bytes)?;
            all.push((position, contents.numbers.clone()));
            sizes.push(contents.size);
        }
    }
    for note in said {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    if let Some(first) = bad.first() {
        let bad = counted(bad.len(), "file");
        notes.push(Note::new(format!("left out: {bad}; the first: {first}")));
    }
    let Some((first, size)) = first else {
        let why = "none of its files can be read".into();
        return Err(ReadingError::NotADataSet { path: label.into(), why }.into());
    };
    let unit = unit.unwrap_or(1.0);
    let first = files[first].path.display().to_string();
    let range = match reading.range.given() {
        Some(range) => *range,
        None => match seen.range(unit, &first)? {
            Some((range, note)) => {
                notes.push(note);
                range
            }
            None => ValueRange { void: 0.0, solid: unit },
        },
    };
    let is_asked = reading.range.given().is_some();
    let (mut data, mut size, mut ends) = (store.finish()?, size, range);
    if let Some(resize) = reading.resize.given() {
        let (store, clipped) = resized(&data, &sizes, *resize, range, is_asked, label)?;
        notes.extend(scale::note_on_clipped(clipped, range));
        (data, size) = (store.finish()?, (resize.size.height, resize.size.width));
        ends = ValueRange::DENSITIES;
    }
    let of_designs = |text: &dyn Fn(&Found) -> String| -> Vec<String> {
        all.iter().map(|(position, _)| text(&files[*position])).collect()
    };
    let paths = of_designs(&|file| file.path.display().to_string());
    let mut stored = Stored::of_elements(data, Element::F32, all.len(), size).with_files(paths);
    if reading.resize.given().is_none() {
        stored = stored.in_range(Some(ends));
        if is_asked {
            notes.extend(scale::clipped(&stored, ends)?);
            stored = stored.clipped();
        }
    }
    let mut set = Opening::new(name, stored, Details::default())?;
    set.ends = Some(range);
    set.names = of_designs(&|file| file.name.clone());
    Labeled::of(&set.names, reading, notes)?.put_into(&mut set)?;
    if reading.conditions != Path::new(conditions_file::NONE) {
        add_numbers(&mut set, files, &all)?;
    }
    if 1 < longest && reading.iterations.given() != Some(&Iterations::Last) {
        notes.push(Note::new("the designs of one file are a group"));
        set.group(all.iter().map(|(position, _)| *position as u32).collect());
    }
    Ok(set)
}

/// Designs of the sizes of their files, brought to one size; beside them how many values exceeded
/// the range by rounding.
fn resized(
    data: &Bytes,
    sizes: &[(usize, usize)],
    resize: Resize,
    range: ValueRange,
    is_asked: bool,
    label: &str,
) -> Result<(Store, u64), DataError> {
    let (mut store, mut clipped, mut offset) = (Store::new(label), 0, 0);
    for size in sizes {
        let mut bytes = vec![0; 4 * size.0 * size.1];
        data.read_exact_at(&mut bytes, offset)?;
        offset += bytes.len() as u64;
        let value = |bytes: &[u8; 4]| range.density(f32::from_le_bytes(*bytes));
        let mut design: Vec<f32> = bytes.as_chunks().0.iter().map(value).collect();
        if is_asked {
            clipped += clip(&mut design);
        }
        let resampler = Resampler::new(*size, resize);
        let mut out = vec![f32::NAN; resampler.size().0 * resampler.size().1];
        // A value that is not a density is reported when the design is used; resampling would hide
        // it.
        if first_invalid(&design).is_none() {
            resampler.apply(&design, &mut out);
        }
        let bytes: Vec<u8> = out.into_iter().flat_map(f32::to_le_bytes).collect();
        store.push(&bytes)?;
    }
    Ok((store, clipped))
}

/// Makes conditions of the numbers beside the designs, which every file must have.
fn add_numbers(
    set: &mut Opening,
    files: &[Found],
    all: &[(usize, BTreeMap<String, f32>)],
) -> Result<(), DataError> {
    let mut conditions = Vec::new();
    let names: BTreeSet<&String> = all.iter().flat_map(|(_, numbers)| numbers.keys()).collect();
    for name in names {
        let values: Vec<f32> =
            all.iter().filter_map(|(_, numbers)| numbers.get(name).copied()).collect();
        let without = all.iter().find(|(_, numbers)| !numbers.contains_key(name));
        match without {
            None => conditions.push((name.clone(), String::new(), values)),
            Some((file, _)) => {
                let (file, n) = (files[*file].path.clone(), values.len());
                return Err(ReadingError::MissingNumber { file, name: name.clone(), n }.into());
            }
        }
    }
    Ok(set.put_conditions(conditions)?)
}

fn read(
    file: &Found,
    reading: &Reading,
    facts: Facts,
    notes: &mut Vec<Note>,
) -> Result<Contents, DataError> {
    match file.kind {
        Kind::Npy => array(&Bytes::open(&file.path)?, BTreeMap::new(), reading, facts, notes),
        Kind::Npz => {
            let mut archive = Archive::open(Bytes::open(&file.path)?)?;
            let (designs, others) = archives::designs_and_others(&mut archive, reading, false)?;
            let mut numbers = BTreeMap::new();
            for (name, bytes) in others {
                // Text and objects are no numbers.
                let Ok(header) = Header::read(&bytes, "numbers") else { continue };
                if header.shape.iter().product::<usize>() == 1 {
                    let value = npy::read_bytes::<f32>(&bytes, "numbers")?;
                    numbers.extend(value.first().map(|value| (name, *value)));
                }
            }
            array(&designs, numbers, reading, facts, notes)
        }
        _ => {
            let bytes = Bytes::open(&file.path)?;
            let text = decoded(bytes.read_all(MAX_TEXT)?);
            let (size, values) = match reading.layout.given() {
                Some(Layout::Flat(flat)) => {
                    ((flat.nely, flat.nelx), vectors::vectors(&text, bytes.label(), *flat)?)
                }
                Some(Layout::Axes(order)) => {
                    let matrix = bin::design(&text, bytes.label(), reading, facts, notes)?;
                    // Its rows are the lines, unless it is said that they are columns.
                    match order.axes().collect::<Vec<_>>()[..] {
                        [Axis::Row, Axis::Column] => matrix,
                        [Axis::Column, Axis::Row] => pivot::transposed(&matrix),
                        _ => {
                            let shape = vec![matrix.0.0, matrix.0.1];
                            let (file, layout) = (bytes.label().into(), order.to_string());
                            return Err(ReadingError::AxisOrder { file, shape, layout }.into());
                        }
                    }
                }
                None => bin::design(&text, bytes.label(), reading, facts, notes)?,
            };
            Ok(Contents { size, values, unit: 1.0, numbers: BTreeMap::new() })
        }
    }
}

/// The designs of a file that holds one, (H, W), or a trajectory of them, (T, H, W).
fn array(
    bytes: &Bytes,
    numbers: BTreeMap<String, f32>,
    reading: &Reading,
    facts: Facts,
    notes: &mut Vec<Note>,
) -> Result<Contents, DataError> {
    let stored = arrays::open_one(bytes, reading, facts, notes)?;
    let size = stored.size();
    let cells = size.0 * size.1;
    let mut values = vec![0.0; stored.len() * cells];
    let mut scratch = Vec::new();
    for (index, out) in values.chunks_exact_mut(cells).enumerate() {
        stored.read(index, out, &mut scratch)?;
    }
    let unit = if stored.element() == Element::U8 { 255.0 } else { 1.0 };
    Ok(Contents { size, values, unit, numbers })
}

/// A text file with a flat vector on each line, which may be larger than memory.
pub(crate) fn open_vectors(
    found: &Found,
    layout: Flat,
    reading: &Reading,
) -> Result<Opening, DataError> {
    let label = found.path.display().to_string();
    let mut store = Store::new(&label);
    let cells = layout.cells();
    let mut n = 0;
    let mut put = |values: &[f32]| {
        n += values.len() / cells;
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Ok(store.push(&bytes)?)
    };
    let file = Bytes::open(&found.path)?;
    if file.len() <= MAX_TEXT {
        put(&vectors::vectors(&decoded(file.read_all(MAX_TEXT)?), &label, layout)?)?;
    } else {
        vectors::for_each_vector(&found.path, layout, put)?;
    }
    let stored = Stored::of_elements(store.finish()?, Element::F32, n, (layout.nely, layout.nelx));
    let mut notes = Vec::new();
    let stored = scale::settle(stored, reading.range, false, &mut notes)?;
    let ends = stored.ends();
    let mut set = Opening::new(stem(&found.name), stored, Details::default())?;
    set.ends = Some(ends);
    set.parts.notes = notes;
    Ok(set)
}
