package graft.engine.remote;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A child kept alive: Python's file server stands for a server that answers /health. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ServeProcessTest {
    private static final Duration PAUSE = Duration.ofMillis(50);

    private static boolean answers(HttpClient http, int port) {
        try {
            return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health"))
                    .timeout(Duration.ofSeconds(2)).build(), HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException away) {
            return false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aChildThatIsKilledComesBackAndOneThatIsClosedDoesNot(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("health"), "well");
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (HttpClient http = HttpClient.newHttpClient()) {
            ServeProcess child = new ServeProcess(List.of("python3", "-m", "http.server", String.valueOf(port),
                    "--bind", "127.0.0.1", "--directory", folder.toString()), PAUSE, Duration.ofSeconds(10));
            try (child) {
                child.await(Duration.ofSeconds(20), () -> answers(http, port));
                long first = child.pid();
                ProcessHandle.of(first).orElseThrow().destroyForcibly();
                ProcessHandle.of(first).ifPresent(handle -> handle.onExit().join());
                child.await(Duration.ofSeconds(20), () -> child.pid() != first && answers(http, port));
                assertNotEquals(first, child.pid());
            }
            assertFalse(ProcessHandle.of(child.pid()).filter(ProcessHandle::isAlive).isPresent());
        }
    }

    @Test
    void aChildThatIsNeverHealthyIsSaidToBeSo() {
        try (ServeProcess child = new ServeProcess(List.of("sleep", "60"), PAUSE, Duration.ofSeconds(5))) {
            String message = assertThrows(EngineUnavailableException.class,
                    () -> child.await(Duration.ofMillis(200), () -> false)).getMessage();
            assertTrue(message.contains("sleep is not healthy"), message);
        }
    }

    @Test
    void aCommandThatIsNotThereIsSaidToBeSo() {
        String message = assertThrows(EngineUnavailableException.class, () -> new ServeProcess(
                List.of("/no/such/trtllm-serve"), PAUSE, Duration.ofSeconds(5))).getMessage();
        assertTrue(message.contains("trtllm-serve can't be started"), message);
    }
}
