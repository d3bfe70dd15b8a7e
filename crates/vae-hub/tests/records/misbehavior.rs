//! Fetching from a local site, well-behaved and not.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use vae_hub::{Event, Fetched, Fetcher, HubError, Options, RECEIPT, Receipt, Retry, ZENODO};

use crate::site::{ID, RECORD, Reply, Site, archive, content, noise, record};

/// Patience and waits that suit a test.
fn quick(attempts: u32) -> Options {
    let retry = Retry { attempts, first: Duration::from_millis(1), most: Duration::from_millis(5) };
    Options { retry, patience: Some(Duration::from_secs(20)), ..Options::default() }
}

/// A place for data.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("data/tutorial")
    }

    /// Fetches with three attempts.
    fn fetch(&self, site: &Site) -> Result<Fetched, HubError> {
        Fetcher::new(quick(3)).fetch(&site.url, ID, &self.out(), &mut |_| {})
    }

    /// A failed fetch leaves nothing that could be taken for data; `kept` says whether it leaves a
    /// part to go on with.
    #[track_caller]
    fn is_untouched(&self, kept: bool) {
        assert!(!self.out().exists());
        let partial = self.0.path().join("data/.tutorial.partial");
        let parts = fs::read_dir(partial).map_or(0, |entries| {
            entries
                .filter(|entry| {
                    entry
                        .as_ref()
                        .unwrap()
                        .path()
                        .extension()
                        .is_some_and(|extension| extension == "part")
                })
                .count()
        });
        assert_eq!(parts, usize::from(kept), "parts kept");
        let beside = fs::read_dir(self.0.path().join("data")).map_or(0, Iterator::count);
        assert_eq!(beside, usize::from(kept), "nothing else is left");
    }
}

