//! The layout of a design: its holes, and members that end in the air.

use ndarray::{Array2, ArrayView2};
use serde::Serialize;
use topo_simp::Nodal;

use super::{
    free_ends::free_ends,
    pieces::{Components, Connectivity, components},
    skeleton::depth,
};

/// Holes that hold no disc of this diameter, in elements, are no part of the layout: they are slits
/// and pinholes.
const SMALLEST_HOLE: f64 = 3.0;
/// The layout of a design: what stays the same if its members are bent, moved a little, or made
/// thicker or thinner.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topology {
    /// Holes that are at least three elements wide, in reading order of their first elements. Void
    /// between members that a held side of the domain joins is a hole too: the ground closes the
    /// loop.
    pub holes: Vec<Hole>,
    /// Members with an end that neither a load, a support nor a passive solid element touches. They
    /// are read off the skeleton, where a branch from a joint to an end is a member only if it is
    /// slender beyond the joint, and a corner of the joint otherwise.
    pub free_ends: usize,
}

/// A hole of a design: where its middle lies, and how large it is, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Hole {
    /// From the top.
    pub row: f64,
    /// From the left.
    pub column: f64,
    /// Number of elements.
    pub area: usize,
}

impl Topology {
    /// The layout of the material of a design, elements denser than one half, under a problem.
    ///
    /// # Panics
    ///
    /// If the design is of another shape than the problem's grid.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::Array2;
    /// use topo_data::Topology;
    /// use topo_simp::{Grid, Problem};
    ///
    /// let problem = Problem::cantilever(Grid { nelx: 24, nely: 12 }, 0.5);
    /// // A frame along the border, loaded at its lower right corner.
    /// let frame = Array2::from_shape_fn((12, 24), |(i, j)| {
    ///     if i < 3 || 8 < i || j < 3 || 20 < j { 1.0_f32 } else { 0.0 }
    /// });
    /// let layout = Topology::of(&problem.nodal()?, frame.view());
    /// assert_eq!((layout.holes.len(), layout.free_ends), (1, 0));
    /// # Ok::<(), topo_simp::ProblemError>(())
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn of(nodal: &Nodal, design: ArrayView2<'_, f32>) -> Self {
        assert_eq!(design.dim(), nodal.passive.dim(), "a design of another shape");
        let void = design.mapv(|density| density <= 0.5);
        let (pieces, inner) = holes_of(&void, |side| is_ground(nodal, side));
        let widths = widths(&void, &pieces, &inner);
        let is_narrow = |label: usize| inner[label] && widths[label] < SMALLEST_HOLE;
        let material = pieces.labels.mapv(|label| label == 0 || is_narrow(label as usize));
        let free_ends = free_ends(nodal, &material);
        let is_hole = |label: &usize| inner[*label] && !is_narrow(*label);
        let holes = (1..=pieces.count()).filter(is_hole);
        Self { holes: holes.map(|label| Hole::of(&pieces, label)).collect(), free_ends }
    }

    /// Whether another design has the same layout: as many holes, which can be paired such that the
    /// middles of two lie no farther apart than a disc as large as the larger one reaches.
    pub fn is_same(&self, other: &Self) -> bool {
        let mut left = other.holes.clone();
        self.holes.len() == left.len()
            && self.holes.iter().all(|hole| {
                let nearest = left
                    .iter()
                    .enumerate()
                    .min_by(|(_, a), (_, b)| hole.distance(a).total_cmp(&hole.distance(b)));
                let Some((index, near)) = nearest else { return false };
                let reach = (hole.area.max(near.area) as f64 / std::f64::consts::PI).sqrt();
                let paired = hole.distance(near) <= reach;
                left.swap_remove(index);
                paired
            })
    }
}

impl Hole {
    /// A piece of void.
    fn of(pieces: &Components, label: usize) -> Self {
        let area = pieces.sizes[label - 1];
        let places = pieces.labels.indexed_iter().filter(|(_, piece)| **piece as usize == label);
        let (rows, columns) = places.fold((0.0, 0.0), |(rows, columns), ((row, column), _)| {
            (rows + row as f64 + 0.5, columns + column as f64 + 0.5)
        });
        Self { row: rows / area as f64, column: columns / area as f64, area }
    }

    fn distance(&self, other: &Self) -> f64 {
        (self.row - other.row).hypot(self.column - other.column)
    }
}

/// The diameter of the largest disc that the narrowest hole of a design holds, in elements; `None`
/// for a design without holes.
///
/// A hole of any size counts: a tool has to get into it.
///
/// # Examples
///
/// ```
/// let mut plate = ndarray::Array2::<f32>::ones((9, 9));
/// plate.slice_mut(ndarray::s![2..5, 2..7]).fill(0.0);
/// assert_eq!(topo_data::smallest_hole(plate.view()), Some(3.0));
/// ```
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn smallest_hole(design: ArrayView2<'_, f32>) -> Option<f64> {
    let void = design.mapv(|density| density <= 0.5);
    let (pieces, inner) = holes_of(&void, |_| false);
    let widths = widths(&void, &pieces, &inner).into_iter().zip(inner);
    widths.filter(|(_, inner)| *inner).map(|(width, _)| width).reduce(f64::min)
}

