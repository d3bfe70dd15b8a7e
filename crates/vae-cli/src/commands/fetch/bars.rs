//! What a fetch shows while it works.

use vae_hub::Event;

use crate::output::note;
use crate::progress::Progress;

/// One bar at a time: of the file that is being downloaded, unpacked or verified.
#[derive(Default)]
pub(super) struct Bars {
    current: Option<(&'static str, String, Progress)>,
}

impl Bars {
    pub(super) fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Downloading { file, done, total } => {
                self.set("download", file, done, || Progress::bytes("download", total, done));
            }
            Event::Unpacking { file, done, total } => {
                self.set("unpack", file, done, || Progress::new("unpack", "files", total, done));
            }
            Event::Verifying { done, total } => {
                self.set("verify", "", done, || Progress::new("verify", "files", total, done));
            }
            Event::Converting { done, total } => {
                self.set("convert", "", done, || Progress::new("convert", "designs", total, done));
            }
            Event::Getting { file, nth, of } => note(format!("file {nth} of {of}: {file}")),
            Event::Waiting { reason, wait } => {
                let cause = std::error::Error::source(reason)
                    .map(|cause| format!(": {cause}"))
                    .unwrap_or_default();
                let text = format!("{reason}{cause}; trying again in {} s", wait.as_secs());
                match &self.current {
                    Some((_, _, bar)) => bar.say(&text),
                    None => note(text),
                }
            }
            _ => {}
        }
    }

    fn set(&mut self, what: &'static str, file: &str, done: u64, start: impl FnOnce() -> Progress) {
        if !matches!(&self.current, Some((phase, name, _)) if *phase == what && name == file) {
            self.finish();
            self.current = Some((what, file.to_owned(), start()));
        }
        if let Some((_, name, bar)) = &mut self.current {
            bar.set(done, name);
        }
    }

    pub(super) fn finish(&mut self) {
        if let Some((_, _, bar)) = self.current.take() {
            bar.finish();
        }
    }
}
