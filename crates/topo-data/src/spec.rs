//! What to make: everything that decides the bytes of a generated data set.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use topo_simp::{Filter, Solver};

use crate::{
    error::{Result, TopoDataError},
    family::Family,
};

/// Radius of the last iterations but [`GenerateSpec::crisp_iterations`], in elements: just enough
/// filter to prevent hinges and checkerboards.
pub(crate) const SHARP_RADIUS: f64 = 1.2;

/// How the designs of a family are made, where that differs from what suits most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// [`GenerateSpec::variants`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variants: Option<usize>,
    /// [`GenerateSpec::filter`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// [`GenerateSpec::filter_radii`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_radii: Option<Vec<f64>>,
    /// [`GenerateSpec::iterations`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<usize>,
    /// [`GenerateSpec::sharpen_iterations`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharpen_iterations: Option<usize>,
    /// [`GenerateSpec::crisp_iterations`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crisp_iterations: Option<usize>,
    /// [`GenerateSpec::tolerance`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// [`GenerateSpec::keep_iterates`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_iterates: Option<usize>,
}

impl Defaults {
    /// Whether nothing differs.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Everything that decides a generated data set: the same specification gives the same bytes on the
/// same machine and build.
///
/// Each design is made in three stages of one SIMP run with penalty 3 and, unless told otherwise, a
/// sensitivity filter. The first, with the variant's own radius, decides the layout; the second,
/// with radius 1.2, sharpens it; the last, without a filter (radius 1), is kept so short that the
/// grey rim of the members goes but no checkerboard comes. With `keep_iterates` there is the first
/// stage only, and the designs of its iterations are kept instead of its end.
///
/// # Examples
///
/// ```
/// use topo_data::GenerateSpec;
/// let spec = GenerateSpec { variants: 2, problems: Some(10), ..GenerateSpec::for_family("cantilever")? };
/// assert_eq!(
///     spec.command(),
///     "vae simp generate cantilever --grid 48x96 --seed 1 --variants 2 --problems 10",
/// );
/// # Ok::<(), topo_data::TopoDataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerateSpec {
    /// Name of a built-in family, or path of a family's TOML file.
    pub family: String,
    /// Rows of elements.
    pub height: usize,
    /// Columns of elements.
    pub width: usize,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Designs tried per problem: the first from the uniform start, the others from random ones.
    pub variants: usize,
    /// How many problems of the family, drawn at random; all if absent.
    pub problems: Option<usize>,
    /// What is filtered.
    #[serde(default = "sensitivity")]
    pub filter: Filter,
    /// Filter radii of the first stage, in elements; variant `k` takes the `k`-th, round and round.
    /// An axis `filter_radius` of the family goes before.
    pub filter_radii: Vec<f64>,
    /// Iterations of the first stage at most.
    pub iterations: usize,
    /// Iterations of the second stage at most.
    pub sharpen_iterations: usize,
    /// Iterations of the last stage at most.
    pub crisp_iterations: usize,
    /// A stage ends early when no density moves by more than this.
    #[serde(default = "hundredth")]
    pub tolerance: f64,
    /// What solves the equations of every iteration; measures of the finished design are exact
    /// under each.
    #[serde(default)]
    pub solver: Solver,
    /// Keep the designs before each of so many iterations, the uniform start first, in place of the
    /// last one, and all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_iterates: Option<usize>,
    /// Rows of knots of the random starts.
    pub knot_rows: usize,
    /// Amplitude of the random starts: the noise lies between this multiple of the volume fraction
    /// below and above it.
    pub noise: f64,
    /// A design is kept if its compliance after the cut is at most this multiple of the best of its
    /// problem.
    pub keep_ratio: f64,
    /// A design is kept if the cut to 0/1 multiplies its compliance by at most this.
    #[serde(default = "six_fifths")]
    pub cut_ratio: f64,
    /// A design is a duplicate if its `IoU` with a kept design of its problem is above this.
    pub duplicate_iou: f64,
}

