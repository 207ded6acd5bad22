package graft.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The chart's life against a real kube-apiserver, by Helm itself: each profile is installed, upgraded, rolled back,
 * tested, uninstalled and installed again in a namespace that enforces PodSecurity restricted, without InferencePools
 * and with them. The other resources' definitions are the projects' own. No controller runs: every pod template is sent
 * as a pod, and that a hook's job or pod succeeded is said in the controllers' place. Needs Go and etcd; the first run
 * builds Kubernetes.
 */
@Tag("long")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ChartInClusterIT {
    private static final Path CHART = Path.of(System.getProperty("graft.root"), "helm");
    private static final List<String> PROFILES = List.of("cpu", "gpu", "tensorrt", "serve");
    private static LocalCluster cluster;
    private static Helm helm;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        assumeTrue(Stream.of("go", "etcd").allMatch(ChartInClusterIT::isOnPath), "needs Go and etcd (etcd-server)");
        Path tools = Helm.tools(CHART, "helm", "kube-apiserver");
        cluster = LocalCluster.start(tools, folder);
        helm = new Helm(tools, CHART, cluster.kubeconfig(), folder);
        for (ClusterObjects.Definition each : ClusterObjects.DEFINITIONS) {
            if (!each.name().startsWith("inferencepools")) define(each);
        }
        for (Map.Entry<String, String> object : ClusterObjects.SHARED.entrySet())
            ok(cluster.apply(object.getKey(), object.getValue()));
    }

    @AfterAll
    static void stop() {
        if (cluster != null) cluster.close();
    }

    private static boolean isOnPath(String program) {
        return Stream.of(System.getenv("PATH").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static void define(ClusterObjects.Definition definition) throws Exception {
        ok(cluster.apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + definition.name(),
                definition.yaml()));
        cluster.until(definition.name(), () -> cluster.status(definition.listed()) == 200);
    }

    private static LocalCluster.Reply ok(LocalCluster.Reply reply) {
        assertTrue(reply.status() / 100 == 2, () -> reply.json().toString());
        return reply;
    }

    @Test
    @Order(1)
    void everyProfileLivesWhereThereAreNoPools() throws Exception {
        assertEquals(404, cluster.status("/apis/inference.networking.k8s.io/v1/inferencepools"));
        for (String profile : PROFILES) live(profile, profile + "-plain");
    }

    @Test
    @Order(2)
    void everyProfileLivesWhereThereArePools() throws Exception {
        for (ClusterObjects.Definition each : ClusterObjects.DEFINITIONS)
            if (each.name().startsWith("inferencepools")) define(each);
        for (String profile : PROFILES) live(profile, profile + "-pools");
    }

    private static void live(String profile, String namespace) throws Exception {
        long began = System.nanoTime();
        boolean external = profile.equals("gpu") || profile.equals("tensorrt");
        prepare(namespace);
        Helm.succeeded(helm.run(namespace, "install", profile), "helm install " + profile);
        String image = image(namespace);
        String made = kinds(namespace);
        routed(profile, namespace);
        int pods = admitted(namespace);
        Process upgrade = helm.run(namespace, "upgrade", profile, "--set", "image.tag=later", "--set",
                "podLabels.wave=second");
        if (external) migrated(namespace, upgrade);
        Helm.succeeded(upgrade, "helm upgrade " + profile);
        assertTrue(image(namespace).endsWith(":later"), image(namespace));
        admitted(namespace);
        Helm.succeeded(helm.rollback(namespace), "helm rollback " + profile);
        assertEquals(image, image(namespace));
        boolean test = helm.hasTest(namespace);
        assertEquals(!profile.equals("serve"), test);
        if (test) asked(namespace);
        helm.uninstall(namespace);
        List<String> kept = left(namespace);
        assertEquals(external ? profile.equals("gpu") ? List.of() : List.of("clusters") : List.of("persistentvolumeclaims"),
                kept);
        assertFalse(helm.lists(namespace));
        Helm.succeeded(helm.run(namespace, "install", profile), "helm install " + profile + " again");
        helm.uninstall(namespace);
        System.out.println(namespace + ": installed " + made + ", " + pods + " kinds of pods admitted, upgraded"
                + (external ? " after its migrations" : "") + ", rolled back, " + (test ? "tested, " : "")
                + "uninstalled but " + kept + ", installed over that (" + (System.nanoTime() - began) / 1_000_000_000 + " s)");
    }

    /** What the profiles expect to be there, under a policy that is seen to refuse. */
    private static void prepare(String namespace) throws Exception {
        ok(cluster.apply("/api/v1/namespaces/" + namespace, ClusterObjects.namespace(namespace)));
        for (Map.Entry<String, String> object : ClusterObjects.inNamespace(namespace).entrySet())
            ok(cluster.apply(object.getKey(), object.getValue()));
        LocalCluster.Reply refused = cluster.create("/api/v1/namespaces/" + namespace + "/pods", Map.of("apiVersion",
                "v1", "kind", "Pod", "metadata", Map.of("name", "careless"), "spec", Map.of("containers",
                        List.of(Map.of("name", "a", "image", "b")))));
        assertEquals(403, refused.status());
        assertTrue(refused.json().path("message").asText().contains("PodSecurity"), refused.json().toString());
    }

    private static String image(String namespace) throws Exception {
        JsonNode deployment = items("/apis/apps/v1/namespaces/" + namespace + "/deployments").get(0);
        return deployment.at("/spec/template/spec/containers/0/image").asText();
    }

    private static List<JsonNode> items(String path) throws IOException, InterruptedException {
        List<JsonNode> all = new ArrayList<>();
        cluster.get(path).json().path("items").forEach(all::add);
        return all;
    }

    /** Kinds with how many there are, of those that the chart makes. */
    private static String kinds(String namespace) throws Exception {
        StringBuilder all = new StringBuilder();
        for (String path : ClusterObjects.MADE) {
            int count = items(path.formatted(namespace)).size();
            if (count > 0) all.append(all.isEmpty() ? "" : " ").append(count).append(' ')
                    .append(path.substring(path.lastIndexOf('/') + 1));
        }
        return all.toString();
    }

    private static void routed(String profile, String namespace) throws Exception {
        List<JsonNode> routes = items("/apis/gateway.networking.k8s.io/v1/namespaces/" + namespace + "/httproutes");
        assertEquals(profile.equals("gpu") ? 1 : 0, routes.size());
        if (routes.isEmpty()) return;
        TreeSet<String> backends = new TreeSet<>(routes.getFirst().findValuesAsText("kind"));
        boolean pools = namespace.endsWith("-pools");
        assertEquals(pools, backends.contains("InferencePool"), backends.toString());
        assertEquals(pools ? 2 : 0, items("/apis/inference.networking.k8s.io/v1/namespaces/" + namespace
                + "/inferencepools").size());
    }

    /** As its controller would, sends each template as a pod; the server admits it and keeps nothing. */
    private static int admitted(String namespace) throws Exception {
        List<JsonNode> templates = new ArrayList<>();
        for (JsonNode deployment : items("/apis/apps/v1/namespaces/" + namespace + "/deployments"))
            templates.add(deployment.at("/spec/template"));
        for (JsonNode set : items("/apis/leaderworkerset.x-k8s.io/v1/namespaces/" + namespace + "/leaderworkersets"))
            for (String role : List.of("leaderTemplate", "workerTemplate"))
                templates.add(set.at("/spec/leaderWorkerTemplate/" + role));
        for (JsonNode template : templates) ok(pod(namespace, template));
        return templates.size();
    }

    private static LocalCluster.Reply pod(String namespace, JsonNode template) throws Exception {
        ObjectNode pod = LocalCluster.JSON.createObjectNode().put("apiVersion", "v1").put("kind", "Pod");
        ObjectNode metadata = pod.putObject("metadata").put("name", "try-out");
        for (String part : List.of("labels", "annotations"))
            if (template.at("/metadata").has(part)) metadata.set(part, template.at("/metadata/" + part));
        pod.set("spec", template.path("spec"));
        return cluster.create("/api/v1/namespaces/" + namespace + "/pods?dryRun=All", pod);
    }

    /** The hook's job is there before anything is upgraded; its pod is admitted, and it is told to be complete. */
    private static void migrated(String namespace, Process upgrade) throws Exception {
        String job = "/apis/batch/v1/namespaces/" + namespace + "/jobs/try-migrations";
        cluster.until("the migrations' job", () -> !upgrade.isAlive() || cluster.status(job) == 200);
        assertFalse(image(namespace).endsWith(":later"), "upgraded before its migrations");
        ok(pod(namespace, cluster.get(job).json().at("/spec/template")));
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        List<Map<String, String>> conditions = Stream.of("SuccessCriteriaMet", "Complete").map(type -> Map.of("type", type,
                "status", "True", "lastTransitionTime", now)).toList();
        ok(cluster.merge(job + "/status", Map.of("status", Map.of("startTime", now, "completionTime", now, "succeeded", 1,
                "conditions", conditions))));
    }

    private static void asked(String namespace) throws Exception {
        String pod = "/api/v1/namespaces/" + namespace + "/pods/try-test-completion";
        Process test = helm.test(namespace);
        cluster.until("the test's pod", () -> !test.isAlive() || cluster.status(pod) == 200);
        ok(cluster.merge(pod + "/status", Map.of("status", Map.of("phase", "Succeeded"))));
        Helm.succeeded(test, "helm test");
    }

    /** Kinds of this release's objects that are there and not on their way out. */
    private static List<String> left(String namespace) throws Exception {
        List<String> kept = new ArrayList<>();
        for (String path : ClusterObjects.MADE) {
            for (JsonNode object : items(path.formatted(namespace))) {
                if (!object.at("/metadata/labels/app.kubernetes.io~1instance").asText().equals("try")) continue;
                if (!object.at("/metadata").has("deletionTimestamp")) kept.add(path.substring(path.lastIndexOf('/') + 1));
            }
        }
        return kept;
    }
}
