//! Vectors as text: components, or an angle and a magnitude.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Reads `[x, y]`, or `{ angle = degrees, magnitude = length }`, which is
/// `magnitude (cos angle, −sin angle)`: 0 to the right, 90 straight down.
pub(super) fn one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f64; 2], D::Error> {
    deserializer.deserialize_any(Vector).map(|Read(vector)| vector)
}

/// [`one`] for a value that may be left out.
pub(super) fn some<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<[f64; 2]>, D::Error> {
    Option::<Read>::deserialize(deserializer).map(|read| read.map(|Read(vector)| vector))
}

struct Read([f64; 2]);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Vector)
    }
}

struct Vector;

impl<'de> Visitor<'de> for Vector {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[x, y] with y up, or { angle, magnitude } with 90 degrees straight down")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Read, A::Error> {
        let mut vector = [0.0; 2];
        for (position, component) in vector.iter_mut().enumerate() {
            *component =
                items.next_element()?.ok_or_else(|| A::Error::invalid_length(position, &self))?;
        }
        match items.next_element::<f64>()? {
            None => Ok(Read(vector)),
            Some(_) => Err(A::Error::invalid_length(3, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Read, A::Error> {
        let (mut angle, mut magnitude) = (None, 1.0);
        while let Some(key) = entries.next_key::<String>()? {
            let number = |entries: &mut A| {
                let value = entries.next_value::<f64>();
                value.map_err(|error| A::Error::custom(format!("`{key}` is not a number: {error}")))
            };
            match key.as_str() {
                "angle" => angle = Some(number(&mut entries)?),
                "magnitude" => magnitude = number(&mut entries)?,
                _ => return Err(A::Error::unknown_field(&key, &["angle", "magnitude"])),
            }
        }
        let angle: f64 = angle.ok_or_else(|| A::Error::missing_field("angle"))?;
        let (sin, cos) = angle.to_radians().sin_cos();
        Ok(Read([magnitude * cos, -magnitude * sin]))
    }
}
