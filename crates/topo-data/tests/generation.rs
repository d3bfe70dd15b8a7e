//! Whole generations on a small grid: what is written, and that an interruption changes nothing.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use topo_data::{
    GenerateReport, GenerateSpec, Progress, Shard, TopoDataError, cut_designs, generate,
    generate_shard, merge,
};
use topo_simp::Problem;
use vae_data::{DataSet, Source, open};

fn spec() -> GenerateSpec {
    GenerateSpec {
        height: 12,
        width: 24,
        seed: 3,
        variants: 3,
        problems: Some(4),
        filter_radii: vec![1.5],
        ..GenerateSpec::for_family("cantilever").unwrap()
    }
}

/// The text that a set is to carry.
const COMMAND: &str = "make small beams";

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())
        })
        .collect()
}

fn whole(folder: &Path) -> (GenerateReport, BTreeMap<String, Vec<u8>>) {
    let out = folder.join("whole");
    let report = generate(&spec(), COMMAND, &out, &go_on).unwrap();
    (report, files(&out))
}

fn opened(folder: &Path) -> DataSet {
    open(&Source::Path(folder.to_owned())).unwrap()
}

#[test]
fn every_candidate_is_accounted_for_and_every_design_has_its_problem() {
    let folder = tempfile::tempdir().unwrap();
    let (report, _) = whole(folder.path());
    assert_eq!(report.candidates, 12);
    assert_eq!(report.problems, 4);
    let dropped =
        report.weak + report.cut_away + report.broken + report.duplicates + report.failures.len();
    assert_eq!(report.kept + dropped, report.candidates);

    let set = opened(&folder.path().join("whole"));
    assert_eq!((set.len(), set.height(), set.width()), (report.kept, 12, 24));
    assert_eq!(set.n_groups(), report.groups);
    let names: Vec<_> = set.condition_info().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["volume_fraction", "load_y", "load_angle"]);
    assert_eq!(set.metadata().command.as_deref(), Some(COMMAND));
    assert_eq!(set.metadata().seed, Some(3));

    // The stored compliance is that of the stored design, cut at its volume, under the stored
    // problem.
    let results = set.results().unwrap();
    let compliances = results.numbers("compliance_cut", "results.csv").unwrap().unwrap();
    let ratios = results.numbers("ratio", "results.csv").unwrap().unwrap();
    for design in 0..set.len() {
        let problem: Problem =
            serde_json::from_str(&set.problem(design).unwrap().unwrap()).unwrap();
        let conditions = set.conditions();
        assert!((problem.volume_fraction - f64::from(conditions[(design, 0)])).abs() < 1e-6);
        let cut = cut_designs(&set, &[design]).unwrap();
        let density = cut.index_axis(ndarray::Axis(0), 0).mapv(f64::from);
        let compliance = topo_simp::compliance(&problem, density.view(), 3.0).unwrap();
        assert!((compliance / compliances[design] - 1.0).abs() < 1e-6);
        assert!((1.0..=1.1).contains(&ratios[design]));
    }
}

