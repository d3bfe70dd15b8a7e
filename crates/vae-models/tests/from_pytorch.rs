//! A file written by PyTorch with our metadata is a model of ours
//! (`tests/fixtures/make_networks.py`).

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod formula;

use candle_core::{DType, Device};
use formula::{elements, tensor, uniform};
use vae_models::from_bytes;

#[test]
fn file_from_pytorch_loads_and_decodes_alike() {
    let expected: serde_json::Value =
        serde_json::from_str(include_str!("fixtures/from_pytorch.json")).unwrap();
    let expected: Vec<(usize, f64)> =
        serde_json::from_value(expected["reconstruction"].clone()).unwrap();

    let (vae, parameters) =
        from_bytes(include_bytes!("fixtures/from_pytorch.safetensors"), &Device::Cpu).unwrap();
    assert_eq!(parameters.dtype(), DType::F32);

    let (batch, config) = (3, vae.config());
    let eps = uniform("eps.0", batch * config.latent_dim).into_iter().map(|v| 1.5 * v).collect();
    let latents = tensor(eps, &[batch, config.latent_dim], DType::F32);
    let stats = &config.conditions[0];
    let raw =
        uniform("conditions", batch).into_iter().map(|v| stats.mean + stats.std * v).collect();
    let params = vae
        .decode(
            &latents,
            &vae.context(Some(&tensor(raw, &[batch, 1], DType::F32)), None, false).unwrap(),
            false,
        )
        .unwrap();
    let found = elements(&vae.mean(&params).unwrap());
    for (i, value) in expected {
        assert!((found[i] - value).abs() < 1e-6, "pixel {i}: {} instead of {value}", found[i]);
    }
}
