package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import graft.weights.TestModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private record Outcome(int code, List<JsonNode> lines, String errors) {}

    private static Outcome verify(Object... arguments) throws IOException {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        String[] words = Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
        int code = Verify.run(words, new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        List<JsonNode> lines = new ArrayList<>();
        for (String line : out.toString(StandardCharsets.UTF_8).lines().toList()) lines.add(JSON.readTree(line));
        return new Outcome(code, lines, err.toString(StandardCharsets.UTF_8));
    }

    private static Path model(String name) {
        return TestModels.folder("models/" + name);
    }

    @Test
    void everyCaseOfAGoldenHoldsAndSaysSo() throws IOException {
        Outcome outcome = verify("--base", model("tiny-qwen3"), "--golden", model("tiny-qwen3").resolve("golden.json"), "--slice", 7);
        assertEquals(0, outcome.code, outcome.errors);
        assertEquals(4, outcome.lines.size());
        for (int i = 0; i < 4; i++) {
            JsonNode line = outcome.lines.get(i);
            assertEquals(String.valueOf(i), line.get("case").asText());
            assertTrue(line.get("max_logit_diff").asDouble() < 1e-3);
            assertTrue(line.get("top10_equal").asBoolean() && line.get("greedy_equal").asBoolean());
        }
    }

    @Test
    void anAdapterIsAppliedWhereTheGoldenNamesIt() throws IOException {
        Path adapter = TestModels.folder("adapters/l3-dora-r8");
        Outcome with = verify("--base", model("tiny-llama3"), "--adapter", adapter, "--golden", adapter.resolve("golden.json"));
        assertEquals(0, with.code, with.errors);
        Outcome other = verify("--base", model("tiny-llama3"), "--adapter", TestModels.folder("adapters/l3-r4-qv"), "--golden",
                adapter.resolve("golden.json"));
        assertEquals(1, other.code, other.errors);
        Outcome none = verify("--base", model("tiny-llama3"), "--golden", adapter.resolve("golden.json"));
        assertEquals(2, none.code);
        assertTrue(none.errors.contains("l3-dora-r8"), none.errors);
    }

    @Test
    void aDifferenceIsSeen() throws IOException {
        ObjectNode golden = (ObjectNode) JSON.readTree(model("tiny-llama3").resolve("golden.json").toFile());
        ObjectNode first = (ObjectNode) golden.get("cases").get(0);
        first.set("top10_logits", JSON.valueToTree(first.get("top10_logits").valueStream().map(v -> v.asDouble() + 0.01).toList()));
        Path file = Files.writeString(folder.resolve("golden.json"), golden.toString());
        Outcome outcome = verify("--base", model("tiny-llama3"), "--golden", file);
        assertEquals(1, outcome.code);
        assertEquals(0.01, outcome.lines.getFirst().get("max_logit_diff").asDouble(), 1e-3);
        assertTrue(outcome.lines.get(1).get("max_logit_diff").asDouble() < 1e-3);
        assertEquals(0, verify("--base", model("tiny-llama3"), "--golden", file, "--tolerance", "0.02").code);
    }

    @Test
    void bf16StaysNearAndIsToldApart() throws IOException {
        Path golden = model("tiny-llama3").resolve("golden.json");
        assertEquals(1, verify("--base", model("tiny-llama3"), "--golden", golden, "--precision", "bf16").code);
        Outcome outcome = verify("--base", model("tiny-llama3"), "--golden", golden, "--precision", "bf16", "--tolerance", "0.1");
        for (JsonNode line : outcome.lines) assertTrue(line.get("max_logit_diff").asDouble() < 0.1, line.toString());
    }

    @Test
    void aTemplateIsRenderedAndAnErrorExpected() throws IOException {
        Path template = Files.writeString(folder.resolve("t.jinja"),
                "{% if not messages %}{{ raise_exception('none') }}{% endif %}{{ messages[0].content }}");
        Path golden = Files.writeString(folder.resolve("g.json"), """
                {"variables":{"now":"2026-07-26T12:00:00Z"},"cases":{
                 "good":{"messages":[{"role":"user","content":"hi"}],"rendered":"hi"},
                 "raised":{"messages":[],"error":"none"}}}""");
        Outcome outcome = verify("--template", template, "--golden", golden);
        assertEquals(0, outcome.code, outcome.errors);
        assertEquals("{\"case\":\"good\",\"equal\":true}", outcome.lines.getFirst().toString());
        assertEquals("raised", outcome.lines.get(1).get("case").asText());
        Files.writeString(golden, "{\"cases\":[{\"messages\":[{\"content\":\"a\"}],\"rendered\":\"b\"}]}");
        Outcome differs = verify("--template", template, "--golden", golden);
        assertEquals(1, differs.code);
        assertFalse(differs.lines.getFirst().get("equal").asBoolean());
    }

    @Test
    void whatCannotBeRunIsTwo() throws IOException {
        assertEquals(2, verify().code);
        assertEquals(2, verify("--base", folder).code);
        assertEquals(2, verify("--what").code);
        Path golden = model("tiny-llama3").resolve("golden.json");
        assertEquals(2, verify("--base", folder, "--golden", golden).code);
        assertEquals(2, verify("--base", folder.resolve("absent"), "--golden", golden).code);
        assertEquals(2, verify("--base", model("tiny-llama3"), "--golden", folder.resolve("absent.json")).code);
        assertEquals(2, verify("--base", model("tiny-llama3"), "--golden", golden, "--precision", "int3").code);
        assertEquals(2, verify("--base", model("tiny-llama3"), "--golden", golden, "--tolerance", "much").code);
    }
}
