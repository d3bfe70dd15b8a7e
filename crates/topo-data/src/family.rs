//! Families of problems, as data: what is fixed, and along which axes the problems vary.

use std::path::Path;

use serde::{Deserialize, Serialize};
use topo_simp::{Grid, Problem};

use crate::{
    error::{Result, TopoDataError},
    scatter::Scatter,
    spec::Defaults,
    template,
};

/// One condition of a family and the values it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Name of the condition's column.
    pub name: String,
    /// Its unit, empty for a plain number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// All values.
    pub values: Vec<f64>,
    /// Further quantities that go along: they take their `i`-th value where the axis takes its own
    /// `i`-th.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Companion>,
}

/// A quantity that goes along with an axis, such as the y of a place whose x is the axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// Its name.
    pub name: String,
    /// Its unit, empty for a plain number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// As many values as the axis has.
    pub values: Vec<f64>,
    /// Whether it is a condition of the data set, or only a help for writing the problem.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub condition: bool,
}

/// A family of problems: every combination of the values of its axes, put into a template.
///
/// Problems are numbered row by row: the last axis varies fastest. The built-in families are TOML
/// files of this very form, and a path of such a file serves wherever a name does; the crate's
/// README has the schema.
///
/// # Examples
///
/// ```
/// let family = topo_data::Family::parse(r#"
///     name = "bracket"
///     summary = "clamped on top, pulled at the side"
///     height = 24
///     width = 24
///
///     [[axes]]
///     name = "load_y"
///     values = [0.5, 0.75, 1.0]
///
///     [problem]
///     volume_fraction = 0.4
///     supports = [{ at = { edge = "top" }, fix = "xy" }]
///     load_cases = [{ loads = [{ at = { point = [1.0, "$load_y"] }, force = { angle = 45 } }] }]
/// "#)?;
/// assert_eq!(family.problems(), 3);
/// # Ok::<(), topo_data::TopoDataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Name on the command line and in data sets.
    pub name: String,
    /// One sentence on what it is.
    pub summary: String,
    /// Rows of elements, unless told otherwise.
    pub height: usize,
    /// Columns of elements, unless told otherwise.
    pub width: usize,
    /// How its designs are made, unless told otherwise.
    #[serde(default, skip_serializing_if = "Defaults::is_empty")]
    pub defaults: Defaults,
    /// The conditions, in the order of the data set's columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<Axis>,
    /// Supports and loads on nodes drawn at random; such a family has 2^32 problems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scatter: Option<Scatter>,
    /// The schema of `problem.toml` without its grid. A text `"$name"` stands for the value of an
    /// axis, `{ angle = a, magnitude = m }` for a force, `{ choose = "$name", from = […] }` for the
    /// item at that position.
    pub problem: toml::Table,
}

/// The built-in families, in the order in which they are listed.
const BUILTIN: [(&str, &str); 11] = [
    ("cantilever", include_str!("../families/cantilever.toml")),
    ("mbb-half", include_str!("../families/mbb-half.toml")),
    ("mbb-full", include_str!("../families/mbb-full.toml")),
    ("bridge", include_str!("../families/bridge.toml")),
    ("two-loads", include_str!("../families/two-loads.toml")),
    ("multi-load", include_str!("../families/multi-load.toml")),
    ("l-bracket", include_str!("../families/l-bracket.toml")),
    ("mixed", include_str!("../families/mixed.toml")),
    ("random", include_str!("../families/random.toml")),
    ("beams2d", include_str!("../families/beams2d.toml")),
    ("tutorial", include_str!("../families/tutorial.toml")),
];

impl Family {
    /// Names of the built-in families.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(topo_data::Family::names().any(|name| name == "cantilever"));
    /// ```
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// The built-in family of this name, or the one in the TOML file of this path.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::UnknownFamily`] with all names, [`TopoDataError::Io`] for a file that
    /// cannot be read, [`TopoDataError::Family`] for one that holds no family.
    pub fn named(name: &str) -> Result<Self> {
        if let Some((_, text)) = BUILTIN.iter().find(|(known, _)| *known == name) {
            return Self::parse(text);
        }
        let path = Path::new(name);
        if path.extension().is_some_and(|extension| extension == "toml") && path.exists() {
            let io = |source| TopoDataError::Io { verb: "read", path: path.to_owned(), source };
            return Self::parse(&std::fs::read_to_string(path).map_err(io)?);
        }
        Err(TopoDataError::UnknownFamily {
            name: name.to_owned(),
            known: Self::names().map(ToOwned::to_owned).collect(),
        })
    }

