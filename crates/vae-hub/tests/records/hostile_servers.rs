//! Servers that mean harm or do not know better: each is refused with its own line, in time, and
//! leaves nothing that could be taken for data.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::{Duration, Instant};

use serde_json::json;
use vae_hub::{Fetcher, Options, Pace, Retry};

use crate::site::{ID, RECORD, Reply, Request, Site, archive, content, noise, record};

/// Waits that suit a test: everything that takes minutes by default takes some tenths of a second.
fn quick() -> Options {
    let milliseconds = Duration::from_millis;
    Options {
        retry: Retry { attempts: 2, first: milliseconds(1), most: milliseconds(5) },
        patience: Some(milliseconds(300)),
        pace: Pace { least: 1000, window: milliseconds(100), total: Duration::from_secs(2) },
        ..Options::default()
    }
}

/// Fetches from a site and returns its line, with the causes, and how often the first file was
/// asked for.
#[track_caller]
fn refused(what: &str, answer: fn(&Request, &Reply) -> Option<Reply>) -> (String, usize) {
    let around = tempfile::tempdir().unwrap();
    let out = around.path().join("data/set");
    let site = Site::misbehaving(&[("a.zip", archive(&[("b.jpg", &noise(3000))]))], answer);
    let started = Instant::now();
    let error = Fetcher::new(quick()).fetch(&site.url, ID, &out, &mut |_| {}).expect_err(what);
    assert!(started.elapsed() < Duration::from_secs(20), "{what}: {:?}", started.elapsed());
    assert!(!out.exists(), "{what}");
    let mut line = error.to_string();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        line = format!("{line}: {next}");
        cause = next;
    }
    assert!(!line.contains('\n'), "{what}: {line}");
    (line, site.starts(&content("a.zip")).len())
}

/// Only the file is answered so.
fn file(request: &Request, reply: impl FnOnce() -> Reply) -> Option<Reply> {
    (request.path == content("a.zip")).then(reply)
}

/// Only the record is answered so.
fn listing(request: &Request, reply: impl FnOnce() -> Reply) -> Option<Reply> {
    (request.path == RECORD).then(reply)
}

/// A record with one file, of which one entry is another.
fn with(key: &str, value: serde_json::Value) -> Reply {
    let mut entry = json!({
        "key": "a.zip", "size": 3, "checksum": format!("md5:{}", "0".repeat(32)),
        "links": {"self": "http://127.0.0.1:9/a"},
    });
    entry[key] = value;
    Reply::new(200, record(&[entry]).to_string())
}

fn redirect(to: &str) -> Reply {
    Reply { headers: vec![("Location", to.to_owned())], ..Reply::new(302, "") }
}

type Behavior = (&'static str, fn(&Request, &Reply) -> Option<Reply>, &'static str);

