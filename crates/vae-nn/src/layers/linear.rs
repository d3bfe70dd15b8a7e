//! The fully connected layer.

use crate::composed::{device, layers};
use crate::error::{Error, at_least_one};
use crate::kernels::channels::Sums;
use crate::kernels::element::Element;
use crate::kernels::linear::{few_rows, product};
use crate::kernels::matmul::Strided;
use crate::layers::weights::weight_and_bias;
use crate::tensors::operation::{Operation, apply3};
use candle_core::{Module, Result, Shape, Tensor};
use candle_nn::VarBuilder;

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
        at_least_one("in_features", in_features)?;
        at_least_one("out_features", out_features)?;
        let shape = (out_features, in_features);
        let (weight, bias) = weight_and_bias(&vb, shape, out_features, in_features)?;
        Ok(Self { weight, bias })
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
        if device::is_elsewhere(xs) {
            return layers::linear(xs, &self.weight, &self.bias);
        }
        let op = LinearOp { in_features, out_features };
        apply3([xs, &self.weight, &self.bias], op)
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
    fn weight_shape(&self) -> Strided {
        Strided::row_major(self.out_features, self.in_features)
    }
}

impl Operation<3> for LinearOp {
    const NAME: &'static str = OP;

    fn shape(&self, [xs, _, _]: [&Shape; 3]) -> Shape {
        let mut dims = xs.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = self.out_features;
        }
        dims.into()
    }

    fn forward<T: Element>(&self, [xs, weight, bias]: [&[T]; 3]) -> Result<Vec<T>> {
        let rows = xs.len() / self.in_features;
        if rows <= FEW {
            return Ok(few_rows(xs, weight, bias));
        }
        let xs = (xs, Strided::row_major(rows, self.in_features));
        let mut ys = product(xs, (weight, self.weight_shape().transposed()));
        for row in ys.chunks_exact_mut(self.out_features) {
            for (y, &b) in row.iter_mut().zip(bias) {
                *y += b;
            }
        }
        Ok(ys)
    }

    fn backward<T: Element>(
        &self,
        [x, w, _]: [&[T]; 3],
        [wants_x, wants_weight, wants_bias]: [bool; 3],
        g: &[T],
    ) -> Result<[Option<Vec<T>>; 3]> {
        let rows = g.len() / self.out_features;
        let g_shape = Strided::row_major(rows, self.out_features);
        let by_x = wants_x.then(|| product((g, g_shape), (w, self.weight_shape())));
        let by_weight = wants_weight.then(|| {
            let x_shape = Strided::row_major(rows, self.in_features);
            product((g, g_shape.transposed()), (x, x_shape))
        });
        let by_bias = wants_bias.then(|| {
            let mut sums = Sums::new(self.out_features);
            for rows in g.chunks(256 * self.out_features) {
                sums.add(rows);
                sums.flush();
            }
            sums.totals().iter().map(|sums| T::lit(sums[0])).collect()
        });
        Ok([by_x, by_weight, by_bias])
    }
}
