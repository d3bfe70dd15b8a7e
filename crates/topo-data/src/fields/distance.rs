//! Exact distances from the elements to nodes.

use ndarray::{Array2, ArrayView1, ArrayView2};

/// Distance from the center of each element, (nely, nelx), to the nearest marked node of
/// (nely + 1, nelx + 1), in elements; infinite if no node is marked.
///
/// Two sweeps along each row of nodes find its nearest one, and a lower envelope of parabolas along
/// each column the nearest row; the cost is that of the elements.
///
/// # References
///
/// Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", 2012.
pub(super) fn distances(marked: ArrayView2<'_, bool>) -> Array2<f64> {
    let (nely, nelx) = (marked.nrows() - 1, marked.ncols() - 1);
    let mut across = Array2::from_elem((nely + 1, nelx), f64::INFINITY);
    for (row, mut across) in marked.rows().into_iter().zip(across.rows_mut()) {
        let mut sweep = |steps: &mut dyn Iterator<Item = (usize, usize)>| {
            let mut behind = f64::INFINITY;
            for (node, element) in steps {
                behind = if row[node] { 0.5 } else { behind + 1.0 };
                across[element] = behind.min(across[element]);
            }
        };
        sweep(&mut (0..nelx).map(|j| (j, j)));
        sweep(&mut (0..nelx).rev().map(|j| (j + 1, j)));
    }
    let mut distances = Array2::from_elem((nely, nelx), f64::INFINITY);
    let mut envelope = Vec::new();
    for (across, mut distances) in across.columns().into_iter().zip(distances.columns_mut()) {
        lower_envelope(across, &mut envelope);
        let mut rows = envelope.iter().copied().peekable();
        let Some((mut nearest, _)) = rows.next() else { continue };
        for (i, distance) in distances.iter_mut().enumerate() {
            let center = i as f64 + 0.5;
            while let Some((next, _)) = rows.next_if(|&(_, from)| from < center) {
                nearest = next;
            }
            *distance = across[nearest].hypot(center - nearest as f64);
        }
    }
    distances
}

/// The rows r whose parabolas `across[r]² + (y − r)²` are the least one somewhere, and from which y
/// on each of them is, from the top down.
fn lower_envelope(across: ArrayView1<'_, f64>, envelope: &mut Vec<(usize, f64)>) {
    envelope.clear();
    let height = |row: usize| across[row] * across[row] + (row * row) as f64;
    for row in (0..across.len()).filter(|&row| across[row].is_finite()) {
        let mut from = f64::NEG_INFINITY;
        while let Some(&(last, begins)) = envelope.last() {
            from = (height(row) - height(last)) / (2 * (row - last)) as f64;
            if begins < from {
                break;
            }
            envelope.pop();
            from = f64::NEG_INFINITY;
        }
        envelope.push((row, from));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn distances_are_those_to_the_nearest_node(
            (nely, nelx, nodes) in (1..9_usize, 1..9_usize).prop_flat_map(|(nely, nelx)| {
                let node = (0..=nely, 0..=nelx);
                (Just(nely), Just(nelx), prop::collection::vec(node, 0..6))
            }),
        ) {
            let mut marked = Array2::from_elem((nely + 1, nelx + 1), false);
            for &node in &nodes {
                marked[node] = true;
            }
            for ((i, j), &found) in distances(marked.view()).indexed_iter() {
                let to = |&(r, c): &(usize, usize)| {
                    (i as f64 + 0.5 - r as f64).hypot(j as f64 + 0.5 - c as f64)
                };
                let nearest = nodes.iter().map(to).fold(f64::INFINITY, f64::min);
                if nearest.is_finite() {
                    prop_assert!((found - nearest).abs() < 1e-14 * nearest);
                } else {
                    prop_assert!(found.is_infinite());
                }
            }
        }
    }
}
