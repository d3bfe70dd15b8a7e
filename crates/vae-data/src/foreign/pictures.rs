//! A folder of pictures as designs: decoded once, in parallel, into one byte per cell.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use vae_base::{Note, Remedy};

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::choices::Margins;
use crate::foreign::frame::{self, Frame, Tone};
use crate::foreign::listing::Found;
use crate::foreign::polarity::{self, Polarity};
use crate::foreign::reading::Reading;
use crate::foreign::setting::Setting;
use crate::formats::npy::Element;
use crate::formats::picture::{Grey, decode};
use crate::set::resample::Resampler;
use crate::set::store::{self, Store};
use crate::set::stored::Stored;

/// Number of pictures that are made designs at a time, in parallel.
const AT_A_TIME: usize = 256;

/// What the first look at a picture shows.
struct Look {
    size: (usize, usize),
    frames: [Margins; 2],
    /// Share of black in what is left after the margins that were asked for, 0 to 1.
    darkness: f64,
    /// The same on the outermost pixels.
    border: f64,
    /// The picture, while there is memory for it; otherwise it is decoded a second time.
    kept: Option<Grey>,
}

/// Reads pictures. `labels` are the numbers in their names, by which black can be told from white.
/// Pictures that were skipped are taken out of `files`.
pub(crate) fn open(
    label: &str,
    files: &mut Vec<Found>,
    labels: impl Fn(&[Found]) -> Result<Vec<Vec<f32>>, DataError>,
    reading: &Reading,
    notes: &mut Vec<Note>,
) -> Result<Stored, DataError> {
    let mut looks = look_at_all(files, reading, notes)?;
    if files.is_empty() {
        let why = "none of its pictures can be read".into();
        return Err(ReadingError::NotADataSet { path: label.into(), why }.into());
    }
    let crops = crops(&looks, reading, notes);
    let polarity = polarity::decide(&evidence(&looks, &crops, labels(files)?), reading.invert);
    notes.push(note_on(&polarity));

    // Sizes.
    let inside: Vec<(usize, usize)> = looks.iter().map(|look| crops[&look.size].inside).collect();
    let size = match reading.resize.given() {
        Some(resize) => (resize.size.height, resize.size.width),
        None => one_size(files, &inside)?,
    };
    let resamplers: BTreeMap<(usize, usize), Resampler> = match reading.resize.given() {
        Some(resize) => inside.iter().map(|from| (*from, Resampler::new(*from, *resize))).collect(),
        None => BTreeMap::new(),
    };

    // Designs.
    let mut store = Store::new(label);
    for (files, looks) in files.chunks(AT_A_TIME).zip(looks.chunks_mut(AT_A_TIME)) {
        let designs: Result<Vec<Vec<u8>>, FormatError> = files
            .par_iter()
            .zip(looks)
            .map(|(file, look)| {
                let picture = match look.kept.take() {
                    Some(picture) => picture,
                    None => decode(&file.path)?,
                };
                let crop = &crops[&look.size];
                Ok(design(&picture, crop, polarity.white_is_material, resamplers.get(&crop.inside)))
            })
            .collect();
        for design in designs? {
            store.push(&design)?;
        }
    }
    if let Some(bytes) = store.spilled() {
        notes.push(
            Note::new(format!(
                "{:.1} GB of unpacked pictures went to a temporary file",
                bytes as f64 / 1e9
            ))
            .or(Remedy::advice(
                "convert the pictures to a data-set folder to unpack them only once",
            )),
        );
    }
    let names = files.iter().map(|file| file.path.display().to_string()).collect();
    Ok(Stored::of_elements(store.finish()?, Element::U8, files.len(), size).with_files(names))
}

