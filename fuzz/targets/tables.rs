//! Text files of numbers and tables of elements.

#![no_main]

vae_fuzz::target!(
    vec![b"0,0.5,1\n1,1,0\n".to_vec(), b"x,y,density\n0,0,1\n1,0,0\n0,1,0.5\n1,1,0.25\n".to_vec()],
    |bytes| vae_fuzz::open("a.csv", bytes)
);
