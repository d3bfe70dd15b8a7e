//! Damaged files on purpose: seeded, structure-aware mutations of every format that is read here,
//! and the campaign that gives them to a reader.
//!
//! [`mutant`] makes a damaged file of a whole one.
//! It knows the formats by their contents: of NumPy arrays, zip archives, safetensors, PNG pictures
//! and text it changes the parts and mends lengths and checksums, so that the damage gets past the
//! first check of a reader; of everything it flips bits, cuts, repeats and splices.
//! [`Campaign`] gives many of them to a function and fails if that panics, takes too much memory
//! or takes too long.
//!
//! # Examples
//! ```
//! use vae_torture::{Campaign, seeds};
//!
//! let texts = [b"12".to_vec(), b"3456".to_vec()];
//! Campaign::new("numbers", texts).run(|bytes| {
//!     let text = std::str::from_utf8(bytes).ok();
//!     text.and_then(|text| text.parse::<u64>().ok()).is_some()
//! });
//!
//! let random = &mut vae_torture::Random::new(1, 0);
//! let whole = seeds::npy("|u1", &[2, 3], &[0; 6]);
//! assert_ne!(vae_torture::mutant(random, &whole, &whole), whole);
//! ```

mod blind;
mod campaign;
mod mutant;
mod npy;
mod numbers;
mod png;
mod random;
mod safetensors;
pub mod seeds;
mod text;
mod zip;

pub use campaign::{Campaign, SEED};
pub use mutant::mutant;
pub use png::checksum;
pub use random::Random;
