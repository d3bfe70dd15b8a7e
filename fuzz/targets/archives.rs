//! Archives of arrays, and packed data-set folders.

#![no_main]

use vae_torture::seeds;

vae_fuzz::target!(
    {
        let designs = seeds::npy("|u1", &[2, 3, 4], &[255; 24]);
        let members: [(&str, &[u8]); 3] = [
            ("dataset.json", b"{\"format\": 1}"),
            ("designs.npy", &designs),
            ("results.csv", b"compliance\n1\n2\n"),
        ];
        vec![seeds::zip(&members), seeds::zip(&members[1..2])]
    },
    |bytes| vae_fuzz::open("a.npz", bytes)
);
