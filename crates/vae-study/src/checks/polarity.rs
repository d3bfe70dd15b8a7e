//! Whether material is where the stated problems need it, or where they leave void.

use ndarray::Array2;
use topo_data::{Domain, problem_of};
use topo_simp::Problem;
use vae_base::{Note, spread};
use vae_data::{DataError, DataSet, ReadingError};

use crate::error::{Result, StudyError};
use crate::run::stored_one;

/// Designs that are looked at.
const CHECKED: usize = 32;
/// A stated volume is contradicted if the median design is further from it.
const OFF: f64 = 0.05;
/// Share of the held and loaded nodes that touch material in designs that are the right way round.
const MOSTLY: f64 = 0.7;
/// Shares that differ by more than this say which is material.
const CLEARLY: f64 = 0.2;

/// Holds designs against the volume fractions, supports and loads of their problems; `None` if they
/// fit, or if it was stated which of two values is material. The note says that supports and loads
/// stand on void, and what exchanges material and void; or what [`DataSet::doubt`] says, if problems
/// are unknown or do not decide.
///
/// # Errors
/// [`ReadingError::Polarity`] if the stated volume fraction is off by more than 0.05 at the median,
/// and fits the designs with material and void exchanged.
pub fn check_polarity(data: &DataSet) -> Result<Option<Note>> {
    let Some(remedies) = data.exchange() else { return Ok(None) };
    let doubt = || Ok(data.doubt().cloned());
    let (mut stated, mut found, mut touched) = (Vec::new(), Vec::new(), [0.0, 0.0]);
    for index in spread(data.len(), CHECKED) {
        // What is wrong with a problem is said where it is used, with what can be done about it.
        let Ok(Some(problem)) = problem_of(data, index) else { return doubt() };
        // Values that are no densities are said elsewhere too.
        let Ok(design) = stored_one(data, index) else { return Ok(None) };
        // Another grid is refused elsewhere, with what can be done about it.
        if design.dim() != (problem.grid.nely, problem.grid.nelx) {
            return Ok(None);
        }
        let Some(look) = look(&problem, &design) else { return doubt() };
        stated.push(problem.volume_fraction);
        found.push(look.volume);
        touched[0] += look.material;
        touched[1] += look.void;
    }
    let off = |inverted: bool| {
        let pairs = stated.iter().zip(&found);
        median(pairs.map(|(v, mean)| (v - if inverted { 1.0 - mean } else { *mean }).abs()))
    };
    if OFF < off(false) && off(true) <= OFF {
        let error = ReadingError::Polarity {
            file: data.file(0),
            column: "the volume fraction of the problem".into(),
            stated: median(stated.iter().copied()),
            found: median(found.iter().copied()),
            remedies: Box::new(remedies.clone()),
        };
        return Err(StudyError::Data(DataError::from(error)));
    }
    let share = touched.map(|sum| sum / found.len() as f64);
    if share[0] < MOSTLY && share[0] + CLEARLY < share[1] {
        let found = format!(
            "warning: {:.0} % of the supports and loads touch material, and {:.0} % would if \
             material and void were exchanged",
            100.0 * share[0],
            100.0 * share[1]
        );
        return Ok(Some(Note::new(found).or(remedies[0].clone())));
    }
    let volumes_fit = off(false) <= OFF && 2.0 * off(false) < off(true);
    let places_fit = MOSTLY <= share[0] && share[1] + CLEARLY < share[0];
    if volumes_fit || places_fit { Ok(None) } else { doubt() }
}

/// What one design shows.
struct Look {
    /// Mean density inside the domain.
    volume: f64,
    /// Share of supports and loads that touch material.
    material: f64,
    /// The same if material and void are exchanged.
    void: f64,
}

/// `None` if the problem is not valid, which is said elsewhere.
fn look(problem: &Problem, design: &Array2<f32>) -> Option<Look> {
    let nodal = problem.nodal().ok()?;
    let (height, width) = design.dim();
    let (mut material, mut void, mut n) = (0.0, 0.0, 0.0);
    // Each load counts for itself; supports along a whole side touch material at some nodes only,
    // and count as one.
    let mut held = (false, false);
    for row in 0..=height {
        for column in 0..=width {
            let is_held = (0..2).any(|axis| nodal.held[(row, column, axis)]);
            let is_loaded =
                nodal.forces.iter().any(|case| (0..2).any(|axis| case[(row, column, axis)] != 0.0));
            if !is_held && !is_loaded {
                continue;
            }
            let rows = row.saturating_sub(1)..(row + 1).min(height);
            let columns = column.saturating_sub(1)..(column + 1).min(width);
            let around = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
            let solid = around.clone().any(|cell| 0.5 <= design[cell]);
            let empty = around.clone().any(|cell| design[cell] < 0.5);
            if is_held {
                held = (held.0 || solid, held.1 || empty);
            }
            if is_loaded {
                material += f64::from(u8::from(solid));
                void += f64::from(u8::from(empty));
                n += 1.0;
            }
        }
    }
    material += f64::from(u8::from(held.0));
    void += f64::from(u8::from(held.1));
    let volume = Domain::of(problem).ok()?.mean(design.iter().copied().map(f64::from));
    Some(Look { volume, material: material / (n + 1.0), void: void / (n + 1.0) })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use vae_data::{Reading, Source, npy, open_with};

    use super::*;

    #[test]
    fn supports_and_loads_speak_against_exchanged_designs_and_not_against_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("designs.npy");
        let problem = folder.path().join("part.toml");
        let text = "volume_fraction = 0.5
            grid = { nelx = 24, nely = 12 }
            supports = [{ at = { edge = \"left\" }, fix = \"xy\" }]
            load_cases = [{ loads = [{ at = { point = [1, 1] }, force = [0, -1] }] }]";
        std::fs::write(&problem, text).unwrap();
        // Half of each design is material, below where the load is, or above.
        let said = |is_below: bool| {
            let designs = Array3::from_shape_fn((4, 12, 24), |(_, row, _)| {
                f32::from(u8::from((6 <= row) == is_below))
            });
            npy::write(&path, designs.view()).unwrap();
            let reading = Reading { problem: problem.clone(), ..Reading::default() };
            let data = open_with(&Source::Path(path.clone()), &reading).unwrap();
            check_polarity(&data).unwrap().map(|note| note.found)
        };
        let exchanged = "warning: 50 % of the supports and loads touch material, and 100 % would if \
                         material and void were exchanged";
        assert_eq!(said(false).as_deref(), Some(exchanged));
        assert_eq!(said(true), None);
    }
}
