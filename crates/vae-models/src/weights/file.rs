//! A network as one file: safetensors, with everything needed to rebuild it in one metadata key.
//!
//! The key is `vae` and its value the [`ModelConfig`] as JSON. Names and shapes of the tensors are
//! those of the equal PyTorch module, whose `load_state_dict(strict=True)` takes them; that is why
//! an i64 scalar `num_batches_tracked` stands beside the statistics of every batch normalization
//! (PyTorch has it; nothing reads it). There is no time, no path and no order of a hash map in the
//! file: equal networks give equal bytes.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::safetensors::Load;
use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use vae_base::files;
use vae_nn::Parameters;

use crate::architecture::config::ModelConfig;
use crate::error::ModelError;
use crate::network::vae::Vae;
use crate::weights::error::{FormatError, LoadError, SaveError};

/// The one metadata key. One, because the writer orders several by a randomly seeded hash map.
const KEY: &str = "vae";
/// PyTorch's counter beside the statistics of a batch normalization.
pub(crate) const COUNTER: &str = "num_batches_tracked";

/// Writes the weights with the configuration they belong to, in one piece.
///
/// # Errors
/// [`SaveError`]; an existing file is then unchanged.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device};
/// use vae_models::{ModelConfig, Vae, load, save};
/// use vae_nn::Parameters;
///
/// let config = ModelConfig::compact(20, 60, Vec::new());
/// let parameters = Parameters::new(42, DType::F32, Device::Cpu);
/// Vae::new(&config, parameters.var_builder())?;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.safetensors");
/// save(&path, &config, &parameters)?;
/// let (vae, _parameters) = load(&path, &Device::Cpu)?;
/// assert_eq!(vae.config(), &config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(path: &Path, config: &ModelConfig, parameters: &Parameters) -> Result<(), SaveError> {
    Ok(files::write(path, &to_bytes(config, parameters)?)?)
}

/// Reads a network and its parameters, in the element type of the file (f32 or f64).
///
/// # Errors
/// [`LoadError`] if the file is missing, truncated or not ours, or has other tensors than its
/// configuration needs.
pub fn load(path: &Path, device: &Device) -> Result<(Vae, Parameters), LoadError> {
    let bytes = read(path)?;
    from_bytes(&bytes, device).map_err(|source| LoadError::Format { path: path.to_owned(), source })
}

/// [`load`], if the file holds the architecture `expected`; conditions and their statistics
/// included.
///
/// # Errors
/// [`LoadError`], with [`FormatError::OtherArchitecture`] naming the first field that differs.
pub fn load_matching(
    path: &Path,
    expected: &ModelConfig,
    device: &Device,
) -> Result<(Vae, Parameters), LoadError> {
    let bytes = read(path)?;
    let network = || {
        let tensors = parse(&bytes)?;
        let found = config(&bytes)?;
        match difference(expected, &found).map_err(FormatError::Metadata)? {
            Some(different) => Err(different),
            None => build(&found, &tensors, device),
        }
    };
    network().map_err(|source| LoadError::Format { path: path.to_owned(), source })
}

/// The bytes that [`save`] writes.
///
/// # Errors
/// [`SaveError::Mismatch`] if `parameters` are not those of `config`.
pub fn to_bytes(config: &ModelConfig, parameters: &Parameters) -> Result<Vec<u8>, SaveError> {
    let mut tensors: BTreeMap<String, Tensor> = BTreeMap::new();
    for (name, variable) in parameters.iter() {
        tensors.insert(name, variable.as_tensor().clone());
    }
    let shapes = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.dims()));
    check_shapes(config, shapes).map_err(SaveError::Mismatch)?;
    for norm in config.norms() {
        let zero =
            Tensor::new(0i64, &Device::Cpu).map_err(|error| SaveError::Serialize(error.into()))?;
        tensors.insert(format!("{norm}.{COUNTER}"), zero);
    }
    let json = serde_json::to_string(config).map_err(|error| SaveError::Serialize(error.into()))?;
    safetensors::serialize(&tensors, Some(HashMap::from([(KEY.to_owned(), json)])))
        .map_err(|error| SaveError::Serialize(error.into()))
}

