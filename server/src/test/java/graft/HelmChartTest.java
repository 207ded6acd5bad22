package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** Renders helm/ with Helm itself and reads what would be applied. */
class HelmChartTest {
    private static final Path CHART = Path.of(System.getProperty("graft.root"), "helm");
    private static final String GPU_PROFILE = """
            models:
              - name: llama
                source: /models/llama-3.1-8b
                device: cuda:0
                replicas: 3
                claim: models
                resources: {limits: {nvidia.com/gpu: 1}}
              - name: qwen
                source: /models/qwen.gguf
                claim: models
            database:
              url: jdbc:postgresql://postgres:5432/graft
              existingSecret: graft-database
            keys: {existingSecret: graft-keys}
            """;
    @TempDir
    Path folder;

    @Test
    void theChartPassesStrictLint() {
        LintResult result = new Helm(CHART).lint().strict().call();
        assertFalse(result.isFailed(), () -> String.join("\n", result.getMessages()));
    }

    @Test
    void theDemoRendersTheseKinds() {
        assertEquals(List.of("Deployment", "NetworkPolicy", "NetworkPolicy", "PersistentVolumeClaim",
                "PodDisruptionBudget", "Service", "ServiceAccount"),
                render("").stream().map(object -> (String) object.get("kind")).sorted().toList());
    }

    @Test
    void eachModelIsItsOwnComponentAndSelectsOnlyItsPods() {
        Set<Object> selectors = new HashSet<>();
        for (Map<String, Object> service : ofKind(render(GPU_PROFILE), "Service")) {
            selectors.add(at(service, "spec", "selector"));
        }
        assertEquals(2, selectors.size());
    }

    @Test
    void everyPodKeepsTheRestrictedProfile() {
        List<Map<String, Object>> deployments = ofKind(render(GPU_PROFILE), "Deployment");
        assertEquals(2, deployments.size());
        for (Map<String, Object> deployment : deployments) {
            Object pod = at(deployment, "spec", "template", "spec");
            assertEquals(false, at(pod, "automountServiceAccountToken"));
            assertEquals(true, at(pod, "securityContext", "runAsNonRoot"));
            assertEquals("RuntimeDefault", at(pod, "securityContext", "seccompProfile", "type"));
            Object container = ((List<?>) at(pod, "containers")).getFirst();
            assertEquals(true, at(container, "securityContext", "readOnlyRootFilesystem"));
            assertEquals(false, at(container, "securityContext", "allowPrivilegeEscalation"));
            assertEquals(List.of("ALL"), at(container, "securityContext", "capabilities", "drop"));
        }
    }

    @Test
    void severalReplicasWithoutASharedDatabaseAreRefused() {
        RuntimeException refused = assertThrows(RuntimeException.class,
                () -> render("models: [{name: a, source: demo, replicas: 2}]"));
        assertTrue(refused.getMessage().contains("set database.url"), refused.getMessage());
    }

    @Test
    void aMisspeltValueIsRefused() {
        RuntimeException refused = assertThrows(RuntimeException.class,
                () -> render("models: [{name: a, source: demo, replica: 2}]"));
        assertTrue(refused.getMessage().contains("replica"), refused.getMessage());
    }

