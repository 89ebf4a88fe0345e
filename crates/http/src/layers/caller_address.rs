//! The address a request comes from, behind proxies that are trusted.
//!
//! It deliberately believes `X-Forwarded-For` only from trusted proxies, and reads it from the
//! right: whatever stands left of the first stranger was written by that stranger.

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

/// The header proxies write.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the caller. Without a known peer, as in tests, it is `0.0.0.0`: all such callers
/// share one, which limits them the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallerAddress(pub IpAddr);

/// Addresses written as one, `10.1.2.3`, or as a network, `10.0.0.0/8` (CIDR, RFC 4632).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Whether the address is one of them.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let net = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        net.map(Self).ok_or_else(|| {
            "expected an address or a network, such as 10.1.2.3 or 10.0.0.0/8".to_owned()
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The proxies in front of the program.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Network]>);

impl TrustedProxies {
    /// Proxies at these addresses.
    pub fn new(networks: &[Network]) -> Self {
        Self(networks.into())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// The caller, given the peer of the connection and the headers.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        if !self.trusts(caller) {
            return caller;
        }
        let lines: Vec<&str> =
            headers.get_all(X_FORWARDED_FOR).iter().map(|v| v.to_str().unwrap_or("?")).collect();
        for entry in lines.iter().flat_map(|line| line.split(',')).rev() {
            // What cannot be read was not written by a proxy; the last one known stands.
            let Some(address) = address_of(entry.trim()) else { break };
            caller = address;
            if !self.trusts(caller) {
                break;
            }
        }
        caller
    }
}

/// The address of an entry, which some proxies write with a port.
fn address_of(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse().ok();
    let address = address.or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// The address of the caller of a request.
pub(super) fn of(proxies: &TrustedProxies, request: &Request) -> CallerAddress {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    CallerAddress(proxies.caller(peer, request.headers()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn caller(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let networks: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(X_FORWARDED_FOR, value);
        }
        TrustedProxies::new(&networks).caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn strangers_are_not_believed() {
        assert_eq!(caller(&[], "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(caller(&["10.0.0.0/8"], "203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
        assert_eq!(caller(&["::1"], "127.0.0.1", &["198.51.100.1"]), "127.0.0.1");
    }

    #[test]
    fn the_first_stranger_from_the_right_is_the_caller() {
        let trusted = ["10.0.0.0/8", "fd00::/8", "127.0.0.1"];
        for (lines, expected) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            (&["1.1.1.1, 198.51.100.1, 10.2.2.2"], "198.51.100.1"),
            (&["1.1.1.1", "198.51.100.1", "10.2.2.2 , fd00::7"], "198.51.100.1"),
            (&["198.51.100.1:5123"], "198.51.100.1"),
            (&["[2001:db8::5]:443"], "2001:db8::5"),
            (&["[2001:db8::5]"], "2001:db8::5"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            (&["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            (&["198.51.100.1, unknown, 10.2.2.2"], "10.2.2.2"),
            (&["198.51.100.1, , 10.2.2.2"], "10.2.2.2"),
            (&["198.51.100.1", "\u{e9}"], "10.0.0.1"),
            (&[""], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(caller(&trusted, "10.0.0.1", lines), expected, "{lines:?}");
        }
        assert_eq!(caller(&trusted, "::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn networks_are_read_and_shown() {
        assert_eq!("10.0.0.0/8".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
        assert_eq!("10.0.0.1".parse::<Network>().unwrap().to_string(), "10.0.0.1/32");
        for bad in ["", "10.0.0.0/33", "proxy.example.org", "10.0.0", "10.0.0.0/8, ::1"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
