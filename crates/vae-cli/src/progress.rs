//! Progress on stderr: a bar on a terminal, plain lines otherwise.

use std::io::IsTerminal as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use vae_base::text::printable;

use crate::output::{manner, note};

/// Seconds between plain lines.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// Progress of a long piece of work, in units done of a known total.
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: Option<Plain>,
    heartbeat: Option<Heartbeat>,
}

struct Plain {
    what: &'static str,
    amount: Amount,
    started: Instant,
    said: Instant,
    from: u64,
}

/// What is counted.
#[derive(Clone, Copy)]
enum Amount {
    Count,
    Bytes,
}

impl Amount {
    fn text(self, value: f64, decimals: usize) -> String {
        match self {
            Self::Count => format!("{value:.decimals$}"),
            Self::Bytes => HumanBytes(value as u64).to_string(),
        }
    }
}

impl Progress {
    /// `unit` is what is counted, such as `designs`; `done` of `total` are done already.
    pub(crate) fn new(what: &'static str, unit: &'static str, total: u64, done: u64) -> Self {
        let style = format!(
            "{what} {{bar:30}} {{pos}}/{{len}} {unit} {{per_sec}}, {{eta}} left  {{wide_msg}}"
        );
        Self::with(what, &style, Amount::Count, total, done)
    }

    /// Likewise, counted in bytes.
    pub(crate) fn bytes(what: &'static str, total: u64, done: u64) -> Self {
        let style = format!(
            "{what} {{bar:30}} {{bytes}}/{{total_bytes}} {{bytes_per_sec}}, {{eta}} left  {{wide_msg}}"
        );
        Self::with(what, &style, Amount::Bytes, total, done)
    }

    fn with(what: &'static str, style: &str, amount: Amount, total: u64, done: u64) -> Self {
        let style =
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        let (terminal, quiet) = (std::io::stderr().is_terminal(), manner().quiet);
        let target = if terminal && !quiet {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target)
            .with_style(style)
            .with_position(done);
        bar.reset_eta();
        let now = Instant::now();
        Self {
            bar,
            plain: (!terminal || quiet).then_some(Plain {
                what,
                amount,
                started: now,
                said: now,
                from: done,
            }),
            heartbeat: None,
        }
    }

    /// So many units are done.
    pub(crate) fn set(&mut self, done: u64, message: &str) {
        self.bar.set_position(done);
        self.bar.set_message(printable(message).into_owned());
        let total = self.bar.length().unwrap_or(0);
        let Some(plain) = &mut self.plain else { return };
        if PLAIN_INTERVAL <= plain.said.elapsed() {
            plain.said = Instant::now();
            let rate =
                done.saturating_sub(plain.from) as f64 / plain.started.elapsed().as_secs_f64();
            let left =
                if 0.0 < rate { total.saturating_sub(done) as f64 / rate } else { f64::INFINITY };
            let amount = plain.amount;
            let gap = if message.is_empty() { "" } else { "  " };
            note(format!(
                "{} {}/{}, {}/s, {left:.0} s left{gap}{message}",
                plain.what,
                amount.text(done as f64, 0),
                amount.text(total as f64, 0),
                amount.text(rate, 1)
            ));
        }
    }

    /// What was counted is done, and what follows takes a time that is not known.
    pub(crate) fn rest(&mut self, what: &'static str) {
        if self.plain.is_some() {
            self.heartbeat = Some(Heartbeat::new(what));
            return;
        }
        let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        self.bar.set_message(what);
        self.bar.reset_elapsed();
        self.bar.enable_steady_tick(Duration::from_millis(125));
    }

    /// `n` more units are done.
    pub(crate) fn add(&mut self, n: u64) {
        self.set(self.bar.position() + n, "");
    }

    /// A line that stays.
    pub(crate) fn say(&self, text: &str) {
        if self.plain.is_some() { note(text) } else { self.bar.suspend(|| note(text)) }
    }

    /// Removes the bar.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// Does a piece of work of unknown length, and shows that it goes on.
pub(crate) fn working<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    let mut progress = Progress::new(what, "", 1, 0);
    progress.rest(what);
    let done = work();
    progress.finish();
    done
}

/// Says every few seconds that something goes on, until it is dropped.
struct Heartbeat {
    end: Option<Sender<()>>,
    lines: Option<JoinHandle<()>>,
}

impl Heartbeat {
    fn new(what: &'static str) -> Self {
        let (end, waiting) = mpsc::channel();
        let started = Instant::now();
        let lines = std::thread::spawn(move || {
            while waiting.recv_timeout(PLAIN_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                note(format!("{what}: {:.0} s so far", started.elapsed().as_secs_f64()));
            }
        });
        Self { end: Some(end), lines: Some(lines) }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        // The thread ends as soon as the channel is closed.
        drop(self.end.take());
        let _ = self.lines.take().map(JoinHandle::join);
    }
}
