//! The four-node plane-stress square.

/// The 8 × 8 stiffness matrix of a unit square of unit thickness and unit Young's modulus, plane
/// stress.
pub(crate) type ElementMatrix = [[f64; 8]; 8];

/// Element stiffness for a Poisson ratio; degrees of freedom (x, y) at the lower left, lower right,
/// upper right and upper left node, y up.
///
/// The integral over the element is exact. The size of the square cancels out, and Young's modulus
/// and the thickness are factors, so one matrix serves every problem with the same Poisson ratio.
///
/// Reference: Andreassen, Clausen, Schevenels, Lazarov and Sigmund, "Efficient topology
/// optimization in MATLAB using 88 lines of code", 2011.
pub(crate) fn element_matrix(nu: f64) -> ElementMatrix {
    let k = [
        1.0 / 2.0 - nu / 6.0,
        1.0 / 8.0 + nu / 8.0,
        -1.0 / 4.0 - nu / 12.0,
        -1.0 / 8.0 + 3.0 * nu / 8.0,
        -1.0 / 4.0 + nu / 12.0,
        -1.0 / 8.0 - nu / 8.0,
        nu / 6.0,
        1.0 / 8.0 - 3.0 * nu / 8.0,
    ];
    PATTERN.map(|row| row.map(|entry| k[entry] / (1.0 - nu * nu)))
}

/// `uᵀ K u` of one element.
pub(crate) fn energy(ke: &ElementMatrix, u: &[f64; 8]) -> f64 {
    let mut total = 0.0;
    for (row, ui) in ke.iter().zip(u) {
        let force: f64 = row.iter().zip(u).map(|(k, uj)| k * uj).sum();
        total += ui * force;
    }
    total
}

/// Which of the eight distinct entries stands where.
const PATTERN: [[usize; 8]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7],
    [1, 0, 7, 6, 5, 4, 3, 2],
    [2, 7, 0, 5, 6, 3, 4, 1],
    [3, 6, 5, 0, 7, 2, 1, 4],
    [4, 5, 6, 7, 0, 1, 2, 3],
    [5, 4, 3, 2, 1, 0, 7, 6],
    [6, 3, 4, 1, 2, 7, 0, 5],
    [7, 2, 1, 4, 3, 6, 5, 0],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Stiffness by 2 × 2 Gauss points from the strain-displacement matrix: an independent
    /// derivation.
    fn by_quadrature(nu: f64) -> ElementMatrix {
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
        let d = [[1.0, nu, 0.0], [nu, 1.0, 0.0], [0.0, 0.0, (1.0 - nu) / 2.0]]
            .map(|r| r.map(|v| v / (1.0 - nu * nu)));
        let mut k = [[0.0; 8]; 8];
        let g = 1.0 / 3.0_f64.sqrt();
        for (s, t) in [(-g, -g), (g, -g), (g, g), (-g, g)] {
            let mut b = [[0.0; 8]; 3];
            for (a, (sa, ta)) in corners.iter().enumerate() {
                // d/dx of the shape function on a unit square: twice that on the reference square
                // of side 2.
                let dx = 2.0 * sa * (1.0 + ta * t) / 4.0;
                let dy = 2.0 * ta * (1.0 + sa * s) / 4.0;
                b[0][2 * a] = dx;
                b[1][2 * a + 1] = dy;
                b[2][2 * a] = dy;
                b[2][2 * a + 1] = dx;
            }
            for i in 0..8 {
                for j in 0..8 {
                    for (p, dp) in d.iter().enumerate() {
                        for (q, dpq) in dp.iter().enumerate() {
                            k[i][j] += 0.25 * b[p][i] * dpq * b[q][j];
                        }
                    }
                }
            }
        }
        k
    }

    #[test]
    fn equals_gauss_quadrature() {
        for nu in [-0.5, 0.0, 0.3, 0.49] {
            let (closed, numeric) = (element_matrix(nu), by_quadrature(nu));
            for i in 0..8 {
                for j in 0..8 {
                    assert!((closed[i][j] - numeric[i][j]).abs() < 1e-15, "nu {nu}, entry {i} {j}");
                    assert_eq!(
                        closed[i][j].to_bits(),
                        closed[j][i].to_bits(),
                        "symmetry of entry {i} {j}"
                    );
                }
            }
        }
    }

    #[test]
    fn energy_of_uniform_stretch_is_exact() {
        // u_x = x, u_y = 0 on the unit square: energy 1 / (1 - nu²) times the area.
        let u = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let nu = 0.3;
        assert!((energy(&element_matrix(nu), &u) - 1.0 / (1.0 - nu * nu)).abs() < 1e-15);
    }
}
