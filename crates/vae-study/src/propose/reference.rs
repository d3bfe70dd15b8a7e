//! What the compliance of a proposal is compared with.

use topo_data::Judge;
use topo_simp::Problem;

use super::error::{ProposeError, Result};
use super::place::DesignPlace;
use crate::run::Run;

/// The design that proposals are compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Its name.
    pub name: String,
    /// Its compliance, cut at the volume of the problem.
    pub compliance: f64,
}

impl Reference {
    /// The SIMP optimum, of this compliance.
    pub(super) fn optimum(compliance: f64) -> Self {
        Self { name: "SIMP optimum".to_owned(), compliance }
    }

    /// A design that was named.
    pub(super) fn design(
        place: &DesignPlace,
        run: &Run,
        problem: &Problem,
        judge: &mut Judge,
    ) -> Result<Self> {
        let design = place.read(run)?;
        let judged = judge.judge(problem, design.view())?;
        let name = place.to_string();
        if !judged.loads_supported {
            return Err(ProposeError::BrokenReference { name, volume: problem.volume_fraction });
        }
        Ok(Self { name, compliance: judged.compliance_cut })
    }
}
