package graft.knowledge.web;

import graft.knowledge.web.HostRules.RefusedUrlException;
import graft.knowledge.web.HostRules.Target;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLException;

/**
 * Reads documents from the web. Each name is resolved once, all of its addresses have to be public (unless the host is
 * named as one that is not), and the connection goes to one of them; every redirect is checked anew in the same way.
 * Any thread may call; a call waits at most for the time limit.
 */
public final class WebPages {
    /** Reads from nowhere. */
    public static final WebPages OFF = new WebPages(new Settings(List.of(), List.of(), 1, Duration.ofSeconds(1), 0));
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> FOR_NOW = Set.of(408, 425, 429);
    private final HostRules rules;
    private final Settings settings;
    private final Resolver resolver;

    /**
     * @param hosts        that may be read from: {@code knowledge.url-hosts}; none: the feature is off
     * @param privateHosts that may be read from and have private addresses: {@code knowledge.url-private-hosts}
     * @param mostBytes    of one page: {@code knowledge.url-bytes}
     * @param time         for one page with all its redirects: {@code knowledge.url-time}
     * @param redirects    most of one page: {@code knowledge.url-redirects}
     */
    public record Settings(List<String> hosts, List<String> privateHosts, int mostBytes, Duration time,
            int redirects) {
        public Settings {
            hosts = List.copyOf(hosts);
            privateHosts = List.copyOf(privateHosts);
        }
    }

    /** What names stand for. Its own seam, so that tests can move a name between two look-ups. */
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    /** What came of it. */
    public sealed interface Fetched {
        /** @param filename with an extension that says how it is read */
        record Page(String filename, byte[] bytes) implements Fetched {}

        /** It will not be read, and asking again changes nothing. */
        record Refused(String message) implements Fetched {}

        /** It could not be read now. */
        record Unreachable(String message) implements Fetched {}
    }

    /** @throws IllegalArgumentException for a host that is none */
    public WebPages(Settings settings) {
        this(settings, InetAddress::getAllByName);
    }

    WebPages(Settings settings, Resolver resolver) {
        this.settings = settings;
        this.rules = new HostRules(settings.hosts(), settings.privateHosts());
        this.resolver = resolver;
    }

    /** Why a URL may not be read, without asking any host; empty where it may be tried. */
    public Optional<String> refusal(String url) {
        if (rules.isOff()) return Optional.of("This server reads no URLs: knowledge.url-hosts is empty.");
        try {
            rules.check(url);
            return Optional.empty();
        } catch (RefusedUrlException refused) {
            return Optional.of(refused.getMessage());
        }
    }

    /** The name for a file whose content is not known yet. @param url that is not refused */
    public String provisionalName(String url) {
        return WebContent.segment(rules.check(url).uri());
    }

    public Fetched fetch(String url) {
        long deadline = System.nanoTime() + settings.time().toNanos();
        try {
            Target target = rules.check(url);
            for (int redirects = 0; ; redirects++) {
                HttpGet.Reply reply = get(target, deadline);
                if (!REDIRECTS.contains(reply.status())) return answered(target.uri(), reply);
                if (redirects >= settings.redirects())
                    return new Fetched.Refused("The URL is redirected more than " + settings.redirects() + " times.");
                target = next(target, reply);
            }
        } catch (RefusedUrlException | HttpGet.RefusedReplyException refused) {
            return new Fetched.Refused(refused.getMessage());
        } catch (UnknownHostException e) {
            return new Fetched.Unreachable("The URL's host could not be resolved.");
        } catch (SocketTimeoutException e) {
            return new Fetched.Unreachable("The URL's host did not answer in time.");
        } catch (SSLException e) {
            return new Fetched.Unreachable("No secure connection to the URL's host could be made.");
        } catch (IOException e) {
            return new Fetched.Unreachable("The URL's host could not be reached, or broke off.");
        }
    }

    private HttpGet.Reply get(Target target, long deadline) throws IOException {
        InetAddress[] addresses = resolver.resolve(target.host());
        for (InetAddress address : addresses) {
            if (!target.mayBePrivate() && !PublicAddresses.contains(address))
                throw new RefusedUrlException("The URL's host has an address that is not public.");
        }
        try (HttpGet get = new HttpGet(target, deadline, settings.mostBytes())) {
            return get.from(addresses[0]);
        }
    }

    private Target next(Target from, HttpGet.Reply reply) {
        String location = reply.header("location")
                .orElseThrow(() -> new RefusedUrlException("The URL is redirected to nowhere."));
        Target to;
        try {
            to = rules.check(from.uri().resolve(location).toString());
        } catch (RefusedUrlException e) {
            throw new RefusedUrlException("The URL is redirected. " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new RefusedUrlException("The URL is redirected to what is no URL.");
        }
        if (from.secure() && !to.secure())
            throw new RefusedUrlException("The URL is redirected from https to http.");
        return to;
    }

    private static Fetched answered(URI uri, HttpGet.Reply reply) {
        int status = reply.status();
        if (FOR_NOW.contains(status) || status >= 500)
            return new Fetched.Unreachable("The URL's host answered with status " + status + ".");
        if (status != 200) return new Fetched.Refused("The URL's host answered with status " + status + ".");
        String type = reply.header("content-type").orElse("");
        return WebContent.filename(uri, type).<Fetched>map(name -> new Fetched.Page(name,
                WebContent.utf8(type, reply.body()))).orElseGet(() -> new Fetched.Refused("The URL's content is of the"
                + " type '" + type.replaceAll("[^ -~]", "?").substring(0, Math.min(80, type.length()))
                + "', which is not read."));
    }
}
