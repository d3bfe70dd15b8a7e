//! Young's modulus as a function of the density.

use crate::code::Code;

/// SIMP penalty, the exponent of the density in the stiffness, of [`Options::top88`] and of every
/// compliance that designs are compared by.
///
/// [`Options::top88`]: crate::Options::top88
pub const PENALTY: f64 = 3.0;

/// Young's modulus of a density of 0, over that of the solid: 1e-9.
pub const VOID_STIFFNESS: f64 = 1e-9;

/// Young's modulus as a function of the density.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Modulus {
    pub(crate) code: Code,
    pub(crate) penalty: f64,
    /// Below this density the modulus is linear; 0 if it is a power everywhere.
    pub(crate) linear_below: f64,
}

impl Modulus {
    pub(crate) fn at(self, x: f64) -> f64 {
        let void = self.void();
        let share = if x < self.linear_below {
            x * power(self.linear_below, self.penalty - 1.0)
        } else {
            power(x, self.penalty)
        };
        void + share * (1.0 - void)
    }

    /// Derivative of [`Self::at`].
    pub(crate) fn slope(self, x: f64) -> f64 {
        let slope = if x < self.linear_below {
            power(self.linear_below, self.penalty - 1.0)
        } else {
            self.penalty * power(x, self.penalty - 1.0)
        };
        slope * (1.0 - self.void())
    }

    const fn void(self) -> f64 {
        match self.code {
            Code::Top88 => VOID_STIFFNESS,
            Code::Top99 => 0.0,
        }
    }
}

/// `x^p`, by products for the usual exponents: `powf` of every element would cost as much as the
/// assembly.
#[expect(clippy::float_cmp, reason = "only exactly these exponents are products")]
fn power(x: f64, p: f64) -> f64 {
    if p == 3.0 {
        x * x * x
    } else if p == 2.0 {
        x * x
    } else {
        x.powf(p)
    }
}
