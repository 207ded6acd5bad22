package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.admin.organization.usage.UsageCompletionsParams;
import com.openai.models.admin.organization.usage.UsageCostsParams;
import graft.admission.BuiltInKeys;
import graft.engine.BaseModel;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.ToyModel;
import graft.metering.Metering;
import graft.metering.UsageRecorder;
import graft.registry.Ids;
import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.Pepper;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccountsIT {
    @TempDir
    private static Path data;
    private static TestDatabase test;
    private static Metering metering;
    private static TestServer server;
    private static String admin;
    private static String demo;

    @BeforeAll
    static void start() throws IOException {
        test = TestDatabase.open();
        metering = new Metering(test.database(), "node", Metering.Settings.DEFAULT);
        Pepper pepper = Pepper.inFile(data.resolve("pepper"));
        BuiltInKeys keys = new BuiltInKeys(new TenantDao(test.database()), new ApiKeyDao(test.database(), pepper),
                pepper);
        keys.operator(data);
        keys.demo(data);
        admin = Files.readString(data.resolve("admin.key")).strip();
        demo = Files.readString(data.resolve("demo.key")).strip();
        AccountsApi accounts = new AccountsApi(test.database(), pepper, metering, AccountsApi.Settings.DEFAULT);
        server = new TestServer(accounts.resources(), accounts.authenticator(), 1 << 20);
    }

    @AfterAll
    static void stop() {
        server.close();
        metering.close();
        test.close();
    }

    private static JsonNode json(HttpResponse<byte[]> response, int status) {
        assertEquals(status, response.statusCode(), response.uri() + " " + new String(response.body()));
        return Json.tree(response.body());
    }

    private static String code(HttpResponse<byte[]> response, int status) {
        return json(response, status).path("error").path("code").asText();
    }

    private static JsonNode tenant(String name) {
        return json(server.send(admin, "POST", "/admin/v1/tenants", "{\"name\":\"" + name + "\"}"), 201);
    }

    private static JsonNode key(String tenantId, String fields) {
        return json(server.send(admin, "POST", "/admin/v1/tenants/" + tenantId + "/keys", "{" + fields + "}"), 201);
    }

    @Test
    void aTenantGetsAKeyThatWorksUntilItIsRevoked() {
        String id = tenant("acme").path("id").asText();
        JsonNode key = key(id, "\"name\":\"ci\",\"scopes\":[\"inference\"]");
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
        String id = tenant("leaving").path("id").asText();
        String secret = key(id, "\"scopes\":[\"inference\"]").path("secret").asText();
        json(server.get(secret, "/admin/v1/session"), 200);
        assertEquals(id, json(server.get(admin, "/admin/v1/tenants/" + id), 200).path("id").asText());
        assertTrue(json(server.send(admin, "DELETE", "/admin/v1/tenants/" + id, ""), 200).path("deleted").asBoolean());
        assertEquals("invalid_api_key", code(server.get(secret, "/admin/v1/session"), 401));
        assertEquals("not_found", code(server.get(admin, "/admin/v1/tenants/" + id), 404));
        assertEquals("conflict", code(server.send(admin, "DELETE", "/admin/v1/tenants/operator", ""), 409));
    }

    @Test
    void unknownExpiredAndMissingKeysGetTheSameBody() {
        String id = tenant("expiring").path("id").asText();
        String expired = key(id, "\"scopes\":[\"inference\"],\"expires_at\":" + (Instant.now().getEpochSecond() - 5))
                .path("secret").asText();
        String unknown = expired.substring(0, expired.length() - 1) + (expired.endsWith("a") ? "b" : "a");
        String body = new String(server.get(expired, "/admin/v1/session").body());
        assertEquals(body, new String(server.get(unknown, "/admin/v1/session").body()));
        assertEquals(body, new String(server.send(HttpRequest.newBuilder(server.uri("/admin/v1/session")).build())
                .body()));
    }

    @Test
    void tenantsAreSortedFilteredAndPagedHere() {
        for (String name : List.of("Listed-b", "listed-c", "listed-a")) tenant(name);
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
        String id = tenant("thrifty").path("id").asText();
        String own = key(id, "\"scopes\":[\"inference\"]").path("secret").asText();
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
        String id = tenant("audited").path("id").asText();
        key(id, "\"scopes\":[\"inference\"]");
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
        String path = "/admin/v1/tenants/" + tenant("limited").path("id").asText() + "/limits";
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
        String id = tenant("rotating").path("id").asText();
        JsonNode old = key(id, "\"scopes\":[\"inference\"],\"models\":[\"triage\"],\"stores\":[]");
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
        String id = tenant("=exporting").path("id").asText();
        String secret = key(id, "\"scopes\":[\"inference\"]").path("secret").asText();
        try (UsageRecorder.Ticket ticket = metering.recorder().open(new UsageRecorder.Start(Ids.next("req_"), id, "k",
                "chat.completions", "base", Optional.of("triage"), 2, 100))) {
            ticket.settle(new Finished(Finished.Reason.STOP_TOKEN, 100, 20, 50, 0, 0, Optional.empty()), 50);
        }
        String csv = new String(server.get(secret, "/v1/organization/costs/focus").body());
        String[] lines = csv.split("\r\n");
        assertEquals(4, lines.length, csv);
        assertTrue(lines[0].startsWith("AvailabilityZone,BilledCost,") && lines[0].endsWith("x_base_model"), lines[0]);
        assertTrue(lines[3].contains(",'=exporting,") && lines[3].endsWith(",triage,2,base"), lines[3]);
        assertEquals(lines[0].split(",", -1).length, lines[3].split(",", -1).length);
    }

    @Test
    void aReadOnlyKeyChangesNothing() {
        String secret = key("operator", "\"scopes\":[\"admin\",\"read-only\"]").path("secret").asText();
        json(server.get(secret, "/admin/v1/tenants"), 200);
        assertEquals("insufficient_scope", code(server.send(secret, "POST", "/admin/v1/tenants",
                "{\"name\":\"x\"}"), 403));
    }

    @Test
    void theAuditLogTellsWhoDidWhat() {
        String id = tenant("watched").path("id").asText();
        JsonNode entry = json(server.get(admin, "/admin/v1/audit?limit=1&tenant_id=" + id), 200).path("data").get(0);
        assertEquals("tenant.create", entry.path("action").asText());
        assertTrue(entry.path("actor").asText().startsWith("key_"));
        assertEquals("watched", entry.path("details").path("name").asText());
        assertEquals("insufficient_scope", code(server.get(demo, "/admin/v1/audit"), 403));
    }

    @Test
    void usageAndCostsAreOnesOwnAndTheOperatorSeesAll() {
        String id = tenant("using").path("id").asText();
        JsonNode key = key(id, "\"scopes\":[\"inference\"]");
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
        String id = tenant("read").path("id").asText();
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
        assertEquals(7, json(server.get(demo, "/v1/organization/usage/vector_stores"), 200).path("data").size());
        assertEquals(7, json(server.get(demo, "/v1/organization/usage/embeddings"), 200).path("data").size());
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