impl GenerateSpec {
    /// The defaults for a built-in family, or the one in a file, on its own grid.
    ///
    /// # Errors
    ///
    /// As [`Family::named`].
    pub fn for_family(name: &str) -> Result<Self> {
        let Family { height, width, defaults, .. } = Family::named(name)?;
        Ok(Self {
            family: name.to_owned(),
            height,
            width,
            seed: 1,
            variants: defaults.variants.unwrap_or(8),
            problems: None,
            filter: defaults.filter.unwrap_or_else(sensitivity),
            filter_radii: defaults.filter_radii.unwrap_or_else(|| vec![2.5, 3.0]),
            iterations: defaults.iterations.unwrap_or(40),
            sharpen_iterations: defaults.sharpen_iterations.unwrap_or(12),
            crisp_iterations: defaults.crisp_iterations.unwrap_or(2),
            tolerance: defaults.tolerance.unwrap_or_else(hundredth),
            solver: Solver::Multigrid,
            keep_iterates: defaults.keep_iterates,
            knot_rows: 4,
            noise: 0.3,
            keep_ratio: 1.1,
            cut_ratio: six_fifths(),
            duplicate_iou: 0.98,
        })
    }

    /// The command that makes this data set: family, grid, seed and variants, and every other
    /// setting that is not the default.
    pub fn command(&self) -> String {
        let mut command = format!(
            "vae simp generate {} --grid {}x{} --seed {} --variants {}",
            self.family, self.height, self.width, self.seed, self.variants
        );
        // A family that does not exist has no defaults to leave out.
        let defaults = Self::for_family(&self.family).map(|spec| spec.flags()).unwrap_or_default();
        for (flag, value) in self.flags() {
            if !defaults.contains(&(flag, value.clone())) {
                let _ = write!(command, " --{flag} {value}");
            }
        }
        command
    }

    /// The flags that the command only names where they are not the default, with their values.
    fn flags(&self) -> Vec<(&'static str, String)> {
        let radii: Vec<String> = self.filter_radii.iter().map(ToString::to_string).collect();
        let filter = match self.filter {
            Filter::Density => "density",
            Filter::Sensitivity => "sensitivity",
        };
        let solver = match self.solver {
            Solver::Auto => "auto",
            Solver::Direct => "direct",
            Solver::Multigrid => "multigrid",
        };
        let mut flags = vec![
            ("filter", filter.to_owned()),
            ("filter-radii", radii.join(",")),
            ("iterations", self.iterations.to_string()),
            ("sharpen-iterations", self.sharpen_iterations.to_string()),
            ("crisp-iterations", self.crisp_iterations.to_string()),
            ("tolerance", self.tolerance.to_string()),
            ("solver", solver.to_owned()),
            ("keep-iterates", self.keep_iterates.unwrap_or(0).to_string()),
            ("knot-rows", self.knot_rows.to_string()),
            ("noise", self.noise.to_string()),
            ("keep-ratio", self.keep_ratio.to_string()),
            ("cut-ratio", self.cut_ratio.to_string()),
            ("duplicate-iou", self.duplicate_iou.to_string()),
        ];
        flags.extend(self.problems.map(|problems| ("problems", problems.to_string())));
        flags
    }

