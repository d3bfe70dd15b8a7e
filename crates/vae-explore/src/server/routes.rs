//! What is answered at which address.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::unbounded_channel;

use super::address::Address;
use super::body::Body;
use super::desk::{Desk, Ticket, Work};
use super::guard;
use crate::answers::{
    Decoded, DesignQuery, ExportQuery, State, StripsQuery, export, make_stiffer, strips,
};
use crate::assets::{ASSETS, INDEX};
use crate::error::Result;
use crate::frame::{Frame, Plane};
use crate::offline::offline_page;
use crate::subject::{Atlas, Results, Subject, about, table};

/// Most bytes of a question about one design.
const MOST_BODY: usize = 128 * 1024;
/// Most bytes of a question about many designs.
const MOST_LONG_BODY: usize = 4 * 1024 * 1024;
/// Questions about many designs at a time.
const MOST_LONG: usize = 4;
/// Time for the body of a request to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(15);

/// The page may use what this server gives it, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Everything that is served.
pub(super) struct Site {
    pub(super) subject: Arc<Subject>,
    pub(super) results: Results,
    /// Designs under the finger.
    pub(super) quick: Arc<Desk>,
    /// Searches, strips and files.
    pub(super) slow: Arc<Desk>,
    address: Address,
    about: Bytes,
    table: Bytes,
    atlas: Bytes,
    long: Semaphore,
    /// What went wrong in the background.
    trouble: Mutex<Option<String>>,
}

type Answer = Response<Body>;

impl Site {
    pub(super) fn new(subject: Arc<Subject>, address: Address) -> Result<Self> {
        let atlas = Atlas::draw(&subject.designs)?;
        Ok(Self {
            results: Results::new(&subject),
            quick: Arc::default(),
            slow: Arc::default(),
            address,
            about: about(&subject, &atlas).to_string().into(),
            table: table(&subject).to_bytes(0).into(),
            atlas: atlas.png.into(),
            long: Semaphore::new(MOST_LONG),
            trouble: Mutex::default(),
            subject,
        })
    }

