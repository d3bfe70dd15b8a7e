//! A data set while its source is being opened.

use std::collections::HashMap;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1, Axis};
use vae_base::Note;

use crate::error::{DataError, SetError};
use crate::set::checks::{check_condition_count, check_conditions, check_count};
use crate::set::data_set::DataSet;
use crate::set::designs::Designs;
use crate::set::details::Details;
use crate::set::metadata::Condition;
use crate::set::parts::Parts;
use crate::set::value_range::ValueRange;

/// A data set while its source is being opened: its parts so far, and what matters only until it is
/// open.
pub(crate) struct Opening {
    pub(crate) parts: Parts,
    /// The file of each design, below the folder, if each has one; otherwise empty.
    pub(crate) names: Vec<String>,
    /// Whether the source says what belongs together.
    pub(crate) grouped: bool,
    /// The values of void and solid, unless whoever opened the source settled which is which.
    pub(crate) ends: Option<ValueRange>,
    /// Whether the source is a data-set folder that describes itself.
    pub(crate) is_described: bool,
    /// The label by whose values the designs are grouped.
    pub(crate) label_groups: Option<String>,
    /// The conditions that were guessed from numbers in the names of files.
    pub(crate) guessed: Vec<String>,
}

impl Opening {
    /// Begins with designs and what is known about them.
    pub(crate) fn new(
        name: &str,
        designs: impl Designs + 'static,
        details: Details,
    ) -> Result<Self, DataError> {
        let grouped = details.groups.is_some();
        let parts = Parts::new(name, Arc::new(designs), details)?;
        Ok(Self {
            parts,
            names: Vec::new(),
            grouped,
            ends: None,
            is_described: false,
            label_groups: None,
            guessed: Vec::new(),
        })
    }

    /// Number of designs.
    pub(crate) fn len(&self) -> usize {
        self.parts.designs.len()
    }

    /// Rows and columns of each design.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.parts.designs.size()
    }

    /// States what belongs together.
    pub(crate) fn group(&mut self, groups: Vec<u32>) {
        self.parts.groups = groups;
        self.grouped = true;
    }

    /// Notes what was found out.
    pub(crate) fn note(&mut self, note: Note) {
        self.parts.notes.push(note);
    }

    /// Adds a condition, or replaces the one of this name.
    pub(crate) fn put_condition(&mut self, name: &str, values: Vec<f32>) -> Result<(), SetError> {
        self.put_conditions(vec![(name.into(), String::new(), values)])
    }

    /// Adds conditions by name, unit and values, or replaces those of these names.
    pub(crate) fn put_conditions(
        &mut self,
        added: Vec<(String, String, Vec<f32>)>,
    ) -> Result<(), SetError> {
        let n = self.len();
        let parts = &mut self.parts;
        let mut conditions = parts.conditions.clone();
        let mut columns: Vec<Vec<f32>> =
            parts.values.columns().into_iter().map(|column| column.to_vec()).collect();
        let named = conditions.iter().map(|known| known.name.clone()).zip(0..);
        let mut positions: HashMap<String, usize> = named.collect();
        for (name, unit, values) in added {
            check_count(&parts.name, "rows of conditions", values.len(), n)?;
            let condition = Condition::covering(&name, &unit, ArrayView1::from(&values[..]));
            if let Some(&position) = positions.get(&name) {
                (conditions[position], columns[position]) = (condition, values);
            } else {
                positions.insert(name, conditions.len());
                conditions.push(condition);
                columns.push(values);
            }
        }
        check_condition_count(&parts.name, conditions.len())?;
        let values = Array2::from_shape_fn((n, columns.len()), |(i, j)| columns[j][i]);
        parts.values = check_conditions(&parts.name, n, &conditions, values)?;
        parts.conditions = conditions;
        Ok(())
    }

    /// Whether there are conditions besides those that were guessed from the names of files.
    pub(crate) fn has_conditions(&self) -> bool {
        self.parts.conditions.iter().any(|condition| !self.guessed.contains(&condition.name))
    }

    /// Keeps the conditions of these positions.
    pub(crate) fn keep_conditions(&mut self, kept: &[usize]) {
        let parts = &mut self.parts;
        parts.values = parts.values.select(Axis(1), kept);
        parts.conditions =
            kept.iter().map(|position| parts.conditions[*position].clone()).collect();
    }

    /// The open set.
    pub(crate) fn finish(self) -> DataSet {
        DataSet::of(self.parts)
    }
}
