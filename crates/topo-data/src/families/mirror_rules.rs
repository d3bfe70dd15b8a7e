//! What becomes of the conditions of a family when its designs are mirrored.

use vae_data::{Mirror, MirrorRule};

use super::{
    axis::{Axis, Companion},
    family::Family,
    symmetry::image_key,
};
use crate::error::Result;

impl Family {
    /// The rule of each condition under `mirror`, in the order of [`Family::conditions`]: the
    /// mirror image of each of `problems` is the problem at the conditions that these rules give,
    /// held to supports, forces (up to their common sign) and passive regions node by node on a
    /// grid of `height` × `width` elements. `None` if no rules do that: the family has no such
    /// symmetry, or supports move to nodes that are not mirror images on this grid.
    ///
    /// An axis stays or is reversed; no other rule maps its values onto each other. Of several
    /// answers the first with the most axes that stay counts.
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
        let reversible: Vec<usize> =
            (0..self.axes.len()).filter(|&axis| reversed(&self.axes[axis]).is_some()).collect();
        let mut choices: Vec<u32> = (0..1 << reversible.len()).collect();
        choices.sort_by_key(|choice| choice.count_ones());
        for choice in choices {
            let chosen = reversible.iter().enumerate().filter(|(bit, _)| choice >> bit & 1 == 1);
            let turned: Vec<usize> = chosen.map(|(_, &axis)| axis).collect();
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
