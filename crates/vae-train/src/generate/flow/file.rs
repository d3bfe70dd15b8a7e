//! The file of a flow, beside the weights whose codes it describes.

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor};
use ndarray::Array2;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use vae_models::Vae;
use vae_nn::Parameters;

use crate::error::{Result, TrainError};
use crate::generate::flow::model::{Flow, WIDTH, to_tensor};
use crate::generate::flow::scores::FlowScores;
use crate::generate::flow::velocity::Velocity;
use crate::learn::{RunFolder, write};

/// Version of the layout of `flow.safetensors`.
const FORMAT: u32 = 1;
/// The key of its metadata.
const KEY: &str = "flow";
/// The tensor of means and reciprocal deviations of the contexts.
const STANDARDS: &str = "context.standards";

/// What the file says about itself.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
    /// Checksum of the weight file whose codes these are.
    weights: String,
    /// Checksum of the tensors; empty in files of earlier versions.
    #[serde(default)]
    tensors: String,
    scores: FlowScores,
}

impl Flow {
    /// Writes the flow into the folder of a run, with a checksum of its weights.
    ///
    /// # Errors
    /// When the weights cannot be read or the file cannot be written.
    #[expect(
        clippy::missing_panics_doc,
        reason = "it cannot: plain fields and tensors can be written"
    )]
    pub fn save(&self, run: &RunFolder) -> Result<()> {
        let mut tensors: BTreeMap<String, Tensor> = self
            .parameters
            .iter()
            .map(|(name, variable)| (name, variable.as_tensor().clone()))
            .collect();
        tensors.insert(STANDARDS.to_owned(), to_tensor(&self.standards)?);
        let plain = safetensors::serialize(&tensors, None);
        let header = Header {
            format: FORMAT,
            weights: checksum(run)?,
            tensors: checksum_of(&plain.expect("tensors on the processor can be written")),
            scores: self.scores.clone(),
        };
        let json = serde_json::to_string(&header).expect("a header has plain fields only");
        let bytes = safetensors::serialize(&tensors, Some(HashMap::from([(KEY.to_owned(), json)])))
            .expect("tensors on the processor can be written");
        write(&run.flow(), &bytes)
    }

    /// Reads what [`save`](Self::save) wrote; `None` if there is no file, or the weights have
    /// changed since.
    ///
    /// # Errors
    /// [`TrainError::Damaged`] for a file of another kind or of another model;
    /// [`TrainError::Format`] for another version.
    #[expect(clippy::missing_panics_doc, reason = "it cannot: the sizes are those just computed")]
    pub fn read(run: &RunFolder, vae: &Vae) -> Result<Option<Self>> {
        let path = run.flow();
        if !path.is_file() {
            return Ok(None);
        }
        let damaged = |message: String| TrainError::Damaged { path: path.clone(), message };
        let bytes =
            std::fs::read(&path).map_err(|source| TrainError::io("reading", &path, source))?;
        let text = |error: safetensors::SafeTensorError| damaged(error.to_string());
        let file = SafeTensors::deserialize(&bytes).map_err(text)?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(text)?;
        let json = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let json = json.ok_or_else(|| damaged("it does not hold a flow".to_owned()))?;
        let header: Header =
            serde_json::from_str(json).map_err(|error| damaged(error.to_string()))?;
        if header.format != FORMAT {
            let found = header.format;
            return Err(TrainError::Format { path: path.clone(), found, known: FORMAT });
        }
        if header.weights != checksum(run)? {
            return Ok(None);
        }
        let mut tensors = HashMap::new();
        for (name, view) in file.iter() {
            use candle_core::safetensors::Load;
            tensors.insert(name.to_owned(), view.load(&Device::Cpu)?.to_dtype(DType::F32)?);
        }
        let other = || damaged("it is the flow of another model".to_owned());
        let standards = tensors.remove(STANDARDS).ok_or_else(other)?;
        let width = vae.config().condition_width();
        if standards.dims() != [2, width] {
            return Err(other());
        }
        let all = standards.flatten_all()?.to_vec1::<f32>()?;
        let finite = |tensor: &Tensor| -> Result<bool> {
            Ok(tensor.flatten_all()?.to_vec1::<f32>()?.iter().all(|value| value.is_finite()))
        };
        for tensor in tensors.values().chain([&standards]) {
            if !finite(tensor)? {
                return Err(damaged("it holds a number that is not finite".to_owned()));
            }
        }
        let parameters = Parameters::new(0, DType::F32, Device::Cpu);
        let sizes = (vae.config().latent_dim, width);
        let velocity = Velocity::new(sizes, WIDTH, &parameters)?;
        parameters.load(&tensors).map_err(|_| other())?;
        let plain = safetensors::serialize(file.iter(), None).map_err(text)?;
        if !header.tensors.is_empty() && header.tensors != checksum_of(&plain) {
            return Err(damaged("its numbers are not those that were written".to_owned()));
        }
        let standards = Array2::from_shape_vec((2, width), all).expect("two rows");
        Ok(Some(Self { velocity, parameters, standards, scores: header.scores }))
    }
}

fn checksum(run: &RunFolder) -> Result<String> {
    let path = run.model();
    let bytes = std::fs::read(&path).map_err(|source| TrainError::io("reading", &path, source))?;
    Ok(checksum_of(&bytes))
}

fn checksum_of(bytes: &[u8]) -> String {
    format!("{:032x}", twox_hash::XxHash3_128::oneshot(bytes))
}
