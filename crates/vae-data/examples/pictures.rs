//! Writes a folder of JPEG pictures like those of the lecture's data set, to try things with: 126 x
//! 349 pixels, black material, a white frame, and names that end with the volume fraction in
//! percent and a counter of iterations.
//!
//! ```text
//! cargo run -p vae-data --example pictures -- DIR [VOLUMES ITERATIONS]
//! ```

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageBuffer, Luma};

const HEIGHT: u32 = 126;
const WIDTH: u32 = 349;
const FRAME: u32 = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder: PathBuf = arguments.next().ok_or("give a folder")?.into();
    let mut number = |default: u32| arguments.next().map_or(Ok(default), |text| text.parse());
    let (volumes, iterations) = (number(48)?.max(2), number(51)?.max(2));
    fs::create_dir_all(&folder)?;
    for i in 0..volumes {
        let percent = 5 + 94 * i / (volumes - 1);
        for iteration in 0..iterations {
            let picture = picture(
                f64::from(percent) / 100.0,
                f64::from(iteration) / f64::from(iterations - 1),
            );
            let path = folder.join(format!("beam_{percent}_{iteration}.jpg"));
            let mut encoder =
                JpegEncoder::new_with_quality(BufWriter::new(File::create(path)?), 90);
            // Most are in color and some are grey, as they come.
            if iteration % 7 == 0 {
                encoder.encode_image(&picture)?;
            } else {
                encoder.encode_image(&DynamicImage::ImageLuma8(picture).to_rgb8())?;
            }
        }
    }
    Ok(())
}

/// Two chords and a brace that come out of uniform grey, at a volume fraction throughout.
fn picture(volume: f64, progress: f64) -> ImageBuffer<Luma<u8>, Vec<u8>> {
    ImageBuffer::from_fn(WIDTH, HEIGHT, |x, y| {
        let inside = (FRAME..WIDTH - FRAME).contains(&x) && (FRAME..HEIGHT - FRAME).contains(&y);
        if !inside {
            return Luma([255]);
        }
        let (x, y) = (
            f64::from(x - FRAME) / f64::from(WIDTH - 2 * FRAME),
            f64::from(y - FRAME) / f64::from(HEIGHT - 2 * FRAME),
        );
        // Distance to the nearest bar; the bars are as thick as the volume asks for.
        let bars = [y, 1.0 - y + 0.25 * x, (y - x).abs(), (y - 1.0 + (x - 0.5).abs()).abs()];
        let distance = bars.into_iter().fold(f64::MAX, f64::min);
        let sharp =
            (0.5 + 12.0 * (0.26 * volume / (1.05 - 0.8 * volume) - distance)).clamp(0.0, 1.0);
        let density = (1.0 - progress) * volume + progress * sharp;
        Luma([(255.0 * (1.0 - density)).round() as u8])
    })
}