    /// Reads the text of a family file, and checks that its first problem can be written.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Family`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: String| TopoDataError::Family { name: "family".to_owned(), reason };
        let family: Self =
            toml::from_str(text).map_err(|error| wrong(error.to_string().trim().to_owned()))?;
        let wrong = |reason: String| TopoDataError::Family { name: family.name.clone(), reason };
        if family.axes.is_empty() && family.scatter.is_none() {
            return Err(wrong("it has no axes".to_owned()));
        }
        if !family.axes.is_empty() && family.scatter.is_some() {
            return Err(wrong("it has axes beside [scatter]".to_owned()));
        }
        for axis in &family.axes {
            let name = &axis.name;
            if axis.values.is_empty() {
                return Err(wrong(format!("the axis {name} has no values")));
            }
            for companion in &axis.with {
                if companion.values.len() != axis.values.len() {
                    let (with, n, expected) =
                        (&companion.name, companion.values.len(), axis.values.len());
                    return Err(wrong(format!("{with} has {n} values, but {name} has {expected}")));
                }
            }
        }
        if let Some(scatter) = &family.scatter {
            scatter.check().map_err(wrong)?;
        }
        family.problem(0, family.height, family.width)?;
        Ok(family)
    }

    /// The cantilever: left edge clamped, a unit load in one of 9 places of the right edge and one
    /// of 7 directions, 7 volume fractions.
    ///
    /// # Panics
    ///
    /// Never: the built-in families are read in a test.
    pub fn cantilever() -> Self {
        Self::named("cantilever").expect("a built-in family")
    }

    /// Number of problems: the product of the lengths of the axes, or 2^32 for a family that draws
    /// at random.
    pub fn problems(&self) -> usize {
        match self.scatter {
            Some(_) => 1 << 32,
            None => self.axes.iter().map(|axis| axis.values.len()).product(),
        }
    }

    /// Names and units of the conditions of a problem.
    pub fn conditions(&self) -> Vec<(&str, &str)> {
        if self.scatter.is_some() {
            return Scatter::CONDITIONS.iter().map(|&name| (name, "")).collect();
        }
        self.axes
            .iter()
            .flat_map(|axis| {
                let companions = axis.with.iter().filter(|companion| companion.condition);
                std::iter::once((axis.name.as_str(), axis.unit.as_str()))
                    .chain(companions.map(|c| (c.name.as_str(), c.unit.as_str())))
            })
            .collect()
    }

    /// The values of a problem, one per condition.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn values(&self, problem: usize) -> Vec<f64> {
        if let Some(scatter) = &self.scatter {
            return scatter.draw(problem).conditions().to_vec();
        }
        self.cell(problem)
            .iter()
            .zip(&self.axes)
            .flat_map(|(&i, axis)| {
                let companions = axis.with.iter().filter(|companion| companion.condition);
                std::iter::once(axis.values[i]).chain(companions.map(move |c| c.values[i]))
            })
            .collect()
    }

    /// The value of one axis or companion in a problem.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn value(&self, problem: usize, name: &str) -> Option<f64> {
        if self.scatter.is_some() {
            return None;
        }
        self.cell(problem).iter().zip(&self.axes).find_map(|(&i, axis)| {
            let companion = axis.with.iter().find(|companion| companion.name == name);
            if axis.name == name { Some(axis.values[i]) } else { companion.map(|c| c.values[i]) }
        })
    }

    /// The number of the problem with these values, one per axis, within a billionth.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::NoSuchProblem`] if a value lies on no grid point of its axis.
    pub fn problem_at(&self, values: &[f64]) -> Result<usize> {
        let find = |problem: usize, (value, axis): (&f64, &Axis)| {
            let near = |candidate: &f64| (candidate - value).abs() <= 1e-9 * value.abs().max(1.0);
            Some(problem * axis.values.len() + axis.values.iter().position(near)?)
        };
        let fits = values.len() == self.axes.len();
        let found = fits.then(|| values.iter().zip(&self.axes).try_fold(0, find)).flatten();
        found.ok_or_else(|| TopoDataError::NoSuchProblem {
            family: self.name.clone(),
            values: values.to_vec(),
        })
    }

    /// A problem as the solver takes it, on a grid of `height` × `width` elements. It may still be
    /// ill-posed, such as a load on a support: [`Problem::validate`] tells.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Family`] if the template gives no problem.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    ///
    /// # Examples
    ///
    /// ```
    /// let family = topo_data::Family::cantilever();
    /// let straight_down = family.problem_at(&[0.4, 0.5, 90.0])?;
    /// let problem = family.problem(straight_down, 48, 96)?;
    /// assert_eq!(problem.volume_fraction, 0.4);
    /// assert!((problem.load_cases[0].loads[0].force[1] + 1.0).abs() < 1e-12);
    /// # Ok::<(), topo_data::TopoDataError>(())
    /// ```
    pub fn problem(&self, problem: usize, height: usize, width: usize) -> Result<Problem> {
        let grid = Grid { nelx: width, nely: height };
        let wrong = |reason| TopoDataError::Family { name: self.name.clone(), reason };
        let mut table = self.problem.clone();
        if let Some(scatter) = &self.scatter {
            scatter.draw(problem).add_to(&mut table, grid);
        }
        let value = |name: &str| self.value(problem, name);
        let mut built = template::fill(table, grid, &value).map_err(wrong)?;
        built.name = Some(self.name.clone());
        Ok(built)
    }

    /// The problem at values that may lie between those of the axes, by name; a companion between
    /// two values of its axis follows in a straight line.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Family`] if a value is missing, or the template gives no problem.
    ///
    /// # Examples
    ///
    /// ```
    /// let family = topo_data::Family::cantilever();
    /// let values = [("volume_fraction", 0.42), ("load_y", 0.3), ("load_angle", 85.0)];
    /// let values = values.map(|(name, value)| (name.to_owned(), value));
    /// assert_eq!(family.problem_with(&values, 48, 96)?.volume_fraction, 0.42);
    /// # Ok::<(), topo_data::TopoDataError>(())
    /// ```
    pub fn problem_with(
        &self,
        values: &[(String, f64)],
        height: usize,
        width: usize,
    ) -> Result<Problem> {
        let wrong = |reason| TopoDataError::Family { name: self.name.clone(), reason };
        let stated = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, v)| *v);
        let value = |name: &str| {
            stated(name).or_else(|| {
                self.axes.iter().find_map(|axis| {
                    let companion = axis.with.iter().find(|companion| companion.name == name)?;
                    interpolate(&axis.values, &companion.values, stated(&axis.name)?)
                })
            })
        };
        let grid = Grid { nelx: width, nely: height };
        let mut built = template::fill(self.problem.clone(), grid, &value).map_err(wrong)?;
        built.name = Some(self.name.clone());
        Ok(built)
    }

    /// The problem at the opposite end of these axes.
    pub(crate) fn opposite(&self, problem: usize, turned: &[usize]) -> usize {
        let cell = self.cell(problem);
        self.axes.iter().enumerate().fold(0, |number, (position, axis)| {
            let (i, n) = (cell[position], axis.values.len());
            number * n + if turned.contains(&position) { n - 1 - i } else { i }
        })
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
}

