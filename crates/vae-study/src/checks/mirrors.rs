//! Mirror images held against mechanics.

use std::cell::RefCell;

use topo_data::problem_of;
use topo_simp::{PENALTY, Problem, compliance};
use vae_base::spread;
use vae_data::{DataSet, Mirror};
use vae_train::TrainError;
use vae_train::data::Augment;
use vae_train::learn::{DataConfig, ProblemsTold};

use crate::error::{Result, StudyError};
use crate::run::stored_one;

/// Designs that are looked at.
const CHECKED: usize = 4;

/// The mirrors of a run on these data, held against mechanics: those that are stated have to pass,
/// those that are chosen by a rule are left out if they do not.
///
/// A model that is told no conditions needs no rules for them. If it is told problems, no mirror is
/// wrong: the fields of a problem are mirrored with its design.
///
/// # Errors
/// [`StudyError::NoSymmetry`]; [`TrainError::NoMirrorRule`] for a condition without a rule;
/// [`TrainError::NotSquare`]; if a design cannot be read or does not carry its load. None of them for
/// mirrors that a rule chose.
pub fn mirrors(config: &DataConfig, data: &DataSet) -> Result<Vec<Mirror>> {
    let mut mirrors = config.augment.mirrors(data);
    if let Augment::Rule(_) = config.augment {
        mirrors.retain(|mirror| check_mirror(data, *mirror).is_ok());
        return Ok(mirrors);
    }
    let (rows, columns) = (data.height(), data.width());
    if mirrors.iter().any(|mirror| !mirror.fits(rows, columns)) {
        return Err(TrainError::NotSquare { rows, columns }.into());
    }
    let is_untold = config.told.columns(data)?.is_empty();
    if is_untold && config.problems != ProblemsTold::None {
        return Ok(mirrors);
    }
    for mirror in &mirrors {
        match check_mirror(data, *mirror) {
            Err(StudyError::Train(error))
                if is_untold && matches!(*error, TrainError::NoMirrorRule { .. }) => {}
            checked => checked?,
        }
    }
    Ok(mirrors)
}

/// Refuses a mirror under which designs carry their loads differently: the problem has no such
/// symmetry, or a rule of a condition is wrong. Data that do not state one problem for all designs
/// pass unchecked.
///
/// # Errors
/// [`StudyError::NoSymmetry`]; [`TrainError::NoMirrorRule`] for a condition without a rule; if a
/// design cannot be read or does not carry its load.
fn check_mirror(data: &DataSet, mirror: Mirror) -> Result<()> {
    let Some(text) = data.shared_problem() else { return Ok(()) };
    for index in spread(data.len(), CHECKED) {
        let Some(problem) = problem_of(data, index)? else { return Ok(()) };
        let image = mirrored_problem(data, text, index, mirror)?;
        let mut design = stored_one(data, index)?;
        // Any penalty serves: a design and its image have the same compliance under each.
        let found = compliance(&problem, design.mapv(f64::from).view(), PENALTY)?;
        if let Some(pixels) = design.as_slice_mut() {
            mirror.apply(pixels, data.width());
        }
        let mirrored = compliance(&image, design.mapv(f64::from).view(), PENALTY)?;
        if !found.is_finite() {
            return Err(StudyError::CarriesNoLoad { design: index, compliance: found });
        }
        if 1e-6 * found < (mirrored - found).abs() {
            return Err(StudyError::NoSymmetry {
                mirror,
                design: index,
                compliance: found,
                mirrored,
            });
        }
    }
    Ok(())
}

/// The problem of a design at its mirrored conditions.
fn mirrored_problem(data: &DataSet, text: &str, index: usize, mirror: Mirror) -> Result<Problem> {
    let missing = RefCell::new(None);
    let image = Problem::from_toml_with(text, |name| {
        let position = data.condition_info().iter().position(|info| info.name == name)?;
        let rule = data.condition_info()[position].mirror_rule(mirror);
        if rule.is_none() {
            missing.replace(Some(name.to_owned()));
        }
        Some(f64::from(rule?.apply(data.conditions()[[index, position]])))
    });
    if let Some(condition) = missing.take() {
        return Err(TrainError::NoMirrorRule { mirror, condition }.into());
    }
    image.map_err(|source| StudyError::MirroredProblem { mirror, source })
}
