//! What to make: everything that decides the bytes of a generated data set.

use serde::{Deserialize, Deserializer, Serialize};
use toml::Table;
use topo_simp::{Filter, Solver};
use vae_base::layers::merge;

use crate::{
    error::{Result, TopoDataError},
    families::{Family, SIDE},
};

/// Settings that may be absent.
const OPTIONAL: [&str; 2] = ["problems", "keep_iterates"];

/// Everything that decides a generated data set: the same specification gives the same bytes on the
/// same machine and build.
///
/// Each design is made in three stages of one SIMP run with penalty 3 and, unless told otherwise, a
/// sensitivity filter. The first, with the variant's own radius, decides the layout; the second,
/// with radius 1.2, sharpens it; the last, without a filter (radius 1), is kept so short that the
/// grey rim of the members goes but no checkerboard comes. With `keep_iterates` there is the first
/// stage only, and the designs of its iterations are kept instead of its end.
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
    /// Number of problems, drawn at random from the family; `None` takes all.
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
    /// Number of first iterations whose designs are all kept, each as it is before the iteration,
    /// in place of the last design; `None` (in files also 0) keeps the last.
    #[serde(default, deserialize_with = "zero_is_none", skip_serializing_if = "Option::is_none")]
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
    /// The settings of a built-in family, or of the one in a file, on its own grid.
    ///
    /// # Errors
    ///
    /// As [`GenerateSpec::layered`].
    pub fn for_family(name: &str) -> Result<Self> {
        Self::layered(name, Table::new())
    }

    /// The settings of a family with other values laid over them, by their names.
    ///
    /// # Errors
    ///
    /// As [`Family::named`]; [`TopoDataError::UnknownSetting`] and [`TopoDataError::Setting`] for
    /// invalid values, and [`TopoDataError::Family`] for invalid defaults of the family.
    ///
    /// # Examples
    ///
    /// ```
    /// use topo_data::GenerateSpec;
    /// let spec = GenerateSpec::layered("mixed", "seed = 7\nfilter_radii = [1.5]".parse()?)?;
    /// assert_eq!((spec.seed, spec.filter_radii), (7, vec![1.5]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn layered(name: &str, over: Table) -> Result<Self> {
        let family = Family::named(name)?;
        let wrong = |reason| TopoDataError::Family { name: family.name.clone(), reason };
        let mut settings = Self::standard(name, &family).to_table();
        // A family states its own name and grid, and decides neither the seed nor the number of
        // problems.
        let stated: Table = ["family", "height", "width", "seed"]
            .iter()
            .filter_map(|key| settings.remove_entry(*key))
            .collect();
        merge(&mut settings, family.defaults.clone(), &["keep_iterates"])
            .map_err(|unknown| wrong(format!("[defaults] has an {unknown}")))?;
        settings.extend(stated);
        Self::of(settings.clone()).map_err(|error| wrong(format!("in [defaults]: {error}")))?;
        merge(&mut settings, over, &OPTIONAL)?;
        Self::of(settings).map_err(TopoDataError::Setting)
    }

    /// What suits most families.
    fn standard(name: &str, family: &Family) -> Self {
        Self {
            family: name.to_owned(),
            height: family.height,
            width: family.width,
            seed: 1,
            variants: 8,
            problems: None,
            filter: sensitivity(),
            filter_radii: vec![2.5, 3.0],
            iterations: 40,
            sharpen_iterations: 12,
            crisp_iterations: 2,
            tolerance: hundredth(),
            solver: Solver::Multigrid,
            keep_iterates: None,
            knot_rows: 4,
            noise: 0.3,
            keep_ratio: 1.1,
            cut_ratio: six_fifths(),
            duplicate_iou: 0.98,
        }
    }

    /// The settings by their names; those that are `None` are left out.
    fn to_table(&self) -> Table {
        Table::try_from(self).expect("numbers, texts and a list have a TOML form")
    }

    fn of(settings: Table) -> std::result::Result<Self, String> {
        settings.try_into().map_err(|error: toml::de::Error| error.message().trim().to_owned())
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
        let inside = |n: usize| SIDE.contains(&n);
        check(
            inside(self.height) && inside(self.width),
            "grid",
            grid,
            "each side must have 2 to 1024 elements",
        )?;
        let variants = (1..=MOST_VARIANTS).contains(&self.variants);
        let reason = "it must be between 1 and 10,000";
        check(variants, "variants", self.variants.to_string(), reason)?;
        if let Some(problems) = self.problems {
            let possible = (1..=family.problems()).contains(&problems);
            check(
                possible,
                "problems",
                problems.to_string(),
                "it must be at least 1 and at most the number of the family",
            )?;
        }
        let listed = self.problems.is_some() || family.problems() <= 1 << 20;
        check(listed, "problems", "all".to_owned(), "this family has too many: say how many")?;
        check(
            !self.filter_radii.is_empty(),
            "filter_radii",
            "[]".to_owned(),
            "it must have at least one entry",
        )?;
        for radius in &self.filter_radii {
            let possible = (1.0..=64.0).contains(radius);
            check(
                possible,
                "filter_radii",
                radius.to_string(),
                "each must be between 1 and 64 elements",
            )?;
        }
        check(
            self.iterations > 0,
            "iterations",
            self.iterations.to_string(),
            "it must be at least 1",
        )?;
        let knots = (2..=self.height.max(2)).contains(&self.knot_rows);
        check(
            knots,
            "knot_rows",
            self.knot_rows.to_string(),
            "it must be at least 2 and at most the rows of the grid",
        )?;
        let tolerance = self.tolerance >= 0.0 && self.tolerance < 1.0;
        check(
            tolerance,
            "tolerance",
            self.tolerance.to_string(),
            "it must be at least 0 and below 1",
        )?;
        if let Some(iterates) = self.keep_iterates {
            let possible = (1..=1000).contains(&iterates);
            check(
                possible,
                "keep_iterates",
                iterates.to_string(),
                "it must be between 1 and 1000",
            )?;
        }
        let problems = self.problems.unwrap_or_else(|| family.problems());
        let of_problem = self.variants * self.keep_iterates.unwrap_or(1);
        let cells = problems.saturating_mul(of_problem).saturating_mul(self.height * self.width);
        check(
            cells <= MOST_CELLS,
            "problems",
            problems.to_string(),
            "their designs would not fit into 16 GB of memory: take fewer problems or variants, or a coarser grid, or put sets together",
        )?;
        let noise = self.noise > 0.0 && self.noise <= 1.0;
        check(noise, "noise", self.noise.to_string(), "it must be above 0 and at most 1")?;
        let ratio = self.keep_ratio >= 1.0 && self.keep_ratio.is_finite();
        check(ratio, "keep_ratio", self.keep_ratio.to_string(), "it must be at least 1")?;
        let ratio = self.cut_ratio >= 1.0;
        check(ratio, "cut_ratio", self.cut_ratio.to_string(), "it must be at least 1")?;
        let iou = (0.0..=1.0).contains(&self.duplicate_iou);
        check(iou, "duplicate_iou", self.duplicate_iou.to_string(), "it must be between 0 and 1")?;
        Ok(family)
    }

    /// The filter radius of a variant.
    pub(crate) fn filter_radius(&self, variant: usize) -> f64 {
        self.filter_radii[variant % self.filter_radii.len()]
    }
}

