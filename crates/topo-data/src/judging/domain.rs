//! The free elements of a problem, and cutting designs to 0/1 at exactly its volume.

use ndarray::{Array2, ArrayView2};
use topo_simp::{PassiveKind, Problem, ProblemError};
use vae_data::{FREE, SOLID, VOID, cut_at_volume};

/// Which elements of a problem are free, and how much of them its volume fraction fills.
///
/// # Examples
///
/// ```
/// use topo_simp::{Grid, Problem};
/// let domain = topo_data::Domain::of(&Problem::cantilever(Grid { nelx: 2, nely: 2 }, 0.5))?;
/// assert_eq!(domain.cut(&[0.9, 0.2, 0.6, 0.6]), [1.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), topo_simp::ProblemError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Row by row; `None` if every element is free.
    passive: Option<Vec<Option<PassiveKind>>>,
    /// Share of the free elements that is material.
    free_fraction: f64,
    /// The volume fraction of the problem.
    volume_fraction: f64,
}

impl Domain {
    /// The domain of a problem.
    ///
    /// # Errors
    ///
    /// As [`Problem::validate`].
    pub fn of(problem: &Problem) -> Result<Self, ProblemError> {
        let volume_fraction = problem.volume_fraction;
        if problem.passive.is_empty() {
            return Ok(Self::free(volume_fraction));
        }
        let passive: Vec<_> = problem.nodal()?.passive.into_iter().collect();
        let count = |kind| passive.iter().filter(|&&cell| cell == kind).count();
        let free = count(None);
        let in_domain = passive.len() - count(Some(PassiveKind::Outside));
        let material = volume_fraction * in_domain as f64 - count(Some(PassiveKind::Solid)) as f64;
        let free_fraction = (material / free as f64).clamp(0.0, 1.0);
        Ok(Self { passive: Some(passive), free_fraction, volume_fraction })
    }

    /// A domain without passive elements.
    pub fn free(volume_fraction: f64) -> Self {
        Self { passive: None, free_fraction: volume_fraction, volume_fraction }
    }

    /// The volume fraction that the problem asks for.
    pub fn volume_fraction(&self) -> f64 {
        self.volume_fraction
    }

    /// Share of the free elements that the volume fraction fills beside the passive solid ones.
    pub fn free_fraction(&self) -> f64 {
        self.free_fraction
    }

    /// The design cut to 0/1 at exactly the volume fraction: the densest free elements become
    /// solid, and passive ones get their prescribed density.
    ///
    /// # Panics
    ///
    /// If the design is of another size, or a density is NaN.
    pub fn cut(&self, design: &[f32]) -> Vec<f32> {
        let mut cut = design.to_vec();
        let free: Option<Vec<bool>> =
            self.passive.as_ref().map(|passive| passive.iter().map(Option::is_none).collect());
        cut_at_volume(&mut cut, free.as_deref(), self.free_fraction as f32);
        self.hold(&mut cut);
        cut
    }

    /// The design cut as [`cut`](Self::cut) does, in its shape.
    ///
    /// # Panics
    ///
    /// As [`cut`](Self::cut).
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn cut_in_shape(&self, design: ArrayView2<'_, f32>) -> Array2<f32> {
        let cut = self.cut(&design.iter().copied().collect::<Vec<_>>());
        let width = design.ncols();
        Array2::from_shape_fn(design.dim(), |(i, j)| cut[i * width + j])
    }

    /// Whether a passive element, counted row by row, is solid; `None` for a free one.
    pub(super) fn held(&self, element: usize) -> Option<bool> {
        self.passive.as_ref()?[element].map(|kind| kind == PassiveKind::Solid)
    }

    /// Gives passive elements their prescribed density.
    ///
    /// # Panics
    ///
    /// If the design is of another size.
    #[track_caller]
    fn hold(&self, design: &mut [f32]) {
        let Some(passive) = &self.passive else { return };
        assert_eq!(design.len(), passive.len(), "a design has one value per element");
        for (density, kind) in design.iter_mut().zip(passive) {
            match kind {
                None => {}
                Some(PassiveKind::Solid) => *density = 1.0,
                Some(PassiveKind::Void | PassiveKind::Outside) => *density = 0.0,
            }
        }
    }

    /// Mean density over the domain; what lies outside does not count.
    pub fn mean(&self, design: impl IntoIterator<Item = f64>) -> f64 {
        self.mean_of(design, |x| x)
    }

    /// Mean of `4 x (1 - x)` over the domain.
    pub fn greyness(&self, design: impl IntoIterator<Item = f64>) -> f64 {
        self.mean_of(design, |x| 4.0 * x * (1.0 - x))
    }

    /// The mask of a data set, row by row; `None` if every element is free.
    pub fn mask(&self) -> Option<Vec<u8>> {
        let role = |kind: &Option<PassiveKind>| match kind {
            None => FREE,
            Some(PassiveKind::Solid) => SOLID,
            Some(PassiveKind::Void | PassiveKind::Outside) => VOID,
        };
        self.passive.as_ref().map(|passive| passive.iter().map(role).collect())
    }

    fn mean_of(&self, design: impl IntoIterator<Item = f64>, f: fn(f64) -> f64) -> f64 {
        let inside = |i: usize| {
            self.passive.as_ref().is_none_or(|passive| passive[i] != Some(PassiveKind::Outside))
        };
        let (mut sum, mut n) = (0.0, 0_usize);
        for (_, x) in design.into_iter().enumerate().filter(|(i, _)| inside(*i)) {
            sum += f(x);
            n += 1;
        }
        sum / n.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use topo_simp::{BracketLoad, Grid, Shape};

    use super::*;

    #[test]
    fn outside_and_passive_elements_count_as_the_solver_counts_them() {
        let grid = Grid { nelx: 10, nely: 10 };
        let bracket = Problem::l_bracket(grid, 0.5, BracketLoad::Mid);
        let domain = Domain::of(&bracket).unwrap();
        // The L has 64 elements.
        let cut = domain.cut(&(0..100).map(|i| i as f32 / 100.0).collect::<Vec<_>>());
        assert!((cut.iter().sum::<f32>() - 32.0).abs() < 1e-6);
        assert!((domain.mean(cut.iter().map(|&x| f64::from(x))) - 0.5).abs() < 1e-9);
        let mask = domain.mask().unwrap();
        assert_eq!(mask.iter().map(|&role| usize::from(role == FREE)).sum::<usize>(), 64);

        let bar = Shape::Rectangle { min: [0.0, 0.0], max: [1.0, 0.2] };
        let deck = Problem::cantilever(grid, 0.3).with_passive(PassiveKind::Solid, bar);
        let domain = Domain::of(&deck).unwrap();
        let cut = domain.cut(&[0.5; 100]);
        assert!((cut.iter().sum::<f32>() - 30.0).abs() < 1e-6);
        assert!(cut[..20].iter().all(|&x| 1.0 <= x));
        assert!((domain.greyness([0.5; 100]) - 1.0).abs() < 1e-12);
    }
}