    /// Keeps what went wrong in the background, for the page to say.
    pub(super) fn note(&self, error: &dyn std::error::Error) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        *trouble = Some(error.to_string());
    }

    /// Answers a request; afterwards the connection is closed if `is_last`.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        is_last: bool,
    ) -> Answer {
        let mut answer = match guard::check(&self.address, request.uri(), request.headers()) {
            Ok(()) => self.route(request).await,
            Err((status, text)) => plain(status, text),
        };
        let headers = answer.headers_mut();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        if is_last {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }

    async fn route(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        let path = request.uri().path().to_owned();
        match (request.method(), path.as_str()) {
            (&Method::GET, "/") => self.page(&request),
            (&Method::GET, "/atlas.png") => of_kind("image/png", self.atlas.clone()),
            (&Method::GET, "/api/about") => of_kind(JSON, self.about.clone()),
            (&Method::GET, "/api/table") => of_kind(FRAMES, self.table.clone()),
            (&Method::GET, "/api/results") => of_kind(FRAMES, self.known_results()),
            (&Method::GET, path) => {
                let asset = ASSETS.iter().find(|asset| asset.path == path);
                asset.map_or_else(
                    || plain(StatusCode::NOT_FOUND, "there is nothing here"),
                    |asset| of_kind(asset.kind, Bytes::from_static(asset.text.as_bytes())),
                )
            }
            (&Method::POST, "/api/design") => {
                self.ask(request, "design", MOST_BODY, |query: DesignQuery| {
                    Box::new(move |studio, line| {
                        studio.answer(&query, || line.is_open(), |frame| line.send(&frame))
                    })
                })
                .await
            }
            (&Method::POST, "/api/strips") => {
                self.ask(request, "strips", MOST_BODY, |query: StripsQuery| {
                    Box::new(move |studio, line| {
                        strips(studio, &query, || line.is_open(), |frame| line.send(&frame))
                    })
                })
                .await
            }
            (&Method::POST, "/api/stiffer") => {
                self.ask(request, "stiffer", MOST_BODY, |query: Decoded| {
                    Box::new(move |studio, line| {
                        make_stiffer(studio, &query, |frame| line.send(&frame))
                    })
                })
                .await
            }
            (&Method::POST, "/api/continue") => {
                self.ask(request, "continue", MOST_BODY, |query: DesignQuery| {
                    Box::new(move |studio, line| {
                        studio.answer(&query, || line.is_open(), |frame| line.send(&frame))
                    })
                })
                .await
            }
            (&Method::POST, "/api/export") => {
                let Ok(_place) = self.long.try_acquire() else { return busy() };
                self.ask(request, "export", MOST_LONG_BODY, |query: ExportQuery| {
                    Box::new(move |studio, line| {
                        let saved = export(studio, &query)?;
                        let head =
                            json!({ "kind": "file", "name": saved.name, "type": saved.kind });
                        line.send(&Frame::plain(head));
                        line.send_bytes(saved.bytes);
                        Ok(())
                    })
                })
                .await
            }
            (&Method::POST, "/api/page") => {
                let site = Arc::clone(&self);
                let Ok(_place) = self.long.try_acquire() else { return busy() };
                self.ask(request, "page", MOST_LONG_BODY, |state: State| {
                    Box::new(move |studio, line| {
                        let page = offline_page(studio, &site.results, Some(&state))?;
                        let head =
                            json!({ "kind": "file", "name": "designs.html", "type": "text/html" });
                        line.send(&Frame::plain(head));
                        line.send_bytes(page.into_bytes());
                        Ok(())
                    })
                })
                .await
            }
            (&Method::POST, _) => plain(StatusCode::NOT_FOUND, "there is nothing here"),
            _ => plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and POST are answered"),
        }
    }

    /// The page; a link with the token leaves it in a cookie, so that it need not be in every
    /// address.
    fn page(&self, request: &Request<Incoming>) -> Answer {
        let mut answer = of_kind("text/html; charset=utf-8", Bytes::from_static(INDEX.as_bytes()));
        if let Some(token) = &self.address.token
            && guard::link_has_token(&self.address, request.uri())
        {
            let name = guard::cookie_name(&self.address);
            let cookie = format!("{name}={token}; HttpOnly; SameSite=Strict; Path=/");
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                answer.headers_mut().insert(header::SET_COOKIE, cookie);
            }
        }
        answer
    }

    /// What mechanics has found so far.
    fn known_results(&self) -> Bytes {
        let (done, columns) = self.results.columns();
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let head = json!({ "kind": "results", "done": done, "trouble": trouble });
        let planes = columns.map(|(name, values)| Plane::numbers(name, (values.len(), 1), values));
        Frame::new(head, planes.into()).to_bytes(0).into()
    }

    /// Reads a question and hands it to a thread; the answer comes part by part.
    async fn ask<Q: DeserializeOwned>(
        &self,
        request: Request<Incoming>,
        kind: &'static str,
        most: usize,
        work: impl FnOnce(Q) -> Work,
    ) -> Answer {
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        if text("content-type").map(|kind| kind.split(';').next().unwrap_or(kind).trim())
            != Some("application/json")
        {
            return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a question is application/json");
        }
        let page = text("x-page").filter(|page| page.len() <= 40).unwrap_or_default().to_owned();
        let number = text("x-number").and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let body = Limited::new(request.into_body(), most).collect();
        let body = match tokio::time::timeout(BODY_PATIENCE, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "the question is too long"),
            Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the question did not arrive"),
        };
        let query: Q = match serde_json::from_slice(&body) {
            Ok(query) => query,
            Err(error) => return plain(StatusCode::BAD_REQUEST, error.to_string()),
        };
        let (answer, parts) = unbounded_channel();
        let desk = if kind == "design" { &self.quick } else { &self.slow };
        if desk.submit(Ticket { page, kind, number }, work(query), answer) {
            let mut answer = Response::new(Body::Parts(parts));
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FRAMES));
            answer
        } else {
            busy()
        }
    }
}

const JSON: &str = "application/json";
const FRAMES: &str = "application/octet-stream";

fn of_kind(kind: &'static str, bytes: Bytes) -> Answer {
    let mut answer = Response::new(Body::whole(bytes));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn plain(status: StatusCode, text: impl Into<String>) -> Answer {
    let mut answer = of_kind("text/plain; charset=utf-8", text.into().into());
    *answer.status_mut() = status;
    answer
}

fn busy() -> Answer {
    plain(StatusCode::SERVICE_UNAVAILABLE, "too many questions at a time; ask again")
}
