//! Small whole files, written by hand, so that mutations begin somewhere.

use crate::png;
use crate::zip::{self, Member};

/// A NumPy array of this type (such as `<f4` or `|u1`) and shape, with its elements as bytes.
pub fn npy(descr: &str, shape: &[usize], elements: &[u8]) -> Vec<u8> {
    let mut shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    shape.push(String::new()); // one axis is written (3,)
    let shape = shape.join(", ");
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = [crate::npy::MAGIC, &[1, 0]].concat();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(elements);
    bytes
}

/// Elements of four bytes each, for [`npy`].
pub fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A zip archive whose members are not packed.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let members: Vec<Member> =
        members.iter().map(|(name, contents)| Member::stored(name, contents)).collect();
    zip::join(&members)
}

/// A grey PNG picture of eight bits, row by row, its pixels not packed.
///
/// # Panics
/// If there are not as many pixels as the size says, or more than 60,000.
pub fn png(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    assert_eq!(pixels.len(), (width * height) as usize);
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]); // eight bits, grey, deflated, filtered, not interlaced
    let rows: Vec<u8> =
        pixels.chunks(width.max(1) as usize).flat_map(|row| [&[0], row].concat()).collect();
    let length = u16::try_from(rows.len()).expect("a small picture");
    let mut packed = vec![0x78, 0x01, 1]; // zlib; the last block, which is stored
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(&rows);
    packed.extend(adler(&rows).to_be_bytes());
    png::join(&[(*b"IHDR", header), (*b"IDAT", packed), (*b"IEND", Vec::new())])
}

/// The checksum of zlib.
fn adler(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}

/// A grey picture in the binary format PGM.
pub fn pgm(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    [format!("P5\n{width} {height}\n255\n").as_bytes(), pixels].concat()
}

/// A picture of 24 bits in the format BMP, all of one color; the width must be a multiple of 4.
pub fn bmp(width: u32, height: u32, color: [u8; 3]) -> Vec<u8> {
    let size = 3 * width * height;
    let mut bytes = b"BM".to_vec();
    for number in [54 + size, 0, 54, 40, width, height, 1 | 24 << 16, 0, size, 0, 0, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(color.repeat((width * height) as usize));
    bytes
}

/// A grey TIFF picture of eight bits in one strip.
pub fn tiff(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((8 + pixels.len() as u32).to_le_bytes());
    bytes.extend(pixels);
    // Width, height, bits, no compression, black is 0, strip, samples, rows, bytes.
    let tags = [
        (256_u16, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, height),
        (279, pixels.len() as u32),
    ];
    bytes.extend((tags.len() as u16).to_le_bytes());
    for (tag, value) in tags {
        bytes.extend(tag.to_le_bytes());
        bytes.extend([4, 0, 1, 0, 0, 0]); // one number of 32 bits
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]); // no further page
    bytes
}

/// Bytes with axes in the format IDX, as MNIST has it.
pub fn idx(shape: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    file.extend(shape.iter().flat_map(|n| n.to_be_bytes()));
    file.extend(bytes);
    file
}
