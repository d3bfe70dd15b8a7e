//! The binary form of answers: a line of JSON, and arrays behind it.

use serde_json::{Value, json};

/// One part of an answer. An answer may have several, and the page shows each as it comes.
///
/// In bytes: the length of the JSON text and the length of the arrays, each as 32 bits, the least
/// significant byte first; the text; the arrays, each padded to a multiple of four bytes. The text
/// lists the arrays under `planes`, each with its name, type and shape.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    head: Value,
    planes: Vec<Plane>,
}

/// An array of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    name: &'static str,
    shape: (usize, usize),
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    /// Densities in [0, 1] as 0 to 255.
    Bytes(Vec<u8>),
    Numbers(Vec<f32>),
}

impl Plane {
    /// Densities in [0, 1], in steps of 1/255.
    pub(crate) fn densities<'a>(
        name: &'static str,
        shape: (usize, usize),
        values: impl IntoIterator<Item = &'a f32>,
    ) -> Self {
        let byte = |value: &f32| (255.0 * value.clamp(0.0, 1.0)).round() as u8;
        Self { name, shape, values: Values::Bytes(values.into_iter().map(byte).collect()) }
    }

    /// Numbers of single precision.
    pub(crate) fn numbers(name: &'static str, shape: (usize, usize), values: Vec<f32>) -> Self {
        Self { name, shape, values: Values::Numbers(values) }
    }
}

impl Frame {
    /// A frame with these arrays.
    pub(crate) fn new(head: Value, planes: Vec<Plane>) -> Self {
        Self { head, planes }
    }

    /// A frame without arrays.
    pub(crate) fn plain(head: Value) -> Self {
        Self::new(head, Vec::new())
    }

    /// What went wrong, in words.
    pub(crate) fn failure(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(source) = cause {
            let more = source.to_string();
            if !text.ends_with(&more) {
                text = format!("{text}: {more}");
            }
            cause = source.source();
        }
        // The tensor library writes a backtrace below its message.
        let text = text.lines().next().unwrap_or_default().to_owned();
        Self::plain(json!({ "kind": "error", "text": text }))
    }

    /// The bytes, with the number of the request that the frame answers.
    pub(crate) fn to_bytes(&self, number: u64) -> Vec<u8> {
        let planes: Vec<Value> = self
            .planes
            .iter()
            .map(|plane| {
                let kind = match plane.values {
                    Values::Bytes(_) => "u8",
                    Values::Numbers(_) => "f32",
                };
                json!({ "name": plane.name, "type": kind, "rows": plane.shape.0, "columns": plane.shape.1 })
            })
            .collect();
        let mut head = self.head.clone();
        head["number"] = number.into();
        head["planes"] = planes.into();
        let text = head.to_string().into_bytes();
        let mut body = Vec::new();
        for plane in &self.planes {
            match &plane.values {
                Values::Bytes(values) => body.extend(values),
                Values::Numbers(values) => {
                    body.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                }
            }
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut bytes = Vec::with_capacity(8 + text.len() + body.len());
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend((body.len() as u32).to_le_bytes());
        bytes.extend(text);
        bytes.extend(body);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_lie_where_the_text_says() {
        let planes = vec![
            Plane::densities("cut", (1, 3), &[0.0, 0.5, 1.0]),
            Plane::numbers("stress", (2, 1), vec![1.5, -2.0]),
        ];
        let bytes = Frame::new(json!({ "kind": "design" }), planes).to_bytes(7);
        let length = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let (text, body) = (length(0), length(4));
        assert_eq!(bytes.len(), 8 + text + body);
        let head: Value = serde_json::from_slice(&bytes[8..8 + text]).unwrap();
        assert_eq!((head["number"].as_u64(), head["kind"].as_str()), (Some(7), Some("design")));
        assert_eq!(head["planes"][1]["name"], "stress");
        let body = &bytes[8 + text..];
        assert_eq!(body[..4], [0, 128, 255, 0]);
        assert_eq!(body[4..8], 1.5_f32.to_le_bytes());
        assert_eq!(body.len(), 12);
    }
}
