//! Gradients against central differences, in f64, on odd, even and rectangular shapes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::float_cmp, reason = "exact values are meant")]

mod common;

use candle_core::{DType, Device, Module, ModuleT, Tensor, Var};
use common::{check_gradients, steps, tensor, var, wave};
use vae_nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Layer, Linear,
    Parameters, Sequential,
};

/// Fourth-order differences with a step of 2e-4 are good to about 1e-10: rounding of sums over a
/// step, more than truncation.
const TOLERANCE: f64 = 1e-8;

const SHAPES: [[usize; 4]; 7] = [
    [2, 1, 1, 1],
    [1, 3, 1, 7],
    [2, 1, 20, 60],
    [1, 3, 21, 13],
    [2, 33, 5, 4],
    [3, 2, 8, 8],
    [9, 3, 2, 3],
];

fn input(dims: &[usize]) -> Var {
    var(wave(dims.iter().product(), 0.1), dims, DType::F64)
}

fn parameters() -> Parameters {
    Parameters::new(3, DType::F64, Device::Cpu)
}

fn check_layer(parameters: &Parameters, xs: &Var, f: impl Fn() -> candle_core::Result<Tensor>) {
    let named = parameters.trainable();
    let mut vars: Vec<(&str, &Var)> =
        named.iter().map(|(name, var)| (name.as_str(), var)).collect();
    vars.push(("x", xs));
    check_gradients(&vars, TOLERANCE, f);
}

#[test]
fn linear() {
    for (dims, out) in [(vec![1, 1], 1), (vec![5, 7], 33), (vec![2, 3, 40], 3), (vec![4, 300], 5)] {
        let parameters = parameters();
        let xs = input(&dims);
        let layer = Linear::new(*dims.last().unwrap(), out, parameters.var_builder()).unwrap();
        check_layer(&parameters, &xs, || layer.forward(&xs));
    }
}

#[test]
fn conv2d() {
    for dims in SHAPES {
        for (kernel, stride, padding, out) in
            [(3, 1, 1, 3), (3, 2, 1, 33), (4, 2, 2, 1), (1, 3, 0, 2)]
        {
            let parameters = parameters();
            let xs = input(&dims);
            let config = Conv2dConfig { kernel, stride, padding };
            let layer = Conv2d::new(dims[1], out, config, parameters.var_builder()).unwrap();
            check_layer(&parameters, &xs, || layer.forward(&xs));
        }
    }
}

#[test]
fn conv_transpose2d() {
    for dims in SHAPES {
        for (kernel, stride, padding, output_padding, out) in
            [(3, 2, 1, 1, 3), (4, 2, 1, 0, 2), (3, 1, 1, 0, 33), (2, 3, 0, 2, 1)]
        {
            let parameters = parameters();
            let xs = input(&dims);
            let config = ConvTranspose2dConfig { kernel, stride, padding, output_padding };
            let vb = parameters.var_builder();
            let layer = ConvTranspose2d::new(dims[1], out, config, vb).unwrap();
            check_layer(&parameters, &xs, || layer.forward(&xs));
        }
    }
}

