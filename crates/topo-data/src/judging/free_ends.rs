//! Members that end in the air.

use std::collections::BTreeSet;

use ndarray::Array2;
use topo_simp::{Nodal, PassiveKind};

use super::{
    pieces::{Connectivity, components},
    skeleton::{around, depth, skeleton},
};

/// A branch is a member if it is longer beyond its joint than this times its greatest width there.
const SLENDER: f64 = 1.5;
/// How far the corner of a square end lies from the middle of the disc that fits into it, in radii
/// of the disc: a little more than the square root of 2, for ends that are not quite square.
const CORNER: f64 = 1.5;
/// How far from material a node may lie that holds or loads it, in elements.
const GAP: f64 = 2.0;

/// Number of ends of members that neither a load, a support nor a passive solid element touches.
///
/// What touches material touches the part of the skeleton that is nearest to it: the skeleton of a
/// member that narrows ends well before its tip.
pub(super) fn free_ends(nodal: &Nodal, material: &Array2<bool>) -> usize {
    let thin = skeleton(material);
    let on = |mask: &Array2<bool>| -> Vec<(usize, usize)> {
        mask.indexed_iter().filter(|(_, on)| **on).map(|(place, _)| place).collect()
    };
    let (filled, lines) = (on(material), on(&thin));
    let gap = |(row, column): (f64, f64), (i, j): (usize, usize)| {
        (row - i as f64 - 0.5).hypot(column - j as f64 - 0.5)
    };
    let touches = |node: &(f64, f64)| filled.iter().any(|&place| gap(*node, place) <= GAP);
    let nearest = |node: (f64, f64)| {
        lines.iter().copied().min_by(|&a, &b| gap(node, a).total_cmp(&gap(node, b)))
    };
    let held: BTreeSet<_> =
        anchors(nodal).into_iter().filter(touches).filter_map(nearest).collect();
    ends(material, &thin).iter().filter(|end| !end.iter().any(|place| held.contains(place))).count()
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

/// The ends of the members of a design, each the part of its skeleton that reaches the tip; a corner
/// of thick material is no member.
fn ends(material: &Array2<bool>, thin: &Array2<bool>) -> Vec<Vec<(usize, usize)>> {
    let degree = |place| neighbors(thin, place).count();
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
    let end = |branch: &Branch, tip: (usize, usize)| {
        let reaches =
            |place: &(usize, usize)| apart(*place, tip) <= CORNER * depth(material, *place) + 1.0;
        branch.places.iter().copied().filter(reaches).collect()
    };
    let branches = branches(thin, &joints.labels, &lines.labels, lines.count());
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

#[cfg(test)]
pub(super) mod tests {
    use topo_simp::{Fix, Grid, Place, Problem, Side};

    use super::*;

    const GRID: Grid = Grid { nelx: 40, nely: 24 };

    pub(in crate::judging) fn nodal() -> Nodal {
        Problem::new(GRID, 0.5)
            .with_support(Place::Edge(Side::Left), Fix::Xy)
            .with_load_case([(Place::Point([1.0, 0.5]), [0.0, -1.0])])
            .nodal()
            .unwrap()
    }

    /// Bars of a thickness between points, as (row, column).
    pub(in crate::judging) fn bars(thickness: f64, ends: &[[(f64, f64); 2]]) -> Array2<f32> {
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

    pub(in crate::judging) const LOAD: (f64, f64) = (12.0, 39.0);

    /// A plate with corners of 45 degrees and more, away from whatever holds it, and a bar of the
    /// same length as such a corner.
    #[test]
    fn corners_of_thick_material_are_no_members() {
        let wedge = |steepness: f64| {
            Array2::from_shape_fn((24, 40), |(i, j)| {
                let (y, x) = (i as f64 + 0.5, j as f64 + 0.5);
                // A tie from wall to load, and below it a triangle with its tip at the bottom.
                let triangle = (x - 20.0).abs() <= (24.0 - y) / steepness && 8.0 < y;
                (8.0..14.0).contains(&y) || triangle
            })
        };
        for steepness in [0.6, 1.0, 2.0] {
            let found = free_ends(&nodal(), &wedge(steepness));
            assert_eq!(found, 0, "{steepness}");
        }
        let bar = bars(2.0, &[[(12.0, 1.0), LOAD], [(12.0, 20.0), (22.0, 20.0)]]);
        assert_eq!(free_ends(&nodal(), &bar.mapv(|x| 0.5 < x)), 1);
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
        let band = bars(14.0, &[[(12.0, -7.0), LOAD]]).mapv(|x| 0.5 < x);
        for row in [6, 12, 18] {
            assert_eq!(free_ends(&nodal(row), &band), 0, "{row}");
        }
        let short = bars(8.0, &[[(12.0, 14.0), LOAD]]).mapv(|x| 0.5 < x);
        assert_eq!(free_ends(&nodal(12), &short), 1);
        // A band that narrows to the corner that holds it.
        let wedge = |tip: usize| {
            Array2::from_shape_fn((24, 40), |(i, j)| {
                (i as f64 - 12.0).abs() <= 0.3 * j as f64 && tip <= j
            })
        };
        assert_eq!(free_ends(&nodal(12), &wedge(0)), 0);
        assert_eq!(free_ends(&nodal(12), &wedge(8)), 1);
    }
}
