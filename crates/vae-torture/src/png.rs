//! PNG pictures: chunks with checksums.

use crate::blind;
use crate::numbers::WHOLE;
use crate::random::Random;

/// What every picture begins with.
pub(crate) const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A chunk: its kind and its contents.
pub(crate) type Chunk = ([u8; 4], Vec<u8>);

/// Damages a chunk or the order of the chunks; checksums stay right. `false` if the bytes are no
/// picture.
pub(crate) fn damage(bytes: &mut Vec<u8>, random: &mut Random) -> bool {
    let Some(mut chunks) = chunks(bytes) else { return false };
    let at = random.below(chunks.len());
    match random.below(8) {
        0 => drop(chunks.remove(at)),
        1 => chunks.insert(at, chunks[at].clone()),
        2 => {
            let other = random.below(chunks.len());
            chunks.swap(at, other);
        }
        3 => chunks[at].0 = **random.pick(&[b"IDAT", b"PLTE", b"tRNS", b"acTL", b"iCCP", b"eXIf"]),
        4 | 5 => {
            // Width, height, depth, color, interlacing.
            let header = &mut chunks[0].1;
            let value = *random.pick(&WHOLE) as u32;
            let place = random.below(7);
            if place < 2 && 8 <= header.len() {
                header[4 * place..4 * place + 4].copy_from_slice(&value.to_be_bytes());
            } else if let Some(byte) = header.get_mut(6 + place) {
                *byte = *random.pick(&[0, 1, 2, 3, 4, 6, 8, 16, 255]);
            }
        }
        _ => blind::damage(&mut chunks[at].1, random, &[]),
    }
    *bytes = join(&chunks);
    true
}

/// The chunks of a picture; `None` if there are none.
fn chunks(bytes: &[u8]) -> Option<Vec<Chunk>> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut chunks = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((kind, after)) = after.split_first_chunk::<4>() else { break };
        let (Some(contents), Some(next)) = (after.get(..length), after.get(length + 4..)) else {
            break;
        };
        chunks.push((*kind, contents.to_vec()));
        rest = next;
    }
    (!chunks.is_empty()).then_some(chunks)
}

/// A picture of these chunks.
pub(crate) fn join(chunks: &[Chunk]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for (kind, contents) in chunks {
        bytes.extend((contents.len() as u32).to_be_bytes());
        let named = [&kind[..], contents].concat();
        bytes.extend(&named);
        bytes.extend(checksum(&named).to_be_bytes());
    }
    bytes
}

/// The checksum behind a chunk, of its kind and its contents.
pub fn checksum(kind_and_contents: &[u8]) -> u32 {
    crc32fast::hash(kind_and_contents)
}
