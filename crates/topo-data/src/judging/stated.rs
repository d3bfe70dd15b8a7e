//! The problems of all designs of a set, checked before anything is done with them.

use std::collections::HashMap;

use rayon::prelude::*;
use topo_simp::{Problem, ProblemError};
use vae_data::DataSet;

use super::problem_of::unchecked_problem;
use crate::error::{Result, TopoDataError};

/// The problems that a set states for its designs, each different one once.
#[derive(Clone, Debug)]
pub struct StatedProblems {
    distinct: Vec<Problem>,
    /// Position among the distinct ones, by design.
    of: Vec<usize>,
}

impl StatedProblems {
    /// Reads and validates the problem of every design; `None` if the set states none.
    ///
    /// The grid of a problem may be another one than that of the designs.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Stated`] for the first design whose problem is invalid or names a condition
    /// that the set lacks; [`TopoDataError::Data`] if a problem cannot be read.
    pub fn of(set: &DataSet) -> Result<Option<Self>> {
        let mut positions: HashMap<Key, usize> = HashMap::new();
        // The first design with each problem, and the problem of each design.
        let (mut firsts, mut of) = (Vec::new(), Vec::with_capacity(set.len()));
        let named = set.shared_problem().map(|text| named_columns(set, text));
        for design in 0..set.len() {
            let key = match (&named, set.problem(design)?) {
                (Some(columns), _) => {
                    let row = set.conditions();
                    Key::Values(columns.iter().map(|&c| row[[design, c]].to_bits()).collect())
                }
                (None, Some(line)) => Key::Line(line),
                (None, None) => return Ok(None),
            };
            let next = firsts.len();
            let position = *positions.entry(key).or_insert(next);
            if position == next {
                firsts.push(design);
            }
            of.push(position);
        }
        let read: Vec<_> =
            firsts.par_iter().map(|&design| (design, unchecked_problem(set, design))).collect();
        let mut distinct = Vec::with_capacity(read.len());
        for (design, problem) in read {
            match problem? {
                Some(Ok(problem)) => distinct.push(problem),
                Some(Err(source)) => return Err(stated(set, design, source)),
                None => return Ok(None),
            }
        }
        Ok(Some(Self { distinct, of }))
    }

    /// The problem of a design.
    ///
    /// # Panics
    ///
    /// If there is no such design.
    pub fn problem(&self, design: usize) -> &Problem {
        &self.distinct[self.of[design]]
    }

    /// Each different problem once.
    pub fn distinct(&self) -> &[Problem] {
        &self.distinct
    }
}

/// What tells the problems of designs apart.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Line(String),
    Values(Vec<u32>),
}

/// The columns of the conditions that a problem names.
fn named_columns(set: &DataSet, text: &str) -> Vec<usize> {
    let names = set.condition_info().iter().enumerate();
    names.filter(|(_, info)| text.contains(&format!("${}", info.name))).map(|(c, _)| c).collect()
}

/// The error of the problem of a design.
fn stated(set: &DataSet, design: usize, source: ProblemError) -> TopoDataError {
    let file = if set.shared_problem().is_some() { "problem.toml" } else { "problems.jsonl" };
    let known = set.condition_info().iter().map(|info| info.name.clone()).collect();
    TopoDataError::Stated { file, design, known, source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr2};
    use vae_data::{Condition, Details, Problems};

    use super::*;

    const TEXT: &str = r#"
        volume_fraction = 0.5
        grid = { nelx = 4, nely = 2 }
        supports = [{ at = { edge = "left" }, fix = "xy" }]
        load_cases = [{ loads = [{ at = { point = [1.0, "$load_y"] }, force = [0.0, -1.0] }] }]
    "#;

    fn set(text: &str, values: [f32; 3]) -> DataSet {
        let values = arr2(&values.map(|value| [value]));
        let conditions = vec![Condition::covering("load_y", "", values.column(0))];
        let problems = Problems::Shared(text.to_owned());
        let details = Details { conditions, values, problems, ..Details::default() };
        DataSet::new("three", Array3::ones((3, 2, 4)), details).unwrap()
    }

    #[test]
    fn every_design_is_looked_at_and_equal_problems_once() {
        let stated = StatedProblems::of(&set(TEXT, [0.5, 1.0, 0.5])).unwrap().unwrap();
        assert_eq!(stated.distinct().len(), 2);
        assert_eq!(stated.problem(0), stated.problem(2));
        let last = StatedProblems::of(&set(TEXT, [0.5, 1.0, 1.5])).unwrap_err();
        assert_eq!(last.to_string(), "the problem of design 2, from problem.toml");
        let none = DataSet::new("none", Array3::ones((3, 2, 4)), Details::default()).unwrap();
        assert!(StatedProblems::of(&none).unwrap().is_none());
    }

    #[test]
    fn a_name_that_is_no_condition_is_answered_with_those_there_are() {
        let text = TEXT.replace("$load_y", "$lode_y");
        let error = StatedProblems::of(&set(&text, [0.0; 3])).unwrap_err();
        assert!(error.is_callers_mistake());
        let remedies = format!("{:?}", error.remedies());
        assert!(remedies.contains("$load_y"), "{remedies}");
    }
}
