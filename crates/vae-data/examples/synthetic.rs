//! Writes a data set of your own: 64 pairs of bars from a wall to a point, drawn rather than
//! optimized.
//!
//! `cargo run -p vae-data --example synthetic -- DIR`

use std::path::PathBuf;

use ndarray::Array2;
use vae_data::{Condition, DataSetWriter, Details, Element, Metadata, Table, cut_at_volume};

const HEIGHT: usize = 48;
const WIDTH: usize = 96;
const PLACES: usize = 16;
const VOLUMES: usize = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: synthetic DIR")?;
    let mut writer = DataSetWriter::create(&path, (HEIGHT, WIDTH), Element::U8)?;
    let (mut values, mut groups) = (Vec::new(), Vec::new());
    let mut results = Table::new(&["source"]);
    for place in 0..PLACES {
        for volume in 0..VOLUMES {
            let load_y = place as f32 / (PLACES - 1) as f32;
            let volume_fraction = 0.2 + 0.1 * volume as f32;
            writer.push(&two_bars(load_y, volume_fraction))?;
            values.extend([load_y, volume_fraction]);
            // The four volumes of one place look alike, so they stay on one side of a split.
            groups.push(u32::try_from(place)?);
            results.push(&["drawn"]);
        }
    }
    let values = Array2::from_shape_vec((PLACES * VOLUMES, 2), values)?;
    let conditions = vec![
        Condition::covering("load_y", "", values.column(0)),
        Condition::covering("volume_fraction", "", values.column(1)),
    ];
    let metadata = Metadata {
        name: Some("synthetic".into()),
        description: Some("two bars from a wall to a point; drawn, not optimized".into()),
        license: Some("CC0-1.0".into()),
        generator: Some(
            concat!("vae-data ", env!("CARGO_PKG_VERSION"), ", example synthetic").into(),
        ),
        ..Metadata::default()
    };
    let (groups, results) = (Some(groups), Some(results));
    writer.finish(Details {
        metadata,
        conditions,
        values,
        groups,
        results,
        ..Details::default()
    })?;
    Ok(())
}

/// Bars from the corners at the left to the point (1, `load_y`), as thick as the volume allows.
fn two_bars(load_y: f32, volume_fraction: f32) -> Vec<f32> {
    let tip = [WIDTH as f32, load_y * HEIGHT as f32];
    let nearness = |cell: usize| {
        let point = [(cell % WIDTH) as f32 + 0.5, (cell / WIDTH) as f32 + 0.5];
        let bars = [0.0, HEIGHT as f32].map(|wall_y| distance(point, [0.0, wall_y], tip));
        1.0 / (1.0 + bars[0].min(bars[1]))
    };
    let mut design: Vec<f32> = (0..HEIGHT * WIDTH).map(nearness).collect();
    cut_at_volume(&mut design, None, volume_fraction);
    design
}

/// Distance of a point to the line from `a` to `b`.
fn distance(point: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let from_a = [point[0] - a[0], point[1] - a[1]];
    let length_squared = along[0] * along[0] + along[1] * along[1];
    let share = ((from_a[0] * along[0] + from_a[1] * along[1]) / length_squared).clamp(0.0, 1.0);
    (from_a[0] - share * along[0]).hypot(from_a[1] - share * along[1])
}
