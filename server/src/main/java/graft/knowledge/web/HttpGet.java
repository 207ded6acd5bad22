package graft.knowledge.web;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * One GET of HTTP/1.1 (RFC 9112) to an address that the caller chose. The JDK's clients resolve names by themselves, a
 * second time after any check of ours: a name that then points elsewhere would get past it. Sends no cookie, no
 * credential and nothing of former requests; follows nothing; asks for no compression. One use, one thread.
 */
final class HttpGet implements AutoCloseable {
    private static final int MOST_HEADER_BYTES = 64 << 10;
    private final HostRules.Target target;
    private final long deadline;
    private final int mostBytes;
    private Socket socket;
    private InputStream in;
    private int headerBytes;

    /** @param headers by name in lower case, the first of each */
    record Reply(int status, Map<String, String> headers, byte[] body) {
        Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }
    }

    /** The server's answer breaks the protocol or a limit: asking again gives the same. */
    static final class RefusedReplyException extends IOException {
        private static final long serialVersionUID = 1;

        RefusedReplyException(String message) {
            super(message);
        }
    }

    /** @param deadline of {@link System#nanoTime} for the whole exchange */
    HttpGet(HostRules.Target target, long deadline, int mostBytes) {
        this.target = target;
        this.deadline = deadline;
        this.mostBytes = mostBytes;
    }

    /** @throws SocketTimeoutException at the deadline, however slowly bytes drip in */
    Reply from(InetAddress address) throws IOException {
        socket = new Socket(Proxy.NO_PROXY);
        socket.connect(new InetSocketAddress(address, target.port()), remaining());
        if (target.secure()) socket = secured(socket);
        socket.setSoTimeout(remaining());
        socket.getOutputStream().write(request().getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
        in = new BufferedInputStream(socket.getInputStream());
        int status = status();
        Map<String, String> headers = headers();
        while (status >= 100 && status < 200) {
            status = status();
            headers = headers();
        }
        return new Reply(status, headers, status / 100 == 2 ? body(headers) : new byte[0]);
    }

    /** The certificate has to be the host's, whatever address it has. */
    private Socket secured(Socket plain) throws IOException {
        plain.setSoTimeout(remaining());
        SSLSocket secure = (SSLSocket) ((SSLSocketFactory) SSLSocketFactory.getDefault()).createSocket(plain,
                target.host(), target.port(), true);
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        if (!target.host().startsWith("[") && target.host().chars().anyMatch(Character::isLetter)) {
            parameters.setServerNames(List.of(new SNIHostName(target.host())));
        }
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        return secure;
    }

    private String request() {
        String path = target.uri().getRawPath();
        String query = target.uri().getRawQuery();
        boolean usual = target.port() == (target.secure() ? 443 : 80);
        return "GET " + (path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query)
                + " HTTP/1.1\r\nHost: " + target.host() + (usual ? "" : ":" + target.port())
                + "\r\nUser-Agent: Graft\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
    }

    private int remaining() throws SocketTimeoutException {
        long millis = (deadline - System.nanoTime()) / 1_000_000;
        if (millis < 1) throw new SocketTimeoutException("the time is over");
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }

    private int read() throws IOException {
        socket.setSoTimeout(remaining());
        int one = in.read();
        if (one < 0) throw new EOFException("the connection ended early");
        return one;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int one = read(); one != '\n'; one = read()) {
            if (++headerBytes > MOST_HEADER_BYTES) throw new RefusedReplyException("The answer's header is too large.");
            if (one != '\r') line.append((char) one);
        }
        return line.toString();
    }

    private int status() throws IOException {
        String line = line();
        if (!line.matches("HTTP/1\\.[01] [1-5][0-9]{2}( .*)?"))
            throw new RefusedReplyException("The host does not answer as HTTP has it.");
        return Integer.parseInt(line.substring(9, 12));
    }

    private Map<String, String> headers() throws IOException {
        Map<String, String> headers = new HashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            if (colon <= 0) throw new RefusedReplyException("The host does not answer as HTTP has it.");
            headers.putIfAbsent(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
        }
        return headers;
    }

    private byte[] body(Map<String, String> headers) throws IOException {
        if (!headers.getOrDefault("content-encoding", "identity").equalsIgnoreCase("identity"))
            throw new RefusedReplyException("The content is compressed, which was not asked for.");
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        String transfer = headers.get("transfer-encoding");
        String length = headers.get("content-length");
        if (transfer != null && !transfer.equalsIgnoreCase("chunked"))
            throw new RefusedReplyException("The transfer encoding is not understood.");
        if (transfer != null) chunks(body);
        else if (length == null) rest(body);
        else if (length.matches("[0-9]{1,18}")) copy(body, Long.parseLong(length));
        else throw new RefusedReplyException("The content's length is no number.");
        return body.toByteArray();
    }

    private void chunks(ByteArrayOutputStream body) throws IOException {
        while (true) {
            headerBytes = 0;
            String size = line().replaceFirst(";.*", "").strip();
            if (!size.matches("[0-9a-fA-F]{1,8}")) throw new RefusedReplyException("A chunk's size is no number.");
            long bytes = Long.parseLong(size, 16);
            if (bytes == 0) return; // trailers say nothing to us
            copy(body, bytes);
            if (!line().isEmpty()) throw new RefusedReplyException("A chunk does not end where it says.");
        }
    }

    private void rest(ByteArrayOutputStream body) throws IOException {
        byte[] some = new byte[8192];
        while (true) {
            socket.setSoTimeout(remaining());
            int count = in.read(some);
            if (count < 0) return;
            bounded(body.size() + (long) count);
            body.write(some, 0, count);
        }
    }

    private void copy(ByteArrayOutputStream body, long bytes) throws IOException {
        bounded(body.size() + bytes);
        byte[] some = new byte[8192];
        for (long left = bytes; left > 0; ) {
            socket.setSoTimeout(remaining());
            int count = in.read(some, 0, (int) Math.min(some.length, left));
            if (count < 0) throw new EOFException("the connection ended early");
            body.write(some, 0, count);
            left -= count;
        }
    }

    private void bounded(long bytes) throws RefusedReplyException {
        if (bytes > mostBytes) throw new RefusedReplyException("The content has more than " + mostBytes + " bytes.");
    }

    @Override
    public void close() throws IOException {
        if (socket != null) socket.close();
    }
}
