//! From the logits of a decoder to densities of exactly the volume asked for.

use ndarray::{Array2, ArrayView2};
use topo_data::Domain;
use topo_simp::{Grid, Problem, Symmetry};
use vae_data::{FREE, SOLID};

use crate::error::{DesignError, Result};

/// Rounds of the root finder at most; a bisection alone needs about 60.
const ROUNDS: usize = 200;

/// Gives the logits of a decoder exactly the volume of a problem.
///
/// `ρᵢ = sigmoid(β (lᵢ + s))` on the free elements, with the one shift `s` for which their mean is
/// the share that the problem leaves to them; β is the sharpness. Passive elements get their
/// prescribed density. With a symmetry the logits are replaced by their mean with their mirror
/// image first. Everything is differentiable: [`Projected::pull_back`].
///
/// # Examples
///
/// ```
/// use topo_simp::{Grid, Problem};
/// use vae_design::Projection;
///
/// let problem = Problem::cantilever(Grid { nelx: 3, nely: 2 }, 0.4);
/// let projection = Projection::new(&problem, 1.0, None)?;
/// let projected = projection.project(&[5.0, 1.0, -4.0, 2.0, 0.0, -1.0]);
/// assert!((projected.densities().mean().unwrap_or(0.0) - 0.4).abs() < 1e-15);
/// // 0.4 of six elements is 2.4: two.
/// assert_eq!(projected.cut(), ndarray::array![[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
/// # Ok::<(), vae_design::DesignError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Projection {
    grid: Grid,
    domain: Domain,
    /// The prescribed density of each passive element, row by row; `None` where it is free.
    held: Vec<Option<f64>>,
    sharpness: f64,
    symmetry: Option<Symmetry>,
}

/// Logits with the shift that gives them their volume.
#[derive(Clone, Debug)]
pub struct Projected<'a> {
    projection: &'a Projection,
    /// `l + s`, row by row.
    shifted: Vec<f64>,
}

impl Projection {
    /// The projection of a problem.
    ///
    /// `sharpness` is β; the larger, the less grey. At 1 the densities are the decoder's own
    /// probabilities, but for the shift.
    ///
    /// # Errors
    ///
    /// [`DesignError::Problem`] and [`DesignError::Simp`] for a problem that is invalid or lacks
    /// the symmetry, [`DesignError::Volume`] if all free elements would be alike, and
    /// [`DesignError::OutOfRange`] for a sharpness that is not positive.
    pub fn new(problem: &Problem, sharpness: f64, symmetry: Option<Symmetry>) -> Result<Self> {
        problem.validate()?;
        if let Some(symmetry) = symmetry {
            problem.check_symmetry(symmetry)?;
        }
        Self::over(problem.grid, Domain::of(problem)?, sharpness, symmetry)
    }

    /// The projection to a volume fraction where every element is free.
    ///
    /// # Errors
    ///
    /// [`DesignError::Volume`] for a volume fraction outside (0, 1).
    pub fn of_volume(grid: Grid, volume_fraction: f64) -> Result<Self> {
        Self::over(grid, Domain::free(volume_fraction), 1.0, None)
    }

    fn over(
        grid: Grid,
        domain: Domain,
        sharpness: f64,
        symmetry: Option<Symmetry>,
    ) -> Result<Self> {
        if !(sharpness > 0.0 && sharpness.is_finite()) {
            let (what, range) = ("the sharpness", "positive and finite");
            return Err(DesignError::OutOfRange { what, value: sharpness, range });
        }
        let (share, volume_fraction) = (domain.free_fraction(), domain.volume_fraction());
        if !(0.0 < share && share < 1.0) {
            return Err(DesignError::Volume { volume_fraction, solid: 0.0 < share });
        }
        let held = |role: u8| match role {
            FREE => None,
            role => Some(if role == SOLID { 1.0 } else { 0.0 }),
        };
        let held = domain.mask().map(|mask| mask.into_iter().map(held).collect());
        let held = held.unwrap_or_else(|| vec![None; grid.n_elements()]);
        Ok(Self { grid, domain, held, sharpness, symmetry })
    }

    /// The mesh of the problem.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Finds the shift of logits, one per element, row by row.
    ///
    /// # Panics
    ///
    /// If there are more or fewer, or if one is not finite.
    #[track_caller]
    pub fn project(&self, logits: &[f64]) -> Projected<'_> {
        assert_eq!(logits.len(), self.grid.n_elements(), "there is one logit per element");
        assert!(logits.iter().all(|logit| logit.is_finite()), "a logit is not finite");
        let mut shifted = logits.to_vec();
        if let Some(symmetry) = self.symmetry {
            symmetry.average(self.grid, &mut shifted);
        }
        // The second round starts next to the root, where numbers are small and their spacing is
        // finest.
        for _ in 0..2 {
            let free = shifted.iter().zip(&self.held).filter(|(_, held)| held.is_none());
            let sharp: Vec<f64> = free.map(|(logit, _)| self.sharpness * logit).collect();
            let shift = shift(&sharp, self.domain.free_fraction()) / self.sharpness;
            for logit in &mut shifted {
                *logit += shift;
            }
        }
        Projected { projection: self, shifted }
    }
}

