//! Contours without steps that enclose what they should.

use crate::lattice::Crossing;
use crate::polygon::signed_area;

/// Pairs of passes, and the weights of a pair: waves of a contour that are shorter than about 16
/// crossings are damped, longer ones stay.
const PASSES: usize = 40;
const WEIGHTS: [f64; 2] = [0.5, -0.52];

/// From an interval of length 2 to the rounding of its middle.
const HALVINGS: usize = 54;

/// Takes the steps out of a contour: every crossing moves along its edge of the lattice, so no
/// contour ever meets another.
///
/// Beyond the edge of the domain a contour continues as its mirror image.
///
/// # References
/// G. Taubin, Curve and surface smoothing without shrinkage, 1995.
pub(crate) fn smooth(contour: &mut [Crossing]) {
    let n = contour.len();
    for weight in [WEIGHTS; PASSES].into_iter().flatten() {
        let points: Vec<_> = contour.iter().map(Crossing::point).collect();
        let fixed: Vec<_> = contour.iter().map(Crossing::is_fixed).collect();
        for (i, crossing) in contour.iter_mut().enumerate().filter(|(i, _)| !fixed[*i]) {
            let (before, after) = ((i + n - 1) % n, (i + 1) % n);
            // The line through the neighbors. Beyond the edge of the domain the neighbor is the
            // mirror image of the one inside.
            let (point, direction) = match (fixed[before], fixed[after]) {
                (true, _) => (points[after], crossing.across()),
                (_, true) => (points[before], crossing.across()),
                _ => (points[before], [0, 1].map(|k| points[after][k] - points[before][k])),
            };
            crossing.approach(point, direction, weight);
        }
    }
}

/// Moves all crossings outward by the same share of their edges (inward, if negative) until `area`
/// is as wanted, or as near as the edges allow.
///
/// The area grows with the share, so halving an interval finds it.
pub(crate) fn offset(contours: &mut [Vec<Crossing>], wanted: f64) {
    let area = |by: f64| {
        let moved = |mut crossing: Crossing| {
            crossing.advance(by);
            crossing.point()
        };
        // Of a hole it is negative.
        let areas = contours.iter().map(|contour| signed_area(contour.iter().copied().map(moved)));
        areas.sum::<f64>()
    };
    let (mut low, mut high) = (-1.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if area(middle) < wanted { low = middle } else { high = middle }
    }
    let by = 0.5 * (low + high);
    contours.iter_mut().flatten().for_each(|crossing| crossing.advance(by));
}
