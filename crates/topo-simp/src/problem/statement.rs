//! The statement of a problem as data.

use serde::{Deserialize, Serialize};

use super::vector;
use crate::grid::Grid;

/// A structural design task: the schema of `problem.toml`, and of one line of `problems.jsonl`.
///
/// Places are given in relative coordinates, so the same text describes the same task at every
/// resolution: x runs from 0 (left) to 1 (right) and y from 0 (**top**) to 1 (bottom), as in a
/// picture. Forces are given with y **up**: `[0, -1]` pulls down. Unknown keys are refused.
///
/// # Examples
/// ```
/// let problem = topo_simp::Problem::from_toml(r#"
///     volume_fraction = 0.4
///     grid = { nelx = 96, nely = 48 }
///
///     [[supports]]
///     at = { edge = "left" }
///     fix = "xy"
///
///     [[load_cases]]
///     loads = [{ at = { point = [1.0, 0.5] }, force = [0.0, -1.0] }]
/// "#)?;
/// assert_eq!(problem.poisson_ratio, 0.3);
/// assert_eq!(topo_simp::Problem::from_toml(&problem.to_toml())?, problem);
/// # Ok::<(), topo_simp::ProblemError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// A name for people; the solver ignores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Material volume over the volume of the domain, in (0, 1). Passive void and solid count as
    /// part of the domain, [`PassiveKind::Outside`] does not.
    pub volume_fraction: f64,
    /// Side length of an element. Stiffness and compliance of plane stress do not depend on it.
    #[serde(default = "one")]
    pub cell_size: f64,
    /// Thickness of the plate.
    #[serde(default = "one")]
    pub thickness: f64,
    /// Young's modulus of the solid material.
    #[serde(default = "one")]
    pub youngs_modulus: f64,
    /// Poisson ratio, in (−1, 0.5].
    #[serde(default = "three_tenths")]
    pub poisson_ratio: f64,
    /// The mesh.
    pub grid: Grid,
    /// Where displacements are zero.
    pub supports: Vec<Support>,
    /// Each case acts alone; the compliances are summed, each times its weight. May be empty if the
    /// structure carries its own weight.
    #[serde(default)]
    pub load_cases: Vec<LoadCase>,
    /// Linear springs to the ground.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub springs: Vec<Spring>,
    /// The weight of solid material, a force for each unit of volume, (x to the right, y **up**):
    /// an element of density x weighs x times that. It acts in every load case.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "vector::some")]
    pub self_weight: Option<[f64; 2]>,
    /// Regions that are not free; a later one paints over those before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passive: Vec<PassiveRegion>,
}

impl Problem {
    /// A problem without supports and loads, unit material and Poisson ratio 0.3: the start of a
    /// custom one.
    ///
    /// # Examples
    /// ```
    /// use topo_simp::{Fix, Grid, Place, Problem, Side};
    /// let grid = Grid { nelx: 40, nely: 20 };
    /// let arch = Problem::new(grid, 0.3)
    ///     .with_support(Place::Node([0, 20]), Fix::Xy)
    ///     .with_support(Place::Node([40, 20]), Fix::Xy)
    ///     .with_load_case([(Place::Edge(Side::Top), [0.0, -1.0])]);
    /// arch.validate()?;
    /// # Ok::<(), topo_simp::ProblemError>(())
    /// ```
    pub fn new(grid: Grid, volume_fraction: f64) -> Self {
        Self {
            name: None,
            volume_fraction,
            cell_size: one(),
            thickness: one(),
            youngs_modulus: one(),
            poisson_ratio: three_tenths(),
            grid,
            supports: Vec::new(),
            load_cases: Vec::new(),
            springs: Vec::new(),
            self_weight: None,
            passive: Vec::new(),
        }
    }

    /// Adds a support.
    #[must_use]
    pub fn with_support(mut self, at: Place, fix: Fix) -> Self {
        self.supports.push(Support { at, fix });
        self
    }

    /// Adds a load case of one or more loads that act together; force components are (x, y) with y
    /// up.
    #[must_use]
    pub fn with_load_case(mut self, loads: impl IntoIterator<Item = (Place, [f64; 2])>) -> Self {
        let loads = loads.into_iter().map(|(at, force)| Load { at, force }).collect();
        self.load_cases.push(LoadCase { loads, weight: one() });
        self
    }

    /// Adds springs to the ground of this total stiffness along x and y.
    #[must_use]
    pub fn with_spring(mut self, at: Place, stiffness: [f64; 2]) -> Self {
        self.springs.push(Spring { at, stiffness });
        self
    }

