//! Adam and `AdamW`, whose state has names and can be saved.

use crate::composed::device;
use crate::error::Error;
use crate::kernels::element::Element;
use crate::kernels::simd::wide;
use crate::optimizer::variables::{by_name, check_gradient, moment_of, saved};
use crate::tensors::storage::{by_dtype, reading, writing};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result as CandleResult, Tensor, Var};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

const OP: &str = "adam";

/// Elements that one task updates.
const CHUNK: usize = 1 << 15;

/// Settings of [`Adam`]. The defaults are those of the paper and of PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Learning rate, at least 0.
    pub lr: f64,
    /// Decay of the mean gradient, in `[0, 1)`.
    pub beta1: f64,
    /// Decay of the mean squared gradient, in `[0, 1)`.
    pub beta2: f64,
    /// Added to the root of the mean squared gradient, at least 0.
    pub eps: f64,
    /// Decoupled weight decay, at least 0: each step first shrinks every parameter by the factor `1
    /// − lr · weight_decay`. With 0 the rule is Adam, else `AdamW`.
    pub weight_decay: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 }
    }
}

impl AdamConfig {
    fn check(&self) -> Result<(), Error> {
        for (name, value) in
            [("lr", self.lr), ("eps", self.eps), ("weight_decay", self.weight_decay)]
        {
            if !(value.is_finite() && 0.0 <= value) {
                return Err(Error::Setting { name, value, requirement: "finite and at least 0" });
            }
        }
        for (name, value) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&value) {
                return Err(Error::Setting { name, value, requirement: "in [0, 1)" });
            }
        }
        Ok(())
    }
}

/// Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019).
///
/// One pass over each parameter, in place, equal to PyTorch's `Adam` and `AdamW`. The state is
/// saved and loaded by the parameters' names, so a run can be resumed exactly.
///
/// # Examples
/// ```
/// use candle_core::{Device, Var};
/// use vae_nn::{Adam, AdamConfig};
///
/// let x = Var::new(&[3.0_f64], &Device::Cpu)?;
/// let config = AdamConfig { lr: 0.1, ..AdamConfig::default() };
/// let mut adam = Adam::new(vec![("x".to_owned(), x.clone())], config)?;
/// adam.step(&x.sqr()?.sum_all()?.backward()?)?;
/// // The first step has the length of the learning rate, whatever the gradient.
/// assert!((x.to_vec1::<f64>()?[0] - 2.9).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Adam {
    slots: BTreeMap<String, Slot>,
    config: AdamConfig,
    n_steps: u64,
}

/// A parameter with its two moments, which have its element type and lie where it lies.
#[derive(Debug)]
struct Slot {
    var: Var,
    mean: Tensor,
    square: Tensor,
}

impl Adam {
    /// An optimizer of the named variables that has not made a step yet.
    ///
    /// # Errors
    /// If a setting is out of its domain, two variables carry one name, or a variable is neither
    /// `f32` nor `f64`.
    pub fn new(vars: Vec<(String, Var)>, config: AdamConfig) -> Result<Self, Error> {
        config.check()?;
        let mut slots = BTreeMap::new();
        for (name, var) in by_name(OP, vars)? {
            let (mean, square) = (var.zeros_like()?, var.zeros_like()?);
            slots.insert(name, Slot { var, mean, square });
        }
        Ok(Self { slots, config, n_steps: 0 })
    }

    /// Moves every variable that has an entry in `grads`; the others are left alone, with their
    /// moments.
    ///
    /// # Errors
    /// If a gradient has another shape or element type than its variable.
    pub fn step(&mut self, grads: &GradStore) -> Result<(), Error> {
        for (name, slot) in &self.slots {
            check_gradient(OP, name, &slot.var, grads)?;
        }
        self.n_steps += 1;
        let rule = Rule::new(&self.config, self.n_steps);
        for slot in self.slots.values_mut() {
            let Some(grad) = grads.get(&slot.var) else { continue };
            if device::is_elsewhere(&slot.var) {
                rule.compose(slot, grad)?;
                continue;
            }
            let grad = grad.contiguous()?;
            let reading = reading(OP, &grad);
            by_dtype!(OP, grad.dtype(), T => {
                let grad = reading.elements::<T>()?;
                writing(OP, &slot.var, |theta| {
                    writing(OP, &slot.mean, |mean| {
                        writing(OP, &slot.square, |square| {
                            rule.apply(theta, grad, mean, square);
                            Ok(())
                        })
                    })
                })
            })?;
        }
        Ok(())
    }

    /// The settings in force.
    pub fn config(&self) -> &AdamConfig {
        &self.config
    }

    /// The learning rate in force.
    pub fn learning_rate(&self) -> f64 {
        self.config.lr
    }

    /// Sets the learning rate of the steps to come.
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn set_learning_rate(&mut self, lr: f64) -> Result<(), Error> {
        let config = AdamConfig { lr, ..self.config };
        config.check()?;
        self.config = config;
        Ok(())
    }

