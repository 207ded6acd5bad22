package graft.registry.tenant;

import graft.registry.Columns;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A key without its secret.
 *
 * @param prefix    the public part, by which people recognise it
 * @param expiresAt none: never
 * @param revokedAt none: not revoked
 */
public record ApiKey(String id, String tenantId, String name, String prefix, Set<Scope> scopes, Lists lists,
        Instant createdAt, Optional<Instant> expiresAt, Optional<Instant> revokedAt, Optional<Instant> lastUsedAt) {
    public ApiKey {
        Objects.requireNonNull(id);
        Objects.requireNonNull(tenantId);
        Objects.requireNonNull(lists);
        scopes = Set.copyOf(scopes);
    }

    /**
     * What a key is narrowed to. No list narrows nothing, an empty one lets nothing through.
     *
     * @param models base ids, adapter names, or {@code adapter@version} and {@code adapter@alias} for just that one
     * @param stores ids of knowledge stores
     */
    public record Lists(Optional<Set<String>> models, Optional<Set<String>> stores) {
        public static final Lists NONE = new Lists(Optional.empty(), Optional.empty());

        public Lists {
            models = models.map(Set::copyOf);
            stores = stores.map(Set::copyOf);
        }

        static Lists from(ResultSet row) throws SQLException {
            return new Lists(set(row, "models"), set(row, "stores"));
        }

        private static Optional<Set<String>> set(ResultSet row, String column) throws SQLException {
            Array array = row.getArray(column);
            return array == null ? Optional.empty() : Optional.of(new TreeSet<>(List.of((String[]) array.getArray())));
        }
    }

    static ApiKey from(ResultSet row) throws SQLException {
        return new ApiKey(row.getString("id"), row.getString("tenant_id"), row.getString("name"),
                row.getString("prefix"), scopes(row), Lists.from(row), Columns.instant(row, "created_at"),
                Columns.optionalInstant(row, "expires_at"), Columns.optionalInstant(row, "revoked_at"),
                Columns.optionalInstant(row, "last_used_at"));
    }

    static Set<Scope> scopes(ResultSet row) throws SQLException {
        Set<Scope> scopes = new TreeSet<>();
        for (String word : (String[]) row.getArray("scopes").getArray()) {
            scopes.add(Scope.of(word).orElseThrow(() -> new IllegalStateException("scope " + word)));
        }
        return scopes;
    }
}
