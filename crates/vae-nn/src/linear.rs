//! The fully connected layer.

use crate::composed;
use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::Error;
use crate::kernels::channels::Sums;
use crate::kernels::linear::{few_rows, product};
use crate::kernels::matmul::Strided;
use candle_core::{CpuStorage, CustomOp3, Layout, Module, Result, Shape, Tensor};
use candle_nn::{Init, VarBuilder};

const OP: &str = "linear";

/// Fully connected layer, `y = x Wᵀ + b`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// Layer from `in_features` to `out_features` values, with the parameters `weight` (`out × in`)
    /// and `bias`.
    ///
    /// A new weight and bias are drawn from `U(-1/√in, 1/√in)`, PyTorch's default.
    ///
    /// # Errors
    /// If a size is 0, or `vb` holds a tensor of another shape.
    ///
    /// # Examples
    /// ```
    /// use candle_core::{DType, Device, Module, Tensor};
    /// use vae_nn::{Linear, Parameters};
    ///
    /// let parameters = Parameters::new(7, DType::F32, Device::Cpu);
    /// let layer = Linear::new(3, 2, parameters.var_builder().pp("fc"))?;
    /// let ys = layer.forward(&Tensor::zeros((5, 3), DType::F32, &Device::Cpu)?)?;
    /// assert_eq!(ys.dims(), [5, 2]);
    /// assert_eq!(ys.get(0)?.to_vec1::<f32>()?, parameters.get("fc.bias").unwrap().to_vec1::<f32>()?);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "candle's layers take the builder by value")]
    pub fn new(in_features: usize, out_features: usize, vb: VarBuilder) -> Result<Self> {
        crate::error::at_least_one("in_features", in_features)?;
        crate::error::at_least_one("out_features", out_features)?;
        let bound = 1.0 / (in_features as f64).sqrt();
        let init = Init::Uniform { lo: -bound, up: bound };
        Ok(Self {
            weight: vb.get_with_hints((out_features, in_features), "weight", init)?,
            bias: vb.get_with_hints(out_features, "bias", init)?,
        })
    }

    /// The weight, `(out_features, in_features)`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The bias, `(out_features,)`.
    pub fn bias(&self) -> &Tensor {
        &self.bias
    }
}

impl Module for Linear {
    /// `(.., in_features) → (.., out_features)`
    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let (out_features, in_features) = self.weight.dims2()?;
        if xs.dims().last() != Some(&in_features) {
            return Err(Error::Shape {
                op: OP,
                expected: format!("(.., {in_features})"),
                actual: xs.dims().to_vec(),
            }
            .into());
        }
        if composed::takes(xs) {
            return composed::linear(xs, &self.weight, &self.bias);
        }
        let op = LinearOp { in_features, out_features };
        xs.contiguous()?.apply_op3(&self.weight, &self.bias, op)
    }
}

/// Arguments that are multiplied one by one: packing the weight for a matrix product would cost
/// more than the product.
const FEW: usize = 2;

struct LinearOp {
    in_features: usize,
    out_features: usize,
}

impl LinearOp {
    fn forward<T: Element>(&self, xs: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
        let rows = xs.len() / self.in_features;
        if rows <= FEW {
            return few_rows(xs, weight, bias);
        }
        let xs = (xs, Strided::row_major(rows, self.in_features));
        let mut ys = product(xs, (weight, self.weight_shape().transposed()));
        for row in ys.chunks_exact_mut(self.out_features) {
            for (y, &b) in row.iter_mut().zip(bias) {
                *y += b;
            }
        }
        ys
    }

    fn backward<T: Element>(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (x_read, w_read, g_read) = (reading(OP, xs), reading(OP, weight), reading(OP, grad));
        let (x, w, g) = (x_read.elements::<T>()?, w_read.elements::<T>()?, g_read.elements()?);
        let rows = g.len() / self.out_features;
        let g_shape = Strided::row_major(rows, self.out_features);
        let grad_xs = xs
            .track_op()
            .then(|| tensor(product((g, g_shape), (w, self.weight_shape())), xs.shape()))
            .transpose()?;
        let grad_weight = weight
            .track_op()
            .then(|| {
                let x_shape = Strided::row_major(rows, self.in_features);
                tensor(product((g, g_shape.transposed()), (x, x_shape)), weight.shape())
            })
            .transpose()?;
        let grad_bias = bias
            .track_op()
            .then(|| {
                let mut sums = Sums::new(self.out_features);
                for rows in g.chunks(256 * self.out_features) {
                    sums.add(rows);
                    sums.flush();
                }
                tensor(sums.totals().iter().map(|sums| T::lit(sums[0])).collect(), bias.shape())
            })
            .transpose()?;
        Ok((grad_xs, grad_weight, grad_bias))
    }

    fn weight_shape(&self) -> Strided {
        Strided::row_major(self.out_features, self.in_features)
    }
}

impl CustomOp3 for LinearOp {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let mut dims = l1.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = self.out_features;
        }
        by_dtype!(OP, candle_core::backend::BackendStorage::dtype(s1), T => {
            let ys = self.forward::<T>(
                elements(OP, s1, l1)?,
                elements(OP, s2, l2)?,
                elements(OP, s3, l3)?,
            );
            Ok((<T as candle_core::WithDType>::to_cpu_storage_owned(ys), dims.into()))
        })
    }

    fn bwd(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _ys: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => self.backward::<T>(xs, weight, bias, &grad))
    }
}