fn pictures() -> Vec<u8> {
    archive(&[
        ("Dataset/read me.txt", b"beams"),
        ("Dataset/images/", b""),
        ("Dataset/images/beam_05_0.jpg", &noise(20_000)),
        ("Dataset/images/beam_05_1.jpg", &noise(30_000)),
        ("Dataset/images/.DS_Store", b"a Mac was here"),
        ("__MACOSX/Dataset/images/._beam_05_0.jpg", b"a Mac was here"),
    ])
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_record_becomes_a_folder() {
    let place = Place::new();
    let site = Site::new(&[("Dataset.zip", pictures()), ("notes.txt", b"hello".to_vec())]);
    let mut downloaded = Vec::new();
    let fetched = Fetcher::new(quick(1))
        .fetch(&site.url, ID, &place.out(), &mut |event| {
            if let Event::Downloading { file, done, total } = event {
                downloaded.push((file.to_owned(), done, total));
            }
        })
        .unwrap();
    assert!(!fetched.already_there);
    assert_eq!(
        files(&place.out()),
        [
            "Dataset/images/beam_05_0.jpg",
            "Dataset/images/beam_05_1.jpg",
            "Dataset/read me.txt",
            RECEIPT,
            "notes.txt"
        ]
    );
    assert_eq!(fs::read(place.out().join("Dataset/images/beam_05_1.jpg")).unwrap(), noise(30_000));
    assert_eq!(
        fs::read_dir(place.out().parent().unwrap()).unwrap().count(),
        1,
        "nothing is left beside it"
    );

    let receipt = Receipt::read(&place.out()).unwrap().unwrap();
    assert_eq!(receipt, fetched.receipt);
    assert_eq!(
        (receipt.title.as_deref(), receipt.license.as_deref()),
        (Some("Beams"), Some("cc-by-4.0"))
    );
    assert_eq!(receipt.fullest_folder(&["jpg", "png"]), Some(("Dataset/images", 2)));
    assert_eq!(receipt.fullest_folder(&["npy"]), None);

    // Progress begins at 0, never goes back, and ends at the size that the site states.
    let zip: Vec<u64> = downloaded
        .iter()
        .filter(|(file, ..)| file == "Dataset.zip")
        .map(|(_, done, _)| *done)
        .collect();
    assert_eq!((zip[0], zip[zip.len() - 1]), (0, pictures().len() as u64));
    assert!(zip.is_sorted());
}

#[test]
fn a_second_call_asks_nobody_and_does_nothing() {
    let place = Place::new();
    let site = Site::new(&[("Dataset.zip", pictures())]);
    place.fetch(&site).unwrap();
    let (asked, written) = (
        site.requests().len(),
        fs::metadata(place.out().join(RECEIPT)).unwrap().modified().unwrap(),
    );
    fs::write(place.out().join("mine.txt"), "kept").unwrap();

    let mut verified = 0;
    let again = Fetcher::new(quick(1))
        .fetch(&site.url, ID, &place.out(), &mut |event| {
            if let Event::Verifying { done, .. } = event {
                verified = done;
            }
        })
        .unwrap();
    assert!(again.already_there);
    assert_eq!(verified, 3);
    assert_eq!(site.requests().len(), asked);
    assert_eq!(fs::metadata(place.out().join(RECEIPT)).unwrap().modified().unwrap(), written);
    assert!(place.out().join("mine.txt").exists());
}

#[test]
fn a_second_call_finds_what_was_changed_or_lost() {
    let place = Place::new();
    let site = Site::new(&[("Dataset.zip", pictures())]);
    place.fetch(&site).unwrap();
    let picture = place.out().join("Dataset/images/beam_05_0.jpg");
    let mut bytes = fs::read(&picture).unwrap();
    bytes[10_000] ^= 1;
    fs::write(&picture, &bytes).unwrap();
    let changed = place.fetch(&site).unwrap_err();
    assert!(changed.to_string().contains("beam_05_0.jpg has changed"), "{changed}");
    fs::remove_file(&picture).unwrap();
    let lost = place.fetch(&site).unwrap_err();
    assert!(lost.to_string().contains("beam_05_0.jpg is missing"), "{lost}");
    assert!(!lost.remedies().is_empty());
    fs::write(place.out().join(RECEIPT), "{}").unwrap();
    assert!(matches!(place.fetch(&site), Err(HubError::Receipt { .. })));
}

#[test]
fn nothing_is_replaced() {
    let site = Site::new(&[("Dataset.zip", pictures())]);
    let place = Place::new();
    fs::create_dir_all(place.out()).unwrap();
    fs::write(place.out().join("thesis.tex"), "years of work").unwrap();
    assert!(matches!(place.fetch(&site), Err(HubError::Occupied { .. })));
    assert_eq!(files(&place.out()), ["thesis.tex"]);
    assert!(site.requests().is_empty(), "nobody was asked in vain");

    // Another record is something else as well.
    let place = Place::new();
    place.fetch(&site).unwrap();
    let other = Fetcher::new(quick(1)).fetch(&site.url, 8, &place.out(), &mut |_| {});
    assert!(matches!(other, Err(HubError::Occupied { .. })));

    // An empty folder is nothing, a file is.
    let place = Place::new();
    fs::create_dir_all(place.out()).unwrap();
    place.fetch(&site).unwrap();
    let place = Place::new();
    fs::create_dir_all(place.out().parent().unwrap()).unwrap();
    fs::write(place.out(), "").unwrap();
    assert!(matches!(place.fetch(&site), Err(HubError::Occupied { .. })));
}

#[test]
fn a_broken_download_goes_on_where_it_broke() {
    let place = Place::new();
    let bytes = pictures();
    let half = bytes.len() / 2;
    let site = Site::misbehaving(&[("Dataset.zip", bytes)], move |request, truth| {
        (request.path == content("Dataset.zip") && request.nth == 0)
            .then(|| Reply { cut: Some(half), ..truth.clone() })
    });
    let mut waits = 0;
    Fetcher::new(quick(2))
        .fetch(&site.url, ID, &place.out(), &mut |event| {
            waits += usize::from(matches!(event, Event::Waiting { .. }));
        })
        .unwrap();
    assert_eq!(waits, 1);
    assert_eq!(site.starts(&content("Dataset.zip")), [0, half as u64]);
}

#[test]
fn a_later_call_goes_on_where_an_earlier_one_gave_up() {
    let place = Place::new();
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], |request, truth| {
        (request.path == content("Dataset.zip") && request.nth < 3)
            .then(|| Reply { cut: Some(1000), ..truth.clone() })
    });
    let error = place.fetch(&site).unwrap_err();
    assert!(matches!(error, HubError::Truncated { found: 3000, .. }), "{error}");
    place.is_untouched(true);
    place.fetch(&site).unwrap();
    assert_eq!(site.starts(&content("Dataset.zip")), [0, 1000, 2000, 3000]);
}

#[test]
fn a_server_without_ranges_is_asked_for_everything() {
    let place = Place::new();
    let whole = pictures();
    let site = Site::misbehaving(&[("Dataset.zip", whole.clone())], move |request, truth| {
        (request.path == content("Dataset.zip")).then(|| match request.nth {
            0 => Reply { cut: Some(5000), ..truth.clone() },
            _ => Reply::new(200, whole.clone()),
        })
    });
    place.fetch(&site).unwrap();
    assert_eq!(site.starts(&content("Dataset.zip")), [0, 5000]);
}

