//! The configuration of a run.

#![no_main]

use vae_train::Config;

vae_fuzz::target!(
    vec![Config::preset("default").expect("a preset").to_toml().into_bytes()],
    |bytes| vae_fuzz::with_file("config.toml", bytes, |path| drop(Config::read(path)))
);
