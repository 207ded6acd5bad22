package graft.api;

import static graft.api.CatalogServer.folder;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Caller;
import graft.admission.Catalog;
import graft.admission.CatalogView.Listed;
import graft.admission.ResolvedModel;
import graft.registry.catalog.CatalogDao;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Versions and aliases over HTTP, and what names resolve to after each change. */
class AdaptersIT extends AdapterRequests {
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
