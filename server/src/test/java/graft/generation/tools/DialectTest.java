package graft.generation.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import graft.generation.ChatTemplate;
import graft.generation.template.TemplateException;
import graft.tokens.ByteTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How models are told of tools, seen from published templates. */
class DialectTest {
    private static final Path TEMPLATES = Path.of(System.getProperty("graft.root"), "../shared/chat-templates");
    private static final String CHATML = "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}";
    private static final String NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}"
            + "{% endif %}" + CHATML;

    private static Dialect dialect(String template) {
        return Dialect.of(Optional.empty(), Optional.of(template), new ByteTokenizer());
    }

    private static ToolUse tools() {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("name", "weather");
        shown.put("description", "Tells the weather.");
        shown.put("parameters", Map.of("type", "object"));
        List<Tool> tools = List.of(new Tool("weather", Map.of("type", "object"), false, shown));
        return new ToolUse(tools, tools, false, true);
    }

    private static Map<String, Object> message(String role, String content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    /** A question, a call, its result. */
    private static List<Map<String, Object>> conversation() {
        Map<String, Object> calling = message("assistant", null);
        calling.put("tool_calls", List.of(Map.of("id", "call_abc", "type", "function", "function",
                Map.of("name", "weather", "arguments", Map.of("city", "Bern")))));
        Map<String, Object> result = message("tool", "sunny");
        result.put("tool_call_id", "call_abc");
        return List.of(message("user", "How is it?"), calling, result);
    }

    private static String render(String template, List<Map<String, Object>> messages, Optional<ToolUse> tools) {
        Dialect dialect = dialect(template);
        Map<String, Object> variables = new HashMap<>();
        variables.put("tools", dialect.variable(tools).orElse(null));
        variables.put("add_generation_prompt", true);
        variables.put("bos_token", "<s>");
        variables.put("eos_token", "</s>");
        List<String> refusals = new ArrayList<>();
        for (List<Map<String, Object>> variant : dialect.messages(messages, tools)) {
            variables.put("messages", variant);
            try {
                return ChatTemplate.compile(template).render(variables);
            } catch (TemplateException e) {
                refusals.add(e.getMessage());
            }
        }
        throw new AssertionError(refusals.toString());
    }

    private static String published(String name) throws IOException {
        Path file = TEMPLATES.resolve(name + ".jinja");
        assumeTrue(Files.exists(file), "the published templates are not here");
        return Files.readString(file);
    }

    @Test
    void familiesAreSeenFromTheirTemplates() throws IOException {
        Map<String, ToolFormat> families = Map.of("Qwen-Qwen2.5-7B-Instruct", ToolFormat.HERMES,
                "Qwen-Qwen3-0.6B", ToolFormat.HERMES, "meta-llama-Llama-3.1-8B-Instruct", ToolFormat.LLAMA3,
                "meta-llama-Llama-3.2-3B-Instruct", ToolFormat.LLAMA3,
                "deepseek-ai-DeepSeek-R1-Distill-Llama-8B", ToolFormat.DEEPSEEK,
                "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", ToolFormat.DEEPSEEK,
                "deepseek-ai-DeepSeek-V3.1", ToolFormat.DEEPSEEK_V31,
                "mistralai-Mistral-Nemo-Instruct-2407", ToolFormat.MISTRAL,
                "google-gemma-2-2b-it", ToolFormat.HERMES, "HuggingFaceTB-SmolLM3-3B", ToolFormat.HERMES);
        for (Map.Entry<String, ToolFormat> family : families.entrySet())
            assertEquals(family.getValue(), dialect(published(family.getKey())).format(), family.getKey());
        assertEquals(ToolFormat.HERMES, dialect(CHATML).format());
        assertEquals(ToolFormat.LLAMA3, Dialect.of(Optional.of(ToolFormat.LLAMA3), Optional.of(CHATML),
                new ByteTokenizer()).format());
    }

    @Test
    void everyPublishedTemplateTakesToolsCallsAndResults() throws IOException {
        assumeTrue(Files.isDirectory(TEMPLATES), "the published templates are not here");
        List<Path> files;
        try (var list = Files.list(TEMPLATES)) {
            files = list.filter(file -> file.toString().endsWith(".jinja")).sorted().toList();
        }
        for (Path file : files) {
            String rendered = render(Files.readString(file), conversation(), Optional.of(tools()));
            assertTrue(rendered.contains("Tells the weather."), () -> file + "\n" + rendered);
            assertTrue(rendered.contains("Bern"), () -> file + "\n" + rendered);
            assertTrue(rendered.contains("sunny"), () -> file + "\n" + rendered);
            assertTrue(rendered.contains("How is it?"), () -> file + "\n" + rendered);
        }
        System.out.println("templates=" + files.size());
    }

    @Test
    void aTemplateWithoutToolsGetsThemAsText() {
        String rendered = render(CHATML, conversation(), Optional.of(tools()));
        assertTrue(rendered.startsWith("<|system|># Tools"), rendered);
        assertTrue(rendered.contains("{\"type\":\"function\",\"function\":{\"name\":\"weather\""), rendered);
        assertTrue(rendered.contains("<|assistant|><tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\":\"Bern\"}}"
                + "\n</tool_call><|user|><tool_response>\nsunny\n</tool_response>"), rendered);
        assertTrue(render(NO_SYSTEM, conversation(), Optional.of(tools())).startsWith("<|user|># Tools"));
        assertFalse(render(CHATML, conversation(), Optional.empty()).contains("# Tools"));
        List<Map<String, Object>> told = List.of(message("system", "Be kind."), message("user", "Hi"));
        assertTrue(render(CHATML, told, Optional.of(tools())).startsWith("<|system|>Be kind.\n\n# Tools"));
        assertEquals(List.of(told), dialect(CHATML).messages(told, Optional.empty()));
    }
}
