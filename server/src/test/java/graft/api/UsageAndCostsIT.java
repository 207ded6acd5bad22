package graft.api;

import static graft.api.AccountsWorld.code;
import static graft.api.AccountsWorld.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.admin.organization.usage.UsageCompletionsParams;
import com.openai.models.admin.organization.usage.UsageCostsParams;
import graft.engine.BaseModel;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.ToyModel;
import graft.metering.Metering;
import graft.metering.UsageRecorder;
import graft.registry.Ids;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was used, what it cost, at which prices, and what to make of it. */
class UsageAndCostsIT {
    @TempDir
    private static Path data;
    private static AccountsWorld world;
    private static Metering metering;
    private static TestServer server;
    private static String admin;
    private static String demo;

    @BeforeAll
    static void start() throws IOException {
        world = new AccountsWorld(data);
        metering = world.metering();
        server = world.server();
        admin = world.admin();
        demo = world.demo();
    }

    @AfterAll
    static void stop() {
        world.close();
    }

    @Test
    void theCostBookGivesMarginsAndIdleTimeStandsByItself() {
        String same = "{\"currency\":\"USD\",\"items\":[{\"resource\":\"device_hour\",\"micros\":2500000},"
                + "{\"resource\":\"storage_gib_hour\",\"micros\":140}]}";
        assertEquals(2, json(server.send(admin, "PUT", "/admin/v1/costs/book", same), 200).path("items").size());
        JsonNode margin = json(server.get(admin, "/admin/v1/costs/margin"), 200);
        assertTrue(margin.path("data").findValuesAsText("account").contains("idle"), margin.toString());
        for (String bad : new String[] {"{}", "{\"currency\":\"USD\",\"items\":[{\"resource\":\"air\",\"micros\":1}]}",
                "{\"currency\":\"USD\",\"items\":[{\"resource\":\"device_hour\",\"micros\":-1}]}"})
            json(server.send(admin, "PUT", "/admin/v1/costs/book", bad), 400);
        assertEquals("insufficient_scope", code(server.get(demo, "/admin/v1/costs/margin"), 403));
    }

    @Test
    void theFixtureOfEveryReaderIsReproducedAndItsFormulaShown() {
        for (String[] one : new String[][] {{"10000000", "8750"}, {"50000000", "43750"}, {"100000000", "87500"}}) {
            JsonNode even = json(server.get(demo, "/admin/v1/costs/breakeven?context_tokens=500"
                    + "&price_micros_per_million=1750000&training_micros=300000000&queries_per_month=" + one[0]), 200);
            assertEquals(Long.parseLong(one[1]) * 1_000_000, even.path("context_micros_per_month").asLong());
            assertTrue(even.path("formula").asText().contains("context_tokens"), even.toString());
            assertEquals(500, even.path("inputs").path("context_tokens").asInt());
        }
        JsonNode advice = json(server.get(demo, "/admin/v1/advice"), 200);
        assertEquals(6, advice.path("questions").size());
        assertEquals("not_found", code(server.get(demo, "/admin/v1/advice?tenant_id=operator"), 404));
        json(server.get(demo, "/admin/v1/advice?context_tokens=-1"), 400);
    }

    @Test
    void theLedgerIsExportedAsAFocusTable() {
        String id = world.tenant("=exporting").path("id").asText();
        String secret = world.key(id, "\"scopes\":[\"inference\"]").path("secret").asText();
        try (UsageRecorder.Ticket ticket = metering.recorder().open(new UsageRecorder.Start(Ids.next("req_"), id, "k",
                "chat.completions", "base", Optional.of("triage"), 2, 100))) {
            ticket.settle(new Finished(Finished.Reason.STOP_TOKEN, 100, 20, 50, 0, 0, Optional.empty()), 50);
        }
        String csv = new String(server.get(secret, "/v1/organization/costs/focus").body());
        String[] lines = csv.split("\r\n");
        assertEquals(4, lines.length, csv);
        assertTrue(lines[0].startsWith("AvailabilityZone,BilledCost,") && lines[0].endsWith("x_base_model"), lines[0]);
        assertTrue(lines[3].contains(",'=exporting,") && lines[3].endsWith(",triage,2,base"), lines[3]);
        assertTrue(csv.contains(",50.0,Tokens,") && csv.contains(",0.00005,1000000 Tokens,"), csv);
        assertEquals(lines[0].split(",", -1).length, lines[3].split(",", -1).length);
    }

