//! Where a request comes from, behind proxies one trusts.

use std::net::{IpAddr, Ipv6Addr};

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
        // a socket that takes both families shows IPv4 peers mapped into IPv6
        let mut client = peer.to_canonical();
        for hop in hops {
            if !self.0.iter().any(|proxy| proxy.to_canonical() == client) {
                break;
            }
            match hop {
                Some(hop) => client = hop.to_canonical(),
                None => break,
            }
        }
        Some(client)
    }
}

/// What counts as one place: an IPv4 address, or the /64 of an IPv6 address, all of which one customer has to choose from.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
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
            ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "1.2.3.4", "203.0.113.9"),
            ("10.0.0.1", "203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(proxies.resolve(ip(peer), forwarded), Some(ip(client)), "{peer} {forwarded}");
        }
        assert_eq!(TrustedProxies::default().resolve(ip("10.0.0.1"), "1.2.3.4"), Some(ip("10.0.0.1")));
    }

    #[test]
    fn an_ipv6_customer_is_one_place_whichever_form_the_address_has() {
        let network = |text: &str| network(text.parse().unwrap());
        for (address, place) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::1", "::/64"),
        ] {
            assert_eq!(network(address), place, "{address}");
        }
    }
}
