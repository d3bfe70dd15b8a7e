//! The parts of a data set, checked against each other.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1, Axis};
use vae_base::{Note, Remedy};

use crate::error::{DataError, SetError};
use crate::formats::bytes::Bytes;
use crate::formats::table::Table;
use crate::set::checks::{check_conditions, check_count};
use crate::set::cut::Cut;
use crate::set::designs::Designs;
use crate::set::details::Details;
use crate::set::fields::FieldMaps;
use crate::set::groups::own_groups;
use crate::set::masks::MaskSource;
use crate::set::metadata::{Condition, Metadata};
use crate::set::problems::ProblemSource;

/// The parts of a data set.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) designs: Arc<dyn Designs>,
    pub(crate) values: Array2<f32>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) groups: Vec<u32>,
    pub(crate) masks: MaskSource,
    pub(crate) problems: ProblemSource,
    pub(crate) results: Option<Table>,
    pub(crate) metadata: Metadata,
    /// The files it came from, by the name each has in a data-set folder; empty for a set made in
    /// memory.
    pub(crate) members: Vec<(&'static str, Bytes)>,
    /// The designs to test with, if the source says which these are.
    pub(crate) stated_test: Option<Range<usize>>,
    /// What exchanges material and void, and what keeps them, unless it was stated which is which.
    pub(crate) exchange: Option<[Remedy; 2]>,
    /// Why it is uncertain which value is material, if a problem is stated, which may decide it.
    pub(crate) doubt: Option<Note>,
    /// What was cut off the first picture, if the designs are pictures that were cut.
    pub(crate) cut: Option<Cut>,
    /// What was found out or decided while the set was opened.
    pub(crate) notes: Vec<Note>,
    /// Maps of the problems, if somebody made them.
    pub(crate) fields: Option<Arc<FieldMaps>>,
}

impl Parts {
    /// Joins designs with what is known about them.
    pub(crate) fn new(
        name: &str,
        designs: Arc<dyn Designs>,
        details: Details,
    ) -> Result<Self, DataError> {
        let (n, size) = (designs.len(), designs.size());
        if n == 0 || size.0 == 0 || size.1 == 0 {
            let shape = vec![n, size.0, size.1];
            return Err(SetError::DesignShape { file: name.into(), shape }.into());
        }
        let values = check_conditions(name, n, &details.conditions, details.values)?;
        let groups = match details.groups {
            Some(groups) => groups,
            None => own_groups(name, n, size)?,
        };
        check_count(name, "groups", groups.len(), n)?;
        if let Some(results) = &details.results {
            check_count(name, "rows of results", results.len(), n)?;
        }
        let masks = match details.masks {
            Some(masks) => MaskSource::from_masks(masks, n, size)?,
            None => MaskSource::None,
        };
        Ok(Self {
            name: name.into(),
            designs,
            values,
            conditions: details.conditions,
            groups,
            masks,
            problems: ProblemSource::from_problems(details.problems, n)?,
            results: details.results,
            metadata: details.metadata,
            members: Vec::new(),
            stated_test: None,
            exchange: None,
            doubt: None,
            cut: None,
            notes: Vec::new(),
            fields: None,
        })
    }

    /// The values of one condition, (N).
    pub(crate) fn condition(&self, name: &str) -> Result<ArrayView1<'_, f32>, SetError> {
        let position = self.conditions.iter().position(|condition| condition.name == name);
        let position = position.ok_or_else(|| SetError::UnknownColumn {
            column: name.into(),
            known: self.conditions.iter().map(|condition| condition.name.clone()).collect(),
        })?;
        Ok(self.values.index_axis(Axis(1), position))
    }
}
