//! Files in the format of MNIST.

#![no_main]

use vae_torture::seeds;

vae_fuzz::target!(vec![seeds::idx(&[2, 3, 4], &[9; 24])], |bytes| vae_fuzz::open(
    "train-images-idx3-ubyte",
    bytes
));
