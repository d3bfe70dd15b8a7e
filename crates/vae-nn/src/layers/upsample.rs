//! Enlarging by repetition.
//!
//! What the kernel computes, for each channel of each image, with the scale `(sh, sw)`:
//!
//! ```text
//! for (y, x) in result {
//!     ys[y][x] = xs[y / sh][x / sw]
//! }
//! ```

use crate::composed::{device, layers};
use crate::error::{Error, at_least_one};
use crate::kernels::element::Element;
use crate::tensors::operation::{Operation, apply1};
use candle_core::{Result, Shape, Tensor};
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
            if device::is_elsewhere(xs) {
                return layers::upsample_nearest2d(xs, scale);
            }
            apply1(xs, Upsample { scale, height, width })
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

impl Operation<1> for Upsample {
    const NAME: &'static str = OP;

    fn shape(&self, [xs]: [&Shape; 1]) -> Shape {
        let dims = xs.dims();
        (dims[0], dims[1], dims[2] * self.scale.0, dims[3] * self.scale.1).into()
    }

    fn forward<T: Element>(&self, [xs]: [&[T]; 1]) -> Result<Vec<T>> {
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
        Ok(ys)
    }

    fn backward<T: Element>(
        &self,
        [xs]: [&[T]; 1],
        _wanted: [bool; 1],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 1]> {
        let (sh, sw) = self.scale;
        let out_width = self.width * sw;
        let plane = self.height * self.width;
        let mut out = vec![T::ZERO; xs.len()];
        out.par_chunks_exact_mut(plane).zip(gradient.par_chunks_exact(plane * sh * sw)).for_each(
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
        Ok([Some(out)])
    }
}
