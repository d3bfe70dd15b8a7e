//! Damaged families, settings, parts of a generation and stated problems are refused or read.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use ndarray::Array3;
use topo_data::{Family, GenerateSpec, Shard, StatedProblems, generate_shard, merge};
use vae_data::{DataSet, Details, Problems};
use vae_torture::Campaign;

fn families() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("families");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn damaged_families() {
    Campaign::new("families", families()).run(|bytes| {
        let Ok(family) = Family::parse(&String::from_utf8_lossy(bytes)) else { return false };
        let last = family.problems() - 1;
        // Not every problem of a family is well posed.
        drop(family.problem(last, 8, 16));
        assert_eq!(family.values(last).len(), family.conditions().len());
        true
    });
}

#[test]
fn damaged_settings() {
    let settings = "seed = 7\nvariants = 2\nproblems = 3\nfilter_radii = [1.5, 2.0]\niterations = 20\n\
                    tolerance = 0.01\nsolver = \"direct\"\nkeep_ratio = 1.1\nnoise = 0.3\n";
    Campaign::new("settings", [settings.as_bytes().to_vec()]).run(|bytes| {
        let Ok(table) = String::from_utf8_lossy(bytes).parse() else { return false };
        GenerateSpec::layered("cantilever", table).is_ok_and(|spec| spec.validate().is_ok())
    });
}

#[test]
fn damaged_parts_of_a_generation() {
    let folder = tempfile::tempdir().unwrap();
    let spec = GenerateSpec {
        height: 12,
        width: 24,
        variants: 2,
        problems: Some(2),
        filter_radii: vec![1.5],
        iterations: 20,
        ..GenerateSpec::for_family("cantilever").unwrap()
    };
    let at = folder.path().join("beams");
    let part = |index| {
        let shard = Shard::new(index, 2).unwrap();
        generate_shard(&spec, shard, &at, &|_| ControlFlow::Continue(())).unwrap().path
    };
    let parts = [part(1), part(2)];
    let whole = fs::read(&parts[1]).unwrap();
    merge(&parts, |_| "merge".to_owned(), &at).unwrap();
    fs::remove_dir_all(&at).unwrap();
    Campaign::new("parts", [whole]).one_in(2).run(|bytes| {
        fs::write(&parts[1], bytes).unwrap();
        let merged = merge(&parts, |_| "merge".to_owned(), &at).is_ok();
        if at.exists() {
            fs::remove_dir_all(&at).unwrap();
        }
        merged
    });
}

#[test]
fn damaged_stated_problems() {
    let problem = Family::cantilever().problem(0, 4, 8).unwrap();
    let json = serde_json::to_vec(&problem).unwrap();
    let designs = Array3::<f32>::ones((2, 4, 8));
    let good = serde_json::to_string(&problem).unwrap();
    Campaign::new("stated problems", [json]).run(|bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let problems = Problems::PerDesign(vec![good.clone(), text]);
        let details = Details { problems, ..Details::default() };
        let Ok(set) = DataSet::new("bars", designs.clone(), details) else { return false };
        StatedProblems::of(&set).is_ok_and(|problems| problems.is_some())
    });
}
