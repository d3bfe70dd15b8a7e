//! The set inside this library is a complete data set like any other.

#![cfg(feature = "builtin")]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use vae_data::{Batch, Shares, Source, SplitRule, info, open, shuffled, split};

#[test]
fn api_walkthrough() {
    let set = open(&Source::Builtin).unwrap();
    assert_eq!((set.height(), set.width()), (48, 96));
    assert!(!set.condition_info().is_empty() && set.metadata().license.is_some());

    let found = info(&set).unwrap();
    assert_eq!((found.n, &found.invalid[..]), (set.len(), &[][..]));
    assert!(found.conditions.iter().all(|c| f64::from(c.range[0]) <= c.values.min && c.values.max <= f64::from(c.range[1])));

    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let split = split(&set, &SplitRule::Random, Shares::default(), rng).unwrap();
    assert_eq!(split.train.len() + split.validation.len() + split.test.len(), set.len());

    let order = shuffled(&split.train, rng);
    let mut batch = Batch::default();
    batch.read(&set, &order[..8]).unwrap();
    assert_eq!(batch.designs.len(), 8 * 48 * 96);
    assert_eq!(batch.conditions.len(), 8 * set.condition_info().len());

    // The same contents from another copy of the bytes.
    assert_eq!(set.fingerprint().unwrap(), open(&Source::Builtin).unwrap().fingerprint().unwrap());
}

#[test]
fn it_is_small_enough_to_be_compiled_in() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("builtin/cantilever.zip");
    assert!(std::fs::metadata(path).unwrap().len() <= 4 << 20);
}
