package graft.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import graft.generation.template.Template;
import graft.generation.template.TemplateException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ChatTemplateTest {
    private static final ObjectMapper JSON = new ObjectMapper()
            .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);
    private static final Path GOLDENS = Path.of(System.getProperty("graft.root", ".."))
            .resolve("../shared/chat-templates");

    /** Rendered by Jinja2 itself; a case whose {@code rendered} is null raises there. */
    private record Cases(String renderedWith, Map<String, Object> variables, List<Case> cases) {}

    private record Case(String template, String rendered) {}

    @TestFactory
    Stream<DynamicTest> everyCaseIsRenderedAsJinjaDoes() throws IOException {
        try (InputStream in = ChatTemplateTest.class.getResourceAsStream("/template-cases.json")) {
            Cases all = JSON.readValue(in, Cases.class);
            assertTrue(all.cases.size() > 100, "cases: " + all.cases.size());
            return all.cases.stream()
                    .map(one -> DynamicTest.dynamicTest(one.template, () -> check(one, all.variables)));
        }
    }

    private static void check(Case one, Map<String, Object> variables) {
        if (one.rendered == null) {
            assertThrows(TemplateException.class, () -> ChatTemplate.compile(one.template)
                    .render(variables, clock(null)));
        } else {
            assertEquals(one.rendered, ChatTemplate.compile(one.template).render(variables, clock(null)));
        }
    }

    private static Clock clock(Object now) {
        return Clock.fixed(Instant.parse(now == null ? "2026-07-06T09:05:03Z" : now.toString()), ZoneOffset.UTC);
    }

    @TestFactory
    Stream<DynamicTest> everyGoldenOfTheModelsHolds() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        if (!Files.isDirectory(GOLDENS)) return Stream.empty();
        try (Stream<Path> files = Files.list(GOLDENS)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".golden.json")).sorted().toList()) {
                Map<String, Object> golden = JSON.readValue(file.toFile(), new TypeReference<>() {});
                String template = Files.readString(GOLDENS.resolve((String) golden.get("template")));
                Map<?, ?> cases = (Map<?, ?>) golden.get("cases");
                cases.forEach((name, one) -> tests.add(DynamicTest.dynamicTest(file.getFileName() + " " + name,
                        () -> holds(template, (Map<?, ?>) golden.get("variables"), (Map<?, ?>) one))));
            }
        }
        return tests.stream();
    }

    private static void holds(String template, Map<?, ?> shared, Map<?, ?> one) {
        Map<String, Object> variables = new HashMap<>();
        shared.forEach((name, value) -> variables.put((String) name, value));
        one.forEach((name, value) -> variables.put((String) name, value));
        Clock clock = clock(variables.remove("now"));
        variables.remove("rendered");
        Object error = variables.remove("error");
        if (error == null) assertEquals(one.get("rendered"), ChatTemplate.compile(template).render(variables, clock));
        else assertEquals(error, assertThrows(TemplateException.class,
                () -> ChatTemplate.compile(template).render(variables, clock)).getMessage());
    }

    @Test
    void aTemplateThatWouldRunForEverIsStopped() {
        String squared = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
        refused(squared, "steps");
        refused("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recurses");
        refused("{% set ns = namespace(t='xxxxxxxxxx') %}{% for i in range(99) %}"
                + "{% set ns.t = ns.t + ns.t %}{% endfor %}", "characters");
        refused("{{ 'x' * 999999999 }}", "characters");
        refused("{{ ('x' * 99999).replace('', 'y' * 99999) }}", "characters");
        refused("{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}", "deep");
        refused("{% if 1 %}".repeat(5000), "deep");
    }

    private static void refused(String source, String reason) {
        String message = assertThrows(TemplateException.class, () -> ChatTemplate.compile(source,
                new Template.Limits(1 << 20, 1_000_000, 1 << 20, 50)).render(Map.of())).getMessage();
        assertTrue(message.contains(reason), message);
    }

    @Test
    void aRefusalOfTheTemplatesCarriesItsWords() {
        assertEquals("roles must alternate", assertThrows(TemplateException.class, () -> ChatTemplate.compile(
                "{{ raise_exception('roles must alternate') }}").render(Map.of())).getMessage());
    }

    @Test
    void aFaultInTheSourceNamesItsLine() {
        assertTrue(assertThrows(TemplateException.class,
                () -> ChatTemplate.compile("a\n{% if x %}\n{{ y z }}{% endif %}"))
                .getMessage().startsWith("line 3"));
    }
}
