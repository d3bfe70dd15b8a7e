//! Families of problems, as data: what is fixed, and along which axes the problems vary.

use serde::{Deserialize, Serialize};
use topo_simp::{Fix, Grid, Place, Problem, Side};

use crate::error::{Result, TopoDataError};

/// One condition of a family and the values it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Name of the condition's column.
    pub name: String,
    /// Its unit, empty for a plain number.
    pub unit: String,
    /// All values, ascending.
    pub values: Vec<f64>,
}

/// A number of a problem: always the same, or the value of a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// The same number in every problem.
    Fixed(f64),
    /// The value of the axis of this name.
    Condition(String),
}

/// A point load, snapped to the nearest node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointLoad {
    /// Horizontal place: 0 left, 1 right.
    pub x: Quantity,
    /// Vertical place: 0 top, 1 bottom.
    pub y: Quantity,
    /// Direction in degrees, `force = magnitude * (cos angle, -sin angle)` with y up: 0 to the right, 90 straight down.
    pub angle: Quantity,
    /// Length of the force.
    pub magnitude: f64,
}

/// The symmetry of a family: the mirror image of a problem has the value `sum - value` on each named axis, and the same value elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mirror {
    /// Names of the axes that change, with the sum of a value and its mirror image.
    pub sums: Vec<(String, f64)>,
}

/// A family of problems: every combination of the values of its axes.
///
/// Problems are numbered row by row: the last axis varies fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Family {
    /// Name on the command line and in data sets.
    pub name: String,
    /// One sentence on what it is.
    pub summary: String,
    /// Rows of elements, unless told otherwise.
    pub height: usize,
    /// Columns of elements, unless told otherwise.
    pub width: usize,
    /// The conditions, in the order of the data set's columns.
    pub axes: Vec<Axis>,
    /// Share of the domain that is material.
    pub volume_fraction: Quantity,
    /// Sides whose nodes cannot move at all.
    pub clamped: Vec<Side>,
    /// The loads, which act together.
    pub loads: Vec<PointLoad>,
    /// The symmetry, where there is one.
    pub mirror: Option<Mirror>,
}

