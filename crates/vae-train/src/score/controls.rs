//! Controls: simple methods whose scores stand beside the model's (principal components, the
//! nearest design by pixels, the nearest by condition).

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, get_global_parallelism};
use ndarray::{Array3, Axis};

use crate::data::{Targets, stack, strided};
use crate::error::Result;

/// Training designs read at a time.
const CHUNK: usize = 256;
/// Principal components come from at most this many training designs, evenly spaced: their
/// covariance is known well enough by then.
const PCA_DESIGNS: usize = 4096;
/// And they are matrices of at most about so many numbers, of 8 bytes.
const PCA_NUMBERS: usize = 1 << 26;
/// With at most this many designs or pixels, the full singular value decomposition is computed.
const DENSE: usize = 256;
/// Extra directions of the subspace iteration, dropped at the end.
const OVERSAMPLING: usize = 16;
/// Rounds of the subspace iteration.
const ROUNDS: usize = 12;

/// Reconstructions of test designs by their projection on the principal components of the training
/// designs.
///
/// `x̂ = x̄ + V Vᵀ (x − x̄)`, V the `components` leading right singular vectors of the centered
/// training designs: the linear method with as many numbers per design as the latent space has, and
/// the best possible one in squared error on the training designs.
///
/// # Errors
/// When a design cannot be read.
///
/// # References
/// Jolliffe 2002, "Principal component analysis", section 1.1; Halko, Martinsson & Tropp 2011,
/// "Finding structure with randomness", algorithm 4.4, for large sets.
pub fn principal_components(
    designs: &Targets<'_>,
    train: &[usize],
    test: &[usize],
    components: usize,
) -> Result<Array3<f32>> {
    let pixels = designs.data().design_len();
    let most = PCA_DESIGNS.min(PCA_NUMBERS / pixels.max(1)).max(1);
    let components = Components::of(&mut matrix(designs, &strided(train, most))?, components);

    let mut reconstructions = Vec::with_capacity(test.len() * pixels);
    for chunk in test.chunks(CHUNK) {
        let mut xs = matrix(designs, chunk)?;
        components.center(&mut xs);
        let back = components.designs(&components.codes(&xs));
        for column in back.col_iter() {
            reconstructions.extend(column.iter().map(|&value| value as f32));
        }
    }
    Ok(stack(reconstructions, (designs.data().height(), designs.data().width())))
}

/// For each test design the training design with the smallest squared distance, over pixels.
///
/// # Errors
/// When a design cannot be read.
pub fn nearest_by_pixels(
    designs: &Targets<'_>,
    train: &[usize],
    test: &[usize],
) -> Result<Array3<f32>> {
    designs.array(&nearest_with_distances(designs, train, designs, test)?.0)
}

/// For each of `others`, the training design with the smallest squared distance over pixels, and
/// the root mean square of that difference per pixel.
///
/// # Errors
/// When a design cannot be read.
pub(crate) fn nearest_with_distances(
    designs: &Targets<'_>,
    train: &[usize],
    others: &Targets<'_>,
    indices: &[usize],
) -> Result<(Vec<usize>, Vec<f64>)> {
    let pixels = designs.data().design_len();
    let mut nearest = vec![(f32::INFINITY, 0); indices.len()];
    let mut norms = Vec::with_capacity(indices.len());
    for (block, chunk) in indices.chunks(CHUNK).enumerate() {
        let tests = others.read(chunk)?.values;
        let tests = MatRef::from_column_major_slice(&tests, pixels, chunk.len());
        norms.extend(tests.col_iter().map(|column| column.squared_norm_l2()));
        for train in train.chunks(CHUNK) {
            let trains = designs.read(train)?.values;
            let trains = MatRef::from_column_major_slice(&trains, pixels, train.len());
            let mut products = Mat::<f32>::zeros(train.len(), chunk.len());
            matmul(
                products.as_mut(),
                Accum::Replace,
                trains.transpose(),
                tests,
                1.0,
                get_global_parallelism(),
            );
            // ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b, and ‖b‖² of the test design is the same for all.
            for (i, &train) in train.iter().enumerate() {
                let norm = trains.col(i).squared_norm_l2();
                for j in 0..chunk.len() {
                    let distance = norm - 2.0 * products[(i, j)];
                    let best = &mut nearest[block * CHUNK + j];
                    if distance < best.0 {
                        *best = (distance, train);
                    }
                }
            }
        }
    }
    let root = |(&(distance, _), norm): (&(f32, usize), f32)| {
        (f64::from(distance + norm).max(0.0) / pixels as f64).sqrt()
    };
    let distances = nearest.iter().zip(norms).map(root).collect();
    Ok((nearest.into_iter().map(|(_, train)| train).collect(), distances))
}