    /// Checks every setting and returns the family.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::UnknownFamily`], or [`TopoDataError::Spec`] with the first setting outside
    /// its domain.
    pub fn validate(&self) -> Result<Family> {
        let family = Family::named(&self.family)?;
        let check = |holds: bool, field, value: String, reason| {
            if holds { Ok(()) } else { Err(TopoDataError::Spec { field, value, reason }) }
        };
        let grid = format!("{}x{}", self.height, self.width);
        let inside = |n: usize| (2..=1024).contains(&n);
        check(
            inside(self.height) && inside(self.width),
            "grid",
            grid,
            "each side has 2 to 1024 elements",
        )?;
        check(self.variants > 0, "variants", self.variants.to_string(), "there is at least one")?;
        if let Some(problems) = self.problems {
            let possible = (1..=family.problems()).contains(&problems);
            check(
                possible,
                "problems",
                problems.to_string(),
                "it is at least 1 and at most what the family has",
            )?;
        }
        let listed = self.problems.is_some() || family.problems() <= 1 << 20;
        check(listed, "problems", "all".to_owned(), "this family has too many: say how many")?;
        check(
            !self.filter_radii.is_empty(),
            "filter_radii",
            "[]".to_owned(),
            "there is at least one",
        )?;
        for radius in &self.filter_radii {
            let possible = (1.0..=64.0).contains(radius);
            check(
                possible,
                "filter_radii",
                radius.to_string(),
                "each is between 1 and 64 elements",
            )?;
        }
        check(
            self.iterations > 0,
            "iterations",
            self.iterations.to_string(),
            "there is at least one",
        )?;
        let knots = (2..=self.height.max(2)).contains(&self.knot_rows);
        check(
            knots,
            "knot_rows",
            self.knot_rows.to_string(),
            "it is at least 2 and at most the rows of the grid",
        )?;
        let tolerance = self.tolerance >= 0.0 && self.tolerance < 1.0;
        check(tolerance, "tolerance", self.tolerance.to_string(), "it is at least 0 and below 1")?;
        if let Some(iterates) = self.keep_iterates {
            let possible = (1..=1000).contains(&iterates);
            check(possible, "keep_iterates", iterates.to_string(), "it is between 1 and 1000")?;
        }
        let noise = self.noise > 0.0 && self.noise <= 1.0;
        check(noise, "noise", self.noise.to_string(), "it is above 0 and at most 1")?;
        let ratio = self.keep_ratio >= 1.0 && self.keep_ratio.is_finite();
        check(ratio, "keep_ratio", self.keep_ratio.to_string(), "it is at least 1")?;
        let ratio = self.cut_ratio >= 1.0;
        check(ratio, "cut_ratio", self.cut_ratio.to_string(), "it is at least 1")?;
        let iou = (0.0..=1.0).contains(&self.duplicate_iou);
        check(iou, "duplicate_iou", self.duplicate_iou.to_string(), "it is between 0 and 1")?;
        Ok(family)
    }

    /// The filter radius of a variant.
    pub(crate) fn filter_radius(&self, variant: usize) -> f64 {
        self.filter_radii[variant % self.filter_radii.len()]
    }
}

const fn sensitivity() -> Filter {
    Filter::Sensitivity
}

const fn hundredth() -> f64 {
    0.01
}

const fn six_fifths() -> f64 {
    1.2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_what_differs_from_the_defaults() {
        let spec = GenerateSpec {
            filter_radii: vec![1.5, 2.0],
            keep_ratio: 1.2,
            seed: 7,
            ..GenerateSpec::for_family("cantilever").unwrap()
        };
        assert_eq!(
            spec.command(),
            "vae simp generate cantilever --grid 48x96 --seed 7 --variants 8 --filter-radii 1.5,2 --keep-ratio 1.2"
        );
    }

    #[test]
    fn settings_outside_their_domain_are_named() {
        let good = GenerateSpec::for_family("cantilever").unwrap();
        assert!(good.validate().is_ok());
        let message = |change: fn(&mut GenerateSpec)| {
            let mut spec = good.clone();
            change(&mut spec);
            spec.validate().unwrap_err().to_string()
        };
        assert!(message(|s| s.height = 1).starts_with("`grid` = 1x96 is not possible"));
        assert!(message(|s| s.variants = 0).starts_with("`variants` = 0"));
        assert!(message(|s| s.problems = Some(442)).starts_with("`problems` = 442"));
        assert!(message(|s| s.filter_radii = vec![]).starts_with("`filter_radii` = []"));
        assert!(message(|s| s.filter_radii = vec![0.5]).starts_with("`filter_radii` = 0.5"));
        assert!(message(|s| s.iterations = 0).starts_with("`iterations` = 0"));
        assert!(message(|s| s.knot_rows = 1).starts_with("`knot_rows` = 1"));
        assert!(message(|s| s.noise = 0.0).starts_with("`noise` = 0"));
        assert!(message(|s| s.keep_ratio = f64::NAN).starts_with("`keep_ratio` = NaN"));
        assert!(message(|s| s.duplicate_iou = 1.5).starts_with("`duplicate_iou` = 1.5"));
        assert!(message(|s| s.family = "arch".to_owned()).starts_with("unknown family `arch`"));
    }

    #[test]
    fn variants_take_the_radii_in_turn() {
        let spec = GenerateSpec::for_family("cantilever").unwrap();
        let radii: Vec<f64> = (0..5).map(|variant| spec.filter_radius(variant)).collect();
        assert_eq!(radii, [2.5, 3.0, 2.5, 3.0, 2.5]);
    }
}
