//! All designs as thumbnails in one picture, so that a page draws thousands of them at once.

use ndarray::{Array3, ArrayView2};

use crate::error::Result;

/// Longest side of a thumbnail.
const LONGEST: usize = 48;
/// Widest atlas: what every browser draws from.
const WIDEST: usize = 4096;

/// A picture of all designs, row after row.
#[derive(Clone, Debug)]
pub(crate) struct Atlas {
    /// The PNG file: material black, void white.
    pub(crate) png: Vec<u8>,
    /// Width and height of a thumbnail.
    pub(crate) tile: (usize, usize),
    /// Thumbnails in a row.
    pub(crate) columns: usize,
}

impl Atlas {
    /// Draws designs (N, rows, columns).
    pub(crate) fn draw(designs: &Array3<f32>) -> Result<Self> {
        let (n, height, width) = designs.dim();
        let step = height.max(width).div_ceil(LONGEST).max(1);
        let tile = (width.div_ceil(step), height.div_ceil(step));
        let columns = (WIDEST / tile.0).clamp(1, n.max(1));
        let rows = n.div_ceil(columns).max(1);
        let (atlas_width, atlas_height) = (columns * tile.0, rows * tile.1);
        let mut pixels = vec![255_u8; atlas_width * atlas_height];
        for (index, design) in designs.outer_iter().enumerate() {
            let (left, top) = ((index % columns) * tile.0, (index / columns) * tile.1);
            for y in 0..tile.1 {
                for x in 0..tile.0 {
                    let place = (top + y) * atlas_width + left + x;
                    pixels[place] = grey(mean_of(design, (y, x), step));
                }
            }
        }
        let png = encode(&pixels, (atlas_width, atlas_height))?;
        Ok(Self { png, tile, columns })
    }
}

/// A PNG file of grey pixels, row after row.
pub(crate) fn encode(pixels: &[u8], (width, height): (usize, usize)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Material is black.
pub(crate) fn grey(density: f32) -> u8 {
    (255.0 * (1.0 - density.clamp(0.0, 1.0))).round() as u8
}

/// The mean of the elements that a pixel of a thumbnail stands for.
fn mean_of(design: ArrayView2<'_, f32>, (y, x): (usize, usize), step: usize) -> f32 {
    let (height, width) = design.dim();
    let rows = y * step..((y + 1) * step).min(height);
    let columns = x * step..((x + 1) * step).min(width);
    let part = design.slice(ndarray::s![rows, columns]);
    part.sum() / part.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use ndarray::Axis;

    use super::*;

    /// The picture is read back by the decoder of the library.
    fn read(png: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn every_thumbnail_is_the_mean_of_its_elements_at_its_place() {
        let designs = Array3::from_shape_fn((3, 60, 100), |(n, y, x)| {
            ((n * 31 + y * 7 + x * 3) % 11) as f32 / 10.0
        });
        let atlas = Atlas::draw(&designs).unwrap();
        assert_eq!((atlas.tile, atlas.columns), ((34, 20), 3));
        let (width, height, pixels) = read(&atlas.png);
        assert_eq!((width, height), (102, 20));
        for (n, y, x) in [(0, 0, 0), (1, 7, 5), (2, 19, 32)] {
            let design = designs.index_axis(Axis(0), n);
            let part = design.slice(ndarray::s![3 * y..3 * y + 3, 3 * x..3 * x + 3]);
            let expected = 255.0 * (1.0 - part.mean().unwrap());
            let found = f32::from(pixels[y * 102 + 34 * n + x]);
            assert!((found - expected).abs() <= 0.51, "{n} {y} {x}: {found}, {expected}");
        }
    }
}
