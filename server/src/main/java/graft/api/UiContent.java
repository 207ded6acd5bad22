package graft.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.staticcontent.FileSystemHandlerConfig;
import io.helidon.webserver.staticcontent.StaticContentFeature;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The built admin UI at {@code /}. A path without a file ending is a page of the single-page application and gets its
 * index.html. Files under assets/ carry a digest in their names, so browsers may keep them.
 */
final class UiContent {
    private static final String INDEX = "index.html";
    private final Path folder;

    UiContent(Path folder) {
        this.folder = folder;
        if (!Files.isRegularFile(folder.resolve(INDEX))) {
            throw new IllegalArgumentException("no " + INDEX + " in " + folder);
        }
    }

    void register(HttpRouting.Builder routing) {
        routing.get("/assets/*", (request, response) -> {
            cache(response, "public, max-age=31536000, immutable");
            response.next();
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
