//! One picture file as grey levels.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, ImageReader, Limits};

use crate::error::FormatError;

/// Longest side of a picture, in pixels.
const MAX_SIDE: u32 = 16_384;
/// Most memory that a picture may need while it is unpacked, in bytes.
const MAX_MEMORY: u64 = 512 << 20;
/// Largest file of a picture, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// A picture of one channel, row by row from the top: 0 is black, 255 white.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grey {
    pub(crate) size: (usize, usize),
    pub(crate) levels: Vec<u8>,
}

/// Reads a JPEG, PNG, BMP or TIFF file, known by its contents and not by its name.
///
/// `grey = 0.2989 R + 0.5870 G + 0.1140 B`; transparent pixels are white; 16 bits are
/// rounded to 8.
///
/// # Errors
///
/// [`FormatError::Picture`] if the file has another format, is damaged or ends early, or is larger
/// than any sensible design.
pub(crate) fn decode(path: &Path) -> Result<Grey, FormatError> {
    let wrong = |why: String| FormatError::Picture { path: path.into(), why };
    let io = |source| FormatError::io_path("reading", path, source);
    let bytes_in_file = fs::metadata(path).map_err(io)?.len();
    if MAX_FILE < bytes_in_file {
        return Err(wrong(format!("{bytes_in_file} bytes are more than the {MAX_FILE} read here")));
    }
    let bytes = fs::read(path).map_err(io)?;
    if bytes.is_empty() {
        return Err(wrong("the file is empty".into()));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(&bytes[..])).with_guessed_format().map_err(io)?;
    let format =
        reader.format().ok_or_else(|| wrong("it is not a JPEG, PNG, BMP or TIFF file".into()))?;
    // The decoder fills what is missing with grey, which would pass for a design.
    if format == ImageFormat::Jpeg && !jpeg_has_end(&bytes) {
        return Err(wrong("it ends early".into()));
    }
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| wrong(one_line(&error)))?;
    grey(&picture).ok_or_else(|| wrong("it has no pixels".into()))
}

/// Whether the last scan of a JPEG file is closed: inside a scan, the marker of the end (FF D9)
/// does not occur.
fn jpeg_has_end(bytes: &[u8]) -> bool {
    let scan = bytes.windows(2).rposition(|pair| pair == [0xFF, 0xDA]);
    scan.is_some_and(|scan| bytes[scan..].windows(2).any(|pair| pair == [0xFF, 0xD9]))
}

fn grey(picture: &DynamicImage) -> Option<Grey> {
    let size = (picture.height() as usize, picture.width() as usize);
    if size.0 == 0 || size.1 == 0 {
        return None;
    }
    let levels = match picture {
        DynamicImage::ImageLuma8(picture) => picture.as_raw().clone(),
        DynamicImage::ImageLumaA8(picture) => {
            of(picture.as_raw(), |[y, a]: [u8; 2]| over_white(y.into(), a.into()))
        }
        DynamicImage::ImageRgb8(picture) => {
            of(picture.as_raw(), |[r, g, b]: [u8; 3]| luma([r, g, b].map(f32::from)))
        }
        DynamicImage::ImageRgba8(picture) => of(picture.as_raw(), |[r, g, b, a]: [u8; 4]| {
            over_white(luma([r, g, b].map(f32::from)), a.into())
        }),
        other => {
            let picture = other.to_rgba16();
            let eight = |level: u16| f32::from(level) / 257.0;
            of(picture.as_raw(), |[r, g, b, a]: [u16; 4]| {
                over_white(luma([r, g, b].map(eight)), eight(a))
            })
        }
    };
    Some(Grey { size, levels })
}

/// A level for each pixel of N channels.
fn of<T: Copy, const N: usize>(channels: &[T], level: impl Fn([T; N]) -> f32) -> Vec<u8> {
    channels.as_chunks::<N>().0.iter().map(|pixel| level(*pixel).round() as u8).collect()
}

/// The weights of ITU-R BT.601, in the digits that `MATLAB`'s `rgb2gray` and the lecture use.
fn luma([r, g, b]: [f32; 3]) -> f32 {
    // They add up to 0.9999; the rounding to whole levels takes care of white.
    0.2989 * r + 0.5870 * g + 0.1140 * b
}

