//! Ranges of IP addresses as people write them.

use std::net::IpAddr;

use ipnet::IpNet;

/// First and last address of `192.0.2.0/24`, `2001:db8::/32`, or a single address; `None` for anything else. Bits behind
/// the prefix are dropped, as MediaWiki does.
/// <https://www.mediawiki.org/wiki/Help:Range_blocks>
pub fn ip_range(text: &str) -> Option<(IpAddr, IpAddr)> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some((address, address));
    }
    let net: IpNet = text.parse().ok()?;
    Some((net.network(), net.broadcast()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ranges_are_told_from_names() {
        let range = |text| ip_range(text).map(|(first, last)| format!("{first} {last}"));
        assert_eq!(range("192.0.2.7").as_deref(), Some("192.0.2.7 192.0.2.7"));
        assert_eq!(range(" 192.0.2.7/24").as_deref(), Some("192.0.2.0 192.0.2.255"));
        assert_eq!(
            range("2001:db8::/47").as_deref(),
            Some("2001:db8:: 2001:db8:1:ffff:ffff:ffff:ffff:ffff")
        );
        for name in ["192.0.2", "192.0.2.0/33", "Alice", "", "~2026-1", "1.2.3.4.example.com"] {
            assert_eq!(range(name), None, "{name}");
        }
    }
}
