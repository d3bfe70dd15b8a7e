//! Polygons of points.

/// Area of a polygon, positive if it runs counterclockwise.
pub(crate) fn signed_area(points: &[[f64; 2]]) -> f64 {
    let Some(&[x0, y0]) = points.first() else { return 0.0 };
    // From the first point, so that digits are not lost far from the origin.
    let cross = |pair: &[[f64; 2]]| {
        (pair[0][0] - x0) * (pair[1][1] - y0) - (pair[1][0] - x0) * (pair[0][1] - y0)
    };
    0.5 * points.windows(2).map(cross).sum::<f64>()
}