    @Test
    void usageAndCostsAreOnesOwnAndTheOperatorSeesAll() {
        String id = world.tenant("using").path("id").asText();
        JsonNode key = world.key(id, "\"scopes\":[\"inference\"]");
        String secret = key.path("secret").asText();
        long start = Instant.now().getEpochSecond();
        try (UsageRecorder.Ticket ticket = metering.recorder().open(new UsageRecorder.Start(Ids.next("req_"), id,
                key.path("id").asText(), "chat.completions", "base", Optional.of("triage"), 2, 100))) {
            ticket.retrieved(5, 1);
            ticket.settle(new Finished(Finished.Reason.STOP_TOKEN, 100, 20, 50, 0, 0, Optional.empty()), 50);
        }
        String query = "?bucket_width=1h&start_time=" + start;
        JsonNode mine = only(json(server.get(secret, "/v1/organization/usage/completions" + query
                + "&group_by[]=model&group_by=api_key_id"), 200));
        assertEquals(100, mine.path("input_tokens").asInt());
        assertEquals(20, mine.path("input_cached_tokens").asInt());
        assertEquals(50, mine.path("output_tokens").asInt());
        assertEquals(1, mine.path("num_model_requests").asInt());
        assertEquals("triage@2", mine.path("model").asText());
        assertEquals(key.path("id").asText(), mine.path("api_key_id").asText());
        assertTrue(mine.path("project_id").isNull());

        JsonNode all = only(json(server.get(admin, "/v1/organization/usage/completions" + query
                + "&group_by=project_id&project_ids[]=" + id), 200));
        assertEquals(id, all.path("project_id").asText());
        assertEquals(1, only(json(server.get(secret, "/v1/organization/usage/file_search_calls" + query), 200))
                .path("num_requests").asInt());
        // 80 x 0.15 + 20 x 0.075 + 50 x 0.6 + 5 x 0.02 + 100 micros: 12 + 2 + 30 + 0 + 100
        JsonNode cost = only(json(server.get(secret, "/v1/organization/costs" + query), 200));
        assertEquals(0.000144, cost.path("amount").path("value").asDouble(), 1e-12);
        assertEquals("USD", cost.path("amount").path("currency").asText());
        assertTrue(cost.path("model").isNull());
        assertEquals("triage@2", only(json(server.get(secret, "/v1/organization/costs" + query + "&group_by=model"),
                200)).path("model").asText());
        JsonNode nothing = json(server.get(demo, "/v1/organization/costs?project_ids=" + id + "&start_time="
                + start), 200);
        assertEquals(0, nothing.path("data").get(0).path("results").size());
    }

    @Test
    void theOfficialClientReadsUsageAndCosts() {
        String id = world.tenant("read").path("id").asText();
        long start = Instant.now().getEpochSecond();
        try (UsageRecorder.Ticket ticket = metering.recorder().open(new UsageRecorder.Start(Ids.next("req_"), id, "k",
                "chat.completions", "base", Optional.of("triage"), 2, 100))) {
            ticket.settle(new Finished(Finished.Reason.STOP_TOKEN, 100, 20, 50, 0, 0, Optional.empty()), 50);
        }
        OpenAIClient client = OpenAIOkHttpClient.builder().baseUrl(server.uri("/v1").toString()).apiKey(admin)
                .adminApiKey(admin).maxRetries(0).build();
        try {
            var page = client.admin().organization().usage().completions(UsageCompletionsParams.builder()
                    .startTime(start).bucketWidth(UsageCompletionsParams.BucketWidth._1H).addProjectId(id)
                    .addGroupBy(UsageCompletionsParams.GroupBy.MODEL)
                    .addGroupBy(UsageCompletionsParams.GroupBy.PROJECT_ID)
                    .addGroupBy(UsageCompletionsParams.GroupBy.API_SOURCE).build());
            var used = page.data().stream().flatMap(bucket -> bucket.results().stream()).toList().getFirst()
                    .asOrganizationUsageCompletions();
            assertEquals(List.of(100L, 20L, 50L, 1L), List.of(used.inputTokens(),
                    used.inputCachedTokens().orElseThrow(), used.outputTokens(), used.numModelRequests()));
            assertEquals(Optional.of("triage@2"), used.model());
            assertEquals(Optional.of(id), used.projectId());
            var cost = client.admin().organization().usage().costs(UsageCostsParams.builder().startTime(start)
                    .addProjectId(id).addGroupBy(UsageCostsParams.GroupBy.PROJECT_ID).build()).data().stream()
                    .flatMap(bucket -> bucket.results().stream()).toList().getFirst().asOrganizationCosts();
            assertEquals(0.000044, cost.amount().orElseThrow().value().orElseThrow(), 1e-12);
            assertEquals(Optional.of(id), cost.projectId());
        } finally {
            client.close();
        }
    }

