//! Designs held against the volume fractions of their problems.

use topo_data::{Domain, median, problem_of};
use vae_base::{Note, spread};
use vae_data::DataSet;

use crate::run::stored_one;

/// Designs that are looked at.
const CHECKED: usize = 64;
/// Volumes that differ by more than this at the median are not those of the problems.
const OFF: f64 = 0.05;

/// Holds the mean density of designs, over the domain, against the volume fraction of their
/// problems, and says so if they differ; `None` if they agree, or if problems are unknown.
///
/// What is wrong with a problem or with values that are no densities is said where they are used,
/// with what can be done about it.
pub fn check_volumes(data: &DataSet) -> Option<Note> {
    let mut off = Vec::new();
    for index in spread(data.len(), CHECKED) {
        let problem = problem_of(data, index).ok()??;
        let design = stored_one(data, index).ok()?;
        let domain = Domain::of(&problem).ok()?;
        if design.dim() != (problem.grid.nely, problem.grid.nelx) {
            return None;
        }
        let volume = domain.mean(design.iter().copied().map(f64::from));
        off.push((problem.volume_fraction - volume).abs());
    }
    let off = median(off).filter(|off| OFF < *off);
    off.map(|off| {
        Note::new(format!(
            "warning: the volume fraction of the problem and that of the designs differ by \
             {off:.2} at the median"
        ))
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use vae_data::{Details, Problems};

    use super::*;

    /// Designs with a material of this density in 0.3 of all elements, under a problem whose domain
    /// is half of them.
    fn set(problem: &str, density: f32) -> DataSet {
        let design = |(_, i, j): (usize, usize, usize)| if i < 3 && j < 5 { density } else { 0.0 };
        let designs = Array3::from_shape_fn((4, 5, 10), design);
        let problems = Problems::Shared(problem.to_owned());
        let details = Details { values: Array2::zeros((4, 0)), problems, ..Details::default() };
        DataSet::new("half", designs, details).unwrap()
    }

    #[test]
    fn volumes_are_those_of_the_domain() {
        let problem = |volume: f64| {
            format!(
                "volume_fraction = {volume}\n\
                 grid = {{ nelx = 10, nely = 5 }}\n\
                 supports = [{{ at = {{ edge = \"left\" }}, fix = \"xy\" }}]\n\
                 load_cases = [{{ loads = [{{ at = {{ point = [0.5, 0.5] }}, force = [0.0, -1.0] }}] }}]\n\
                 passive = [{{ kind = \"outside\", shape = {{ rectangle = {{ min = [0.5, 0.0], max = [1.0, 1.0] }} }} }}]\n"
            )
        };
        assert_eq!(check_volumes(&set(&problem(0.6), 1.0)), None);
        let note = check_volumes(&set(&problem(0.3), 1.0)).unwrap();
        assert!(note.found.contains("differ by 0.30 at the median"), "{}", note.found);
        // Values that are no densities are said elsewhere, and keep nobody from looking at the set.
        assert_eq!(check_volumes(&set(&problem(0.3), f32::NAN)), None);
    }
}
