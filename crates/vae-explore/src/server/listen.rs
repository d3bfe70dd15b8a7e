//! Accepting connections, with limits that a slow or broken client cannot pass.

use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::address::Address;
use super::desk::Desk;
use super::patient::Patient;
use super::routes::Site;
use crate::answers::Studio;
use crate::error::{ExploreError, Result};
use crate::subject::{Results, Subject};

/// Most bytes of the lines of a request.
const MOST_HEADER: usize = 32 * 1024;
/// How often the server looks whether it shall end.
const TICK: Duration = Duration::from_millis(100);
/// Work in the background rests this long after a request.
const REST: Duration = Duration::from_millis(400);

/// How much of a slow or broken client is borne.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; others wait in the queue of the system.
    pub connections: usize,
    /// Time for the lines of a request to arrive; an idle connection is closed after it too.
    pub header_patience: Duration,
    /// Time in which the other end has to take something.
    pub write_patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 128,
            header_patience: Duration::from_secs(15),
            write_patience: Duration::from_secs(20),
        }
    }
}

/// A server that has its port.
pub struct Server {
    limits: Limits,
    listener: StdListener,
    address: Address,
    site: Arc<Site>,
}

impl Server {
    /// Takes the port and prepares what is served.
    ///
    /// # Errors
    /// [`ExploreError::Listen`] if the port is taken; if a picture cannot be made.
    pub fn bind(subject: Subject, mut address: Address, limits: Limits) -> Result<Self> {
        let failed = |source| ExploreError::Listen { address: address.socket, source };
        let listener = StdListener::bind(address.socket).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        address.socket = listener.local_addr().map_err(failed)?;
        let site = Arc::new(Site::new(Arc::new(subject), address.clone())?);
        Ok(Self { limits, listener, address, site })
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Answers until `stop` is set.
    ///
    /// # Errors
    /// If the system gives no thread or no timer.
    pub fn serve(self, stop: &Arc<AtomicBool>) -> Result<()> {
        let system = |source| ExploreError::System { action: "start a thread", source };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(system)?;
        let site = self.site;
        let mut threads = Vec::new();
        for (desk, name) in [(&site.quick, "designs"), (&site.slow, "searches")] {
            let (desk, studio) = (Arc::clone(desk), Studio::new(Arc::clone(&site.subject)));
            let builder = std::thread::Builder::new().name(name.into());
            threads.push(builder.spawn(move || desk.serve(studio)).map_err(system)?);
        }
        let background = Arc::clone(&site);
        let stopped = Arc::clone(stop);
        let builder = std::thread::Builder::new().name("results".into());
        let judging = move || fill(&background.results, &background, &stopped);
        threads.push(builder.spawn(judging).map_err(system)?);
        let outcome = runtime.block_on(accept(self.listener, &site, self.limits, stop));
        site.quick.close();
        site.slow.close();
        // Connections that are still open end with the runtime, threads with what they are doing.
        runtime.shutdown_background();
        for thread in threads {
            let _ = thread.join();
        }
        outcome.map_err(system)
    }
}

/// Judges all designs while nobody asks for anything.
fn fill(results: &Results, site: &Site, stop: &AtomicBool) {
    let is_busy = |desk: &Desk| desk.is_used(REST);
    let wait = || {
        while !stop.load(Ordering::Relaxed) && (is_busy(&site.quick) || is_busy(&site.slow)) {
            std::thread::sleep(TICK);
        }
    };
    if let Err(error) = results.fill(&site.subject, stop, wait) {
        site.note(&error);
    }
}

async fn accept(
    listener: StdListener,
    site: &Arc<Site>,
    limits: Limits,
    stop: &AtomicBool,
) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let room = Arc::new(Semaphore::new(limits.connections));
    while !stop.load(Ordering::Relaxed) {
        let Ok(Ok(place)) = tokio::time::timeout(TICK, Arc::clone(&room).acquire_owned()).await
        else {
            continue;
        };
        match tokio::time::timeout(TICK, listener.accept()).await {
            Ok(Ok((stream, _))) => {
                let (site, room) = (Arc::clone(site), Arc::clone(&room));
                tokio::spawn(async move {
                    converse(stream, &site, limits, &room).await;
                    drop(place);
                });
            }
            // No file handle, or a client that is gone already.
            Ok(Err(_)) => tokio::time::sleep(TICK).await,
            Err(_) => {}
        }
    }
    Ok(())
}

async fn converse(stream: TcpStream, site: &Arc<Site>, limits: Limits, room: &Arc<Semaphore>) {
    // Small parts of an answer go out at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let site = Arc::clone(site);
        // When room is short, nobody keeps a place that others wait for.
        let is_crowded = room.available_permits() < limits.connections / 2;
        async move { Ok::<_, std::convert::Infallible>(site.answer(request, is_crowded).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_patience)
        .max_buf_size(MOST_HEADER)
        .serve_connection(TokioIo::new(Patient::new(stream, limits.write_patience)), service);
    // A client that breaks off harms nobody.
    let _ = connection.await;
}
