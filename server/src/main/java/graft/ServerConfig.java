package graft;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Every setting of the server. The names are those of application.yaml in camel case, where each has its default and
 * its meaning; {@link Settings} reads and binds them. To add one, add a component here and a line there: a test holds
 * the two together.
 */
public record ServerConfig(String host, int port, int adminPort, Path data, Optional<Path> cache, List<String> bases,
        boolean demo, Optional<Path> ui, Storage database, Http http, Keys keys, Metering metering, Admission admission,
        Engine engine, Log log) {

    /** @param url JDBC URL of an external Postgres; absent starts the embedded one */
    public record Storage(Optional<String> url, Optional<String> user, Optional<String> password,
            Optional<String> migrationUser, Optional<String> migrationPassword, int poolSize, Duration connectionWait,
            Duration startLimit, Duration stopLimit, int maxConnections, String sharedBuffers) {}

    public record Http(long bodyLimit, int maxConnections, Duration idleTimeout, Duration drainLimit) {}

    /** @param pepper shared by servers that share a database; absent: made once in the data folder */
    public record Keys(Optional<String> pepper, int cacheSize, Duration cacheLife, int badKeysPerMinute,
            int guessingAddresses, Duration sessionLife) {}

    public record Metering(int checkpointTokens, Duration longestWait, int rowsPerCommit, Duration lease,
            Duration pricesStaleAfter, int mostLabels) {}

    public record Admission(Duration longestHold) {}

    /** @param threads 0 means all cores */
    public record Engine(Kind kind, String device, Precision precision, int threads) {
        /** Which implementation of the port. */
        public enum Kind { TORCH, TENSORRT, REMOTE }

        public enum Precision { FLOAT32, BF16, FLOAT16, INT8, INT4 }
    }

    public record Log(String level, long fileBytes, int files) {}
}
