//! Polygons of points.

/// Area of a polygon, positive if it runs counterclockwise.
pub(crate) fn signed_area(points: impl IntoIterator<Item = [f64; 2]>) -> f64 {
    let mut points = points.into_iter();
    let Some(first) = points.next() else { return 0.0 };
    // From the first point, so that digits are not lost far from the origin.
    let seen = |point: [f64; 2]| [0, 1].map(|k| point[k] - first[k]);
    let (mut before, mut twice) = ([0.0; 2], 0.0);
    for point in points {
        let here = seen(point);
        twice += before[0] * here[1] - here[0] * before[1];
        before = here;
    }
    0.5 * twice
}
