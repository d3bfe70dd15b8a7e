//! Zip archives: members with checksums, and a directory.

use crate::numbers::{TEXTS, WHOLE};
use crate::random::Random;

/// What every archive with a member begins with.
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";
/// What each line of the directory begins with.
const ENTRY: &[u8] = b"PK\x01\x02";

/// A member of an archive.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    flags: u16,
    /// 0 stored, 8 deflated.
    method: u16,
    /// What the archive states as the size of its contents.
    size: u32,
    /// The right checksum of a stored member, the old one of a packed one.
    checksum: u32,
    contents: Vec<u8>,
    /// Mode of the file on Unix.
    mode: u16,
}

impl Member {
    /// A member as it lies in the archive, not packed.
    pub(crate) fn stored(name: &str, contents: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            flags: 0,
            method: 0,
            size: contents.len() as u32,
            checksum: crc32fast::hash(contents),
            contents: contents.to_vec(),
            mode: 0o100_644,
        }
    }
}

/// Damages a member, with `inside` if it is not packed, or what the archive says about it;
/// checksums and positions stay right. `false` if the bytes are no archive.
pub(crate) fn damage(
    bytes: &mut Vec<u8>,
    random: &mut Random,
    inside: impl FnOnce(&mut Random, &[u8]) -> Vec<u8>,
) -> bool {
    let Some(mut members) = members(bytes) else { return false };
    let at = random.below(members.len());
    let other = random.pick(&members).clone();
    let several = 1 < members.len();
    let member = &mut members[at];
    match random.below(12) {
        0 => member.name = random.pick(&TEXTS).as_bytes().to_vec(),
        1 => member.size = *random.pick(&WHOLE) as u32,
        2 => member.method = *random.pick(&[0, 1, 8, 9, 12, 93, 99]),
        3 => member.flags = *random.pick(&[1, 8, 1 << 11, u16::MAX]),
        4 => member.mode = *random.pick(&[0o120_777, 0o040_755, 0o020_666, 0]),
        5 => members.push(other),
        6 => member.name = other.name,
        7 if several => drop(members.remove(at)),
        _ if member.method == 0 => {
            member.contents = inside(random, &member.contents);
            member.checksum = crc32fast::hash(&member.contents);
            member.size = member.contents.len() as u32;
        }
        _ => {
            let place = random.below(member.contents.len());
            if let Some(byte) = member.contents.get_mut(place) {
                *byte ^= 1 << random.below(8);
            }
        }
    }
    *bytes = join(&members);
    true
}

/// The members of an archive as its directory lists them; `None` if it has none, or is damaged.
fn members(bytes: &[u8]) -> Option<Vec<Member>> {
    let number = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let mut at = bytes.windows(4).position(|window| window == ENTRY)?;
    let mut members = Vec::new();
    while bytes.get(at..)?.starts_with(ENTRY) {
        let name = usize::from(number(at + 28)?);
        let local = long(at + 42)? as usize;
        let start =
            local + 30 + usize::from(number(local + 26)?) + usize::from(number(local + 28)?);
        members.push(Member {
            name: bytes.get(at + 46..at + 46 + name)?.to_vec(),
            flags: number(at + 8)?,
            method: number(at + 10)?,
            size: long(at + 24)?,
            checksum: long(at + 16)?,
            contents: bytes.get(start..start.checked_add(long(at + 20)? as usize)?)?.to_vec(),
            mode: number(at + 40)?,
        });
        at += 46 + name + usize::from(number(at + 30)?) + usize::from(number(at + 32)?);
    }
    (!members.is_empty()).then_some(members)
}

/// An archive of these members.
pub(crate) fn join(members: &[Member]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let start = bytes.len() as u32;
        let mut common = Vec::new();
        for short in [20, member.flags, member.method, 0, 0x21] {
            common.extend(short.to_le_bytes());
        }
        for long in [member.checksum, member.contents.len() as u32, member.size] {
            common.extend(long.to_le_bytes());
        }
        common.extend((member.name.len() as u16).to_le_bytes());
        common.extend([0; 2]); // no further fields
        bytes.extend(MAGIC);
        bytes.extend(&common);
        bytes.extend(&member.name);
        bytes.extend(&member.contents);
        directory.extend(ENTRY);
        directory.extend([20, 3]); // made on Unix
        directory.extend(&common);
        directory.extend([0; 6]); // no comment, first disk, binary
        directory.extend((u32::from(member.mode) << 16).to_le_bytes());
        directory.extend(start.to_le_bytes());
        directory.extend(&member.name);
    }
    let (start, size, count) = (bytes.len() as u32, directory.len() as u32, members.len() as u16);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}
