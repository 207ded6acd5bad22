package graft.api;

import static graft.api.AccountsWorld.code;
import static graft.api.AccountsWorld.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tenants, keys, sessions, limits and the log of who changed them. */
class AccountsIT {
    @TempDir
    private static Path data;
    private static AccountsWorld world;
    private static TestServer server;
    private static String admin;
    private static String demo;

    @BeforeAll
    static void start() throws IOException {
        world = new AccountsWorld(data);
        server = world.server();
        admin = world.admin();
        demo = world.demo();
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    @Test
    void aTenantGetsAKeyThatWorksUntilItIsRevoked() {
        String id = world.tenant("acme").path("id").asText();
        JsonNode key = world.key(id, "\"name\":\"ci\",\"scopes\":[\"inference\"]");
        String secret = key.path("secret").asText();
        assertTrue(secret.startsWith(key.path("prefix").asText()));
        JsonNode me = json(server.get(secret, "/admin/v1/session"), 200);
        assertEquals(id, me.path("tenant").path("id").asText());
        assertEquals("[\"inference\"]", me.path("scopes").toString());
        String keys = new String(server.get(admin, "/admin/v1/tenants/" + id + "/keys").body());
        assertTrue(keys.contains(key.path("id").asText()) && !keys.contains(secret));
        assertEquals("insufficient_scope", code(server.get(secret, "/admin/v1/tenants"), 403));

        json(server.send(admin, "DELETE", "/admin/v1/tenants/" + id + "/keys/" + key.path("id").asText(), ""), 200);
        assertEquals("invalid_api_key", code(server.get(secret, "/admin/v1/session"), 401));
        assertEquals("not_found", code(server.send(admin, "DELETE",
                "/admin/v1/tenants/" + id + "/keys/" + key.path("id").asText(), ""), 404));
    }

    @Test
    void aDeletedTenantsKeysStopAtOnceAndItIsGone() {
        String id = world.tenant("leaving").path("id").asText();
        String secret = world.key(id, "\"scopes\":[\"inference\"]").path("secret").asText();
        json(server.get(secret, "/admin/v1/session"), 200);
        assertEquals(id, json(server.get(admin, "/admin/v1/tenants/" + id), 200).path("id").asText());
        assertTrue(json(server.send(admin, "DELETE", "/admin/v1/tenants/" + id, ""), 200).path("deleted").asBoolean());
        assertEquals("invalid_api_key", code(server.get(secret, "/admin/v1/session"), 401));
        assertEquals("not_found", code(server.get(admin, "/admin/v1/tenants/" + id), 404));
        assertEquals("conflict", code(server.send(admin, "DELETE", "/admin/v1/tenants/operator", ""), 409));
    }

    @Test
    void unknownExpiredAndMissingKeysGetTheSameBody() {
        String id = world.tenant("expiring").path("id").asText();
        String expired = world.key(id, "\"scopes\":[\"inference\"],\"expires_at\":"
                + (Instant.now().getEpochSecond() - 5)).path("secret").asText();
        String unknown = expired.substring(0, expired.length() - 1) + (expired.endsWith("a") ? "b" : "a");
        String body = new String(server.get(expired, "/admin/v1/session").body());
        assertEquals(body, new String(server.get(unknown, "/admin/v1/session").body()));
        assertEquals(body, new String(server.send(HttpRequest.newBuilder(server.uri("/admin/v1/session")).build())
                .body()));
    }

    @Test
    void tenantsAreSortedFilteredAndPagedHere() {
        for (String name : List.of("Listed-b", "listed-c", "listed-a")) world.tenant(name);
        String list = "/admin/v1/tenants?q=LISTED-&sort=name&limit=2";
        JsonNode first = json(server.get(admin, list), 200);
        assertEquals("listed-a Listed-b", names(first));
        assertTrue(first.path("has_more").asBoolean());
        JsonNode second = json(server.get(admin, list + "&after=" + first.path("last_id").asText()), 200);
        assertEquals("listed-c", names(second));
        assertFalse(second.path("has_more").asBoolean());
        assertEquals("listed-c Listed-b", names(json(server.get(admin, list + "&order=desc"), 200)));
        assertEquals("listed-a", names(json(server.get(admin,
                "/admin/v1/tenants?q=listed-&sort=created_at&order=desc&limit=1"), 200)));
        assertEquals("sort", json(server.get(admin, "/admin/v1/tenants?sort=size"), 400).path("error").path("param")
                .asText());
    }

    private static String names(JsonNode list) {
        return String.join(" ", list.path("data").findValuesAsText("name"));
    }

    @Test
    void aBudgetShowsWhatIsSpentAndWhoseItIs() {
        String id = world.tenant("thrifty").path("id").asText();
        String own = world.key(id, "\"scopes\":[\"inference\"]").path("secret").asText();
        json(server.send(admin, "PUT", "/admin/v1/tenants/" + id + "/limits",
                "{\"budget\":{\"amount_micros\":1000,\"period\":\"total\",\"alert_percent\":80}}"), 200);
        JsonNode seen = json(server.get(own, "/admin/v1/budgets"), 200).path("data");
        assertEquals(1, seen.size());
        assertEquals("thrifty", seen.get(0).path("tenant_name").asText());
        assertEquals(0, seen.get(0).path("spent_micros").asLong());
        assertEquals(80, seen.get(0).path("alert_percent").asInt());
        assertEquals(0, json(server.get(demo, "/admin/v1/budgets"), 200).path("data").size());
        assertTrue(json(server.get(admin, "/admin/v1/budgets"), 200).path("data").findValuesAsText("tenant_id")
                .contains(id));
    }

    @Test
    void theAuditLogIsNarrowedByActionAndObject() {
        String id = world.tenant("audited").path("id").asText();
        world.key(id, "\"scopes\":[\"inference\"]");
        JsonNode keys = json(server.get(admin, "/admin/v1/audit?action=key.&tenant_id=" + id), 200).path("data");
        assertEquals(List.of("key.create"), keys.findValuesAsText("action"));
        JsonNode object = json(server.get(admin, "/admin/v1/audit?object_id=" + id), 200).path("data");
        assertEquals(List.of("tenant.create"), object.findValuesAsText("action"));
    }

    @Test
    void badFieldsAreNamed() {
        assertEquals("name", json(server.send(admin, "POST", "/admin/v1/tenants", "{}"), 400)
                .path("error").path("param").asText());
        String keys = "/admin/v1/tenants/demo/keys";
        assertEquals("scopes", json(server.send(admin, "POST", keys, "{\"scopes\":[\"root\"]}"), 400)
                .path("error").path("param").asText());
        assertEquals("expires_at", json(server.send(admin, "POST", keys,
                "{\"scopes\":[\"admin\"],\"expires_at\":\"soon\"}"), 400).path("error").path("param").asText());
        assertEquals("not_found", code(server.send(admin, "POST", "/admin/v1/tenants/nobody/keys",
                "{\"scopes\":[\"inference\"]}"), 404));
        json(server.send(admin, "PUT", "/admin/v1/tenants/demo/limits", "{\"request_per_minute\":1}"), 400);
        json(server.send(admin, "PUT", "/admin/v1/tenants/demo/limits", "{\"requests_per_minute\":-1}"), 400);
        json(server.send(admin, "PUT", "/admin/v1/tenants/demo/limits",
                "{\"budget\":{\"amount_micros\":5,\"period\":\"year\"}}"), 400);
    }

    @Test
    void limitsAreReplacedAsAWhole() {
        String path = "/admin/v1/tenants/" + world.tenant("limited").path("id").asText() + "/limits";
        assertTrue(json(server.get(admin, path), 200).path("requests_per_minute").isNull());
        JsonNode put = json(server.send(admin, "PUT", path, "{\"requests_per_minute\":5,\"storage_bytes\":1000,"
                + "\"budget\":{\"amount_micros\":700,\"period\":\"month\"}}"), 200);
        assertEquals(put, json(server.get(admin, path), 200));
        assertEquals("month", put.path("budget").path("period").asText());
        assertTrue(json(server.send(admin, "PUT", path, "{}"), 200).path("budget").isNull());
        assertEquals("not_found", code(server.get(admin, "/admin/v1/tenants/nobody/limits"), 404));
    }

    @Test
    void aSessionStandsForItsKeyAndAForeignPageCanNotUseIt() {
        HttpResponse<byte[]> signedIn = server.send("none", "POST", "/admin/v1/session", "{\"key\":\"" + admin + "\"}");
        assertEquals(201, signedIn.statusCode());
        String cookie = signedIn.headers().firstValue("Set-Cookie").orElseThrow();
        for (String attribute : new String[] {"HttpOnly", "SameSite=Strict", "Path=/"})
            assertTrue(cookie.contains(attribute), cookie);
        assertFalse(cookie.contains(admin));
        String pair = cookie.substring(0, cookie.indexOf(';'));
        HttpRequest.Builder me = HttpRequest.newBuilder(server.uri("/admin/v1/session")).header("Cookie", pair);
        assertEquals("operator", json(server.send(me.build()), 200).path("tenant").path("id").asText());

        HttpRequest.Builder post = HttpRequest.newBuilder(server.uri("/admin/v1/tenants")).header("Cookie", pair)
                .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"by cookie\"}"));
        assertEquals("insufficient_scope", code(server.send(post.copy().build()), 403));
        assertEquals("insufficient_scope", code(server.send(post.copy().header("Origin", "https://evil.example")
                .build()), 403));
        json(server.send(post.copy().header("X-Graft-Session", "1").build()), 201);
        json(server.send(post.copy().header("Origin", "http://127.0.0.1:" + server.port()).build()), 201);

