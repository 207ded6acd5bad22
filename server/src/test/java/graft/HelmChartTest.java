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
            database:
              url: jdbc:postgresql://postgres:5432/graft
              existingSecret: graft-database
            """;
    @TempDir
    Path folder;

    @Test
    void theChartPassesStrictLint() {
        LintResult result = new Helm(CHART).lint().strict().call();
        assertFalse(result.isFailed(), () -> String.join("\n", result.getMessages()));
    }

    @Test
    void theDemoRendersEveryKindOnce() {
        assertEquals(List.of("Deployment", "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "Service"),
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