#[test]
fn a_server_that_sends_another_part_is_not_believed() {
    let place = Place::new();
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], |request, truth| {
        (request.path == content("Dataset.zip")).then(|| match request.nth {
            0 => Reply { cut: Some(5000), ..truth.clone() },
            1 => Reply { headers: vec![("Content-Range", "bytes 100-/*".into())], ..truth.clone() },
            2 => Reply { headers: Vec::new(), ..truth.clone() },
            _ => truth.clone(),
        })
    });
    Fetcher::new(quick(4)).fetch(&site.url, ID, &place.out(), &mut |_| {}).unwrap();
    assert_eq!(site.requests().last().unwrap().from, 5000);
}

#[test]
fn an_old_part_of_something_else_is_thrown_away() {
    let place = Place::new();
    let partial = place.out().with_file_name(".tutorial.partial");
    fs::create_dir_all(&partial).unwrap();
    let bytes = pictures();
    let like = "md5:00000000000000000000000000000000".parse().unwrap();
    let digest = vae_hub::Checksum::of_bytes(&like, &bytes).to_string();
    let part = partial.join(digest.replace("md5:", "") + ".part");
    // Wrong bytes, too many bytes, and as many as the server has.
    for wrong in [vec![1; 1000], vec![1; bytes.len() + 1], vec![1; bytes.len()]] {
        fs::write(&part, wrong).unwrap();
        let site = Site::new(&[("Dataset.zip", bytes.clone())]);
        place.fetch(&site).unwrap();
        assert_eq!(site.starts(&content("Dataset.zip")).last(), Some(&0));
        fs::remove_dir_all(place.out()).unwrap();
        fs::create_dir_all(&partial).unwrap();
    }
}

#[test]
fn a_wrong_checksum_is_fatal_and_leaves_nothing() {
    let place = Place::new();
    let mut changed = pictures();
    changed[77] ^= 1;
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], move |request, _| {
        (request.path == content("Dataset.zip")).then(|| Reply::new(200, changed.clone()))
    });
    let error = place.fetch(&site).unwrap_err();
    assert!(matches!(error, HubError::Mismatch { .. }), "{error}");
    assert!(
        error.to_string().contains("Dataset.zip") && error.to_string().contains("md5:"),
        "{error}"
    );
    assert_eq!(site.starts(&content("Dataset.zip")).len(), 1, "the same bytes would come again");
    place.is_untouched(false);
}

#[test]
fn a_wrong_length_is_found() {
    // More than published.
    let place = Place::new();
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], |request, truth| {
        (request.path == content("Dataset.zip"))
            .then(|| Reply::new(200, [truth.body.clone(), vec![0; 9]].concat()))
    });
    let error = place.fetch(&site).unwrap_err();
    assert!(matches!(error, HubError::TooLong { .. }), "{error}");
    place.is_untouched(false);

    // A Content-Length that promises less than there is, and one that promises more.
    for difference in [-500_isize, 500] {
        let place = Place::new();
        let site = Site::misbehaving(&[("Dataset.zip", pictures())], move |request, truth| {
            let announced = truth.body.len().checked_add_signed(difference);
            (request.path == content("Dataset.zip") && request.nth == 0)
                .then(|| Reply { announced, ..truth.clone() })
        });
        place.fetch(&site).unwrap();
        assert!(place.out().join("Dataset/images/beam_05_0.jpg").exists());
    }
}

#[test]
fn a_server_that_fails_for_a_while_is_asked_again() {
    for status in [500, 502, 503, 429] {
        let place = Place::new();
        let site = Site::misbehaving(&[("Dataset.zip", pictures())], move |request, _| {
            (request.nth == 0).then(|| Reply {
                headers: vec![("Retry-After", "0".into())],
                ..Reply::new(status, "busy")
            })
        });
        place.fetch(&site).unwrap();
        assert_eq!(site.requests().len(), 4, "each address twice");
    }
}

#[test]
fn a_server_that_fails_for_good_is_reported() {
    let place = Place::new();
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], |request, _| {
        (request.path != RECORD).then(|| Reply::new(503, "busy"))
    });
    let error = place.fetch(&site).unwrap_err();
    assert!(matches!(error, HubError::Status { status: 503, .. }), "{error}");
    assert_eq!(site.starts(&content("Dataset.zip")).len(), 3);
    place.is_untouched(false);
}

#[test]
fn what_is_not_there_is_not_asked_for_again() {
    let place = Place::new();
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], |request, _| {
        (request.path != RECORD).then(|| Reply::new(404, "gone"))
    });
    let error = place.fetch(&site).unwrap_err();
    assert!(error.to_string().ends_with("the server answers 404 (not found)"), "{error}");
    assert_eq!(site.requests().len(), 2);
    let missing = Fetcher::new(quick(3)).fetch(&site.url, 8, &place.out(), &mut |_| {});
    assert!(matches!(missing, Err(HubError::Status { status: 404, .. })));
    place.is_untouched(false);
}

