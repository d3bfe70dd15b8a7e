//! Weights: a length, a header in JSON, and numbers.

use crate::blind;
use crate::random::Random;
use crate::text;

/// Damages the header or the numbers; the length of the header stays right. `false` if the bytes
/// are no weights.
pub(crate) fn damage(bytes: &mut Vec<u8>, random: &mut Random) -> bool {
    let Some(end) = header_end(bytes) else { return false };
    match random.below(8) {
        0 | 1 => blind::float(&mut bytes[end..], random),
        // A header of megabytes.
        2 if random.once_in(50) => {
            let blanks = vec![b' '; random.small(4 << 20)];
            bytes.splice(end..end, blanks);
            set_length(bytes, end, random);
        }
        _ => {
            let mut header = String::from_utf8_lossy(&bytes[8..end]).into_owned();
            for _ in 0..=random.small(3) {
                text::damage(&mut header, random);
            }
            bytes.splice(8..end, header.bytes());
            bytes[..8].copy_from_slice(&(header.len() as u64).to_le_bytes());
        }
    }
    true
}

/// States a length between the old end of the header and the end of the file.
fn set_length(bytes: &mut [u8], end: usize, random: &mut Random) {
    let length = (end - 8 + random.below(bytes.len() - end + 1)) as u64;
    bytes[..8].copy_from_slice(&length.to_le_bytes());
}

/// Where the header ends; `None` if the bytes do not begin as weights do.
pub(crate) fn header_end(bytes: &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    (rest.first() == Some(&b'{') && length <= rest.len()).then(|| 8 + length)
}
