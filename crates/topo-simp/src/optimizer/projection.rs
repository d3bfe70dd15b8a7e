//! From filtered to physical densities: steps that become sharper during the optimization.

use crate::error::SimpError;

/// A smooth step that turns the filtered densities x̃ into nearly black and white physical
/// densities.
///
/// It follows a density filter. Its sharpness β starts at `beta` and doubles up to `max_beta`, each
/// time after `iterations_per_beta` iterations or as soon as the design has settled.
///
/// # Examples
/// ```
/// use topo_simp::{Filter, Grid, Options, Problem, Projection, ProjectionRule, optimize};
/// let grid = Grid { nelx: 30, nely: 10 };
/// let projection = Projection::tanh(ProjectionRule::VolumePreserving);
/// let options = Options { projection: Some(projection), ..Options::top88(Filter::Density, 2.0) };
/// let crisp = optimize(&Problem::mbb(grid, 0.5), &options)?;
/// let grey = optimize(&Problem::mbb(grid, 0.5), &Options { projection: None, ..options })?;
/// assert!(crisp.greyness < 0.3 * grey.greyness);
/// # Ok::<(), topo_simp::SimpError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// Which step.
    pub rule: ProjectionRule,
    /// Sharpness at the start, above 0.
    pub beta: f64,
    /// Largest sharpness, at least `beta`.
    pub max_beta: f64,
    /// Iterations after which the sharpness doubles at the latest; at least 1.
    pub iterations_per_beta: usize,
}

/// The shape of the step, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProjectionRule {
    /// `1 − e^(−βx̃) + x̃ e^(−β)`: whatever is not quite void becomes solid, so that no solid part
    /// is smaller than the filter.
    ///
    /// Reference: Guest, Prévost and Belytschko, "Achieving minimum length scale in topology
    /// optimization using nodal design variables and projection functions", 2004.
    Exponential,
    /// `(tanh βη + tanh β(x̃ − η)) / (tanh βη + tanh β(1 − η))`: a step at the threshold η, in \[0,
    /// 1\].
    ///
    /// Reference: Wang, Lazarov and Sigmund, "On projection methods, convergence and robust
    /// formulations in topology optimization", 2011.
    Tanh {
        /// The threshold.
        eta: f64,
    },
    /// As `Tanh`, with η chosen in every iteration such that the projected densities have the
    /// volume asked for.
    ///
    /// Reference: Ferrari and Sigmund, "A new generation 99 line Matlab code for compliance
    /// topology optimization and its extension to 3D", 2020.
    VolumePreserving,
    /// A minimum length scale: the stiffness of the design eroded at η = 0.5 + `offset` is
    /// optimized, the volume is that of the design handed back, at η = 0.5. Neither bars nor holes
    /// can be much thinner than the filter allows.
    ///
    /// Reference: Wang, Lazarov and Sigmund 2011, with the eroded design standing for the worst
    /// case of the three.
    Robust {
        /// How far the threshold moves, in (0, 0.5).
        offset: f64,
    },
}

impl Projection {
    /// The continuation of the 110-line code: exponential, β from 1 to 512, doubled every 50
    /// iterations.
    ///
    /// Reference: Andreassen, Clausen, Schevenels, Lazarov and Sigmund, "Efficient topology
    /// optimization in MATLAB using 88 lines of code", 2011, section 5.3.
    pub const fn top110() -> Self {
        Self {
            rule: ProjectionRule::Exponential,
            beta: 1.0,
            max_beta: 512.0,
            iterations_per_beta: 50,
        }
    }

    /// A gentle continuation for the hyperbolic steps: β from 1 to 32, doubled every 30 iterations.
    pub const fn tanh(rule: ProjectionRule) -> Self {
        Self { rule, beta: 1.0, max_beta: 32.0, iterations_per_beta: 30 }
    }

    /// A minimum length scale with the offset 0.2, and the continuation of [`Projection::tanh`].
    pub const fn robust() -> Self {
        Self::tanh(ProjectionRule::Robust { offset: 0.2 })
    }

    pub(crate) fn check(&self) -> Result<(), SimpError> {
        let check = |name, value: f64, fine: bool, range| {
            if fine { Ok(()) } else { Err(SimpError::Option { name, value, range }) }
        };
        check("beta", self.beta, self.beta > 0.0 && self.beta.is_finite(), "positive and finite")?;
        let largest = self.max_beta;
        check("max_beta", largest, largest >= self.beta && largest <= 1e3, "from beta to 1000")?;
        let every = self.iterations_per_beta;
        check("iterations_per_beta", every as f64, every > 0, "at least 1")?;
        match self.rule {
            ProjectionRule::Exponential | ProjectionRule::VolumePreserving => Ok(()),
            ProjectionRule::Tanh { eta } => {
                check("eta", eta, (0.0..=1.0).contains(&eta), "in [0, 1]")
            }
            ProjectionRule::Robust { offset } => {
                check("offset", offset, offset > 0.0 && offset < 0.5, "in (0, 0.5)")
            }
        }
    }
}

