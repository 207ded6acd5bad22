package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.BuiltInKeys;
import graft.metering.Metering;
import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.Pepper;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;

/** The routes of tenants and money over a database of their own, with the two built-in keys. */
final class AccountsWorld implements AutoCloseable {
    private final TestDatabase test = TestDatabase.open();
    private final Metering metering = new Metering(test.database(), "node", Metering.Settings.DEFAULT);
    private final TestServer server;
    private final String admin;
    private final String demo;

    AccountsWorld(Path data) throws IOException {
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

    Metering metering() {
        return metering;
    }

    TestServer server() {
        return server;
    }

    String admin() {
        return admin;
    }

    String demo() {
        return demo;
    }

    JsonNode tenant(String name) {
        return json(server.send(admin, "POST", "/admin/v1/tenants", "{\"name\":\"" + name + "\"}"), 201);
    }

    JsonNode key(String tenantId, String fields) {
        return json(server.send(admin, "POST", "/admin/v1/tenants/" + tenantId + "/keys", "{" + fields + "}"), 201);
    }

    static JsonNode json(HttpResponse<byte[]> response, int status) {
        assertEquals(status, response.statusCode(), response.uri() + " " + new String(response.body()));
        return Json.tree(response.body());
    }

    static String code(HttpResponse<byte[]> response, int status) {
        return json(response, status).path("error").path("code").asText();
    }

    @Override
    public void close() {
        server.close();
        metering.close();
        test.close();
    }
}
