package graft.chart;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What a cluster holds before the chart comes: definitions of others' resources, classes, secrets, a claim. */
final class ClusterObjects {
    /** Paths of what the chart makes, by namespace. */
    static final List<String> MADE = List.of("/apis/apps/v1/namespaces/%s/deployments", "/api/v1/namespaces/%s/services",
            "/api/v1/namespaces/%s/configmaps", "/api/v1/namespaces/%s/persistentvolumeclaims",
            "/api/v1/namespaces/%s/serviceaccounts", "/apis/networking.k8s.io/v1/namespaces/%s/networkpolicies",
            "/apis/policy/v1/namespaces/%s/poddisruptionbudgets",
            "/apis/autoscaling/v2/namespaces/%s/horizontalpodautoscalers",
            "/apis/gateway.networking.k8s.io/v1/namespaces/%s/httproutes",
            "/apis/inference.networking.k8s.io/v1/namespaces/%s/inferencepools",
            "/apis/keda.sh/v1alpha1/namespaces/%s/scaledobjects",
            "/apis/monitoring.coreos.com/v1/namespaces/%s/podmonitors",
            "/apis/monitoring.coreos.com/v1/namespaces/%s/prometheusrules",
            "/apis/leaderworkerset.x-k8s.io/v1/namespaces/%s/leaderworkersets",
            "/apis/postgresql.cnpg.io/v1/namespaces/%s/clusters");

    /** Each from the module that its project publishes; Go's client fetches it. */
    static final List<Definition> DEFINITIONS = List.of(
            new Definition("httproutes.gateway.networking.k8s.io", "v1", "sigs.k8s.io/gateway-api@v1.4.1",
                    "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
            new Definition("scaledobjects.keda.sh", "v1alpha1", "github.com/kedacore/keda/v2@v2.18.1",
                    "config/crd/bases/keda.sh_scaledobjects.yaml"),
            new Definition("podmonitors.monitoring.coreos.com", "v1",
                    "github.com/prometheus-operator/prometheus-operator@v0.85.0",
                    "example/prometheus-operator-crd-full/monitoring.coreos.com_podmonitors.yaml"),
            new Definition("prometheusrules.monitoring.coreos.com", "v1",
                    "github.com/prometheus-operator/prometheus-operator@v0.85.0",
                    "example/prometheus-operator-crd-full/monitoring.coreos.com_prometheusrules.yaml"),
            new Definition("leaderworkersets.leaderworkerset.x-k8s.io", "v1", "sigs.k8s.io/lws@v0.7.0",
                    "config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml"),
            new Definition("clusters.postgresql.cnpg.io", "v1", "github.com/cloudnative-pg/cloudnative-pg@v1.27.1",
                    "config/crd/bases/postgresql.cnpg.io_clusters.yaml"),
            new Definition("inferencepools.inference.networking.k8s.io", "v1",
                    "sigs.k8s.io/gateway-api-inference-extension@v1.2.1",
                    "config/crd/bases/inference.networking.k8s.io_inferencepools.yaml"));

    /** @param name plural and group */
    record Definition(String name, String version, String module, String file) {
        String listed() {
            int dot = name.indexOf('.');
            return "/apis/" + name.substring(dot + 1) + "/" + version + "/" + name.substring(0, dot);
        }

        String yaml() {
            try {
                Process go = new ProcessBuilder("go", "mod", "download", "-json", module).start();
                String said = new String(go.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertTrue(go.waitFor(10, TimeUnit.MINUTES) && go.exitValue() == 0, said);
                return Files.readString(Path.of(LocalCluster.JSON.readTree(said).path("Dir").asText(), file));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** The classes that profiles name. */
    static final Map<String, String> SHARED = shared();

    private ClusterObjects() {}

    private static Map<String, String> shared() {
        Map<String, String> objects = new LinkedHashMap<>();
        objects.put("/apis/scheduling.k8s.io/v1/priorityclasses/inference", """
                {apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: inference}, value: 1000}
                """);
        objects.put("/apis/node.k8s.io/v1/runtimeclasses/nvidia", """
                {apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: nvidia}, handler: nvidia}
                """);
        return objects;
    }

    static String namespace(String name) {
        return """
                apiVersion: v1
                kind: Namespace
                metadata:
                  name: %s
                  labels: {pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/enforce-version: latest}
                """.formatted(name);
    }

    static Map<String, String> inNamespace(String namespace) {
        Map<String, String> objects = new LinkedHashMap<>();
        Map.of("graft-keys", "{pepper: sixteen bytes or more, test-key: key}", "graft-database",
                "{user: a, password: b, migration-user: c, migration-password: d}", "model-store",
                "{access-key: a, secret-key: b}").forEach((name, data) ->
                objects.put("/api/v1/namespaces/" + namespace + "/secrets/" + name, """
                        {apiVersion: v1, kind: Secret, metadata: {name: %s}, stringData: %s}
                        """.formatted(name, data)));
        objects.put("/api/v1/namespaces/" + namespace + "/serviceaccounts/default", """
                {apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}
                """);
        objects.put("/api/v1/namespaces/" + namespace + "/persistentvolumeclaims/models", """
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: models}
                spec: {accessModes: [ReadOnlyMany], resources: {requests: {storage: 100Gi}}}
                """);
        return objects;
    }
}