    @Test
    void passwordsComeFromTheSecretAndAreNeverRendered() {
        int passwords = 0;
        for (Map<String, Object> deployment : ofKind(render(GPU_PROFILE), "Deployment")) {
            Object container = ((List<?>) at(deployment, "spec", "template", "spec", "containers")).getFirst();
            for (Object variable : (List<?>) at(container, "env")) {
                if (!((String) at(variable, "name")).endsWith("PASSWORD")) continue;
                passwords++;
                assertEquals("graft-database", at(variable, "valueFrom", "secretKeyRef", "name"));
                assertFalse(asMap(variable).containsKey("value"));
            }
        }
        assertEquals(4, passwords);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu", "tensorrt", "serve"})
    void everyProfileRendersAndKeepsTheRestrictedProfile(String profile) throws IOException {
        List<Map<String, Object>> objects = render(profile(profile));
        int pods = 0;
        for (Map<String, Object> object : objects) {
            for (Map<String, Object> pod : podsOf(object)) {
                pods++;
                assertEquals(false, at(pod, "automountServiceAccountToken"), object.toString());
                assertEquals(true, at(pod, "securityContext", "runAsNonRoot"));
                List<Object> containers = new ArrayList<>((List<?>) at(pod, "containers"));
                if (asMap(pod).get("initContainers") instanceof List<?> before) containers.addAll(before);
                for (Object container : containers) {
                    assertEquals(true, at(container, "securityContext", "readOnlyRootFilesystem"));
                    assertEquals(List.of("ALL"), at(container, "securityContext", "capabilities", "drop"));
                    for (String size : List.of("cpu", "memory", "ephemeral-storage")) {
                        assertTrue(asMap(at(container, "resources", "requests")).containsKey(size), size);
                        assertTrue(asMap(at(container, "resources", "limits")).containsKey(size), size);
                    }
                }
            }
        }
        assertTrue(pods > 0, objects.toString());
    }

    private static String profile(String name) throws IOException {
        return Files.readString(CHART.resolve("ci").resolve(name + "-values.yaml"));
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> podsOf(Map<String, Object> object) {
        return switch ((String) object.get("kind")) {
            case "Pod" -> List.of((Map<String, Object>) at(object, "spec"));
            case "Deployment", "Job" -> List.of((Map<String, Object>) at(object, "spec", "template", "spec"));
            case "LeaderWorkerSet" -> List.of(
                    (Map<String, Object>) at(object, "spec", "leaderWorkerTemplate", "leaderTemplate", "spec"),
                    (Map<String, Object>) at(object, "spec", "leaderWorkerTemplate", "workerTemplate", "spec"));
            default -> List.of();
        };
    }

    @Test
    void routesGoThroughPoolsWhereTheClusterHasThemAndToServicesElsewhere() throws IOException {
        String values = profile("gpu");
        List<Map<String, Object>> pools = ofKind(render(values), "InferencePool");
        assertEquals(List.of("try-llama-3-1-8b", "try-qwen"), pools.stream().map(pool -> at(pool, "metadata", "name"))
                .toList());
        assertEquals("try-qwen-epp", at(pools.getLast(), "spec", "endpointPickerRef", "name"));
        assertEquals("InferencePool", backendKind(render(values)));
        List<Map<String, Object>> without = render(values.replace("inference.networking.k8s.io/v1, ", ""));
        assertEquals(List.of(), ofKind(without, "InferencePool"));
        assertEquals("Service", backendKind(without));
    }

    /** An endpoint picker refuses what is no JSON object with "model": files, the UI, and reading. */
    @Test
    void onlyWhatAnEndpointPickerCanReadGoesToAPool() throws IOException {
        Object rules = at(ofKind(render(profile("gpu")), "HTTPRoute").getFirst(), "spec", "rules");
        Set<Object> pooled = new HashSet<>();
        for (Object rule : (List<?>) rules) {
            Object backend = ((List<?>) at(rule, "backendRefs")).getFirst();
            for (Object match : (List<?>) at(rule, "matches"))
                if ("InferencePool".equals(asMap(backend).get("kind"))) pooled.add(at(match, "path", "value"));
        }
        assertEquals(Set.of("/v1/chat/completions", "/v1/completions"), pooled);
    }

    /** What the README has a user type renders, with a database and keys from the secrets that it has him make. */
    @Test
    void theReadmesValuesRender() throws IOException {
        String readme = Files.readString(CHART.resolveSibling("README.md"));
        int from = readme.indexOf("\n", readme.indexOf("cat > graft.yaml"));
        List<Map<String, Object>> objects = render(readme.substring(from, readme.indexOf("\nEND\n", from)));
        assertEquals("try-llama", at(ofKind(objects, "Deployment").getFirst(), "metadata", "name"));
        for (Object secret : secretsOf(ofKind(objects, "Deployment").getFirst()))
            assertTrue(readme.contains("create secret generic " + secret), secret.toString());
    }

    private static Set<Object> secretsOf(Map<String, Object> deployment) {
        Set<Object> names = new HashSet<>();
        Object container = ((List<?>) at(deployment, "spec", "template", "spec", "containers")).getFirst();
        for (Object variable : (List<?>) at(container, "env"))
            if (asMap(variable).containsKey("valueFrom")) names.add(at(variable, "valueFrom", "secretKeyRef", "name"));
        assertEquals(2, names.size());
        return names;
    }

    @Test
    void streamsGetWhatTheGracePeriodLeaves() throws IOException {
        Object container = ((List<?>) at(ofKind(render(profile("gpu")), "Deployment").getFirst(), "spec", "template",
                "spec", "containers")).getFirst();
        assertEquals(10, at(container, "lifecycle", "preStop", "sleep", "seconds"));
        Object limit = ((List<?>) at(container, "env")).stream()
                .filter(variable -> "GRAFT_HTTP_DRAIN_LIMIT".equals(at(variable, "name"))).findFirst().orElseThrow();
        assertEquals("PT280S", at(limit, "value"));
    }

    private static Object backendKind(List<Map<String, Object>> objects) {
        Object rule = ((List<?>) at(ofKind(objects, "HTTPRoute").getFirst(), "spec", "rules")).getFirst();
        return asMap(((List<?>) at(rule, "backendRefs")).getFirst()).getOrDefault("kind", "Service");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "database.url needs|database: {url: 'jdbc:postgresql://x/y'}",
        "share a pepper|database: {url: 'jdbc:postgresql://x/y', existingSecret: s}",
        "needs claim, volumeImage or copy|models: [{name: a, source: /models/x}]",
        "exclude each other|models: [{name: a, source: /models/x, claim: c, volumeImage: i}]",
        "needs serve|models: [{name: a, source: demo, engine: remote}]",
        "needs gateway.parentRefs|gateway: {enabled: true}",
        "may have 4 replicas|autoscaling: {type: hpa}",
        "needs KEDA|'database: {url: ''jdbc:postgresql://x/y'', existingSecret: s}\nkeys: {existingSecret: k}\nautoscaling: {type: keda, prometheusAddress: p}'",
        "ten seconds|terminationGracePeriodSeconds: 20",
        "needs CloudNativePG|'database: {cloudNativePg: {enabled: true}}\nkeys: {existingSecret: k}'"})
    void whatCanNotWorkIsRefusedByName(String why, String values) {
        String message = assertThrows(RuntimeException.class, () -> render(values.replace("\\n", "\n"))).getMessage();
        assertTrue(message.contains(why), message);
    }

    @Test
    void theDashboardIsJsonAndAlertsCarryTheirRunbooks() throws IOException {
        List<Map<String, Object>> objects = render(profile("gpu"));
        String json = (String) at(ofKind(objects, "ConfigMap").stream().filter(map -> map.toString()
                .contains("graft.json")).findFirst().orElseThrow(), "data", "graft.json");
        assertEquals("Graft", asMap(new Yaml().load(json)).get("title"));
        Object group = ((List<?>) at(ofKind(objects, "PrometheusRule").getFirst(), "spec", "groups")).getFirst();
        for (Object rule : (List<?>) at(group, "rules"))
            assertTrue(((String) at(rule, "annotations", "runbook")).length() > 80, rule.toString());
    }

    private List<Map<String, Object>> render(String values) {
        try {
            TemplateCommand template = new Helm(CHART).template().withName("try").withKubeVersion("1.34.0");
            if (!values.isEmpty()) template.withValuesFile(Files.writeString(folder.resolve("values.yaml"), values));
            List<Map<String, Object>> objects = new ArrayList<>();
            for (Object document : new Yaml().loadAll(template.call())) {
                if (document != null) objects.add(asMap(document));
            }
            return objects;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Map<String, Object>> ofKind(List<Map<String, Object>> objects, String kind) {
        return objects.stream().filter(object -> kind.equals(object.get("kind"))).toList();
    }

    private static Object at(Object value, String... path) {
        for (String key : path) value = asMap(value).get(key);
        return value;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> asMap(Object value) {
        return (Map<String, Object>) value;
    }
}
