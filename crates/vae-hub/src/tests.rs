//! Damaged archives, receipts and answers of sites are refused or read, and nothing is written
//! outside of the folder.

use std::fs;
use std::path::Path;

use vae_torture::{Campaign, seeds};

use crate::note::RECEIPT;
use crate::receipt::{Receipt, StoredFile};
use crate::unpack::{Limits, unpack};
use crate::zenodo::{Record, ZENODO};

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn damaged_archives() {
    let around = tempfile::tempdir().unwrap();
    let (from, into) = (around.path().join("a.zip"), around.path().join("deep/data"));
    let picture = seeds::png(4, 3, &[9; 12]);
    let members: [(&str, &[u8]); 4] = [
        ("a.png", &picture),
        ("b/c.txt", b"1 2 3"),
        ("b/d.txt", &[b'x'; 300]),
        ("__MACOSX/e", b""),
    ];
    Campaign::new("fetched archives", [seeds::zip(&members)]).run(|bytes| {
        fs::write(&from, bytes).unwrap();
        fs::create_dir_all(&into).unwrap();
        let limits = Limits { bytes: 1 << 20, ..Limits::default() };
        let unpacked = unpack(&from, "a.zip", &into, &limits, &mut |_| {});
        assert_eq!(names(around.path()), ["a.zip", "deep"]);
        assert_eq!(names(&around.path().join("deep")), ["data"]);
        fs::remove_dir_all(&into).unwrap();
        unpacked.is_ok()
    });
}

#[test]
fn damaged_receipts() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "1 2 3").unwrap();
    let file = StoredFile::read(folder.path(), Path::new("a.txt")).unwrap();
    let receipt = Receipt {
        source: "zenodo:7".into(),
        url: "https://example.org".into(),
        title: Some("Beams".into()),
        license: None,
        downloads: Vec::new(),
        files: vec![file],
    };
    let whole = serde_json::to_vec(&receipt).unwrap();
    Campaign::new("receipts", [whole]).run(|bytes| {
        fs::write(folder.path().join(RECEIPT), bytes).unwrap();
        let Ok(Some(receipt)) = Receipt::read(folder.path()) else { return false };
        receipt.size();
        receipt.fullest_folder(&["txt"]);
        receipt.verify(folder.path(), &mut |_| {}).is_ok()
    });
}

#[test]
fn damaged_answers() {
    let whole = r#"{"metadata": {"title": "Beams", "license": {"id": "cc-by-4.0"}}, "files": [{"key":
        "beams.zip", "size": 3, "checksum": "md5:900150983cd24fb0d6963f7d28e17f72", "links": {"self":
        "https://zenodo.org/api/records/7/files/beams.zip/content"}}]}"#;
    Campaign::new("answers", [whole.as_bytes().to_vec()]).run(|bytes| {
        let answer = String::from_utf8_lossy(bytes);
        Record::parse(&answer, ZENODO, 7).is_ok_and(|record| !record.files.is_empty())
    });
}
