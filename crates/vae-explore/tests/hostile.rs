//! Requests that mean no good, and clients that are slow or broken.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod common;

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use common::{Served, parsed};
use vae_explore::Limits;

/// Patience as short as a test wants it.
fn hasty() -> Limits {
    Limits {
        connections: 32,
        header_patience: Duration::from_secs(1),
        write_patience: Duration::from_secs(1),
    }
}

#[test]
fn other_hosts_and_other_origins_are_refused() {
    let served = Served::start(Limits::default());
    let with_host = |host: &str| {
        let request =
            format!("GET /api/about HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        parsed(&served.raw(request.as_bytes())).0
    };
    let own = served.address.to_string();
    assert_eq!(with_host(&own), 200);
    assert_eq!(with_host("evil.example"), 403);
    assert_eq!(with_host(&format!("evil.example:{}", served.address.port())), 403);
    let about = |line: &str| served.ask("GET", "/api/about", line, "").0;
    assert_eq!(about("origin: http://evil.example\r\n"), 403);
    assert_eq!(about("origin: null\r\n"), 403);
    assert_eq!(about("sec-fetch-site: cross-site\r\n"), 403);
    assert_eq!(about(&format!("origin: http://{own}\r\n")), 200);
    // A form of another site can send text without asking, but not JSON.
    assert_eq!(served.ask("POST", "/api/design", "content-type: text/plain\r\n", "{}").0, 415);
}

#[test]
fn no_path_leads_out() {
    let served = Served::start(Limits::default());
    for path in [
        "/../Cargo.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2fmain.js",
        "//etc/passwd",
        "/./main.js",
        "/main.js/",
        "/style.css%00",
        "/atlas.png/../api/about",
    ] {
        assert_eq!(served.get(path).0, 404, "{path}");
    }
    assert_eq!(served.get("/main.js").0, 200);
    assert_eq!(served.ask("DELETE", "/", "", "").0, 405);
    assert_eq!(served.ask("POST", "/etc/passwd", "", "").0, 404);
}

#[test]
fn bodies_have_a_largest_size_and_must_make_sense() {
    let served = Served::start(Limits::default());
    let huge = "x".repeat(200 * 1024);
    assert_eq!(served.post("/api/design", &huge).0, 413);
    for nonsense in ["", "{", "[]", "{\"design\":{\"stored\":-1}}", "{\"design\":{\"decoded\":{}}}"]
    {
        assert_eq!(served.post("/api/design", nonsense).0, 400, "{nonsense:?}");
    }
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(served.post("/api/design", &deep).0, 400);
    let error = |body: &str| {
        let frames = served.frames("/api/design", body);
        assert_eq!(frames[0]["kind"], "error", "{body}");
        frames[0]["text"].as_str().unwrap().to_owned()
    };
    assert!(error(r#"{"design":{"stored":100000}}"#).contains("design 100000"));
    assert!(error(r#"{"design":{"proposed":0}}"#).contains("proposal 0"));
    let decoded = |code: &str, more: &str| {
        let conditions = "[0.4, 0.5, 90]";
        format!(r#"{{"design":{{"decoded":{{"code":{code},"conditions":{conditions}{more}}}}}}}"#)
    };
    assert!(error(&decoded("[0]", "")).contains("1 numbers"));
    assert!(error(&decoded("[0, 1e300, 0]", "")).contains("beyond"));
    assert!(error(&decoded("[0, 0, 0]", r#","simp":{"iterations":1000000}"#)).contains("1000000"));
    let problem = r#","problem":{"volume_fraction":0.4,"grid":{"nelx":4000,"nely":4000},"supports":[],"load_cases":[]}"#;
    assert!(error(&decoded("[0, 0, 0]", problem)).contains("another grid"));
    let empty = problem.replace("4000", "24").replace("\"nely\":24", "\"nely\":12");
    error(&decoded("[0, 0, 0]", &empty));
    // After all that a good question is answered.
    let good = served.frames("/api/design", &decoded("[0, 0, 0]", ""));
    assert_eq!(good[0]["kind"], "design");
}

#[test]
fn half_open_connections_end_and_harm_nobody() {
    let served = Served::start(hasty());
    let mut silent: Vec<_> = (0..100).map(|_| served.connect()).collect();
    for (i, stream) in silent.iter_mut().enumerate() {
        // Some say nothing, some stop within a line, some within a body.
        let _ = match i % 3 {
            0 => Ok(()),
            1 => stream.write_all(b"GET / HT"),
            _ => stream.write_all(b"POST /api/design HTTP/1.1\r\nhost: "),
        };
    }
    let began = Instant::now();
    assert_eq!(served.get("/api/about").0, 200);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    // Each is closed by the server.
    let mut rest = Vec::new();
    silent[0].read_to_end(&mut rest).unwrap();
}

#[test]
fn a_client_that_never_reads_is_let_go() {
    let served = Served::start(hasty());
    let question =
        format!("GET /api/about HTTP/1.1\r\nhost: {}\r\n\r\n", served.address).into_bytes();
    let mut deaf: Vec<_> = (0..40).map(|_| served.connect()).collect();
    for stream in &mut deaf {
        stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        for _ in 0..2000 {
            if stream.write_all(&question).is_err() {
                break;
            }
        }
    }
    let began = Instant::now();
    assert_eq!(served.get("/api/about").0, 200);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

/// Memory of this process in MB, on Linux.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).map_or(0.0, |kb| kb.parse::<f64>().unwrap() / 1024.0)
}

#[test]
fn ten_thousand_requests_at_a_time_are_answered_or_turned_away() {
    let served = Served::start(Limits::default());
    let body = r#"{"design":{"stored":1},"layers":["stress","displacement"]}"#;
    assert_eq!(served.post("/api/design", body).0, 200);
    let rest = memory();
    let most = std::sync::Mutex::new(rest);
    let counts = std::sync::Mutex::new([0_usize; 3]);
    std::thread::scope(|scope| {
        for _ in 0..250 {
            scope.spawn(|| {
                for i in 0..40 {
                    let status = match i % 4 {
                        0 => served.post("/api/design", body).0,
                        1 => served.get("/api/about").0,
                        2 => served.get("/atlas.png").0,
                        _ => served.get("/main.js").0,
                    };
                    let kind = match status {
                        200 => 0,
                        503 => 1,
                        _ => 2,
                    };
                    counts.lock().unwrap()[kind] += 1;
                }
                let mut most = most.lock().unwrap();
                *most = most.max(memory());
            });
        }
    });
    let [answered, turned_away, lost] = *counts.lock().unwrap();
    assert_eq!(answered + turned_away + lost, 10_000);
    assert_eq!(lost, 0, "{answered} answered, {turned_away} turned away");
    assert!(7000 < answered, "{answered} answered");
    let grown = *most.lock().unwrap() - rest;
    assert!(grown < 200.0, "{grown} MB");
    assert_eq!(served.get("/api/about").0, 200);
}