/// One step with its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Exponential { beta: f64 },
    Tanh { beta: f64, eta: f64 },
}

impl Step {
    pub(crate) fn value(self, x: f64) -> f64 {
        match self {
            Self::Exponential { beta } => 1.0 - (-beta * x).exp() + x * (-beta).exp(),
            Self::Tanh { beta, eta } => {
                ((beta * eta).tanh() + (beta * (x - eta)).tanh()) / tanh_range(beta, eta)
            }
        }
    }

    /// Derivative of [`Self::value`].
    pub(crate) fn slope(self, x: f64) -> f64 {
        match self {
            Self::Exponential { beta } => beta * (-beta * x).exp() + (-beta).exp(),
            Self::Tanh { beta, eta } => {
                beta * (beta * (x - eta)).cosh().powi(-2) / tanh_range(beta, eta)
            }
        }
    }
}

fn tanh_range(beta: f64, eta: f64) -> f64 {
    (beta * eta).tanh() + (beta * (1.0 - eta)).tanh()
}

/// The threshold at which the projection of `densities` has the given sum.
///
/// Newton's method, held in a bracket by bisection: the sum falls as the threshold rises. Where no
/// threshold in \[0, 1\] will do, the nearer end.
pub(crate) fn volume_preserving_eta(
    densities: impl Iterator<Item = f64> + Clone,
    beta: f64,
    sum: f64,
    guess: f64,
) -> f64 {
    const ACCURACY: f64 = 1e-9;
    let n = densities.clone().count() as f64;
    let (mut low, mut high) = (0.0, 1.0);
    let mut eta = guess;
    for _ in 0..60 {
        let (mut total, mut slope) = (0.0, 0.0);
        let (csch, step) = (beta.sinh().recip(), Step::Tanh { beta, eta });
        for x in densities.clone() {
            total += step.value(x);
            // β csch β · sech² β(x−η) · sinh βx · sinh β(1−x), written without overflow of the
            // product.
            let sech = (beta * (x - eta)).cosh().recip();
            slope -= beta * csch * (sech * (beta * x).sinh()) * (sech * (beta * (1.0 - x)).sinh());
        }
        let error = total - sum;
        if error.abs() <= ACCURACY * n {
            break;
        }
        if error > 0.0 {
            low = eta;
        } else {
            high = eta;
        }
        let newton = eta - error / slope;
        eta = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
    }
    eta
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps(beta: f64, eta: f64) -> [Step; 2] {
        [Step::Exponential { beta }, Step::Tanh { beta, eta }]
    }

    proptest! {
        #[test]
        fn steps_map_the_unit_interval_onto_itself(beta in 0.1..60.0, eta in 0.0..1.0, x in 0.0..1.0, y in 0.0..1.0) {
            for step in steps(beta, eta) {
                prop_assert!(step.value(0.0).abs() < 1e-12 && (step.value(1.0) - 1.0).abs() < 1e-12);
                let (low, high) = if x < y { (x, y) } else { (y, x) };
                prop_assert!(step.value(low) <= step.value(high) + 1e-15);
            }
        }

        #[test]
        fn slope_equals_central_differences(beta in 0.1..60.0, eta in 0.0..1.0, x in 0.01..0.99) {
            for step in steps(beta, eta) {
                let numeric = (step.value(x + 1e-6) - step.value(x - 1e-6)) / 2e-6;
                prop_assert!((step.slope(x) - numeric).abs() < 1e-6 * (1.0 + beta * beta));
            }
        }

        #[test]
        fn volume_is_preserved(beta in 0.1..300.0, guess in 0.0..1.0, x in prop::collection::vec(0.0..1.0, 3..40)) {
            let sum: f64 = x.iter().sum();
            let eta = volume_preserving_eta(x.iter().copied(), beta, sum, guess);
            let projected: f64 = x.iter().map(|&x| Step::Tanh { beta, eta }.value(x)).sum();
            prop_assert!((projected - sum).abs() < 1e-6 * x.len() as f64, "{} {}", projected, sum);
        }
    }

    #[test]
    fn sharp_steps_are_black_and_white() {
        for (x, expected) in [(0.3, 0.0), (0.7, 1.0)] {
            assert!((Step::Tanh { beta: 200.0, eta: 0.5 }.value(x) - expected).abs() < 1e-12);
        }
    }
}
