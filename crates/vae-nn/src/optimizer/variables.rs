//! What every optimizer asks of its variables, their gradients and its saved state.

use crate::error::Error;
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use std::collections::{BTreeMap, HashMap};

/// The variables by name.
///
/// # Errors
/// If two carry one name, or one is neither `f32` nor `f64`.
pub(super) fn by_name(
    op: &'static str,
    vars: Vec<(String, Var)>,
) -> Result<BTreeMap<String, Var>, Error> {
    let mut named = BTreeMap::new();
    for (name, var) in vars {
        if !matches!(var.dtype(), DType::F32 | DType::F64) {
            return Err(Error::DType { op, dtype: var.dtype() });
        }
        if named.contains_key(&name) {
            return Err(Error::DuplicateName { name });
        }
        named.insert(name, var);
    }
    Ok(named)
}

/// Whether a variable's gradient, if there is one, can move it.
///
/// # Errors
/// If it has another shape or element type.
pub(super) fn check_gradient(
    op: &'static str,
    name: &str,
    var: &Var,
    grads: &GradStore,
) -> Result<(), Error> {
    let Some(grad) = grads.get(var) else { return Ok(()) };
    if grad.shape() != var.shape() {
        return Err(Error::TensorShape {
            name: name.to_owned(),
            expected: var.dims().to_vec(),
            actual: grad.dims().to_vec(),
        });
    }
    if grad.dtype() != var.dtype() {
        return Err(Error::DType { op, dtype: grad.dtype() });
    }
    Ok(())
}

/// A moment of a variable out of a saved state, on `device`.
///
/// # Errors
/// If it is missing or has another shape.
pub(super) fn moment_of(
    state: &HashMap<String, Tensor>,
    name: &str,
    var: &Var,
    device: &Device,
) -> Result<Tensor, Error> {
    let tensor = saved(state, name)?;
    if tensor.shape() != var.shape() {
        let (expected, actual) = (var.dims().to_vec(), tensor.dims().to_vec());
        return Err(Error::TensorShape { name: name.to_owned(), expected, actual });
    }
    Ok(tensor.to_dtype(var.dtype())?.to_device(device)?.force_contiguous()?)
}

/// A tensor of a saved state.
///
/// # Errors
/// If it is missing.
pub(super) fn saved<'a>(
    state: &'a HashMap<String, Tensor>,
    name: &str,
) -> Result<&'a Tensor, Error> {
    state.get(name).ok_or_else(|| Error::MissingTensor { name: name.to_owned() })
}
