package graft;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.generation.ChatTemplate;
import graft.generation.template.TemplateException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Renders a chat template's golden cases and compares. */
final class VerifyTemplate {
    private static final ObjectMapper JSON = new ObjectMapper();

    private VerifyTemplate() {}

    /** @return whether all cases hold */
    static boolean run(String source, JsonNode golden, Consumer<String> lines) {
        ChatTemplate template = ChatTemplate.compile(source);
        boolean all = true;
        JsonNode cases = golden.get("cases");
        Iterator<String> names = cases.fieldNames();
        for (int i = 0; i < cases.size(); i++) {
            String name = cases.isObject() ? names.next() : String.valueOf(i);
            JsonNode one = cases.isObject() ? cases.get(name) : cases.get(i);
            boolean equal = equal(template, golden.path("variables"), one);
            lines.accept(JSON.createObjectNode().put("case", name).put("equal", equal).toString());
            all &= equal;
        }
        return all;
    }

    private static boolean equal(ChatTemplate template, JsonNode shared, JsonNode one) {
        Map<String, Object> variables = new HashMap<>();
        if (shared.isObject()) variables.putAll(map(shared));
        variables.putAll(map(one));
        variables.remove("rendered");
        boolean raises = variables.remove("error") != null;
        Clock clock = Optional.ofNullable(variables.remove("now")).map(VerifyTemplate::clock).orElse(Clock.systemDefaultZone());
        try {
            String rendered = template.render(variables, clock);
            return !raises && rendered.equals(one.path("rendered").asText());
        } catch (TemplateException raised) {
            return raises;
        }
    }

    private static Map<String, Object> map(JsonNode node) {
        return JSON.convertValue(node, new TypeReference<>() {});
    }

    private static Clock clock(Object now) {
        try {
            return Clock.fixed(OffsetDateTime.parse(now.toString()).toInstant(), ZoneOffset.UTC);
        } catch (DateTimeParseException withoutOffset) {
            try {
                return Clock.fixed(Instant.parse(now + "Z"), ZoneOffset.UTC);
            } catch (DateTimeParseException invalid) {
                throw new Verify.UsageException("variables.now " + now + " is not an ISO time");
            }
        }
    }
}
