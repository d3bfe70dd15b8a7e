//! Where the server listens, and the link that opens the page.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{ExploreError, Result};

/// Where a server listens.
#[derive(Clone, Debug)]
pub struct Address {
    /// Address and port.
    pub socket: SocketAddr,
    /// What a link must hold where others can reach this machine; `None` on this machine alone.
    pub(super) token: Option<String>,
}

impl Address {
    /// This machine alone if `host` is `None` or a loopback address; port 0 takes any that is free.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new(host: Option<IpAddr>, port: u16) -> Result<Self> {
        let host = host.unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let token = if host.is_loopback() { None } else { Some(token()?) };
        Ok(Self { socket: SocketAddr::new(host, port), token })
    }

    /// The link that opens the page, here or on another machine of the network.
    pub fn link(&self) -> String {
        let ip = self.socket.ip();
        let ip = if ip.is_unspecified() { outward(ip).unwrap_or(ip) } else { ip };
        let socket = SocketAddr::new(ip, self.socket.port());
        match &self.token {
            None => format!("http://{socket}/"),
            Some(token) => format!("http://{socket}/?token={token}"),
        }
    }
}

/// The address of this machine in its network; `None` without one. Nothing is sent: a connected
/// socket only chooses where it would send from.
fn outward(any: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Addresses that are kept free for documents.
    let far = if any.is_ipv4() { "192.0.2.1:9" } else { "[2001:db8::1]:9" };
    socket.connect(far).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// 128 random bits.
fn token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| ExploreError::System {
        action: "draw a token",
        source: std::io::Error::other(error),
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_machines_need_a_token() {
        let here = Address::new(None, 8017).unwrap();
        assert_eq!(here.link(), "http://127.0.0.1:8017/");
        let open = || Address::new(Some(IpAddr::from([0, 0, 0, 0])), 8017).unwrap();
        let (one, other) = (open(), open());
        assert_ne!(one.token, other.token);
        assert_eq!(one.token.as_ref().unwrap().len(), 22);
        assert!(one.link().ends_with(one.token.as_ref().unwrap()));
    }
}
