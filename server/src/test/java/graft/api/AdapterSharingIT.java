package graft.api;

import static graft.api.CatalogServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.ResolvedModel;
import graft.registry.catalog.ShadowDao;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whose adapters a tenant sees, may change and shadows, and that all others are as if they were not there. */
class AdapterSharingIT extends AdapterRequests {
    @Test
    void aForeignAdapterAnswersLikeAnAbsentOne() {
        upload("alice", "a", "l3-r4-qv");
        for (String[] request : new String[][] {{"GET", "/a"}, {"GET", "/a/versions/1"}, {"GET", "/a/versions/1/files"},
                {"DELETE", "/a"}, {"DELETE", "/a/versions/1"}, {"DELETE", "/a/aliases/production"},
                {"PUT", "/a/aliases/production"}, {"POST", "/a/aliases/production/rollback"}}) {
            JsonNode foreign = call(404, "bob", request[0], request[1], "{\"version\":1}");
            JsonNode absent = call(404, "bob", request[0], request[1].replace("/a", "/z"), "{\"version\":1}");
            assertEquals(absent, foreign);
        }
        assertEquals(Optional.empty(), resolve("bob", "a"));
        assertEquals(Optional.empty(), resolve("bob", server.callers.get("alice").tenantId() + "/a"));
        assertEquals(List.of(), names(get("bob", "")));
        call(403, "bob", "GET", "?tenant=" + server.callers.get("alice").tenantId(), "");
        call(403, "nothing", "GET", "", "");
        assertEquals(1, upload("bob", "a", "l3-r16-all"));
        assertEquals(Optional.of("a@1"), resolve("alice", "a"));
    }

    @Test
    void whatTheOperatorUploadsIsSharedAndNobodyElseMayChangeIt() {
        upload("operator", "common", "l3-r4-qv");
        assertEquals(Optional.of("common@1"), resolve("bob", "common"));
        assertEquals(List.of("common"), names(get("bob", "")));
        assertEquals("operator", get("bob", "/common").get("tenant").asText());
        assertEquals(200, server.http.get("bob", "/admin/v1/adapters/common/versions/1/files").statusCode());
        call(404, "bob", "DELETE", "/common", "");
        call(404, "bob", "PUT", "/common/aliases/mine", "{\"version\":1}");

        upload("bob", "common", "l3-r16-all");
        upload("bob", "common", "l3-r16-all");
        call(200, "bob", "PUT", "/common/aliases/production", "{\"version\":2}");
        assertEquals(Optional.of("common@2"), resolve("bob", "common"));
        assertEquals(Optional.of("operator/common@1"), resolve("bob", "operator/common"));
        assertEquals("operator", get("bob", "/common?tenant=operator").get("tenant").asText());
        assertEquals(Optional.of("common@1"), resolve("alice", "common"));
        call(200, "bob", "DELETE", "/common/aliases/production", "");
        assertEquals(Optional.empty(), resolve("bob", "common"), "one's own wins even without the alias");
    }

    @Test
    void anAdapterIsSharedWithNamedTenantsOrAllAndARevokedShareStopsTheNextRequest() {
        upload("alice", "a", "l3-r4-qv");
        String alice = server.callers.get("alice").tenantId();
        String bob = server.callers.get("bob").tenantId();
        assertEquals(Optional.empty(), resolve("bob", "a"));
        call(200, "alice", "PUT", "/a/shares/" + bob, "");
        call(200, "alice", "PUT", "/a/shares/" + bob, "");
        assertEquals(Optional.of("a@1"), resolve("bob", "a"));
        assertEquals(Optional.of(alice + "/a@1"), resolve("bob", alice + "/a@1"));
        assertEquals(200, server.http.get("bob", "/admin/v1/adapters/a/versions/1/files").statusCode());
        upload("bob", "a", "l3-r16-all");
        upload("bob", "a", "l3-r16-all");
        call(200, "bob", "PUT", "/a/aliases/production", "{\"version\":2}");
        assertEquals(Optional.of("a@2"), resolve("bob", "a"), "one's own wins");
        call(200, "bob", "DELETE", "/a", "");
        assertEquals(Optional.of("a@1"), resolve("bob", "a"));

        JsonNode list = get("alice", "/a/shares");
        assertEquals(1, list.get("data").size());
        assertEquals(bob, list.at("/data/0/tenant").asText());
        assertEquals("key-alice", list.at("/data/0/granted_by").asText());
        call(200, "alice", "PUT", "/a/shares/all", "");
        JsonNode first = get("alice", "/a/shares?limit=1");
        assertEquals("all", first.at("/data/0/tenant").asText());
        assertTrue(first.get("has_more").asBoolean());
        assertEquals(bob, get("alice", "/a/shares?limit=1&after=all").at("/data/0/tenant").asText());
        call(200, "alice", "DELETE", "/a/shares/all", "");
        assertEquals(Optional.of("a@1"), resolve("bob", "a"), "bob's own share stays");

        call(200, "alice", "DELETE", "/a/shares/" + bob, "");
        assertEquals(Optional.empty(), resolve("bob", "a"));
        assertEquals(Optional.empty(), resolve("bob", alice + "/a"));
        call(404, "bob", "GET", "/a", "");
        call(404, "alice", "DELETE", "/a/shares/" + bob, "");
        call(404, "alice", "PUT", "/a/shares/nobody", "");
        call(400, "alice", "PUT", "/a/shares/" + alice, "");
        for (String method : List.of("GET", "PUT", "DELETE")) {
            String foreign = "/a/shares" + (method.equals("GET") ? "" : "/" + bob);
            assertEquals(call(404, "bob", method, foreign.replace("/a/", "/z/"), ""),
                    call(404, "bob", method, foreign, ""), method);
        }
    }

