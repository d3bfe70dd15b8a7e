//! The element types of NumPy arrays that this crate reads and writes.

use std::fmt;

use half::f16;

/// How an array stores its numbers.
///
/// # Examples
///
/// ```
/// use vae_data::Element;
///
/// assert_eq!(Element::F32.bytes(), 4);
/// assert_eq!(Element::F32.to_string(), "float32");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Element {
    /// `bool`, one byte, 0 or 1.
    Bool,
    /// `uint8`; as a density 0 to 255.
    U8,
    /// `int8`.
    I8,
    /// `uint16`.
    U16,
    /// `int16`.
    I16,
    /// `uint32`.
    U32,
    /// `int32`.
    I32,
    /// `uint64`.
    U64,
    /// `int64`, what NumPy makes of Python's integers.
    I64,
    /// `float16`.
    F16,
    /// `float32`.
    F32,
    /// `float64`, what NumPy makes of Python's floats.
    F64,
}

impl Element {
    /// Every element type, in the order of the enumeration.
    pub const ALL: [Self; 12] = [
        Self::Bool,
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::U64,
        Self::I64,
        Self::F16,
        Self::F32,
        Self::F64,
    ];

    /// Number of bytes of one element.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Whether designs may be stored as this type: `bool`, `uint8` and the floats.
    #[must_use]
    pub const fn holds_densities(self) -> bool {
        matches!(self, Self::Bool | Self::U8 | Self::F16 | Self::F32 | Self::F64)
    }

    /// The type as a NumPy header states it, little-endian: `"<f4"`.
    pub(crate) const fn descr(self) -> &'static str {
        match self {
            Self::Bool => "|b1",
            Self::U8 => "|u1",
            Self::I8 => "|i1",
            Self::U16 => "<u2",
            Self::I16 => "<i2",
            Self::U32 => "<u4",
            Self::I32 => "<i4",
            Self::U64 => "<u8",
            Self::I64 => "<i8",
            Self::F16 => "<f2",
            Self::F32 => "<f4",
            Self::F64 => "<f8",
        }
    }

    /// The type and byte order (true: big-endian) of a header's `descr`, if it is one of these.
    pub(crate) fn from_descr(descr: &str) -> Option<(Self, bool)> {
        let order = descr.chars().next().filter(|order| "<>|=".contains(*order))?;
        let code = &descr[order.len_utf8()..];
        let element = Self::ALL.into_iter().find(|element| &element.descr()[1..] == code)?;
        Some((element, order == '>' && 1 < element.bytes()))
    }

    /// Reads little-endian elements as numbers: `each(position, value)`. Whole numbers beyond 2⁵³
    /// are rounded.
    pub(crate) fn for_each(self, bytes: &[u8], each: impl FnMut(usize, f64)) {
        fn walk<const N: usize>(
            bytes: &[u8],
            number: impl Fn([u8; N]) -> f64,
            mut each: impl FnMut(usize, f64),
        ) {
            for (position, element) in bytes.as_chunks::<N>().0.iter().enumerate() {
                each(position, number(*element));
            }
        }
        match self {
            Self::Bool => walk(bytes, |[b]| f64::from(u8::from(b != 0)), each),
            Self::U8 => walk(bytes, |[b]| f64::from(b), each),
            Self::I8 => walk(bytes, |b| f64::from(i8::from_le_bytes(b)), each),
            Self::U16 => walk(bytes, |b| f64::from(u16::from_le_bytes(b)), each),
            Self::I16 => walk(bytes, |b| f64::from(i16::from_le_bytes(b)), each),
            Self::U32 => walk(bytes, |b| f64::from(u32::from_le_bytes(b)), each),
            Self::I32 => walk(bytes, |b| f64::from(i32::from_le_bytes(b)), each),
            Self::U64 => walk(bytes, |b| u64::from_le_bytes(b) as f64, each),
            Self::I64 => walk(bytes, |b| i64::from_le_bytes(b) as f64, each),
            Self::F16 => walk(bytes, |b| f16::from_le_bytes(b).to_f64(), each),
            Self::F32 => walk(bytes, |b| f64::from(f32::from_le_bytes(b)), each),
            Self::F64 => walk(bytes, f64::from_le_bytes, each),
        }
    }

    /// Reads little-endian elements as densities: `uint8` is divided by 255, the others are taken
    /// as they are.
    pub(crate) fn densities(self, bytes: &[u8], out: &mut [f32]) {
        match self {
            Self::Bool => {
                out.iter_mut().zip(bytes).for_each(|(out, b)| *out = f32::from(u8::from(*b != 0)));
            }
            Self::U8 => out.iter_mut().zip(bytes).for_each(|(out, b)| *out = f32::from(*b) / 255.0),
            Self::F32 => {
                out.iter_mut()
                    .zip(bytes.as_chunks().0)
                    .for_each(|(out, b)| *out = f32::from_le_bytes(*b));
            }
            _ => self.for_each(bytes, |position, value| out[position] = value as f32),
        }
    }

    /// Appends densities in the form that [`Element::densities`] reads.
    pub(crate) fn put_densities(self, densities: &[f32], out: &mut Vec<u8>) {
        match self {
            Self::Bool => out.extend(densities.iter().map(|x| u8::from(0.5 <= *x))),
            Self::U8 => out.extend(densities.iter().map(|x| (x * 255.0).round() as u8)),
            Self::F16 => densities.iter().for_each(|x| out.extend(f16::from_f32(*x).to_le_bytes())),
            Self::F64 => densities.iter().for_each(|x| out.extend(f64::from(*x).to_le_bytes())),
            // Not reached with another type than `F32`: the writers ask `holds_densities` first.
            _ => densities.iter().for_each(|x| out.extend(x.to_le_bytes())),
        }
    }
}

