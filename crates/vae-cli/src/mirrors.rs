//! Mirror images held against mechanics.

use std::cell::RefCell;

use anyhow::{Context as _, Result, bail};
use topo_data::problem_of;
use topo_simp::{PENALTY, Problem, compliance};
use vae_data::{DataSet, Mirror};
use vae_train::TrainError;

use crate::failure::UsageError;
use crate::stored::{spread, stored_one};

/// Designs that are looked at.
const CHECKED: usize = 4;

/// Refuses mirrors under which designs carry their loads differently: the problem has no such
/// symmetry, or a rule of a condition is wrong. Nothing is known of data without one problem for
/// all designs.
pub(crate) fn check_mirrors(data: &DataSet, mirrors: &[Mirror]) -> Result<()> {
    let Some(text) = data.shared_problem() else { return Ok(()) };
    for mirror in mirrors {
        for index in spread(data.len(), CHECKED) {
            let Some(problem) = problem_of(data, index)? else { return Ok(()) };
            let missing = RefCell::new(None);
            let image = Problem::from_toml_with(text, |name| {
                let position = data.condition_info().iter().position(|info| info.name == name)?;
                let rule = data.condition_info()[position].mirror_rule(*mirror);
                if rule.is_none() {
                    missing.replace(Some(name.to_owned()));
                }
                Some(f64::from(rule?.apply(data.conditions()[[index, position]])))
            });
            if let Some(condition) = missing.take() {
                return Err(TrainError::NoMirrorRule { mirror: *mirror, condition }.into());
            }
            let image = image.with_context(|| format!("the problem under {mirror}"))?;
            let mut design = stored_one(data, index)?;
            // Any penalty serves: a design and its image have the same compliance under each.
            let found = compliance(&problem, design.mapv(f64::from).view(), PENALTY)?;
            if let Some(pixels) = design.as_slice_mut() {
                mirror.apply(pixels, data.width());
            }
            let mirrored = compliance(&image, design.mapv(f64::from).view(), PENALTY)?;
            if !found.is_finite() {
                bail!("design {index} does not carry its load: its compliance is {found}");
            }
            if 1e-6 * found < (mirrored - found).abs() {
                return Err(UsageError::with_hint(
                    format!("designs cannot be mirrored by {mirror}: design {index} has a compliance of {found:.6}, its image one of {mirrored:.6}"),
                    "the problem has no such symmetry, or dataset.json has a wrong rule for a condition",
                )
                .into());
            }
        }
    }
    Ok(())
}