/// Largest number of variants of a problem.
const MOST_VARIANTS: usize = 10_000;
/// Largest number of elements of all designs that are tried; each is a byte, held until the best
/// are chosen.
const MOST_CELLS: usize = 1 << 34;

/// Reads 0 as `None`, which has no other form in TOML.
fn zero_is_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<usize>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|&count| count != 0))
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
    fn a_layer_outranks_the_family_and_the_family_what_suits_most() {
        let layered = |text: &str| GenerateSpec::layered("tutorial", text.parse().unwrap());
        let spec = layered("").unwrap();
        assert_eq!((spec.filter_radii, spec.keep_iterates), (vec![1.5], Some(51)));
        let spec = layered("filter_radii = [2]\nkeep_iterates = 0\nproblems = 3").unwrap();
        assert_eq!(spec.filter_radii, [2.0]);
        assert_eq!((spec.keep_iterates, spec.problems, spec.knot_rows), (None, Some(3), 4));
        let error = layered("knot_row = 3").unwrap_err().to_string();
        assert_eq!(error, "unknown key `knot_row`; did you mean `knot_rows`?");
        assert!(matches!(layered("seed = \"x\""), Err(TopoDataError::Setting(_))));
    }

    #[test]
    fn wrong_defaults_of_a_family_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("arch.toml");
        let cantilever = include_str!("../../families/cantilever.toml");
        let message = |defaults: &str| {
            let text = cantilever.replacen("\n\n", &format!("\n[defaults]\n{defaults}\n\n"), 1);
            std::fs::write(&path, text).unwrap();
            GenerateSpec::for_family(path.to_str().unwrap()).unwrap_err().to_string()
        };
        assert!(message("variant = 3").contains("unknown key `variant`; did you mean `variants`?"));
        assert!(message("seed = 3").contains("unknown key `seed`"));
        assert!(message("noise = \"loud\"").contains("in [defaults]"));
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
        assert!(
            message(|s| s.variants = usize::MAX).starts_with("`variants` = 18446744073709551615")
        );
        let large = message(|s| {
            (s.height, s.width, s.variants) = (1024, 1024, 10_000);
        });
        assert!(large.starts_with("`problems` = 441") && large.contains("16 GB"), "{large}");
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
