//! Which IP addresses a webhook may be sent to: public unicast addresses only.
//!
//! The lists are the IANA special-purpose registries (<https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! `iana-ipv6-special-registry`), and what else leads to a machine that is not on the public internet. An address inside an address,
//! such as an IPv4 address in NAT64, counts as the inner one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IPv4 blocks that are not public: address, prefix length.
const PRIVATE_V4: [([u8; 4], u32); 16] = [
    // This network; the first address of it reaches the machine itself.
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    // Carrier-grade NAT, where some clouds keep their metadata (100.100.100.200).
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // Link-local, with the metadata of most clouds (169.254.169.254).
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    // Documentation, and the anycast of 6to4 relays.
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    // Benchmarks between networks.
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Azure's platform: metadata and DNS of every virtual machine.
    ([168, 63, 129, 16], 32),
    // Multicast.
    ([224, 0, 0, 0], 4),
    // Reserved, and the broadcast address.
    ([240, 0, 0, 0], 4),
];

/// The IPv6 blocks inside `2000::/3` that are not public: the first two groups of 16 bits, prefix length. Everything outside of
/// `2000::/3` is refused anyway: loopback, link-local, unique local (with `fd00:ec2::254`, the metadata of AWS) and multicast.
const PRIVATE_V6: [([u16; 2], u32); 4] = [
    // Protocol assignments, with Teredo and benchmarks.
    ([0x2001, 0x0000], 23),
    // Documentation.
    ([0x2001, 0x0db8], 32),
    // 6to4: what it leads to is an IPv4 address of somebody's.
    ([0x2002, 0x0000], 16),
    ([0x3fff, 0x0000], 20),
];

/// Tells whether the address is a public one.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match inner(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    let within = |(block, length): &([u8; 4], u32)| {
        let block = Ipv4Addr::from(*block).to_bits();
        (bits ^ block).leading_zeros() >= *length
    };
    !PRIVATE_V4.iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let within = |(block, length): &([u16; 2], u32)| {
        let block = (u128::from(block[0]) << 112) | (u128::from(block[1]) << 96);
        (bits ^ block).leading_zeros() >= *length
    };
    bits >> 125 == 0b001 && !PRIVATE_V6.iter().any(within)
}

/// The IPv4 address that an IPv6 address stands for: mapped (`::ffff:a.b.c.d`), or behind the well-known prefix of NAT64
/// (`64:ff9b::a.b.c.d`, RFC 6052).
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0).to_bits();
    let bits = address.to_bits();
    let last = u32::try_from(bits & u128::from(u32::MAX)).ok()?;
    (bits >> 32 == nat64 >> 32).then(|| Ipv4Addr::from(last))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_that_lead_inside_are_refused_and_others_are_not() {
        for private in "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.255 169.254.169.254 169.254.170.2 \
             172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 \
             203.0.113.9 168.63.129.16 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 \
             ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::a00:1 64:ff9b::169.254.169.254 \
             64:ff9b:1::1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 2001::1 2001:2::1 \
             2002:7f00:1:: 3fff::1 100::1 4000::1 5f00::1"
            .split(' ')
        {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 \
             169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 \
             198.17.255.255 198.20.0.0 223.255.255.255 168.63.129.17 2606:4700::1111 2a00:1450::1 \
             2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::8.8.8.8"
            .split(' ')
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    proptest! {
        #[test]
        fn an_address_in_a_private_block_is_refused_in_every_disguise(block in 0..PRIVATE_V4.len(), rest: u32) {
            let (base, length) = PRIVATE_V4[block];
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            let address = Ipv4Addr::from(Ipv4Addr::from(base).to_bits() | (rest & host));
            prop_assert!(!is_public(address.into()), "{address}");
            prop_assert!(!is_public(address.to_ipv6_mapped().into()), "{address}");
            prop_assert!(!is_public(address.to_ipv6_compatible().into()), "{address}");
            let [a, b, c, d] = address.octets().map(u16::from);
            let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d);
            prop_assert!(!is_public(nat64.into()), "{nat64}");
        }

        #[test]
        fn the_standard_library_knows_no_private_address_that_is_let_through(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_unspecified() || address.is_documentation()
                || address.is_broadcast();
            prop_assert!(!(special && is_public(address.into())), "{address}");
        }

        #[test]
        fn no_unicast_address_of_a_private_network_is_let_through(bits: u128) {
            let address = Ipv6Addr::from(bits);
            let special = address.is_loopback() || address.is_unicast_link_local() || address.is_unique_local()
                || address.is_multicast() || address.is_unspecified();
            prop_assert!(!(special && is_public(address.into())), "{address}");
        }
    }
}
