package graft.knowledge.web;

import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which URLs may be read: those of listed hosts, {@code example.org}, {@code *.example.org} (what is below it) or
 * {@code example.org:8443}; without a port those of http and https. Immutable.
 */
final class HostRules {
    private static final int LONGEST_URL = 2048;
    private final List<Rule> hosts;
    private final List<Rule> privateHosts;

    /** @param below whether the hosts below it are meant */
    private record Rule(String host, boolean below, OptionalInt port) {
        static Rule of(String entry) {
            String written = entry.strip().toLowerCase(Locale.ROOT);
            boolean below = written.startsWith("*.");
            int colon = written.startsWith("[") ? written.indexOf("]:") + 1 : written.indexOf(':');
            String host = written.substring(below ? 2 : 0, colon <= 0 ? written.length() : colon);
            OptionalInt port = colon <= 0 ? OptionalInt.empty()
                    : OptionalInt.of(Integer.parseInt(written.substring(colon + 1)));
            if (host.isEmpty() || host.contains("*"))
                throw new IllegalArgumentException("'" + entry + "' is no host, *.host or host:port");
            return new Rule(host, below, port);
        }

        boolean allows(String asked, int number) {
            boolean named = below ? asked.endsWith("." + host) : asked.equals(host);
            return named && (port.isPresent() ? port.getAsInt() == number : number == 80 || number == 443);
        }
    }

    /** A URL that may be asked for. @param host as it is resolved and verified */
    record Target(URI uri, String host, int port, boolean secure, boolean mayBePrivate) {}

    /** Why a URL may not be read, as a sentence. */
    static final class RefusedUrlException extends RuntimeException {
        private static final long serialVersionUID = 1;

        RefusedUrlException(String message) {
            super(message, null, false, false);
        }
    }

    /** @param privateHosts are allowed and may have private addresses; no patterns */
    HostRules(List<String> hosts, List<String> privateHosts) {
        this.hosts = hosts.stream().map(Rule::of).toList();
        this.privateHosts = privateHosts.stream().map(Rule::of).toList();
        if (this.privateHosts.stream().anyMatch(Rule::below))
            throw new IllegalArgumentException("hosts with private addresses are named one by one: " + privateHosts);
    }

    boolean isOff() {
        return hosts.isEmpty() && privateHosts.isEmpty();
    }

    /** @throws RefusedUrlException for what may not be read */
    Target check(String url) {
        URI uri = parse(url);
        boolean secure = "https".equalsIgnoreCase(uri.getScheme());
        if (!secure && !"http".equalsIgnoreCase(uri.getScheme()))
            throw new RefusedUrlException("The URL must begin with https:// or http://.");
        if (uri.getRawAuthority() == null || uri.getRawAuthority().contains("@"))
            throw new RefusedUrlException("The URL must name a host, and no user or password.");
        String host = host(uri).orElseThrow(() -> new RefusedUrlException("The URL's host is no host name."));
        int port = uri.getPort() < 0 ? secure ? 443 : 80 : uri.getPort();
        boolean mayBePrivate = privateHosts.stream().anyMatch(rule -> rule.allows(host, port));
        if (!mayBePrivate && hosts.stream().noneMatch(rule -> rule.allows(host, port)))
            throw new RefusedUrlException("The host of the URL is not among those that this server may read from.");
        return new Target(uri, host, port, secure, mayBePrivate);
    }

    private static URI parse(String url) {
        if (url.length() > LONGEST_URL)
            throw new RefusedUrlException("The URL has more than " + LONGEST_URL + " characters.");
        try {
            return new URI(new URI(url.strip()).toASCIIString());
        } catch (URISyntaxException e) {
            throw new RefusedUrlException("The URL is not valid.");
        }
    }

    /** In lower case and ASCII, without the root's dot. */
    private static Optional<String> host(URI uri) {
        if (uri.getHost() == null) return Optional.empty();
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        try {
            String plain = host.startsWith("[") ? host : IDN.toASCII(host);
            return Optional.of(plain.endsWith(".") ? plain.substring(0, plain.length() - 1) : plain)
                    .filter(name -> !name.isEmpty());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
