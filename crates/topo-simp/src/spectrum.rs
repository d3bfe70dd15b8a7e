//! Eigenvalues of a small symmetric matrix, for tests.

/// All eigenvalues in ascending order, by cyclic Jacobi rotations.
pub(crate) fn eigenvalues(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let n = a.len();
    for _ in 0..30 {
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q] == 0.0 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for row in &mut a {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                let (top, bottom) = a.split_at_mut(q);
                for (x, y) in top[p].iter_mut().zip(&mut bottom[0]) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
            }
        }
    }
    let mut values: Vec<f64> = a.iter().enumerate().map(|(i, row)| row[i]).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

#[test]
fn eigenvalues_of_a_chain() {
    // Springs in a row, both ends free: 2 - 2 cos(pi k / n).
    let n = 9;
    let mut a = vec![vec![0.0; n]; n];
    for i in 0..n - 1 {
        a[i][i] += 1.0;
        a[i + 1][i + 1] += 1.0;
        a[i][i + 1] -= 1.0;
        a[i + 1][i] -= 1.0;
    }
    for (k, value) in eigenvalues(a).into_iter().enumerate() {
        let exact = 2.0 - 2.0 * (std::f64::consts::PI * k as f64 / n as f64).cos();
        assert!((value - exact).abs() < 1e-14, "{k}: {value} against {exact}");
    }
}
