//! Pages of TIFF files: grey of any depth, floats, and colors.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use crate::error::FormatError;
use crate::formats::picture::color;
use crate::formats::picture::pixels::{MAX_MEMORY, MAX_SIDE, Picture, Pixels};

/// No file has more pages.
const MAX_PAGES: usize = 1 << 20;
/// The kind of color of pictures with a palette.
const PALETTE: u16 = 3;

pub(crate) fn is_tiff(magic: &[u8]) -> bool {
    matches!(magic, [b'I', b'I', 42 | 43, 0] | [b'M', b'M', 0, 42 | 43])
}

/// Positions of the pages, without those that are smaller copies of others.
pub(crate) fn pages(path: &Path) -> Result<Vec<usize>, FormatError> {
    let fail = |error: TiffError| wrong(path, error.to_string());
    let mut file = open(path)?;
    let mut pages = Vec::new();
    for page in 0..MAX_PAGES {
        let kind = file.find_tag_unsigned::<u32>(Tag::NewSubfileType).map_err(fail)?;
        if kind.unwrap_or(0) & 1 == 0 {
            pages.push(page);
        }
        if !file.more_images() {
            return if pages.is_empty() { Ok(vec![0]) } else { Ok(pages) };
        }
        file.next_image().map_err(fail)?;
    }
    Err(wrong(path, format!("it has more than {MAX_PAGES} pages")))
}

/// Reads one page.
pub(crate) fn page(path: &Path, page: usize) -> Result<Picture, FormatError> {
    let fail = |error: TiffError| wrong(path, error.to_string());
    let mut file = open(path)?;
    if page != 0 {
        file.seek_to_image(page).map_err(fail)?;
    }
    let (width, height) = file.dimensions().map_err(fail)?;
    if MAX_SIDE < width.max(height) || width.min(height) == 0 {
        return Err(wrong(path, format!("{height} x {width} is no size of a design")));
    }
    let size = (height as usize, width as usize);
    let photometric = Tag::PhotometricInterpretation;
    if file.find_tag_unsigned::<u16>(photometric).map_err(fail)? == Some(PALETTE) {
        let why = "its pixels are numbers of a palette, which is read in PNG files only; Pillow \
                   converts it: Image.open(\"a.tif\").convert(\"RGB\").save(\"a.png\")";
        return Err(wrong(path, why.into()));
    }
    let color = file.colortype().map_err(|_| {
        let why = "its kind of color (CIE L*a*b* or others) is not read; save it as PNG";
        wrong(path, why.into())
    })?;
    let orientation = file.find_tag_unsigned::<u16>(Tag::Orientation).map_err(fail)?.unwrap_or(1);
    let mut values = DecodingResult::U8(Vec::new());
    let layout = file.read_image_to_buffer(&mut values).map_err(fail)?;
    if values.as_buffer(0).byte_len() < layout.complete_len {
        return Err(wrong(path, "it is larger than the memory limit for one picture".into()));
    }
    let channels = usize::from(color.num_samples());
    let values = match layout.planes {
        0 | 1 => values,
        _ => interleaved(values, channels),
    };
    let pixels = pixels(color, values, size).ok_or_else(|| {
        wrong(path, format!("its kind of pixel, {color:?}, is not read; save it as grey or RGB"))
    })?;
    let picture = Picture { size, pixels, lossy: false, turned: false };
    Ok(picture.upright(orientation.min(255) as u8))
}

fn open(path: &Path) -> Result<Decoder<BufReader<File>>, FormatError> {
    let file = File::open(path).map_err(|source| FormatError::io_path("reading", path, source))?;
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_MEMORY as usize;
    let decoder = Decoder::new(BufReader::new(file));
    Ok(decoder.map_err(|error| wrong(path, error.to_string()))?.with_limits(limits))
}

