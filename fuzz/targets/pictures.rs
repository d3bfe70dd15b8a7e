//! Pictures of every format.

#![no_main]

use vae_torture::seeds;

vae_fuzz::target!(
    {
        let pixels: Vec<u8> = (0..24 * 12).map(|i| if i % 7 < 3 { 20 } else { 240 }).collect();
        vec![
            seeds::png(24, 12, &pixels),
            seeds::pgm(24, 12, &pixels),
            seeds::tiff(24, 12, &pixels),
            seeds::bmp(24, 12, [9; 3]),
        ]
    },
    |bytes| vae_fuzz::open("a.png", bytes)
);
