//! A thread that answers one request after the other, the newest of each page first to count.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use crate::answers::Studio;
use crate::error::{ExploreError, Result};
use crate::frame::Frame;

/// Requests that wait at most; more are turned away.
const MOST_WAITING: usize = 64;

/// Whose request it is: a page, what it asks for, and the number of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// The page, by a name that it gave itself.
    pub(super) page: String,
    /// What it asks for: a newer request of the same kind replaces an older one.
    pub(super) kind: &'static str,
    /// The number of the request.
    pub(super) number: u64,
}

/// What has to be done; it may ask whether anybody still waits, and sends frames.
pub(super) type Work = Box<dyn FnOnce(&mut Studio, &Line<'_>) -> Result<()> + Send>;

/// The way back to the page that asked.
pub(super) struct Line<'a> {
    ticket: &'a Ticket,
    desk: &'a Desk,
    answer: &'a UnboundedSender<Bytes>,
}

impl Line<'_> {
    /// Whether the page still waits for this answer: it has gone neither away nor further.
    pub(super) fn is_open(&self) -> bool {
        let waiting = &self.desk.inbox().waiting;
        !self.answer.is_closed() && !waiting.iter().any(|job| job.ticket.replaces(self.ticket))
    }

    /// Sends a part of the answer.
    pub(super) fn send(&self, frame: &Frame) {
        // A page that has gone away wants no answer.
        let _ = self.answer.send(frame.to_bytes(self.ticket.number).into());
    }

    /// Sends bytes as they are.
    pub(super) fn send_bytes(&self, bytes: Vec<u8>) {
        let _ = self.answer.send(bytes.into());
    }
}

impl Ticket {
    fn replaces(&self, older: &Self) -> bool {
        self.page == older.page && self.kind == older.kind && older.number < self.number
    }
}

/// A request that waits.
struct Job {
    ticket: Ticket,
    work: Work,
    answer: UnboundedSender<Bytes>,
}

#[derive(Default)]
struct Inbox {
    waiting: VecDeque<Job>,
    closed: bool,
    last_used: Option<Instant>,
}

/// Where requests wait for their thread.
#[derive(Default)]
pub(super) struct Desk {
    inbox: Mutex<Inbox>,
    bell: Condvar,
}

impl Desk {
    /// Lets a request wait; an older one of the same page and kind is answered that it was
    /// overtaken. Returns whether there was room.
    pub(super) fn submit(
        &self,
        ticket: Ticket,
        work: Work,
        answer: UnboundedSender<Bytes>,
    ) -> bool {
        let mut inbox = self.inbox();
        inbox.last_used = Some(Instant::now());
        inbox.waiting.retain(|job| {
            let overtaken = ticket.replaces(&job.ticket);
            if overtaken {
                let _ = job.answer.send(overtaken_bytes(job.ticket.number));
            }
            !overtaken && !job.answer.is_closed()
        });
        if inbox.closed || MOST_WAITING <= inbox.waiting.len() {
            return false;
        }
        if inbox.waiting.iter().any(|job| job.ticket.replaces(&ticket)) {
            let _ = answer.send(overtaken_bytes(ticket.number));
            return true;
        }
        inbox.waiting.push_back(Job { ticket, work, answer });
        drop(inbox);
        self.bell.notify_one();
        true
    }

    /// Answers requests until the desk is closed.
    pub(super) fn serve(self: &Arc<Self>, mut studio: Studio) {
        while let Some(Job { ticket, work, answer }) = self.next() {
            let line = Line { ticket: &ticket, desk: self, answer: &answer };
            if answer.is_closed() {
                continue;
            }
            // A bug in one answer must not end the session.
            let attempt = std::panic::AssertUnwindSafe(|| work(&mut studio, &line));
            match std::panic::catch_unwind(attempt) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => line.send(&Frame::failure(&error)),
                Err(_) => {
                    let error = ExploreError::Request("this request broke the program".into());
                    line.send(&Frame::failure(&error));
                    studio = Studio::new(Arc::clone(&studio.subject));
                }
            }
        }
    }

    /// Lets the thread end after what it is doing.
    pub(super) fn close(&self) {
        let mut inbox = self.inbox();
        inbox.closed = true;
        inbox.waiting.clear();
        drop(inbox);
        self.bell.notify_all();
    }

    /// Whether a request came within some time, so that work in the background should wait.
    pub(super) fn is_used(&self, within: Duration) -> bool {
        self.inbox().last_used.is_some_and(|last| last.elapsed() < within)
    }

    fn next(&self) -> Option<Job> {
        let mut inbox = self.inbox();
        loop {
            if inbox.closed {
                return None;
            }
            if let Some(job) = inbox.waiting.pop_front() {
                return Some(job);
            }
            inbox = self.bell.wait(inbox).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn overtaken_bytes(number: u64) -> Bytes {
    Frame::plain(serde_json::json!({ "kind": "overtaken" })).to_bytes(number).into()
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    fn submit(desk: &Desk, page: &str, number: u64) -> UnboundedReceiver<Bytes> {
        let (answer, received) = unbounded_channel();
        let ticket = Ticket { page: page.into(), kind: "design", number };
        assert!(desk.submit(ticket, Box::new(|_, _| Ok(())), answer));
        received
    }

    /// Nobody serves the desk, so all of them wait, whatever the machine.
    #[test]
    fn the_newest_request_of_each_page_stays() {
        let desk = Desk::default();
        let other = submit(&desk, "two", 1);
        // The third comes late, and is overtaken at once.
        let order = [1, 2, 4, 3, 5, 6];
        let mut asked = order.map(|number| (number, submit(&desk, "one", number)));
        for (number, answer) in &mut asked {
            let overtaken = answer.try_recv().ok();
            assert_eq!(overtaken, (*number != 6).then(|| overtaken_bytes(*number)));
        }
        drop(other);
        let left: Vec<(String, u64)> = (0..2)
            .map(|_| desk.next().unwrap().ticket)
            .map(|ticket| (ticket.page, ticket.number))
            .collect();
        assert_eq!(left, [("two".into(), 1), ("one".into(), 6)]);
        desk.close();
        assert!(desk.next().is_none());
    }
}
