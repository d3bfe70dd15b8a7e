//! The layout of a design: its holes, and members that end in the air.

use ndarray::{Array2, ArrayView2};
use serde::Serialize;
use topo_simp::{Nodal, PassiveKind};

use super::{
    pieces::{Components, Connectivity, components},
    skeleton::{around, skeleton},
};

/// Holes that hold no disc of this diameter, in elements, are no part of the layout: they are slits
/// and pinholes.
const SMALLEST_HOLE: f64 = 3.0;
/// A branch is a member if it is longer beyond its joint than this times its greatest width there.
const SLENDER: f64 = 1.5;
/// How far the corner of a square end lies from the middle of the disc that fits into it, in radii
/// of the disc: a little more than the square root of 2, for ends that are not quite square.
const CORNER: f64 = 1.5;

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
        let anchors = anchors(nodal);
        let touches = |disc: &Disc| {
            let reach = CORNER * disc.radius + 2.0;
            let distance =
                |&(row, column): &(f64, f64)| (row - disc.row).hypot(column - disc.column);
            anchors.iter().any(|anchor| distance(anchor) <= reach)
        };
        let free = |end: &Vec<Disc>| !end.iter().any(touches);
        let free_ends = ends(&material).iter().filter(|end| free(end)).count();
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

/// A disc that fits into a member: its middle, in nodes, and half the thickness there.
struct Disc {
    row: f64,
    column: f64,
    radius: f64,
}

/// A line of the skeleton.
#[derive(Clone, Default)]
struct Branch {
    /// The joints at its ends; none for a closed line, or a line that ends freely at both sides.
    joints: Vec<usize>,
    tips: Vec<(usize, usize)>,
    places: Vec<(usize, usize)>,
}

/// Where lines of the skeleton meet.
#[derive(Clone, Default)]
struct Joint {
    places: Vec<(usize, usize)>,
    /// Half the thickness of the material.
    radius: f64,
}

impl Joint {
    /// Distance from the joint, in elements.
    fn distance(&self, place: (usize, usize)) -> f64 {
        self.places.iter().map(|&own| apart(own, place)).fold(f64::INFINITY, f64::min)
    }
}

/// The ends of the members of a design, each the discs along its center line that reach its tip; a
/// corner of thick material is no member.
fn ends(material: &Array2<bool>) -> Vec<Vec<Disc>> {
    let thin = skeleton(material);
    let degree = |place| neighbors(&thin, place).count();
    let on = |test: fn(usize) -> bool| {
        Array2::from_shape_fn(thin.dim(), |at| f32::from(u8::from(thin[at] && test(degree(at)))))
    };
    let joints = components(on(|degree| 2 < degree).view(), Connectivity::Eight);
    let lines = components(on(|degree| degree <= 2).view(), Connectivity::Eight);
    let mut joined = vec![Joint::default(); joints.count()];
    for (place, &label) in joints.labels.indexed_iter().filter(|(_, label)| 0 < **label) {
        let joint = &mut joined[label as usize - 1];
        joint.radius = joint.radius.max(depth(material, place));
        joint.places.push(place);
    }
    // A corner of thick material narrows towards its end, and is as wide as long where it begins.
    let is_corner = |branch: &Branch| match (&branch.joints[..], &branch.tips[..]) {
        (&[joint], [_]) => {
            let joint = &joined[joint];
            let beyond = branch.places.iter().map(|&place| (joint.distance(place), place));
            let (mut length, mut width) = (0.0_f64, 0.0_f64);
            for (distance, place) in beyond.filter(|(distance, _)| joint.radius < *distance) {
                length = length.max(distance - joint.radius);
                width = width.max(2.0 * depth(material, place));
            }
            length <= SLENDER * width
        }
        _ => false,
    };
    let disc = |(row, column): (usize, usize)| Disc {
        row: row as f64 + 0.5,
        column: column as f64 + 0.5,
        radius: depth(material, (row, column)),
    };
    let end = |branch: &Branch, tip: (usize, usize)| {
        let reaches =
            |place: &(usize, usize)| apart(*place, tip) <= CORNER * depth(material, *place) + 1.0;
        branch.places.iter().copied().filter(reaches).map(disc).collect()
    };
    let branches = branches(&thin, &joints.labels, &lines.labels, lines.count());
    let members = branches.iter().filter(|branch| !is_corner(branch));
    members.flat_map(|branch| branch.tips.iter().map(|&tip| end(branch, tip))).collect()
}

/// The distance of two elements.
fn apart((row, column): (usize, usize), (i, j): (usize, usize)) -> f64 {
    (row.abs_diff(i) as f64).hypot(column.abs_diff(j) as f64)
}

/// The branches with the joints that they touch.
fn branches(
    thin: &Array2<bool>,
    joints: &Array2<u32>,
    lines: &Array2<u32>,
    count: usize,
) -> Vec<Branch> {
    let mut found = vec![Branch::default(); count];
    for (place, &label) in lines.indexed_iter().filter(|(_, label)| 0 < **label) {
        let branch = &mut found[label as usize - 1];
        branch.places.push(place);
        let beside: Vec<(usize, usize)> = neighbors(thin, place).collect();
        let mut touched: Vec<usize> =
            beside.iter().map(|&at| joints[at] as usize).filter(|&joint| 0 < joint).collect();
        touched.sort_unstable();
        touched.dedup();
        branch.joints.extend(touched.iter().map(|joint| joint - 1));
        match beside.len() {
            0 => branch.tips.extend([place, place]),
            1 => branch.tips.push(place),
            _ => {}
        }
    }
    found
}

