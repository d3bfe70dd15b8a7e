//! Whole arrays, read and written.

use std::path::Path;

use ndarray::{Array, ArrayD, ArrayView, Dimension, IxDyn, ShapeBuilder};

use super::element::{Element, Scalar};
use super::header::Header;
use crate::error::FormatError;
use crate::formats::bytes::Bytes;

/// Reads the array in the file `path`, its numbers converted to `T`.
///
/// # Errors
///
/// A missing, truncated or damaged file; elements that are not plain numbers; a whole-number `T`
/// and a value that is not one.
///
/// # Examples
///
/// ```
/// use ndarray::arr2;
/// use vae_data::npy;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("z.npy");
/// let latents = arr2(&[[0.5_f32, -1.25], [2.0, 0.0]]);
/// npy::write(&path, latents.view())?;
/// assert_eq!(npy::read::<f32>(&path)?, latents.into_dyn());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read<T: Scalar>(path: &Path) -> Result<ArrayD<T>, FormatError> {
    if !path.exists() {
        return Err(FormatError::NotFound { path: path.into() });
    }
    read_bytes(&Bytes::open(path)?, "numbers")
}

/// Writes `array` to the file `path`, replacing it in one piece, byte for byte as `numpy.save`
/// writes it.
///
/// # Errors
///
/// [`FormatError::Io`] if the file cannot be written, [`FormatError::File`] if `path` is a folder.
pub fn write<T: Scalar, D: Dimension>(
    path: &Path,
    array: ArrayView<'_, T, D>,
) -> Result<(), FormatError> {
    Ok(vae_base::files::write(path, &to_bytes(array))?)
}

/// The bytes of a `.npy` file with this array.
#[must_use]
pub fn to_bytes<T: Scalar, D: Dimension>(array: ArrayView<'_, T, D>) -> Vec<u8> {
    let mut bytes = Header::to_bytes(T::ELEMENT, array.shape());
    bytes.reserve(array.len() * T::ELEMENT.bytes());
    array.into_iter().for_each(|value| value.put(&mut bytes));
    bytes
}

/// Reads a whole array; the elements must all be there.
pub(crate) fn read_bytes<T: Scalar>(
    file: &Bytes,
    wanted: &'static str,
) -> Result<ArrayD<T>, FormatError> {
    let header = Header::read(file, wanted)?;
    let bytes = element_bytes(file, &header)?;
    let n = bytes.len() / header.element.bytes();
    let mut values = Vec::with_capacity(n);
    let mut wrong = None;
    header.element.for_each(&bytes, |index, value| match T::from_f64(value) {
        Some(value) => values.push(value),
        None => wrong = wrong.or(Some((index, value))),
    });
    if let Some((index, value)) = wrong {
        let wanted = scalar_name(T::ELEMENT);
        return Err(FormatError::ElementValue { file: file.label().into(), index, value, wanted });
    }
    let dimension = IxDyn(&header.shape);
    let shape = dimension.set_f(header.fortran_order);
    let array = Array::from_shape_vec(shape, values).map_err(|_| FormatError::ShapeOverflow {
        file: file.label().into(),
        shape: header.shape.clone(),
    })?;
    Ok(array.as_standard_layout().into_owned())
}

/// The elements of an array, little-endian, in the order of the file.
pub(crate) fn element_bytes(file: &Bytes, header: &Header) -> Result<Vec<u8>, FormatError> {
    let mut bytes = data(file, header)?.read_all(u64::MAX)?;
    if header.big_endian {
        to_little_endian(&mut bytes, header.element);
    }
    Ok(bytes)
}

/// The part of `file` that holds the elements.
pub(crate) fn data(file: &Bytes, header: &Header) -> Result<Bytes, FormatError> {
    file.slice(header.data_start, header.data_len, file.label())
}

/// Turns big-endian elements around in place.
pub(crate) fn to_little_endian(bytes: &mut [u8], element: Element) {
    bytes.chunks_exact_mut(element.bytes()).for_each(<[u8]>::reverse);
}

