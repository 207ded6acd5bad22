package graft.registry.usage;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Which part of the ledger, and summed up by what. Empty filters let everything through.
 *
 * @param from       inclusive
 * @param to         exclusive
 * @param bucket     a multiple of it since 1970 begins each bucket
 * @param components whose lines count; empty for all
 * @param operations empty for all
 * @param models     base ids, adapter names, or {@code adapter@version}
 */
public record UsageQuery(Instant from, Instant to, Duration bucket, Set<Component> components,
        List<String> operations, List<String> tenants, List<String> keys, List<String> models, Set<GroupBy> groupBy) {
    public UsageQuery {
        Objects.requireNonNull(from);
        Objects.requireNonNull(to);
        if (bucket.toSeconds() < 1) throw new IllegalArgumentException("bucket " + bucket);
        components = Set.copyOf(components);
        operations = List.copyOf(operations);
        tenants = List.copyOf(tenants);
        keys = List.copyOf(keys);
        models = List.copyOf(models);
        groupBy = Set.copyOf(groupBy);
    }

    public enum GroupBy { TENANT, KEY, MODEL, COMPONENT }
}
