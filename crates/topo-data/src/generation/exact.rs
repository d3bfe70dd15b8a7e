//! Numbers in JSON that come back bit for bit, and bytes as text.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes a number as text: the shortest decimal that reads back as the same number.
///
/// JSON numbers would do for writing, but the parser's fast path may be off by the last bit, and a
/// resumed generation promises the bytes of an uninterrupted one.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

/// Reads what [`serialize`] wrote.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("`{text}` is not a number")))
}

/// Bytes as two hexadecimal digits each.
pub(crate) mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes the digits.
    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
        let text: String = bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect();
        serializer.serialize_str(&text)
    }

    /// Reads what [`serialize`] wrote.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(d)?;
        let digits: Option<Vec<u8>> =
            text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
        match digits {
            Some(digits) if digits.len() % 2 == 0 => {
                Ok(digits.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect())
            }
            _ => Err(D::Error::custom("these are not pairs of hexadecimal digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Line {
        #[serde(with = "super")]
        value: f64,
        #[serde(with = "super::hex")]
        bytes: Vec<u8>,
    }

    proptest! {
        #[test]
        fn reading_inverts_writing(value: f64, bytes: Vec<u8>) {
            let text = serde_json::to_string(&Line { value, bytes: bytes.clone() }).unwrap();
            let line: Line = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(line.bytes, bytes);
            prop_assert!(line.value.to_bits() == value.to_bits() || value.is_nan());
        }
    }

    #[test]
    fn odd_text_is_refused() {
        assert!(serde_json::from_str::<Line>(r#"{"value":"x","bytes":""}"#).is_err());
        assert!(serde_json::from_str::<Line>(r#"{"value":"1","bytes":"abc"}"#).is_err());
        assert!(serde_json::from_str::<Line>(r#"{"value":"1","bytes":"zz"}"#).is_err());
    }
}
