//! HTTP: one request, one answer.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::http::{HeaderMap, header};
use ureq::tls::TlsConfig;

use crate::error::HubError;
use crate::pace::{Pace, Paced, Slow};
use crate::retry::Failure;

/// How long to wait for an answer, and for more of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Descriptions in JSON are read up to this size.
const MAX_TEXT: u64 = 16 << 20;

/// Asks servers.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: Agent,
    patience: Duration,
    pace: Pace,
    /// When everything has to be here.
    deadline: Option<Instant>,
}

/// The body of an answer.
pub(crate) struct Answer {
    /// Position in the file of the first byte.
    pub(crate) start: u64,
    pub(crate) body: Box<dyn Read>,
}

impl Client {
    /// Waits `patience` (half a minute by default) for a connection, for an answer, and between two
    /// pieces of it, which have to keep pace.
    pub(crate) fn new(patience: Option<Duration>, pace: Pace) -> Self {
        let patience = patience.unwrap_or(PATIENCE);
        let agent = Agent::config_builder()
            .user_agent(concat!("vae-hub/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .timeout_resolve(Some(patience))
            .timeout_connect(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_per_read(Some(patience))
            .tls_config(TlsConfig::default())
            .build()
            .new_agent();
        Self { agent, patience, pace, deadline: None }
    }

    /// The same client for work that begins now, and has the time that its pace allows.
    pub(crate) fn beginning_now(&self) -> Self {
        Self { deadline: Instant::now().checked_add(self.pace.total), ..self.clone() }
    }

    /// The text at an address.
    pub(crate) fn text(&self, url: &str) -> Result<String, Failure> {
        let answer = self.get(url, 0)?;
        let mut bytes = Vec::new();
        answer
            .body
            .take(MAX_TEXT + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| self.broken_off(url, source))?;
        let why = if MAX_TEXT < bytes.len() as u64 {
            "it is too long"
        } else {
            match String::from_utf8(bytes) {
                Ok(text) => return Ok(text),
                Err(_) => "it is not text",
            }
        };
        Err(HubError::Answer { url: url.into(), why: why.into() }.into())
    }

    /// The file at an address from byte `from` on, or from its beginning if the server cannot do
    /// that.
    pub(crate) fn get(&self, url: &str, from: u64) -> Result<Answer, Failure> {
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(self.slow(url, Slow::Total).into());
        }
        let mut request = self.agent.get(url);
        if 0 < from {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        let response = request.call().map_err(|error| self.failed(url, error))?;
        let status = response.status().as_u16();
        let start = match status {
            200 => 0,
            206 => first_byte(response.headers())
                .ok_or_else(|| protocol(url, "a part of the file at an unknown place"))?,
            _ => {
                let asked = retry_after(response.headers());
                let error = HubError::Status { url: url.into(), status, asked };
                return Err(Failure { asked, ..error.into() });
            }
        };
        if start != 0 && start != from {
            return Err(protocol(url, "another part of the file than was asked for").into());
        }
        let body = Paced::new(response.into_body().into_reader(), self.pace, self.deadline);
        Ok(Answer { start, body: Box::new(body) })
    }

    /// Why a body ended before its end.
    pub(crate) fn broken_off(&self, url: &str, source: io::Error) -> HubError {
        if let Some(slow) = source.get_ref().and_then(|inner| inner.downcast_ref::<Slow>()) {
            return self.slow(url, *slow);
        }
        let timed_out = matches!(
            source.get_ref().and_then(|inner| inner.downcast_ref()),
            Some(ureq::Error::Timeout(_))
        );
        if timed_out || source.kind() == io::ErrorKind::TimedOut {
            return HubError::Stalled { url: url.into(), seconds: self.patience.as_secs() };
        }
        HubError::Http { url: url.into(), source: source.into(), passing: true }
    }

    fn slow(&self, url: &str, slow: Slow) -> HubError {
        match slow {
            Slow::Rate => HubError::Slow { url: url.into(), least: self.pace.least },
            Slow::Total => HubError::Overdue { url: url.into(), limit: self.pace.total },
        }
    }

    /// Why there is no answer.
    fn failed(&self, url: &str, error: ureq::Error) -> HubError {
        use ureq::Error;
        let url = url.to_owned();
        match error {
            Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve)
            | Error::HostNotFound
            | Error::ConnectionFailed => HubError::Unreachable { url, source: error.into() },
            Error::Timeout(_) => HubError::Stalled { url, seconds: self.patience.as_secs() },
            Error::Io(source) if is_no_connection(source.kind()) => {
                HubError::Unreachable { url, source: source.into() }
            }
            Error::Io(source) => self.broken_off(&url, source),
            // The server closed the connection in the middle of its answer.
            Error::Protocol(_) => HubError::Http { url, source: error.into(), passing: true },
            error => HubError::Http { url, source: error.into(), passing: false },
        }
    }
}

fn protocol(url: &str, why: &'static str) -> HubError {
    HubError::Http {
        url: url.into(),
        source: format!("the server sent {why}").into(),
        passing: true,
    }
}

fn is_no_connection(kind: io::ErrorKind) -> bool {
    use io::ErrorKind;
    matches!(
        kind,
        ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
    )
}

/// The first byte in `Content-Range: bytes 100-199/1000`.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

/// The wait in `Retry-After: 120`; dates are not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
