//! Files of single designs or trajectories, unpacked once into one store.

use std::collections::BTreeMap;

use vae_base::Note;

use crate::error::{DataError, ReadingError};
use crate::foreign::choices::Iterations;
use crate::foreign::labels::Labeled;
use crate::foreign::layout::Layout;
use crate::foreign::listing::{Found, Kind, stem};
use crate::foreign::reading::Reading;
use crate::foreign::{archives, arrays, bin, vectors};
use crate::formats::archive::Archive;
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Element, Header};
use crate::set::density::first_invalid;
use crate::set::designs::Designs as _;
use crate::set::details::Details;
use crate::set::opening::Opening;
use crate::set::resample::Resampler;
use crate::set::store::Store;
use crate::set::stored::Stored;

/// A text file larger than this holds no single design.
const MAX_TEXT: u64 = 256 << 20;

/// What one file holds.
struct Contents {
    size: (usize, usize),
    /// Densities, design after design.
    values: Vec<f32>,
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
    let mut store = Store::new(label);
    // The file of each design, and its numbers.
    let mut all: Vec<(usize, BTreeMap<String, f32>)> = Vec::new();
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
            return Err(ReadingError::MixedSizes {
                first: files[first].path.clone(),
                first_size,
                other: file.path.clone(),
                other_size: contents.size,
            }
            .into());
        }
        let cells = contents.size.0 * contents.size.1;
        let resampler = reading.resize.given().map(|resize| Resampler::new(contents.size, *resize));
        let n = contents.values.len() / cells;
        let taken = match reading.iterations.given() {
            Some(Iterations::Last) => n - 1..n,
            _ => 0..n,
        };
        longest = longest.max(n);
        for design in contents.values.chunks_exact(cells).take(taken.end).skip(taken.start) {
            // A value that is not a density is reported when the design is used; resampling would
            // hide its place.
            let resized =
                resampler.as_ref().filter(|_| first_invalid(design).is_none()).map(|resampler| {
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
        notes.push(Note::new(format!("{} files are left out; the first: {first}", bad.len())));
    }
    let Some((_, size)) = size else {
        let why = "none of its files can be read".into();
        return Err(ReadingError::NotADataSet { path: label.into(), why }.into());
    };
    let size =
        reading.resize.given().map_or(size, |resize| (resize.size.height, resize.size.width));
    let of_designs = |text: &dyn Fn(&Found) -> String| -> Vec<String> {
        all.iter().map(|(position, _)| text(&files[*position])).collect()
    };
    let paths = of_designs(&|file| file.path.display().to_string());
    let stored =
        Stored::of_elements(store.finish()?, Element::F32, all.len(), size).with_files(paths);
    let mut set = Opening::new(name, stored, Details::default())?;
    set.names = of_designs(&|file| file.name.clone());
    Labeled::of(&set.names, reading, notes)?.put_into(&mut set)?;
    add_numbers(&mut set, all.iter().map(|(_, numbers)| numbers))?;
    if 1 < longest && reading.iterations.given() != Some(&Iterations::Last) {
        notes.push(Note::new("the designs of one file are a group"));
        set.group(all.iter().map(|(position, _)| *position as u32).collect());
    }
    Ok(set)
}

/// Makes conditions of the numbers that every file has.
fn add_numbers<'a>(
    set: &mut Opening,
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

fn read(file: &Found, reading: &Reading, notes: &mut Vec<Note>) -> Result<Contents, DataError> {
    match file.kind {
        Kind::Npy => {
            let (size, values) = array(&Bytes::open(&file.path)?, reading, notes)?;
            Ok(Contents { size, values, numbers: BTreeMap::new() })
        }
        Kind::Npz => {
            let mut archive = Archive::open(Bytes::open(&file.path)?)?;
            let (designs, others) = archives::designs_and_others(&mut archive, reading, false)?;
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
                    ((layout.nely, layout.nelx), vectors::vectors(&text, bytes.label(), *layout)?)
                }
                None => bin::design(&text, bytes.label(), reading.grid, notes)?,
            };
            if let Some(range) = reading.range.given() {
                for value in &mut values {
                    *value = range.density(*value);
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
    notes: &mut Vec<Note>,
) -> Result<((usize, usize), Vec<f32>), DataError> {
    let stored = arrays::open_one(bytes, reading, notes)?;
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
pub(crate) fn open_vectors(
    found: &Found,
    layout: Layout,
    reading: &Reading,
) -> Result<Opening, DataError> {
    let label = found.path.display().to_string();
    let mut store = Store::new(&label);
    let cells = layout.cells();
    let mut n = 0;
    vectors::for_each_vector(&found.path, layout, |values| {
        n += values.len() / cells;
        let bytes: Vec<u8> = values
            .iter()
            .map(|value| reading.range.given().map_or(*value, |range| range.density(*value)))
            .flat_map(f32::to_le_bytes)
            .collect();
        Ok(store.push(&bytes)?)
    })?;
    let stored = Stored::of_elements(store.finish()?, Element::F32, n, (layout.nely, layout.nelx));
    Opening::new(stem(&found.name), stored, Details::default())
}
