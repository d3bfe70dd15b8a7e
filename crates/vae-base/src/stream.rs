//! Random numbers by address: any part of a run can be repeated without replaying what came before
//! it.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator of one purpose at one step of a run.
///
/// It depends on its three arguments alone: the key of `ChaCha8` is made of the seed and of a
/// 128-bit hash of the purpose, and the step selects the stream, so different arguments give
/// independent numbers. Nothing has to be saved to resume a run.
///
/// # Examples
/// ```
/// use rand::Rng;
/// use vae_base::stream;
///
/// let noise: f64 = stream(1, "noise", 300).random();
/// assert_eq!(noise, stream(1, "noise", 300).random::<f64>());
/// assert_ne!(noise, stream(1, "shuffle", 300).random::<f64>());
/// assert_ne!(noise, stream(1, "noise", 301).random::<f64>());
/// ```
///
/// # References
/// G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, T. Hansen, The FNV Non-Cryptographic Hash
/// Algorithm, RFC 9923, 2025 (the 128-bit variant FNV-1a).
pub fn stream(seed: u64, purpose: &str, step: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..24].copy_from_slice(&fnv1a(purpose.as_bytes()).to_le_bytes());
    key[24..].copy_from_slice(&(purpose.len() as u64).to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(step);
    rng
}

/// The generator whose key is a purpose of at most eight bytes, padded with zeros, followed by
/// three numbers.
///
/// The generation of data sets draws from these; [`stream`] is for everything else. The two kinds
/// of keys are separate because published data sets are frozen to the first.
///
/// # Panics
/// If `purpose` is longer than eight bytes.
pub fn keyed(purpose: &str, numbers: [u64; 3]) -> ChaCha8Rng {
    assert!(purpose.len() <= 8, "the purpose {purpose:?} is longer than eight bytes");
    let mut key = [0; 32];
    key[..purpose.len()].copy_from_slice(purpose.as_bytes());
    for (bytes, number) in key[8..].chunks_exact_mut(8).zip(numbers) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

fn fnv1a(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62272e07bb014262b821756295c58d;
    const PRIME: u128 = 0x0000000001000000000000000000013b;
    bytes.iter().fold(OFFSET, |hash, &byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngCore;

    #[test]
    fn the_hash_is_the_published_one() {
        // Test vectors of the reference implementation.
        assert_eq!(fnv1a(b""), 0x6c62272e07bb014262b821756295c58d);
        assert_eq!(fnv1a(b"a"), 0xd228cb696f1a8caf78912b704e4a8964);
        assert_eq!(fnv1a(b"foobar"), 0x343e1662793c64bf6f0d3597ba446f18);
    }

    #[test]
    fn the_numbers_are_frozen() {
        // Changing these is a value-breaking change: every seeded result changes with them.
        let mut rng = stream(42, "init", 3);
        let first: Vec<u64> = (0..3).map(|_| rng.next_u64()).collect();
        assert_eq!(first, [901090704530296802, 2390367869747883947, 5610169172802660697]);
    }

    #[test]
    fn a_key_of_numbers_depends_on_each_of_them() {
        let first = |purpose, numbers| keyed(purpose, numbers).next_u64();
        let base = first("start", [1, 2, 3]);
        assert_eq!(base, first("start", [1, 2, 3]));
        for other in [[0, 2, 3], [1, 0, 3], [1, 2, 0]] {
            assert_ne!(base, first("start", other));
        }
        assert_ne!(base, first("scatter", [1, 2, 3]));
    }
}
