//! A family as data: what is fixed, and along which axes the problems vary.

use std::ops::RangeInclusive;
use std::path::Path;

use serde::{Deserialize, Serialize};
use vae_base::{files::read_text, paths::file_name};

use super::{axis::Axis, scatter::Scatter};
use crate::error::{Result, TopoDataError};

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
    /// Name in data sets, and of a built-in family the name to ask for.
    pub name: String,
    /// One sentence on what it is.
    pub summary: String,
    /// Rows of elements, unless told otherwise.
    pub height: usize,
    /// Columns of elements, unless told otherwise.
    pub width: usize,
    /// Settings of a generation ([`crate::GenerateSpec`]) where they differ from what suits most
    /// families, unless told otherwise.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub defaults: toml::Table,
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

/// Elements of a side of a family's grid.
pub(crate) const SIDE: RangeInclusive<usize> = 2..=1024;
/// Largest number of problems of a family of axes.
const MOST_PROBLEMS: usize = 1 << 32;
/// Largest size of a family file, in bytes.
const MOST_TEXT: u64 = 1 << 20;

/// The built-in families, in the order in which they are listed.
const BUILTIN: [(&str, &str); 11] = [
    ("cantilever", include_str!("../../families/cantilever.toml")),
    ("mbb-half", include_str!("../../families/mbb-half.toml")),
    ("mbb-full", include_str!("../../families/mbb-full.toml")),
    ("bridge", include_str!("../../families/bridge.toml")),
    ("two-loads", include_str!("../../families/two-loads.toml")),
    ("multi-load", include_str!("../../families/multi-load.toml")),
    ("l-bracket", include_str!("../../families/l-bracket.toml")),
    ("mixed", include_str!("../../families/mixed.toml")),
    ("random", include_str!("../../families/random.toml")),
    ("beams2d", include_str!("../../families/beams2d.toml")),
    ("tutorial", include_str!("../../families/tutorial.toml")),
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
            return Self::parse(&read_text(path, MOST_TEXT).map_err(io)?);
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
        // The set is called after the family, and its pictures are called after the set.
        file_name(&family.name).map_err(|why| wrong(format!("{:?}: {why}", family.name)))?;
        let wrong = |reason: String| TopoDataError::Family { name: family.name.clone(), reason };
        let (height, width) = (family.height, family.width);
        if !(SIDE.contains(&height) && SIDE.contains(&width)) {
            let (least, most) = (SIDE.start(), SIDE.end());
            return Err(wrong(format!(
                "its grid is {height} x {width}, but each side must have {least} to {most} elements"
            )));
        }
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
        let lengths = family.axes.iter().map(|axis| axis.values.len());
        let problems = lengths.clone().try_fold(1, usize::checked_mul);
        if problems.is_none_or(|problems| MOST_PROBLEMS < problems) {
            let why = "the values of its axes can be combined in more than 4,294,967,296 ways";
            return Err(wrong(why.to_owned()));
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
        let iterates = tutorial.defaults["keep_iterates"].as_integer().unwrap();
        assert_eq!(tutorial.problems() * usize::try_from(iterates).unwrap(), 2448);
    }

    #[test]
    fn what_is_wrong_with_a_family_is_named() {
        let message = |text: &str| Family::parse(text).unwrap_err().to_string();
        let good = include_str!("../../families/cantilever.toml");
        let with = |from: &str, to: &str| message(&good.replace(from, to));
        assert!(with("$load_angle", "$load_angel").contains("$load_angel"));
        assert!(with("height", "hight").contains("hight"));
        assert!(with("width = 96", "width = 0").contains("48 x 0, but each side must have 2 to"));
        assert!(with("name = \"cantilever\"", "name = \"../evil\"").contains("leaves the folder"));
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
    fn a_family_has_at_most_as_many_problems_as_a_number_can_count() {
        let of = |axes: usize| {
            let family = Family::cantilever();
            let axis = |i: usize| Axis { name: format!("x{i}"), ..family.axes[1].clone() };
            let axes = family.axes.iter().cloned().chain((3..axes).map(axis)).collect();
            Family::parse(&toml::to_string(&Family { axes, ..family.clone() }).unwrap())
        };
        // 7 · 9 · 7 · 9⁷ = 2.1e9, and nine times as many; 9⁶⁰ is more than 2⁶⁴.
        assert_eq!(of(10).unwrap().problems(), 441 * 9_usize.pow(7));
        for axes in [11, 63] {
            assert!(of(axes).unwrap_err().to_string().contains("4,294,967,296"), "{axes}");
        }
    }

    #[test]
    fn values_may_lie_between_those_of_the_axes() {
        let values = [("volume_fraction", 0.42), ("load_y", 0.3), ("load_angle", 85.0)];
        let values = values.map(|(name, value)| (name.to_owned(), value));
        let problem = Family::cantilever().problem_with(&values, 48, 96).unwrap();
        assert!((problem.volume_fraction - 0.42).abs() < 1e-15);
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