#[test]
fn batch_norm2d() {
    for dims in SHAPES {
        for train in [true, false] {
            // Two values per channel become -1 and 1, whatever they are: the gradient is 0 up to
            // epsilon.
            if dims[0] * dims[2] * dims[3] < 3 && train {
                continue;
            }
            let parameters = parameters();
            let xs = input(&dims);
            let layer = BatchNorm2d::new(dims[1], parameters.var_builder()).unwrap();
            for (name, phase) in [("weight", 0.3), ("bias", 0.4)] {
                let initial = tensor(wave(dims[1], phase), &[dims[1]], DType::F64);
                parameters.get(name).unwrap().set(&initial).unwrap();
            }
            check_layer(&parameters, &xs, || layer.forward_t(&xs, train));
            let composed = |slope| vae_nn::leaky_relu(&layer.forward_t(&xs, train)?, slope);
            let fused = |slope| {
                let layers = vec![Layer::BatchNorm2d(layer.clone()), Layer::LeakyRelu { slope }];
                Sequential::new(layers).forward_t(&xs, train)
            };
            for slope in [0.0, 0.01, 0.3] {
                let grads = |y: candle_core::Result<Tensor>| {
                    let grads = common::probed(&y.unwrap()).unwrap().backward().unwrap();
                    let names = ["weight", "bias"].map(|name| parameters.get(name).unwrap());
                    let vars = names.iter().chain([&xs]);
                    vars.flat_map(|var| common::values(grads.get(var).unwrap())).collect::<Vec<_>>()
                };
                let error = common::distance(&grads(fused(slope)), &grads(composed(slope)));
                assert!(
                    error < 1e-12,
                    "{dims:?}: gradients of the fused form are off by {error:e}"
                );
                let values = |y: candle_core::Result<Tensor>| common::values(&y.unwrap());
                assert_eq!(values(fused(slope)), values(composed(slope)));
            }
        }
    }
}

#[test]
fn activations_pools_and_upsampling() {
    for dims in SHAPES {
        // Away from 0, so that no difference straddles the kink.
        let away = |x: f64| x + 0.1_f64.copysign(x);
        let xs = wave(dims.iter().product(), 0.1).into_iter().map(away).collect();
        let xs = var(xs, &dims, DType::F64);
        let vars = [("x", &xs)];
        check_gradients(&vars, TOLERANCE, || vae_nn::relu(&xs)? + &*xs);
        check_gradients(&vars, TOLERANCE, || vae_nn::leaky_relu(&xs, 0.01));
        check_gradients(&vars, TOLERANCE, || vae_nn::silu(&xs));
        check_gradients(&vars, TOLERANCE, || vae_nn::tanh(&xs));
        for scale in [(1, 1), (2, 2), (3, 1), (1, 5)] {
            check_gradients(&vars, TOLERANCE, || vae_nn::upsample_nearest2d(&xs, scale));
        }
        for k in [1, 2, 3] {
            if k <= dims[2].min(dims[3]) {
                // Plus the input, so that pixels in no window have a gradient to compare.
                let plus = |y: Tensor| Tensor::cat(&[y.flatten_all()?, xs.flatten_all()?], 0);
                check_gradients(&vars, TOLERANCE, || plus(vae_nn::max_pool2d(&xs, k)?));
                check_gradients(&vars, TOLERANCE, || plus(vae_nn::avg_pool2d(&xs, k)?));
            }
        }
    }
}

#[test]
fn losses() {
    for dims in SHAPES {
        let n = dims.iter().product();
        let (parameters, xs) = (input(&dims), var(wave(n, 0.7), &dims, DType::F64));
        let log_std = var(vec![-0.3], &[1], DType::F64);
        let mask =
            tensor(wave(n, 0.2).iter().map(|x| f64::from(*x > -0.5)).collect(), &dims, DType::U8);
        for mask in [None, Some(&mask)] {
            check_gradients(&[("logits", &parameters), ("x", &xs)], TOLERANCE, || {
                vae_nn::bernoulli_log_prob(&parameters, &xs, mask)
            });
            let vars = [("mean", &parameters), ("x", &xs), ("log_std", &log_std)];
            check_gradients(&vars, TOLERANCE, || {
                vae_nn::gaussian_log_prob(&parameters, &log_std, &xs, mask)
            });
            let grey = xs.affine(0.5, 0.5).unwrap();
            check_gradients(&[("logit", &parameters)], TOLERANCE, || {
                vae_nn::continuous_bernoulli_log_prob(&parameters, &grey, mask)
            });
            let vars = [("location", &parameters), ("log_scale", &log_std)];
            check_gradients(&vars, TOLERANCE, || {
                vae_nn::discretized_logistic_log_prob(&parameters, &log_std, &grey, mask)
            });
        }
        check_gradients(&[("logit", &parameters)], TOLERANCE, || {
            vae_nn::continuous_bernoulli_mean(&parameters)
        });
        check_gradients(&[("mean", &parameters), ("log_var", &xs)], TOLERANCE, || {
            vae_nn::kl_to_standard_normal(&parameters, &xs)
        });
        check_gradients(&[("v", &xs)], TOLERANCE, || vae_nn::soft_bound(&xs, -0.5, 0.8));
    }
}

