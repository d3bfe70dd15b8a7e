//! `vae data fetch` as a person sees it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[expect(dead_code, reason = "the tests of vae-hub look at more of it")]
#[path = "../../vae-hub/tests/records/site.rs"]
mod site;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use site::{RECORD, Reply, Site, archive, content, noise};

fn fetch(arguments: &str, folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vae"))
        .args(["data", "fetch"])
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(arguments: &str, folder: &Path) -> String {
    let output = fetch(arguments, folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// It ends with this code and one line of error that holds all these words.
#[track_caller]
fn fails(arguments: &str, folder: &Path, code: i32, words: &[&str]) {
    let output = fetch(arguments, folder);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.starts_with("vae: ")).count(), 1, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in: {stderr}");
    }
}

fn pictures() -> Site {
    Site::new(&[(
        "Dataset.zip",
        archive(&[("Dataset/images/beam_05_0.jpg", &noise(30_000)), ("Dataset/readme.txt", b"x")]),
    )])
}

#[test]
fn a_record_is_listed_fetched_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let site = pictures();
    let list = succeeds(&format!("zenodo:7 --list --url {}", site.url), folder.path());
    assert!(
        list.contains("Beams") && list.contains("Dataset.zip") && list.contains("md5:"),
        "{list}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a list writes nothing");

    let first = succeeds(&format!("zenodo:7 --url {}", site.url), folder.path());
    assert!(first.contains("2 files") && first.contains("license: cc-by-4.0"), "{first}");
    assert!(
        first.contains("1 pictures; next: vae data info data/zenodo-7/Dataset/images"),
        "{first}"
    );
    assert!(folder.path().join("data/zenodo-7/Dataset/images/beam_05_0.jpg").is_file());

    let asked = site.requests().len();
    let second = succeeds(&format!("zenodo:7 --json --url {}", site.url), folder.path());
    let second: Value = serde_json::from_str(&second).unwrap();
    assert_eq!((&second["already_there"], &second["files"]), (&true.into(), &2.into()));
    assert_eq!(site.requests().len(), asked, "nobody was asked");
    assert!(
        succeeds("zenodo:7", folder.path()).contains("nothing to do"),
        "not even the site itself"
    );
}

#[test]
fn what_needs_no_network() {
    let folder = tempfile::tempdir().unwrap();
    let list = succeeds("--list", folder.path());
    assert!(
        list.contains("tutorial") && list.contains("https://zenodo.org/api/records/20432301"),
        "{list}"
    );
    assert!(succeeds("builtin", folder.path()).contains("nothing to fetch"));
}

#[test]
fn every_failure_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    #[cfg(not(feature = "hub"))]
    fails(
        "mnist",
        place,
        2,
        &["built without what reads mnist", "hint: cargo run -p vae-cli --features hub"],
    );
    fails("tutorials", place, 2, &["tutorials", "hint: 'vae data fetch --list'"]);

    // A port that was free a moment ago: no network looks the same.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("tutorial --attempts 1 --url http://127.0.0.1:{port}");
    fails(
        &nobody,
        place,
        1,
        &[
            &format!("cannot reach 127.0.0.1:{port}: "),
            "hint: without a network",
            "built-in set",
            "vae simp generate",
        ],
    );

    let wrong = |misbehave: fn(&site::Request, &Reply) -> Option<Reply>| {
        let site = Site::misbehaving(&[("a.zip", archive(&[("a", b"x")]))], misbehave);
        format!("zenodo:7 --attempts 1 --url {}", site.url)
    };
    fails(
        &wrong(|request, _| (request.path == RECORD).then(|| Reply::new(404, ""))),
        place,
        1,
        &["404 (not found)", "hint: "],
    );
    fails(&wrong(|_, _| Some(Reply::new(200, "<html>"))), place, 1, &["not a record with files"]);
    fails(
        &wrong(|request, truth| {
            let mut body = truth.body.clone();
            body[40] ^= 1;
            (request.path == content("a.zip")).then(|| Reply::new(200, body))
        }),
        place,
        1,
        &["a.zip: its checksum is md5:", "the published one md5:", "hint: "],
    );
    fails(
        &wrong(|request, truth| {
            (request.path == content("a.zip")).then(|| Reply { cut: Some(50), ..truth.clone() })
        }),
        place,
        1,
        &["a.zip: the download ended after 50 of", "hint: fetch again"],
    );

    let site = Site::new(&[("a.zip", archive(&[("../a", b"x")]))]);
    fails(
        &format!("zenodo:7 --url {}", site.url),
        place,
        1,
        &["a.zip", "\"../a\" is refused", "leaves the folder"],
    );
    std::fs::create_dir_all(place.join("mine")).unwrap();
    std::fs::write(place.join("mine/thesis.tex"), "").unwrap();
    fails(
        &format!("zenodo:7 --out mine --url {}", site.url),
        place,
        2,
        &["mine exists already", "hint: "],
    );
    assert_eq!(std::fs::read_dir(place.join("mine")).unwrap().count(), 1);
}
