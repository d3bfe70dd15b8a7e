//! Results that have to be numbers, as those of usable weights are.

use candle_core::{DType, Tensor};

use crate::error::ModelError;

/// The tensor, if all its values are finite. Each weight of a file is, but weights that are too
/// large give designs and codes that are not.
///
/// # Errors
/// [`ModelError::NotFinite`], which calls the values `what`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let codes = Tensor::new(&[0.5_f32, f32::NAN], &Device::Cpu)?;
/// let error = vae_models::finite(codes, "codes").unwrap_err();
/// assert!(error.to_string().starts_with("the model gives codes that are no numbers"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn finite(tensor: Tensor, what: &'static str) -> Result<Tensor, ModelError> {
    let values = tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    if values.iter().all(|value| value.is_finite()) {
        Ok(tensor)
    } else {
        Err(ModelError::NotFinite { what })
    }
}