/// The skeleton's elements that touch one of its elements.
fn neighbors(thin: &Array2<bool>, place: (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
    around(place).into_iter().filter(|&at| thin.get(at) == Some(&true))
}

/// The distance from the middle of an element of a mask to the nearest element outside of it, in
/// elements: half the thickness of a member on its center line. What lies beyond the grid is outside
/// of every mask.
pub fn depth(material: &Array2<bool>, (row, column): (usize, usize)) -> f64 {
    let is_void = |(i, j): (isize, isize)| {
        let at = (usize::try_from(i), usize::try_from(j));
        !matches!(at, (Ok(i), Ok(j)) if material.get((i, j)) == Some(&true))
    };
    let (row, column) = (row.cast_signed(), column.cast_signed());
    let mut nearest = f64::INFINITY;
    // A square of that half-width holds every void nearer than that.
    for half in 1_isize.. {
        for step in -half..=half {
            for (i, j) in [(-half, step), (half, step), (step, -half), (step, half)] {
                if is_void((row + i, column + j)) {
                    nearest = nearest.min((i as f64).hypot(j as f64) - 0.5);
                }
            }
        }
        if nearest + 0.5 <= half as f64 {
            break;
        }
    }
    nearest
}

/// The nodes that are held or loaded, or belong to a passive solid element, as (row, column).
fn anchors(nodal: &Nodal) -> Vec<(f64, f64)> {
    let (height, width) = nodal.passive.dim();
    let solid = |i: usize, j: usize| nodal.passive.get((i, j)) == Some(&Some(PassiveKind::Solid));
    let is_anchor = |&(i, j): &(usize, usize)| {
        (0..2).any(|axis| {
            nodal.held[(i, j, axis)]
                || nodal.sprung[(i, j, axis)]
                || nodal.forces.iter().any(|forces| forces[(i, j, axis)] != 0.0)
        }) || [i.wrapping_sub(1), i].into_iter().any(|i| solid(i, j.wrapping_sub(1)) || solid(i, j))
    };
    let nodes = ndarray::indices((height + 1, width + 1)).into_iter().filter(is_anchor);
    nodes.map(|(i, j)| (i as f64, j as f64)).collect()
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
    use topo_simp::{Fix, Grid, Place, Problem, Side};

    use super::*;

    const GRID: Grid = Grid { nelx: 40, nely: 24 };

    fn nodal() -> Nodal {
        Problem::new(GRID, 0.5)
            .with_support(Place::Edge(Side::Left), Fix::Xy)
            .with_load_case([(Place::Point([1.0, 0.5]), [0.0, -1.0])])
            .nodal()
            .unwrap()
    }

    /// Bars of a thickness between points, as (row, column).
    fn bars(thickness: f64, ends: &[[(f64, f64); 2]]) -> Array2<f32> {
        Array2::from_shape_fn((24, 40), |(i, j)| {
            let (y, x) = (i as f64 + 0.5, j as f64 + 0.5);
            let on = ends.iter().any(|&[(y0, x0), (y1, x1)]| {
                let (dy, dx) = (y1 - y0, x1 - x0);
                let t = ((y - y0) * dy + (x - x0) * dx) / (dy * dy + dx * dx);
                let t = t.clamp(0.0, 1.0);
                (y - y0 - t * dy).hypot(x - x0 - t * dx) <= thickness / 2.0
            });
            f32::from(u8::from(on))
        })
    }

    const LOAD: (f64, f64) = (12.0, 39.0);

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

    /// A plate with corners of 45 degrees and more, away from whatever holds it, and a bar of the
    /// same length as such a corner.
    #[test]
    fn corners_of_thick_material_are_no_members() {
        let wedge = |steepness: f64| {
            Array2::from_shape_fn((24, 40), |(i, j)| {
                let (y, x) = (i as f64 + 0.5, j as f64 + 0.5);
                // A tie from wall to load, and below it a triangle with its tip at the bottom.
                let triangle = (x - 20.0).abs() <= (24.0 - y) / steepness && 8.0 < y;
                f32::from(u8::from((8.0..14.0).contains(&y) || triangle))
            })
        };
        for steepness in [0.6, 1.0, 2.0] {
            let found = Topology::of(&nodal(), wedge(steepness).view());
            assert_eq!(found.free_ends, 0, "{steepness}");
        }
        let bar = bars(2.0, &[[(12.0, 1.0), LOAD], [(12.0, 20.0), (22.0, 20.0)]]);
        assert_eq!(Topology::of(&nodal(), bar.view()).free_ends, 1);
    }

    /// A thick band whose end at the wall is held in one corner only, and one that ends in the air.
    #[test]
    fn the_end_of_a_thick_member_is_held_wherever_it_is_held() {
        let nodal = |row: usize| {
            Problem::new(GRID, 0.5)
                .with_support(Place::Node([0, row]), Fix::Xy)
                .with_support(Place::Node([0, row + 1]), Fix::X)
                .with_load_case([(Place::Point([1.0, 0.5]), [0.0, -1.0])])
                .nodal()
                .unwrap()
        };
        let band = bars(14.0, &[[(12.0, -7.0), LOAD]]);
        for row in [6, 12, 18] {
            assert_eq!(Topology::of(&nodal(row), band.view()).free_ends, 0, "{row}");
        }
        let short = bars(8.0, &[[(12.0, 14.0), LOAD]]);
        assert_eq!(Topology::of(&nodal(12), short.view()).free_ends, 1);
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
