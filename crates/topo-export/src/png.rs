//! Portable Network Graphics.

use ndarray::ArrayView2;

use crate::checks::{check_densities, check_length};
use crate::error::ExportError;

/// The densities as a grey picture, a pixel per cell, black material, which states its true size.
/// `cell_size` is in millimeters.
///
/// # Errors
/// [`ExportError::Density`] outside 0 to 1; [`ExportError::Length`] if the cell size is not
/// positive.
pub fn png(density: ArrayView2<'_, f64>, cell_size: f64) -> Result<Vec<u8>, ExportError> {
    check_densities(density)?;
    check_length("cell size", cell_size)?;
    let (rows, columns) = density.dim();
    let pixels: Vec<u8> = density.iter().map(|x| (255.0 * (1.0 - x)).round() as u8).collect();
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, columns as u32, rows as u32);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_depth(::png::BitDepth::Eight);
    // The format counts whole pixels per meter, at least one.
    let per_meter = (1000.0 / cell_size).round();
    if 1.0 <= per_meter && per_meter <= f64::from(i32::MAX) {
        let (xppu, yppu) = (per_meter as u32, per_meter as u32);
        encoder.set_pixel_dims(Some(::png::PixelDimensions {
            xppu,
            yppu,
            unit: ::png::Unit::Meter,
        }));
    }
    // Writing to memory cannot fail.
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels)?;
        writer.finish()
    });
    debug_assert!(written.is_ok(), "{written:?}");
    Ok(bytes)
}
