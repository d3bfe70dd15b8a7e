//! Max-pooling that sends each gradient to exactly one pixel.

use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::{Error, at_least_one};
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};
use rayon::prelude::*;
use std::sync::OnceLock;

const OP: &str = "max_pool2d";

/// Largest value of each `k × k` window, `(B, C, H, W) → (B, C, ⌊H/k⌋, ⌊W/k⌋)`; windows do not overlap, and rows and
/// columns that fill no window are left out.
///
/// The gradient goes to the first largest value of a window in reading order, as in PyTorch. That matters on designs: in
/// flat void or solid areas nearly every window is a tie. A window with a NaN gives NaN.
///
/// # Errors
/// If `k` is 0 or above 255, the image is smaller than a window, or the element type is neither `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Var};
///
/// let xs = Var::new(&[[[[1.0_f64, 1.0, 9.0], [0.0, 1.0, 9.0]]]], &Device::Cpu)?;
/// let ys = vae_nn::max_pool2d(&xs, 2)?;
/// assert_eq!(ys.flatten_all()?.to_vec1::<f64>()?, [1.0]);
/// let grads = ys.sum_all()?.backward()?;
/// let grad = grads.get(&xs).unwrap().flatten_all()?.to_vec1::<f64>()?;
/// assert_eq!(grad, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn max_pool2d(xs: &Tensor, k: usize) -> Result<Tensor> {
    let windows = Windows::new(OP, xs, k)?;
    if k > 255 {
        let requirement = "at most 255";
        return Err(Error::Setting { name: "k", value: k as f64, requirement }.into());
    }
    xs.contiguous()?.apply_op1(MaxPool { windows, argmax: OnceLock::new() })
}

/// Non-overlapping square windows on the planes of an image.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    pub(crate) k: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Windows {
    /// # Errors
    /// If `k` is 0, or `xs` is no `(B, C, H, W)` with room for a window.
    pub(crate) fn new(op: &'static str, xs: &Tensor, k: usize) -> Result<Self> {
        at_least_one("k", k)?;
        match *xs.dims() {
            [_, _, height, width] if k <= height && k <= width => Ok(Self { k, height, width }),
            _ => Err(Error::Shape {
                op,
                expected: format!("(B, C, H, W) with H and W at least {k}"),
                actual: xs.dims().to_vec(),
            }
            .into()),
        }
    }

    pub(crate) fn out_height(&self) -> usize {
        self.height / self.k
    }

    pub(crate) fn out_width(&self) -> usize {
        self.width / self.k
    }

    /// Elements of an input plane.
    pub(crate) fn plane_len(&self) -> usize {
        self.height * self.width
    }

    /// Elements of an output plane.
    pub(crate) fn out_len(&self) -> usize {
        self.out_height() * self.out_width()
    }

    /// Shape of the result for an input of shape `dims`.
    pub(crate) fn out_shape(&self, dims: &[usize]) -> Shape {
        (dims[0], dims[1], self.out_height(), self.out_width()).into()
    }
}

struct MaxPool {
    windows: Windows,
    /// Place of the maximum in its window, `ky * k + kx`, per output element.
    argmax: OnceLock<Vec<u16>>,
}

impl MaxPool {
    fn forward<T: Element>(&self, xs: &[T]) -> Vec<T> {
        let w = &self.windows;
        let n_planes = xs.len() / w.plane_len();
        let mut ys = vec![T::ZERO; n_planes * w.out_len()];
        let mut argmax = vec![0; ys.len()];
        ys.par_chunks_exact_mut(w.out_len())
            .zip(argmax.par_chunks_exact_mut(w.out_len()))
            .zip(xs.par_chunks_exact(w.plane_len()))
            .for_each(|((ys, argmax), xs)| pool_plane(w, xs, ys, argmax));
        // The op is made for one forward pass, so the cell is empty here.
        let _ = self.argmax.set(argmax);
        ys
    }

    fn backward<T: Element>(&self, xs: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let w = &self.windows;
        let grad = reading(OP, grad);
        let grad = grad.elements::<T>()?;
        let Some(argmax) = self.argmax.get() else {
            return Err(candle_core::Error::msg("max_pool2d: backward before forward").bt());
        };
        let mut out = vec![T::ZERO; xs.elem_count()];
        out.par_chunks_exact_mut(w.plane_len())
            .zip(grad.par_chunks_exact(w.out_len()))
            .zip(argmax.par_chunks_exact(w.out_len()))
            .for_each(|((out, grad), argmax)| {
                let lines =
                    grad.chunks_exact(w.out_width()).zip(argmax.chunks_exact(w.out_width()));
                for (band, (grad, argmax)) in out.chunks_exact_mut(w.k * w.width).zip(lines) {
                    for (x, (&g, &at)) in grad.iter().zip(argmax).enumerate() {
                        let (ky, kx) = (usize::from(at) / w.k, usize::from(at) % w.k);
                        band[ky * w.width + x * w.k + kx] = g;
                    }
                }
            });
        tensor(out, xs.shape())
    }
}

fn pool_plane<T: Element>(w: &Windows, xs: &[T], ys: &mut [T], argmax: &mut [u16]) {
    let lines = ys.chunks_exact_mut(w.out_width()).zip(argmax.chunks_exact_mut(w.out_width()));
    for (band, (ys, argmax)) in xs.chunks_exact(w.k * w.width).zip(lines) {
        for (x, (y, argmax)) in ys.iter_mut().zip(argmax).enumerate() {
            let mut best = band[x * w.k];
            let mut at = 0;
            for ky in 0..w.k {
                let line = &band[ky * w.width + x * w.k..][..w.k];
                for (kx, &value) in line.iter().enumerate() {
                    // Strictly above: the first of several stays. A NaN differs from itself, and stays too.
                    #[expect(clippy::eq_op, reason = "the test for NaN of a generic type")]
                    if value > best || (value != value && best == best) {
                        best = value;
                        at = ky * w.k + kx;
                    }
                }
            }
            *y = best;
            *argmax = at as u16;
        }
    }
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let shape = self.windows.out_shape(layout.dims());
        by_dtype!(OP, storage.dtype(), T => {
            let ys = self.forward::<T>(elements(OP, storage, layout)?);
            Ok((T::to_cpu_storage_owned(ys), shape))
        })
    }

    fn bwd(&self, xs: &Tensor, _ys: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => self.backward::<T>(xs, &grad).map(Some))
    }
}
