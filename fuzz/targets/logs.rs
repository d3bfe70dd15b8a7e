//! The log of a run.

#![no_main]

vae_fuzz::target!(vec![b"{\"event\":\"step\",\"step\":1,\"loss\":0.5}\n".to_vec()], |bytes| {
    vae_fuzz::with_file("metrics.jsonl", bytes, |path| drop(vae_train::learn::read(path)))
});
