//! Results do not depend on the number of threads: bit for bit.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use candle_core::{DType, Device, Module, ModuleT, Result, Tensor};
use common::{probed, var, wave};
use vae_nn::{
    Adam, AdamConfig, BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig,
    Layer, Linear, Muon, Parameters, Sequential, clip_global_norm,
};

/// Two training steps of a small net that uses everything, on sizes that are cut in several ways;
/// all bits of the outcome.
fn outcome() -> Result<Vec<u32>> {
    let parameters = Parameters::new(11, DType::F32, Device::Cpu);
    let vb = parameters.var_builder();
    let down = Conv2d::new(1, 9, Conv2dConfig { kernel: 3, stride: 2, padding: 1 }, vb.pp("down"))?;
    let norm = BatchNorm2d::new(9, vb.pp("norm"))?;
    let mid = Conv2d::new(9, 64, Conv2dConfig::default(), vb.pp("mid"))?;
    let fc = Linear::new(64 * 12 * 24, 8, vb.pp("fc"))?;
    let back = Linear::new(8, 9 * 12 * 24, vb.pp("back"))?;
    let up = ConvTranspose2d::new(9, 5, ConvTranspose2dConfig::default(), vb.pp("up"))?;
    let last = Conv2d::new(5, 1, Conv2dConfig::default(), vb.pp("last"))?;
    let stack = Sequential::new(vec![
        Layer::Conv2d(Conv2d::new(1, 17, Conv2dConfig::default(), vb.pp("stack0"))?),
        Layer::BatchNorm2d(BatchNorm2d::new(17, vb.pp("stack1"))?),
        Layer::LeakyRelu { slope: 0.01 },
        Layer::Conv2d(Conv2d::new(17, 33, Conv2dConfig::default(), vb.pp("stack2"))?),
        Layer::LeakyRelu { slope: 0.0 },
        Layer::MaxPool2d { k: 2 },
        Layer::ConvTranspose2d(ConvTranspose2d::new(
            33,
            2,
            ConvTranspose2dConfig::default(),
            vb.pp("stack3"),
        )?),
    ]);
    let xs = var(wave(13 * 48 * 96, 0.4), &[13, 1, 48, 96], DType::F32);
    let vars = parameters.trainable();
    let mut adam = Adam::new(vars.clone(), AdamConfig::default()).unwrap();
    let mut muon = Muon::new(vars.clone(), AdamConfig::default()).unwrap();
    for _ in 0..2 {
        let hs = norm.forward_t(&down.forward(&xs)?, true)?;
        let hs = vae_nn::max_pool2d(&vae_nn::leaky_relu(&mid.forward(&hs)?, 0.01)?, 2)?;
        let stacked = stack.forward_t(&xs, true)?;
        let zs = fc.forward(&hs.flatten_from(1)?)?;
        let kl = vae_nn::kl_to_standard_normal(&zs, &vae_nn::soft_bound(&zs, -8.0, 8.0)?)?;
        let hs = vae_nn::relu(&back.forward(&zs)?)?.reshape((13, 9, 12, 24))?;
        let hs = up.forward(&vae_nn::avg_pool2d(&vae_nn::upsample_nearest2d(&hs, (2, 2))?, 1)?)?;
        let fit = vae_nn::bernoulli_log_prob(&last.forward(&hs)?, &xs, None)?;
        let loss = ((kl.sum_all()? - fit.sum_all()?)? + probed(&stacked)?)?;
        let mut grads = loss.backward()?;
        clip_global_norm(&mut grads, &vars, 1.0).unwrap();
        adam.step(&grads).unwrap();
        muon.step(&grads).unwrap();
    }
    let all: Vec<Tensor> =
        parameters.iter().map(|(_, var)| var.flatten_all()).collect::<Result<_>>()?;
    let flat = Tensor::cat(&all, 0)?.to_vec1::<f32>()?;
    let mut bits: Vec<u32> = flat.into_iter().map(f32::to_bits).collect();
    let evaluated = stack.forward_t(&xs, false)?.flatten_all()?.to_vec1::<f32>()?;
    bits.extend(evaluated.into_iter().map(f32::to_bits));
    bits.push(probed(&vae_nn::avg_pool2d(&xs, 3)?)?.to_scalar::<f32>()?.to_bits());
    Ok(bits)
}

#[test]
fn one_two_and_five_threads_give_the_same_bits() {
    let with_threads = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| outcome().unwrap())
    };
    let one = with_threads(1);
    assert!(one.iter().all(|&bits| f32::from_bits(bits).is_finite()));
    for n in [2, 5, 5] {
        assert!(with_threads(n) == one, "{n} threads give another result");
    }
}
