package graft.knowledge.web;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A host of the web on this machine's loopback that says for each path the very bytes that a test wants. */
public final class WebHost implements AutoCloseable {
    private final ServerSocket server;
    private final Map<String, byte[]> answers = new HashMap<>();
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private final List<Socket> open = Collections.synchronizedList(new ArrayList<>());

    public WebHost() {
        try {
            server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::serve);
    }

    public int port() {
        return server.getLocalPort();
    }

    public String url(String path) {
        return "http://localhost:" + port() + path;
    }

    /** Every request as it came. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /** A whole answer; one of no bytes is never given: the connection stays open and silent. */
    public WebHost raw(String path, String answer) {
        answers.put(path, answer.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    public WebHost page(String path, String type, byte[] body) {
        byte[] head = ("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + body.length
                + "\r\nSet-Cookie: a=b\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
        byte[] all = new byte[head.length + body.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        answers.put(path, all);
        return this;
    }

    public WebHost redirect(String path, String location) {
        return raw(path, "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n");
    }

    private void serve() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                Thread.ofVirtual().start(() -> answer(socket));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void answer(Socket socket) {
        try {
            StringBuilder request = new StringBuilder();
            while (request.indexOf("\r\n\r\n") < 0) {
                int one = socket.getInputStream().read();
                if (one < 0) return;
                request.append((char) one);
            }
            requests.add(request.toString());
            byte[] answer = answers.getOrDefault(request.toString().split(" ")[1],
                    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
            if (answer.length == 0) return;
            socket.getOutputStream().write(answer);
            socket.close();
        } catch (IOException e) {
            // the client has left, as some tests want
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            for (Socket socket : List.copyOf(open)) socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