#[test]
fn a_stopped_generation_goes_on_and_ends_in_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (_, expected) = whole(folder.path());
    let out = folder.path().join("stopped");
    let log = folder.path().join("stopped.jobs.jsonl");

    let stop = |progress: Progress| {
        if progress.done < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let error = generate(&spec(), COMMAND, &out, &stop).unwrap_err();
    assert!(matches!(error, TopoDataError::Stopped { total: 12, .. }), "{error}");
    assert!(!out.exists());

    // As after `kill -9` in the middle of a line.
    let mut bytes = std::fs::read(&log).unwrap();
    bytes.truncate(bytes.len() - 100);
    std::fs::write(&log, bytes).unwrap();

    let replayed = AtomicUsize::new(0);
    let observer = |progress: Progress| {
        replayed.store(progress.replayed, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    generate(&spec(), COMMAND, &out, &observer).unwrap();
    assert!(replayed.load(Ordering::Relaxed) >= 4, "{replayed:?}");
    assert_eq!(files(&out), expected);
    assert!(!log.exists());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_, expected) = whole(folder.path());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let out = folder.path().join("one");
    pool.install(|| generate(&spec(), COMMAND, &out, &go_on)).unwrap();
    assert_eq!(files(&out), expected);
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    std::fs::create_dir(&out).unwrap();
    let error = generate(&spec(), COMMAND, &out, &go_on).unwrap_err();
    assert!(matches!(error, TopoDataError::Exists { .. }), "{error}");

    // A log of other settings is not mixed with these.
    let out = folder.path().join("other");
    let stop = |_| ControlFlow::Break(());
    generate(&spec(), COMMAND, &out, &stop).unwrap_err();
    let error = generate(&GenerateSpec { seed: 4, ..spec() }, COMMAND, &out, &go_on).unwrap_err();
    assert!(matches!(error, TopoDataError::OtherGeneration { .. }), "{error}");
}

#[test]
fn settings_are_checked_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let error =
        generate(&GenerateSpec { variants: 0, ..spec() }, COMMAND, &out, &go_on).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`variants` = 0 is not possible: it must be between 1 and 10,000"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn parts_are_merged_into_the_bytes_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (_, expected) = whole(folder.path());
    let out = folder.path().join("parts");
    let part = |i| generate_shard(&spec(), Shard::new(i, 3).unwrap(), &out, &go_on).unwrap();
    let reports: Vec<_> = [2, 1, 3].map(part).into();
    assert_eq!(reports.iter().map(|report| report.jobs).sum::<usize>(), 12);
    let paths: Vec<_> = reports.iter().map(|report| report.path.clone()).collect();
    let refused =
        |paths: &[std::path::PathBuf]| merge(paths, |_| COMMAND.to_owned(), &out).unwrap_err();

    // What is not complete is refused, by name.
    assert!(
        matches!(refused(&paths[..2]), TopoDataError::MissingShards { missing, .. } if missing == [3])
    );
    let twice = [paths[0].clone(), paths[1].clone(), paths[0].clone()];
    assert!(matches!(refused(&twice), TopoDataError::ShardTwice { index: 2, .. }));
    let bytes = std::fs::read(&paths[2]).unwrap();
    std::fs::write(&paths[2], &bytes[..bytes.len() - 10]).unwrap();
    assert!(matches!(refused(&paths), TopoDataError::UnfinishedShard { .. }));
    std::fs::write(&paths[2], "nothing").unwrap();
    assert!(matches!(refused(&paths), TopoDataError::NoShard { .. }));
    assert!(!out.exists());

    // A part that was cut off goes on, and a complete one stays as it is.
    std::fs::write(&paths[2], &bytes[..bytes.len() - 10]).unwrap();
    for i in 1..=3 {
        part(i);
    }
    merge(&paths, |_| COMMAND.to_owned(), &out).unwrap();
    assert_eq!(files(&out), expected);

    let other = GenerateSpec { seed: 9, ..spec() };
    let elsewhere = folder.path().join("other");
    let other = generate_shard(&other, Shard::new(3, 3).unwrap(), &elsewhere, &go_on).unwrap();
    let mixed = [paths[0].clone(), paths[1].clone(), other.path];
    let error = merge(&mixed, |_| COMMAND.to_owned(), &folder.path().join("mixed")).unwrap_err();
    assert!(matches!(error, TopoDataError::OtherGeneration { .. }), "{error}");
}

#[test]
fn iterates_of_the_tutorial_are_kept_from_the_uniform_start_on() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("iterates");
    let spec = GenerateSpec {
        height: 8,
        width: 24,
        problems: Some(3),
        keep_iterates: Some(6),
        ..GenerateSpec::for_family("tutorial").unwrap()
    };
    let report = generate(&spec, COMMAND, &out, &go_on).unwrap();
    assert_eq!((report.kept, report.groups, report.problems), (18, 3, 3));
    let set = opened(&out);
    let names: Vec<_> = set.condition_info().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["volume_fraction", "iterate"]);
    let compliances = set.results().unwrap().numbers("compliance", "results.csv").unwrap().unwrap();
    for problem in 0..3 {
        let first = 6 * problem;
        let mut design = vec![0.0; set.design_len()];
        set.read_into(&[first], &mut design).unwrap();
        let volume = set.conditions()[(first, 0)];
        assert!(design.iter().all(|x| (x - volume).abs() < 0.5 / 255.0), "it starts uniform");
        for iterate in 0..6 {
            assert_eq!(set.conditions()[(first + iterate, 1)] as usize, iterate);
            assert_eq!(set.groups()[first + iterate], set.groups()[first]);
        }
        assert!(compliances[first + 5] < compliances[first]);
        // The stored compliance is that of the stored problem and of this iterate.
        let problem: Problem = serde_json::from_str(&set.problem(first).unwrap().unwrap()).unwrap();
        let uniform = ndarray::Array2::from_elem((8, 24), problem.volume_fraction);
        let compliance = topo_simp::compliance(&problem, uniform.view(), 3.0).unwrap();
        assert!((compliance / compliances[first] - 1.0).abs() < 1e-6);
    }
}

#[test]
fn passive_regions_become_masks_and_are_held() {
    let folder = tempfile::tempdir().unwrap();
    for (family, shape) in [("l-bracket", (20, 20)), ("bridge", (20, 40))] {
        let out = folder.path().join(family);
        let spec = GenerateSpec {
            height: shape.0,
            width: shape.1,
            problems: Some(6),
            variants: 1,
            filter_radii: vec![1.5],
            ..GenerateSpec::for_family(family).unwrap()
        };
        generate(&spec, COMMAND, &out, &go_on).unwrap();
        let set = opened(&out);
        assert!(set.has_masks(), "{family}");
        let all: Vec<usize> = (0..set.len()).collect();
        let mut masks = vec![0; set.len() * set.design_len()];
        set.read_masks_into(&all, &mut masks).unwrap();
        let mut designs = vec![0.0; masks.len()];
        set.read_into(&all, &mut designs).unwrap();
        for (role, density) in masks.iter().zip(&designs) {
            match *role {
                vae_data::VOID => assert!(*density < 1e-6),
                vae_data::SOLID => assert!(*density > 1.0 - 1e-6),
                _ => {}
            }
        }
    }
}
