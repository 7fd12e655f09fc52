//! Which addresses are worth keeping: those a site can be served from. The blocks are those of IANA's registries of
//! special-purpose addresses, <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>, and the multicast and reserved space.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// No site's server is in these. Some of them are reachable (the sinks of AS112, anycast relays); they serve no pages.
const SPECIAL_V4: [Ipv4Net; 19] = [
    // this network; private; shared by the customers of a provider; loopback; link-local; private
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    // protocol assignments; documentation; AS112; multicast relays; 6to4 relays (given up); private; AS112
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(192, 175, 48, 0, 24),
    // benchmarks; documentation
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // multicast; reserved; everybody
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
    v4(255, 255, 255, 255, 32),
];

/// All that was ever given out as global unicast space: loopback, mapped and compatible addresses, private, link-local
/// and multicast ones lie outside.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Inside of [`GLOBAL_V6`], and no site's server: protocol assignments with Teredo, benchmarks and ORCHID; documentation
/// (twice); AS112.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 0, 23),
    v6(0x2001, 0x0db8, 0, 32),
    v6(0x3fff, 0, 0, 20),
    v6(0x2620, 0x004f, 0x8000, 48),
];

/// An IPv4 address in bits 16 to 48.
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);
/// An IPv4 address in the last 32 bits, made up by the resolver of a network without IPv4.
const NAT64: Ipv6Net = v6(0x0064, 0xff9b, 0, 96);

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

/// Whether a site can be served from this address: not private, shared, loopback, link-local, multicast, reserved, for
/// documentation or benchmarks, or of another special block. An address that carries an IPv4 address (6to4, NAT64) is
/// judged by that one; a mapped or compatible one (`::ffff:192.0.2.1`) is no address of a server at all.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|block| block.contains(&ip)),
        IpAddr::V6(ip) => {
            let [_, a, b, .., c, d] = ip.segments();
            if SIX_TO_FOUR.contains(&ip) {
                is_public(IpAddr::V4(joined(a, b)))
            } else if NAT64.contains(&ip) {
                is_public(IpAddr::V4(joined(c, d)))
            } else {
                GLOBAL_V6.contains(&ip) && !SPECIAL_V6.iter().any(|block| block.contains(&ip))
            }
        }
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
#[path = "public_tests.rs"]
mod tests;
