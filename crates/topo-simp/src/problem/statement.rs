//! The statement of a problem as data.

use serde::{Deserialize, Serialize};

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
    /// Each case acts alone; the compliances are summed.
    pub load_cases: Vec<LoadCase>,
    /// Regions that are not free; only regions of one kind may overlap.
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
        self.load_cases.push(LoadCase { loads });
        self
    }

    /// Adds a region that is not free.
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
}

/// A force on a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Which nodes. On an edge or segment the force is spread as a constant line load (the end
    /// nodes take half as much), on an area evenly over its nodes.
    pub at: Place,
    /// The total force, (x to the right, y **up**).
    pub force: [f64; 2],
}

/// A set of nodes.
///
/// Relative coordinates are snapped to the nearest node, column `round(x * nelx)` and row
/// `round(y * nely)`, halves away from zero; so a place is never empty, and a point given on an edge stays
/// on that edge at every resolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Place {
    /// The node nearest to relative coordinates `[x, y]`, y from the top.
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
    /// All nodes of a rectangle.
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
}

const fn one() -> f64 {
    1.0
}

const fn three_tenths() -> f64 {
    0.3
}
