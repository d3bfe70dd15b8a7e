//! Enlarging by repetition.

use crate::composed;
use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::{Error, at_least_one};
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};
use rayon::prelude::*;

const OP: &str = "upsample_nearest2d";

/// Repeats each pixel `scale.0` times downwards and `scale.1` times to the right, `(B, C, H, W) →
/// (B, C, sh·H, sw·W)`.
///
/// The gradient of a pixel is the sum over its copies, also where the tensor is used elsewhere too.
///
/// # Errors
/// If a scale is 0, `xs` is not of rank 4, or the element type is neither `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let xs = Tensor::new(&[[[[1.0_f64, 2.0]]]], &Device::Cpu)?;
/// let ys = vae_nn::upsample_nearest2d(&xs, (1, 2))?;
/// assert_eq!(ys.flatten_all()?.to_vec1::<f64>()?, [1.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn upsample_nearest2d(xs: &Tensor, scale: (usize, usize)) -> Result<Tensor> {
    at_least_one("scale.0", scale.0)?;
    at_least_one("scale.1", scale.1)?;
    match *xs.dims() {
        [_, _, height, width] if 0 < height && 0 < width => {
            if composed::takes(xs) {
                return composed::upsample_nearest2d(xs, scale);
            }
            xs.contiguous()?.apply_op1(Upsample { scale, height, width })
        }
        _ => Err(Error::Shape {
            op: OP,
            expected: "(B, C, H, W) with at least one pixel".to_owned(),
            actual: xs.dims().to_vec(),
        }
        .into()),
    }
}

struct Upsample {
    scale: (usize, usize),
    height: usize,
    width: usize,
}

impl Upsample {
    fn forward<T: Element>(&self, xs: &[T]) -> Vec<T> {
        let (sh, sw) = self.scale;
        let out_width = self.width * sw;
        let plane = self.height * self.width;
        let mut ys = vec![T::ZERO; xs.len() * sh * sw];
        ys.par_chunks_exact_mut(plane * sh * sw).zip(xs.par_chunks_exact(plane)).for_each(
            |(ys, xs)| {
                let bands = ys.chunks_exact_mut(sh * out_width);
                for (band, line) in bands.zip(xs.chunks_exact(self.width)) {
                    let (first, others) = band.split_at_mut(out_width);
                    for (copies, &x) in first.chunks_exact_mut(sw).zip(line) {
                        copies.fill(x);
                    }
                    for other in others.chunks_exact_mut(out_width) {
                        other.copy_from_slice(first);
                    }
                }
            },
        );
        ys
    }

    fn backward<T: Element>(&self, xs: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let (sh, sw) = self.scale;
        let out_width = self.width * sw;
        let plane = self.height * self.width;
        let grad = reading(OP, grad);
        let grad = grad.elements::<T>()?;
        let mut out = vec![T::ZERO; xs.elem_count()];
        out.par_chunks_exact_mut(plane).zip(grad.par_chunks_exact(plane * sh * sw)).for_each(
            |(out, grad)| {
                let bands = grad.chunks_exact(sh * out_width);
                for (line, band) in out.chunks_exact_mut(self.width).zip(bands) {
                    for copies in band.chunks_exact(out_width) {
                        for (sum, copies) in line.iter_mut().zip(copies.chunks_exact(sw)) {
                            for &g in copies {
                                *sum += g;
                            }
                        }
                    }
                }
            },
        );
        tensor(out, xs.shape())
    }
}

impl CustomOp1 for Upsample {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let dims = layout.dims();
        let shape = (dims[0], dims[1], dims[2] * self.scale.0, dims[3] * self.scale.1);
        by_dtype!(OP, storage.dtype(), T => {
            let ys = self.forward::<T>(elements(OP, storage, layout)?);
            Ok((T::to_cpu_storage_owned(ys), shape.into()))
        })
    }

    fn bwd(&self, xs: &Tensor, _ys: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => self.backward::<T>(xs, &grad).map(Some))
    }
}
