//! Pictures as designs, step by step: decoded, cut, colors told, values scaled, polarity decided.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::Array2;
use rayon::prelude::*;
use vae_base::{Note, Remedy, text::counted};

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::bands::{self, Bands};
use crate::foreign::choices::Margins;
use crate::foreign::color_map::light;
use crate::foreign::coloring::{Coloring, Colors};
use crate::foreign::frame::{self, Edges};
use crate::foreign::listing::Found;
use crate::foreign::mesh;
use crate::foreign::polarity::{self, Column, Evidence, Values};
use crate::foreign::reading::Reading;
use crate::foreign::setting::Setting;
use crate::foreign::shades::{Shades, is_byte, unit};
use crate::formats::npy::Element;
use crate::formats::picture::decode::{decode, pages};
use crate::formats::picture::pixels::{Picture, Pixels};
use crate::set::cut::Cut;
use crate::set::resample::Resampler;
use crate::set::store::{self, Store};
use crate::set::stored::Stored;
use crate::set::value_range::ValueRange;

/// Number of pictures that are made designs at a time, in parallel.
const AT_A_TIME: usize = 256;
/// Pictures that are looked at to tell colors, scale and polarity.
const SAMPLE: usize = 96;
/// Densities may be this far outside 0 to 1 before they mean something else.
const OVERSHOOT: f32 = 0.25;
/// Pixels of the longer side of a picture that is kept for looking at it.
const LARGEST_SHOWN: usize = 800;

/// One picture of a file.
struct Page {
    file: Found,
    /// Its position in the file.
    position: usize,
    size: (usize, usize),
    edges: Option<Edges>,
    bands: Option<Bands>,
    /// What is cut off.
    margins: Margins,
    turned: bool,
    /// The level that stands for white.
    unit: f32,
    /// The picture, while there is memory for it; otherwise it is decoded again.
    kept: Option<Picture>,
}

/// Designs of pictures, and what was cut off one of them.
pub(crate) struct Read {
    pub(crate) designs: Stored,
    /// What exchanges material and void, and what keeps them, unless it was stated which is which.
    pub(crate) exchange: Option<[Remedy; 2]>,
    /// Why it is uncertain which of the two is material.
    pub(crate) doubt: Option<Note>,
    pub(crate) cut: Option<Cut>,
}