/// A network from the bytes that [`to_bytes`] made.
///
/// # Errors
/// [`FormatError`].
pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<(Vae, Parameters), FormatError> {
    let tensors = parse(bytes)?;
    build(&config(bytes)?, &tensors, device)
}

/// Largest size of a weight file: the parameters that a network may have, four times.
const MAX_FILE: u64 = 16 << 30;

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    vae_base::files::read(path, MAX_FILE)
        .map_err(|source| LoadError::Read { path: path.to_owned(), source })
}

/// The container. The error names the most frequent accident, a truncated file, where it can.
pub(crate) fn parse(bytes: &[u8]) -> Result<SafeTensors<'_>, FormatError> {
    check_header(bytes)?;
    SafeTensors::deserialize(bytes).map_err(|error| match (error, announced_size(bytes)) {
        (_, Some(expected)) if (bytes.len() as u64) < expected => {
            FormatError::Truncated { expected, found: bytes.len() as u64 }
        }
        (error, _) => FormatError::NotSafetensors(error),
    })
}

/// Refuses a header of many megabytes before it is read: no model within the limits of a
/// configuration has one.
fn check_header(bytes: &[u8]) -> Result<(), FormatError> {
    const MAX: u64 = 32 << 20;
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return Ok(()) };
    let length = u64::from_le_bytes(*length);
    // Anything else is not ours to begin with.
    let is_whole = rest.starts_with(b"{") && length <= rest.len() as u64;
    if is_whole && MAX < length {
        return Err(FormatError::Header { bytes: length, max: MAX });
    }
    Ok(())
}

/// The size the file should have: eight bytes with the header's length, the header, and the largest
/// offset in it. `None` if no header can be made out; of a header that is itself cut short, what is
/// needed to hold it.
fn announced_size(bytes: &[u8]) -> Option<u64> {
    /// The largest header that the format allows.
    const MAX_HEADER: u64 = 100_000_000;
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return Some(8) };
    let length = u64::from_le_bytes(*length);
    if MAX_HEADER < length {
        return None;
    }
    let Some(header) = rest.get(..length as usize) else {
        // Only a header that begins as one can be said to have been cut.
        return rest.starts_with(b"{").then_some(8 + length);
    };
    let header: serde_json::Value = serde_json::from_slice(header).ok()?;
    let ends = header
        .as_object()?
        .values()
        .filter_map(|tensor| tensor.get("data_offsets")?.get(1)?.as_u64());
    (8 + length).checked_add(ends.max().unwrap_or(0))
}

fn config(bytes: &[u8]) -> Result<ModelConfig, FormatError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(FormatError::NotSafetensors)?;
    let json = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(KEY))
        .ok_or(FormatError::NoModel)?;
    let config: ModelConfig = serde_json::from_str(json).map_err(FormatError::Metadata)?;
    config.validate()?;
    Ok(config)
}

fn build(
    config: &ModelConfig,
    file: &SafeTensors<'_>,
    device: &Device,
) -> Result<(Vae, Parameters), FormatError> {
    let counters: Vec<_> =
        config.norms().into_iter().map(|norm| format!("{norm}.{COUNTER}")).collect();
    let views: BTreeMap<&str, TensorView<'_>> =
        file.iter().filter(|(name, _)| !counters.iter().any(|counter| counter == name)).collect();
    // Names, shapes and types first: nothing is allocated for a file that does not fit.
    check_shapes(config, views.iter().map(|(&name, view)| (name, view.shape())))?;
    let dtype = element_type(&views)?;
    check_finite(&views)?;

    let mut tensors = HashMap::new();
    for (name, view) in views {
        tensors.insert(name.to_owned(), view.load(device).map_err(ModelError::Candle)?);
    }
    assemble(config, &tensors, dtype, device)
}

