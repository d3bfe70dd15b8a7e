//! What all fuzz targets share: whole files to begin with, mutations that know the formats, and a
//! file for readers that take a path.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vae_torture::{Random, mutant};

/// A mutation of what the fuzzer holds, by the parts of its format; of one of the whole files while
/// it holds nothing yet. Returns the new length.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    whole: &[Vec<u8>],
) -> usize {
    let random = &mut Random::new(u64::from(seed), size as u64);
    let other = random.pick(whole).clone();
    let from = if size < 8 { other.clone() } else { data[..size].to_vec() };
    let bytes = mutant(random, &from, &other);
    let length = bytes.len().min(max_size).min(data.len());
    data[..length].copy_from_slice(&bytes[..length]);
    length
}

/// Gives the path of a file of this name with these contents to a reader.
pub fn with_file<T>(name: &str, bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    thread_local! {
        static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
    }
    let path: PathBuf = FOLDER.with(|folder| {
        folder
            .get_or_init(|| tempfile::tempdir().expect("a folder for temporary files"))
            .path()
            .join(name)
    });
    fs::write(&path, bytes).expect("a temporary file");
    read(&path)
}

/// A fuzz target: a reader, and the whole files whose damaged copies it is given.
#[macro_export]
macro_rules! target {
    ($whole:expr, $read:expr) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            let read: fn(&[u8]) = $read;
            read(data);
        });
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            thread_local! {
                static WHOLE: Vec<Vec<u8>> = $whole;
            }
            WHOLE.with(|whole| $crate::mutate(data, size, max_size, seed, whole))
        });
    };
}

/// Opens a file as `vae data info` does, and reads its first designs.
pub fn open(name: &str, bytes: &[u8]) {
    with_file(name, bytes, |path| {
        let Ok(set) = vae_data::open(&vae_data::Source::Path(path.into())) else { return };
        let indices: Vec<usize> = (0..set.len().min(3)).collect();
        let mut designs = vec![0.0; indices.len() * set.design_len()];
        let _ = set.read_into(&indices, &mut designs);
        let _ = vae_data::info(&set);
    });
}
