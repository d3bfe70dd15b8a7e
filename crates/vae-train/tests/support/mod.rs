//! A tiny set of designs that a tiny model learns in a second.

use ndarray::{Array2, Array3};
use vae_data::{Condition, DataSet, Details};
use vae_train::Manifest;

/// Bars whose solid pixels are of 90 % density and whose void is of 10 %.
#[allow(clippy::allow_attributes, dead_code, reason = "each test binary uses its own part")]
pub(crate) fn grey_bars() -> DataSet {
    let bars = bars();
    let mut values = vec![0.0; bars.len() * bars.design_len()];
    bars.read_into(&(0..bars.len()).collect::<Vec<_>>(), &mut values).expect("in memory");
    let grey = values.iter().map(|value| 0.1 + 0.8 * value).collect();
    let shape = (bars.len(), bars.height(), bars.width());
    let designs = Array3::from_shape_vec(shape, grey).expect("whole designs");
    let details = Details {
        conditions: bars.condition_info().to_vec(),
        values: bars.conditions().to_owned(),
        ..Details::default()
    };
    DataSet::new("grey bars", designs, details).expect("consistent parts")
}

/// 8 × 16 pixels: a bar of one of three thicknesses at one of eight heights; both are conditions,
/// four copies shifted to and fro are not.
pub(crate) fn bars() -> DataSet {
    let (n, h, w) = (96, 8, 16);
    let mut designs = Array3::<f32>::zeros((n, h, w));
    let mut values = Array2::<f32>::zeros((n, 2));
    for (i, mut design) in designs.outer_iter_mut().enumerate() {
        let (height, thickness, shift) = (i % 8, 1 + (i / 8) % 3, i / 24);
        for row in height..(height + thickness).min(h) {
            for column in 2 * shift..w {
                design[[row, column]] = 1.0;
            }
        }
        values[[i, 0]] = height as f32;
        values[[i, 1]] = thickness as f32;
    }
    let conditions = vec![
        Condition::covering("height", "", values.column(0)),
        Condition::covering("thickness", "", values.column(1)),
    ];
    let details = Details { conditions, values, ..Details::default() };
    DataSet::new("bars", designs, details).expect("consistent parts")
}

/// What a run folder is told of a run of a test.
#[allow(clippy::allow_attributes, dead_code, reason = "each test binary uses its own part")]
pub(crate) fn manifest(data: &DataSet) -> Manifest {
    Manifest {
        format: Manifest::FORMAT,
        version: "test".into(),
        data_fingerprint: data.fingerprint().expect("in memory"),
        seed: 1,
        device: "cpu".into(),
        threads: 1,
        command: Vec::new(),
        size: None,
        resumed_at_step: Vec::new(),
        continued_by: Vec::new(),
    }
}
