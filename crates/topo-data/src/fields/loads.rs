//! Where loads act, and in which directions.

use ndarray::{Array2, Array3};
use topo_simp::Nodal;

/// The load tensor at the elements, (xx, yy, xy) of (nely, nelx) each, smeared by a Gaussian of
/// `sigma` elements.
///
/// `Σₙ g(dₙ) fₙ fₙᵀ / max(1, Σₙ g(dₙ) |fₙ|²)` over the nodes of a load case, whose largest force
/// is 1, with `g(d) = exp(−d²/2σ²)`, averaged over the cases. The trace of a case is that of its
/// sum where this is below 1, and 1 where the Gaussians of a distributed load add up to more, so
/// the directions stay and the values are at most 1.
pub(super) fn load_tensor(nodal: &Nodal, sigma: f64) -> [Array2<f64>; 3] {
    let (nely, nelx) = nodal.passive.dim();
    let (down, across) = (gaussians(nely, sigma), gaussians(nelx, sigma));
    let mut tensor = [(); 3].map(|()| Array2::zeros((nely, nelx)));
    for forces in &nodal.forces {
        // A Gaussian is the product of one in x and one in y.
        let spread = products(forces).map(|nodes| down.dot(&nodes).dot(&across.t()));
        let trace = &spread[0] + &spread[1];
        let weight = trace.mapv(|trace| 1.0 / (nodal.forces.len() as f64 * trace.max(1.0)));
        for (sum, spread) in tensor.iter_mut().zip(spread) {
            *sum += &(spread * &weight);
        }
    }
    tensor
}

/// Which nodes are loaded in some case, (nely + 1, nelx + 1).
pub(super) fn loaded(nodal: &Nodal) -> Array2<bool> {
    let (nely, nelx) = nodal.passive.dim();
    Array2::from_shape_fn((nely + 1, nelx + 1), |(r, c)| {
        nodal.forces.iter().any(|forces| forces[(r, c, 0)] != 0.0 || forces[(r, c, 1)] != 0.0)
    })
}

/// `fₓ²`, `f_y²` and `fₓ f_y` at each node, in units of the largest force squared.
fn products(forces: &Array3<f64>) -> [Array2<f64>; 3] {
    let (rows, columns, _) = forces.dim();
    let force = |(r, c)| [forces[(r, c, 0)], forces[(r, c, 1)]];
    let nodes = ndarray::indices((rows, columns)).into_iter();
    let largest = nodes.map(|at| force(at)[0].hypot(force(at)[1])).fold(0.0, f64::max);
    // Divided before they are multiplied: the square of a force may be too large for a double.
    [(0, 0), (1, 1), (0, 1)].map(|(a, b)| {
        Array2::from_shape_fn((rows, columns), |at| {
            (force(at)[a] / largest) * (force(at)[b] / largest)
        })
    })
}

/// The Gaussian of the distance between centers of `n` elements in a row and their nodes, (n, n + 1).
fn gaussians(n: usize, sigma: f64) -> Array2<f64> {
    Array2::from_shape_fn((n, n + 1), |(element, node)| {
        let d = (element as f64 + 0.5 - node as f64) / sigma;
        (-0.5 * d * d).exp()
    })
}