/// What a server does, and what the line says of it.
const BEHAVIORS: [Behavior; 34] = [
    ("not found", |r, _| file(r, || Reply::new(404, "")), "answers 404 (not found)"),
    ("not allowed", |r, _| file(r, || Reply::new(403, "")), "answers 403 (not allowed)"),
    ("gone", |r, _| file(r, || Reply::new(410, "")), "answers 410 (gone)"),
    ("nothing", |r, _| file(r, || Reply::new(204, "")), "answers 204"),
    ("its own failure", |r, _| file(r, || Reply::new(500, "")), "answers 500 (its own failure)"),
    ("busy", |r, _| file(r, || Reply::new(429, "")), "answers 429 (too many requests)"),
    (
        "busy for an hour",
        |r, _| {
            let headers = vec![("Retry-After", "3600".to_owned())];
            file(r, || Reply { headers, ..Reply::new(429, "") })
        },
        "answers 429 (too many requests), and asks to wait 3600 s",
    ),
    ("a redirect to itself", |r, _| file(r, || redirect(&content("a.zip"))), "too many redirects"),
    ("a redirect to a file", |r, _| file(r, || redirect("file:///etc/passwd")), "answers 404"),
    (
        "a redirect to another protocol",
        |r, _| file(r, || redirect("ftp://127.0.0.1/a")),
        "unknown scheme: ftp",
    ),
    ("a redirect to nobody", |r, _| file(r, || redirect("http://127.0.0.1:1/")), "cannot reach"),
    (
        "an end before the end",
        |r, truth| file(r, || Reply { cut: Some(100), ..truth.clone() }),
        "the download ended after",
    ),
    (
        "more than published",
        |r, truth| file(r, || Reply::new(200, [truth.body.clone(), vec![0; 9]].concat())),
        "sends more than",
    ),
    (
        "other bytes",
        |r, truth| file(r, || Reply::new(200, vec![7; truth.body.len()])),
        "its checksum is",
    ),
    (
        "silence in the middle",
        |r, truth| file(r, || Reply { pause: Duration::from_secs(3), ..truth.clone() }),
        "no answer for",
    ),
    (
        "a byte now and then",
        |r, truth| file(r, || Reply { drip: Some(Duration::from_millis(10)), ..truth.clone() }),
        "fewer than 1000 bytes per second",
    ),
    (
        "a byte now and then of the record",
        |r, truth| listing(r, || Reply { drip: Some(Duration::from_millis(10)), ..truth.clone() }),
        "fewer than 1000 bytes per second",
    ),
    (
        "another part than asked for",
        |r, truth| {
            let headers = vec![("Content-Range", "bytes 7-9/*".to_owned())];
            file(r, || Reply { headers, ..Reply::new(206, truth.body.clone()) })
        },
        "another part of the file",
    ),
    (
        "a part without a place",
        |r, truth| file(r, || Reply::new(206, truth.body.clone())),
        "at an unknown place",
    ),
    ("no answer", |r, _| file(r, || Reply::raw("")), "disconnected"),
    (
        "another protocol",
        |r, _| file(r, || Reply::raw("SSH-2.0-OpenSSH_9.6\r\n")),
        "invalid HTTP version",
    ),
    (
        "a header without end",
        |r, _| file(r, || Reply::raw(format!("HTTP/1.1 200 x\r\nX: {}", "y".repeat(1 << 20)))),
        "header is too big",
    ),
    (
        "a length below zero",
        |r, _| file(r, || Reply::raw("HTTP/1.1 200 x\r\nContent-Length: -5\r\n\r\nhello")),
        "not a number",
    ),
    (
        "chunks that are none",
        |r, _| {
            let text = "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello";
            file(r, || Reply::raw(text))
        },
        "chunk length",
    ),
    (
        "a page instead of the record",
        |r, _| listing(r, || Reply::new(200, "<html>maintenance</html>")),
        "not a record with files",
    ),
    (
        "bytes that are no text",
        |r, _| listing(r, || Reply::new(200, [0xff, 0xfe])),
        "it is not text",
    ),
    (
        "a record too long",
        |r, _| listing(r, || Reply::new(200, vec![b' '; (16 << 20) + 1])),
        "it is too long",
    ),
    (
        "a record without files",
        |r, _| listing(r, || Reply::new(200, "{\"files\": []}")),
        "it has no public files",
    ),
    (
        "a record nested without end",
        |r, _| listing(r, || Reply::new(200, "[".repeat(100_000))),
        "not a record with files",
    ),
    ("a size below zero", |r, _| listing(r, || with("size", json!(-1))), "has no size"),
    ("an unknown checksum", |r, _| listing(r, || with("checksum", json!("crc32:1"))), "crc32"),
    (
        "the address of a file here",
        |r, _| listing(r, || with("links", json!({"self": "file:///etc/passwd"}))),
        "neither http nor https",
    ),
    (
        "a size without end",
        |r, _| listing(r, || with("size", json!(u64::MAX))),
        "cannot reach 127.0.0.1:9",
    ),
    (
        "two files of one name",
        |r, _| {
            let reply = with("size", json!(3));
            let entry: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            let entry = &entry["files"][0];
            let twice = record(&[entry.clone(), entry.clone()]).to_string();
            listing(r, || Reply::new(200, twice))
        },
        "file 2: another file has the same name",
    ),
];

