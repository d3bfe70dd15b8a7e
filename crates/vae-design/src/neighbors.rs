//! Designs with one hole more or less than a given one.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};
use topo_data::{Connectivity, components, depth};

/// Largest number of designs with a hole more, with a hole less, and with a hole divided.
const MOST: usize = 4;
/// Directions that a tie may have.
const DIRECTIONS: usize = 8;
/// Void that fills more of the domain is no hole to close.
const LARGEST_HOLE: f64 = 0.1;

/// Designs whose layout differs from that of a given one by one hole, as starts for an optimization
/// that gives them the right volume and good shapes.
///
/// Holes and notches are closed, the smallest first; a tie divides the void where it is widest,
/// along the shortest line between members; and a hole is opened where the material is thickest.
///
/// # References
///
/// Eschenauer, Kobelev and Schumacher 1994, "Bubble method for topology and shape optimization of
/// structures", which opens holes in turn with optimizations of the shape.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
///
/// // A frame: its hole can be closed and divided, and its members are too thin for another one.
/// let frame = Array2::from_shape_fn((20, 40), |(i, j)| {
///     if i < 3 || 16 < i || j < 3 || 36 < j { 1.0_f32 } else { 0.0 }
/// });
/// let others = vae_design::neighbors(frame.view());
/// assert!(others.iter().all(|other| other.sum() > frame.sum()));
/// ```
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn neighbors(design: ArrayView2<'_, f32>) -> Vec<Array2<f32>> {
    let material = design.mapv(|density| 0.5 < density);
    let masks = [closed(&material), divided(&material), opened(&material)].concat();
    masks.into_iter().map(|mask| mask.mapv(|solid| f32::from(u8::from(solid)))).collect()
}

/// A place and how deep inside of a mask it lies.
struct Deep {
    row: f64,
    column: f64,
    depth: f64,
}

/// The thickness of a new tie, and the radius of a new hole, in elements.
fn thickness((height, width): (usize, usize)) -> f64 {
    (height.min(width) as f64 / 12.0).max(2.0)
}

fn closed(material: &Array2<bool>) -> Vec<Array2<bool>> {
    let void = material.mapv(|solid| f32::from(u8::from(!solid)));
    let pieces = components(void.view(), Connectivity::Four);
    let largest = LARGEST_HOLE * material.len() as f64;
    let mut labels: Vec<usize> = (1..=pieces.count()).collect();
    labels.retain(|label| pieces.sizes[label - 1] as f64 <= largest);
    labels.sort_by_key(|label| pieces.sizes[label - 1]);
    let without = |label: usize| {
        let is_in = |at| material[at] || pieces.labels[at] as usize == label;
        Array2::from_shape_fn(material.dim(), is_in)
    };
    labels.into_iter().take(MOST).map(without).collect()
}

fn divided(material: &Array2<bool>) -> Vec<Array2<bool>> {
    let width = thickness(material.dim());
    let void = material.mapv(|solid| !solid);
    let tie = |place: Deep| {
        let directions = (0..DIRECTIONS).map(|number| PI * number as f64 / DIRECTIONS as f64);
        let chords = directions.filter_map(|angle| chord(material, &place, angle));
        let [a, b] = chords.min_by(|a, b| length(*a).total_cmp(&length(*b)))?;
        Some(with(material, true, |at| distance_to_segment(at, a, b) <= width / 2.0))
    };
    deepest(&void, 1.5 * width, 4.0 * width).into_iter().filter_map(tie).collect()
}

fn opened(material: &Array2<bool>) -> Vec<Array2<bool>> {
    let radius = thickness(material.dim());
    let hole = |place: Deep| {
        with(material, false, |(y, x)| (y - place.row).hypot(x - place.column) <= radius)
    };
    deepest(material, radius + 1.0, 4.0 * radius).into_iter().map(hole).collect()
}

/// The deepest places of a mask that are at least so deep, and so far apart.
fn deepest(mask: &Array2<bool>, least: f64, apart: f64) -> Vec<Deep> {
    let inside = mask.indexed_iter().filter(|(_, inside)| **inside);
    let mut places: Vec<Deep> = inside
        .map(|((i, j), _)| Deep {
            row: i as f64 + 0.5,
            column: j as f64 + 0.5,
            depth: depth(mask, (i, j)),
        })
        .filter(|place| least <= place.depth)
        .collect();
    places.sort_by(|a, b| b.depth.total_cmp(&a.depth));
    let mut found: Vec<Deep> = Vec::new();
    for place in places {
        let is_apart =
            |other: &Deep| apart <= (place.row - other.row).hypot(place.column - other.column);
        if found.len() < MOST && found.iter().all(is_apart) {
            found.push(place);
        }
    }
    found
}

