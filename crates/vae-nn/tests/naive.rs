//! Layers of random shapes against their definitions, written as the loops that stand in the
//! documentation of the kernels: values and all gradients.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use candle_core::{DType, Device, Module, Tensor, Var};
use common::{distance, probed, values, wave};
use proptest::prelude::*;
use vae_nn::{
    Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Linear, Parameters, avg_pool2d,
    max_pool2d, upsample_nearest2d,
};

/// Sizes of one convolution from `(B, ci, h, w)` to `(B, co, oh, ow)`.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    b: usize,
    ci: usize,
    co: usize,
    h: usize,
    w: usize,
    k: usize,
    s: usize,
    p: usize,
}

impl Sizes {
    fn out(&self) -> (usize, usize) {
        let side = |n| (n + 2 * self.p - self.k) / self.s + 1;
        (side(self.h), side(self.w))
    }

    /// Calls `f(image index, weight index, map index)` for every product in a convolution.
    fn products(&self, mut f: impl FnMut(usize, usize, usize)) {
        let (oh, ow) = self.out();
        for b in 0..self.b {
            for o in 0..self.co {
                for (y, x) in (0..oh).flat_map(|y| (0..ow).map(move |x| (y, x))) {
                    for i in 0..self.ci {
                        for (ky, kx) in (0..self.k).flat_map(|y| (0..self.k).map(move |x| (y, x))) {
                            let (iy, ix) = (y * self.s + ky, x * self.s + kx);
                            let inside = |n, limit| self.p <= n && n < limit + self.p;
                            if inside(iy, self.h) && inside(ix, self.w) {
                                let (iy, ix) = (iy - self.p, ix - self.p);
                                f(
                                    ((b * self.ci + i) * self.h + iy) * self.w + ix,
                                    ((o * self.ci + i) * self.k + ky) * self.k + kx,
                                    ((b * self.co + o) * oh + y) * ow + x,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sizes() -> impl Strategy<Value = Sizes> {
    (
        1..12_usize,
        1..20_usize,
        1..20_usize,
        1..12_usize,
        1..14_usize,
        1..6_usize,
        1..4_usize,
        0..4_usize,
    )
        .prop_filter_map("the window fits", |(b, ci, co, h, w, k, s, p)| {
            (k <= h + 2 * p && k <= w + 2 * p).then_some(Sizes { b, ci, co, h, w, k, s, p })
        })
}

/// `(y, dx, dw, db)` of a layer on a wave, and the inputs that made them.
fn run(
    xs_dims: &[usize],
    layer: impl Fn(&Parameters, &Tensor) -> Tensor,
) -> ([Vec<f64>; 4], [Vec<f64>; 3]) {
    let parameters = Parameters::new(5, DType::F64, Device::Cpu);
    let xs = common::var(wave(xs_dims.iter().product(), 0.3), xs_dims, DType::F64);
    let y = layer(&parameters, &xs);
    let grads = probed(&y).unwrap().backward().unwrap();
    let [weight, bias] = ["weight", "bias"].map(|name| parameters.get(name).unwrap());
    let grad = |var: &Var| values(grads.get(var).unwrap());
    (
        [values(&y), grad(&xs), grad(&weight), grad(&bias)],
        [values(&xs), values(&weight), values(&bias)],
    )
}

fn bias_grad(g: &[f64], channels: usize, pixels: usize) -> Vec<f64> {
    let mut sums = vec![0.0; channels];
    for (i, plane) in g.chunks(pixels).enumerate() {
        sums[i % channels] += plane.iter().sum::<f64>();
    }
    sums
}

fn compare(got: &[Vec<f64>; 4], expected: &[Vec<f64>; 4]) -> Result<(), TestCaseError> {
    for (name, (got, expected)) in ["y", "dx", "dw", "db"].iter().zip(got.iter().zip(expected)) {
        // Windows that lie wholly in the padding can make a gradient vanish altogether.
        let vanishes = expected.iter().all(|x| *x == 0.0);
        if vanishes {
            prop_assert!(got.iter().all(|x| *x == 0.0), "{}", name);
        } else {
            let error = distance(got, expected);
            prop_assert!(error < 1e-12, "{} is off by {:e}", name, error);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn conv2d_is_its_definition(n in sizes()) {
        check_conv2d(n)?;
    }

    #[test]
    fn conv_transpose2d_is_its_definition(n in sizes()) {
        // The layer leads from the map of the convolution `n` back to its image; what the stride
        // swallowed is output padding.
        let (oh, ow) = n.out();
        let rest = |side: usize, out: usize| side + 2 * n.p - n.k - (out - 1) * n.s;
        let output_padding = rest(n.h, oh);
        prop_assume!(output_padding == rest(n.w, ow));
        let config = ConvTranspose2dConfig { kernel: n.k, stride: n.s, padding: n.p, output_padding };
        let (got, [x, w, bias]) = run(&[n.b, n.co, oh, ow], |parameters, xs| {
            let vb = parameters.var_builder();
            ConvTranspose2d::new(n.co, n.ci, config, vb).unwrap().forward(xs).unwrap()
        });
        let pixels = n.h * n.w;
        let mut y: Vec<f64> = (0..n.b * n.ci * pixels).map(|i| bias[i / pixels % n.ci]).collect();
        let g = wave(y.len(), 2.0);
        let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
        n.products(|i, j, o| {
            y[i] += x[o] * w[j];
            dx[o] += g[i] * w[j];
            dw[j] += g[i] * x[o];
        });
        compare(&got, &[y, dx, dw, bias_grad(&g, n.ci, pixels)])?;
    }
}

fn check_conv2d(n: Sizes) -> Result<(), TestCaseError> {
    let config = Conv2dConfig { kernel: n.k, stride: n.s, padding: n.p };
    let (got, [x, w, bias]) = run(&[n.b, n.ci, n.h, n.w], |parameters, xs| {
        Conv2d::new(n.ci, n.co, config, parameters.var_builder()).unwrap().forward(xs).unwrap()
    });
    let pixels = n.out().0 * n.out().1;
    let mut y: Vec<f64> = (0..n.b * n.co * pixels).map(|i| bias[i / pixels % n.co]).collect();
    let g = wave(y.len(), 2.0);
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    n.products(|i, j, o| {
        y[o] += x[i] * w[j];
        dx[i] += g[o] * w[j];
        dw[j] += g[o] * x[i];
    });
    compare(&got, &[y, dx, dw, bias_grad(&g, n.co, pixels)])
}

#[test]
fn large_images_are_cut_into_bands() {
    // Patches of 65 channels on 49 x 97 pixels exceed one tile by far, with a last band of another
    // height.
    for (s, p) in [(1, 1), (2, 1), (3, 0)] {
        check_conv2d(Sizes { b: 2, ci: 65, co: 3, h: 49, w: 97, k: 3, s, p }).unwrap();
    }
}

#[test]
fn one_or_two_maps_have_kernels_of_their_own() {
    for (co, s, w) in [(1, 1, 97), (2, 1, 32), (2, 2, 131), (1, 3, 70)] {
        check_conv2d(Sizes { b: 3, ci: 5, co, h: 9, w, k: 3, s, p: 1 }).unwrap();
    }
}

/// Value and gradient of a function of images, and the images.
fn on_images(
    dims: [usize; 4],
    values_of: fn(usize, f64) -> Vec<f64>,
    f: impl Fn(&Tensor) -> candle_core::Result<Tensor>,
) -> [Vec<f64>; 3] {
    let xs = common::var(values_of(dims.iter().product(), 0.3), &dims, DType::F64);
    let ys = f(&xs).unwrap();
    let grads = probed(&ys).unwrap().backward().unwrap();
    [values(&ys), values(grads.get(&xs).unwrap()), values(&xs)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn linear_is_its_definition(rows in 1..20_usize, n_in in 1..40_usize, n_out in 1..40_usize) {
        let (got, [x, w, bias]) = run(&[rows, n_in], |parameters, xs| {
            Linear::new(n_in, n_out, parameters.var_builder()).unwrap().forward(xs).unwrap()
        });
        let mut y: Vec<f64> = (0..rows * n_out).map(|i| bias[i % n_out]).collect();
        let g = wave(y.len(), 2.0);
        let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; n_out]);
        for row in 0..rows {
            for o in 0..n_out {
                db[o] += g[row * n_out + o];
                for i in 0..n_in {
                    y[row * n_out + o] += x[row * n_in + i] * w[o * n_in + i];
                    dx[row * n_in + i] += g[row * n_out + o] * w[o * n_in + i];
                    dw[o * n_in + i] += g[row * n_out + o] * x[row * n_in + i];
                }
            }
        }
        compare(&got, &[y, dx, dw, db])?;
    }

    #[test]
    fn pools_are_their_definitions(
        planes in 1..6_usize,
        h in 1..14_usize,
        w in 1..14_usize,
        k in 1..5_usize,
        ties in any::<bool>(),
    ) {
        prop_assume!(k <= h && k <= w);
        let dims = [1, planes, h, w];
        let values_of = if ties { common::steps } else { wave };
        let [max, max_grad, xs] = on_images(dims, values_of, |xs| max_pool2d(xs, k));
        let [avg, avg_grad, _] = on_images(dims, values_of, |xs| avg_pool2d(xs, k));
        let (oh, ow) = (h / k, w / k);
        let g = wave(planes * oh * ow, 2.0);
        let (mut y_max, mut y_avg) = (vec![f64::NEG_INFINITY; g.len()], vec![0.0; g.len()]);
        let (mut dx_max, mut dx_avg) = (vec![0.0; xs.len()], vec![0.0; xs.len()]);
        for (o, &g) in g.iter().enumerate() {
            let (plane, y, x) = (o / (oh * ow), o / ow % oh, o % ow);
            let mut first = 0;
            for (ky, kx) in (0..k).flat_map(|ky| (0..k).map(move |kx| (ky, kx))) {
                let i = (plane * h + y * k + ky) * w + x * k + kx;
                if xs[i] > y_max[o] {
                    (y_max[o], first) = (xs[i], i);
                }
                y_avg[o] += xs[i] / (k * k) as f64;
                dx_avg[i] += g / (k * k) as f64;
            }
            dx_max[first] += g;
        }
        for (got, expected) in
            [(max, y_max), (max_grad, dx_max), (avg, y_avg), (avg_grad, dx_avg)]
        {
            prop_assert!(distance(&got, &expected) < 1e-12);
        }
    }

    #[test]
    fn upsampling_is_its_definition(
        planes in 1..6_usize,
        h in 1..9_usize,
        w in 1..9_usize,
        sh in 1..4_usize,
        sw in 1..4_usize,
    ) {
        let [got, grad, xs] =
            on_images([1, planes, h, w], wave, |xs| upsample_nearest2d(xs, (sh, sw)));
        let g = wave(xs.len() * sh * sw, 2.0);
        let (mut ys, mut dx) = (vec![0.0; g.len()], vec![0.0; xs.len()]);
        for (o, &g) in g.iter().enumerate() {
            let (plane, y, x) = (o / (h * sh * w * sw), o / (w * sw) % (h * sh), o % (w * sw));
            let i = (plane * h + y / sh) * w + x / sw;
            ys[o] = xs[i];
            dx[i] += g;
        }
        prop_assert!(distance(&got, &ys) < 1e-12 && distance(&grad, &dx) < 1e-12);
    }
}