/// The diameter of the largest disc in each piece of void that is a hole, by its label.
fn widths(void: &Array2<bool>, pieces: &Components, inner: &[bool]) -> Vec<f64> {
    let mut widths = vec![0.0_f64; pieces.count() + 1];
    for (place, &label) in pieces.labels.indexed_iter() {
        if inner[label as usize] {
            let width = &mut widths[label as usize];
            *width = width.max(2.0 * depth(void, place));
        }
    }
    widths
}

/// The pieces of void, and whether each is a hole, which reaches no side of an element at the border
/// but such as are closed; the first answer is for material.
fn holes_of(
    void: &Array2<bool>,
    is_closed: impl Fn([(usize, usize); 2]) -> bool,
) -> (Components, Vec<bool>) {
    let pieces = components(void.mapv(|void| f32::from(u8::from(void))).view(), Connectivity::Four);
    let mut inner = vec![true; pieces.count() + 1];
    inner[0] = false;
    let (height, width) = void.dim();
    for ((i, j), &label) in pieces.labels.indexed_iter() {
        let sides = [
            (i == 0, [(i, j), (i, j + 1)]),
            (i + 1 == height, [(i + 1, j), (i + 1, j + 1)]),
            (j == 0, [(i, j), (i + 1, j)]),
            (j + 1 == width, [(i, j + 1), (i + 1, j + 1)]),
        ];
        if sides.into_iter().any(|(at_border, side)| at_border && !is_closed(side)) {
            inner[label as usize] = false;
        }
    }
    (pieces, inner)
}

/// Whether both ends of a side of an element are held across it, by the ground or by the other half
/// of a symmetric structure.
fn is_ground(nodal: &Nodal, side: [(usize, usize); 2]) -> bool {
    let is_vertical = side[0].1 == side[1].1;
    let across = usize::from(!is_vertical);
    side.into_iter().all(|(i, j)| nodal.held[(i, j, across)])
}

#[cfg(test)]
mod tests {
    use super::super::free_ends::tests::{LOAD, bars, nodal};
    use super::*;

    #[test]
    fn holes_and_free_ends_of_frames() {
        let vee = [[(2.0, 1.0), LOAD], [(22.0, 1.0), LOAD]];
        let tie = [(4.5, 10.0), (19.5, 10.0)];
        for thickness in [2.0, 3.0, 4.0] {
            let of = |ends: &[[(f64, f64); 2]]| {
                let layout = Topology::of(&nodal(), bars(thickness, ends).view());
                (layout.holes.len(), layout.free_ends)
            };
            // Two bars from the wall to the load, a triangle with it; a tie between them makes two.
            assert_eq!(of(&vee), (1, 0), "{thickness}");
            assert_eq!(of(&[vee[0], vee[1], tie]), (2, 0), "{thickness}");
            // A bar that ends in the air, and one at the border that nothing holds.
            let stub = [(12.0, 10.0), (12.0, 20.0)];
            assert_eq!(of(&[vee[0], vee[1], tie, stub]), (2, 1), "{thickness}");
            assert_eq!(of(&[vee[0], vee[1], [(7.0, 20.0), (0.0, 30.0)]]), (1, 1), "{thickness}");
        }
    }

    #[test]
    fn a_layout_is_the_same_when_members_grow_and_another_when_a_hole_lies_elsewhere() {
        let frame = |tie: f64, thickness: f64| {
            let tie = [(2.0 + tie / 4.0, tie), (22.0 - tie / 4.0, tie)];
            let design = bars(thickness, &[[(2.0, 1.0), LOAD], [(22.0, 1.0), LOAD], tie]);
            Topology::of(&nodal(), design.view())
        };
        let thin = frame(10.0, 2.5);
        assert!(thin.is_same(&frame(10.0, 4.0)) && frame(10.0, 4.0).is_same(&thin));
        assert!(thin.is_same(&frame(12.0, 2.5)));
        assert!(!thin.is_same(&frame(25.0, 2.5)), "{thin:?} {:?}", frame(25.0, 2.5));
        let mut none = thin.clone();
        none.holes.clear();
        assert!(!thin.is_same(&none) && !none.is_same(&thin) && none.is_same(&none.clone()));
    }

    #[test]
    fn slits_and_pinholes_are_no_holes() {
        let mut plate = Array2::ones((24, 40));
        plate[(10, 10)] = 0.0_f32;
        plate.slice_mut(ndarray::s![4..6, 5..30]).fill(0.0);
        plate.slice_mut(ndarray::s![15..18, 20..24]).fill(0.0);
        assert_eq!(Topology::of(&nodal(), plate.view()).holes.len(), 1);
    }

    #[test]
    fn depth_is_half_the_thickness() {
        let bar = Array2::from_shape_fn((9, 30), |(i, _)| (2..7).contains(&i));
        assert!((depth(&bar, (4, 15)) - 2.5).abs() < 1e-12);
        assert!((depth(&bar, (4, 0)) - 0.5).abs() < 1e-12);
    }
}