/// What an element of this type is called in a message.
fn scalar_name(element: Element) -> &'static str {
    match element {
        Element::Bool => "truth value (0 or 1)",
        Element::U8 => "uint8",
        Element::U32 => "uint32",
        _ => "number",
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr1};
    use proptest::prelude::*;

    use super::*;

    fn back<T: Scalar, D: Dimension>(array: ArrayView<'_, T, D>) -> ArrayD<T> {
        read_bytes(&Bytes::from_vec(to_bytes(array), "test.npy"), "numbers").unwrap()
    }

    proptest! {
        #[test]
        fn reading_inverts_writing(shape in prop::collection::vec(0_usize..4, 0..4), seed: u32) {
            let value = |index: usize| (index as u32).wrapping_mul(2654435761).wrapping_add(seed);
            let n = shape.iter().product();
            let whole = ArrayD::from_shape_vec(shape.clone(), (0..n).map(value).collect()).unwrap();
            prop_assert_eq!(back(whole.view()), whole.clone());
            let bytes = whole.mapv(|x| x as u8);
            prop_assert_eq!(back(bytes.view()), bytes);
            let signed = whole.mapv(u32::cast_signed);
            prop_assert_eq!(back(signed.view()), signed);
            let truth = whole.mapv(|x| x % 2 == 0);
            prop_assert_eq!(back(truth.view()), truth);
            let single = whole.mapv(|x| x as f32 / 977.0 - 1e6);
            prop_assert_eq!(back(single.view()), single);
            let double = whole.mapv(|x| f64::from(x) / 977.0 - 1e6);
            prop_assert_eq!(back(double.view()), double);
            let half = whole.mapv(|x| half::f16::from_f32((x % 4096) as f32 / 8.0));
            prop_assert_eq!(back(half.view()), half);
        }

        #[test]
        fn changed_bytes_never_panic(flips in prop::collection::vec((0_usize..152, any::<u8>()), 1..6), cut in 0_usize..153) {
            let mut bytes = to_bytes(Array3::<f32>::zeros((1, 2, 3)).view());
            for (position, value) in flips {
                bytes[position] = value;
            }
            bytes.truncate(cut);
            // Whatever comes out is bounded by what came in.
            if let Ok(array) = read_bytes::<f64>(&Bytes::from_vec(bytes, "test.npy"), "numbers") {
                prop_assert!(array.len() <= 152);
            }
        }
    }

    #[test]
    fn views_are_written_in_row_major_order() {
        let array = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as f32);
        let view = array.view().reversed_axes();
        assert_eq!(back(view), view.to_owned().into_dyn());
    }

    #[test]
    fn big_endian_and_fortran_order_are_turned() {
        let mut bytes = b"\x93NUMPY\x01\x00\x46\x00".to_vec();
        bytes.extend(
            format!("{:<69}\n", "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }")
                .bytes(),
        );
        for value in [0_i16, 10, 1, 11, 2, 12] {
            bytes.extend(value.to_be_bytes());
        }
        let array = read_bytes::<f32>(&Bytes::from_vec(bytes, "test.npy"), "numbers").unwrap();
        assert_eq!(array, ndarray::arr2(&[[0.0, 1.0, 2.0], [10.0, 11.0, 12.0]]).into_dyn());
    }

    #[test]
    fn a_negative_group_is_named() {
        let bytes = to_bytes(arr1(&[0.0, 3.0, -1.0]).view());
        let error = read_bytes::<u32>(&Bytes::from_vec(bytes, "groups.npy"), "groups").unwrap_err();
        assert_eq!(error.to_string(), "groups.npy: element 2 is -1, which is not a valid uint32");
    }

    #[test]
    fn elements_that_are_not_there_are_missed_before_memory_is_asked_for() {
        let mut bytes = Header::to_bytes(Element::F64, &[1 << 40, 64]);
        let expected = bytes.len() as u64 + (1 << 49);
        bytes.extend([0; 100]);
        let error = read_bytes::<f64>(&Bytes::from_vec(bytes, "big.npy"), "numbers").unwrap_err();
        assert!(
            matches!(error, FormatError::Truncated { expected: e, .. } if e == expected),
            "{error}"
        );
    }
}
