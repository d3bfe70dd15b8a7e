//! Designs judged by mechanics, beside the SIMP optimum.

use std::path::Path;

use serde::Serialize;
use topo_data::{Judgement, Optimum, Refinement, problem_of};
use topo_simp::Problem;
use vae_data::DataSet;

use super::error::{AnalysisError, Result};
use super::fields::{FieldsOf, write_fields};
use super::optima::Optima;
use super::table::JudgedRow;
use crate::run::stored_one;

/// Judges the designs of sets, and computes the optimum of each problem once.
#[derive(Debug)]
pub struct Analyst {
    with_optimum: bool,
    refine: Option<usize>,
    optima: Optima,
}

/// What is said of one design.
#[derive(Clone, Debug, Serialize)]
pub struct Analyzed {
    /// The set or file.
    pub source: String,
    /// The position of the design in it.
    pub design: usize,
    /// What mechanics says of the design.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// Compliance of the SIMP optimum at equal volume; `None` if it was not computed, or if it
    /// does not hold once it is cut, for then there is nothing to compare with.
    pub optimum: Option<f64>,
    /// Why nothing is compared with the SIMP optimum; `None` if it holds, or was not computed.
    pub optimum_flaw: Option<String>,
    /// Compliance of the cut design over that of the optimum, minus 1.
    pub compliance_error: Option<f64>,
    /// What SIMP iterations make of the design; `None` if they were not asked for.
    pub refinement: Option<Refinement>,
}

impl Analyst {
    /// An analyst who compares each design with the SIMP optimum if `with_optimum`, and continues
    /// from each design with `refine` SIMP iterations; `None` for no refinement.
    pub fn new(with_optimum: bool, refine: Option<usize>) -> Self {
        Self { with_optimum, refine, optima: Optima::default() }
    }

    /// Judges the design of a set at a position. `source` names the set in the result.
    ///
    /// # Errors
    /// [`AnalysisError::NoProblem`]; if the design cannot be read or does not fit its problem, or
    /// the solver fails.
    pub fn analyze(&mut self, set: &DataSet, source: &str, index: usize) -> Result<Analyzed> {
        let problem = stated_problem(set, source, index)?;
        let design = stored_one(set, index)?;
        let judgement = self.optima.judge(&problem)?.judge(&problem, design.view())?;
        let refinement = self
            .refine
            .map(|iterations| self.optima.refine(&problem, design.view(), iterations))
            .transpose()?;
        let found = if self.with_optimum { Some(self.optima.of(&problem)?) } else { None };
        let optimum_flaw = found.and_then(|optimum| optimum.flaw).map(|flaw| flaw.to_string());
        let optimum = found.and_then(Optimum::reference);
        let compliance_error = optimum.map(|optimum| judgement.compliance_error(optimum));
        let source = source.to_owned();
        Ok(Analyzed {
            source,
            design: index,
            judgement,
            optimum,
            optimum_flaw,
            compliance_error,
            refinement,
        })
    }

    /// Writes displacement, strain energy density and von Mises stress of a design as it is: three
    /// pictures and `fields.vtk`, whose names begin with `prefix`.
    ///
    /// # Errors
    /// As [`Analyst::analyze`]; if the design is too disconnected to be solved for, or a file
    /// cannot be written.
    pub fn write_fields(
        &mut self,
        set: &DataSet,
        source: &str,
        index: usize,
        (folder, prefix): (&Path, &str),
    ) -> Result<()> {
        let problem = stated_problem(set, source, index)?;
        let design = stored_one(set, index)?;
        let title = format!("{source}, design {index}");
        let of = FieldsOf { design: design.view(), title: &title, prefix };
        write_fields(self.optima.judge(&problem)?, &problem, &of, folder)
    }
}

impl Analyzed {
    /// The row of a table whose first columns are `source` and `design`.
    pub fn row(&self) -> JudgedRow {
        let which = vec![self.source.clone(), self.design.to_string()];
        JudgedRow::judged(which, &self.judgement, self.optimum)
    }
}

/// The problem of a design of a set. `source` names the set in the error.
///
/// # Errors
/// [`AnalysisError::NoProblem`]; if the problem cannot be read.
pub fn stated_problem(set: &DataSet, source: &str, index: usize) -> Result<Problem> {
    problem_of(set, index)?.ok_or_else(|| AnalysisError::NoProblem { name: source.to_owned() })
}
