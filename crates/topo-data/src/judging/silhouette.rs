//! Designs as bits, for comparing many of them.

use rayon::prelude::*;

/// Which elements of a design are material, one bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silhouette {
    words: Vec<u64>,
    elements: usize,
}

impl Silhouette {
    /// The elements denser than one half.
    pub fn of(density: &[f32]) -> Self {
        let words = density
            .chunks(64)
            .map(|chunk| {
                chunk.iter().enumerate().fold(0, |word, (i, &x)| word | (u64::from(x > 0.5) << i))
            })
            .collect();
        Self { words, elements: density.len() }
    }

    /// Intersection over union of the material of two designs, in `[0, 1]`; 1 if both are empty.
    ///
    /// `|a ∧ b| / |a ∨ b|`
    ///
    /// # Panics
    ///
    /// If the designs differ in the number of elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use topo_data::Silhouette;
    /// let (a, b) = (Silhouette::of(&[1.0, 1.0, 0.0]), Silhouette::of(&[0.0, 1.0, 1.0]));
    /// assert!((a.iou(&b) - 1.0 / 3.0).abs() < 1e-15);
    /// assert_eq!(a.iou(&a), 1.0);
    /// ```
    #[track_caller]
    pub fn iou(&self, other: &Self) -> f64 {
        let (both, either) = self.shared(other);
        if either == 0 { 1.0 } else { f64::from(both) / f64::from(either) }
    }

    /// The smaller of the intersections over union of the material and of the void of two designs,
    /// in `[0, 1]`.
    ///
    /// The material of two designs that are nearly full overlaps wherever their holes are; their
    /// void does not. Below a volume fraction of one half this is the `IoU`.
    ///
    /// # Panics
    ///
    /// If the designs differ in the number of elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use topo_data::Silhouette;
    /// let (a, b) = (Silhouette::of(&[1.0, 1.0, 1.0, 0.0]), Silhouette::of(&[0.0, 1.0, 1.0, 1.0]));
    /// assert_eq!((a.iou(&b), a.overlap(&b), a.overlap(&a)), (0.5, 0.0, 1.0));
    /// ```
    #[track_caller]
    pub fn overlap(&self, other: &Self) -> f64 {
        let (both, either) = self.shared(other);
        let (elements, both, either) = (self.elements as f64, f64::from(both), f64::from(either));
        let of = |both: f64, either: f64| if either == 0.0 { 1.0 } else { both / either };
        of(both, either).min(of(elements - either, elements - both))
    }

    /// Number of elements that are material in both designs, and in either.
    #[track_caller]
    fn shared(&self, other: &Self) -> (u32, u32) {
        assert_eq!(self.elements, other.elements, "designs of different size");
        self.words.iter().zip(&other.words).fold((0, 0), |(and, or), (a, b)| {
            (and + (a & b).count_ones(), or + (a | b).count_ones())
        })
    }
}

/// For each design the `IoU` with its nearest design of the reference set; empty if there is no
/// reference.
///
/// For a test split against the training split this says how much a model has to invent: 1 means a
/// copy.
///
/// # Panics
///
/// If the designs differ in the number of elements.
///
/// # Examples
///
/// ```
/// use topo_data::{Silhouette, nearest_iou};
/// let training = [Silhouette::of(&[1.0, 1.0, 0.0]), Silhouette::of(&[0.0, 1.0, 1.0])];
/// let test = [Silhouette::of(&[0.0, 1.0, 0.0])];
/// assert_eq!(nearest_iou(&test, &training), [0.5]);
/// ```
pub fn nearest_iou(designs: &[Silhouette], reference: &[Silhouette]) -> Vec<f64> {
    if reference.is_empty() {
        return Vec::new();
    }
    designs
        .par_iter()
        .map(|design| reference.iter().map(|other| design.iou(other)).fold(0.0, f64::max))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive_iou(a: &[f32], b: &[f32]) -> f64 {
        let count = |rule: fn(bool, bool) -> bool| {
            a.iter().zip(b).filter(|&(&x, &y)| rule(x > 0.5, y > 0.5)).count() as f64
        };
        let either = count(|x, y| x || y);
        if either == 0.0 { 1.0 } else { count(|x, y| x && y) / either }
    }

    proptest! {
        #[test]
        fn bits_agree_with_the_definition(
            pairs in proptest::collection::vec((0.0_f32..=1.0, 0.0_f32..=1.0), 0..200),
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let iou = Silhouette::of(&a).iou(&Silhouette::of(&b));
            prop_assert!((iou - naive_iou(&a, &b)).abs() < 1e-15);
        }

        #[test]
        fn the_overlap_is_that_of_material_or_void(
            pairs in proptest::collection::vec((0.0_f32..=1.0, 0.0_f32..=1.0), 0..200),
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let void = |x: &[f32]| x.iter().map(|&x| f32::from(x <= 0.5)).collect::<Vec<_>>();
            let expected = naive_iou(&a, &b).min(naive_iou(&void(&a), &void(&b)));
            let overlap = Silhouette::of(&a).overlap(&Silhouette::of(&b));
            prop_assert!((overlap - expected).abs() < 1e-15, "{overlap} and {expected}");
        }
    }

    #[test]
    #[should_panic(expected = "designs of different size")]
    fn designs_of_different_size_are_refused() {
        Silhouette::of(&[1.0]).iou(&Silhouette::of(&[1.0, 0.0]));
    }
}
