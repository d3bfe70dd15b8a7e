//! Archives that mean harm, from a site whose checksums are right.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use vae_hub::{Fetcher, HubError, Limits, Options};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::site::{ID, Site, archive, noise};

/// Fetches an archive into a folder that has neighbors, and looks for what should not be there.
#[track_caller]
fn fetch(bytes: Vec<u8>, limits: Limits) -> Result<(), HubError> {
    let around = tempfile::tempdir().unwrap();
    let data = around.path().join("deep/er/data");
    let site = Site::new(&[("a.zip", bytes)]);
    let options = Options { limits, ..Options::default() };
    let outcome = Fetcher::new(options).fetch(&site.url, ID, &data.join("set"), &mut |_| {});
    if outcome.is_err() {
        assert!(!data.exists(), "nothing is left");
    }
    assert_eq!(names(around.path()), ["deep"]);
    assert_eq!(names(&around.path().join("deep")), ["er"]);
    outcome.map(|_| ())
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[track_caller]
fn is_refused(bytes: Vec<u8>, reason: &str) {
    let error = fetch(bytes, Limits::default()).unwrap_err();
    assert!(matches!(error, HubError::Member { .. }), "{error:?}");
    assert!(error.to_string().contains("a.zip") && error.to_string().contains(reason), "{error}");
}

#[test]
fn names_that_lead_elsewhere() {
    for name in
        ["../evil.jpg", "images/../../evil.jpg", "..\\evil.jpg", "images\\..\\..\\evil.jpg", ".."]
    {
        is_refused(archive(&[("fine.jpg", b"x"), (name, b"evil")]), "leaves the folder");
    }
    for name in ["/tmp/evil.jpg", "\\evil.jpg", "\\\\host\\share\\evil.jpg"] {
        is_refused(archive(&[("fine.jpg", b"x"), (name, b"evil")]), "absolute");
    }
    for name in ["C:\\evil.jpg", "C:evil.jpg", "fine.jpg:stream"] {
        is_refused(archive(&[("fine.jpg", b"x"), (name, b"evil")]), "colon");
    }
    is_refused(archive(&[("../evil/", b"")]), "leaves the folder");
    is_refused(archive(&[("evil\0.jpg", b"evil")]), "control character");
}

#[test]
fn links() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("images", "/tmp", SimpleFileOptions::default()).unwrap();
    zip.start_file("images/evil.jpg", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"evil").unwrap();
    is_refused(zip.finish().unwrap().into_inner(), "link or a device");

    // A named pipe.
    let mut bytes = archive(&[("pipe", b"x")]);
    let entry = directory_entry(&bytes);
    bytes[entry + 5] = 3; // made by Unix
    bytes[entry + 38..entry + 42].copy_from_slice(&(0o010_644_u32 << 16).to_le_bytes());
    is_refused(bytes, "link or a device");
}

#[test]
fn names_twice() {
    // The same name but for a letter, then made the same.
    let mut bytes = archive(&[("images/a.jpg", b"one"), ("images/b.jpg", b"two")]);
    replace(&mut bytes, b"images/b.jpg", b"images/a.jpg");
    is_irregular(bytes, "two members have the same name");
    is_refused(archive(&[("images", b"a file"), ("images/a.jpg", b"x")]), "name of its folder");
    is_refused(archive(&[("a/b", b"x"), ("a\\b", b"y")]), "same name");
    is_refused(archive(&[("fetched.json", b"{}")]), "the note on what was fetched");
}

/// Two entries of the directory that lead to the same bytes.
#[test]
fn bytes_twice() {
    let mut bytes = archive(&[("a.jpg", &noise(900)), ("b.jpg", &noise(900))]);
    let first = directory_entry(&bytes);
    let second = first + 4 + directory_entry(&bytes[first + 4..]);
    // Where the member begins.
    let start = bytes[first + 42..first + 46].to_vec();
    bytes[second + 42..second + 46].copy_from_slice(&start);
    is_irregular(bytes, "two members share bytes");
}

