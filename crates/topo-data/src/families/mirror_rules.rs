//! What becomes of the conditions of a family when its designs are mirrored.

use vae_data::{Mirror, MirrorRule};

use super::{
    axis::{Axis, Companion},
    family::Family,
    symmetry::image_key,
};
use crate::error::Result;

/// Answers that are tried.
const MOST_TRIED: usize = 1 << 12;

impl Family {
    /// The rule of each condition under `mirror`, in the order of [`Family::conditions`]: the
    /// mirror image of each of `problems` is the problem at the conditions that these rules give,
    /// held to supports, forces (up to their common sign) and passive regions node by node on a
    /// grid of `height` × `width` elements. `None` if no rules do that: the family has no such
    /// symmetry, or supports move to nodes that are not mirror images on this grid.
    ///
    /// An axis stays or is reversed; no other rule maps its values onto each other. Of several
    /// answers the first with the most axes that stay counts. At most 4096 answers are tried, which
    /// are all for twelve axes that can be reversed; a family of more may have rules that are not
    /// found.
    ///
    /// # Errors
    ///
    /// [`crate::TopoDataError::Family`] if the template gives no problem.
    ///
    /// # Panics
    ///
    /// If the family has no problem of one of these numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use topo_data::Family;
    /// use vae_data::{Mirror, MirrorRule};
    ///
    /// let family = Family::cantilever();
    /// let rules = family.mirror_rules(&[0, 100, 440], (48, 96), Mirror::Y)?;
    /// // The volume stays, the place counts from the other end, and so does the angle, for a load and its opposite are the same.
    /// assert_eq!(rules, Some(vec![MirrorRule::Same, MirrorRule::Sum(1.0), MirrorRule::Sum(180.0)]));
    /// assert_eq!(family.mirror_rules(&[0], (48, 96), Mirror::X)?, None); // it would be clamped on the right
    /// # Ok::<(), topo_data::TopoDataError>(())
    /// ```
    pub fn mirror_rules(
        &self,
        problems: &[usize],
        (height, width): (usize, usize),
        mirror: Mirror,
    ) -> Result<Option<Vec<MirrorRule>>> {
        if self.scatter.is_some() {
            // Volume fractions and numbers of points; mirrored points are as likely as the points
            // themselves.
            return Ok(Some(vec![MirrorRule::Same; self.conditions().len()]));
        }
        // An axis of one value is its own reverse, whatever is decided for it.
        let reversible: Vec<usize> = (0..self.axes.len())
            .filter(|&axis| 1 < self.axes[axis].values.len())
            .filter(|&axis| reversed(&self.axes[axis]).is_some())
            .collect();
        for turned in subsets(&reversible).take(MOST_TRIED) {
            if self.is_mirrored(problems, (height, width), mirror, &turned)? {
                let rules = self.axes.iter().enumerate().flat_map(|(position, axis)| {
                    let turned = turned.contains(&position);
                    if turned { reversed(axis).unwrap_or_default() } else { kept(axis) }
                });
                return Ok(Some(rules.collect()));
            }
        }
        Ok(None)
    }

    /// Whether the image of each problem is the one at the opposite end of the `turned` axes.
    fn is_mirrored(
        &self,
        problems: &[usize],
        (height, width): (usize, usize),
        mirror: Mirror,
        turned: &[usize],
    ) -> Result<bool> {
        for &problem in problems {
            let image = self.opposite(problem, turned);
            let (one, other) =
                (self.problem(problem, height, width)?, self.problem(image, height, width)?);
            let same = match (image_key(&one, Some(mirror)), image_key(&other, None)) {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// All subsets of some items, those with fewer items first.
fn subsets(items: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let all = (1_u64 << items.len()) - 1;
    let of_size = move |size: usize| {
        let first = (1_u64 << size) - 1;
        // The next larger number with as many ones (Gosper's hack).
        let next = move |&bits: &u64| {
            let low = bits & bits.wrapping_neg();
            let moved = bits + low;
            let next = (low != 0).then(|| (((bits ^ moved) >> 2) / low) | moved)?;
            (next <= all).then_some(next)
        };
        std::iter::successors(Some(first), next)
    };
    let chosen = |bits: u64| {
        let chosen = items.iter().enumerate().filter(move |(bit, _)| bits >> bit & 1 == 1);
        chosen.map(|(_, &item)| item).collect()
    };
    (0..=items.len()).flat_map(of_size).map(chosen)
}

/// The rules of an axis that stays: one for itself, one for each companion that is a condition.
fn kept(axis: &Axis) -> Vec<MirrorRule> {
    vec![MirrorRule::Same; 1 + stated(axis).count()]
}

/// The rules of an axis whose values are taken in reverse order; `None` if some values and their
/// opposites have no common sum.
fn reversed(axis: &Axis) -> Option<Vec<MirrorRule>> {
    let all = std::iter::once(&axis.values).chain(stated(axis).map(|companion| &companion.values));
    all.map(|values| {
        let mut pairs = values.iter().zip(values.iter().rev());
        let sum = pairs.clone().next().map(|(a, b)| a + b)?;
        let common = pairs.all(|(a, b)| (a + b - sum).abs() <= 1e-9 * sum.abs().max(1.0));
        common.then_some(MirrorRule::Sum(sum as f32))
    })
    .collect()
}

fn stated(axis: &Axis) -> impl Iterator<Item = &Companion> {
    axis.with.iter().filter(|companion| companion.condition)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Axes that decide nothing may stay or be reversed, whatever their number.
    #[test]
    fn many_axes_do_not_take_for_ever() {
        let family = Family::cantilever();
        let idle = |i: usize| Axis {
            name: format!("idle{i}"),
            unit: String::new(),
            values: vec![0.0, 1.0],
            with: Vec::new(),
        };
        let axes = (0..24).map(idle).chain(family.axes.iter().cloned()).collect();
        let many = Family { axes, ..family.clone() };
        let rules = many.mirror_rules(&[0, 100, 440], (4, 8), Mirror::Y).unwrap().unwrap();
        let same = family.mirror_rules(&[0, 100, 440], (4, 8), Mirror::Y).unwrap().unwrap();
        assert_eq!(rules[24..], same);
        assert!(rules[..24].iter().all(|rule| *rule == MirrorRule::Same));
        // Clamped on the left, so there is no such symmetry, and not all answers are tried.
        assert_eq!(many.mirror_rules(&[0], (4, 8), Mirror::X).unwrap(), None);
    }

    #[test]
    fn subsets_come_by_their_size_and_are_all_there() {
        let found: Vec<_> = subsets(&[3, 5, 8]).collect();
        let expected: [&[usize]; 8] =
            [&[], &[3], &[5], &[8], &[3, 5], &[3, 8], &[5, 8], &[3, 5, 8]];
        assert_eq!(found, expected);
        assert_eq!(subsets(&[]).count(), 1);
        assert_eq!(subsets(&[7; 12]).count(), MOST_TRIED);
        // The first of very many, at once.
        let many: Vec<usize> = (0..63).collect();
        assert_eq!(subsets(&many).nth(64), Some(vec![0, 1]));
    }
}
