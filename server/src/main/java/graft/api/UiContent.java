package graft.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.staticcontent.FileSystemHandlerConfig;
import io.helidon.webserver.staticcontent.StaticContentFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * The built admin UI at {@code /}. A path without a file ending is a page of the single-page application and gets its
 * index.html. Files under assets/ carry a digest in their names, so browsers may keep them.
 */
final class UiContent {
    private static final String INDEX = "index.html";
    /** What shrinks, with its type; below a kilobyte it is not worth a header. */
    private static final Map<String, String> TEXTS = Map.of(".js", "text/javascript", ".css", "text/css");
    private static final int SMALLEST = 1024;
    private final Path folder;
    private final Map<String, Packed> packed;

    private record Packed(String type, byte[] gzip) {}

    UiContent(Path folder) {
        this.folder = folder;
        if (!Files.isRegularFile(folder.resolve(INDEX))) {
            throw new IllegalArgumentException("no " + INDEX + " in " + folder);
        }
        packed = pack(folder.resolve("assets"));
    }

    /** Our own build, so its size is known: packed once at the start instead of at each request. */
    private static Map<String, Packed> pack(Path assets) {
        if (!Files.isDirectory(assets)) return Map.of();
        Map<String, Packed> packed = new HashMap<>();
        try (Stream<Path> files = Files.list(assets)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                String type = TEXTS.get(name.substring(Math.max(0, name.lastIndexOf('.'))));
                if (type == null || Files.size(file) < SMALLEST) continue;
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
                    Files.copy(file, gzip);
                }
                packed.put("/assets/" + name, new Packed(type, bytes.toByteArray()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the admin UI in " + assets + " can't be read", e);
        }
        return packed;
    }

    void register(HttpRouting.Builder routing) {
        routing.get("/assets/*", (request, response) -> {
            cache(response, "public, max-age=31536000, immutable");
            Packed content = packed.get(request.path().path());
            boolean takesGzip = request.headers().values(HeaderNames.ACCEPT_ENCODING).stream()
                    .anyMatch(value -> value.contains("gzip"));
            if (content == null || !takesGzip) {
                response.next();
                return;
            }
            response.header(HeaderNames.CONTENT_ENCODING, "gzip");
            response.header(HeaderNames.VARY, "Accept-Encoding");
            response.header(HeaderNames.CONTENT_TYPE, content.type());
            response.send(content.gzip());
        });
        routing.register("/", StaticContentFeature.createService(FileSystemHandlerConfig.builder()
                .location(folder).pathMapper(UiContent::page).build()));
    }

    /**
     * A file that is asked for and missing stays missing: an HTML page in its place would only confuse. The answer is
     * relative to the folder; Helidon would take a leading slash for the file system's root.
     */
    private static String page(String path) {
        return path.substring(path.lastIndexOf('/') + 1).contains(".") ? path.replaceFirst("^/+", "") : INDEX;
    }

    private static void cache(ServerResponse response, String value) {
        response.header(HeaderNames.CACHE_CONTROL, value);
    }
}
