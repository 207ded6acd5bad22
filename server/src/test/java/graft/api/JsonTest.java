package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class JsonTest {
    private static ApiException refused(String body) {
        return assertThrows(ApiException.class,
                () -> Json.read(body.getBytes(StandardCharsets.UTF_8), ChatRequest.class));
    }

    private static void says(String body, String param, String message) {
        ApiException refused = refused(body);
        assertEquals(message, refused.getMessage());
        assertEquals(param, refused.body().error().param());
    }

    @Test
    void aFieldOfAnotherTypeIsNamedWithTheTypeItMustHave() {
        says("{\"max_tokens\": \"x\"}", "max_tokens", "'max_tokens' must be a whole number.");
        says("{\"max_tokens\": 1.5}", "max_tokens", "'max_tokens' must be a whole number.");
        says("{\"temperature\": \"hot\"}", "temperature", "'temperature' must be a number.");
        says("{\"stream\": \"yes\"}", "stream", "'stream' must be true or false.");
        says("{\"messages\": \"hello\"}", "messages", "'messages' must be a list.");
        says("{\"messages\": [5]}", "messages[0]", "'messages[0]' must be an object.");
        says("{\"model\": {}}", "model", "'model' must be a text.");
    }

    @Test
    void anUnknownFieldOfAnExtensionIsNamedWithWhatIsKnown() {
        ApiException refused = assertThrows(ApiException.class, () -> Json.readStrict(
                Json.tree("{\"bogus\": 1}".getBytes(StandardCharsets.UTF_8)), GraftOptions.class, "graft"));
        assertEquals("graft.bogus", refused.body().error().param());
        String known = "'graft.bogus' is not a known field; known here: adapters, filters, max_num_results, ";
        assertEquals(known, refused.getMessage().substring(0, known.length()));
    }

    @Test
    void noRefusalNamesAJavaClass() {
        for (String body : new String[] {"{", "[]", "\"x\"", "5", "{\"n\": []}", "{\"n\": 99999999999}",
            "{\"stream\": {}}", "{\"model\": []}"}) {
            String message = refused(body).getMessage();
            assertFalse(message.matches("(?s).*(java\\.|graft\\.api|JsonToken).*"), message);
        }
    }
}
