package graft.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Builds the CPU image on a base that debootstrap makes, without a container engine, and runs its server in a chroot of
 * the image: as user 10001, on a read-only root, with /data, /tmp and /dev/shm as the chart mounts them. The chroot has
 * no resolver, so what is fetched at run time would fail. Needs root, buildah and debootstrap.
 */
@Tag("long")
class ImageIT {
    private static final String BASE = "localhost/graft-it-base";
    private static final String TAG = "localhost/graft-it:cpu";
    private static final String ENTER = """
            set -e
            mount --bind "$1" "$1"
            mount --bind "$2" "$1/data"
            mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
            mount -t proc proc "$1/proc"
            mount --rbind /dev "$1/dev"
            mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
            mount -o remount,bind,ro "$1"
            root=$1
            shift 2
            exec chroot --userspec=10001:10001 --groups=10001 "$root" "$@"
            """;

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertTrue(process.waitFor(20, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), String.join(" ", command) + "\n" + output);
        return output;
    }

    private static boolean has(String program) {
        return Stream.of("/usr/bin", "/usr/sbin").anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** Debian's smallest system, made once and kept in buildah's store. */
    private static void makeBase(Path folder) throws Exception {
        if (!run("buildah", "images", "--quiet", "--filter", "reference=" + BASE).isEmpty()) return;
        run("debootstrap", "--variant=minbase", "bookworm", folder.resolve("root").toString());
        run("sh", "-c", "cd \"$1\" && rm -rf var/cache/apt/archives/*.deb var/lib/apt/lists/*", "sh",
                folder.resolve("root").toString());
        String container = run("buildah", "from", "scratch");
        run("buildah", "copy", "--quiet", container, folder.resolve("root").toString(), "/");
        run("buildah", "commit", "--quiet", container, BASE);
        run("buildah", "rm", container);
    }

    private static String build() throws Exception {
        String said = run(RunningGraft.ROOT.resolve("graft").toString(), "image", "cpu", "--from", BASE, "--tag", TAG);
        System.out.println(said);
        return run("buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", TAG);
    }

    @Test
    void theImagesServerAnswersAsAnOrdinaryUserOnAReadOnlyRoot(@TempDir Path folder) throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root") && has("buildah") && has("debootstrap"));
        makeBase(folder.resolve("base"));
        String first = build();
        assertEquals(first, build(), "the same commit gives the same image");
        Path parts = RunningGraft.ROOT.resolve("server/target/image");
        try (Stream<Path> files = Files.list(parts)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                System.out.println(file.getFileName() + ": " + Files.size(file) / 1_000_000 + " MB");
            }
        }
        String container = run("buildah", "from", TAG);
        try {
            serve(Path.of(run("buildah", "mount", container)), folder.resolve("data"));
        } finally {
            run("buildah", "rm", container);
        }
    }

    private static void serve(Path root, Path data) throws Exception {
        Files.createDirectory(data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.setAttribute(data, "unix:uid", 10001);
        Files.setAttribute(data, "unix:gid", 10001);
        JsonNode image = RunningGraft.JSON.readTree(run("buildah", "inspect", "--type", "image", TAG))
                .at("/OCIv1/config");
        assertEquals("10001:10001", image.get("User").asText());
        for (String absent : List.of("usr/bin/pip", "usr/bin/pip3", "usr/bin/python3")) {
            assertTrue(Files.notExists(root.resolve(absent)), absent);
        }
        JsonNode parts = RunningGraft.JSON.readTree(root.resolve("opt/graft/sbom/graft.cdx.json").toFile());
        assertTrue(parts.get("components").size() > 50, "parts listed: " + parts.get("components").size());
        int port = RunningGraft.freePort();
        try (RunningGraft graft = RunningGraft.ready(enter(root, data, image, "--host=0.0.0.0", "--port=" + port,
                "--data=/data", "--base=demo"), port, data)) {
            System.out.println("image: ready in " + graft.readyMillis() + " ms from an empty /data");
            assertEquals(200, graft.get("", "/health/ready").status());
            answersFromADocument(graft);
            assertEquals(0, graft.stop());
        }
        try (RunningGraft again = RunningGraft.ready(enter(root, data, image, "--host=0.0.0.0", "--port=" + port,
                "--data=/data", "--base=demo"), port, data)) {
            System.out.println("image: ready again in " + again.readyMillis() + " ms");
            assertEquals(200, again.get(again.demoKey(), "/v1/models").status());
        }
    }

    /** Model, adapter, embedder and the parser's child all run on the slim Java. */
    private static void answersFromADocument(RunningGraft graft) throws Exception {
        String key = graft.demoKey();
        String form = """
                --b
                Content-Disposition: form-data; name="purpose"

                assistants
                --b
                Content-Disposition: form-data; name="file"; filename="pump.html"
                Content-Type: text/html

                <h1>Otter-212 pump</h1><p>The Otter-212 pump runs at an operating pressure of 37 bar.</p>
                --b--
                """.replace("\n", "\r\n");
        String file = graft.send(graft.request(key, "/v1/files")
                .header("Content-Type", "multipart/form-data; boundary=b")
                .POST(HttpRequest.BodyPublishers.ofString(form)).build()).json().get("id").asText();
        String store = graft.post(key, "/v1/vector_stores", Map.of("name", "pumps", "file_ids", List.of(file))).json()
                .get("id").asText();
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        JsonNode state = graft.get(key, "/v1/vector_stores/" + store + "/files/" + file).json();
        while (state.path("status").asText().equals("in_progress") && System.nanoTime() < end) {
            state = graft.get(key, "/v1/vector_stores/" + store + "/files/" + file).json();
        }
        assertEquals("completed", state.path("status").asText(), state.toString());
        RunningGraft.Reply reply = graft.post(key, "/v1/chat/completions", Map.of("model", "raft-reader",
                "messages", List.of(Map.of("role", "user", "content",
                        "What is the operating pressure of the Otter-212 pump?")),
                "max_tokens", 100, "temperature", 0, "graft", Map.of("vector_store_ids", List.of(store))));
        assertEquals(200, reply.status(), reply.json().toString());
        assertTrue(reply.json().at("/choices/0/message/content").asText().contains("37 bar"), reply.json().toString());
        String log = Files.readString(graft.data().resolve("logs/server.log"));
        log.lines().filter(line -> line.contains("operators=")).forEach(System.out::println);
    }

    private static ProcessBuilder enter(Path root, Path data, JsonNode image, String... arguments) {
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "--propagation", "private",
                "sh", "-c", ENTER, "sh", root.toString(), data.toString()));
        image.get("Entrypoint").forEach(word -> command.add(word.asText()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        image.get("Env").forEach(pair -> {
            String[] both = pair.asText().split("=", 2);
            if (!both[0].equals("PATH")) builder.environment().put(both[0], both[1]);
        });
        return builder;
    }
}
