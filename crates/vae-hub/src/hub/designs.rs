//! The designs of a table, row by row, as densities.

use std::io::Cursor;

use image::{DynamicImage, ImageReader, Limits};

use crate::error::HubError;

use super::column::{Column, Element, Kind};
use super::shape::wrong;
use super::shard::Shard;
use super::table::{bad_row, for_each_bytes, for_each_matrix};

/// Sides of pictures at most.
const MAX_SIDE: u32 = 1 << 13;

/// The smallest type that loses nothing.
pub(super) const fn stored_as(kind: Kind) -> vae_data::Element {
    match kind {
        Kind::Matrix(Element::Float) => vae_data::Element::F32,
        Kind::Matrix(Element::Bool) => vae_data::Element::Bool,
        _ => vae_data::Element::U8,
    }
}

/// Calls `with` for the densities of each row.
pub(super) fn for_each_design(
    shard: &Shard,
    column: &Column,
    inverted: bool,
    mut with: impl FnMut(usize, (usize, usize), &[f32]) -> Result<(), HubError>,
) -> Result<(), HubError> {
    let (path, reader) = (&shard.path, &shard.reader);
    let mut design = Vec::new();
    let turn = |density: f64| (if inverted { 1.0 - density } else { density }) as f32;
    match column.kind {
        Kind::Matrix(element) => for_each_matrix(path, reader, column.leaf, |row, size, values| {
            let most = if element == Element::Integer { 255.0 } else { 1.0 };
            let rounding =
                if element == Element::Float { f64::from(vae_data::ROUNDING) } else { 0.0 };
            let outside = |value: &f64| !(-rounding..=most + rounding).contains(value);
            if let Some(position) = values.iter().position(outside) {
                let (value, width) = (values[position], size.1);
                let (i, j) = (position / width, position % width);
                return Err(bad_row(
                    path,
                    row,
                    format!(
                        "has the value {value} at row {i}, column {j} of its design; it should lie \
                         in 0 to {most}"
                    ),
                ));
            }
            design.clear();
            design.extend(values.iter().map(|value| turn(value / most)));
            with(row, size, &design)
        }),
        Kind::Picture => for_each_bytes(path, reader, column.leaf, |row, bytes| {
            let picture = decode(bytes).map_err(|error| {
                bad_row(path, row, format!("has a picture that cannot be read: {error}"))
            })?;
            let size = (picture.height() as usize, picture.width() as usize);
            design.clear();
            design.extend(grey(&picture).into_iter().map(turn));
            with(row, size, &design)
        }),
        _ => Err(wrong(path, "its column of designs holds no designs")),
    }
}

/// Decodes a picture of known format and sensible size.
fn decode(bytes: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    reader.limits(limits);
    reader.decode()
}

/// Grey levels 0 to 1: 0.299 R + 0.587 G + 0.114 B for colors; transparency is ignored.
fn grey(picture: &DynamicImage) -> Vec<f64> {
    match picture {
        DynamicImage::ImageLuma8(grey) => {
            grey.as_raw().iter().map(|level| f64::from(*level) / 255.0).collect()
        }
        DynamicImage::ImageLuma16(grey) => {
            grey.as_raw().iter().map(|level| f64::from(*level) / 65535.0).collect()
        }
        colored => colored
            .to_rgb8()
            .pixels()
            .map(|pixel| {
                let [r, g, b] = pixel.0.map(f64::from);
                (0.299 * r + 0.587 * g + 0.114 * b) / 255.0
            })
            .collect(),
    }
}