/// For each test design, the first training design with the nearest conditions, each condition in
/// units of its deviation; `None` if the model is told no conditions.
///
/// # Errors
/// When a design cannot be read.
pub fn nearest_by_condition(
    designs: &Targets<'_>,
    train: &[usize],
    test: &[usize],
) -> Result<Option<Array3<f32>>> {
    let all: Vec<usize> = (0..designs.data().len()).collect();
    let table = designs.conditions(&all).mapv(f64::from);
    if table.ncols() == 0 {
        return Ok(None);
    }
    let deviation = table
        .select(Axis(0), train)
        .std_axis(Axis(0), 0.0)
        .mapv(|std| if 0.0 < std { std } else { 1.0 });
    let table = table / &deviation;
    let distance = |a: usize, b: usize| (&table.row(a) - &table.row(b)).mapv(|d| d * d).sum();
    let found = test.iter().filter_map(|&test| {
        train.iter().copied().min_by(|&a, &b| distance(a, test).total_cmp(&distance(b, test)))
    });
    designs.array(&found.collect::<Vec<_>>()).map(Some)
}

/// Designs as columns.
pub(crate) fn matrix(designs: &Targets<'_>, indices: &[usize]) -> Result<Mat<f64>> {
    let pixels = designs.data().design_len();
    let mut xs = Mat::zeros(pixels, indices.len());
    for (block, chunk) in indices.chunks(CHUNK).enumerate() {
        let values = designs.read(chunk)?.values;
        for (i, design) in values.chunks_exact(pixels).enumerate() {
            for (pixel, &value) in design.iter().enumerate() {
                xs[(pixel, block * CHUNK + i)] = f64::from(value);
            }
        }
    }
    Ok(xs)
}

/// The leading principal components of designs.
pub(super) struct Components {
    mean: Vec<f64>,
    /// Orthonormal columns.
    directions: Mat<f64>,
}

impl Components {
    /// Those of the columns of `xs`, which are centered; at most as many as there are columns and
    /// rows.
    pub(super) fn of(xs: &mut Mat<f64>, count: usize) -> Self {
        let n = xs.ncols();
        let mean: Vec<f64> =
            (0..xs.nrows()).map(|pixel| xs.row(pixel).iter().sum::<f64>() / n as f64).collect();
        shift(xs, &mean, -1.0);
        let directions = left_singular_vectors(xs, count.min(n).min(xs.nrows()));
        Self { mean, directions }
    }

    /// Takes the mean off other designs.
    fn center(&self, xs: &mut Mat<f64>) {
        shift(xs, &self.mean, -1.0);
    }

    /// Coordinates of centered designs, a column for each.
    pub(super) fn codes(&self, xs: &Mat<f64>) -> Mat<f64> {
        self.directions.transpose() * xs
    }

    /// Designs at some coordinates, a column for each.
    pub(super) fn designs(&self, codes: &Mat<f64>) -> Mat<f64> {
        let mut designs = &self.directions * codes;
        shift(&mut designs, &self.mean, 1.0);
        designs
    }
}

fn shift(xs: &mut Mat<f64>, mean: &[f64], sign: f64) {
    for column in xs.col_iter_mut() {
        column.iter_mut().zip(mean).for_each(|(value, mean)| *value += sign * mean);
    }
}

fn left_singular_vectors(xs: &Mat<f64>, components: usize) -> Mat<f64> {
    if xs.nrows().min(xs.ncols()) <= DENSE {
        // Fails only on values that are not finite, which reading refuses.
        let svd = xs.thin_svd().expect("finite values");
        return svd.U().subcols(0, components).to_owned();
    }
    // Subspace iteration: each round multiplies what is left of a smaller singular value against a
    // larger one by their squared ratio.
    let width = (components + OVERSAMPLING).min(xs.nrows()).min(xs.ncols());
    // Any start will do that no singular vector is orthogonal to; this one depends on nothing
    // random.
    let mut right = Mat::from_fn(xs.ncols(), width, |i, j| (1.0 + (i * (2 * j + 1)) as f64).sin());
    let mut left = Mat::zeros(xs.nrows(), width);
    for _ in 0..ROUNDS {
        left = (xs * &right).qr().compute_thin_Q();
        right = xs.transpose() * &left;
    }
    // Inside the subspace the decomposition is exact: Xᵀ L = U S Vᵀ, so X ≈ (L V) S Uᵀ.
    let svd = right.thin_svd().expect("finite values");
    &left * svd.V().subcols(0, components)
}
