//! What the compliance of a proposal is compared with.

use topo_data::{Judge, Optimum};
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
    /// The SIMP optimum of a problem.
    pub(super) fn optimum(optimum: &Optimum, problem: &Problem) -> Result<Self> {
        let name = "SIMP optimum".to_owned();
        match optimum.reference() {
            Some(compliance) => Ok(Self { name, compliance }),
            None => Err(ProposeError::BrokenReference { name, volume: problem.volume_fraction }),
        }
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
