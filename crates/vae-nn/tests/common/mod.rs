//! What the test files share: waves as inputs, and a probe of every gradient.
#![allow(dead_code, reason = "every test file uses another part of this module")]

use candle_core::{DType, Device, Result, Tensor, Var};

/// `sin(phase + 1.3 i)` for the i-th of `n` elements.
pub(crate) fn wave(n: usize, phase: f64) -> Vec<f64> {
    (0..n).map(|i| (phase + 1.3 * i as f64).sin()).collect()
}

/// The wave in steps of a half, so that ties and exact zeros abound.
pub(crate) fn steps(n: usize, phase: f64) -> Vec<f64> {
    wave(n, phase).into_iter().map(|x| (2.0 * x + 0.5).floor() / 2.0).collect()
}

/// A tensor of these values.
pub(crate) fn tensor(values: Vec<f64>, dims: &[usize], dtype: DType) -> Tensor {
    Tensor::from_vec(values, dims, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
}

/// A variable of these values.
pub(crate) fn var(values: Vec<f64>, dims: &[usize], dtype: DType) -> Var {
    Var::from_tensor(&tensor(values, dims, dtype)).unwrap()
}

/// All elements in row-major order, as f64.
pub(crate) fn values(t: &Tensor) -> Vec<f64> {
    t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Inner product of the result with a wave: a scalar whose gradient reaches every element.
pub(crate) fn probed(y: &Tensor) -> Result<Tensor> {
    let probe = tensor(wave(y.elem_count(), 2.0), y.dims(), y.dtype());
    (y * probe)?.sum_all()
}

/// `‖a − b‖ / ‖b‖`
pub(crate) fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| a - b));
    difference / norm(&mut b.iter().copied()).max(f64::MIN_POSITIVE)
}

/// Compares the gradient by every variable with central differences, in f64: norm-wise to
/// `tolerance`.
///
/// At most 40 elements per variable, spread evenly, are moved.
///
/// The probe is a wave about a half: sums over whole planes, as the gradients by biases, would
/// cancel under a pure wave, and leave nothing but the rounding of the differences.
#[track_caller]
pub(crate) fn check_gradients(
    vars: &[(&str, &Var)],
    tolerance: f64,
    f: impl Fn() -> Result<Tensor>,
) {
    let probe = |n: usize| wave(n, 2.0).into_iter().map(|x| 0.5 + x);
    let y = f().unwrap();
    let probe_of_y = tensor(probe(y.elem_count()).collect(), y.dims(), y.dtype());
    let grads = (y * probe_of_y).unwrap().sum_all().unwrap().backward().unwrap();
    for (name, var) in vars {
        let grad = grads.get(var).unwrap_or_else(|| panic!("no gradient by {name}"));
        assert_eq!(grad.dims(), var.dims(), "gradient by {name}");
        let (grad, start) = (values(grad), values(var));
        let n = start.len();
        let places: Vec<usize> = (0..n.min(40)).map(|i| i * n / n.min(40)).collect();
        let moved = |place: usize, step: f64| {
            let mut x = start.clone();
            x[place] += step;
            var.set(&tensor(x, var.dims(), DType::F64)).unwrap();
            values(&f().unwrap())
        };
        // Fourth order, so that the step can be large enough for little rounding. The results are
        // subtracted before they are summed: most elements do not depend on the one that moved.
        let difference = |place: usize, step: f64| -> f64 {
            let (up, down) = (moved(place, step), moved(place, -step));
            let terms = up.iter().zip(&down).zip(probe(up.len()));
            terms.map(|((up, down), probe)| (up - down) * probe).sum::<f64>() / (2.0 * step)
        };
        let step = 2e-4;
        let numeric: Vec<f64> = places
            .iter()
            .map(|&p| (4.0 * difference(p, step) - difference(p, 2.0 * step)) / 3.0)
            .collect();
        var.set(&tensor(start.clone(), var.dims(), DType::F64)).unwrap();
        let analytic: Vec<f64> = places.iter().map(|&p| grad[p]).collect();
        let error = distance(&analytic, &numeric);
        assert!(
            error < tolerance,
            "gradient by {name}, {:?}: relative error {error:e}",
            var.dims()
        );
    }
}
