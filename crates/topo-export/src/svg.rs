//! Scalable Vector Graphics.

use std::fmt::Write as _;

use crate::contours::Contours;
use crate::error::ExportError;

/// The contours as an SVG picture at their true size: black material, one path of closed curves,
/// the domain as the page.
///
/// `cell_size` is in millimeters, and so are the units of the picture. Coordinates have the digits
/// of single precision.
///
/// # Errors
/// [`ExportError::Length`] if the cell size is not positive.
///
/// # References
/// W3C, Scalable Vector Graphics 1.1.
pub fn svg(contours: &Contours, cell_size: f64) -> Result<String, ExportError> {
    let rings = contours.in_mm(cell_size)?;
    let (rows, columns) = contours.dim();
    let (width, height) = (columns as f64 * cell_size, rows as f64 * cell_size);
    let (w, h) = (width as f32, height as f32);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{w}mm\" height=\"{h}mm\" \
         viewBox=\"0 0 {w} {h}\">\n<path fill=\"black\" fill-rule=\"evenodd\" d=\""
    );
    for ring in rings {
        for (i, [x, y]) in ring.into_iter().enumerate() {
            let command = if i == 0 { 'M' } else { 'L' };
            // Pictures count y downward.
            let _ = write!(text, "{command}{x} {}", (height - f64::from(y)) as f32);
        }
        text.push_str("Z\n");
    }
    text.push_str("\"/>\n</svg>\n");
    Ok(text)
}
