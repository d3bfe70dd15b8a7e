//! The trainable tensors of a model by name, with seeded initial values.

use crate::error::Error;
use candle_core::{DType, Device, Shape, Tensor, Var};
use candle_nn::VarBuilder;
use candle_nn::init::{Init, NormalOrUniform};
use candle_nn::var_builder::SimpleBackend;
use rand::Rng;
use rand_distr::StandardNormal;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vae_base::stream;

/// The tensors of a model, sorted by name.
///
/// Layers ask [`Parameters::var_builder`] for theirs; a tensor that is not there yet is made, with
/// an initial value that depends on (seed, name, shape) alone. So adding a layer does not move the
/// initial values of the others, and the order of all walks over the tensors is the same in every
/// process. Values in `f32` are those in `f64`, rounded. Clones share the tensors.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device};
/// use vae_nn::{BatchNorm2d, Linear, Parameters};
///
/// let parameters = Parameters::new(1, DType::F32, Device::Cpu);
/// let vb = parameters.var_builder();
/// Linear::new(2, 3, vb.pp("fc"))?;
/// BatchNorm2d::new(3, vb.pp("norm"))?;
/// let names: Vec<String> = parameters.trainable().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["fc.bias", "fc.weight", "norm.bias", "norm.weight"]);
/// # Ok::<(), candle_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Parameters {
    vars: Arc<Mutex<BTreeMap<String, Var>>>,
    seed: u64,
    dtype: DType,
    device: Device,
}

impl Parameters {
    /// An empty set. Tensors that are added later are drawn with `seed`.
    pub fn new(seed: u64, dtype: DType, device: Device) -> Self {
        Self { vars: Arc::default(), seed, dtype, device }
    }

    /// What layers are built from: names join with dots, as in `encoder.0.weight`.
    pub fn var_builder(&self) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self.clone()), self.dtype, self.device.clone())
    }

    /// The tensor of this full name.
    pub fn get(&self, name: &str) -> Option<Var> {
        self.lock().get(name).cloned()
    }

    /// All tensors so far, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (String, Var)> + use<> {
        self.lock().clone().into_iter()
    }

    /// The tensors that an optimizer may change, sorted by name: all but `running_mean` and
    /// `running_var`.
    pub fn trainable(&self) -> Vec<(String, Var)> {
        let is_statistic =
            |name: &str| matches!(name.rsplit('.').next(), Some("running_mean" | "running_var"));
        self.iter().filter(|(name, _)| !is_statistic(name)).collect()
    }

    /// Number of tensors.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no layer has asked for a tensor yet.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Number of values in all tensors.
    pub fn elem_count(&self) -> usize {
        self.lock().values().map(|var| var.elem_count()).sum()
    }

    /// The element type of the tensors.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Where the tensors live.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Sets every tensor from `tensors`, whose names and shapes must be exactly those of this set.
    /// Element types are converted.
    ///
    /// # Errors
    /// If a tensor is missing, is not one of ours, or has another shape; then nothing is changed.
    pub fn load(&self, tensors: &HashMap<String, Tensor>) -> Result<(), Error> {
        let vars = self.lock();
        for (name, var) in &*vars {
            let Some(tensor) = tensors.get(name) else {
                return Err(Error::MissingTensor { name: name.clone() });
            };
            if tensor.shape() != var.shape() {
                return Err(Error::TensorShape {
                    name: name.clone(),
                    expected: var.dims().to_vec(),
                    actual: tensor.dims().to_vec(),
                });
            }
        }
        // The smallest name, so that the message does not depend on the order of a hash map.
        if let Some(name) = tensors.keys().filter(|name| !vars.contains_key(*name)).min() {
            return Err(Error::UnexpectedTensor { name: name.clone() });
        }
        let converted: Vec<Tensor> = vars
            .keys()
            .map(|name| tensors[name].to_dtype(self.dtype)?.to_device(&self.device))
            .collect::<candle_core::Result<_>>()?;
        for (var, tensor) in vars.values().zip(&converted) {
            var.set(tensor)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Var>> {
        // The map is valid between any two statements, whoever panicked.
        self.vars.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn initial(&self, name: &str, shape: Shape, init: Init) -> candle_core::Result<Tensor> {
        let mut rng = stream(self.seed, name, 0);
        let n = shape.elem_count();
        let mut normal = |mean: f64, std_dev: f64| -> Vec<f64> {
            (0..n).map(|_| mean + std_dev * rng.sample::<f64, _>(StandardNormal)).collect()
        };
        let values: Vec<f64> = match init {
            Init::Const(value) => vec![value; n],
            Init::Randn { mean, stdev } => normal(mean, stdev),
            Init::Uniform { lo, up } => {
                (0..n).map(|_| lo + (up - lo) * rng.random::<f64>()).collect()
            }
            Init::Kaiming { dist, fan, non_linearity } => {
                let std_dev = non_linearity.gain() / (fan.for_shape(&shape) as f64).sqrt();
                match dist {
                    NormalOrUniform::Normal => normal(0.0, std_dev),
                    NormalOrUniform::Uniform => {
                        let bound = 3_f64.sqrt() * std_dev;
                        (0..n).map(|_| bound * (2.0 * rng.random::<f64>() - 1.0)).collect()
                    }
                }
            }
        };
        Tensor::from_vec(values, shape, &Device::Cpu)
    }
}

impl SimpleBackend for Parameters {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let mut vars = self.lock();
        if let Some(var) = vars.get(name) {
            if *var.shape() != shape {
                return Err(Error::TensorShape {
                    name: name.to_owned(),
                    expected: shape.into_dims(),
                    actual: var.dims().to_vec(),
                }
                .into());
            }
            return Ok(var.as_tensor().clone());
        }
        let initial = self.initial(name, shape, init)?.to_dtype(dtype)?.to_device(device)?;
        let var = Var::from_tensor(&initial)?;
        // The variable's own tensor, not a copy: BatchNorm writes its running statistics through
        // it.
        let tensor = var.as_tensor().clone();
        vars.insert(name.to_owned(), var);
        Ok(tensor)
    }

    fn get_unchecked(
        &self,
        name: &str,
        _dtype: DType,
        _device: &Device,
    ) -> candle_core::Result<Tensor> {
        match Parameters::get(self, name) {
            Some(var) => Ok(var.as_tensor().clone()),
            None => Err(Error::MissingTensor { name: name.to_owned() }.into()),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.lock().contains_key(name)
    }
}
