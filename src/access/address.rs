//! Where a request comes from, behind proxies one trusts.

use std::net::IpAddr;

use actix_web::HttpRequest;

/// Proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(pub Vec<IpAddr>);

impl TrustedProxies {
    /// The address of the client: the peer, or, when the peer is a trusted proxy, the last address in `X-Forwarded-For`
    /// that is none. What a client writes there itself stands further left and is never reached.
    pub fn client(&self, req: &HttpRequest) -> Option<IpAddr> {
        let forwarded: Vec<&str> =
            req.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
        self.resolve(req.peer_addr()?.ip(), &forwarded.join(","))
    }

    fn resolve(&self, peer: IpAddr, forwarded: &str) -> Option<IpAddr> {
        let hops = forwarded.split(',').rev().map(|hop| hop.trim().parse::<IpAddr>().ok());
        let mut client = peer;
        for hop in hops {
            if !self.0.contains(&client) {
                break;
            }
            match hop {
                Some(hop) => client = hop,
                None => break,
            }
        }
        Some(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = TrustedProxies(vec![ip("10.0.0.1"), ip("10.0.0.2")]);
        for (peer, forwarded, client) in [
            ("203.0.113.9", "", "203.0.113.9"),
            ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            ("10.0.0.1", "rubbish", "10.0.0.1"),
        ] {
            assert_eq!(proxies.resolve(ip(peer), forwarded), Some(ip(client)), "{peer} {forwarded}");
        }
        assert_eq!(TrustedProxies::default().resolve(ip("10.0.0.1"), "1.2.3.4"), Some(ip("10.0.0.1")));
    }
}
