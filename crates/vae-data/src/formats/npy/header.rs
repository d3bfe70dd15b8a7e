//! The header of a `.npy` file, read without trusting it and written byte for byte as NumPy writes
//! it.

use super::element::Element;
use crate::error::FormatError;
use crate::formats::bytes::Bytes;

/// `\x93NUMPY`, two bytes of version, then the length of the text that describes the array.
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// NumPy itself refuses more than 10,000 characters; a plain array needs about 100.
const MAX_TEXT: u64 = 10_000;

/// NumPy's own limit on the number of axes.
const MAX_RANK: usize = 64;

/// What a `.npy` file says about itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    pub(crate) big_endian: bool,
    pub(crate) fortran_order: bool,
    pub(crate) shape: Vec<usize>,
    /// Where the elements begin.
    pub(crate) data_start: u64,
    /// How many bytes of elements the shape asks for.
    pub(crate) data_len: u64,
}

impl Header {
    /// Reads the header at the beginning of `file`; `wanted` says what its elements are for.
    pub(crate) fn read(file: &Bytes, wanted: &'static str) -> Result<Self, FormatError> {
        let not_npy = |why: &str| FormatError::WrongFormat {
            file: file.label().into(),
            format: "a NumPy array",
            why: why.into(),
        };
        if file.len() < 10 {
            return Err(not_npy("it has less than 10 bytes"));
        }
        let mut fixed = [0; 12];
        let n = file.len().min(12) as usize;
        file.read_exact_at(&mut fixed[..n], 0)?;
        if &fixed[..6] != MAGIC {
            return Err(not_npy("it does not begin with \\x93NUMPY"));
        }
        let (text_start, text_len) = match fixed[6] {
            1 => (10, u64::from(u16::from_le_bytes([fixed[8], fixed[9]]))),
            2 | 3 => {
                (12, u64::from(u32::from_le_bytes([fixed[8], fixed[9], fixed[10], fixed[11]])))
            }
            version => return Err(not_npy(&format!("format version {version} is unknown"))),
        };
        if MAX_TEXT < text_len {
            return Err(not_npy(&format!(
                "its header claims {text_len} characters, more than {MAX_TEXT}"
            )));
        }
        let data_start = text_start + text_len;
        if file.len() < data_start {
            return Err(FormatError::Truncated {
                file: file.label().into(),
                expected: data_start,
                found: file.len(),
            });
        }
        let mut text = vec![0; text_len as usize];
        file.read_exact_at(&mut text, text_start)?;
        let text = String::from_utf8(text).map_err(|_| not_npy("its header is not text"))?;
        let entries = Entries::parse(&text).map_err(|why| not_npy(&why))?;
        let (element, big_endian) = Element::from_descr(&entries.descr).ok_or_else(|| {
            FormatError::Element { file: file.label().into(), descr: entries.descr.clone(), wanted }
        })?;
        let shape = entries.shape;
        let bytes = shape
            .iter()
            .try_fold(element.bytes() as u64, |product, n| product.checked_mul(*n as u64));
        let data_len = bytes.filter(|bytes| isize::try_from(*bytes).is_ok()).ok_or_else(|| {
            FormatError::ShapeOverflow { file: file.label().into(), shape: shape.clone() }
        })?;
        Ok(Self {
            element,
            big_endian,
            fortran_order: entries.fortran_order,
            shape,
            data_start,
            data_len,
        })
    }

    /// The header of a row-major little-endian array, as `numpy.save` writes it.
    ///
    /// Its length does not depend on the first number of the shape, so that a writer may count
    /// designs as they come and put the number in at the end.
    pub(crate) fn to_bytes(element: Element, shape: &[usize]) -> Vec<u8> {
        // NumPy leaves room for a first axis of up to 21 digits, for the same reason.
        const GROWTH: usize = 21;
        const ALIGNMENT: usize = 64;
        let axes = match shape {
            [n] => format!("({n},)"),
            _ => format!(
                "({})",
                shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ),
        };
        let mut text = format!(
            "{{'descr': '{}', 'fortran_order': False, 'shape': {axes}, }}",
            element.descr()
        );
        if let Some(first) = shape.first() {
            text.push_str(&" ".repeat(GROWTH - first.to_string().len().min(GROWTH)));
        }
        // At most 64 axes of 20 digits: the length always fits the two bytes of version 1.
        let unpadded = MAGIC.len() + 4 + text.len() + 1;
        text.push_str(&" ".repeat(ALIGNMENT - unpadded % ALIGNMENT));
        text.push('\n');
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.bytes());
        bytes
    }
}