/// The network with these tensors, whose names and shapes were checked.
fn assemble(
    config: &ModelConfig,
    tensors: &HashMap<String, Tensor>,
    dtype: DType,
    device: &Device,
) -> Result<(Vae, Parameters), FormatError> {
    let parameters = Parameters::new(0, dtype, device.clone());
    let vae = Vae::new(config, parameters.var_builder())?;
    parameters.load(tensors).map_err(ModelError::Layer)?;
    Ok((vae, parameters))
}

/// [`build`] from tensors of f32 in memory.
pub(crate) fn build_from(
    config: &ModelConfig,
    tensors: &HashMap<String, Tensor>,
    device: &Device,
) -> Result<(Vae, Parameters), FormatError> {
    let mut shapes: Vec<(&str, &[usize])> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.dims())).collect();
    shapes.sort_unstable();
    check_shapes(config, shapes.into_iter())?;
    assemble(config, tensors, DType::F32, device)
}

/// Whether the tensors, sorted by name, are exactly those of the configuration.
fn check_shapes<'a>(
    config: &ModelConfig,
    tensors: impl Iterator<Item = (&'a str, &'a [usize])>,
) -> Result<(), FormatError> {
    let mut found: BTreeMap<_, _> = tensors.collect();
    for (name, expected) in config.parameter_shapes() {
        match found.remove(name.as_str()) {
            None => return Err(FormatError::MissingTensor { name }),
            Some(shape) if shape != expected => {
                return Err(FormatError::TensorShape { name, expected, found: shape.to_vec() });
            }
            Some(_) => {}
        }
    }
    match found.pop_first() {
        Some((name, _)) => Err(FormatError::UnexpectedTensor { name: name.to_owned() }),
        None => Ok(()),
    }
}

fn element_type(views: &BTreeMap<&str, TensorView<'_>>) -> Result<DType, FormatError> {
    let mut first = None;
    for (&name, view) in views {
        let found = view.dtype();
        if !matches!(found, Dtype::F32 | Dtype::F64) || *first.get_or_insert(found) != found {
            return Err(FormatError::TensorType {
                name: name.to_owned(),
                found: format!("{found:?}"),
            });
        }
    }
    Ok(if first == Some(Dtype::F64) { DType::F64 } else { DType::F32 })
}

/// Whether every weight is a finite number: one that is not would make every design one that is not.
fn check_finite(views: &BTreeMap<&str, TensorView<'_>>) -> Result<(), FormatError> {
    for (&name, view) in views {
        let (single, _) = view.data().as_chunks::<4>();
        let (double, _) = view.data().as_chunks::<8>();
        let value = match view.dtype() {
            Dtype::F32 => {
                single.iter().map(|&bytes| f32::from_le_bytes(bytes)).find(|x| !x.is_finite())
            }
            _ => double
                .iter()
                .map(|&bytes| f64::from_le_bytes(bytes))
                .find(|x| !x.is_finite())
                .map(|x| x as f32),
        };
        if let Some(value) = value {
            return Err(FormatError::NotFinite { name: name.to_owned(), value });
        }
    }
    Ok(())
}

/// The first field in which two configurations differ.
fn difference(
    expected: &ModelConfig,
    found: &ModelConfig,
) -> serde_json::Result<Option<FormatError>> {
    if expected == found {
        return Ok(None);
    }
    let (expected, found) = (serde_json::to_value(expected)?, serde_json::to_value(found)?);
    let text = |value: Option<&serde_json::Value>| {
        value.map_or_else(|| "absent".to_owned(), ToString::to_string)
    };
    let fields =
        expected.as_object().into_iter().chain(found.as_object()).flat_map(|object| object.keys());
    let field = fields.into_iter().find(|&field| expected.get(field) != found.get(field));
    Ok(field.map(|field| FormatError::OtherArchitecture {
        field: field.clone(),
        expected: text(expected.get(field)),
        found: text(found.get(field)),
    }))
}
