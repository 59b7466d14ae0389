package main

import "net/netip"

var anywhere = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// subtract gives the blocks that cover cidr without the exceptions. Blocks of IPv6 match nothing on this IPv4 node.
func subtract(cidr string, except []string) []netip.Prefix {
	block, err := netip.ParsePrefix(cidr)
	if err != nil || !block.Addr().Is4() {
		return nil
	}
	block = block.Masked()
	for _, e := range except {
		hole, err := netip.ParsePrefix(e)
		if err != nil || !hole.Overlaps(block) {
			continue
		}
		if hole.Bits() <= block.Bits() {
			return nil
		}
		half := netip.PrefixFrom(block.Addr(), block.Bits()+1)
		return append(subtract(half.String(), except), subtract(sibling(half).String(), except)...)
	}
	return []netip.Prefix{block}
}

// sibling is the other half of the block that a prefix is the lower half of.
func sibling(lower netip.Prefix) netip.Prefix {
	bytes := lower.Addr().As4()
	bit := lower.Bits() - 1
	bytes[bit/8] |= 0x80 >> (bit % 8)
	return netip.PrefixFrom(netip.AddrFrom4(bytes), lower.Bits())
}
