//! What is wrong with the palette of a PNG picture before it is decoded.

/// What a PNG file begins with.
const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Bytes of a palette that is no whole number of colors, for which the decoder is not prepared;
/// `None` if every palette is whole.
pub(super) fn odd_palette(png: &[u8]) -> Option<usize> {
    let mut rest = png.strip_prefix(MAGIC)?;
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (kind, _) = after.split_first_chunk::<4>()?;
        if kind == b"PLTE" && !length.is_multiple_of(3) {
            return Some(length);
        }
        // The kind, the contents, and the checksum.
        rest = after.get(length.checked_add(8)?..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_palette_of_whole_colors_is_fine() {
        let png = |length: u32| {
            let chunk = [&length.to_be_bytes()[..], b"PLTE", &[7; 12]].concat();
            [MAGIC, &13_u32.to_be_bytes(), b"IHDR", &[0; 17], &chunk].concat()
        };
        assert_eq!(odd_palette(&png(6)), None);
        assert_eq!(odd_palette(&png(8)), Some(8));
        assert_eq!(odd_palette(b"P5 1 1 255 x"), None);
        assert!((0..png(8).len()).all(|end| odd_palette(&png(8)[..end]).is_none_or(|n| n == 8)));
    }
}