fn look_at_all(
    files: &mut Vec<Found>,
    reading: &Reading,
    notes: &mut Vec<Note>,
) -> Result<Vec<Look>, DataError> {
    let cut = reading.crop.given().copied().unwrap_or_default();
    let memory = AtomicUsize::new(store::IN_MEMORY);
    let looked: Vec<Result<Look, FormatError>> =
        files.par_iter().map(|file| look(file, cut, &memory)).collect();
    let (mut looks, mut good, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for (file, result) in files.drain(..).zip(looked) {
        match result {
            Ok(look) => {
                looks.push(look);
                good.push(file);
            }
            Err(error) if reading.skip_bad => bad.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(first) = bad.first() {
        notes.push(Note::new(format!("{} pictures are left out; the first: {first}", bad.len())));
    }
    *files = good;
    Ok(looks)
}

fn look(file: &Found, cut: Margins, memory: &AtomicUsize) -> Result<Look, FormatError> {
    let picture = decode(&file.path)?;
    let Some(inside) = cut.inside(picture.size) else {
        let (height, width) = picture.size;
        let why = format!("cutting off {cut} leaves nothing of its {height} x {width} pixels");
        return Err(FormatError::Picture { path: file.path.clone(), why });
    };
    let (mut all, mut border) = ((0_u64, 0_u64), (0_u64, 0_u64));
    for (row, levels) in rows(&picture, cut, inside).enumerate() {
        let dark = |levels: &[u8]| levels.iter().map(|level| u64::from(255 - level)).sum::<u64>();
        let sum = dark(levels);
        all = (all.0 + sum, all.1 + levels.len() as u64);
        let edge = if row == 0 || row + 1 == inside.0 {
            (sum, levels.len() as u64)
        } else {
            (dark(&[levels[0], levels[inside.1 - 1]]), 2)
        };
        border = (border.0 + edge.0, border.1 + edge.1);
    }
    let share = |(sum, n): (u64, u64)| sum as f64 / 255.0 / n as f64;
    let frames = [Tone::White, Tone::Black].map(|tone| frame::margins(&picture, tone));
    let bytes = picture.levels.len();
    let room =
        memory.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
    let size = picture.size;
    let kept = room.is_ok().then_some(picture);
    Ok(Look { size, frames, darkness: share(all), border: share(border), kept })
}

/// The rows of a picture inside its margins.
fn rows(picture: &Grey, cut: Margins, inside: (usize, usize)) -> impl Iterator<Item = &[u8]> {
    let width = picture.size.1;
    picture
        .levels
        .chunks_exact(width)
        .skip(cut.top)
        .take(inside.0)
        .map(move |row| &row[cut.left..cut.left + inside.1])
}

/// What is cut off pictures of one size.
struct Crop {
    margins: Margins,
    inside: (usize, usize),
    frame: Option<Frame>,
}

/// For every size of picture, what is cut off.
fn crops(
    looks: &[Look],
    reading: &Reading,
    notes: &mut Vec<Note>,
) -> BTreeMap<(usize, usize), Crop> {
    let mut sizes: BTreeMap<(usize, usize), Vec<&Look>> = BTreeMap::new();
    for look in looks {
        sizes.entry(look.size).or_default().push(look);
    }
    let mut crops = BTreeMap::new();
    for (size, looks) in sizes {
        let frame = frame::shared(size, looks.iter().map(|look| &look.frames));
        let margins = match (reading.crop, frame) {
            (Setting::Given(margins), _) => margins,
            (Setting::Auto, Some(frame)) => frame.margins,
            (Setting::Auto | Setting::None, _) => Margins::default(),
        };
        if let Some(frame) = frame {
            notes.push(frame.note(size, looks.len(), reading.crop));
        }
        // Margins that were asked for were held against every picture already; a frame leaves
        // something inside.
        let inside = margins.inside(size).unwrap_or(size);
        crops.insert(size, Crop { margins, inside, frame });
    }
    crops
}

/// All pictures must have one size.
fn one_size(files: &[Found], inside: &[(usize, usize)]) -> Result<(usize, usize), ReadingError> {
    let Some(other) = inside.iter().position(|size| *size != inside[0]) else {
        return Ok(inside[0]);
    };
    Err(ReadingError::MixedSizes {
        first: files[0].path.clone(),
        first_size: inside[0],
        other: files[other].path.clone(),
        other_size: inside[other],
    })
}

fn evidence(
    looks: &[Look],
    crops: &BTreeMap<(usize, usize), Crop>,
    labels: Vec<Vec<f32>>,
) -> polarity::Evidence {
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / looks.len() as f64;
    polarity::Evidence {
        frame: looks.first().and_then(|look| crops[&look.size].frame).map(|frame| frame.tone),
        border: mean(&mut looks.iter().map(|look| look.border)),
        darkness: looks.iter().map(|look| inner_darkness(look, &crops[&look.size])).collect(),
        labels,
    }
}

/// Share of black inside the crop. A frame has one tone, so what it adds is known.
fn inner_darkness(look: &Look, crop: &Crop) -> f64 {
    let Some(frame) = crop.frame.filter(|frame| frame.margins == crop.margins) else {
        return look.darkness;
    };
    let area = |(height, width): (usize, usize)| (height * width) as f64;
    let (all, inside) = (area(look.size), area(crop.inside));
    let of_frame = if frame.tone == Tone::Black { all - inside } else { 0.0 };
    ((look.darkness * all - of_frame) / inside).clamp(0.0, 1.0)
}

/// A picture as densities of one byte, 255 = material.
fn design(
    picture: &Grey,
    crop: &Crop,
    white_is_material: bool,
    resampler: Option<&Resampler>,
) -> Vec<u8> {
    let flip = if white_is_material { 0 } else { 255 };
    let mut bytes: Vec<u8> =
        rows(picture, crop.margins, crop.inside).flatten().map(|level| level ^ flip).collect();
    if let Some(resampler) = resampler {
        let densities: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte) / 255.0).collect();
        let (height, width) = resampler.size();
        let mut out = vec![0.0; height * width];
        resampler.apply(&densities, &mut out);
        bytes = out.into_iter().map(|density| (density * 255.0).round() as u8).collect();
    }
    bytes
}

fn note_on(polarity: &Polarity) -> Note {
    let (material, other) =
        if polarity.white_is_material { ("white", "no") } else { ("black", "yes") };
    Note::new(format!("{material} is material: {}", polarity.reason)).or(Remedy::set(
        "invert",
        other,
        "reverses it",
    ))
}
