package graft.api;

import static graft.api.CatalogServer.folder;
import static graft.api.CatalogServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Caller;
import graft.admission.Catalog;
import graft.admission.CatalogView.Listed;
import graft.admission.ResolvedModel;
import graft.registry.catalog.CatalogDao;
import graft.registry.catalog.ShadowDao;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions, aliases and sharing over HTTP, and what names resolve to after each change. */
class AdaptersIT {
    @TempDir
    private Path work;
    private CatalogServer server;

    @BeforeEach
    void start() {
        server = new CatalogServer(work, "tiny-llama3");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private int upload(String key, String name, String folder, String... fields) {
        MultipartBody body = folder("adapters/" + folder);
        for (int i = 0; i < fields.length; i += 2) body.field(fields[i], fields[i + 1]);
        HttpResponse<byte[]> response = server.upload(key, name, body);
        assertEquals(201, response.statusCode(), text(response));
        return json(response).get("version").asInt();
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private JsonNode call(int status, String key, String method, String path, String body) {
        HttpResponse<byte[]> response = server.http.send(key, method, "/admin/v1/adapters" + path, body);
        assertEquals(status, response.statusCode(), text(response));
        return json(response);
    }

    private JsonNode get(String key, String path) {
        return call(200, key, "GET", path, "");
    }

    private Optional<String> resolve(String key, String model) {
        return server.catalog.resolve(server.callers.get(key), model, Optional.empty()).map(ResolvedModel::name);
    }

    private List<String> names(JsonNode list) {
        return StreamSupport.stream(list.get("data").spliterator(), false)
                .map(one -> one.get("name").asText()).toList();
    }

    @Test
    void theFirstVersionIsProductionAndLaterUploadsMoveNothingUnlessAsked() {
        assertEquals(1, upload("alice", "a", "l3-r4-qv"));
        assertEquals(Optional.of("a@1"), resolve("alice", "a"));
        assertEquals(2, upload("alice", "a", "l3-r16-all"));
        assertEquals(Optional.of("a@1"), resolve("alice", "a"));
        assertEquals(Optional.of("a@2"), resolve("alice", "a@2"));
        assertEquals(3, upload("alice", "a", "l3-r4-qv", "alias", "canary"));
        assertEquals(Optional.of("a@3"), resolve("alice", "a@canary"));
        assertEquals(Optional.of("a@1"), resolve("alice", "a@production"));
        for (String absent : List.of("a@4", "a@0", "a@01", "a@none", "b", "a@", "A", "a@1/x", "bob/a"))
            assertEquals(Optional.empty(), resolve("alice", absent), absent);
    }

    @Test
    void aVersionShowsHowMuchItChangesEachModule() {
        upload("alice", "a", "l3-r4-qv");
        JsonNode norms = call(200, "alice", "GET", "/a/versions/1/norms", "").get("data");
        assertTrue(norms.size() > 0);
        for (JsonNode norm : norms) {
            assertTrue(Set.of("q_proj", "v_proj").contains(norm.get("kind").asText()), norm.toString());
            assertTrue(norm.get("norm").asDouble() > 0, norm.toString());
            assertTrue(norm.get("path").asText().contains("layers." + norm.get("layer").asInt() + "."));
        }
        assertEquals(norms, call(200, "alice", "GET", "/a/versions/1/norms", "").get("data"));
        call(404, "bob", "GET", "/a/versions/1/norms", "");
        call(404, "alice", "GET", "/a/versions/2/norms", "");
    }

    @Test
    void adaptersAreSortedAndFilteredByTheServer() {
        for (String name : List.of("zoo", "ape", "zebra")) upload("alice", name, "l3-r4-qv");
        assertEquals(List.of("ape", "zebra", "zoo"), listed(""));
        assertEquals(List.of("zoo", "zebra"), listed("?q=Z&order=desc"));
        assertEquals(List.of("zebra", "ape"), listed("?sort=created_at&order=desc&limit=2"));
        assertEquals(List.of("zoo"), listed("?sort=created_at&order=desc&after=ape"));
        assertEquals(List.of("zoo"), listed("?after=zebra"));
        call(400, "alice", "GET", "?sort=size", "");
    }

    private List<String> listed(String query) {
        return names(get("alice", query));
    }

    @Test
    void aMoveIsSeenByTheVeryNextRequest() {
        for (int i = 0; i < 8; i++) upload("alice", "a", "l3-r4-qv");
        for (int i = 0; i < 100; i++) {
            int version = i % 8 + 1;
            call(200, "alice", "PUT", "/a/aliases/production", "{\"version\":" + version + "}");
            assertEquals(Optional.of("a@" + version), resolve("alice", "a"));
        }
    }

    @Test
    void rollbackGoesBackAndAnAliasThatGoesTakesThePlainNameWithIt() {
        upload("alice", "a", "l3-r4-qv");
        upload("alice", "a", "l3-r16-all");
        call(200, "alice", "PUT", "/a/aliases/production", "{\"version\":2,\"reason\":\"better\"}");
        assertEquals(Optional.of("a@2"), resolve("alice", "a"));
        assertEquals(1, call(200, "alice", "POST", "/a/aliases/production/rollback", "").get("version").asInt());
        assertEquals(Optional.of("a@1"), resolve("alice", "a"));
        call(409, "alice", "POST", "/a/aliases/production/rollback", "{}");
        call(404, "alice", "POST", "/a/aliases/none/rollback", "");
        call(200, "alice", "DELETE", "/a/aliases/production", "");
        assertEquals(Optional.empty(), resolve("alice", "a"));
        assertEquals(Optional.of("a@1"), resolve("alice", "a@1"));
        call(404, "alice", "DELETE", "/a/aliases/production", "");
    }

    @Test
    void aSplitSharesTrafficByItsWeights() {
        for (int i = 0; i < 3; i++) upload("alice", "a", "l3-r4-qv");
        JsonNode alias = call(200, "alice", "PUT", "/a/aliases/production",
                "{\"split\":[{\"version\":1,\"weight\":70},{\"version\":2,\"weight\":30},"
                        + "{\"version\":3,\"weight\":0}]}");
        assertTrue(alias.get("version").isNull());
        assertEquals(3, alias.get("targets").size());
        Map<String, Integer> drawn = new TreeMap<>();
        int draws = 20_000;
        for (int i = 0; i < draws; i++) drawn.merge(resolve("alice", "a").orElseThrow(), 1, Integer::sum);
        // Six standard deviations of a binomial with p = 0.7: fails once in a billion runs.
        double sixSigma = 6 * Math.sqrt(draws * 0.7 * 0.3);
        assertEquals(draws * 0.7, drawn.get("a@1"), sixSigma);
        assertEquals(draws, drawn.get("a@1") + drawn.get("a@2"), "a weight of nothing draws nothing");
        call(409, "alice", "DELETE", "/a/versions/3", "");
    }

    @Test
    void movesThatCanNotBeAreRefused() {
        upload("alice", "a", "l3-r4-qv");
        for (String bad : List.of("{}", "{\"version\":1,\"split\":[]}", "{\"split\":[]}", "{\"split\":[{}]}",
                "{\"split\":[{\"version\":1,\"weight\":-1}]}", "{\"split\":[{\"version\":1,\"weight\":0}]}",
                "{\"split\":[{\"version\":1,\"weight\":1},{\"version\":1,\"weight\":1}]}", "{\"version\":\"x\"}",
                "nonsense", "{\"version\":1.5}"))
            call(400, "alice", "PUT", "/a/aliases/production", bad);
        call(400, "alice", "PUT", "/a/aliases/9", "{\"version\":1}");
        call(404, "alice", "PUT", "/a/aliases/production", "{\"version\":2}");
        call(404, "alice", "PUT", "/b/aliases/production", "{\"version\":1}");
        assertEquals(Optional.of("a@1"), resolve("alice", "a"));
    }

    @Test
    void versionsAndAdaptersGoAndTheirNumbersDoNotComeBack() {
        upload("alice", "a", "l3-r4-qv");
        upload("alice", "a", "l3-r16-all");
        String digest = get("alice", "/a/versions/2").get("digest").asText();
        call(409, "alice", "DELETE", "/a/versions/1", "");
        call(200, "alice", "DELETE", "/a/versions/2", "");
        assertEquals(List.of(digest), server.forgotten);
        call(404, "alice", "DELETE", "/a/versions/2", "");
        call(404, "alice", "GET", "/a/versions/2", "");
        assertEquals(Optional.empty(), resolve("alice", "a@2"));
        assertEquals(3, upload("alice", "a", "l3-r16-all"));
        call(200, "alice", "DELETE", "/a", "");
        call(404, "alice", "DELETE", "/a", "");
        call(404, "alice", "GET", "/a", "");
        assertEquals(Optional.empty(), resolve("alice", "a"));
        assertEquals(0, server.count("adapter_version"));
        assertEquals(4, upload("alice", "a", "l3-r4-qv"), "an old a@1 must never mean other weights");
        assertEquals(Optional.of("a@4"), resolve("alice", "a"));
        assertEquals(Optional.empty(), resolve("alice", "a@1"));
    }

    @Test
    void aUserKeepsToOneSideOfASplitOnEveryServerAndSidesFollowTheWeights() {
        for (int i = 0; i < 3; i++) upload("alice", "a", "l3-r4-qv");
        call(200, "alice", "PUT", "/a/aliases/production", "{\"split\":[{\"version\":1,\"weight\":60},"
                + "{\"version\":2,\"weight\":30},{\"version\":3,\"weight\":10}]}");
        Catalog other = new Catalog(new CatalogDao(server.database), List.of(new Catalog.Base("tiny-llama3", "sha256:x",
                Instant.EPOCH)), Duration.ofHours(1));
        Caller alice = server.callers.get("alice");
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int users = 10_000;
        Map<String, Integer> drawn = new TreeMap<>();
        Map<String, String> sides = new TreeMap<>();
        for (int i = 0; i < users; i++) {
            Optional<String> user = Optional.of("user-" + random.nextLong());
            String side = server.catalog.resolve(alice, "a", user).orElseThrow().name();
            assertEquals(side, server.catalog.resolve(alice, "a", user).orElseThrow().name());
            assertEquals(side, other.resolve(alice, "a", user).orElseThrow().name(), "another server");
            sides.put(user.get(), side);
            drawn.merge(side, 1, Integer::sum);
        }
        double chiSquare = 0;
        Map<String, Double> expected = Map.of("a@1", 0.6 * users, "a@2", 0.3 * users, "a@3", 0.1 * users);
        for (Map.Entry<String, Double> side : expected.entrySet())
            chiSquare += Math.pow(drawn.get(side.getKey()) - side.getValue(), 2) / side.getValue();
        System.out.println("chi-square " + chiSquare);
        assertTrue(chiSquare < 32.2, "two degrees of freedom: passed once in ten million, was " + chiSquare);
        call(200, "alice", "PUT", "/a/aliases/production", "{\"split\":[{\"version\":1,\"weight\":65},"
                + "{\"version\":2,\"weight\":25},{\"version\":3,\"weight\":10}]}");
        sides.forEach((user, side) -> {
            String now = server.catalog.resolve(alice, "a", Optional.of(user)).orElseThrow().name();
            assertTrue(now.equals(side) || side.equals("a@2") && now.equals("a@1"),
                    "only the moved border moves users");
        });
    }

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

    @Test
    void whatIsSaidAboutAVersionCanBeChangedAndIsInTheAuditLog() {
        upload("alice", "a", "l3-r4-qv");
        upload("alice", "a", "l3-r4-qv", "note", "n", "tags", "raft, v2", "training_data", "s3://data/7",
                "metrics", "{\"loss\":0.25}", "parent_version", "1");
        JsonNode before = get("alice", "/a/versions/2");
        assertEquals("[\"raft\",\"v2\"]", before.get("tags").toString());
        assertEquals("s3://data/7", before.get("training_data").asText());
        assertEquals(0.25, before.at("/metrics/loss").asDouble());
        assertEquals(1, before.get("parent_version").asInt());
        assertEquals("upload", before.get("origin").asText());
        assertTrue(before.get("changed_at").isNull() && before.get("signed_by").isNull());
        JsonNode after = call(200, "alice", "PATCH", "/a/versions/2",
                "{\"note\":\"best so far\",\"metrics\":{\"f1\":0.9}}");
        assertEquals("best so far", after.get("note").asText());
        assertEquals("{\"f1\":0.9}", after.get("metrics").toString().replace(" ", ""));
        assertEquals(before.get("tags"), after.get("tags"));
        assertEquals(before.get("digest"), after.get("digest"));
        assertEquals("key-alice", after.get("changed_by").asText());
        assertEquals(1, server.count("audit_log WHERE action = 'adapter_version.describe' AND object = 'a@2'"));
        assertEquals("[]", call(200, "alice", "PATCH", "/a/versions/2", "{\"tags\":[]}").get("tags").toString());
        for (String bad : List.of("{\"metrics\":[1]}", "{\"tags\":[\"\"]}", "{\"tags\":[null]}", "{\"tags\":\"x\"}",
                "{\"note\":\"\\u0000\"}", "{\"metrics\":{\"a\":\"\\u0000\"}}", "{\"metrics\":{\"a\":\"\\ud800\"}}",
                "{\"note\":\"" + "n".repeat(5000) + "\"}", "[]",
                "{\"metrics\":{\"a\":\"" + "x".repeat(33_000) + "\"}}"))
            call(400, "alice", "PATCH", "/a/versions/2", bad);
        call(404, "bob", "PATCH", "/a/versions/2", "{}");
        call(404, "alice", "PATCH", "/a/versions/3", "{}");
        HttpResponse<byte[]> orphan = server.upload("alice", "a", folder("adapters/l3-r4-qv")
                .field("parent_version", "9"));
        assertEquals(400, orphan.statusCode(), text(orphan));
        assertEquals(2, server.count("adapter_version"));
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

    @Test
    void modelsAreListedBasesFirstThenAdaptersThenAliases() {
        upload("operator", "common", "l3-r4-qv");
        upload("alice", "zebra", "l3-r4-qv");
        upload("alice", "bare", "l3-r4-qv");
        upload("alice", "common", "l3-r16-all", "alias", "canary");
        call(200, "alice", "DELETE", "/bare/aliases/production", "");
        List<Listed> models = server.catalog.list(server.callers.get("alice"));
        assertEquals(List.of("tiny-llama3", "common", "operator/common", "zebra", "common@canary", "common@production",
                "operator/common@production", "zebra@production"), models.stream().map(Listed::id).toList());
        for (Listed model : models) {
            assertTrue(server.catalog.resolve(server.callers.get("alice"), model.id(), Optional.empty())
                    .isPresent(), model.id());
        }
        assertEquals(List.of("base", "adapter", "adapter", "adapter", "alias", "alias", "alias", "alias"),
                models.stream().map(Listed::kind).toList());
    }

    @Test
    void listsComeInPagesByName() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add("a" + i);
            upload("alice", "a" + i, "l3-r4-qv");
        }
        JsonNode first = get("alice", "?limit=3");
        assertEquals(all.subList(0, 3), names(first));
        assertTrue(first.get("has_more").asBoolean());
        JsonNode rest = get("alice", "?limit=3&after=" + first.get("last_id").asText());
        assertEquals(all.subList(3, 5), names(rest));
        assertEquals(1, rest.get("data").get(0).get("versions").get(0).get("version").asInt());
    }

    @Test
    void aVersionTellsWhatItIs() {
        upload("alice", "a", "l3-r4-qv", "note", "first try", "manifest",
                "{\"prompt_format\":\"raft-v1\",\"instruction\":\"none\",\"epochs\":3}");
        JsonNode version = get("alice", "/a/versions/1");
        assertEquals("first try", version.get("note").asText());
        assertEquals(3, version.get("manifest").get("epochs").asInt());
        assertEquals("key-alice", version.get("created_by").asText());
        assertEquals(2, version.get("files").size());
        assertEquals("production", version.get("aliases").get(0).asText());
        ResolvedModel.Adapter adapter = server.catalog.resolve(server.callers.get("alice"), "a", Optional.empty())
                .orElseThrow().adapter().orElseThrow();
        assertEquals(version.get("digest").asText(), adapter.digest());
        assertEquals(Optional.of("raft-v1"), adapter.promptFormat());
        assertEquals(false, adapter.addInstruction());
    }
}
