//! A small run, a server on it, and requests written by hand.

#![allow(dead_code, reason = "each test uses a part")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use topo_data::{GenerateSpec, generate};
use vae_data::{Source, open};
use vae_explore::{Address, Limits, Server, Subject, SubjectSettings};
use vae_study::Run;
use vae_train::{Config, Layer, Manifest, RunFolder, train};

/// Trains a small model in a folder of its own.
pub(crate) fn small_run(folder: &std::path::Path) -> PathBuf {
    let [beams, file, path] = ["beams", "study.toml", "run"].map(|name| folder.join(name));
    let spec = GenerateSpec {
        height: 12,
        width: 24,
        variants: 2,
        problems: Some(12),
        filter_radii: vec![1.5],
        ..GenerateSpec::for_family("cantilever").unwrap()
    };
    generate(&spec, "", &beams, &|_| ControlFlow::Continue(())).unwrap();
    let settings = "[training]\nepochs = 1\nbatch_size = 4\n[model]\nlatent_dim = 3\n";
    std::fs::write(&file, format!("[data]\nsource = '{}'\n{settings}", beams.display())).unwrap();
    let config = Config::resolve(None, Some(&file), &Layer::default()).unwrap();
    let data = open(&Source::Path(beams)).unwrap();
    let data = vae_study::run::with_problems(data, &config).unwrap();
    let manifest = Manifest {
        format: Manifest::FORMAT,
        version: String::new(),
        data_fingerprint: data.fingerprint().unwrap(),
        seed: config.seed,
        device: "cpu".into(),
        threads: 1,
        command: Vec::new(),
        size: None,
        resumed_at_step: Vec::new(),
        continued_by: Vec::new(),
    };
    let stop = AtomicBool::new(false);
    let vacant = RunFolder::vacant(&path).unwrap();
    train(&config, &data, &vacant, &manifest, &stop, &mut |_| {}).unwrap();
    path
}

/// A server that ends with the test.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Served {
    pub(crate) fn start(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::open(&small_run(folder.path())).unwrap();
        let subject = Subject::open(run, &SubjectSettings::default(), |_| {}).unwrap();
        let server = Server::bind(subject, Address::new(None, 0).unwrap(), limits).unwrap();
        let (address, stop) = (server.address().socket, Arc::new(AtomicBool::new(false)));
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || server.serve(&flag).unwrap());
        Self { address, stop, thread: Some(thread), _folder: folder }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Sends bytes, and returns all that comes back.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // The server may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    /// Status and body of a request with further header lines.
    pub(crate) fn ask(&self, method: &str, path: &str, lines: &str, body: &str) -> (u16, Vec<u8>) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n{lines}\r\n{body}",
            self.address,
            body.len()
        );
        parsed(&self.raw(request.as_bytes()))
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Vec<u8>) {
        self.ask("GET", path, "", "")
    }

    /// Posts JSON; the body of the answer.
    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, Vec<u8>) {
        self.ask("POST", path, "content-type: application/json\r\n", body)
    }

    /// The frames of an answer: their JSON.
    pub(crate) fn frames(&self, path: &str, body: &str) -> Vec<serde_json::Value> {
        let (status, bytes) = self.post(path, body);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
        frames(&bytes)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// The JSON of each frame.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<serde_json::Value> {
    let mut found = Vec::new();
    while 8 <= bytes.len() {
        let length = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let (text, body) = (length(0), length(4));
        found.push(serde_json::from_slice(&bytes[8..8 + text]).unwrap());
        bytes = &bytes[8 + text + body..];
    }
    found
}

/// Status and body, of a body in chunks too.
pub(crate) fn parsed(answer: &[u8]) -> (u16, Vec<u8>) {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return (0, Vec::new());
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut rest = &answer[end + 4..];
    if !head.contains("transfer-encoding: chunked") {
        return (status, rest.to_vec());
    }
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        body.extend(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 4 + size..];
    }
    (status, body)
}
