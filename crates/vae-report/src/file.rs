//! From pixels to a PNG file that is whole or absent.

use std::io::{self, Write};
use std::path::Path;

use crate::canvas::Canvas;
use crate::error::ReportError;

/// Pixels per meter: 200 a printed inch, so that a figure of 1300 pixels fills a text column and
/// its labels read like captions.
const PIXELS_PER_METER: u32 = 7874;

/// Writes the picture beside `path`, syncs it, and renames it.
///
/// # Errors
/// [`ReportError::Write`]; then whatever stood at `path` still stands there, and nothing is left
/// beside it.
pub(crate) fn save(canvas: &Canvas, path: &Path) -> Result<(), ReportError> {
    let bytes = encode(canvas);
    bytes
        .and_then(|bytes| replace(path, &bytes))
        .map_err(|source| ReportError::Write { path: path.into(), source })
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

/// Writes bytes beside `path`, syncs them, and renames them.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".figure-").suffix(".tmp");
    // A temporary file is private by default; a figure is as readable as any other new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
