//! Checksums as publishers state them, and of files.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A text is not a checksum of a known form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a checksum of a known form (md5:… or sha256:…)")]
pub struct UnknownChecksum {
    text: String,
}

/// A checksum with the name of its algorithm, such as `md5:9e107d9d372bb6826bd81d3542a419d6`.
///
/// MD5 is what Zenodo publishes: it finds damage, not malice. Ours are SHA-256.
///
/// # Examples
///
/// ```
/// use vae_hub::Checksum;
///
/// let published: Checksum = "md5:9E107D9D372BB6826BD81D3542A419D6".parse()?;
/// let text = b"The quick brown fox jumps over the lazy dog";
/// assert_eq!(published, Checksum::of_bytes(&published, text));
/// # Ok::<(), vae_hub::UnknownChecksum>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Checksum {
    algorithm: Algorithm,
    /// Lower-case hexadecimal.
    digest: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
        }
    }

    /// Hexadecimal digits of a digest.
    const fn len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 => 64,
        }
    }
}

impl Checksum {
    /// The checksum of bytes by the algorithm of `like`.
    pub fn of_bytes(like: &Self, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(like.algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The checksum of a file by the algorithm of `like`.
    pub(crate) fn of_file(like: &Self, path: &Path) -> io::Result<Self> {
        hash(File::open(path)?, Hasher::new(like.algorithm))
    }

    /// The SHA-256 of what a reader gives.
    pub(crate) fn sha256(reader: impl Read) -> io::Result<Self> {
        hash(reader, Hasher::new(Algorithm::Sha256))
    }

    /// Hexadecimal digits, without the algorithm.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }
}

/// Reads to the end.
fn hash(mut reader: impl Read, mut hasher: Hasher) -> io::Result<Checksum> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// A checksum in the making.
pub(crate) enum Hasher {
    Md5(Md5),
    Sha256(Sha256),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
        }
    }

    /// For a SHA-256.
    pub(crate) fn sha256() -> Self {
        Self::new(Algorithm::Sha256)
    }

    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// The checksum of all bytes added.
    pub(crate) fn finish(self) -> Checksum {
        let (algorithm, digest) = match self {
            Self::Md5(hasher) => (Algorithm::Md5, hexadecimal(&hasher.finalize())),
            Self::Sha256(hasher) => (Algorithm::Sha256, hexadecimal(&hasher.finalize())),
        };
        Checksum { algorithm, digest }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

impl FromStr for Checksum {
    type Err = UnknownChecksum;

    /// Reads `md5:…` and `sha256:…`; digits alone are known by their number.
    fn from_str(text: &str) -> Result<Self, UnknownChecksum> {
        let unknown = || UnknownChecksum { text: text.chars().take(80).collect() };
        let known = [Algorithm::Md5, Algorithm::Sha256];
        let (algorithm, digest) = match text.split_once(':') {
            Some((name, digest)) => {
                let name = name.to_ascii_lowercase().replace('-', "");
                (known.into_iter().find(|known| known.name() == name), digest)
            }
            None => (known.into_iter().find(|known| known.len() == text.len()), text),
        };
        let algorithm = algorithm.ok_or_else(unknown)?;
        let digest = digest.to_ascii_lowercase();
        let whole =
            digest.len() == algorithm.len() && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        if whole { Ok(Self { algorithm, digest }) } else { Err(unknown()) }
    }
}

impl TryFrom<String> for Checksum {
    type Error = UnknownChecksum;

    fn try_from(text: String) -> Result<Self, UnknownChecksum> {
        text.parse()
    }
}

impl From<Checksum> for String {
    fn from(checksum: Checksum) -> Self {
        checksum.to_string()
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1321, appendix A.5; FIPS 180-2, appendix B.1.
    #[test]
    fn published_values() {
        for (text, expected) in [
            (&b""[..], "md5:d41d8cd98f00b204e9800998ecf8427e"),
            (b"abc", "md5:900150983cd24fb0d6963f7d28e17f72"),
            (b"abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let expected: Checksum = expected.parse().unwrap();
            assert_eq!(Checksum::of_bytes(&expected, text), expected);
        }
    }

    #[test]
    fn spellings() {
        let plain: Checksum = "900150983cd24fb0d6963f7d28e17f72".parse().unwrap();
        assert_eq!(plain.to_string(), "md5:900150983cd24fb0d6963f7d28e17f72");
        assert_eq!("MD5:900150983CD24FB0D6963F7D28E17F72".parse::<Checksum>().unwrap(), plain);
        for text in [
            "",
            "md5:",
            "md5:90015098",
            "crc32:352441c2",
            "md5:900150983cd24fb0d6963f7d28e17fzz",
            "md5:ä00150983cd24fb0d6963f7d28e17f7",
        ] {
            assert!(text.parse::<Checksum>().is_err(), "{text}");
        }
    }
}