impl Family {
    /// Names of the families that this library knows.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(topo_data::Family::names().contains(&"cantilever"));
    /// ```
    pub fn names() -> &'static [&'static str] {
        &["cantilever"]
    }

    /// The family of this name.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::UnknownFamily`] with all names.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "cantilever" => Ok(Self::cantilever()),
            _ => Err(TopoDataError::UnknownFamily {
                name: name.to_owned(),
                known: Self::names().iter().map(ToString::to_string).collect(),
            }),
        }
    }

    /// The cantilever: left edge clamped, a unit load in one of 9 places of the right edge and one of 7 directions, 7 volume fractions.
    ///
    /// Its mirror at the horizontal middle line maps `load_y` to `1 - load_y`, and the direction to `-load_angle`; a load and its
    /// opposite have the same compliance in every design, so that `180 - load_angle` stands for it.
    pub fn cantilever() -> Self {
        let axis = |name: &str, unit: &str, values: Vec<f64>| Axis {
            name: name.to_owned(),
            unit: unit.to_owned(),
            values,
        };
        let condition = |name: &str| Quantity::Condition(name.to_owned());
        Self {
            name: "cantilever".to_owned(),
            summary:
                "left edge clamped, a unit load anywhere on the right edge, in many directions"
                    .to_owned(),
            height: 48,
            width: 96,
            axes: vec![
                axis("volume_fraction", "", vec![0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55]),
                axis("load_y", "", (0..9).map(|i| f64::from(i) / 8.0).collect()),
                axis("load_angle", "deg", (0..7).map(|i| f64::from(30 + 20 * i)).collect()),
            ],
            volume_fraction: condition("volume_fraction"),
            clamped: vec![Side::Left],
            loads: vec![PointLoad {
                x: Quantity::Fixed(1.0),
                y: condition("load_y"),
                angle: condition("load_angle"),
                magnitude: 1.0,
            }],
            mirror: Some(Mirror {
                sums: vec![("load_y".to_owned(), 1.0), ("load_angle".to_owned(), 180.0)],
            }),
        }
    }

    /// Number of problems: the product of the lengths of the axes.
    pub fn problems(&self) -> usize {
        self.axes.iter().map(|axis| axis.values.len()).product()
    }

    /// The values of a problem, one per axis.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn values(&self, problem: usize) -> Vec<f64> {
        self.cell(problem).iter().zip(&self.axes).map(|(&i, axis)| axis.values[i]).collect()
    }

    /// The number of the problem with these values, one per axis.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::NoSuchProblem`] if a value lies on no grid point of its axis.
    pub fn problem_at(&self, values: &[f64]) -> Result<usize> {
        self.find(values).ok_or_else(|| TopoDataError::NoSuchProblem {
            family: self.name.clone(),
            values: values.to_vec(),
        })
    }

    /// The problem that is the mirror image of this one, if the family has a mirror; a symmetric problem is its own image.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn mirrored(&self, problem: usize) -> Option<usize> {
        let mirror = self.mirror.as_ref()?;
        let mut values = self.values(problem);
        for (name, sum) in &mirror.sums {
            let i = self.axes.iter().position(|axis| axis.name == *name)?;
            values[i] = sum - values[i];
        }
        self.find(&values)
    }

    /// The group of a problem: the smaller number of the problem and its mirror image. Variants of one problem and mirror images share it.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn group(&self, problem: usize) -> usize {
        self.mirrored(problem).map_or(problem, |image| image.min(problem))
    }

    /// A problem as the solver takes it, on a grid of `height` × `width` elements.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number, or a quantity names an axis that it does not have.
    ///
    /// # Examples
    ///
    /// ```
    /// let family = topo_data::Family::cantilever();
    /// let straight_down = family.problem_at(&[0.4, 0.5, 90.0])?;
    /// let problem = family.problem(straight_down, 48, 96);
    /// assert_eq!(problem.volume_fraction, 0.4);
    /// assert!((problem.load_cases[0].loads[0].force[1] + 1.0).abs() < 1e-12);
    /// # Ok::<(), topo_data::TopoDataError>(())
    /// ```
    pub fn problem(&self, problem: usize, height: usize, width: usize) -> Problem {
        let values = self.values(problem);
        let value = |quantity: &Quantity| self.evaluate(quantity, &values);
        let grid = Grid { nelx: width, nely: height };
        let mut built = Problem::new(grid, value(&self.volume_fraction));
        built.name = Some(self.name.clone());
        for &side in &self.clamped {
            built = built.with_support(Place::Edge(side), Fix::Xy);
        }
        built.with_load_case(self.loads.iter().map(|load| {
            let (sin, cos) = value(&load.angle).to_radians().sin_cos();
            let force = [load.magnitude * cos, -load.magnitude * sin];
            (Place::Point([value(&load.x), value(&load.y)]), force)
        }))
    }

    /// The value of a quantity in the problem with these values.
    fn evaluate(&self, quantity: &Quantity, values: &[f64]) -> f64 {
        match quantity {
            Quantity::Fixed(value) => *value,
            Quantity::Condition(name) => {
                let i = self.axes.iter().position(|axis| axis.name == *name);
                values[i.expect("the quantities of a family name its own axes")]
            }
        }
    }

    /// Position of a problem on each axis.
    fn cell(&self, problem: usize) -> Vec<usize> {
        assert!(problem < self.problems(), "no problem {problem} of {}", self.problems());
        let mut rest = problem;
        let mut cell: Vec<usize> = self
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let i = rest % axis.values.len();
                rest /= axis.values.len();
                i
            })
            .collect();
        cell.reverse();
        cell
    }

    /// The number of the problem with these values, within a billionth.
    fn find(&self, values: &[f64]) -> Option<usize> {
        if values.len() != self.axes.len() {
            return None;
        }
        values.iter().zip(&self.axes).try_fold(0, |problem, (value, axis)| {
            let near = |candidate: &f64| (candidate - value).abs() <= 1e-9 * value.abs().max(1.0);
            Some(problem * axis.values.len() + axis.values.iter().position(near)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_numbered_row_by_row() {
        let family = Family::cantilever();
        assert_eq!(family.problems(), 441);
        assert_eq!(family.values(0), [0.25, 0.0, 30.0]);
        assert_eq!(family.values(1), [0.25, 0.0, 50.0]);
        assert_eq!(family.values(440), [0.55, 1.0, 150.0]);
        for problem in 0..family.problems() {
            assert_eq!(family.problem_at(&family.values(problem)).unwrap(), problem);
        }
    }

    #[test]
    fn the_mirror_is_an_involution_with_224_groups() {
        let family = Family::cantilever();
        let mut groups = std::collections::BTreeSet::new();
        for problem in 0..family.problems() {
            let image = family.mirrored(problem).unwrap();
            assert_eq!(family.mirrored(image), Some(problem));
            assert_eq!(family.group(image), family.group(problem));
            groups.insert(family.group(problem));
        }
        // 63 places and directions, one of them symmetric, times 7 volumes.
        assert_eq!(groups.len(), 7 * (63 + 1) / 2);
    }

    #[test]
    fn values_off_the_grid_name_themselves() {
        let error = Family::cantilever().problem_at(&[0.26, 0.0, 30.0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the family `cantilever` has no problem at [0.26, 0.0, 30.0]"
        );
        let error = Family::named("bridge").unwrap_err();
        assert_eq!(error.to_string(), "unknown family `bridge`; the families are cantilever");
    }
}
