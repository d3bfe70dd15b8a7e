//! Pictures of a whole data set: a contact sheet, and the designs as the lecture draws them.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder as _};
use vae_base::{FileError, files, spread};
use vae_data::DataSet;
use vae_report::{Grid, grid};

use super::error::{AnalysisError, Result};
use crate::run::stored;

/// Largest number of designs on a contact sheet.
const SHEET: usize = 64;
/// Width of a picture and of its white frame, in pixels; a domain of 3:1 makes it 126 high.
const WIDTH: usize = 349;
const FRAME: usize = 7;
/// JPEG quality in percent: grey levels come back within a few of 255.
const QUALITY: u8 = 95;

/// Draws evenly spaced designs of a set, at most 64.
///
/// # Errors
/// If a design cannot be read, or the picture cannot be written.
pub fn write_sheet(set: &DataSet, path: &Path) -> Result<()> {
    let indices: Vec<usize> = spread(set.len(), SHEET).collect();
    let designs = stored(set, &indices)?;
    grid(&Grid { columns: Some(8), ..Grid::new(designs.view()) }, path)
        .map_err(|source| AnalysisError::Figure { path: path.to_owned(), source })
}

/// Writes every design of a set as a JPEG into a new folder, which is there whole or not at all.
///
/// The pictures are those of the lecture: 349 pixels wide (126 high for 3:1), black on white, with
/// a white frame. They are named `SET_A_B.jpg`, where A is the volume fraction in percent and B the
/// iterate, or the position of the design if the set has no iterates.
///
/// # Errors
/// If something is in the folder already, or a file cannot be written.
pub fn write_lecture_pictures(set: &DataSet, folder: &Path) -> Result<()> {
    let beside = files::FolderBeside::create(folder, "writing pictures")?;
    let (volume, iterate) = (set.condition("volume_fraction").ok(), set.condition("iterate").ok());
    let shape = (set.height(), set.width());
    let mut design = vec![0.0; set.design_len()];
    for index in 0..set.len() {
        set.read_into(&[index], &mut design)?;
        let mean = design.iter().sum::<f32>() / design.len() as f32;
        let percent = (100.0 * volume.map_or(mean, |volume| volume[index])).round();
        let b = iterate.map_or(index, |iterate| iterate[index] as usize);
        let path = beside.path().join(format!("{}_{percent}_{b}.jpg", set.name()));
        let (pixels, height) = picture(&design, shape);
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, QUALITY)
            .write_image(&pixels, WIDTH as u32, height as u32, ExtendedColorType::Rgb8)
            .map_err(|error| FileError::Io {
                action: "encoding",
                path: path.clone(),
                source: std::io::Error::other(error),
            })?;
        files::write(&path, &bytes)?;
    }
    Ok(beside.finish()?)
}

/// RGB pixels, row by row, and the height: every element a block of pixels, black where it is
/// solid.
fn picture(design: &[f32], (rows, columns): (usize, usize)) -> (Vec<u8>, usize) {
    let inner = WIDTH - 2 * FRAME;
    let inner_height = ((inner * rows) as f64 / columns as f64).round().max(1.0) as usize;
    let height = inner_height + 2 * FRAME;
    let mut pixels = vec![255; 3 * WIDTH * height];
    for y in 0..inner_height {
        let row = (2 * y + 1) * rows / (2 * inner_height);
        for x in 0..inner {
            let column = (2 * x + 1) * columns / (2 * inner);
            let grey = ((1.0 - design[row * columns + column]) * 255.0).round() as u8;
            let position = 3 * ((y + FRAME) * WIDTH + x + FRAME);
            pixels[position..position + 3].fill(grey);
        }
    }
    (pixels, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_126_by_349_with_a_white_frame_and_black_material() {
        let mut design = vec![0.0; 1200];
        design[..60].fill(1.0);
        design[60..120].fill(0.5);
        let (pixels, height) = picture(&design, (20, 60));
        assert_eq!((pixels.len(), height), (3 * 126 * 349, 126));
        let grey = |x: usize, y: usize| pixels[3 * (y * WIDTH + x)];
        assert_eq!((grey(0, 0), grey(6, 60), grey(342, 60), grey(348, 125)), (255, 255, 255, 255));
        assert_eq!((grey(7, 7), grey(341, 7), grey(341, 12), grey(7, 13)), (0, 0, 0, 128));
        assert_eq!((grey(100, 6), grey(100, 118), grey(100, 119)), (255, 255, 255));
        // Material is where it is: 112 rows of 20 elements, so 5 or 6 pixels each.
        let black = (0..height).filter(|&y| grey(200, y) == 0).count();
        assert!((5..=6).contains(&black), "{black}");
    }
}
