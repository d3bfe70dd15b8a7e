//! One short text for all the contents of a data set.

use twox_hash::XxHash3_128;

use crate::error::DataError;
use crate::set::data_set::DataSet;

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

impl DataSet {
    /// A text that changes with the contents: 128 bits in hexadecimal, the same for a folder and
    /// its packed form.
    ///
    /// Every byte of every file is read, in pieces; a set without files is hashed by its values.
    /// The hash (XXH3) finds changes and mix-ups; it does not protect against forged data.
    ///
    /// # Errors
    ///
    /// [`DataError`] if something cannot be read.
    ///
    /// # References
    ///
    /// Y. Collet, *xxHash fast digest algorithm*, XXH3 128-bit variant, seed 0.
    pub fn fingerprint(&self) -> Result<String, DataError> {
        let mut hash = XxHash3_128::new();
        if self.members().is_empty() {
            hash_values(self, &mut hash)?;
        } else {
            hash_files(self, &mut hash)?;
        }
        Ok(format!("{:032x}", hash.finish_128()))
    }
}

fn hash_files(set: &DataSet, hash: &mut XxHash3_128) -> Result<(), DataError> {
    let mut buffer = vec![0; PIECE];
    for (name, bytes) in set.members() {
        put(hash, name.as_bytes());
        hash.write(&bytes.len().to_le_bytes());
        bytes.for_each_piece(&mut buffer, |piece| {
            hash.write(piece);
            Ok::<(), DataError>(())
        })?;
    }
    Ok(())
}

fn hash_values(set: &DataSet, hash: &mut XxHash3_128) -> Result<(), DataError> {
    for size in [set.len(), set.height(), set.width(), set.conditions().ncols()] {
        hash.write(&(size as u64).to_le_bytes());
    }
    let (mut pixels, mut scratch, mut bytes) =
        (vec![0.0; set.design_len()], Vec::new(), Vec::new());
    let mut put_floats = |values: &mut dyn Iterator<Item = f32>, hash: &mut XxHash3_128| {
        bytes.clear();
        values.for_each(|value| bytes.extend(value.to_le_bytes()));
        hash.write(&bytes);
    };
    for index in 0..set.len() {
        set.designs().read(index, &mut pixels, &mut scratch)?;
        put_floats(&mut pixels.iter().copied(), hash);
    }
    put_floats(&mut set.conditions().iter().copied(), hash);
    for condition in set.condition_info() {
        put(hash, condition.name.as_bytes());
        put(hash, condition.unit.as_bytes());
    }
    set.groups().iter().for_each(|group| hash.write(&group.to_le_bytes()));
    Ok(())
}

/// A text with its length, so that no two sequences of texts look the same.
fn put(hash: &mut XxHash3_128, text: &[u8]) {
    hash.write(&(text.len() as u64).to_le_bytes());
    hash.write(text);
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::set::details::Details;

    #[test]
    fn a_changed_value_changes_the_text() {
        let print = |designs: Array3<f32>| {
            DataSet::new("x", designs, Details::default()).unwrap().fingerprint().unwrap()
        };
        let designs = Array3::from_elem((3, 2, 2), 0.5);
        let mut changed = designs.clone();
        changed[[2, 1, 1]] = 0.50000006;
        assert_eq!(print(designs.clone()), print(designs.clone()));
        assert_ne!(print(designs.clone()), print(changed));
        assert_ne!(
            print(designs.clone()),
            print(designs.into_shape_with_order((3, 1, 4)).unwrap())
        );
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // XXH3_128bits of nothing with seed 0, from the sanity test vectors of the reference
        // implementation.
        assert_eq!(
            format!("{:032x}", XxHash3_128::new().finish_128()),
            "99aa06d3014798d86001c324468d497f"
        );
    }
}
