//! Who may ask.
//!
//! A page of another site can make a browser send requests here, and a name of another site can be
//! made to point here. So the host must be this server's own, and the origin of a request must be
//! its own page. Where other machines can reach the server, a request must also know the token of
//! the link.

use std::net::IpAddr;

use hyper::header::{COOKIE, HOST, HeaderMap, ORIGIN};
use hyper::{StatusCode, Uri};

use super::address::Address;

/// Why a request is refused.
pub(super) type Refusal = (StatusCode, &'static str);

/// Name of the cookie that holds the token; cookies do not know ports, so the name does.
pub(super) fn cookie_name(address: &Address) -> String {
    format!("vae-explore-{}", address.socket.port())
}

/// Whether the address itself holds the token, as the link does.
pub(super) fn link_has_token(address: &Address, uri: &Uri) -> bool {
    let given =
        uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
    address.token.as_deref().zip(given).is_some_and(|(token, given)| same(token, given))
}

/// Refuses requests that do not come from the page of this server.
pub(super) fn check(address: &Address, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST).filter(|_| headers.get_all(HOST).iter().count() == 1);
    let host = host.ok_or((StatusCode::BAD_REQUEST, "a request names one host"))?;
    if !is_ours(host, address) {
        return Err((StatusCode::FORBIDDEN, "this server is not asked by that name"));
    }
    if headers.contains_key(ORIGIN) && text(ORIGIN) != Some(format!("http://{host}").as_str()) {
        return Err((StatusCode::FORBIDDEN, "a page of another site may not ask here"));
    }
    if let Some(site) = headers.get("sec-fetch-site")
        && !["same-origin", "none"].iter().any(|fine| site == fine)
        && uri.path() != "/"
    {
        return Err((StatusCode::FORBIDDEN, "a page of another site may not ask here"));
    }
    let Some(token) = &address.token else { return Ok(()) };
    let name = cookie_name(address);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let known = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(key, value)| key == name && same(token, value));
    if known || link_has_token(address, uri) {
        Ok(())
    } else {
        Err((StatusCode::FORBIDDEN, "open the link with its token, as it was printed"))
    }
}

/// Whether a host is a number of this machine, or its own name for itself. Names could be made to
/// point here by anybody, numbers cannot.
fn is_ours(host: &str, address: &Address) -> bool {
    let port = address.socket.port();
    let (name, host_port) = match host.rsplit_once(':') {
        Some((name, digits)) if !digits.ends_with(']') => (name, digits.parse().ok()),
        _ => (host, Some(80)),
    };
    if host_port != Some(port) {
        return false;
    }
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    let Ok(ip) = bare.parse::<IpAddr>() else { return false };
    let listens = address.socket.ip();
    ip == listens || ip.is_loopback() || listens.is_unspecified()
}

/// Compares without ending at the first difference, so that time says nothing.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |sum, (x, y)| sum | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: &Address, uri: &str, lines: &[(&'static str, &str)]) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        match check(address, &uri.parse().unwrap(), &headers) {
            Ok(()) => 200,
            Err((status, _)) => status.as_u16(),
        }
    }

    #[test]
    fn only_the_page_of_this_server_may_ask() {
        let here = Address::new(None, 8017).unwrap();
        let host = ("host", "127.0.0.1:8017");
        assert_eq!(ask(&here, "/", &[host]), 200);
        assert_eq!(ask(&here, "/", &[("host", "localhost:8017")]), 200);
        assert_eq!(ask(&here, "/", &[("host", "[::1]:8017")]), 200);
        for other in ["evil.example:8017", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil:8017", ""] {
            assert_eq!(ask(&here, "/", &[("host", other)]), 403, "{other:?}");
        }
        assert_eq!(ask(&here, "/", &[]), 400);
        assert_eq!(ask(&here, "/", &[host, ("host", "localhost:8017")]), 400);
        assert_eq!(ask(&here, "/x", &[host, ("origin", "http://127.0.0.1:8017")]), 200);
        for other in
            ["null", "http://evil.example", "http://127.0.0.1:80", "https://127.0.0.1:8017"]
        {
            assert_eq!(ask(&here, "/x", &[host, ("origin", other)]), 403, "{other:?}");
        }
        assert_eq!(ask(&here, "/api", &[host, ("sec-fetch-site", "same-origin")]), 200);
        assert_eq!(ask(&here, "/api", &[host, ("sec-fetch-site", "cross-site")]), 403);
        // A link elsewhere may lead here.
        assert_eq!(ask(&here, "/", &[host, ("sec-fetch-site", "cross-site")]), 200);
    }

    #[test]
    fn where_others_can_reach_it_the_token_is_needed() {
        let open = Address::new(Some(IpAddr::from([0, 0, 0, 0])), 8017).unwrap();
        let token = open.token.clone().unwrap();
        let host = ("host", "192.168.1.7:8017");
        assert_eq!(ask(&open, "/", &[host]), 403);
        assert_eq!(ask(&open, &format!("/?token={token}"), &[host]), 200);
        assert_eq!(ask(&open, "/?token=0123456789012345678901", &[host]), 403);
        let cookie = format!("other=1; vae-explore-8017={token}");
        assert_eq!(ask(&open, "/api", &[host, ("cookie", &cookie)]), 200);
        assert_eq!(ask(&open, "/api", &[host, ("cookie", "vae-explore-8017=")]), 403);
        assert_eq!(ask(&open, "/", &[("host", "evil.example:8017"), ("cookie", &cookie)]), 403);
    }
}