/// Reads pictures. `known` are the numbers that are known of each, by which dark can be told from
/// light. Pictures that were skipped are taken out of `files`; a file of several pages stands there
/// once for each.
pub(crate) fn open(
    label: &str,
    files: &mut Vec<Found>,
    known: impl Fn(&[Found]) -> Result<Vec<Column>, DataError>,
    reading: &Reading,
    notes: &mut Vec<Note>,
) -> Result<Read, DataError> {
    let mut all = look_at_all(files, reading, notes)?;
    if all.is_empty() {
        let why = "none of its pictures can be read".into();
        return Err(ReadingError::NotADataSet { path: label.into(), why }.into());
    }
    *files = all.iter().map(|page| page.file.clone()).collect();
    let paper_is_dark = cut(&mut all, reading, notes)?;
    let size = match reading.resize.given() {
        Some(resize) => (resize.size.height, resize.size.width),
        None => one_size(&all)?,
    };
    if reading.crop != Setting::None {
        let few = all.iter().step_by(all.len().div_ceil(mesh::FEW));
        mesh::refuse(few.map(Page::inside), label)?;
    }
    let unit = one_unit(&all)?;
    let (Ends { range, exchange, doubt }, coloring) = {
        let step = all.len().div_ceil(SAMPLE);
        let sample: Vec<&Page> = all.iter().step_by(step).collect();
        let columns = known(files)?.into_iter().map(|column| Column {
            values: column.values.into_iter().step_by(step).collect(),
            ..column
        });
        let coloring = coloring(&sample, label, notes)?;
        let levels: Result<Vec<Vec<f32>>, DataError> =
            sample.par_iter().map(|page| page.levels(&coloring)).collect();
        let mut shades = Shades::default();
        for (levels, page) in levels?.into_iter().zip(&sample) {
            shades.add(levels, page.inner_size().1);
        }
        let evidence = Evidence {
            paper_is_dark,
            columns: columns.collect(),
            values: if coloring.is_map() { Values::Map } else { Values::Grey },
            ..Evidence::default()
        };
        (range(&shades, unit, evidence, &all[0], label, reading, notes)?, coloring)
    };
    let cut = all[0].shown()?;
    let resamplers: BTreeMap<(usize, usize), Resampler> = match reading.resize.given() {
        Some(resize) => {
            let sizes = all.iter().map(Page::inner_size);
            sizes.map(|from| (from, Resampler::new(from, *resize))).collect()
        }
        None => BTreeMap::new(),
    };
    let element = if is_byte(unit) { Element::U8 } else { Element::F32 };
    let mut store = Store::new(label);
    for pages in all.chunks_mut(AT_A_TIME) {
        let designs: Result<Vec<Vec<u8>>, DataError> = pages
            .par_iter_mut()
            .map(|page| {
                let mut densities = page.densities(&coloring, range)?;
                page.kept = None;
                if let Some(resampler) = resamplers.get(&page.inner_size()) {
                    let mut resized = vec![0.0; size.0 * size.1];
                    resampler.apply(&densities, &mut resized);
                    densities = resized;
                }
                let mut bytes = Vec::new();
                element.put_densities(&densities, &mut bytes);
                Ok(bytes)
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
    let designs =
        Stored::of_elements(store.finish()?, element, files.len(), size).with_files(names);
    Ok(Read { designs, exchange, doubt, cut })
}

/// The levels of void and solid, and what is to be said of them.
struct Ends {
    range: ValueRange,
    /// What exchanges them, and what keeps them, unless they were asked for.
    exchange: Option<[Remedy; 2]>,
    doubt: Option<Note>,
}

/// The levels of void and solid: as asked for, or told by scale and polarity.
fn range(
    shades: &Shades,
    unit: f32,
    evidence: Evidence,
    first: &Page,
    label: &str,
    reading: &Reading,
    notes: &mut Vec<Note>,
) -> Result<Ends, ReadingError> {
    if let Some(range) = reading.range.given() {
        if reading.invert.given().is_some() {
            let why = "the range says already which value is solid".into();
            return Err(ReadingError::NotApplicable { setting: "invert", why });
        }
        return Ok(Ends { range: *range, exchange: None, doubt: None });
    }
    let file = first.file.path.display().to_string();
    let (ends, note) = shades.ends(unit, &file)?;
    notes.extend(note);
    shades.check_filled(ends, &file)?;
    let evidence = shades.evidence(ends, evidence);
    if let (Some([light, dark]), Setting::Auto) = (evidence.contradiction(), reading.invert) {
        let n = evidence.darkness.len();
        return Err(ReadingError::MixedPolarity { file: label.into(), n, light, dark });
    }
    let polarity = polarity::decide(&evidence, reading.invert);
    let (kept, other) = if polarity.white_is_material { ("yes", "no") } else { ("no", "yes") };
    let exchange = Remedy::set("invert", other, "exchanges material and void");
    let note = polarity.on_pictures(evidence.values == Values::Map).or(exchange.clone());
    let doubt = if polarity.is_weak {
        Some(note)
    } else {
        notes.push(note);
        None
    };
    let remedies = [exchange, Remedy::set("invert", kept, "keeps them")];
    let range = if polarity.white_is_material { ends } else { ends.exchanged() };
    let exchange = reading.invert.given().is_none().then_some(remedies);
    Ok(Ends { range, exchange, doubt })
}

fn look_at_all(
    files: &mut Vec<Found>,
    reading: &Reading,
    notes: &mut Vec<Note>,
) -> Result<Vec<Page>, DataError> {
    let memory = AtomicUsize::new(store::IN_MEMORY);
    let looked: Vec<Result<Vec<Page>, FormatError>> =
        files.par_drain(..).map(|file| look(file, reading, &memory)).collect();
    let (mut all, mut bad, mut stacks) = (Vec::new(), Vec::new(), 0);
    for result in looked {
        match result {
            Ok(pages) => {
                stacks += usize::from(1 < pages.len());
                all.extend(pages);
            }
            Err(error) if reading.skip_bad => bad.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(first) = bad.first() {
        let bad = counted(bad.len(), "picture");
        notes.push(Note::new(format!("left out: {bad}; the first: {first}")));
    }
    if 0 < stacks {
        notes.push(Note::new(format!(
            "each page of a file of several pages is a design: {} designs",
            all.len()
        )));
    }
    let turned = all.iter().filter(|page| page.turned).count();
    if 0 < turned {
        let n = all.len();
        notes.push(Note::new(format!(
            "{turned} of {n} pictures state an orientation (Exif) and are turned as it says"
        )));
    }
    Ok(all)
}

fn look(file: Found, reading: &Reading, memory: &AtomicUsize) -> Result<Vec<Page>, FormatError> {
    let mut all = Vec::new();
    for position in pages(&file.path)? {
        let picture = decode(&file.path, position)?;
        let size = picture.size;
        if let Some(cut) = reading.crop.given().filter(|cut| cut.inside(size).is_none()) {
            let (height, width) = size;
            let why = format!("cutting off {cut} leaves nothing of its {height} x {width} pixels");
            return Err(FormatError::Picture { path: file.path, why });
        }
        // Numbers of another scale are no picture with paper around it.
        let (edges, bands) = match picture.pixels {
            Pixels::Bytes(_) | Pixels::Colors(_) => (frame::look(&picture), bands::look(&picture)),
            Pixels::Words(_) | Pixels::Floats(_) => (None, None),
        };
        let (bytes, turned, unit) = (picture.bytes(), picture.turned, unit(&picture));
        let room = memory
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        let kept = room.is_ok().then_some(picture);
        let margins = Margins::default();
        let file = file.clone();
        all.push(Page { file, position, size, edges, bands, margins, turned, unit, kept });
    }
    Ok(all)
}

/// Sets what is cut off each picture. Whether paper that looks like void is dark.
fn cut(
    all: &mut [Page],
    reading: &Reading,
    notes: &mut Vec<Note>,
) -> Result<Option<bool>, ReadingError> {
    if let Setting::Given(margins) = reading.crop {
        for page in all {
            page.margins = margins;
        }
        return Ok(None);
    }
    let mut sizes: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (index, page) in all.iter().enumerate() {
        sizes.entry(page.size).or_default().push(index);
    }
    let mut paper_is_dark = None;
    for (size, members) in sizes {
        let edges: Vec<Option<&Edges>> =
            members.iter().map(|index| all[*index].edges.as_ref()).collect();
        let first = all[members[0]].file.path.display().to_string();
        let found = frame::cut(size, &first, &edges);
        if reading.crop == Setting::None {
            if found.map_or(true, |found| found.note.is_some()) {
                let (height, width) = size;
                notes.push(
                    Note::new(format!(
                        "margins around {} of {height} x {width} are kept, as if they were part \
                         of the designs",
                        counted(members.len(), "picture")
                    ))
                    .or(Remedy::set("crop", "auto", "cuts them off")),
                );
            }
            continue;
        }
        let found = found?;
        if found.note.is_none() {
            let bands: Vec<Bands> = members.iter().filter_map(|index| all[*index].bands).collect();
            notes.extend(bands::warning(size, &bands));
        }
        notes.extend(found.note);
        paper_is_dark = paper_is_dark.or(found.paper_is_dark);
        for (index, margins) in members.into_iter().zip(found.margins) {
            all[index].margins = margins;
        }
    }
    Ok(paper_is_dark)
}

/// What the colors of a sample of the pictures stand for.
fn coloring(sample: &[&Page], label: &str, notes: &mut Vec<Note>) -> Result<Coloring, DataError> {
    let mut colors = Colors::default();
    for page in sample {
        colors.add(&page.inside()?);
    }
    let Some(coloring) = colors.coloring() else {
        return Err(ReadingError::Colors { file: label.into(), seen: colors.in_words() }.into());
    };
    if let (Coloring::Grey, Some(words)) = (&coloring, colors.strays()) {
        let taken =
            "are taken by their lightness; what is drawn over a design becomes a part of it";
        notes.push(Note::new(format!("warning: {words} and {taken}")));
    }
    if let Some(words) = coloring.in_words() {
        notes.push(Note::new(format!("the pictures are in color: {words}, read as values")));
    }
    Ok(coloring)
}

impl Page {
    /// Rows and columns inside its margins.
    fn inner_size(&self) -> (usize, usize) {
        // Margins were held against every picture.
        self.margins.inside(self.size).unwrap_or(self.size)
    }

    /// The picture inside its margins; it is decoded again unless it was kept.
    fn inside(&self) -> Result<Picture, FormatError> {
        let Margins { top, left, .. } = self.margins;
        let (height, width) = self.inner_size();
        let part = |picture: &Picture| picture.part(top..top + height, left..left + width);
        match &self.kept {
            Some(picture) => Ok(part(picture)),
            None => Ok(part(&decode(&self.file.path, self.position)?)),
        }
    }

    /// The levels of the picture inside its margins.
    fn levels(&self, coloring: &Coloring) -> Result<Vec<f32>, DataError> {
        let picture = self.inside()?;
        coloring.levels(&picture).ok_or_else(|| {
            let mut colors = Colors::default();
            colors.add(&picture);
            let file = self.file.path.display().to_string();
            ReadingError::Colors { file, seen: colors.in_words() }.into()
        })
    }

    /// The densities of the picture inside its margins.
    fn densities(&self, coloring: &Coloring, range: ValueRange) -> Result<Vec<f32>, DataError> {
        let mut values = self.levels(coloring)?;
        for value in &mut values {
            let density = range.density(*value);
            // Compression and smoothing overshoot; other values have another meaning.
            if !(-OVERSHOOT..=1.0 + OVERSHOOT).contains(&density) {
                let ValueRange { void, solid } = range;
                let why = format!("a pixel is {value}, where {void} is void and {solid} solid");
                return Err(FormatError::Picture { path: self.file.path.clone(), why }.into());
            }
            *value = density.clamp(0.0, 1.0);
        }
        Ok(values)
    }

    /// What was cut off this picture, for looking at it; `None` if nothing was.
    fn shown(&self) -> Result<Option<Cut>, FormatError> {
        if self.margins == Margins::default() {
            return Ok(None);
        }
        let picture = match &self.kept {
            Some(picture) => picture,
            None => &decode(&self.file.path, self.position)?,
        };
        let (height, width) = picture.size;
        let step = height.max(width).div_ceil(LARGEST_SHOWN);
        let colors = picture.colors();
        let tone = |(row, column): (usize, usize)| {
            light(colors[row * step * width + column * step].map(f32::from)) / 255.0
        };
        let size = (height.div_ceil(step), width.div_ceil(step));
        let inner = self.inner_size();
        let Margins { top, left, .. } = self.margins;
        Ok(Some(Cut {
            picture: Array2::from_shape_fn(size, tone),
            start: (top / step, left / step),
            end: ((top + inner.0).div_ceil(step), (left + inner.1).div_ceil(step)),
        }))
    }
}

/// All pictures must have one size.
fn one_size(all: &[Page]) -> Result<(usize, usize), ReadingError> {
    let first = &all[0];
    let Some(other) = all.iter().find(|page| page.inner_size() != first.inner_size()) else {
        return Ok(first.inner_size());
    };
    Err(ReadingError::MixedSizes {
        first: first.file.path.clone(),
        first_size: first.inner_size(),
        other: other.file.path.clone(),
        other_size: other.inner_size(),
    })
}

/// All pictures must have one depth.
fn one_unit(all: &[Page]) -> Result<f32, FormatError> {
    let first = &all[0];
    match all.iter().find(|page| page.unit.to_bits() != first.unit.to_bits()) {
        None => Ok(first.unit),
        Some(other) => {
            let first = first.file.path.display();
            let why = format!("its pixels have another depth than those of {first}");
            Err(FormatError::Picture { path: other.file.path.clone(), why })
        }
    }
}
