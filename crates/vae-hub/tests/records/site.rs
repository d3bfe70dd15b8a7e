//! A local site that speaks the form of Zenodo's records API, and misbehaves on request.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Cursor, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use vae_hub::Checksum;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The record that the site has.
pub(crate) const ID: u64 = 7;
/// Its address.
pub(crate) const RECORD: &str = "/api/records/7";

/// A request as far as it matters.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The first byte asked for.
    pub(crate) from: u64,
    /// How many requests for this path came before.
    pub(crate) nth: usize,
}

/// An answer, true or not.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// `Content-Length`, if it is not that of the body.
    pub(crate) announced: Option<usize>,
    /// The connection breaks after so many bytes of the body.
    pub(crate) cut: Option<usize>,
    /// Silence before the second half of the body.
    pub(crate) pause: Duration,
    /// The body comes byte by byte, with this silence between two of them.
    pub(crate) drip: Option<Duration>,
    /// These bytes come instead of an answer.
    pub(crate) raw: Option<Vec<u8>>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            announced: None,
            cut: None,
            pause: Duration::ZERO,
            drip: None,
            raw: None,
        }
    }

    /// Bytes in place of an answer.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(bytes.into()), ..Self::new(0, "") }
    }

    fn send(&self, request: &Request, stream: &mut TcpStream) -> std::io::Result<()> {
        if let Some(raw) = &self.raw {
            return stream.write_all(raw);
        }
        let mut head = format!(
            "HTTP/1.1 {} x\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.status,
            self.announced.unwrap_or(self.body.len())
        );
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        stream.write_all((head + "\r\n").as_bytes())?;
        if request.method == "HEAD" {
            return Ok(());
        }
        let body = &self.body[..self.cut.unwrap_or(self.body.len())];
        if let Some(silence) = self.drip {
            stream.set_nodelay(true)?;
            for byte in body {
                std::thread::sleep(silence);
                stream.write_all(&[*byte])?;
            }
            return Ok(());
        }
        let (first, second) = body.split_at(body.len() / 2);
        stream.write_all(first)?;
        std::thread::sleep(self.pause);
        stream.write_all(second)
    }
}

type Misbehavior = Box<dyn Fn(&Request, &Reply) -> Option<Reply> + Send + Sync>;

/// A running site. Its thread ends with the process.
pub(crate) struct Site {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Site {
    /// A site whose record has these files.
    pub(crate) fn new(files: &[(&str, Vec<u8>)]) -> Self {
        Self::misbehaving(files, |_, _| None)
    }

    /// Likewise, but `misbehavior` sees each request and the true answer, and may give another.
    pub(crate) fn misbehaving(
        files: &[(&str, Vec<u8>)],
        misbehavior: impl Fn(&Request, &Reply) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut pages = HashMap::new();
        let mut entries = Vec::new();
        for (name, bytes) in files {
            let path = format!("{RECORD}/files/{name}/content");
            let like: Checksum = format!("md5:{}", "0".repeat(32)).parse().unwrap();
            // As on the site itself, whose name a mirror's answers keep.
            let link = format!("https://zenodo.org{path}");
            entries.push(json!({"key": name, "size": bytes.len(), "checksum": Checksum::of_bytes(&like, bytes), "links": {"self": link}}));
            pages.insert(path, bytes.clone());
        }
        let record = record(&entries);
        pages.insert(RECORD.to_owned(), record.to_string().into_bytes());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || serve(&listener, pages, seen, Box::new(misbehavior)));
        Self { url, requests }
    }

    /// Everything asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The first bytes asked for of a path, in order.
    pub(crate) fn starts(&self, path: &str) -> Vec<u64> {
        self.requests()
            .into_iter()
            .filter(|request| request.path == path)
            .map(|request| request.from)
            .collect()
    }
}

/// The description of a record in the form of the public API.
pub(crate) fn record(files: &[Value]) -> Value {
    json!({"id": ID, "metadata": {"title": "Beams", "license": {"id": "cc-by-4.0"}}, "files": files})
}

/// Where the site keeps a file.
pub(crate) fn content(name: &str) -> String {
    format!("{RECORD}/files/{name}/content")
}

/// Each connection has a thread of its own, so that one that keeps silent does not hold up the
/// next.
fn serve(
    listener: &TcpListener,
    pages: HashMap<String, Vec<u8>>,
    seen: Arc<Mutex<Vec<Request>>>,
    misbehavior: Misbehavior,
) {
    let (pages, misbehavior) = (Arc::new(pages), Arc::new(misbehavior));
    for stream in listener.incoming() {
        let (pages, seen, misbehavior) =
            (Arc::clone(&pages), Arc::clone(&seen), Arc::clone(&misbehavior));
        std::thread::spawn(move || {
            let mut stream = stream.unwrap();
            let request = read(&stream, &seen);
            let truth = truth(&request, &pages);
            // A client that has seen enough closes the connection.
            let _ = misbehavior(&request, &truth).unwrap_or(truth).send(&request, &mut stream);
        });
    }
}

/// Reads a request and takes note of it.
fn read(stream: &TcpStream, seen: &Mutex<Vec<Request>>) -> Request {
    let (mut method, mut path) = (String::new(), String::new());
    let mut from = 0;
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap_or_default();
        if path.is_empty() {
            let mut words = line.split(' ').map(str::to_owned);
            (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        } else if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap();
        } else if line.is_empty() {
            break;
        }
    }
    let mut seen = seen.lock().unwrap();
    let nth = seen.iter().filter(|request| request.path == path).count();
    let request = Request { method, path, from, nth };
    seen.push(request.clone());
    request
}

fn truth(request: &Request, pages: &HashMap<String, Vec<u8>>) -> Reply {
    let Some(bytes) = pages.get(&request.path) else {
        return Reply::new(404, r#"{"message": "not found"}"#);
    };
    let from = usize::try_from(request.from).unwrap();
    if from == 0 {
        return Reply::new(200, bytes.clone());
    }
    if bytes.len() <= from {
        return Reply::new(416, "");
    }
    let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
    Reply { headers: vec![("Content-Range", range)], ..Reply::new(206, &bytes[from..]) }
}

/// A zip archive with these members, deflated.
pub(crate) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(contents).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Bytes without a pattern that deflate could use.
pub(crate) fn noise(n: usize) -> Vec<u8> {
    let mut state = 1_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(n)
    .collect()
}