#[test]
fn redirects_are_followed_and_loops_are_not() {
    let place = Place::new();
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], |request, _| {
        (request.path == "/api/records/8" || request.path == "/loop").then(|| {
            let to = if request.path == "/loop" { "/loop" } else { RECORD };
            Reply { headers: vec![("Location", to.into())], ..Reply::new(302, "") }
        })
    });
    let fetcher = Fetcher::new(quick(1));
    assert_eq!(fetcher.record(&site.url, 8, &mut |_| {}).unwrap().files.len(), 1);

    let bytes = pictures();
    let site = Site::misbehaving(&[("Dataset.zip", bytes)], |request, _| {
        (request.path != RECORD)
            .then(|| Reply { headers: vec![("Location", "/loop".into())], ..Reply::new(302, "") })
    });
    let error = place.fetch(&site).unwrap_err();
    assert!(matches!(error, HubError::Http { passing: false, .. }), "{error:?}");
    place.is_untouched(false);
}

#[test]
fn silence_is_not_waited_for_forever() {
    let place = Place::new();
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], |request, truth| {
        (request.path != RECORD && request.nth == 0)
            .then(|| Reply { pause: Duration::from_millis(1200), ..truth.clone() })
    });
    let mut reasons = Vec::new();
    let impatient = Options { patience: Some(Duration::from_millis(300)), ..quick(5) };
    Fetcher::new(impatient)
        .fetch(&site.url, ID, &place.out(), &mut |event| {
            if let Event::Waiting { reason, .. } = event {
                reasons.push(matches!(reason, HubError::Stalled { .. }));
            }
        })
        .unwrap();
    assert!(!reasons.is_empty() && reasons.iter().all(|stalled| *stalled), "{reasons:?}");
}

#[test]
fn slow_but_steady_is_good_enough() {
    let place = Place::new();
    let site = Site::misbehaving(&[("Dataset.zip", pictures())], |_, truth| {
        Some(Reply { pause: Duration::from_millis(150), ..truth.clone() })
    });
    place.fetch(&site).unwrap();
}

#[test]
fn garbage_is_no_record() {
    let place = Place::new();
    for garbage in ["", "<html>maintenance</html>", "{\"files\": 7}", "\u{feff}{}", "[[[[[["] {
        let site = Site::misbehaving(&[], move |_, _| Some(Reply::new(200, garbage)));
        let error = place.fetch(&site).unwrap_err();
        assert!(matches!(error, HubError::Answer { .. }), "{garbage}: {error}");
    }
    let site = Site::misbehaving(&[], |_, _| Some(Reply::new(200, [0xff, 0xfe, 0x00])));
    assert!(matches!(place.fetch(&site), Err(HubError::Answer { .. })));
    let site = Site::misbehaving(&[], |_, _| {
        Some(Reply::new(200, record(&[json!({"key": "../x"})]).to_string()))
    });
    assert!(matches!(place.fetch(&site), Err(HubError::Answer { .. })));
    place.is_untouched(false);
}

#[test]
fn nobody_listens() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place::new();
    let mut waits = Vec::new();
    let error = Fetcher::new(quick(3))
        .fetch(&format!("http://127.0.0.1:{port}"), ID, &place.out(), &mut |event| {
            if let Event::Waiting { wait, .. } = event {
                waits.push(wait.as_millis());
            }
        })
        .unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("cannot reach 127.0.0.1:{port}"));
    assert!(format!("{:?}", error.remedies()).contains("built-in"));
    assert_eq!(waits, [1, 2]);
    place.is_untouched(false);
}

#[test]
fn two_processes_do_not_write_the_same_folder() {
    let place = Place::new();
    let site = Site::new(&[("Dataset.zip", pictures())]);
    let lock = vae_base::Lock::of(&place.out(), "fetching").unwrap();
    assert!(matches!(place.fetch(&site), Err(HubError::Busy(_))));
    drop(lock);
    place.fetch(&site).unwrap();
}

#[test]
fn files_of_equal_contents_and_of_no_contents() {
    let place = Place::new();
    let site = Site::new(&[
        ("a.txt", b"same".to_vec()),
        ("b.txt", b"same".to_vec()),
        ("empty.txt", Vec::new()),
    ]);
    place.fetch(&site).unwrap();
    assert_eq!(files(&place.out()), ["a.txt", "b.txt", "empty.txt", RECEIPT]);
    assert_eq!(fs::read(place.out().join("empty.txt")).unwrap(), b"");
    assert!(place.fetch(&site).unwrap().already_there);
}

/// The address of the lecture's data, as their own site would be asked.
#[test]
fn the_address_of_a_record() {
    assert_eq!(
        vae_hub::Record::address(ZENODO, 20_432_301),
        "https://zenodo.org/api/records/20432301"
    );
}
