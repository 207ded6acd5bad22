package graft.api;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.fileupload2.core.FileUploadSizeException;
import org.apache.commons.fileupload2.core.MultipartInput;
import org.apache.commons.fileupload2.core.ParameterParser;

/**
 * Reads a multipart/form-data body (RFC 7578) part by part as it arrives, in constant memory.
 *
 * <p>Faults of the body become an {@link ApiException}: 400 for what can't be read, 413 for what passes a limit. After
 * any refusal the rest of the body is read and dropped, up to the same limit, so that a client that is still sending
 * sees the answer and not a reset connection. An {@link IOException} out of {@link #read} is the handler's own.
 */
final class Multipart {
    private static final int BUFFER = 64 << 10;

    private Multipart() {}

    /**
     * @param maxBytes       of the whole body
     * @param maxParts       files and fields together
     * @param maxHeaderBytes of one part's headers
     * @param maxFieldBytes  of a part that is read as text
     */
    record Limits(long maxBytes, int maxParts, int maxHeaderBytes, int maxFieldBytes) {}

    @FunctionalInterface
    interface Handler {
        /** Called for each part in order; what it leaves unread is skipped. */
        void part(Part part) throws IOException;
    }

    /** Calls the handler for every part and reads the body to its end. */
    static void read(Exchange exchange, Limits limits, Handler handler) throws IOException {
        Body body = new Body(exchange.stream(), limits.maxBytes());
        try {
            parts(boundary(exchange), body, limits, handler);
            body.drain();
        } catch (ApiException e) {
            body.drainQuietly();
            throw e;
        }
    }

    /** Reads and drops the body of a request that is refused whatever it holds, so that its client reads why. */
    static ApiException refuse(Exchange exchange, Limits limits, ApiException refusal) {
        new Body(exchange.stream(), limits.maxBytes()).drainQuietly();
        return refusal;
    }

    private static byte[] boundary(Exchange exchange) {
        String type = exchange.header("content-type").orElse("");
        if (!type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data"))
            throw ApiException.invalid("The body must be multipart/form-data.");
        String boundary = parameters(type, ';').get("boundary");
        if (boundary == null || boundary.isEmpty() || boundary.length() > 200)
            throw ApiException.invalid("The Content-Type names no usable multipart boundary.");
        return boundary.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void parts(byte[] boundary, Body body, Limits limits, Handler handler) throws IOException {
        MultipartInput input = open(boundary, body, limits);
        boolean more = malformed(input::skipPreamble);
        int parts = 0;
        while (more) {
            if (++parts > limits.maxParts())
                throw ApiException.tooLarge("The body has more than " + limits.maxParts() + " parts.");
            Map<String, String> disposition = disposition(malformed(input::readHeaders));
            InputStream content = new PartStream(input.newInputStream());
            handler.part(new Part(disposition.get("name"), Optional.ofNullable(disposition.get("filename")), content,
                    limits.maxFieldBytes()));
            content.close();
            more = malformed(input::readBoundary);
        }
        if (parts == 0) throw ApiException.invalid("The multipart body has no parts.");
    }

    private static MultipartInput open(byte[] boundary, Body body, Limits limits) {
        MultipartInput input = malformed(() -> MultipartInput.builder().setInputStream(body).setBoundary(boundary)
                .setBufferSize(BUFFER).setPartHeaderSizeMax(limits.maxHeaderBytes()).get());
        input.setHeaderCharset(StandardCharsets.UTF_8);
        return input;
    }

    private static Map<String, String> disposition(String headers) {
        for (String line : headers.replaceAll("\r\n[ \t]+", " ").split("\r\n")) {
            int colon = line.indexOf(':');
            if (colon < 0 || !line.substring(0, colon).trim().equalsIgnoreCase("content-disposition")) continue;
            Map<String, String> parameters = parameters(line.substring(colon + 1), ';');
            if (parameters.containsKey("form-data") && parameters.get("name") != null) return parameters;
        }
        throw ApiException.invalid("A part has no 'Content-Disposition: form-data' header with a name.");
    }

    private static Map<String, String> parameters(String header, char separator) {
        ParameterParser parser = new ParameterParser();
        parser.setLowerCaseNames(true);
        return parser.parse(header, separator);
    }

    private interface Step<T> {
        T run() throws IOException;
    }

    /** Everything the library complains of is the client's body: reading it throws our own exceptions. */
    private static <T> T malformed(Step<T> step) {
        try {
            return step.run();
        } catch (FileUploadSizeException e) {
            throw ApiException.tooLarge("The headers of a part are too large.");
        } catch (IOException | IllegalArgumentException e) {
            throw ApiException.invalid("The multipart body can't be read: " + e.getMessage());
        }
    }

    /**
     * One part. Valid until the handler returns.
     *
     * @param name     of the form field
     * @param filename as the client wrote it, with whatever folders it named: never to be used as a path
     */
    record Part(String name, Optional<String> filename, InputStream content, int maxFieldBytes) {
        /** The content as UTF-8 text. */
        String text() throws IOException {
            byte[] bytes = content.readNBytes(maxFieldBytes + 1);
            if (bytes.length > maxFieldBytes)
                throw ApiException.tooLarge("The field '" + name + "' is larger than " + maxFieldBytes + " bytes.");
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** The content of one part: a body that ends inside it is the client's fault. */
    private static final class PartStream extends FilterInputStream {
        PartStream(InputStream in) {
            super(in);
        }

        @Override
        public int read() {
            return malformed(in::read);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            return malformed(() -> in.read(bytes, offset, length));
        }

        @Override
        public void close() {
            malformed(() -> {
                in.close();
                return null;
            });
        }
    }

    /** The request's body, counted. */
    private static final class Body extends InputStream {
        private final InputStream in;
        private final long most;
        private long read;

        Body(InputStream in, long most) {
            this.in = in;
            this.most = most;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            int count = fill(bytes, offset, length);
            if (count > 0) read += count;
            if (read > most) throw ApiException.tooLarge("The body is larger than " + most + " bytes.");
            return count;
        }

        private int fill(byte[] bytes, int offset, int length) {
            try {
                return in.read(bytes, offset, length);
            } catch (IOException | RuntimeException e) {
                // Helidon tells of a connection cut short by several runtime exceptions of its own.
                throw ApiException.invalid("The body could not be read to its end.");
            }
        }

        void drain() {
            byte[] bytes = new byte[BUFFER];
            while (read(bytes, 0, bytes.length) >= 0) {
                // an epilogue means nothing (RFC 2046, 5.1.1)
            }
        }

        /** After a refusal: as much again as an accepted body could have cost. */
        void drainQuietly() {
            byte[] bytes = new byte[BUFFER];
            try {
                for (long left = most; left > 0;) {
                    int count = fill(bytes, 0, bytes.length);
                    if (count < 0) return;
                    left -= count;
                }
            } catch (ApiException e) {
                // The client has gone: the refusal that is under way will not be read either.
            }
        }
    }
}
