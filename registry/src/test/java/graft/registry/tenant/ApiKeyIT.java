package graft.registry.tenant;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ApiKeyIT {
    private static final Pepper PEPPER = Pepper.of("sixteen bytes or more");
    private static TestDatabase test;
    private static TenantDao tenants;
    private static ApiKeyDao keys;
    private static SessionDao sessions;
    private static AuditDao audit;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        tenants = new TenantDao(test.database());
        keys = new ApiKeyDao(test.database(), PEPPER);
        sessions = new SessionDao(test.database(), PEPPER);
        audit = new AuditDao(test.database());
    }

    @AfterAll
    static void close() {
        test.close();
    }

    @Test
    void aKeyIsFoundByItsPrefixAndProvedByItsHash() {
        Tenant tenant = tenants.create("test", "proving");
        ApiKeyDao.Made made = keys.create("test", tenant.id(), "one", Set.of(Scope.INFERENCE, Scope.READ_ONLY),
                Optional.empty());
        KeyHolder holder = keys.find(made.secret().prefix()).orElseThrow();
        assertTrue(holder.valid());
        assertEquals(tenant.id(), holder.tenantId());
        assertEquals("proving", holder.tenantName());
        assertEquals(Set.of(Scope.INFERENCE, Scope.READ_ONLY), holder.scopes());
        assertArrayEquals(PEPPER.hmac(made.secret().text()), holder.secretHmac());
        assertEquals(made.secret(), KeySecret.parse(made.secret().text()).orElseThrow());
    }

    @Test
    void theDatabaseHoldsNoSecret() {
        ApiKeyDao.Made made = keys.create("test", "operator", "secret", Set.of(Scope.ADMIN), Optional.empty());
        String secretPart = made.secret().text().substring(made.secret().prefix().length() + 1);
        List<String> rows = test.database().asOperator(handle -> handle.createQuery(
                "SELECT k::text FROM api_key k UNION ALL SELECT a::text FROM audit_log a").mapTo(String.class).list());
        assertTrue(rows.stream().anyMatch(row -> row.contains(made.secret().prefix())));
        assertTrue(rows.stream().noneMatch(row -> row.contains(secretPart)));
    }

    @Test
    void anExpiredARevokedAndADeletedTenantsKeyAreInvalid() {
        Tenant tenant = tenants.create("test", "ending");
        ApiKeyDao.Made expired = keys.create("test", tenant.id(), "old", Set.of(Scope.INFERENCE),
                Optional.of(Instant.now().minusSeconds(1)));
        assertFalse(keys.find(expired.secret().prefix()).orElseThrow().valid());

        ApiKeyDao.Made revoked = keys.create("test", tenant.id(), "gone", Set.of(Scope.INFERENCE), Optional.empty());
        assertTrue(keys.revoke("test", tenant.id(), revoked.key().id()).isPresent());
        assertTrue(keys.revoke("test", tenant.id(), revoked.key().id()).isEmpty());
        assertFalse(keys.find(revoked.secret().prefix()).orElseThrow().valid());

        ApiKeyDao.Made orphan = keys.create("test", tenant.id(), "orphan", Set.of(Scope.INFERENCE), Optional.empty());
        assertTrue(tenants.delete("test", tenant.id()).orElseThrow().contains(orphan.key().id()));
        assertFalse(keys.find(orphan.secret().prefix()).orElseThrow().valid());
        assertTrue(tenants.find(tenant.id()).isEmpty());
    }

    @Test
    void aKeyOfAnotherTenantIsNotRevoked() {
        Tenant mine = tenants.create("test", "mine");
        Tenant other = tenants.create("test", "other");
        ApiKeyDao.Made made = keys.create("test", mine.id(), "k", Set.of(Scope.INFERENCE), Optional.empty());
        assertTrue(keys.revoke("test", other.id(), made.key().id()).isEmpty());
        assertTrue(keys.find(made.secret().prefix()).orElseThrow().valid());
    }

    @Test
    void aSessionStandsForItsKeyAndEndsWithIt() {
        Tenant tenant = tenants.create("test", "browsing");
        ApiKeyDao.Made made = keys.create("test", tenant.id(), "k", Set.of(Scope.ADAPTERS), Optional.empty());
        String token = sessions.create(tenant.id(), made.key().id(), Duration.ofHours(1));
        assertEquals(made.key().id(), sessions.find(token).orElseThrow().keyId());
        assertTrue(sessions.find(token + "x").isEmpty());
        String ended = sessions.create(tenant.id(), made.key().id(), Duration.ofSeconds(-1));
        assertTrue(sessions.find(ended).isEmpty());
        keys.revoke("test", tenant.id(), made.key().id());
        assertTrue(sessions.find(token).isEmpty());
    }

    @Test
    void keysAndTenantsAreListedPageByPage() {
        Tenant tenant = tenants.create("test", "paging");
        for (int i = 0; i < 5; i++)
            keys.create("test", tenant.id(), "k" + i, Set.of(Scope.INFERENCE), Optional.empty());
        List<ApiKey> first = keys.list(tenant.id(), Optional.empty(), 3);
        List<ApiKey> rest = keys.list(tenant.id(), Optional.of(first.getLast().id()), 3);
        assertEquals(List.of("k0", "k1", "k2"), first.stream().map(ApiKey::name).toList());
        assertEquals(List.of("k3", "k4"), rest.stream().map(ApiKey::name).toList());
        keys.touch(tenant.id(), first.getFirst().id());
        assertTrue(keys.list(tenant.id(), Optional.empty(), 1).getFirst().lastUsedAt().isPresent());
    }

    @Test
    void everyChangeIsInTheAuditLogWhichNobodyCanEdit() {
        Tenant tenant = tenants.create("key_of_op", "audited");
        List<AuditDao.Entry> entries = audit.list(new AuditDao.Filter(Optional.of(tenant.id()), Optional.empty(),
                Optional.empty()), OptionalLong.empty(), 10);
        assertEquals("tenant.create", entries.getFirst().action());
        assertEquals("key_of_op", entries.getFirst().actor());
        assertThrows(RuntimeException.class, () -> test.database().asOperator(
                handle -> handle.execute("UPDATE audit_log SET actor = 'x'")));
        assertThrows(RuntimeException.class, () -> test.database().asTenant(tenant.id(),
                handle -> handle.execute("DELETE FROM audit_log")));
    }

    @Test
    void secretsAreLongAndNeverTheSame() {
        KeySecret secret = KeySecret.random();
        assertNotEquals(secret, KeySecret.random());
        assertTrue(secret.text().length() - secret.prefix().length() - 1 >= 32, "160 bits are 32 letters of base 32");
        assertFalse(secret.toString().contains(secret.text()));
        assertTrue(KeySecret.parse("sk-" + secret.text()).isEmpty());
    }
}
