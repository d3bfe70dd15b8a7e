//! Parquet files and sets of the Hub, whole and damaged. The files are made by `make_fixtures.py`.
#![cfg(feature = "hub")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[expect(dead_code, reason = "the tests of records look at more of it")]
#[path = "records/site.rs"]
mod site;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use site::{Reply, Request, Site};
use vae_data::{DataSet, Source, open};
use vae_hub::hub::{HubSite, Reading, convert_parquet, fetch_dataset};
use vae_hub::{Fetched, HubError};

/// Tests run in the folder of their crate.
const FIXTURES: &str = "tests/fixtures";

fn fixture(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

fn convert(path: &Path, reading: &Reading, out: &Path) -> Result<Fetched, HubError> {
    convert_parquet(&[path.into()], reading, out, &mut |_| {})
}

/// Converts and opens.
fn converted(name: &str, reading: &Reading) -> (tempfile::TempDir, DataSet) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    convert(&fixture(name), reading, &out).unwrap();
    let set = open(&Source::Path(out)).unwrap();
    (folder, set)
}

fn design(set: &DataSet, index: usize) -> Vec<f32> {
    let mut design = vec![0.0; set.design_len()];
    set.read_into(&[index], &mut design).unwrap();
    design
}

/// It fails with one line that holds all these words, and leaves nothing.
#[track_caller]
fn is_refused(path: &Path, reading: &Reading, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let error = convert(path, reading, &folder.path().join("set")).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    for word in words.iter().chain([&path.file_name().unwrap().to_str().unwrap()]) {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}

/// The folder beside the fixture, which vae-cli trains on, is what the converter makes.
#[test]
fn beams_become_the_folder_that_is_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("beams");
    let command = Some("vae data fetch tests/fixtures/beams.parquet".into());
    let reading = Reading { command, ..Reading::default() };
    let fetched = convert(&fixture("beams.parquet"), &reading, &out).unwrap();
    assert!(fetched.receipt.license.unwrap().contains("non-commercial"));
    let mut names: Vec<_> =
        fs::read_dir(fixture("beams")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let made: Vec<_> = fetched.receipt.files.iter().map(|file| file.path.clone()).collect();
    assert_eq!(names.len(), made.len() + 1, "{names:?} against {made:?} and the note");
    for name in names {
        let (expected, found) =
            (fs::read(fixture("beams").join(&name)).unwrap(), fs::read(out.join(&name)).unwrap());
        assert!(expected == found, "{} differs", name.display());
    }
}

#[test]
fn beams_carry_conditions_compliance_and_problem() {
    let (_folder, set) = converted("beams.parquet", &Reading::default());
    assert_eq!((set.len(), set.height(), set.width()), (24, 10, 20));
    let names: Vec<&str> =
        set.condition_info().iter().map(|condition| condition.name.as_str()).collect();
    assert_eq!(names, ["volume_fraction", "filter_radius", "load_x"]);
    for (index, volume) in set.condition("volume_fraction").unwrap().iter().enumerate() {
        let design = design(&set, index);
        let mean = design.iter().sum::<f32>() / design.len() as f32;
        assert!((mean - volume).abs() < 0.005, "design {index}: {mean} against {volume}");
    }
    // Twelve problems (three volumes, four loads) of two designs each.
    let mut groups = set.groups().to_vec();
    groups.sort_unstable();
    assert_eq!(groups, (0..24).map(|i| i / 2).collect::<Vec<u32>>());
    let results = set.results().unwrap();
    assert_eq!(results.columns(), ["compliance", "iterations"]);
    assert_eq!(results.numbers("iterations", "").unwrap().unwrap().len(), 24);
    assert!(set.shared_problem().unwrap().contains("$load_x"));
    let metadata = set.metadata();
    assert!(metadata.license.as_deref().unwrap().contains("non-commercial"));
    assert_eq!(metadata.extra["constants"], json!({"overhang_constraint": 0.0}));
    let stated = Reading { license: Some("mine".into()), ..Reading::default() };
    let (_folder, set) = converted("beams.parquet", &stated);
    assert_eq!(set.metadata().license.as_deref(), Some("mine"));
}

#[test]
fn pictures_become_designs() {
    let (_folder, set) = converted("digits-train.parquet", &Reading::default());
    assert_eq!((set.len(), set.height(), set.width()), (6, 6, 8));
    for index in 0..5 {
        let design = design(&set, index);
        let background = 17.0 * index as f32 / 255.0;
        for (position, density) in design.iter().enumerate() {
            let expected = if position == index * 8 + index { 1.0 } else { background };
            assert!((density - expected).abs() < 1e-6, "design {index}, pixel {position}");
        }
    }
    assert!(
        design(&set, 5).iter().all(|density| (density - 128.0 / 255.0).abs() < 0.01),
        "JPEG, RGB"
    );
    assert_eq!(set.condition("label").unwrap().to_vec(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert!(set.results().unwrap().column("split").unwrap().all(|split| split == "train"));

    let (_folder, inverted) =
        converted("digits-train.parquet", &Reading { inverted: true, ..Reading::default() });
    assert!((design(&inverted, 1)[0] - (1.0 - 17.0 / 255.0)).abs() < 1e-6);
}

#[test]
fn a_second_call_does_nothing_and_another_source_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let reading = Reading::default();
    assert!(!convert(&fixture("beams.parquet"), &reading, &out).unwrap().already_there);
    assert!(convert(&fixture("beams.parquet"), &reading, &out).unwrap().already_there);
    let other = convert(&fixture("digits-train.parquet"), &reading, &out);
    assert!(matches!(other, Err(HubError::Occupied { .. })));
}

#[test]
fn what_holds_no_designs_is_one_line() {
    let plain = Reading::default();
    is_refused(
        &fixture("no_designs.parquet"),
        &plain,
        &["no column holds designs", "volfrac (number)", "optimization_history (list of numbers)"],
    );
    let named = Reading { column: Some("volfrac".into()), ..plain.clone() };
    is_refused(
        &fixture("beams.parquet"),
        &named,
        &["no column holds designs", "optimal_design (matrix)"],
    );
    is_refused(&fixture("ragged.parquet"), &plain, &["row 1", "differ in length"]);
    is_refused(
        &fixture("broken_picture.parquet"),
        &plain,
        &["row 2", "picture that cannot be read"],
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    for (bytes, word) in [
        (&b""[..], "too short"),
        (b"PAR1 is how it begins, but not how it ends", "begin and end"),
        (b"PAR1\xff\xff\xff\xffPAR1", "length of its metadata"),
        (b"PAR1\x00\x00\x00\x00PAR1", "length of its metadata"),
        (b"PAR1\x01\x00\x00\x00\x00\x00PARE", "encrypted"),
    ] {
        fs::write(&path, bytes).unwrap();
        is_refused(&path, &plain, &[word]);
    }
    is_refused(&folder.path().join("missing.parquet"), &plain, &[]);
}

/// Every cut, and changed bytes all over the file: an error, or (where a byte means nothing, or a
/// number) a whole set.
#[test]
fn damage_is_an_error_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("a.parquet"), folder.path().join("set"));
    for name in ["beams.parquet", "digits-train.parquet"] {
        let whole = fs::read(fixture(name)).unwrap();
        for cut in (0..whole.len()).step_by(997) {
            fs::write(&path, &whole[..cut]).unwrap();
            assert!(convert(&path, &Reading::default(), &out).is_err(), "{name}, {cut} bytes");
        }
        // Steps that share no factor with the sizes of anything inside.
        for (position, bit) in (3..whole.len()).step_by(61).zip((0..8).cycle()) {
            let mut changed = whole.clone();
            changed[position] ^= 1 << bit;
            fs::write(&path, &changed).unwrap();
            if convert(&path, &Reading::default(), &out).is_ok() {
                open(&Source::Path(out.clone())).unwrap();
                fs::remove_dir_all(&out).unwrap();
            }
        }
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}

/// A Hub with one set, as far as its client asks.
fn hub(request: &Request, files: &[(&str, Vec<u8>)], license: &str) -> Reply {
    let info = "/api/datasets/owner/beams";
    let branch = "refs%2Fconvert%2Fparquet";
    let path = request.path.split('?').next().unwrap_or_default();
    let siblings: Vec<_> = files.iter().map(|(name, _)| json!({"rfilename": name})).collect();
    if path == info || path == format!("{info}/revision/main") {
        let card = json!({"id": "owner/beams", "cardData": {"license": license}, "tags": ["license:other"], "siblings": []});
        return Reply::new(200, card.to_string());
    }
    if path == format!("{info}/revision/{branch}") {
        return Reply::new(200, json!({"id": "owner/beams", "siblings": siblings}).to_string());
    }
    let wanted = path.strip_prefix(&format!("/datasets/owner/beams/resolve/{branch}/"));
    match files.iter().find(|(name, _)| Some(*name) == wanted) {
        Some((_, bytes)) => {
            let headers = vec![
                ("ETag", "\"0123456789abcdef\"".into()),
                ("X-Repo-Commit", "0123456789abcdef0123456789abcdef01234567".into()),
            ];
            Reply { headers, ..Reply::new(200, bytes.clone()) }
        }
        None => Reply {
            headers: vec![("X-Error-Code", "RepoNotFound".into())],
            ..Reply::new(404, "{}")
        },
    }
}

#[test]
fn a_set_of_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let bytes = fs::read(fixture("beams.parquet")).unwrap();
    let site = Site::misbehaving(&[], move |request, _| {
        Some(hub(request, &[("default/train/0000.parquet", bytes.clone())], "cc-by-nc-sa-4.0"))
    });
    let here = HubSite {
        url: Some(site.url.clone()),
        cache: Some(folder.path().join("cache")),
        retries: Some(0),
    };
    let fetch = || fetch_dataset("owner/beams", &here, &Reading::default(), &out, &mut |_| {});
    let fetched = fetch().unwrap();
    assert_eq!(fetched.receipt.license.as_deref(), Some("cc-by-nc-sa-4.0"));
    assert_eq!(fetched.receipt.source, "hub:owner/beams");
    let set = open(&Source::Path(out.clone())).unwrap();
    assert_eq!(set.len(), 24);
    assert_eq!(set.metadata().license.as_deref(), Some("cc-by-nc-sa-4.0"));
    assert!(set.results().unwrap().column("split").unwrap().all(|split| split == "train"));
    let asked = site.requests().len();
    assert!(fetch().unwrap().already_there);
    assert_eq!(site.requests().len(), asked, "nobody was asked again");
}

#[test]
fn a_hub_that_misbehaves() {
    let folder = tempfile::tempdir().unwrap();
    let fetch = |id: &str, url: &str| {
        let cache = tempfile::tempdir().unwrap();
        let here =
            HubSite { url: Some(url.into()), cache: Some(cache.path().into()), retries: Some(0) };
        fetch_dataset(id, &here, &Reading::default(), &folder.path().join("set"), &mut |_| {})
            .unwrap_err()
    };
    let site = Site::misbehaving(&[], |request, _| Some(hub(request, &[], "mit")));
    assert!(matches!(fetch("owner/beams", &site.url), HubError::Answer { .. }), "no Parquet files");
    assert!(matches!(fetch("owner/other", &site.url), HubError::Hub { .. }), "no such set");

    // What arrives is looked at before candle-datasets opens it.
    let site = Site::misbehaving(&[], |request, _| {
        Some(hub(request, &[("default/train/0000.parquet", b"<html>".to_vec())], "mit"))
    });
    assert!(matches!(fetch("owner/beams", &site.url), HubError::Parquet { .. }));

    let site = Site::misbehaving(&[], |_, _| Some(Reply::new(200, "<html>")));
    assert!(matches!(
        fetch("owner/beams", &site.url),
        HubError::Hub { .. } | HubError::Unreachable { .. }
    ));

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = fetch("owner/beams", &format!("http://127.0.0.1:{port}"));
    assert!(matches!(error, HubError::Unreachable { .. }), "{error:?}");
    assert!(format!("{:?}", error.remedies()).contains("built-in"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}
