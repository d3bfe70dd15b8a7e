//! One step of the optimality criteria.

use crate::Code;

/// What the step needs, by element.
pub(crate) struct Step<'a> {
    /// The design variables before the step.
    pub(crate) design: &'a [f64],
    /// Derivatives of the compliance, at most 0.
    pub(crate) compliance_slope: &'a [f64],
    /// Derivatives of the volume, above 0.
    pub(crate) volume_slope: &'a [f64],
    /// What a design variable adds to the physical volume; the volume is linear in them.
    pub(crate) volume_weight: &'a [f64],
    /// Volume that does not depend on the design.
    pub(crate) constant_volume: f64,
    pub(crate) target_volume: f64,
    pub(crate) move_limit: f64,
}

impl Code {
    /// Smallest value of a design variable.
    pub(crate) const fn least_density(self) -> f64 {
        match self {
            Self::Top88 => 0.0,
            Self::Top99 => 0.001,
        }
    }

    /// Writes `clamp(x · sqrt(−dc / (dv λ)), x − move, x + move)` with the λ that meets the volume.
    ///
    /// Follows the bisection of the two classic codes to the letter, because the result depends on where it stops.
    pub(crate) fn update(self, step: &Step<'_>, work: &mut [f64], new: &mut [f64]) {
        let least = self.least_density();
        for (((work, x), dc), dv) in
            work.iter_mut().zip(step.design).zip(step.compliance_slope).zip(step.volume_slope)
        {
            *work = x * ((-dc).max(0.0) / dv).sqrt();
        }
        let (mut low, mut high) = match self {
            Self::Top88 => (0.0, 1e9),
            Self::Top99 => (0.0, 1e5),
        };
        loop {
            let go_on = match self {
                // The second bound ends the search if any λ leaves the volume too small, as in a thin start.
                Self::Top88 => (high - low) / (low + high) > 1e-3 && high > 1e-40,
                Self::Top99 => high - low > 1e-4,
            };
            if !go_on {
                break;
            }
            let middle: f64 = 0.5 * (low + high);
            let factor = 1.0 / middle.sqrt();
            let volume = step.constant_volume + trial(step, work, factor, least, new);
            if volume > step.target_volume {
                low = middle;
            } else {
                high = middle;
            }
        }
    }
}

/// One trial of the bisection; returns the volume that the design variables add.
fn trial(step: &Step<'_>, roots: &[f64], factor: f64, least: f64, new: &mut [f64]) -> f64 {
    const LANES: usize = 8;
    let one = |x: f64, root: f64| {
        let lower = (x - step.move_limit).max(least);
        let upper = (x + step.move_limit).min(1.0);
        (root * factor).min(upper).max(lower)
    };
    let (new, new_rest) = new.as_chunks_mut::<LANES>();
    let (x, x_rest) = step.design.as_chunks::<LANES>();
    let (roots, roots_rest) = roots.as_chunks::<LANES>();
    let (weights, weights_rest) = step.volume_weight.as_chunks::<LANES>();
    // Several sums side by side, so that the loop can be vectorized.
    let mut sums = [0.0; LANES];
    for (((new, x), roots), weights) in new.iter_mut().zip(x).zip(roots).zip(weights) {
        for l in 0..LANES {
            new[l] = one(x[l], roots[l]);
            sums[l] += weights[l] * new[l];
        }
    }
    let mut total = sums.iter().sum();
    for (((new, x), root), weight) in
        new_rest.iter_mut().zip(x_rest).zip(roots_rest).zip(weights_rest)
    {
        *new = one(*x, *root);
        total += weight * *new;
    }
    total
}