/// The line through a place of void in a direction, from material to material; `None` if it leaves
/// the domain.
fn chord(material: &Array2<bool>, from: &Deep, angle: f64) -> Option<[(f64, f64); 2]> {
    let (down, right) = angle.sin_cos();
    let end = |sense: f64| {
        for step in 0..2 * (material.nrows() + material.ncols()) {
            let reach = 0.5 * sense * step as f64;
            let (y, x) = (from.row + reach * down, from.column + reach * right);
            if y < 0.0 || x < 0.0 {
                return None;
            }
            // Past the end of the domain there is no element.
            if *material.get((y as usize, x as usize))? {
                return Some((y, x));
            }
        }
        None
    };
    Some([end(1.0)?, end(-1.0)?])
}

fn length([(y0, x0), (y1, x1)]: [(f64, f64); 2]) -> f64 {
    (y1 - y0).hypot(x1 - x0)
}

fn distance_to_segment((y, x): (f64, f64), (y0, x0): (f64, f64), (y1, x1): (f64, f64)) -> f64 {
    let (dy, dx) = (y1 - y0, x1 - x0);
    let t = ((y - y0) * dy + (x - x0) * dx) / (dy * dy + dx * dx);
    let t = t.clamp(0.0, 1.0);
    (y - y0 - t * dy).hypot(x - x0 - t * dx)
}

/// The material with another value at all elements whose middles, as (y, x), are meant.
fn with(
    material: &Array2<bool>,
    solid: bool,
    is_meant: impl Fn((f64, f64)) -> bool,
) -> Array2<bool> {
    Array2::from_shape_fn(material.dim(), |(i, j)| {
        if is_meant((i as f64 + 0.5, j as f64 + 0.5)) { solid } else { material[(i, j)] }
    })
}

#[cfg(test)]
mod tests {
    use topo_data::holes;

    use super::*;

    /// A plate of 32 by 48 elements with a hole of 6 by 6 and one of 12 by 20.
    fn plate() -> Array2<f32> {
        let mut plate = Array2::ones((32, 48));
        plate.slice_mut(ndarray::s![13..19, 6..12]).fill(0.0);
        plate.slice_mut(ndarray::s![10..22, 20..40]).fill(0.0);
        plate
    }

    #[test]
    fn each_neighbor_has_one_hole_more_or_less() {
        let plate = plate();
        assert_eq!(holes(plate.view()), 2);
        let others = neighbors(plate.view());
        let counts: Vec<usize> = others.iter().map(|other| holes(other.view())).collect();
        assert_eq!(counts.iter().filter(|&&count| count == 1).count(), 1, "{counts:?}");
        assert!(counts.iter().filter(|&&count| count == 3).count() >= 4, "{counts:?}");
        assert_eq!(counts.iter().filter(|count| !(1..=3).contains(*count)).count(), 0);
    }

    #[test]
    fn the_small_hole_is_closed_and_the_large_one_is_divided_across() {
        let material = plate().mapv(|density| 0.5 < density);
        let closed = closed(&material);
        let solid = |mask: &Array2<bool>| mask.iter().filter(|solid| **solid).count();
        assert_eq!(closed.len(), 1);
        assert_eq!(solid(&closed[0]), solid(&material) + 36);
        // The shortest tie is vertical; on the middles of elements it is three of them thick.
        let divided = divided(&material);
        assert_eq!(solid(&divided[0]), solid(&material) + 3 * 12);
    }

    #[test]
    fn thin_and_full_designs_have_few_neighbors() {
        assert!(neighbors(Array2::zeros((8, 8)).view()).is_empty());
        let bar = Array2::from_shape_fn((8, 30), |(i, _)| f32::from(u8::from(i < 4)));
        assert!(neighbors(bar.view()).iter().all(|other| holes(other.view()) == 0));
    }

    #[test]
    fn a_line_ends_at_material_or_leaves_the_domain() {
        let material = plate().mapv(|density| 0.5 < density);
        let place = Deep { row: 16.0, column: 30.0, depth: 6.0 };
        let across = chord(&material, &place, PI / 2.0).unwrap();
        assert!((length(across) - 12.0).abs() <= 1.0, "{across:?}");
        let empty = Array2::from_elem((32, 48), false);
        assert_eq!(chord(&empty, &place, 0.3), None);
        assert!((distance_to_segment((3.0, 0.0), (0.0, 0.0), (0.0, 4.0)) - 3.0).abs() < 1e-12);
        assert!((distance_to_segment((3.0, 8.0), (0.0, 0.0), (0.0, 4.0)) - 5.0).abs() < 1e-12);
    }
}
