//! NumPy arrays: a header in text, and numbers.

use crate::blind;
use crate::random::Random;
use crate::text;

/// What every array begins with.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// Damages the header or the numbers; the length of the header stays right. `false` if the bytes
/// are no array.
pub(crate) fn damage(bytes: &mut Vec<u8>, random: &mut Random) -> bool {
    let Some((start, end)) = header(bytes) else { return false };
    if random.once_in(3) {
        blind::float(&mut bytes[end..], random);
        return true;
    }
    let mut header = String::from_utf8_lossy(&bytes[start..end]).trim_end().replace('\'', "\"");
    text::damage(&mut header, random);
    let mut header = header.replace('"', "'").into_bytes();
    header.push(b'\n');
    // Version 1 states the length in two bytes, later ones in four.
    let length = (header.len() as u32).to_le_bytes();
    bytes.splice(start..end, header);
    let places = start - 8;
    bytes[8..start].copy_from_slice(&length[..places]);
    true
}

/// Where the text of the header begins and ends.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (start, length) = match rest {
        [1, _, a, b, ..] => (10, u32::from_le_bytes([*a, *b, 0, 0])),
        [2 | 3, _, a, b, c, d, ..] => (12, u32::from_le_bytes([*a, *b, *c, *d])),
        _ => return None,
    };
    let end = start + length as usize;
    (end <= bytes.len()).then_some((start, end))
}