    private Optional<ResolvedModel.Shadow> shadow(String key, String model) {
        return server.catalog.resolve(server.callers.get(key), model, Optional.empty()).orElseThrow().shadow();
    }

    @Test
    void aCandidateShadowsItsOwnersTrafficAndAnothersOnlyWithConsent() {
        upload("alice", "a", "l3-r4-qv");
        upload("alice", "a", "l3-r16-all");
        String alice = server.callers.get("alice").tenantId();
        String bob = server.callers.get("bob").tenantId();
        call(200, "alice", "PUT", "/a/shares/" + bob, "");
        assertEquals(Optional.empty(), shadow("alice", "a"));
        JsonNode moved = call(200, "alice", "PUT", "/a/aliases/production",
                "{\"version\":1,\"shadow\":{\"version\":2,\"fraction\":0.25}}");
        assertEquals(0.25, moved.at("/shadow/fraction").asDouble());
        ResolvedModel.Shadow candidate = shadow("alice", "a").orElseThrow();
        assertEquals(2, candidate.candidate().version());
        assertEquals("production", candidate.alias());
        assertEquals(Optional.empty(), shadow("alice", "a@1"), "a pinned version is no alias's traffic");
        assertEquals(Optional.of("a@1"), resolve("alice", "a"));

        assertEquals(Optional.empty(), shadow("bob", "a"));
        assertTrue(get("bob", "/a").at("/aliases/0/shadow").isNull());
        String consent = "/admin/v1/tenants/" + bob + "/shadow-consent";
        assertEquals(404, server.http.send("alice", "PUT", consent, "{\"allowed\":true}").statusCode());
        assertEquals(400, server.http.send("bob", "PUT", consent, "{}").statusCode());
        assertEquals(200, server.http.send("bob", "PUT", consent, "{\"allowed\":true}").statusCode());
        assertTrue(json(server.http.get("operator", consent)).get("allowed").asBoolean());
        assertEquals(2, shadow("bob", "a").orElseThrow().candidate().version());
        assertEquals(200, server.http.send("bob", "PUT", consent, "{\"allowed\":false}").statusCode());
        assertEquals(Optional.empty(), shadow("bob", "a"));

        call(409, "alice", "DELETE", "/a/versions/2", "");
        ShadowDao answers = new ShadowDao(server.database);
        for (int i = 0; i < 3; i++) answers.add(alice, new ShadowDao.Comparison("a", "production", "req_" + i, bob, 1,
                2, Optional.of(i), 5, 6, 10, 20, "x", "y\0"), 100);
        JsonNode page = get("alice", "/a/aliases/production/shadows?limit=2");
        assertEquals("req_2", page.at("/data/0/request_id").asText());
        assertTrue(page.get("has_more").asBoolean());
        assertEquals("req_0", get("alice", "/a/aliases/production/shadows?limit=2&after="
                + page.get("last_id").asText()).at("/data/0/request_id").asText());
        call(404, "bob", "GET", "/a/aliases/production/shadows", "");
        call(400, "alice", "GET", "/a/aliases/production/shadows?after=x", "");
        for (String bad : List.of("{\"fraction\":1}", "{\"version\":2,\"fraction\":0}",
                "{\"version\":2,\"fraction\":1.5}", "{\"version\":2,\"fraction\":\"x\"}"))
            call(400, "alice", "PUT", "/a/aliases/production", "{\"version\":1,\"shadow\":" + bad + "}");
        call(404, "alice", "PUT", "/a/aliases/production", "{\"version\":1,\"shadow\":{\"version\":9}}");
        call(200, "alice", "PUT", "/a/aliases/production", "{\"version\":1}");
        assertEquals(Optional.empty(), shadow("alice", "a"));
        call(200, "alice", "DELETE", "/a/versions/2", "");
        call(200, "alice", "DELETE", "/a", "");
        assertEquals(0, server.count("shadow_answer"));
    }

    @Test
    void anOperatorMayActForATenant() {
        String alice = server.callers.get("alice").tenantId();
        upload("operator", "hers", "l3-r4-qv", "tenant", alice);
        assertEquals(Optional.of("hers@1"), resolve("alice", "hers"));
        assertEquals(Optional.empty(), resolve("bob", "hers"));
        assertEquals(List.of("hers"), names(get("operator", "?tenant=" + alice)));
        assertEquals(List.of(), names(get("operator", "")));
        call(404, "operator", "GET", "/hers", "");
        call(200, "operator", "GET", "/hers?tenant=" + alice, "");
        call(404, "operator", "GET", "?tenant=nobody", "");
        call(200, "operator", "DELETE", "/hers?tenant=" + alice, "");
        assertEquals(Optional.empty(), resolve("alice", "hers"));
    }
}
