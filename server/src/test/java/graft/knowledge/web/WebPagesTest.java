package graft.knowledge.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.knowledge.web.WebPages.Fetched;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebPagesTest {
    private static final byte[] TEXT = "The pump weighs 134 kg.".getBytes(StandardCharsets.UTF_8);
    private final WebHost host = new WebHost();

    @AfterEach
    void stop() {
        host.close();
    }

    private WebPages.Settings settings(List<String> hosts, List<String> privateHosts) {
        return new WebPages.Settings(hosts, privateHosts, 1000, Duration.ofSeconds(3), 3);
    }

    /** May read from the host of the test, though it is on the loopback. */
    private WebPages pages() {
        return new WebPages(settings(List.of(), List.of("localhost:" + host.port())));
    }

    private static String refused(Fetched fetched) {
        return assertInstanceOf(Fetched.Refused.class, fetched).message();
    }

    @Test
    void aPageIsReadWithoutCookiesCredentialsOrCompression() {
        host.page("/docs/pump.txt?v=2", "text/plain", TEXT);
        Fetched.Page page = assertInstanceOf(Fetched.Page.class, pages().fetch(host.url("/docs/pump.txt?v=2#part")));
        assertEquals("pump.txt", page.filename());
        assertArrayEquals(TEXT, page.bytes());
        host.redirect("/moved", "/docs/pump.txt?v=2");
        host.raw("/first", "HTTP/1.1 301 Moved\r\nLocation: moved\r\nSet-Cookie: session=1\r\n\r\n");
        assertInstanceOf(Fetched.Page.class, pages().fetch(host.url("/first")));
        for (String request : host.requests()) {
            assertTrue(request.contains("Host: localhost:" + host.port() + "\r\n"), request);
            String lower = request.toLowerCase();
            for (String word : List.of("cookie", "authorization", "gzip")) assertFalse(lower.contains(word), request);
        }
    }

    @Test
    void nothingIsReadWhereNoHostIsAllowedAndOnlyFromThoseThatAre() {
        assertTrue(WebPages.OFF.refusal("https://example.org/").isPresent());
        WebPages some = new WebPages(settings(List.of("example.org", "*.example.com", "files.example.net:8443"),
                List.of("wiki.lan")));
        for (String allowed : List.of("https://example.org/a?b=c", "http://EXAMPLE.org./", "https://a.b.example.com",
                "https://files.example.net:8443/x", "http://wiki.lan/x", "https://example.org:443/")) {
            assertEquals(Optional.empty(), some.refusal(allowed), allowed);
        }
        for (String foreign : List.of("https://www.example.org/", "https://example.com/", "https://example.org:8080/",
                "https://files.example.net/", "https://evil.com/?example.org", "https://example.org.evil.com/",
                "https://notexample.com/", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/",
                "https:///x", "https://user@example.org/", "https://u:p@example.org/", "example.org", "https://",
                "https://example.org\\@evil.com/", "http://127.0.0.1/", "http://2130706433/", "http://[::1]/",
                "https://example.org/ x", "https://" + "a".repeat(3000), "", "http://wiki.lan:8080/")) {
            assertTrue(some.refusal(foreign).isPresent(), foreign);
        }
    }

    @Test
    void aNameWithAnAddressThatIsNotPublicIsNeverConnectedTo() throws Exception {
        InetAddress loopback = InetAddress.getByAddress("inner.example", new byte[] {127, 0, 0, 1});
        InetAddress mapped = InetAddress.getByName("::ffff:127.0.0.1");
        InetAddress outside = InetAddress.getByName("1.1.1.1");
        String own = "inner.example:" + host.port();
        host.page("/", "text/plain", TEXT);
        for (InetAddress[] found : List.of(new InetAddress[] {loopback}, new InetAddress[] {mapped},
                new InetAddress[] {outside, loopback}, new InetAddress[] {InetAddress.getByName("fd00::1")})) {
            WebPages pages = new WebPages(settings(List.of(own), List.of()), name -> found);
            assertEquals("The URL's host has an address that is not public.",
                    refused(pages.fetch("http://" + own + "/")));
        }
        assertEquals(List.of(), host.requests());
    }

    @Test
    void aNameIsResolvedOnceForEachRequestAndTheConnectionGoesToThatAddress() {
        host.page("/", "text/plain", TEXT);
        AtomicInteger asked = new AtomicInteger();
        String own = "moving.example:" + host.port();
        WebPages pages = new WebPages(settings(List.of(), List.of(own)), name -> {
            // A rebinding name: somewhere else whenever it is asked again.
            if (asked.getAndIncrement() > 0) throw new UnknownHostException(name);
            return new InetAddress[] {InetAddress.getLoopbackAddress()};
        });
        assertInstanceOf(Fetched.Page.class, pages.fetch("http://" + own + "/"));
        assertEquals(1, asked.get());
        assertTrue(host.requests().getFirst().contains("Host: " + own), host.requests().getFirst());
    }

    @Test
    void redirectsAreCheckedOneByOneAndBounded() throws Exception {
        String own = "open.example:" + host.port();
        Map<String, InetAddress> names = Map.of("open.example", InetAddress.getLoopbackAddress(), "inner.example",
                InetAddress.getByName("10.0.0.1"));
        WebPages pages = new WebPages(settings(List.of("inner.example"), List.of(own)),
                name -> new InetAddress[] {names.get(name)});
        host.redirect("/foreign", "http://evil.example/");
        host.redirect("/inner", "http://inner.example/");
        host.redirect("/file", "file:///etc/passwd");
        host.redirect("/user", "http://a:b@" + own + "/");
        host.redirect("/loop", "/loop");
        host.raw("/nowhere", "HTTP/1.1 302 Found\r\n\r\n");
        host.page("/end", "text/plain", TEXT).redirect("/3", "/end").redirect("/2", "/3").redirect("/1", "/2");
        host.redirect("/0", "/1");
        assertTrue(refused(pages.fetch("http://" + own + "/foreign")).startsWith("The URL is redirected. The host"));
        assertEquals("The URL's host has an address that is not public.",
                refused(pages.fetch("http://" + own + "/inner")));
        for (String path : List.of("/file", "/user", "/nowhere")) refused(pages.fetch("http://" + own + path));
        assertEquals("The URL is redirected more than 3 times.", refused(pages.fetch("http://" + own + "/loop")));
        assertInstanceOf(Fetched.Page.class, pages.fetch("http://" + own + "/1"));
        refused(pages.fetch("http://" + own + "/0"));
    }

    @Test
    void sizesTimesAndTypesAreBounded() {
        host.page("/large", "text/plain", new byte[1001]);
        host.raw("/endless", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + "x".repeat(5000));
        host.raw("/claims", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99999999999\r\n\r\nx");
        host.raw("/chunks", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "300\r\n" + "x".repeat(0x300) + "\r\n300\r\n");
        host.raw("/packed", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\nx");
        host.raw("/header", "HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(20_000));
        host.raw("/other", "SSH-2.0-OpenSSH\r\n\r\n");
        host.page("/picture", "image/png", TEXT);
        host.raw("/none", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        for (String path : List.of("/large", "/endless", "/claims", "/chunks", "/packed", "/header", "/other",
                "/picture", "/none", "/absent")) refused(pages().fetch(host.url(path)));
        host.raw("/cut", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\nx");
        host.raw("/busy", "HTTP/1.1 503 Busy\r\n\r\n").raw("/silent", "");
        for (String path : List.of("/cut", "/busy", "/silent")) {
            assertInstanceOf(Fetched.Unreachable.class, pages().fetch(host.url(path)), path);
        }
    }

    @Test
    void contentTypesSayHowAFileIsReadAndChunksAndCharsetsAreUndone() {
        host.page("/guide", "text/html; charset=utf-8", TEXT).page("/notes.md", "text/plain", TEXT);
        host.page("/a.pdf", "application/octet-stream", TEXT).page("/b.pdf", "text/html", TEXT);
        host.page("/", "text/html", TEXT).page("/x/", "application/json", TEXT);
        Map<String, String> names = Map.of("/guide", "guide.html", "/notes.md", "notes.md", "/a.pdf", "a.pdf", "/b.pdf",
                "b.pdf.html", "/", "localhost.html", "/x/", "x.json");
        names.forEach((path, name) -> assertEquals(name,
                assertInstanceOf(Fetched.Page.class, pages().fetch(host.url(path)), path).filename()));
        host.raw("/latin", "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=\"ISO-8859-1\"\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\n\u00fcb\u00e4\r\n1\r\nr\r\n0\r\n\r\n");
        Fetched.Page latin = assertInstanceOf(Fetched.Page.class, pages().fetch(host.url("/latin")));
        assertEquals("\u00fcb\u00e4r", new String(latin.bytes(), StandardCharsets.UTF_8));
    }
}
