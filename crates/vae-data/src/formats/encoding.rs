//! The bytes of text files as text.

/// The bytes of a text file as text: UTF-8, UTF-16 with its mark, or one byte per letter.
pub(crate) fn decoded(bytes: Vec<u8>) -> String {
    let wide = |order: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes[2..].as_chunks();
        String::from_utf16_lossy(&pairs.iter().map(|pair| order(*pair)).collect::<Vec<_>>())
    };
    let text = match bytes[..] {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        // Latin letters are code points of the same number; they stand in names only.
        _ => String::from_utf8(bytes).unwrap_or_else(|error| {
            error.as_bytes().iter().map(|byte| char::from(*byte)).collect()
        }),
    };
    // Old programs end lines with a carriage return alone.
    if text.contains('\n') { text } else { text.replace('\r', "\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_other_programs_is_decoded() {
        let text = "Dichte;Größe\n0,5;1\n";
        let latin = text.chars().map(|c| c as u8).collect();
        let wide = |bytes: fn(u16) -> [u8; 2]| {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
        };
        for bytes in [text.into(), latin, wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            assert_eq!(decoded(bytes), text);
        }
        assert_eq!(decoded(vec![]), "");
        assert_eq!(decoded(vec![0xff, 0xfe, 0x30]), "");
    }
}
