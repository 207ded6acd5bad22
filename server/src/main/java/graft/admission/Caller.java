package graft.admission;

import graft.registry.tenant.Scope;
import java.util.Objects;
import java.util.Set;

/**
 * Who is asking, as proved by an API key or a session that stands for one.
 *
 * @param tenantId whose rows may be seen
 * @param tenantName for people
 * @param keyId    which key, for limits, the audit log and usage
 * @param scopes   what the key may do
 */
public record Caller(String tenantId, String tenantName, String keyId, Set<Scope> scopes) {
    /** The built-in tenant of DATA/admin.key; adapters it uploads without naming a tenant are shared with all. */
    public static final String OPERATOR_TENANT = "operator";

    public Caller {
        Objects.requireNonNull(tenantId);
        Objects.requireNonNull(tenantName);
        Objects.requireNonNull(keyId);
        scopes = Set.copyOf(scopes);
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
