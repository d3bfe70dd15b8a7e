//! The tensors of a `state_dict` of PyTorch as a file holds them: names without what wrappers put
//! before them, elements of any floating-point type as f32.

use std::collections::{BTreeMap, HashMap};

use candle_core::safetensors::Load as _;
use candle_core::{DType, Device, Tensor};
use safetensors::Dtype;

use crate::error::ModelError;
use crate::weights::error::FormatError;
use crate::weights::file::{COUNTER, parse};

/// Segments of names that wrappers add wherever they wrap: `DataParallel` and `torch.compile`.
const WRAPPERS: [&str; 2] = ["module", "_orig_mod"];
/// A tensor that each of the lecture's classes has.
const LANDMARK: &str = "fc_mu.weight";

/// The tensors in the bytes of a safetensors file, by their names in the class, without PyTorch's
/// counters.
pub(crate) fn state(bytes: &[u8], device: &Device) -> Result<HashMap<String, Tensor>, FormatError> {
    // A zip archive, or a pickle of protocol 2 or later.
    if bytes.starts_with(b"PK\x03\x04") || matches!(bytes, [0x80, 2..=5, ..]) {
        return Err(FormatError::Pickle);
    }
    let file = parse(bytes)?;
    let mut named = BTreeMap::new();
    for (name, view) in file.iter() {
        let plain: Vec<&str> =
            name.split('.').filter(|segment| !WRAPPERS.contains(segment)).collect();
        if plain.last() != Some(&COUNTER) && named.insert(plain.join("."), (name, view)).is_some() {
            return Err(FormatError::UnexpectedTensor { name: name.to_owned() });
        }
    }
    // What an outer class calls the network, as Lightning's `model`.
    let prefix = named.keys().filter_map(|name| name.strip_suffix(LANDMARK));
    let prefix = prefix.min_by_key(|prefix| prefix.len()).unwrap_or_default().to_owned();
    let mut tensors = HashMap::new();
    for (plain, (name, view)) in named {
        if !matches!(view.dtype(), Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
            let (name, found) = (name.to_owned(), format!("{:?}", view.dtype()));
            return Err(FormatError::TensorType { name, found });
        }
        let name = plain
            .strip_prefix(&prefix)
            .ok_or_else(|| FormatError::UnexpectedTensor { name: name.to_owned() })?;
        let tensor = view.load(device).and_then(|tensor| tensor.to_dtype(DType::F32));
        let tensor = tensor.map_err(ModelError::Candle)?;
        let values = tensor.flatten_all().and_then(|tensor| tensor.to_vec1::<f32>());
        if let Some(value) =
            values.map_err(ModelError::Candle)?.into_iter().find(|value| !value.is_finite())
        {
            return Err(FormatError::NotFinite { name: name.to_owned(), value });
        }
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(tensors)
}