/// Another file of the record has the name of a member.
#[test]
fn a_member_and_a_file_of_one_name() {
    for files in [
        [("a.zip", archive(&[("b.txt", b"one")])), ("b.txt", b"two".to_vec())],
        [("b.txt", b"two".to_vec()), ("a.zip", archive(&[("b.txt", b"one")]))],
    ] {
        let around = tempfile::tempdir().unwrap();
        let out = around.path().join("set");
        let site = Site::new(&files);
        let fetched = Fetcher::new(Options::default()).fetch(&site.url, ID, &out, &mut |_| {});
        let line = fetched.unwrap_err().to_string();
        assert!(line.contains("refused") && line.contains("the same name"), "{line}");
        assert!(!out.exists());
    }
}

/// Members that cannot be read without more than is here.
#[test]
fn members_in_another_form() {
    let honest = archive(&[("a", &noise(500))]);
    let entry = directory_entry(&honest);
    // A password, and a method that nobody has.
    for (place, value) in [(8, 1), (10, 77)] {
        let mut bytes = honest.clone();
        bytes[place - 2] = value;
        bytes[entry + place] = value;
        let error = fetch(bytes, Limits::default()).unwrap_err();
        assert!(
            matches!(error, HubError::Member { .. } | HubError::Archive { .. }),
            "{place}: {error:?}"
        );
    }
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    for position in 0..=bytes.len() - from.len() {
        if bytes[position..].starts_with(from) {
            bytes[position..position + to.len()].copy_from_slice(to);
        }
    }
}

#[track_caller]
fn is_irregular(bytes: Vec<u8>, reason: &str) {
    let error = fetch(bytes, Limits::default()).unwrap_err();
    assert!(matches!(error, HubError::Irregular { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("a.zip: refused: {reason}"));
}

#[test]
fn bombs() {
    // 80 MiB of nothing in 80 kB.
    let error = fetch(archive(&[("a", &vec![0; 80 << 20])]), Limits::default()).unwrap_err();
    assert!(matches!(error, HubError::Bomb { limit: 67_108_864, unit: "bytes", .. }), "{error:?}");

    // The same in many small members.
    let limits = Limits { always: 1 << 20, ..Limits::default() };
    let names: Vec<String> = (0..40).map(|i| format!("{i}")).collect();
    let zeros = vec![0; 100_000];
    let members: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &zeros[..])).collect();
    let error = fetch(archive(&members), limits).unwrap_err();
    assert!(
        matches!(error, HubError::Bomb { limit, unit: "bytes", .. } if limit < 4_000_000),
        "{error:?}"
    );

    // Pictures of honest size pass the same limits.
    fetch(archive(&[("a.jpg", &noise(2 << 20))]), limits).unwrap();

    let limits = Limits { members: 39, ..Limits::default() };
    let error = fetch(archive(&members), limits).unwrap_err();
    assert!(matches!(error, HubError::Bomb { limit: 39, unit: "members", .. }), "{error:?}");
    let limits = Limits { bytes: 1000, ..Limits::default() };
    assert!(matches!(
        fetch(archive(&[("a.jpg", &noise(1001))]), limits),
        Err(HubError::Bomb { limit: 1000, .. })
    ));
}

#[test]
fn sizes_that_lie() {
    let honest = archive(&[("a", &noise(50_000))]);
    let size = directory_entry(&honest) + 24;
    for announced in [0_u32, 49_999, 50_001, u32::MAX - 1] {
        let mut bytes = honest.clone();
        bytes[size..size + 4].copy_from_slice(&announced.to_le_bytes());
        let error = fetch(bytes, Limits::default()).unwrap_err();
        assert!(
            matches!(error, HubError::Member { .. } | HubError::Archive { .. }),
            "{announced}: {error:?}"
        );
    }
}

#[test]
fn damage() {
    let honest = archive(&[("a/b.jpg", &noise(3000)), ("c.jpg", &noise(10))]);
    fetch(honest.clone(), Limits::default()).unwrap();
    assert!(matches!(fetch(Vec::new(), Limits::default()), Err(HubError::Archive { .. })));
    assert!(matches!(fetch(noise(1000), Limits::default()), Err(HubError::Archive { .. })));
    for len in [10, 1000, honest.len() - 30, honest.len() - 1] {
        assert!(fetch(honest[..len].to_vec(), Limits::default()).is_err(), "{len} bytes");
    }
    let mut changed = honest;
    changed[1500] ^= 1;
    assert!(
        matches!(fetch(changed, Limits::default()), Err(HubError::Archive { .. })),
        "its own check sum finds it"
    );
}

/// Position of the first entry of the directory, `PK\x01\x02`.
fn directory_entry(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap()
}
