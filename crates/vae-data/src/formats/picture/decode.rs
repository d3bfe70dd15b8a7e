//! One picture file, decoded: PNG, JPEG, BMP, PNM, and the pages of TIFF files.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::codecs::png::PngDecoder;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use crate::error::FormatError;
use crate::formats::picture::pixels::{MAX_MEMORY, MAX_SIDE, Picture, Pixels};
use crate::formats::picture::{color, palette, tiff};

/// Largest file of a picture, in bytes; pages of a TIFF file are read one by one.
const MAX_FILE: u64 = 256 << 20;

/// Positions of the pages of a file that are pictures of their own: 0 unless it is a TIFF file.
///
/// # Errors
///
/// [`FormatError::Picture`] if a TIFF file is damaged; [`FormatError::Io`].
pub(crate) fn pages(path: &Path) -> Result<Vec<usize>, FormatError> {
    let magic = magic(path)?;
    if tiff::is_tiff(&magic) { tiff::pages(path) } else { Ok(vec![0]) }
}

/// Reads one page of a JPEG, PNG, BMP, PNM or TIFF file, known by its contents and not by its name.
///
/// The orientation that the file states is obeyed; transparent pixels are white.
///
/// # Errors
///
/// [`FormatError::Picture`] if the file has another format, is damaged or ends early, holds an
/// animation, or is larger than any sensible design.
pub(crate) fn decode(path: &Path, page: usize) -> Result<Picture, FormatError> {
    let wrong = |why: String| FormatError::Picture { path: path.into(), why };
    let io = |source| FormatError::io_path("reading", path, source);
    if tiff::is_tiff(&magic(path)?) {
        return tiff::page(path, page);
    }
    let bytes_in_file = fs::metadata(path).map_err(io)?.len();
    if MAX_FILE < bytes_in_file {
        return Err(wrong(format!("{bytes_in_file} bytes are more than the {MAX_FILE} read here")));
    }
    let bytes = fs::read(path).map_err(io)?;
    let other = |kind: &str| wrong(format!("it is {kind}, not a JPEG, PNG, BMP, PNM or TIFF file"));
    if let Some(kind) = other_kind(&bytes) {
        return Err(other(kind));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(&bytes[..])).with_guessed_format().map_err(io)?;
    let format = reader.format().ok_or_else(|| other("something else"))?;
    // The decoder fills what is missing with grey, which would pass for a design.
    if format == ImageFormat::Jpeg && !jpeg_has_end(&bytes) {
        return Err(wrong("it ends early".into()));
    }
    if let Some(length) = palette::odd_palette(&bytes) {
        return Err(wrong(format!("its palette has {length} bytes, but each color takes 3")));
    }
    let fail = |error: image::ImageError| wrong(one_line(&error));
    if format == ImageFormat::Png
        && PngDecoder::new(Cursor::new(&bytes[..])).and_then(|png| png.is_apng()).map_err(fail)?
    {
        return Err(wrong(
            "it is an animation (APNG); save each of its frames as a picture".into(),
        ));
    }
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(fail)?;
    if MAX_MEMORY < decoder.total_bytes() {
        return Err(wrong("it is larger than the memory limit for one picture".into()));
    }
    let orientation = decoder.orientation().map_err(fail)?.to_exif();
    let picture = DynamicImage::from_decoder(decoder).map_err(fail)?;
    let size = (picture.height() as usize, picture.width() as usize);
    if size.0 == 0 || size.1 == 0 {
        return Err(wrong("it has no pixels".into()));
    }
    let lossy = format == ImageFormat::Jpeg;
    Ok(Picture { size, pixels: pixels(picture), lossy, turned: false }.upright(orientation))
}

/// The first bytes of a file.
fn magic(path: &Path) -> Result<[u8; 4], FormatError> {
    use std::io::Read as _;
    let io = |source| FormatError::io_path("reading", path, source);
    // Before it is opened, which would wait for somebody to write into a pipe.
    if !fs::metadata(path).map_err(io)?.is_file() {
        return Err(FormatError::NotAFile { path: path.into() });
    }
    let mut magic = [0; 4];
    let mut file = fs::File::open(path).map_err(io)?;
    let mut known = 0;
    while known < magic.len() {
        match file.read(&mut magic[known..]).map_err(io)? {
            0 => break,
            n => known += n,
        }
    }
    if known == 0 {
        return Err(FormatError::Picture { path: path.into(), why: "the file is empty".into() });
    }
    Ok(magic)
}

/// What a file is that people take for a picture, and that is not read here.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'G', b'I', b'F', ..] => Some("a GIF file"),
        [b'R', b'I', b'F', b'F', ..] => Some("a WebP file"),
        [b'%', b'P', b'D', b'F', ..] => Some("a PDF file"),
        _ => None,
    }
}

/// Whether the last scan of a JPEG file is closed: inside a scan, the marker of the end (FF D9)
/// does not occur.
fn jpeg_has_end(bytes: &[u8]) -> bool {
    let scan = bytes.windows(2).rposition(|pair| pair == [0xFF, 0xDA]);
    scan.is_some_and(|scan| bytes[scan..].windows(2).any(|pair| pair == [0xFF, 0xD9]))
}