    private static JsonNode only(JsonNode page) {
        for (JsonNode bucket : page.path("data"))
            if (!bucket.path("results").isEmpty()) {
                assertEquals(1, bucket.path("results").size(), page.toString());
                return bucket.path("results").get(0);
            }
        throw new AssertionError("no result in " + page);
    }

    @Test
    void bucketsCoverTheTimeAndPageOn() {
        String path = "/v1/organization/costs?bucket_width=1m&start_time=6030&end_time=6300&limit=3";
        JsonNode first = json(server.get(demo, path), 200);
        assertEquals("[6000,6060,6120]", starts(first));
        assertTrue(first.path("has_more").asBoolean());
        JsonNode rest = json(server.get(demo, path + "&page=" + first.path("next_page").asText()), 200);
        assertEquals("[6180,6240]", starts(rest));
        assertTrue(rest.path("next_page").isNull());
        for (String bad : new String[] {"bucket_width=1w", "start_time=x", "page=2", "limit=0", "group_by=colour",
                "start_time=9&end_time=9"})
            json(server.get(demo, "/v1/organization/costs?" + bad), 400);
    }

    @Test
    void everyKindOfUsageHasItsBucketsInEveryWidth() {
        String[] kinds = {"completions", "embeddings", "file_search_calls", "vector_stores", "audio_speeches",
            "audio_transcriptions", "code_interpreter_sessions", "images", "moderations", "web_search_calls"};
        String[][] widths = {{"1m", "60", "1440"}, {"1h", "24", "168"}, {"1d", "7", "180"}};
        for (String kind : kinds) {
            for (String[] width : widths) {
                String path = "/v1/organization/usage/" + kind + "?bucket_width=" + width[0];
                JsonNode page = json(server.get(demo, path), 200);
                assertEquals(Integer.parseInt(width[1]), page.path("data").size(), path);
                for (JsonNode bucket : page.path("data"))
                    assertEquals(0, bucket.path("start_time").asLong() % 60, bucket.toString());
                assertEquals(Integer.parseInt(width[2]),
                        json(server.get(demo, path + "&limit=" + width[2]), 200).path("data").size());
                json(server.get(demo, path + "&limit=" + (Integer.parseInt(width[2]) + 1)), 400);
            }
            json(server.get(demo, "/v1/organization/usage/" + kind + "?group_by=colour"), 400);
        }
    }

    private static String starts(JsonNode page) {
        return page.path("data").findValuesAsText("start_time").toString().replace(" ", "");
    }

    @Test
    void metricsAreForThisMachineAndForAdmins() {
        try (FakeEngine engine = new FakeEngine(new BaseModel("tiny", "sha256:0", 64, 50, Set.of(1)),
                ToyModel.hashing(50))) {
            metering.metrics().observe(engine);
            checkMetrics();
        }
    }

    private static void checkMetrics() {
        HttpRequest.Builder scrape = HttpRequest.newBuilder(server.uri("/metrics"));
        String text = new String(server.send(scrape.copy().build()).body());
        for (String name : new String[] {"vllm:num_requests_waiting{", "vllm:kv_cache_usage_perc{",
                "vllm:lora_requests_info{", "graft_engine_running{"})
            assertTrue(text.contains(name), name + " in " + text);
        HttpRequest.Builder proxied = scrape.header("X-Forwarded-For", "10.1.2.3");
        assertEquals("invalid_api_key", code(server.send(proxied.copy().build()), 401));
        assertEquals("insufficient_scope",
                code(server.send(proxied.copy().header("Authorization", "Bearer " + demo).build()), 403));
        assertEquals(200, server.send(proxied.copy().header("Authorization", "Bearer " + admin).build()).statusCode());
    }

    @Test
    void pricesAreRevisedAndReadBack() {
        long before = json(server.get(admin, "/admin/v1/prices"), 200).path("revision").asLong();
        String same = new String(server.get(admin, "/admin/v1/prices").body());
        JsonNode put = json(server.send(admin, "PUT", "/admin/v1/prices", same), 200);
        assertTrue(put.path("revision").asLong() > before);
        assertEquals(Json.tree(same.getBytes()).path("items"), put.path("items"));
        for (String bad : new String[] {"{}", "{\"currency\":\"usd\",\"items\":[]}",
                "{\"currency\":\"USD\",\"items\":[{\"component\":\"air\",\"micros_per_million\":1}]}",
                "{\"currency\":\"USD\",\"items\":[{\"component\":\"decode\",\"micros_per_million\":-1}]}",
                "{\"currency\":\"USD\",\"items\":[{\"component\":\"decode\",\"micros_per_million\":1.5}]}"})
            json(server.send(admin, "PUT", "/admin/v1/prices", bad), 400);
        assertEquals("insufficient_scope", code(server.get(demo, "/admin/v1/prices"), 403));
    }
}
