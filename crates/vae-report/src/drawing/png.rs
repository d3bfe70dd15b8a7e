//! From pixels to a PNG file.

use std::io;
use std::path::Path;

use vae_base::{FileError, files};

use crate::drawing::canvas::Canvas;
use crate::error::ReportError;

/// Pixels per meter: 200 a printed inch, so that a figure of 1300 pixels fills a text column and
/// its labels read like captions.
const PIXELS_PER_METER: u32 = 7874;

/// Writes the picture in one piece.
///
/// # Errors
/// [`ReportError::Write`]; whatever stood at `path` is then unchanged.
pub(crate) fn save(canvas: &Canvas, path: &Path) -> Result<(), ReportError> {
    let bytes = encode(canvas).map_err(|source| FileError::Io {
        action: "writing",
        path: path.into(),
        source,
    })?;
    Ok(files::write(path, &bytes)?)
}

/// The bytes of the file: 8-bit grey where nothing is colored, which halves it, and RGB otherwise.
fn encode(canvas: &Canvas) -> io::Result<Vec<u8>> {
    let colored = canvas.rgb().any(|[r, g, b]| r != g || g != b);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, canvas.width() as u32, canvas.height() as u32);
    encoder.set_color(if colored { png::ColorType::Rgb } else { png::ColorType::Grayscale });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let unit = png::Unit::Meter;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: PIXELS_PER_METER,
        yppu: PIXELS_PER_METER,
        unit,
    }));
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    let data: Vec<u8> = if colored {
        canvas.rgb().flatten().collect()
    } else {
        canvas.rgb().map(|[r, _, _]| r).collect()
    };
    writer.write_image_data(&data).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(bytes)
}
