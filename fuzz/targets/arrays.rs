//! NumPy arrays of designs.

#![no_main]

use vae_torture::seeds;

vae_fuzz::target!(
    vec![
        seeds::npy("<f4", &[2, 3, 4], &seeds::floats(&[0.25; 24])),
        seeds::npy("|u1", &[2, 3, 4], &[9; 24])
    ],
    |bytes| vae_fuzz::open("a.npy", bytes)
);