/// Planes of one channel each as pixels of all channels.
fn interleaved(values: DecodingResult, channels: usize) -> DecodingResult {
    fn mix<T: Copy>(values: &[T], channels: usize) -> Vec<T> {
        let n = values.len() / channels;
        (0..n * channels).map(|i| values[i % channels * n + i / channels]).collect()
    }
    match values {
        DecodingResult::U8(values) => DecodingResult::U8(mix(&values, channels)),
        DecodingResult::U16(values) => DecodingResult::U16(mix(&values, channels)),
        other => other,
    }
}

fn pixels(color: ColorType, values: DecodingResult, size: (usize, usize)) -> Option<Pixels> {
    let inverse = |level: u8, key: u8| (u32::from(255 - level) * u32::from(255 - key) / 255) as u8;
    let pixels = match (color, values) {
        (ColorType::Gray(bits @ 1..=7), DecodingResult::U8(packed)) => {
            Pixels::Bytes(unpacked(&packed, bits, size))
        }
        (ColorType::Gray(8), DecodingResult::U8(levels)) => Pixels::Bytes(levels),
        (ColorType::Gray(_), DecodingResult::U16(levels)) => Pixels::Words(levels),
        (ColorType::Gray(_), other) => Pixels::Floats(floats(other)),
        (ColorType::RGB(8), DecodingResult::U8(levels)) => {
            color::of_colors(levels.as_chunks().0.to_vec())
        }
        (ColorType::RGB(16), DecodingResult::U16(levels)) => {
            color::of_wide_colors(levels.as_chunks().0)
        }
        (ColorType::RGBA(8), DecodingResult::U8(levels)) => color::over_white(levels.as_chunks().0),
        (ColorType::RGBA(16), DecodingResult::U16(levels)) => {
            let eight: Vec<[u8; 4]> =
                levels.as_chunks::<4>().0.iter().map(|p| p.map(|v| (v >> 8) as u8)).collect();
            color::over_white(&eight)
        }
        (
            ColorType::GrayA(8) | ColorType::Multiband { bit_depth: 8, num_samples: 2 },
            DecodingResult::U8(levels),
        ) => {
            let colors: Vec<[u8; 4]> =
                levels.as_chunks().0.iter().map(|[y, a]| [*y, *y, *y, *a]).collect();
            color::over_white(&colors)
        }
        (ColorType::CMYK(8), DecodingResult::U8(levels)) => {
            let rgb = |[c, m, y, k]: &[u8; 4]| [inverse(*c, *k), inverse(*m, *k), inverse(*y, *k)];
            color::of_colors(levels.as_chunks().0.iter().map(rgb).collect())
        }
        _ => return None,
    };
    let n = size.0 * size.1;
    let found = match &pixels {
        Pixels::Bytes(values) => values.len(),
        Pixels::Words(values) => values.len(),
        Pixels::Floats(values) => values.len(),
        Pixels::Colors(values) => values.len(),
    };
    (found == n).then_some(pixels)
}

/// Levels of less than 8 bits, which begin anew with each row, stretched to 8.
fn unpacked(packed: &[u8], bits: u8, (height, width): (usize, usize)) -> Vec<u8> {
    let (bits, most) = (usize::from(bits), (1_u32 << bits) - 1);
    let stride = (width * bits).div_ceil(8);
    let level = |row: usize, column: usize| {
        let bit = column * bits;
        let byte = u32::from(packed.get(row * stride + bit / 8).copied().unwrap_or(0));
        let value = (byte >> (8usize.saturating_sub(bits + bit % 8))) & most;
        (value * 255 / most) as u8
    };
    (0..height)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .map(|(row, column)| level(row, column))
        .collect()
}

fn floats(values: DecodingResult) -> Vec<f32> {
    match values {
        DecodingResult::U8(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::U16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::U32(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::U64(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::F16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::F32(values) => values,
        DecodingResult::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::I8(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::I16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::I32(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::I64(values) => values.into_iter().map(|value| value as f32).collect(),
    }
}

fn wrong(path: &Path, why: String) -> FormatError {
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    FormatError::Picture { path: path.into(), why }
}