    /// Number of steps made.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Everything needed to resume, except the settings: `step` (an `i64` scalar), and per variable
    /// `NAME.exp_avg` and `NAME.exp_avg_sq`, the names that PyTorch gives the two moments.
    ///
    /// # Errors
    /// If candle cannot make a tensor.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>, Error> {
        let mut state = BTreeMap::new();
        state.insert(STEP.to_owned(), Tensor::new(self.n_steps.cast_signed(), &Device::Cpu)?);
        for (name, slot) in &self.slots {
            for (suffix, moment) in [(MEAN, &slot.mean), (SQUARE, &slot.square)] {
                // A copy: the next step changes the moment in place.
                let copy = moment.copy()?.to_device(&Device::Cpu)?;
                state.insert(format!("{name}.{suffix}"), copy);
            }
        }
        Ok(state)
    }

    /// Restores a state that [`Adam::state`] returned for an optimizer of the same variables.
    /// Tensors with other names are refused.
    ///
    /// # Errors
    /// If a tensor is missing, unknown, or has another shape; then nothing is changed.
    pub fn load_state(&mut self, state: &HashMap<String, Tensor>) -> Result<(), Error> {
        let step = saved(state, STEP)?;
        if step.elem_count() != 1 {
            let (expected, actual) = (Vec::new(), step.dims().to_vec());
            return Err(Error::TensorShape { name: STEP.to_owned(), expected, actual });
        }
        let n_steps = step.to_dtype(DType::I64)?.flatten_all()?.get(0)?.to_scalar::<i64>()?;
        let Ok(n_steps) = u64::try_from(n_steps) else {
            let (value, requirement) = (n_steps as f64, "at least 0");
            return Err(Error::Setting { name: "step", value, requirement });
        };
        let mut moments = Vec::new();
        for (name, slot) in &self.slots {
            for suffix in [MEAN, SQUARE] {
                let name = format!("{name}.{suffix}");
                moments.push(moment_of(state, &name, &slot.var, slot.var.device())?);
            }
        }
        let known = |name: &str| {
            name == STEP
                || name.rsplit_once('.').is_some_and(|(var, s)| {
                    (s == MEAN || s == SQUARE) && self.slots.contains_key(var)
                })
        };
        // The smallest name, so that the message does not depend on the order of a hash map.
        if let Some(name) = state.keys().filter(|name| !known(name)).min() {
            return Err(Error::UnexpectedTensor { name: name.clone() });
        }
        let mut moments = moments.into_iter();
        for slot in self.slots.values_mut() {
            if let (Some(mean), Some(square)) = (moments.next(), moments.next()) {
                (slot.mean, slot.square) = (mean, square);
            }
        }
        self.n_steps = n_steps;
        Ok(())
    }
}

const STEP: &str = "step";
const MEAN: &str = "exp_avg";
const SQUARE: &str = "exp_avg_sq";

/// The numbers of one step, in f64.
struct Rule {
    beta1: f64,
    beta2: f64,
    /// `1 − lr · weight_decay`
    shrink: f64,
    /// Learning rate over the bias correction of the mean.
    rate: f64,
    /// One over the root of the bias correction of the mean square.
    root_correction: f64,
    eps: f64,
}

impl Rule {
    fn new(config: &AdamConfig, n_steps: u64) -> Self {
        let correction = |beta: f64| 1.0 - beta.powf(n_steps as f64);
        Self {
            beta1: config.beta1,
            beta2: config.beta2,
            shrink: 1.0 - config.lr * config.weight_decay,
            rate: config.lr / correction(config.beta1),
            root_correction: correction(config.beta2).sqrt().recip(),
            eps: config.eps,
        }
    }

    fn apply<T: Element>(&self, theta: &mut [T], grad: &[T], mean: &mut [T], square: &mut [T]) {
        let (keep1, take1) = (T::lit(self.beta1), T::lit(1.0 - self.beta1));
        let (keep2, take2) = (T::lit(self.beta2), T::lit(1.0 - self.beta2));
        let (shrink, rate) = (T::lit(self.shrink), T::lit(self.rate));
        let (root_correction, eps) = (T::lit(self.root_correction), T::lit(self.eps));
        theta
            .par_chunks_mut(CHUNK)
            .zip(grad.par_chunks(CHUNK))
            .zip(mean.par_chunks_mut(CHUNK).zip(square.par_chunks_mut(CHUNK)))
            .for_each(|((theta, grad), (mean, square))| {
                wide!({
                    // Copies of their own, or every store might change them and nothing vectorizes.
                    let (keep1, take1, keep2, take2) = (keep1, take1, keep2, take2);
                    let (shrink, rate, root_correction, eps) = (shrink, rate, root_correction, eps);
                    let moments = mean.iter_mut().zip(square);
                    for ((theta, &g), (m, v)) in theta.iter_mut().zip(grad).zip(moments) {
                        *m = keep1 * *m + take1 * g;
                        *v = keep2 * *v + take2 * g * g;
                        *theta = shrink * *theta - rate * *m / (v.sqrt() * root_correction + eps);
                    }
                });
            });
    }

    /// The same for tensors on another device.
    fn compose(&self, slot: &mut Slot, grad: &Tensor) -> CandleResult<()> {
        let grad = grad.detach();
        slot.mean = ((&slot.mean * self.beta1)? + (&grad * (1.0 - self.beta1))?)?;
        slot.square = ((&slot.square * self.beta2)? + (grad.sqr()? * (1.0 - self.beta2))?)?;
        let scale = ((slot.square.sqrt()? * self.root_correction)? + self.eps)?;
        let theta = slot.var.as_detached_tensor();
        slot.var.set(&((theta * self.shrink)? - ((&slot.mean * self.rate)? / scale)?)?)
    }
}