/// The three entries of the Python dictionary in a header.
struct Entries {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Entries {
    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` with its entries in any
    /// order.
    fn parse(text: &str) -> Result<Self, String> {
        let mut rest =
            text.trim().strip_prefix('{').ok_or("its header is not a dictionary")?.trim_start();
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        while !rest.starts_with('}') {
            let (key, after) = quoted(rest).ok_or("its header has an entry without a name")?;
            let after = after
                .trim_start()
                .strip_prefix(':')
                .ok_or("its header has an entry without a value")?;
            rest = after.trim_start();
            rest = match key {
                "descr" => {
                    let (value, after) =
                        type_description(rest).ok_or("its header states no element type")?;
                    descr = Some(value.to_owned());
                    after
                }
                "fortran_order" => {
                    let value = rest.starts_with("True");
                    fortran_order = Some(value);
                    let after = rest.strip_prefix(if value { "True" } else { "False" });
                    after.ok_or("its header states no order")?
                }
                "shape" => {
                    let (value, after) = axes(rest)?;
                    shape = Some(value);
                    after
                }
                other => return Err(format!("its header has the unknown entry {other:?}")),
            };
            rest = rest.trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after.trim_start(),
                None if rest.starts_with('}') => {}
                None => return Err("its header is cut off".into()),
            }
        }
        if rest != "}" {
            return Err("its header goes on after the dictionary".into());
        }
        Ok(Self {
            descr: descr.ok_or("its header states no element type")?,
            fortran_order: fortran_order.ok_or("its header states no order")?,
            shape: shape.ok_or("its header states no shape")?,
        })
    }
}

/// A quoted text at the beginning, without its quotes, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// The element type: a quoted code, or the list that describes a record, kept as it stands for the
/// message.
fn type_description(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with('[') {
        return quoted(text);
    }
    let mut depth = 0_usize;
    for (position, c) in text.char_indices() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(text.split_at(position + 1));
        }
    }
    None
}

/// A tuple of whole numbers at the beginning, and what follows.
fn axes(text: &str) -> Result<(Vec<usize>, &str), String> {
    let inside = text.strip_prefix('(').ok_or("its header states no shape")?;
    let (numbers, rest) = inside.split_once(')').ok_or("its header is cut off in the shape")?;
    let mut shape = Vec::new();
    let parts: Vec<&str> = numbers.split(',').map(str::trim).collect();
    for (position, part) in parts.iter().enumerate() {
        if part.is_empty() && position + 1 == parts.len() {
            break; // "(3,)" and "()"
        }
        // Python 2 wrote "3L".
        let digits = part.strip_suffix('L').unwrap_or(part);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("its header states an axis of {part:?}"));
        }
        shape.push(digits.parse().map_err(|_| format!("its header states an axis of {digits}"))?);
    }
    if MAX_RANK < shape.len() {
        return Err(format!("its header states {} axes", shape.len()));
    }
    Ok((shape, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: Vec<u8>) -> Result<Header, FormatError> {
        Header::read(&Bytes::from_vec(bytes, "test.npy"), "numbers")
    }

    fn with_text(text: &str) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.bytes());
        bytes
    }

    #[track_caller]
    fn check_refused(text: &str, words: &str) {
        let message = read(with_text(text)).unwrap_err().to_string();
        assert!(message.contains(words), "{message:?} does not contain {words:?}");
    }

    #[test]
    fn the_bytes_are_those_of_numpy_save() {
        // numpy.save of zeros((2, 3), "<f4"), NumPy 2.4.6, first 128 bytes.
        let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        expected.extend(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
        expected.resize(127, b' ');
        expected.push(b'\n');
        assert_eq!(Header::to_bytes(Element::F32, &[2, 3]), expected);
    }

    #[test]
    fn the_length_does_not_depend_on_the_number_of_designs() {
        let empty = Header::to_bytes(Element::U8, &[0, 48, 96]).len();
        assert_eq!(Header::to_bytes(Element::U8, &[usize::MAX, 48, 96]).len(), empty);
    }

    #[test]
    fn headers_are_read_back() {
        for shape in [vec![], vec![0], vec![7], vec![2, 3, 4], vec![1; 64]] {
            for element in Element::ALL {
                let bytes = Header::to_bytes(element, &shape);
                assert_eq!(bytes.len() % 64, 0);
                let header = read(bytes.clone()).unwrap();
                assert_eq!((header.element, &header.shape), (element, &shape));
                assert_eq!(header.data_start, bytes.len() as u64);
                assert_eq!(
                    header.data_len,
                    (shape.iter().product::<usize>() * element.bytes()) as u64
                );
            }
        }
    }

    #[test]
    fn other_writers_spell_it_differently() {
        let text = r#"  {"shape":(3L,4L),"fortran_order" : True ,'descr':">f8"}  "#;
        let header = read(with_text(text)).unwrap();
        assert!(header.fortran_order && header.big_endian);
        assert_eq!((header.element, header.shape), (Element::F64, vec![3, 4]));
        // Version 2 has a length of four bytes.
        let mut v2 = b"\x93NUMPY\x02\x00".to_vec();
        v2.extend((text.len() as u32).to_le_bytes());
        v2.extend(text.bytes());
        assert_eq!(read(v2).unwrap().shape, [3, 4]);
    }

    #[test]
    fn hostile_headers_are_refused() {
        check_refused("", "not a dictionary");
        check_refused("{", "without a name");
        check_refused("{}", "no element type");
        check_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,", "cut off");
        check_refused(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
            "axis of \"-1\"",
        );
        check_refused(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
            "axis of 99999",
        );
        check_refused(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,2), }",
            "axis of \"\"",
        );
        check_refused("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", "no order");
        check_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x", "goes on");
        check_refused(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
            "unknown entry",
        );
        check_refused(
            "{'descr': [('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (1,), }",
            "('x', '<f4')",
        );
        check_refused("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "\"|O\"");
        check_refused(&format!("{{'descr': {}", "[".repeat(9000)), "no element type");
        check_refused(
            &format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({})}}", "1,".repeat(65)),
            "65 axes",
        );

        let huge =
            "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2), }";
        assert!(matches!(read(with_text(huge)), Err(FormatError::ShapeOverflow { .. })));
    }

    #[test]
    fn a_huge_header_length_is_refused_before_it_is_allocated() {
        let mut bytes = b"\x93NUMPY\x03\x00".to_vec();
        bytes.extend(u32::MAX.to_le_bytes());
        let message = read(bytes).unwrap_err().to_string();
        assert!(message.contains("4294967295 characters"), "{message}");
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = Header::to_bytes(Element::F32, &[2, 3]);
        for len in 0..whole.len() {
            assert!(read(whole[..len].to_vec()).is_err(), "{len} bytes");
        }
    }
}
