use super::*;
use ipnet::IpNet;

/// Every row of IANA's two registries of special-purpose addresses, and the blocks that the address space itself
/// reserves.
const BLOCKS: &str = "
    0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
    192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24
    192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
    240.0.0.0/4 255.255.255.255/32 224.0.0.0/4
    ::1/128 ::/128 ::ffff:0:0/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128
    2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28
    2001:db8::/32 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10
    ::/96 fec0::/10 ff00::/8 4000::/2 8000::/1
    64:ff9b::10.0.0.0/104 64:ff9b::192.168.0.0/112 64:ff9b::127.0.0.0/104 2002:a00::/24 2002:c0a8::/32 2002:7f00::/24
    2002:cb00:7100::/40";

/// Ordinary addresses, some of them the neighbours of a special block.
const ORDINARY: &str = "
    1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
    172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.31.195.255 192.167.255.255 192.169.0.0
    198.17.255.255 198.20.0.0 198.41.0.4 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
    2000:: 2001:200:: 2001:500:2::c 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9:: 2606:4700::1111
    2620:4f:7fff:: 2620:4f:8001:: 2a00:1450:4001::200e 3ffe:: 3fff:1000::
    64:ff9b::198.41.0.4 2002:c629:4::1";

#[test]
fn no_address_of_any_special_block_is_public() {
    let blocks: Vec<IpNet> = BLOCKS.split_whitespace().map(|b| b.parse().unwrap()).collect();
    assert!(blocks.len() > 60);
    for block in blocks {
        // First, last, and some in between.
        let mut some = vec![block.network(), block.broadcast()];
        some.extend(
            block
                .subnets((block.prefix_len() + 5).min(block.max_prefix_len()))
                .unwrap()
                .map(|n| n.broadcast()),
        );
        for ip in some {
            assert!(!is_public(ip), "{ip} of {block}");
        }
    }
}

#[test]
fn ordinary_addresses_are_public_right_up_to_the_special_ones() {
    for ip in ORDINARY.split_whitespace() {
        assert!(is_public(ip.parse().unwrap()), "{ip}");
    }
}

#[test]
fn mapped_addresses_are_not_public_even_where_the_inner_one_is() {
    for ip in ["::ffff:198.41.0.4", "::198.41.0.4", "::ffff:0:198.41.0.4"] {
        assert!(!is_public(ip.parse().unwrap()), "{ip}");
    }
}