#[test]
fn each_is_refused_with_its_line() {
    for (what, answer, expected) in BEHAVIORS {
        let (line, _) = refused(what, answer);
        assert!(line.contains(expected), "{what}: {line}");
    }
}

#[test]
fn who_asks_for_an_hour_is_asked_once() {
    let (what, answer, _) =
        BEHAVIORS.into_iter().find(|(what, ..)| *what == "busy for an hour").unwrap();
    assert_eq!(refused(what, answer).1, 1);
}

#[test]
fn a_day_is_enough() {
    // Fast enough, and never at its end: every attempt gets further.
    let pace = Pace { least: 0, total: Duration::from_millis(200), ..Pace::default() };
    let options = Options { pace, ..quick() };
    let around = tempfile::tempdir().unwrap();
    let site = Site::misbehaving(&[("a.bin", noise(5000))], |request, truth| {
        let drip = Some(Duration::from_millis(2));
        (request.path == content("a.bin")).then(|| Reply { drip, ..truth.clone() })
    });
    let out = around.path().join("set");
    let error = Fetcher::new(options).fetch(&site.url, ID, &out, &mut |_| {}).unwrap_err();
    assert!(error.to_string().ends_with("not everything came within 0.2 s"), "{error}");
    assert_eq!(site.starts(&content("a.bin")).len(), 1);
    // What has arrived is kept for the next call.
    assert!(around.path().join(".set.partial").exists());
}

/// Names that no file may have.
const NAMES: [&str; 24] = [
    "",
    ".",
    "..",
    "./a",
    "../evil.jpg",
    "a/../../evil.jpg",
    "a/..",
    "a//b",
    "..\\evil.jpg",
    "a\\..\\..\\evil.jpg",
    "/tmp/evil.jpg",
    "\\evil.jpg",
    "\\\\host\\share\\evil.jpg",
    "//host/share",
    "C:evil.jpg",
    "C:\\evil.jpg",
    "a.jpg:stream",
    "a\u{0}b",
    "a\nb",
    "a\u{1b}[2Jb",
    "a\u{7f}b",
    "fetched.json",
    "FETCHED.json",
    "fetched.json/a",
];

#[test]
fn no_file_of_a_record_and_no_member_of_an_archive_has_such_a_name() {
    let long = "x".repeat(300);
    let deep = "x/".repeat(40) + "y";
    for name in NAMES.into_iter().chain([long.as_str(), deep.as_str()]) {
        let around = tempfile::tempdir().unwrap();
        let out = around.path().join("deep/data/set");
        let fetch = |site: &Site| {
            let error = Fetcher::new(quick()).fetch(&site.url, ID, &out, &mut |_| {});
            let line = error.expect_err(name).to_string();
            assert!(!line.contains(['\n', '\u{1b}', '\u{0}']), "{line:?}");
            assert!(!out.exists() && !around.path().join("evil.jpg").exists(), "{name:?}");
            line
        };
        let entry = json!({
            "key": name, "size": 3, "checksum": format!("md5:{}", "0".repeat(32)),
            "links": {"self": "http://127.0.0.1:9/a"},
        });
        let page = record(&[entry]).to_string();
        let site = Site::misbehaving(&[], move |request, _| {
            (request.path == RECORD).then(|| Reply::new(200, page.clone()))
        });
        let line = fetch(&site);
        assert!(line.contains("not a record with files: file 1: "), "{name:?}: {line}");

        let site = Site::new(&[("a.zip", archive(&[("fine.jpg", b"x"), (name, b"evil")]))]);
        let line = fetch(&site);
        assert!(line.contains("a.zip: archive member") && line.contains("refused"), "{line}");
    }
}
