//! Weights with their configuration.

#![no_main]

use candle_core::{DType, Device};
use vae_models::{ModelConfig, Vae};

vae_fuzz::target!(
    vec![
        include_bytes!("../../crates/vae-models/tests/fixtures/from_pytorch.safetensors").to_vec(),
        small()
    ],
    |bytes| drop(vae_models::from_bytes(bytes, &Device::Cpu))
);

/// A network whose weights take a few kilobytes.
fn small() -> Vec<u8> {
    let mut config = ModelConfig::tutorial_mlp(4, 4, Vec::new());
    config.latent_dim = 2;
    let parameters = vae_nn::Parameters::new(1, DType::F32, Device::Cpu);
    Vae::new(&config, parameters.var_builder()).expect("a network");
    vae_models::to_bytes(&config, &parameters).expect("its file")
}
