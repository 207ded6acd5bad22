package graft.knowledge.web;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * Tells addresses of the public internet from all others: loopback, private, link-local (clouds keep credentials
 * there), carrier-grade NAT, multicast, documentation, and IPv6 forms that carry another address in them (RFC 6890 and
 * its registries). Pure; any thread.
 */
final class PublicAddresses {
    /** Networks of IPv4 that are not public: first three bytes as a number, and bits of the network. */
    private static final int[][] RESERVED = {{0, 8}, {10 << 16, 8}, {100 << 16 | 64 << 8, 10}, {127 << 16, 8},
            {169 << 16 | 254 << 8, 16}, {172 << 16 | 16 << 8, 12}, {192 << 16, 24}, {192 << 16 | 2, 24},
            {192 << 16 | 88 << 8 | 99, 24}, {192 << 16 | 168 << 8, 16}, {198 << 16 | 18 << 8, 15},
            {198 << 16 | 51 << 8 | 100, 24}, {203 << 16 | 113, 24}, {224 << 16, 4}, {240 << 16, 4}};

    private PublicAddresses() {}

    static boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress(); // an IPv4 address mapped into IPv6 is an Inet4Address already
        return address instanceof Inet4Address ? isPublic4(bytes) : isPublic6(bytes);
    }

    private static boolean isPublic4(byte[] bytes) {
        int first = (bytes[0] & 0xFF) << 16 | (bytes[1] & 0xFF) << 8 | bytes[2] & 0xFF;
        for (int[] network : RESERVED) {
            int shift = 24 - network[1];
            if (first >> shift == network[0] >> shift) return false;
        }
        return true;
    }

    /** Global unicast is 2000::/3; of it neither 2001::/23 (Teredo), 2001:db8::/32, 2002::/16 (6to4) nor 3fff::/20. */
    private static boolean isPublic6(byte[] bytes) {
        int first = (bytes[0] & 0xFF) << 8 | bytes[1] & 0xFF;
        int second = (bytes[2] & 0xFF) << 8 | bytes[3] & 0xFF;
        if (first >> 13 != 1 || first == 0x2002) return false;
        if (first == 0x2001 && (second < 0x200 || second == 0xDB8)) return false;
        return first != 0x3FFF || second >= 0x1000;
    }
}
