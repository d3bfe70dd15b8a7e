//! Random designs, and readers of what was written that share no code with the writers.

use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Blobs: blurred noise, made steep around its median. `steepness` 0 leaves it grey, infinity gives
/// 0 and 1.
pub(crate) fn blobs(rows: usize, columns: usize, steepness: f64, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut field = Array2::from_shape_simple_fn((rows, columns), || rng.random::<f64>());
    for _ in 0..3 {
        field = Array2::from_shape_fn((rows, columns), |(r, c)| {
            let (top, left) = (r.saturating_sub(1), c.saturating_sub(1));
            let window =
                field.slice(ndarray::s![top..(r + 2).min(rows), left..(c + 2).min(columns)]);
            window.sum() / window.len() as f64
        });
    }
    let mut sorted: Vec<f64> = field.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let (low, middle, high) = (sorted[0], sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
    field.mapv(|x| {
        if steepness == 0.0 {
            (x - low) / (high - low)
        } else if steepness.is_infinite() {
            f64::from(u8::from(middle < x))
        } else {
            1.0 / (1.0 + (-steepness * (x - middle) / (high - low)).exp())
        }
    })
}

/// A design from a picture: `#` is material.
pub(crate) fn picture(rows: &[&str]) -> Array2<f64> {
    let at = |(r, c): (usize, usize)| f64::from(u8::from(rows[r].as_bytes()[c] == b'#'));
    Array2::from_shape_fn((rows.len(), rows[0].len()), at)
}

/// Signed area of a ring, by trapezoids.
pub(crate) fn area(ring: &[[f64; 2]]) -> f64 {
    let next = |i: usize| ring[(i + 1) % ring.len()];
    (0..ring.len()).map(|i| 0.5 * (ring[i][0] - next(i)[0]) * (ring[i][1] + next(i)[1])).sum()
}

/// Curves of an SVG path of absolute `M`, `L` and `Z`, y down.
pub(crate) fn svg_rings(text: &str) -> Vec<Vec<[f64; 2]>> {
    let path = text.split(" d=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a path");
    let point = |text: &str| {
        let numbers: Vec<f64> =
            text.split_whitespace().map(|x| x.parse().expect("a number")).collect();
        [numbers[0], numbers[1]]
    };
    path.split_inclusive('Z')
        .filter(|ring| ring.contains('M'))
        .map(|ring| {
            let ring = ring.trim().strip_suffix('Z').expect("a closed ring");
            ring.split(['M', 'L']).filter(|text| !text.is_empty()).map(point).collect()
        })
        .collect()
}

/// Curves of the closed `LWPOLYLINE`s of a DXF file.
pub(crate) fn dxf_rings(text: &str) -> Vec<Vec<[f64; 2]>> {
    let lines: Vec<&str> = text.lines().collect();
    let tags: Vec<(u32, &str)> =
        lines.chunks(2).map(|pair| (pair[0].parse().expect("a group code"), pair[1])).collect();
    assert_eq!(tags.last(), Some(&(0, "EOF")));
    let mut rings: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut inside = false;
    for (code, value) in tags {
        let number = || value.parse::<f64>().expect("a number");
        match code {
            0 => {
                inside = value == "LWPOLYLINE";
                if inside {
                    rings.push(Vec::new());
                }
            }
            70 if inside => assert_eq!(value, "1", "closed"),
            10 if inside => rings.last_mut().expect("a ring").push([number(), f64::NAN]),
            20 if inside => {
                rings.last_mut().and_then(|r| r.last_mut()).expect("a point")[1] = number();
            }
            _ => {}
        }
    }
    rings
}
