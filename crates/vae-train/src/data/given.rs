//! What a model is told beside designs or codes: conditions and the fields of their problems.

use candle_core::{Device, Tensor};
use ndarray::{Array2, Axis};
use vae_data::ProblemMaps;
use vae_models::{Context, Vae};

use crate::data::pixels::tensor;
use crate::error::Result;

/// What a model is told beside each of some designs or codes.
#[derive(Clone, Debug, Default)]
pub struct Given {
    conditions: Array2<f32>,
    /// One for each row; empty for a model that is not told the problem.
    fields: Vec<ProblemMaps>,
}

impl Given {
    /// Conditions in their own units, one row for each design, and the fields of the problem of
    /// each; empty for a model that is not told the problem.
    ///
    /// # Panics
    /// If there are fields, but not one for each row.
    pub fn new(conditions: Array2<f32>, fields: Vec<ProblemMaps>) -> Self {
        let fits = fields.is_empty() || fields.len() == conditions.nrows();
        assert!(fits, "{} fields for {} rows", fields.len(), conditions.nrows());
        Self { conditions, fields }
    }

    /// One row `count` times.
    pub fn repeated(conditions: &[f32], fields: Option<&ProblemMaps>, count: usize) -> Self {
        let rows =
            Array2::from_shape_fn((count, conditions.len()), |(_, column)| conditions[column]);
        let fields = fields.map_or_else(Vec::new, |maps| vec![maps.clone(); count]);
        Self::new(rows, fields)
    }

    /// The conditions in their own units, one row for each design; without columns for a model
    /// without conditions.
    pub fn conditions(&self) -> &Array2<f32> {
        &self.conditions
    }

    /// The fields of each design; empty for a model that is not told the problem.
    pub fn fields(&self) -> &[ProblemMaps] {
        &self.fields
    }

    /// Number of designs.
    pub fn len(&self) -> usize {
        self.conditions.nrows()
    }

    /// Whether there are no designs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the rows.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let fields = if self.fields.is_empty() {
            Vec::new()
        } else {
            rows.iter().map(|&row| self.fields[row].clone()).collect()
        };
        Self { conditions: self.conditions.select(Axis(0), rows), fields }
    }

    /// The rows of several, one after the other.
    pub fn joined(parts: &[Self]) -> Self {
        let views: Vec<_> = parts.iter().map(|part| part.conditions.view()).collect();
        let conditions = ndarray::concatenate(Axis(0), &views).unwrap_or_default();
        let fields = parts.iter().flat_map(|part| part.fields.iter().cloned()).collect();
        Self::new(conditions, fields)
    }

    /// What a model makes of it. Fields that several rows share are read once.
    ///
    /// # Errors
    /// If conditions or fields are not the model's.
    pub fn context(&self, vae: &Vae) -> Result<Context> {
        let (distinct, of) = self.distinct();
        if distinct.len() == self.len() {
            return self.context_of_each(vae);
        }
        Ok(self.select(&distinct).context_of_each(vae)?.select(&of)?)
    }

    /// The first of the rows that are told the same, and for each row the position of its own among
    /// these.
    fn distinct(&self) -> (Vec<usize>, Vec<usize>) {
        let (mut first, mut of): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for row in 0..self.len() {
            let same = |&other: &usize| {
                self.conditions.row(row) == self.conditions.row(other)
                    && self
                        .fields
                        .get(row)
                        .zip(self.fields.get(other))
                        .is_some_and(|(a, b)| a.is(b))
            };
            let position = first.iter().position(same).unwrap_or(first.len());
            if position == first.len() {
                first.push(row);
            }
            of.push(position);
        }
        (first, of)
    }

    fn context_of_each(&self, vae: &Vae) -> Result<Context> {
        let own = |values: Option<Tensor>| values.map(|values| values.to_dtype(vae.dtype()));
        let conditions = own(tensor(&self.conditions, vae.device())?).transpose()?;
        let fields = own(self.field_tensor(vae.device(), |_, _| ())?).transpose()?;
        Ok(vae.context(conditions.as_ref(), fields.as_ref(), false)?)
    }

    /// The fields as a tensor (B, F, H, W), after `change` of the maps of each row; `None` without
    /// fields.
    pub(crate) fn field_tensor(
        &self,
        device: &Device,
        change: impl Fn(usize, &mut [f32]),
    ) -> Result<Option<Tensor>> {
        let Some(first) = self.fields.first() else { return Ok(None) };
        let (channels, height, width) = first.shape();
        let each = channels * height * width;
        let mut values = vec![0.0; self.fields.len() * each];
        for (row, (place, maps)) in values.chunks_exact_mut(each).zip(&self.fields).enumerate() {
            maps.read_into(place);
            change(row, place);
        }
        let shape = (self.fields.len(), channels, height, width);
        Ok(Some(Tensor::from_vec(values, shape, device)?))
    }
}
