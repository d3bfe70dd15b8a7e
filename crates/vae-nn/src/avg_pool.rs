//! Average pooling.

use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::max_pool::Windows;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};
use rayon::prelude::*;

const OP: &str = "avg_pool2d";

/// Mean of each `k × k` window, `(B, C, H, W) → (B, C, ⌊H/k⌋, ⌊W/k⌋)`; windows do not overlap, and rows and columns that
/// fill no window are left out: they get gradient 0.
///
/// # Errors
/// If `k` is 0, the image is smaller than a window, or the element type is neither `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let xs = Tensor::new(&[[[[1.0_f64, 2.0, 9.0], [3.0, 4.0, 9.0]]]], &Device::Cpu)?;
/// assert_eq!(vae_nn::avg_pool2d(&xs, 2)?.flatten_all()?.to_vec1::<f64>()?, [2.5]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn avg_pool2d(xs: &Tensor, k: usize) -> Result<Tensor> {
    let windows = Windows::new(OP, xs, k)?;
    xs.contiguous()?.apply_op1(AvgPool { windows })
}

struct AvgPool {
    windows: Windows,
}

impl AvgPool {
    fn forward<T: Element>(&self, xs: &[T]) -> Vec<T> {
        let w = &self.windows;
        let share = T::lit(1.0 / (w.k * w.k) as f64);
        let mut ys = vec![T::ZERO; xs.len() / w.plane_len() * w.out_len()];
        ys.par_chunks_exact_mut(w.out_len()).zip(xs.par_chunks_exact(w.plane_len())).for_each(
            |(ys, xs)| {
                let bands = xs.chunks_exact(w.k * w.width);
                for (ys, band) in ys.chunks_exact_mut(w.out_width()).zip(bands) {
                    for line in band.chunks_exact(w.width) {
                        for (y, window) in ys.iter_mut().zip(line.chunks_exact(w.k)) {
                            for &x in window {
                                *y += x;
                            }
                        }
                    }
                    for y in ys {
                        *y *= share;
                    }
                }
            },
        );
        ys
    }

    fn backward<T: Element>(&self, xs: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let w = &self.windows;
        let share = T::lit(1.0 / (w.k * w.k) as f64);
        let grad = reading(OP, grad);
        let grad = grad.elements::<T>()?;
        let mut out = vec![T::ZERO; xs.elem_count()];
        out.par_chunks_exact_mut(w.plane_len()).zip(grad.par_chunks_exact(w.out_len())).for_each(
            |(out, grad)| {
                let bands = out.chunks_exact_mut(w.k * w.width);
                for (band, grad) in bands.zip(grad.chunks_exact(w.out_width())) {
                    for line in band.chunks_exact_mut(w.width) {
                        for (window, &g) in line.chunks_exact_mut(w.k).zip(grad) {
                            window.fill(g * share);
                        }
                    }
                }
            },
        );
        tensor(out, xs.shape())
    }
}

impl CustomOp1 for AvgPool {
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
