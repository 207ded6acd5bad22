package graft.chart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A real kube-apiserver on etcd, in processes of this machine, with its default admission (PodSecurity among it) and no
 * controllers: what is sent is parsed, defaulted, admitted and kept, and nothing runs. What a controller or a kubelet would
 * say, a test says itself. One thread; closing stops the processes in reverse order.
 */
final class LocalCluster implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOKEN = "local-cluster-token";
    private static final Duration START = Duration.ofMinutes(3);
    private final List<Process> processes = new ArrayList<>();
    private final Path tools;
    private final Path folder;
    private final int port;
    private HttpClient http;

    record Reply(int status, JsonNode json) {}

    private LocalCluster(Path tools, Path folder) throws IOException {
        this.tools = tools;
        this.folder = folder;
        port = freePort();
    }

    /** @param tools what helm/tools/build.sh made */
    static LocalCluster start(Path tools, Path folder) throws Exception {
        LocalCluster cluster = new LocalCluster(tools, folder);
        try {
            cluster.start();
        } catch (Exception e) {
            cluster.close();
            throw e;
        }
        return cluster;
    }

    Path kubeconfig() {
        return folder.resolve("kubeconfig");
    }

    private void start() throws Exception {
        int etcd = freePort();
        String etcdUrl = "http://127.0.0.1:" + etcd;
        run("etcd", "etcd", "--data-dir", folder.resolve("etcd").toString(), "--listen-client-urls", etcdUrl,
                "--advertise-client-urls", etcdUrl, "--listen-peer-urls", "http://127.0.0.1:" + freePort(),
                "--unsafe-no-fsync");
        writeKeys();
        Files.writeString(folder.resolve("tokens.csv"), TOKEN + ",admin,admin,system:masters\n");
        run("kube-apiserver", tools.resolve("kube-apiserver").toString(), "--etcd-servers", etcdUrl, "--bind-address",
                "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", String.valueOf(port), "--cert-dir",
                folder.resolve("certificates").toString(), "--service-cluster-ip-range", "10.96.0.0/16",
                "--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", key("public"),
                "--service-account-signing-key-file", key("private"), "--token-auth-file",
                folder.resolve("tokens.csv").toString(), "--authorization-mode", "RBAC", "--endpoint-reconciler-type",
                "none", "--feature-gates", "ImageVolume=true", "--watch-cache=true");
        Path certificate = folder.resolve("certificates/apiserver.crt");
        until("kube-apiserver's certificate", () -> Files.exists(certificate) && certificate.toFile().length() > 0);
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(trusting(certificate)).build();
        until("kube-apiserver", () -> status("/readyz") == 200);
        writeKubeconfig();
    }

    private String key(String kind) {
        return folder.resolve("service-accounts-" + kind + ".pem").toString();
    }

    private void writeKeys() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair pair = generator.generateKeyPair();
        Files.writeString(Path.of(key("private")), pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        Files.writeString(Path.of(key("public")), pem("PUBLIC KEY", pair.getPublic().getEncoded()));
    }

    private static String pem(String kind, byte[] encoded) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded)
                + "\n-----END " + kind + "-----\n";
    }

    private void writeKubeconfig() throws IOException {
        Files.writeString(kubeconfig(), """
                apiVersion: v1
                kind: Config
                current-context: local
                contexts: [{name: local, context: {cluster: local, user: admin}}]
                clusters: [{name: local, cluster: {server: "https://127.0.0.1:%d", certificate-authority: "%s"}}]
                users: [{name: admin, user: {token: %s}}]
                """.formatted(port, folder.resolve("certificates/apiserver.crt"), TOKEN));
    }

    private static SSLContext trusting(Path certificate) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        int index = 0;
        try (var file = Files.newInputStream(certificate)) {
            for (var one : CertificateFactory.getInstance("X.509").generateCertificates(file))
                store.setCertificateEntry("certificate-" + index++, one);
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private void run(String name, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile());
        builder.environment().put("HOME", folder.toString());
        processes.add(builder.start());
    }

    /** Waits for a condition; a process of the cluster that ended is told with the end of its log. */
    void until(String what, BooleanSupplier holds) throws IOException, InterruptedException {
        long end = System.nanoTime() + START.toNanos();
        while (!holds.getAsBoolean()) {
            for (Process process : processes) {
                if (!process.isAlive()) throw new IllegalStateException("ended: " + process.info() + logs());
            }
            if (System.nanoTime() > end) throw new IllegalStateException("waited in vain for " + what + logs());
            TimeUnit.MILLISECONDS.sleep(100); // between looks; the condition decides
        }
    }

    private String logs() throws IOException {
        StringBuilder all = new StringBuilder();
        try (var files = Files.list(folder)) {
            for (Path log : files.filter(file -> file.toString().endsWith(".log")).toList()) {
                List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
                all.append("\n== ").append(log.getFileName()).append('\n')
                        .append(String.join("\n", lines.subList(Math.max(0, lines.size() - 8), lines.size())));
            }
        }
        return all.toString();
    }

    int status(String path) {
        try {
            return get(path).status();
        } catch (IOException | InterruptedException e) {
            return 0;
        }
    }

    Reply get(String path) throws IOException, InterruptedException {
        return send(request(path).GET().build());
    }

    /** Server-side apply of one YAML document. */
    Reply apply(String path, String yaml) throws IOException, InterruptedException {
        return send(request(path + (path.contains("?") ? "&" : "?") + "fieldManager=test&force=true")
                .header("Content-Type", "application/apply-patch+yaml")
                .method("PATCH", HttpRequest.BodyPublishers.ofString(yaml)).build());
    }

    Reply create(String path, Object object) throws IOException, InterruptedException {
        return send(request(path).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(object))).build());
    }

    Reply merge(String path, Object patch) throws IOException, InterruptedException {
        return send(request(path).header("Content-Type", "application/merge-patch+json")
                .method("PATCH", HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(patch))).build());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path)).timeout(Duration.ofSeconds(30))
                .header("Authorization", "Bearer " + TOKEN);
    }

    private Reply send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        boolean json = response.headers().firstValue("Content-Type").orElse("").contains("json");
        return new Reply(response.statusCode(), json ? JSON.readTree(response.body()) : JSON.nullNode());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        for (Process process : processes.reversed()) {
            process.destroy();
            try {
                if (!process.waitFor(20, TimeUnit.SECONDS)) process.destroyForcibly();
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
