//! Addresses that are near each other or in a range.

use crate::ranges::ip_range;
use ipnet::IpNet;
use std::net::IpAddr;

/// The network of `bits` (IPv4, IPv6) around the server's address, if the editor's lies in it, too. IPv4 addresses in
/// IPv6 form are IPv4. With 0 bits nobody is near, with more than an address has only the address itself.
pub fn shared_network(editor: IpAddr, server: IpAddr, bits: (u8, u8)) -> Option<IpNet> {
    let (editor, server) = (editor.to_canonical(), server.to_canonical());
    let bits = if server.is_ipv4() {
        bits.0.min(32)
    } else {
        bits.1.min(128)
    };
    let network = IpNet::new(server, bits).ok().filter(|_| bits > 0)?.trunc();
    network.contains(&editor).then_some(network)
}

/// First and last address of a network, of `192.0.2.1-192.0.2.99`, or of a single address; `None` for anything else.
/// A range's ends may be written in any order; both are of one kind.
pub(super) fn address_range(text: &str) -> Option<(IpAddr, IpAddr)> {
    if let Some((first, last)) = ip_range(text) {
        return Some((first.to_canonical(), last.to_canonical())).filter(|(a, b)| a.is_ipv4() == b.is_ipv4());
    }
    let (one, other) = text.split_once(['-', '–'])?;
    let end = |text: &str| text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let (one, other) = (end(one)?, end(other)?);
    (one.is_ipv4() == other.is_ipv4()).then(|| (one.min(other), one.max(other)))
}

/// Whether an address lies in a range of its kind.
pub(super) fn is_in(address: IpAddr, (first, last): (IpAddr, IpAddr)) -> bool {
    address.is_ipv4() == first.is_ipv4() && (first..=last).contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network() {
        let shared = |editor: &str, server: &str, bits| {
            let network = shared_network(editor.parse().unwrap(), server.parse().unwrap(), bits);
            network.map(|network| network.to_string())
        };
        let usual = (24, 64);
        for (editor, server, network) in [
            ("192.0.2.7", "192.0.2.250", Some("192.0.2.0/24")),
            ("192.0.3.7", "192.0.2.250", None),
            ("192.0.2.7", "::ffff:192.0.2.250", Some("192.0.2.0/24")),
            ("2001:db8::1", "2001:db8::ffff:0:0:1", Some("2001:db8::/64")),
            ("2001:db8::1", "2001:db8:0:1::1", None),
            ("192.0.2.7", "2001:db8::1", None),
        ] {
            assert_eq!(shared(editor, server, usual).as_deref(), network, "{editor} {server}");
        }
        assert_eq!(shared("192.0.2.7", "198.51.100.1", (0, 0)), None);
        assert_eq!(
            shared("192.0.2.7", "192.0.2.7", (99, 200)).as_deref(),
            Some("192.0.2.7/32")
        );
        assert_eq!(shared("192.0.2.7", "192.0.2.8", (32, 128)), None);
    }

    #[test]
    fn ranges_compare_whole_addresses() {
        let is_in = |address: &str, range: &str| is_in(address.parse().unwrap(), address_range(range).unwrap());
        for (address, range, inside) in [
            ("10.1.2.3", "10.0.0.200-10.2.0.1", true),
            ("10.1.2.3", "10.2.0.1 – 10.0.0.200", true),
            ("10.0.0.199", "10.0.0.200-10.2.0.1", false),
            ("10.2.0.2", "10.0.0.200-10.2.0.1", false),
            ("10.1.2.3", "10.1.0.0/16", true),
            ("10.2.2.3", "10.1.0.0/16", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("2001:db8::5", "2001:db8::1-2001:db8::9", true),
            ("2001:db8::5", "10.0.0.0/8", false),
        ] {
            assert_eq!(is_in(address, range), inside, "{address} {range}");
        }
        for text in [
            "acme",
            "acme-widgets",
            "10.0.0.1-acme",
            "10.0.0.1-2001:db8::1",
            "10.0.0.0/33",
        ] {
            assert_eq!(address_range(text), None, "{text}");
        }
    }
}
