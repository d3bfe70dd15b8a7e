//! A damaged file of a whole one.

use crate::random::Random;
use crate::{blind, npy, png, safetensors, text, zip};

/// A damaged copy of `whole`, whose format is known by its contents; `other` is a file whose parts
/// may be spliced in, best one of the same format.
pub fn mutant(random: &mut Random, whole: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=random.small(4) {
        let inside = |random: &mut Random, contents: &[u8]| {
            let mut contents = contents.to_vec();
            if random.once_in(3) || !by_parts(&mut contents, random) {
                blind::damage(&mut contents, random, &[]);
            }
            contents
        };
        let by_parts = !random.once_in(3)
            && (by_parts(&mut bytes, random)
                || bytes.starts_with(zip::MAGIC) && zip::damage(&mut bytes, random, inside));
        if !by_parts {
            blind::damage(&mut bytes, random, other);
        }
    }
    bytes
}

/// Damages a file that is no archive by its parts; `false` if its format has none that are known.
fn by_parts(bytes: &mut Vec<u8>, random: &mut Random) -> bool {
    if bytes.starts_with(npy::MAGIC) {
        return npy::damage(bytes, random);
    }
    if bytes.starts_with(png::MAGIC) {
        return png::damage(bytes, random);
    }
    if safetensors::header_end(bytes).is_some() {
        return safetensors::damage(bytes, random);
    }
    let is_text =
        bytes.iter().all(|&byte| byte == b'\n' || byte == b'\r' || byte == b'\t' || 32 <= byte);
    let Ok(text) = str::from_utf8(bytes) else { return false };
    if !is_text || text.is_empty() {
        return false;
    }
    let mut text = text.to_owned();
    text::damage(&mut text, random);
    *bytes = text.into_bytes();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds;

    /// Each format is damaged by its parts as well, which leaves checksums and lengths right.
    #[test]
    fn every_format_has_parts() {
        let array = seeds::npy("<f4", &[2, 2], &[0; 16]);
        let picture = seeds::png(4, 3, &[9; 12]);
        let mut weights = 12_u64.to_le_bytes().to_vec();
        weights.extend(b"{\"a\":[0, 4]}\0\0\0\0");
        for whole in [array.clone(), picture, weights, b"a = 1\n".to_vec()] {
            let mut different = 0;
            for case in 0..100 {
                let mut bytes = whole.clone();
                assert!(by_parts(&mut bytes, &mut Random::new(1, case)));
                different += usize::from(bytes != whole);
            }
            assert!(50 < different, "{different}");
        }
        let archive = seeds::zip(&[("a.npy", &array), ("b.txt", b"1 2 3")]);
        for case in 0..100 {
            let mut bytes = archive.clone();
            let random = &mut Random::new(1, case);
            assert!(zip::damage(&mut bytes, random, |_, contents| contents.to_vec()));
        }
    }

    #[test]
    fn a_case_is_the_same_every_time() {
        let whole = seeds::npy("<f4", &[2, 2], &[0; 16]);
        for case in 0..200 {
            let once = mutant(&mut Random::new(5, case), &whole, b"other");
            assert_eq!(once, mutant(&mut Random::new(5, case), &whole, b"other"));
        }
    }

    /// Nothing here may fail either, whatever it is given.
    #[test]
    fn mutants_of_mutants_are_mutants() {
        let array = seeds::npy("<f4", &[2, 2], &[0; 16]);
        let archive = seeds::zip(&[("a.npy", &array), ("b.txt", b"1 2 3")]);
        for whole in [array, archive, seeds::png(4, 3, &[9; 12]), b"[a]\nb = \"c\"\n".to_vec()] {
            let mut bytes = whole.clone();
            for case in 0..2000 {
                bytes = mutant(&mut Random::new(2, case), &bytes, &whole);
                if bytes.len() < 4 || 1 << 16 < bytes.len() {
                    bytes.clone_from(&whole);
                }
            }
        }
    }
}