#[test]
fn a_tensor_used_twice_gets_both_gradients() {
    let xs = input(&[2, 3, 4, 6]);
    let vars = [("x", &xs)];
    check_gradients(&vars, TOLERANCE, || {
        let small = vae_nn::avg_pool2d(&vae_nn::leaky_relu(&xs, 0.1)?, 2)?;
        let large = vae_nn::upsample_nearest2d(&small, (2, 2))?;
        Tensor::cat(&[large.flatten_all()?, small.flatten_all()?, xs.sqr()?.flatten_all()?], 0)
    });
}

#[test]
fn strided_inputs_and_gradients_are_read_right() {
    // A transposed input, and a transpose behind the layer, which hands back a transposed gradient.
    let xs = input(&[4, 6, 3, 2]);
    let parameters = parameters();
    let vb = parameters.var_builder();
    let conv = Conv2d::new(3, 2, Conv2dConfig::default(), vb.pp("conv")).unwrap();
    let up = ConvTranspose2d::new(2, 2, ConvTranspose2dConfig::default(), vb.pp("up")).unwrap();
    let norm = BatchNorm2d::new(2, vb.pp("norm")).unwrap();
    let fc = Linear::new(2, 3, vb.pp("fc")).unwrap();
    check_layer(&parameters, &xs, || {
        let ys = conv.forward(&xs.permute((3, 2, 0, 1))?)?.permute((0, 1, 3, 2))?;
        let ys = up.forward(&ys.narrow(2, 1, 3)?)?.narrow(3, 1, 4)?;
        // A bias right in front of the normalization would have no gradient to compare.
        let ys = vae_nn::leaky_relu(&ys, 0.5)?;
        let ys = norm.forward_t(&ys.permute((0, 1, 3, 2))?, true)?;
        let ys = fc.forward(&ys.permute((0, 2, 3, 1))?)?.permute((3, 2, 1, 0))?;
        vae_nn::leaky_relu(&vae_nn::max_pool2d(&ys.permute((1, 0, 3, 2))?, 2)?, 0.3)
    });
}

#[test]
fn ties_send_the_gradient_to_the_first_pixel() {
    // A flat image: every window is a tie.
    let xs = var(vec![1.0; 2 * 4 * 6], &[1, 2, 4, 6], DType::F32);
    let ys = vae_nn::max_pool2d(&xs, 2).unwrap();
    let grads = ys.sum_all().unwrap().backward().unwrap();
    let grad = grads.get(&xs).unwrap().to_vec2_of_first_plane();
    for (y, line) in grad.iter().enumerate() {
        for (x, &g) in line.iter().enumerate() {
            assert_eq!(g, f32::from(u8::from(y % 2 == 0 && x % 2 == 0)));
        }
    }
    // And a rectifier that is exactly 0 passes nothing on.
    let xs = var(steps(48, 0.0), &[48], DType::F64);
    let grads = vae_nn::relu(&xs).unwrap().sum_all().unwrap().backward().unwrap();
    let grad = common::values(grads.get(&xs).unwrap());
    for (g, x) in grad.iter().zip(steps(48, 0.0)) {
        assert_eq!(*g, f64::from(u8::from(x > 0.0)));
    }
}

trait FirstPlane {
    fn to_vec2_of_first_plane(&self) -> Vec<Vec<f32>>;
}

impl FirstPlane for Tensor {
    fn to_vec2_of_first_plane(&self) -> Vec<Vec<f32>> {
        self.get(0).unwrap().get(0).unwrap().to_vec2().unwrap()
    }
}
