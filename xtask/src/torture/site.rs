//! A slow site on this machine that has one record to fetch.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use vae_torture::seeds;

/// Pieces of the archive, and the pause between them, so that kills land while it is fetched.
const PIECES: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// Where the archive lies.
const ARCHIVE: &str = "/a.zip";

/// A running site; its thread ends with the process.
pub(crate) struct Site {
    pub(crate) url: String,
}

impl Site {
    /// `None` if there is no program that computes the checksum of the archive.
    pub(crate) fn start(folder: &Path) -> Result<Option<Self>> {
        let picture = seeds::png(24, 12, &[200; 24 * 12]);
        let noise: Vec<u8> =
            (0..200_000_u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
        let archive = seeds::zip(&[("a.png", &picture), ("b/noise.bin", &noise)]);
        let path = folder.join("archive.zip");
        fs::write(&path, &archive)?;
        let Ok(output) = Command::new("sha256sum").arg(&path).output() else { return Ok(None) };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some(checksum) = text.split_whitespace().next() else { return Ok(None) };
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let record = format!(
            r#"{{"metadata": {{"title": "Beams"}}, "files": [{{"key": "a.zip", "size": {}, "checksum": "sha256:{checksum}", "links": {{"self": "{url}{ARCHIVE}"}}}}]}}"#,
            archive.len()
        );
        let pages = Arc::new((record.into_bytes(), archive));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let pages = Arc::clone(&pages);
                std::thread::spawn(move || answer(stream, &pages));
            }
        });
        Ok(Some(Self { url }))
    }
}

/// Answers one request; a client that was killed does not hear it.
fn answer(mut stream: TcpStream, (record, archive): &(Vec<u8>, Vec<u8>)) {
    let (mut path, mut from) = (String::new(), 0);
    for line in BufReader::new(&stream).lines().map_while(Result::ok) {
        if path.is_empty() {
            line.split(' ').nth(1).unwrap_or_default().clone_into(&mut path);
        } else if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap_or(0);
        } else if line.is_empty() {
            break;
        }
    }
    let body = if path == ARCHIVE { archive } else { record };
    let (status, body) = match body.get(from..) {
        Some([]) | None => ("416 x", &[][..]),
        Some(rest) if from == 0 => ("200 x", rest),
        Some(rest) => ("206 x", rest),
    };
    let range = match status {
        "206 x" => {
            format!("Content-Range: bytes {from}-{0}/{1}\r\n", archive.len() - 1, archive.len())
        }
        _ => String::new(),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{range}\r\n"
    );
    let mut send = || -> std::io::Result<()> {
        stream.write_all(head.as_bytes())?;
        for piece in body.chunks(body.len().div_ceil(PIECES).max(1)) {
            std::thread::sleep(PAUSE);
            stream.write_all(piece)?;
        }
        Ok(())
    };
    let _ = send();
}
