package graft.admission;

import graft.registry.tenant.ApiKey;
import graft.registry.tenant.Scope;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Who is asking, as proved by an API key or a session that stands for one.
 *
 * @param tenantId whose rows may be seen
 * @param tenantName for people
 * @param keyId    which key, for limits, the audit log and usage
 * @param scopes   what the key may do
 * @param lists    models and stores that it is narrowed to
 */
public record Caller(String tenantId, String tenantName, String keyId, Set<Scope> scopes, ApiKey.Lists lists) {
    /** The built-in tenant of DATA/admin.key; adapters it uploads without naming a tenant are shared with all. */
    public static final String OPERATOR_TENANT = "operator";

    public Caller {
        Objects.requireNonNull(tenantId);
        Objects.requireNonNull(tenantName);
        Objects.requireNonNull(keyId);
        scopes = Set.copyOf(scopes);
        Objects.requireNonNull(lists);
    }

    /** Narrowed by its scopes alone. */
    public Caller(String tenantId, String tenantName, String keyId, Set<Scope> scopes) {
        this(tenantId, tenantName, keyId, scopes, ApiKey.Lists.NONE);
    }

    /** @param names that a model goes by: a key's list may hold any of them */
    public boolean mayUseModel(String... names) {
        return lists.models().map(list -> Stream.of(names).anyMatch(list::contains)).orElse(true);
    }

    public boolean mayUseStore(String storeId) {
        return lists.stores().map(list -> list.contains(storeId)).orElse(true);
    }

    /** The admin scope includes every other but does not lift read-only. */
    public boolean may(Scope scope) {
        return scopes.contains(scope) || scopes.contains(Scope.ADMIN);
    }

    public boolean isAdmin() {
        return scopes.contains(Scope.ADMIN);
    }

    public boolean isReadOnly() {
        return scopes.contains(Scope.READ_ONLY);
    }
}
