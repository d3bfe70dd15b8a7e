//! Muon: matrices move along their orthogonalized momentum, everything else by Adam.

use crate::composed::device;
use crate::error::Error;
use crate::kernels::element::Element;
use crate::kernels::simd::wide;
use crate::optimizer::adam::{Adam, AdamConfig};
use crate::optimizer::orthogonal::orthogonalize;
use crate::optimizer::variables::{by_name, check_gradient, moment_of};
use crate::tensors::storage::{by_dtype, reading, writing};
use candle_core::backprop::GradStore;
use candle_core::{Device, Result as CandleResult, Tensor, Var};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

const OP: &str = "muon";

/// Decay of the mean gradient of a matrix.
const MOMENTUM: f64 = 0.95;

/// The root mean square of an update per unit of learning rate, about that of Adam, so that one
/// learning rate and one weight decay serve both.
const ROOT_MEAN_SQUARE: f64 = 0.2;

/// The end of the name of a saved mean gradient, as PyTorch calls it.
const BUFFER: &str = "momentum_buffer";

/// Muon (Jordan et al. 2024) with decoupled weight decay for parameters of two and more dimensions,
/// [`Adam`] for the others.
///
/// A parameter (N, …) counts as a matrix of N rows. With the gradient `g`, its decaying mean `m ←
/// 0.95 m + 0.05 g` and the look ahead `u = 0.95 m + 0.05 g` of Nesterov, a matrix of R × C becomes
/// `(1 − lr · weight_decay) θ − 0.2 √max(R, C) · lr · O(u)`, where `O` brings all singular values
/// near to 1 by five Newton–Schulz iterations. So the update is equally long in all directions in
/// which the gradient points at all, and as long as Adam's usually is (the factor of Liu et al.
/// 2025, "Muon is scalable for LLM training").
///
/// The rule is PyTorch's `Muon` with `adjust_lr_fn="match_rms_adamw"`, which iterates in bfloat16;
/// here the precision is that of the parameter. The state is saved and loaded by the parameters'
/// names, so a run can be resumed exactly, and results do not depend on the number of threads.
///
/// # Examples
/// ```
/// use candle_core::{Device, Var};
/// use vae_nn::{AdamConfig, Muon};
///
/// let x = Var::new(&[[3.0_f64, 0.0], [0.0, 0.1]], &Device::Cpu)?;
/// let config = AdamConfig { lr: 0.1, ..AdamConfig::default() };
/// let mut muon = Muon::new(vec![("x".to_owned(), x.clone())], config)?;
/// muon.step(&x.sqr()?.sum_all()?.backward()?)?;
/// // Both singular values of the gradient count alike, though one is thirty times the other.
/// let moved = x.to_vec2::<f64>()?;
/// let (first, second) = (3.0 - moved[0][0], 0.1 - moved[1][1]);
/// assert!(0.6 < first / second && first / second < 1.7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Muon {
    matrices: BTreeMap<String, Matrix>,
    others: Adam,
}

/// A parameter with its mean gradient, which lies in this machine's memory.
#[derive(Debug)]
struct Matrix {
    var: Var,
    mean: Tensor,
    rows: usize,
    cols: usize,
}

