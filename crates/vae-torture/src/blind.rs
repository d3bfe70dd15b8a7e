//! Damage that needs no knowledge of a format.

use crate::numbers::{FLOATS, WHOLE};
use crate::random::Random;

/// A damaged file grows no further than this, so that what it costs is the reader's doing.
const LARGEST: usize = 1 << 20;

/// Damages bytes; `other` is a file whose parts may be spliced in.
pub(crate) fn damage(bytes: &mut Vec<u8>, random: &mut Random, other: &[u8]) {
    if bytes.is_empty() {
        bytes.extend((0..random.small(64)).map(|_| 0_u8));
        return;
    }
    match random.below(12) {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => {
            let (from, to) = range(bytes.len(), random);
            bytes.drain(from..to);
        }
        2 => repeat(bytes, random),
        3 => splice(bytes, random, other),
        4 => {
            let (from, to) = range(bytes.len(), random);
            let value = *random.pick(&[0, 0xff, 0x7f, 0x80, b' ', b'0', b'\n']);
            bytes[from..to].fill(value);
        }
        5 => {
            let at = random.below(bytes.len() + 1);
            let new: Vec<u8> = (0..=random.small(16)).map(|_| random.number() as u8).collect();
            bytes.splice(at..at, new);
        }
        6 | 7 => number(bytes, random),
        8 => float(bytes, random),
        _ => {
            for _ in 0..=random.small(8) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
    }
}

/// A range of at least one byte, more often short than long.
fn range(len: usize, random: &mut Random) -> (usize, usize) {
    let from = random.below(len);
    (from, from + 1 + random.small(len - from))
}

/// Repeats a block, sometimes very often.
fn repeat(bytes: &mut Vec<u8>, random: &mut Random) {
    let (from, to) = range(bytes.len(), random);
    let block = bytes[from..to].to_vec();
    let often = if random.once_in(8) { 1000 } else { 4 };
    let times = (1 + random.small(often)).min(LARGEST.saturating_sub(bytes.len()) / block.len());
    bytes.splice(to..to, block.repeat(times));
}

/// Puts the end of another file in the place of the end, or a piece of it in the middle.
fn splice(bytes: &mut Vec<u8>, random: &mut Random, other: &[u8]) {
    if other.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    if random.once_in(2) {
        bytes.truncate(at);
        bytes.extend_from_slice(&other[random.below(other.len())..]);
    } else {
        let (from, to) = range(other.len(), random);
        bytes.splice(at..at, other[from..to].iter().copied());
    }
    bytes.truncate(LARGEST);
}

/// Writes a surprising whole number of one to eight bytes, in either order, mostly near the
/// beginning, where headers are.
fn number(bytes: &mut [u8], random: &mut Random) {
    let size = (1_usize << random.below(4)).min(bytes.len());
    let places = bytes.len() - size + 1;
    let at = if random.once_in(3) { random.below(places) } else { random.small(places.min(512)) };
    let place = &mut bytes[at..at + size];
    let value = *random.pick(&WHOLE);
    if random.once_in(2) {
        place.copy_from_slice(&value.to_le_bytes()[..size]);
    } else {
        place.copy_from_slice(&value.to_be_bytes()[8 - size..]);
    }
}

/// Writes a surprising float of four bytes.
pub(crate) fn float(bytes: &mut [u8], random: &mut Random) {
    let places = bytes.as_chunks_mut::<4>().0;
    if !places.is_empty() {
        let at = random.below(places.len());
        places[at] = random.pick(&FLOATS).to_le_bytes();
    }
}