impl fmt::Display for Element {
    /// NumPy's name of the type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        })
    }
}

/// A Rust number that arrays can be read as and written from. Sealed: the list is NumPy's, not the
/// user's.
pub trait Scalar: Copy + sealed::Scalar {
    /// The type it is written as.
    const ELEMENT: Element;
}

mod sealed {
    pub trait Scalar: Sized {
        /// Appends the little-endian bytes.
        fn put(self, out: &mut Vec<u8>);

        /// The nearest value of this type; `None` if a whole number is needed and `value` is not
        /// one, or is too large.
        fn from_f64(value: f64) -> Option<Self>;
    }
}

macro_rules! float_scalar {
    ($float:ty, $element:ident, $from_f64:expr) => {
        impl Scalar for $float {
            const ELEMENT: Element = Element::$element;
        }

        impl sealed::Scalar for $float {
            fn put(self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn from_f64(value: f64) -> Option<Self> {
                Some($from_f64(value))
            }
        }
    };
}

float_scalar!(f16, F16, f16::from_f64);
float_scalar!(f32, F32, |value| value as f32);
float_scalar!(f64, F64, |value| value);

macro_rules! whole_scalar {
    ($whole:ty, $element:ident) => {
        impl Scalar for $whole {
            const ELEMENT: Element = Element::$element;
        }

        impl sealed::Scalar for $whole {
            fn put(self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn from_f64(value: f64) -> Option<Self> {
                let nearest = value as Self;
                #[expect(
                    clippy::float_cmp,
                    reason = "whole numbers below 2^53 are exact, and others must differ"
                )]
                (f64::from(nearest) == value).then_some(nearest)
            }
        }
    };
}

whole_scalar!(u8, U8);
whole_scalar!(u32, U32);
whole_scalar!(i32, I32);

impl Scalar for bool {
    const ELEMENT: Element = Element::Bool;
}

impl sealed::Scalar for bool {
    fn put(self, out: &mut Vec<u8>) {
        out.push(u8::from(self));
    }

    fn from_f64(value: f64) -> Option<Self> {
        match value {
            0.0 => Some(false),
            1.0 => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sealed::Scalar as _;
    use super::*;

    #[test]
    fn every_descr_is_read_back_in_both_byte_orders() {
        for element in Element::ALL {
            assert_eq!(Element::from_descr(element.descr()), Some((element, false)));
            let big = format!(">{}", &element.descr()[1..]);
            assert_eq!(Element::from_descr(&big), Some((element, 1 < element.bytes())));
        }
        for descr in ["", "f4", "<f", "<f16", "|O", "<U8", "<c8", "<M8[ns]", "é"] {
            assert_eq!(Element::from_descr(descr), None, "{descr:?}");
        }
    }

    #[test]
    fn every_byte_survives_as_a_density() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut densities = vec![f32::NAN; 256];
        Element::U8.densities(&bytes, &mut densities);
        assert_eq!((densities[0], densities[255]), (0.0, 1.0));
        let mut back = Vec::new();
        Element::U8.put_densities(&densities, &mut back);
        assert_eq!(back, bytes);
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        assert_eq!(u32::from_f64(4294967295.0), Some(u32::MAX));
        for value in [-1.0, 0.5, 4294967296.0, f64::NAN, f64::INFINITY] {
            assert_eq!(u32::from_f64(value), None, "{value}");
        }
        assert_eq!(bool::from_f64(2.0), None);
    }
}