impl Muon {
    /// An optimizer of the named variables that has not made a step yet. Learning rate and weight
    /// decay of `config` are those of all, the rest is for [`Adam`].
    ///
    /// # Errors
    /// If a setting is out of its domain, two variables carry one name, or a variable is neither
    /// `f32` nor `f64`.
    pub fn new(vars: Vec<(String, Var)>, config: AdamConfig) -> Result<Self, Error> {
        let (matrices, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            by_name(OP, vars)?.into_iter().partition(|(_, var)| 2 <= var.rank());
        let mut slots = BTreeMap::new();
        for (name, var) in matrices {
            let mean = Tensor::zeros(var.shape(), var.dtype(), &Device::Cpu)?;
            let rows = var.dim(0)?;
            let cols = var.dims().iter().skip(1).product();
            slots.insert(name, Matrix { var, mean, rows, cols });
        }
        let others = Adam::new(others.into_iter().collect(), config)?;
        Ok(Self { matrices: slots, others })
    }

    /// Moves every variable that has an entry in `grads`; the others are left alone, with their
    /// moments.
    ///
    /// # Errors
    /// If a gradient has another shape or element type than its variable.
    pub fn step(&mut self, grads: &GradStore) -> Result<(), Error> {
        for (name, matrix) in &self.matrices {
            check_gradient(OP, name, &matrix.var, grads)?;
        }
        self.others.step(grads)?;
        let config = *self.others.config();
        let mut moves = Vec::new();
        for matrix in self.matrices.values() {
            let Some(grad) = grads.get(&matrix.var) else { continue };
            let grad = grad.to_device(&Device::Cpu)?.contiguous()?;
            let mut theta = matrix.var.as_detached_tensor();
            let elsewhere = device::is_elsewhere(&matrix.var);
            if elsewhere {
                theta = theta.copy()?.to_device(&Device::Cpu)?;
            }
            moves.push((matrix, theta, grad, elsewhere));
        }
        moves
            .par_iter()
            .try_for_each(|(matrix, theta, grad, _)| matrix.step(theta, grad, &config))?;
        for (Matrix { var, .. }, theta, _, elsewhere) in &moves {
            if *elsewhere {
                var.set(&theta.to_device(var.device())?)?;
            }
        }
        Ok(())
    }

    /// Sets the learning rate of the steps to come.
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn set_learning_rate(&mut self, lr: f64) -> Result<(), Error> {
        self.others.set_learning_rate(lr)
    }

    /// Number of steps made.
    pub fn n_steps(&self) -> u64 {
        self.others.n_steps()
    }

    /// Everything needed to resume, except the settings: [`Adam::state`] of the variables that it
    /// moves, and `NAME.momentum_buffer` of the others.
    ///
    /// # Errors
    /// If candle cannot make a tensor.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>, Error> {
        let mut state = self.others.state()?;
        for (name, matrix) in &self.matrices {
            // A copy: the next step changes the mean in place.
            state.insert(format!("{name}.{BUFFER}"), matrix.mean.copy()?);
        }
        Ok(state)
    }

    /// Restores a state that [`Muon::state`] returned for an optimizer of the same variables.
    /// Tensors with other names are refused.
    ///
    /// # Errors
    /// If a tensor is missing, unknown, or has another shape; then nothing is changed.
    pub fn load_state(&mut self, state: &HashMap<String, Tensor>) -> Result<(), Error> {
        let mut others = state.clone();
        let mut means = Vec::new();
        for (name, matrix) in &self.matrices {
            let name = format!("{name}.{BUFFER}");
            means.push(moment_of(state, &name, &matrix.var, &Device::Cpu)?);
            others.remove(&name);
        }
        self.others.load_state(&others)?;
        for (matrix, mean) in self.matrices.values_mut().zip(means) {
            matrix.mean = mean;
        }
        Ok(())
    }
}

impl Matrix {
    /// Moves `theta`, the parameter or a copy of it, and the mean gradient with it, in place.
    fn step(&self, theta: &Tensor, grad: &Tensor, config: &AdamConfig) -> CandleResult<()> {
        let reading = reading(OP, grad);
        by_dtype!(OP, grad.dtype(), T => {
            let grad = reading.elements::<T>()?;
            writing(OP, theta, |theta| {
                writing(OP, &self.mean, |mean| {
                    self.apply(theta, grad, mean, config);
                    Ok(())
                })
            })
        })
    }

    fn apply<T: Element>(&self, theta: &mut [T], grad: &[T], mean: &mut [T], config: &AdamConfig) {
        let (keep, take) = (T::lit(MOMENTUM), T::lit(1.0 - MOMENTUM));
        let mut ahead = vec![T::ZERO; grad.len()];
        wide!({
            let (keep, take) = (keep, take);
            for ((ahead, m), &g) in ahead.iter_mut().zip(mean).zip(grad) {
                *m = keep * *m + take * g;
                *ahead = keep * *m + take * g;
            }
        });
        orthogonalize(&mut ahead, self.rows, self.cols);
        let longer = self.rows.max(self.cols) as f64;
        let rate = T::lit(config.lr * ROOT_MEAN_SQUARE * longer.sqrt());
        let shrink = T::lit(1.0 - config.lr * config.weight_decay);
        wide!({
            let (shrink, rate) = (shrink, rate);
            for (theta, &ahead) in theta.iter_mut().zip(&ahead) {
                *theta = shrink * *theta - rate * ahead;
            }
        });
    }
}