        assertEquals(204, server.send(me.copy().DELETE().build()).statusCode());
        assertEquals("invalid_api_key", code(server.send(me.build()), 401));
        assertEquals("invalid_api_key", code(server.send("none", "POST", "/admin/v1/session",
                "{\"key\":\"gk_x\"}"), 401));
    }

    @Test
    void aRotatedKeyGoesOnForTheOverlapAndItsSuccessorMayDoTheSame() {
        String id = world.tenant("rotating").path("id").asText();
        JsonNode old = world.key(id, "\"scopes\":[\"inference\"],\"models\":[\"triage\"],\"stores\":[]");
        String path = "/admin/v1/tenants/" + id + "/keys/" + old.path("id").asText() + "/rotate";
        JsonNode successor = json(server.send(admin, "POST", path, "{\"overlap_seconds\":3600}"), 201);
        assertEquals(old.path("scopes"), successor.path("scopes"));
        assertEquals("[\"triage\"]", successor.path("models").toString());
        assertEquals("[]", successor.path("stores").toString());
        json(server.get(old.path("secret").asText(), "/admin/v1/session"), 200);
        json(server.get(successor.path("secret").asText(), "/admin/v1/session"), 200);
        json(server.send(admin, "POST", path, "{\"overlap_seconds\":0}"), 201);
        assertEquals("invalid_api_key", code(server.get(old.path("secret").asText(), "/admin/v1/session"), 401));
        assertEquals("not_found", code(server.send(admin, "POST", path, "{}"), 404));
        assertEquals("scopes", json(server.send(admin, "POST", "/admin/v1/tenants/" + id + "/keys",
                "{\"scopes\":[\"admin\"],\"models\":[\"x\"]}"), 400).path("error").path("param").asText());
    }

    @Test
    void aReadOnlyKeyChangesNothing() {
        String secret = world.key("operator", "\"scopes\":[\"admin\",\"read-only\"]").path("secret").asText();
        json(server.get(secret, "/admin/v1/tenants"), 200);
        assertEquals("insufficient_scope", code(server.send(secret, "POST", "/admin/v1/tenants",
                "{\"name\":\"x\"}"), 403));
    }

    @Test
    void theAuditLogTellsWhoDidWhat() {
        String id = world.tenant("watched").path("id").asText();
        JsonNode entry = json(server.get(admin, "/admin/v1/audit?limit=1&tenant_id=" + id), 200).path("data").get(0);
        assertEquals("tenant.create", entry.path("action").asText());
        assertTrue(entry.path("actor").asText().startsWith("key_"));
        assertEquals("watched", entry.path("details").path("name").asText());
        assertEquals("insufficient_scope", code(server.get(demo, "/admin/v1/audit"), 403));
    }
}