fn pixels(picture: DynamicImage) -> Pixels {
    match picture {
        DynamicImage::ImageLuma8(picture) => Pixels::Bytes(picture.into_raw()),
        DynamicImage::ImageLuma16(picture) => Pixels::Words(picture.into_raw()),
        DynamicImage::ImageRgb8(picture) => {
            color::of_colors(picture.as_raw().as_chunks().0.to_vec())
        }
        DynamicImage::ImageRgb16(picture) => color::of_wide_colors(picture.as_raw().as_chunks().0),
        other => color::over_white(other.to_rgba8().as_raw().as_chunks().0),
    }
}

fn one_line(error: &image::ImageError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

    use super::*;

    /// Writes a picture in a format and reads it back.
    fn back(picture: impl Into<DynamicImage>, name: &str) -> Result<Picture, FormatError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        picture.into().save(&path).unwrap();
        decode(&path, 0)
    }

    #[test]
    fn every_kind_of_pixel_keeps_what_it_holds() {
        let pixels = |picture: DynamicImage, name: &str| back(picture, name).unwrap().pixels;
        let gray8 = ImageBuffer::from_fn(3, 2, |x, y| Luma([(100 * y + 10 * x) as u8]));
        for name in ["a.png", "a.bmp", "a.tif"] {
            let found = back(gray8.clone(), name).unwrap();
            assert_eq!(found.size, (2, 3), "{name}");
            assert_eq!(found.pixels, Pixels::Bytes(vec![0, 10, 20, 100, 110, 120]), "{name}");
        }
        let gray16 = ImageBuffer::from_fn(3, 1, |x, _| Luma([1000 * x as u16]));
        for name in ["a.png", "a.tif"] {
            let found = pixels(gray16.clone().into(), name);
            assert_eq!(found, Pixels::Words(vec![0, 1000, 2000]), "{name}");
        }
        let rgb = ImageBuffer::from_pixel(1, 1, Rgb([200_u8, 100, 50]));
        assert_eq!(pixels(rgb.into(), "a.png"), Pixels::Colors(vec![[200, 100, 50]]));
        let rgb16 = ImageBuffer::from_pixel(1, 1, Rgb([200_u16 * 257, 100 * 257, 50 * 257]));
        assert_eq!(pixels(rgb16.into(), "a.tif"), Pixels::Colors(vec![[200, 100, 50]]));
        let white = ImageBuffer::from_pixel(1, 1, Rgb([255_u8; 3]));
        assert_eq!(pixels(white.into(), "a.bmp"), Pixels::Bytes(vec![255]));
        // Half of it over white: 200 * 128 / 255 + 255 * 127 / 255 = 227.4.
        let rgba = ImageBuffer::from_pixel(1, 1, Rgba([200_u8, 100, 50, 128]));
        assert_eq!(pixels(rgba.into(), "a.png"), Pixels::Colors(vec![[227, 177, 152]]));
        let clear = ImageBuffer::from_pixel(1, 1, LumaA([0_u8, 0]));
        assert_eq!(pixels(clear.into(), "a.png"), Pixels::Bytes(vec![255]));
        // The design is in the transparency alone.
        let ink = ImageBuffer::from_fn(2, 1, |x, _| Rgba([255_u8, 255, 255, 255 * x as u8]));
        assert_eq!(pixels(ink.into(), "a.png"), Pixels::Bytes(vec![255, 0]));
        // What cannot be seen has another color than the ink.
        let hidden = ImageBuffer::from_fn(2, 1, |x, _| Rgba([[0_u8; 4], [255; 4]][x as usize]));
        assert_eq!(pixels(hidden.into(), "a.png"), Pixels::Bytes(vec![255, 0]));
    }

    #[test]
    fn an_orientation_is_obeyed() {
        use image::ImageEncoder as _;
        use image::codecs::jpeg::JpegEncoder;
        use image::codecs::png::PngEncoder;

        // A TIFF header with one entry: tag 0x0112 of type SHORT is 6 (turn by 90° to the right).
        let exif =
            [&b"MM\0\x2A\0\0\0\x08\0\x01"[..], b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"]
                .concat();
        let folder = tempfile::tempdir().unwrap();
        let levels: Vec<u8> = (0..32 * 16).map(|i| if i % 32 < 16 { 0 } else { 255 }).collect();
        let path = folder.path().join("a.png");
        let mut png = PngEncoder::new(fs::File::create(&path).unwrap());
        png.set_exif_metadata(exif.clone()).unwrap();
        png.write_image(&levels, 32, 16, image::ExtendedColorType::L8).unwrap();
        let other = folder.path().join("a.jpg");
        let mut jpeg = JpegEncoder::new_with_quality(fs::File::create(&other).unwrap(), 95);
        jpeg.set_exif_metadata(exif).unwrap();
        jpeg.write_image(&levels, 32, 16, image::ExtendedColorType::L8).unwrap();
        for path in [path, other] {
            let found = decode(&path, 0).unwrap();
            assert_eq!((found.size, found.turned), ((32, 16), true), "{}", path.display());
            let Pixels::Bytes(levels) = found.pixels else { panic!() };
            // The left half has come to stand on top.
            assert!(levels[..16 * 12].iter().all(|level| *level < 20));
            assert!(levels[16 * 20..].iter().all(|level| 235 < *level));
        }
    }

    #[test]
    fn pages_of_tiff_files_are_pictures_of_their_own() {
        use ::tiff::encoder::{TiffEncoder, colortype};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        let mut file = TiffEncoder::new(fs::File::create(&path).unwrap()).unwrap();
        file.write_image::<colortype::Gray64Float>(2, 1, &[0.25, 1.0]).unwrap();
        file.write_image::<colortype::Gray32Float>(2, 1, &[0.5, 0.0]).unwrap();
        file.write_image::<colortype::Gray16>(2, 1, &[4095, 7]).unwrap();
        drop(file);
        assert_eq!(pages(&path).unwrap(), [0, 1, 2]);
        let pixels = |page| decode(&path, page).unwrap().pixels;
        assert_eq!(pixels(0), Pixels::Floats(vec![0.25, 1.0]));
        assert_eq!(pixels(1), Pixels::Floats(vec![0.5, 0.0]));
        assert_eq!(pixels(2), Pixels::Words(vec![4095, 7]));
    }

    #[test]
    fn pictures_of_the_pnm_kinds_are_read_and_palettes_of_tiff_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes, expected) in [
            ("a.pgm", &b"P5\n3 1\n255\n\x00\x80\xff"[..], [0, 128, 255]),
            ("b.pgm", b"P2\n# made by hand\n3 1\n255\n0 128 255\n", [0, 128, 255]),
            ("a.pbm", b"P1\n3 1\n1 0 1\n", [0, 255, 0]),
            ("a.ppm", b"P3\n3 1\n255\n0 0 0 128 128 128 255 255 255\n", [0, 128, 255]),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            assert_eq!(
                decode(&path, 0).unwrap().pixels,
                Pixels::Bytes(expected.to_vec()),
                "{name}"
            );
        }
        // A picture of one pixel: width, height, 8 bits, no compression, palette, where its byte
        // lies, one row, one byte.
        let mut bytes = b"II\x2a\0\x08\0\0\0\x08\0".to_vec();
        for (tag, value) in
            [(256_u16, 1_u16), (257, 1), (258, 8), (259, 1), (262, 3), (273, 8), (278, 1), (279, 1)]
        {
            bytes.extend(
                [tag.to_le_bytes(), [3, 0], [1, 0], [0, 0], value.to_le_bytes(), [0, 0]].concat(),
            );
        }
        bytes.extend([0; 4]);
        let path = folder.path().join("a.tif");
        fs::write(&path, bytes).unwrap();
        let error = decode(&path, 0).unwrap_err().to_string();
        assert!(error.contains("a palette") && error.contains("convert"), "{error}");
    }

    #[test]
    fn animations_and_other_kinds_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        fs::write(&path, b"GIF89a").unwrap();
        assert!(decode(&path, 0).unwrap_err().to_string().contains("a GIF file"));
        let mut png = png::Encoder::new(fs::File::create(&path).unwrap(), 2, 2);
        png.set_color(png::ColorType::Grayscale);
        png.set_animated(2, 0).unwrap();
        let mut writer = png.write_header().unwrap();
        for _ in 0..2 {
            writer.write_image_data(&[0; 4]).unwrap();
        }
        drop(writer);
        assert!(decode(&path, 0).unwrap_err().to_string().contains("an animation"));
    }

    #[test]
    fn a_picture_with_a_wrong_name_is_read_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        let picture = ImageBuffer::from_pixel(2, 2, Luma([9_u8]));
        picture.save_with_format(&path, ImageFormat::Png).unwrap();
        assert_eq!(decode(&path, 0).unwrap().pixels, Pixels::Bytes(vec![9; 4]));
    }

    #[test]
    fn a_cut_picture_is_refused_whatever_its_format() {
        let folder = tempfile::tempdir().unwrap();
        let picture = ImageBuffer::from_fn(40, 30, |x, y| Rgb([(7 * x) as u8, (5 * y) as u8, 9]));
        for name in ["a.jpg", "a.png", "a.bmp", "a.tif"] {
            let path = folder.path().join(name);
            picture.save(&path).unwrap();
            let whole = fs::read(&path).unwrap();
            assert!(decode(&path, 0).is_ok(), "{name}");
            // From the last byte that matters back to nothing at all.
            for len in (0..=whole.len() - 3).step_by(whole.len().div_ceil(40)) {
                fs::write(&path, &whole[..len]).unwrap();
                let error = decode(&path, 0).unwrap_err();
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
        let error = decode(&path, 0).unwrap_err().to_string();
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