    /// States the weight of solid material, a force for each unit of volume.
    #[must_use]
    pub fn with_self_weight(mut self, weight: [f64; 2]) -> Self {
        self.self_weight = Some(weight);
        self
    }

    /// Adds a region that is not free, painted over those before it.
    #[must_use]
    pub fn with_passive(mut self, kind: PassiveKind, shape: Shape) -> Self {
        self.passive.push(PassiveRegion { kind, shape });
        self
    }
}

/// Zero displacement on the nodes of a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// Which nodes.
    pub at: Place,
    /// Which directions.
    pub fix: Fix,
}

/// Directions that a support holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fix {
    /// No movement to the left or right.
    X,
    /// No movement up or down.
    Y,
    /// No movement at all.
    Xy,
}

/// Loads that act together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadCase {
    /// The loads.
    pub loads: Vec<Load>,
    /// How much the compliance of this case counts in the sum, above 0.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: f64,
}

/// Linear springs between the nodes of a place and the ground, such as the ports of a compliant
/// mechanism have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spring {
    /// Which nodes; they share the stiffness as they would share a load.
    pub at: Place,
    /// The total stiffness along x and y, in force over length, 0 or more.
    pub stiffness: [f64; 2],
}

/// A force on a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Where it acts. The nodes share it with consistent nodal forces ([`Place::shares`]): a point
    /// between nodes loads those around it, a line or an area is loaded evenly.
    pub at: Place,
    /// The total force, (x to the right, y **up**); in text also `{ angle = 90, magnitude = 2 }`,
    /// in degrees from the right, 90 straight **down**, with a magnitude of 1 unless stated.
    #[serde(deserialize_with = "vector::one")]
    pub force: [f64; 2],
}

/// A point, a line or an area, in relative coordinates or by a node.
///
/// Loads between nodes are shared by the nodes around them ([`Place::shares`]); supports move to
/// the nearest nodes ([`Place::held`]). So a place is never empty, and a point given on an edge
/// stays on that edge at every resolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Place {
    /// Relative coordinates `[x, y]`, y from the top.
    Point([f64; 2]),
    /// The node `[column, row]`, row 0 on top. Depends on the resolution.
    Node([usize; 2]),
    /// A whole side.
    Edge(Side),
    /// A part of a side.
    Segment {
        /// Which side.
        side: Side,
        /// Where the part begins: 0 at the top or left end, 1 at the other.
        from: f64,
        /// Where it ends.
        to: f64,
    },
    /// A rectangle.
    Area {
        /// Relative coordinates of the upper left corner.
        min: [f64; 2],
        /// Relative coordinates of the lower right corner.
        max: [f64; 2],
    },
}

/// A side of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// x = 0.
    Left,
    /// x = 1.
    Right,
    /// y = 0 in relative coordinates.
    Top,
    /// y = 1 in relative coordinates.
    Bottom,
}

/// A region whose elements are not free.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassiveRegion {
    /// What it is filled with.
    pub kind: PassiveKind,
    /// Which elements: those whose center lies inside.
    pub shape: Shape,
}

/// What a passive region is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PassiveKind {
    /// Material that stays.
    Solid,
    /// A hole: part of the domain, so it counts in the volume, and the filter reaches across it.
    Void,
    /// Not part of the domain: left out of the volume fraction and of the filter.
    Outside,
}

impl std::fmt::Display for PassiveKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Solid => "solid",
            Self::Void => "void",
            Self::Outside => "outside",
        })
    }
}

/// An area in relative coordinates. An element belongs to it if its center does; a center on the
/// boundary (to 1e-9 of an element) is inside at the left and top of a rectangle and outside
/// everywhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Shape {
    /// An upright rectangle.
    Rectangle {
        /// Upper left corner, `[x, y]`.
        min: [f64; 2],
        /// Lower right corner.
        max: [f64; 2],
    },
    /// A circle.
    Circle {
        /// Its center.
        center: [f64; 2],
        /// Its radius, in **heights** of the domain.
        radius: f64,
    },
    /// An upright ellipse.
    Ellipse {
        /// Its center.
        center: [f64; 2],
        /// Half its width in widths of the domain, half its height in heights.
        radii: [f64; 2],
    },
    /// A polygon by the even-odd rule; the last corner is joined to the first.
    Polygon {
        /// Its corners, at least three.
        corners: Vec<[f64; 2]>,
    },
    /// A picture of the region, stretched over the domain.
    Cells {
        /// Its rows from the top, one character for each cell: `#` inside, `.` outside.
        rows: Vec<String>,
    },
}

const fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::float_cmp, reason = "as serde wants it")]
fn is_one(weight: &f64) -> bool {
    *weight == one()
}

const fn three_tenths() -> f64 {
    0.3
}
