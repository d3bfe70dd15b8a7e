//! What a network is told beside a design: conditions and the fields of the problem.

use candle_core::{D, Tensor};

use crate::architecture::config::ModelConfig;
use crate::error::ModelError;
use crate::network::posterior::Posterior;

/// What the network makes of conditions and fields, for a batch of designs or codes:
/// [`Vae::context`](crate::Vae::context).
///
/// Encoder, decoder and prior share it, so it is computed once for each batch.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// What is appended to flat features, (B, W); `None` without conditions and fields.
    pub(super) appended: Option<Tensor>,
    /// What fields add to it.
    pub(super) fields: Option<FieldContext>,
}

/// What the network makes of fields.
#[derive(Clone, Debug)]
pub(super) struct FieldContext {
    /// The fields themselves, (B, F, H, W), padded.
    pub(super) maps: Tensor,
    /// The maps of the field encoder, the smallest first.
    pub(super) scales: Vec<Tensor>,
    /// Mean and log-variance of the prior p(z|problem), (B, Z) each.
    pub(super) prior: (Tensor, Tensor),
}

impl Context {
    /// The context of `draws` codes for each design of this one, draw after draw.
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn repeated(&self, draws: usize) -> Result<Self, ModelError> {
        self.mapped(|each| repeated(each, draws))
    }

    /// The context of some of the designs or codes, in any order and any number of times.
    ///
    /// # Errors
    /// That of the tensor operation, for a row that is not there.
    pub fn select(&self, rows: &[usize]) -> Result<Self, ModelError> {
        self.mapped(|each| selected(each, rows))
    }

    /// What comes of every tensor, each of which has one row for each design or code.
    fn mapped(
        &self,
        map: impl Fn(&Tensor) -> Result<Tensor, ModelError>,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            appended: self.appended.as_ref().map(&map).transpose()?,
            fields: self.fields.as_ref().map(|fields| fields.mapped(&map)).transpose()?,
        })
    }

    /// The same context as a constant: no gradient flows back into conditions, fields or the
    /// weights that read them.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            appended: self.appended.as_ref().map(Tensor::detach),
            fields: self.fields.as_ref().map(FieldContext::detached),
        }
    }

    /// What a network is told beside flat features: (B, W); `None` for an unconditional one.
    pub fn vector(&self) -> Option<&Tensor> {
        self.appended.as_ref()
    }

    /// Appends what the network is told to `features` (B, F).
    pub(super) fn append(&self, features: Tensor) -> Result<Tensor, ModelError> {
        let Some(told) = &self.appended else { return Ok(features) };
        Ok(Tensor::cat(&[&features, told], 1)?)
    }

    /// The field encoder's maps beside the decoder's block number `block`, joined to its input.
    pub(super) fn join(&self, block: usize, maps: Tensor) -> Result<Tensor, ModelError> {
        let Some(fields) = &self.fields else { return Ok(maps) };
        Ok(Tensor::cat(&[&maps, &fields.scales[block]], 1)?)
    }

    /// Codes in units of their prior as latent variables: `z = μ + σ u`, with mean and deviation of
    /// p(z|problem); codes of a network without fields are the latent variables.
    pub(super) fn latents(&self, codes: &Tensor) -> Result<Tensor, ModelError> {
        let Some(FieldContext { prior: (mean, log_var), .. }) = &self.fields else {
            return Ok(codes.clone());
        };
        Ok(((codes * (log_var * 0.5)?.exp()?)? + mean)?)
    }

    /// q(z|x) in units of the prior: `u = (z − μ) / σ`.
    pub(super) fn in_units_of_the_prior(&self, q: Posterior) -> Result<Posterior, ModelError> {
        let Some(FieldContext { prior: (mean, log_var), .. }) = &self.fields else { return Ok(q) };
        let shift = (q.mean - mean)?;
        Ok(Posterior { mean: (shift * (log_var * -0.5)?.exp()?)?, log_var: (q.log_var - log_var)? })
    }

    /// Checks that a network of `config` made this for `batch` designs or codes.
    pub(super) fn check(&self, config: &ModelConfig, batch: usize) -> Result<(), ModelError> {
        match (&config.fields, &self.fields) {
            (Some(fields), None) => {
                return Err(ModelError::MissingFields { recipe: fields.recipe.clone() });
            }
            (None, Some(_)) => return Err(ModelError::UnexpectedFields),
            _ => {}
        }
        match (config.condition_width(), &self.appended) {
            (0, None) => Ok(()),
            (_, None) => Err(ModelError::MissingConditions {
                names: config.conditions.iter().map(|condition| condition.name.clone()).collect(),
            }),
            (0, Some(told)) => {
                Err(ModelError::UnexpectedConditions { count: told.dim(D::Minus1)? })
            }
            (width, Some(told)) if told.dims() != [batch, width] => {
                let expected = format!("({batch}, {width}): one row for each design or code");
                Err(ModelError::shape("context", expected, told.dims()))
            }
            _ => Ok(()),
        }
    }
}

impl FieldContext {
    fn detached(&self) -> Self {
        let (mean, log_var) = &self.prior;
        Self {
            maps: self.maps.detach(),
            scales: self.scales.iter().map(Tensor::detach).collect(),
            prior: (mean.detach(), log_var.detach()),
        }
    }

    fn mapped(
        &self,
        map: impl Fn(&Tensor) -> Result<Tensor, ModelError>,
    ) -> Result<Self, ModelError> {
        let (mean, log_var) = &self.prior;
        Ok(Self {
            maps: map(&self.maps)?,
            scales: self.scales.iter().map(&map).collect::<Result<_, _>>()?,
            prior: (map(mean)?, map(log_var)?),
        })
    }
}

/// Whatever there is one of per design, draw after draw: (B, …) → (K · B, …).
pub(super) fn repeated(each: &Tensor, draws: usize) -> Result<Tensor, ModelError> {
    let mut shape = vec![draws];
    shape.extend(each.dims());
    Ok(each.unsqueeze(0)?.broadcast_as(shape)?.contiguous()?.flatten(0, 1)?)
}

/// Some rows of whatever there is one of per design: (B, …) → (R, …).
fn selected(each: &Tensor, rows: &[usize]) -> Result<Tensor, ModelError> {
    // A row too large for the type is as little there as any other beyond the last.
    let rows = rows.iter().map(|&row| i64::try_from(row).unwrap_or(i64::MAX)).collect::<Vec<_>>();
    let rows = Tensor::new(rows, each.device())?;
    Ok(each.contiguous()?.index_select(&rows, 0)?)
}