impl Projected<'_> {
    /// The densities, shape (nely, nelx): the mean over the free elements is met to 1e-12.
    pub fn densities(&self) -> Array2<f64> {
        let Projection { held, sharpness, .. } = self.projection;
        self.by_element(|e, logit| held[e].unwrap_or_else(|| sigmoid(sharpness * logit)))
    }

    /// The design of 0 and 1 that holds exactly `round(share · n)` of the n free elements, those
    /// with the greatest logits.
    ///
    /// Under a symmetry it is symmetric where that number allows it; else one set of mirrored
    /// elements is split, the first in reading order being solid.
    pub fn cut(&self) -> Array2<f32> {
        self.projection.domain.cut_in_shape(self.logits().view())
    }

    /// The design of 0 and 1 with as many elements as [`cut`](Self::cut), in one piece where that
    /// can be: [`Domain::cut_whole`].
    pub fn cut_whole(&self) -> Array2<f32> {
        let Projection { domain, symmetry, .. } = self.projection;
        domain.cut_whole(self.logits().view(), *symmetry)
    }

    /// The derivative by the logits from that by the densities.
    ///
    /// With `wᵢ = β ρᵢ (1 − ρᵢ)` on the free elements, constant volume means `Σ wᵢ (dlᵢ + ds) = 0`,
    /// so the shift moves by `ds/dlⱼ = −wⱼ / Σ w`, and `dC/dlⱼ = wⱼ (gⱼ − Σ w g / Σ w)` for a
    /// gradient g by the densities.
    ///
    /// # Panics
    ///
    /// If the gradient has another shape than the densities.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn pull_back(&self, gradient: ArrayView2<'_, f64>) -> Vec<f64> {
        let Projection { grid, ref held, sharpness, symmetry, .. } = *self.projection;
        assert_eq!(gradient.dim(), (grid.nely, grid.nelx), "a gradient is shaped as the densities");
        let weight = |logit: f64| sharpness * sigmoid_slope(sharpness * logit);
        let weights =
            self.by_element(|e, logit| if held[e].is_some() { 0.0 } else { weight(logit) });
        let total = weights.sum();
        // All densities are 0 or 1 to the last digit: nothing moves.
        let mean = if total > 0.0 { (&weights * &gradient).sum() / total } else { 0.0 };
        let mut result: Vec<f64> =
            weights.iter().zip(&gradient).map(|(w, g)| w * (g - mean)).collect();
        if let Some(symmetry) = symmetry {
            symmetry.average(grid, &mut result);
        }
        result
    }

    fn logits(&self) -> Array2<f32> {
        self.by_element(|_, logit| logit as f32)
    }

    fn by_element<T>(&self, value: impl Fn(usize, f64) -> T) -> Array2<T> {
        let Grid { nelx, nely } = self.projection.grid;
        Array2::from_shape_fn((nely, nelx), |(i, j)| {
            value(i * nelx + j, self.shifted[i * nelx + j])
        })
    }
}

/// The `t` for which the mean of `sigmoid(x + t)` is `share`: Newton's method, and bisection
/// wherever it would leave the bracket or is slow.
fn shift(xs: &[f64], share: f64) -> f64 {
    let odds = (share / (1.0 - share)).ln();
    let (least, most) = xs
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (f64::min(a, x), f64::max(b, x)));
    // All probabilities are at most the share at one end, and at least at the other.
    let (mut low, mut high) = (odds - most, odds - least);
    let n = xs.len() as f64;
    let mut t = 0.5 * (low + high);
    let mut step = high - low;
    for _ in 0..ROUNDS {
        let (sum, slope) = xs.iter().fold((0.0, 0.0), |(sum, slope), x| {
            (sum + sigmoid(x + t), slope + sigmoid_slope(x + t))
        });
        let excess = sum - share * n;
        if excess < 0.0 {
            low = t;
        } else if excess > 0.0 {
            high = t;
        } else {
            break;
        }
        let newton = t - excess / slope;
        let good = low < newton && newton < high && (newton - t).abs() < 0.5 * step;
        let next = if good { newton } else { 0.5 * (low + high) };
        step = (next - t).abs();
        // The spacing of numbers is reached.
        if step <= 0.0 {
            break;
        }
        t = next;
    }
    t
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `sigmoid(x) (1 − sigmoid(x))` without loss at either end.
fn sigmoid_slope(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    e / ((1.0 + e) * (1.0 + e))
}