fn over_white(level: f32, alpha: f32) -> f32 {
    let alpha = alpha / 255.0;
    alpha * level + (1.0 - alpha) * 255.0
}

fn one_line(error: &image::ImageError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

    use super::*;

    /// Writes a picture in a format and reads it back.
    fn back(picture: impl Into<DynamicImage>, name: &str) -> Result<Grey, FormatError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        picture.into().save(&path).unwrap();
        decode(&path)
    }

    #[test]
    fn every_kind_of_pixel_becomes_grey() {
        let gray8 = ImageBuffer::from_fn(3, 2, |x, y| Luma([(100 * y + 10 * x) as u8]));
        let expected = Grey { size: (2, 3), levels: vec![0, 10, 20, 100, 110, 120] };
        for name in ["a.png", "a.bmp", "a.tif"] {
            assert_eq!(back(gray8.clone(), name).unwrap(), expected, "{name}");
        }
        let gray16 = ImageBuffer::from_fn(3, 2, |x, y| Luma([(100 * y + 10 * x) as u16 * 257]));
        for name in ["a.png", "a.tif"] {
            assert_eq!(back(gray16.clone(), name).unwrap(), expected, "{name}");
        }
        // 0.2989 * 200 + 0.5870 * 100 + 0.1140 * 50 = 124.18.
        let rgb = ImageBuffer::from_pixel(1, 1, Rgb([200_u8, 100, 50]));
        assert_eq!(back(rgb, "a.png").unwrap().levels, [124]);
        let rgb16 = ImageBuffer::from_pixel(1, 1, Rgb([200_u16 * 257, 100 * 257, 50 * 257]));
        assert_eq!(back(rgb16, "a.tif").unwrap().levels, [124]);
        // Half of it over white: 0.5 * 124.18 + 0.5 * 255 = 189.1 at alpha 128 / 255.
        let rgba = ImageBuffer::from_pixel(1, 1, Rgba([200_u8, 100, 50, 128]));
        assert_eq!(back(rgba, "a.png").unwrap().levels, [189]);
        let clear = ImageBuffer::from_pixel(1, 1, LumaA([0_u8, 0]));
        assert_eq!(back(clear, "a.png").unwrap().levels, [255]);
        let white = ImageBuffer::from_pixel(1, 1, Rgb([255_u8; 3]));
        assert_eq!(back(white, "a.bmp").unwrap().levels, [255]);
    }

    #[test]
    fn a_picture_with_a_wrong_name_is_read_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        let picture = ImageBuffer::from_pixel(2, 2, Luma([9_u8]));
        picture.save_with_format(&path, ImageFormat::Png).unwrap();
        assert_eq!(decode(&path).unwrap().levels, [9; 4]);
    }

    #[test]
    fn a_cut_picture_is_refused_whatever_its_format() {
        let folder = tempfile::tempdir().unwrap();
        let picture = ImageBuffer::from_fn(40, 30, |x, y| Rgb([(7 * x) as u8, (5 * y) as u8, 9]));
        for name in ["a.jpg", "a.png", "a.bmp", "a.tif"] {
            let path = folder.path().join(name);
            picture.save(&path).unwrap();
            let whole = fs::read(&path).unwrap();
            assert!(decode(&path).is_ok(), "{name}");
            // From the last byte that matters back to nothing at all.
            for len in (0..=whole.len() - 3).step_by(whole.len().div_ceil(40)) {
                fs::write(&path, &whole[..len]).unwrap();
                let error = decode(&path).unwrap_err();
                assert!(matches!(error, FormatError::Picture { .. }), "{name}, {len}: {error}");
            }
        }
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        ImageBuffer::from_pixel(2, 2, Luma([9_u8])).save(&path).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        // Width and height of the header chunk, and its checksum (CRC-32 of 60000 x 60000, 8 bits
        // of grey).
        bytes[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        let crc = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.to_be_bytes());
        fs::write(&path, &bytes).unwrap();
        let error = decode(&path).unwrap_err().to_string();
        assert!(error.contains("limit") || error.contains("dimensions"), "{error}");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
            })
        })
    }
}
