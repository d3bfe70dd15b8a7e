//! Families of problems.

#![no_main]

use topo_data::Family;

vae_fuzz::target!(
    vec![
        include_bytes!("../../crates/topo-data/families/cantilever.toml").to_vec(),
        include_bytes!("../../crates/topo-data/families/random.toml").to_vec()
    ],
    |bytes| {
        if let Ok(family) = Family::parse(&String::from_utf8_lossy(bytes)) {
            let _ = family.problem(family.problems() - 1, 8, 16);
        }
    }
);