/// The value at `x` of the piecewise linear function through the points, the first segment that
/// holds `x` counting.
fn interpolate(xs: &[f64], ys: &[f64], x: f64) -> Option<f64> {
    if let Some(i) = xs.iter().position(|known| (known - x).abs() <= 1e-6) {
        return ys.get(i).copied();
    }
    let i = xs.windows(2).position(|ends| (ends[0] - x) * (ends[1] - x) <= 0.0)?;
    let share = (x - xs[i]) / (xs[i + 1] - xs[i]);
    Some(ys[i] + share * (ys[i + 1] - ys[i]))
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
const fn is_true(value: &bool) -> bool {
    *value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_family_can_be_read_and_most_of_its_problems_are_well_posed() {
        for name in Family::names() {
            let family = Family::named(name).unwrap();
            assert_eq!(family.name, name);
            let (h, w) = (family.height, family.width);
            let n = family.problems();
            let step = (n / 97).max(1);
            let tried: Vec<usize> = (0..n).step_by(step).take(100).collect();
            let valid = |&&p: &&usize| family.problem(p, h, w).unwrap().validate().is_ok();
            let well_posed = tried.iter().filter(valid).count();
            let share = well_posed as f64 / tried.len() as f64;
            let least = match name {
                "random" => 0.2,
                "mixed" => 0.7,
                _ => 0.95,
            };
            assert!(share >= least, "{name}: {share}");
            let conditions = family.conditions().len();
            assert!(tried.iter().all(|&p| family.values(p).len() == conditions), "{name}");
        }
    }

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
    fn companions_go_along_and_helpers_are_no_conditions() {
        let bridge = Family::named("bridge").unwrap();
        let names: Vec<_> = bridge.conditions().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["volume_fraction", "deck_y", "bearing"]);
        assert_eq!(bridge.value(3, "deck_bottom"), Some(0.15));
        let mixed = Family::named("mixed").unwrap();
        let names: Vec<_> = mixed.conditions().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["volume_fraction", "support", "load_x", "load_y", "load_angle"]);
    }

    #[test]
    fn the_published_grids_have_their_published_sizes() {
        assert_eq!(Family::named("beams2d").unwrap().problems(), 4851);
        let tutorial = Family::named("tutorial").unwrap();
        assert_eq!(tutorial.problems() * tutorial.defaults.keep_iterates.unwrap(), 2448);
    }

    #[test]
    fn what_is_wrong_with_a_family_is_named() {
        let message = |text: &str| Family::parse(text).unwrap_err().to_string();
        let good = include_str!("../families/cantilever.toml");
        let with = |from: &str, to: &str| message(&good.replace(from, to));
        assert!(with("$load_angle", "$load_angel").contains("$load_angel"));
        assert!(with("height", "hight").contains("hight"));
        assert!(with("edge = \"left\"", "edge = \"west\"").contains("west"));
        assert!(
            with("[0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55]", "[]")
                .contains("volume_fraction has no values")
        );
        assert!(
            message("name = \"a\"\nsummary = \"b\"\nheight = 2\nwidth = 2\nproblem = {}")
                .contains("no axes")
        );
    }

    #[test]
    fn values_off_the_grid_name_themselves() {
        let error = Family::cantilever().problem_at(&[0.26, 0.0, 30.0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the family `cantilever` has no problem at [0.26, 0.0, 30.0]"
        );
        let error = Family::named("arch").unwrap_err().to_string();
        assert!(error.starts_with("unknown family `arch`; the families are cantilever, mbb-half"));
    }
}
