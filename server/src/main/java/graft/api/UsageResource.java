package graft.api;

import graft.admission.Caller;
import graft.registry.tenant.Scope;
import graft.registry.usage.Component;
import graft.registry.usage.UsageQuery;
import graft.registry.usage.UsageQuery.GroupBy;
import graft.registry.usage.UsageReportDao;
import graft.registry.usage.UsageReportDao.Requests;
import graft.registry.usage.UsageReportDao.Stored;
import graft.registry.usage.UsageReportDao.Sum;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What was used and what it cost, in the shapes of OpenAI's organization API: an organization is this installation, a
 * project is a tenant. The admin scope sees all tenants, others their own. Only settled requests are in it.
 */
final class UsageResource implements Resource {
    private static final Set<Component> COMPLETION = EnumSet.of(Component.PREFILL, Component.CACHED_PREFILL,
            Component.DECODE);
    private static final Set<Component> EMBEDDING = EnumSet.of(Component.EMBED_QUERY, Component.EMBED_INDEX);
    /** What OpenAI counts and nobody can use here: dashboards that ask for all kinds get empty buckets. */
    private static final List<String> UNUSED = List.of("audio_speeches", "audio_transcriptions",
            "code_interpreter_sessions", "images", "moderations", "web_search_calls");
    private final UsageReportDao reports;

    UsageResource(UsageReportDao reports) {
        this.reports = reports;
    }

    @Override
    public List<Route> routes() {
        String usage = "/v1/organization/usage/";
        List<Route> routes = new ArrayList<>(List.of(
                Route.get(usage + "completions", Scope.INFERENCE, this::completions),
                Route.get(usage + "embeddings", Scope.INFERENCE, this::embeddings),
                Route.get(usage + "file_search_calls", Scope.INFERENCE, this::searches),
                Route.get(usage + "vector_stores", Scope.INFERENCE, this::stores),
                Route.get("/v1/organization/costs", Scope.INFERENCE, this::costs)));
        UNUSED.forEach(kind -> routes.add(Route.get(usage + kind, Scope.INFERENCE, this::nothing)));
        return routes;
    }

    private static Optional<String> whose(Caller caller) {
        return caller.isAdmin() ? Optional.empty() : Optional.of(caller.tenantId());
    }

    private record Group(String tenantId, String keyId, String model) {
        static Group of(Sum sum) {
            return new Group(sum.tenantId(), sum.keyId(), sum.model());
        }

        static Group of(Requests requests) {
            return new Group(requests.tenantId(), requests.keyId(), requests.model());
        }

        String projectId() {
            return orNull(tenantId);
        }

        String apiKeyId() {
            return orNull(keyId);
        }

        String modelName() {
            return orNull(model);
        }
    }

    /** What was not grouped by is null in OpenAI's shapes. */
    private static String orNull(String value) {
        return value.isEmpty() ? null : value;
    }

    record Completions(String object, long inputTokens, long inputCachedTokens, long inputUncachedTokens,
            long outputTokens, long numModelRequests, String projectId, String userId, String apiKeyId, String model,
            Boolean batch, String serviceTier) {}

    private void completions(Exchange exchange) {
        UsageWindow window = UsageWindow.of(exchange);
        UsageQuery query = window.query(exchange, COMPLETION, List.of());
        boolean byBatch = exchange.queryAll("group_by").contains("batch");
        send(exchange, window, perGroup(exchange, query, (group, sums, requests) -> {
            long cached = sums.getOrDefault(Component.CACHED_PREFILL, 0L);
            long uncached = sums.getOrDefault(Component.PREFILL, 0L);
            return new Completions("organization.usage.completions.result", cached + uncached, cached, uncached,
                    sums.getOrDefault(Component.DECODE, 0L), requests, group.projectId(), null, group.apiKeyId(),
                    group.modelName(), byBatch ? Boolean.FALSE : null, null);
        }));
    }

    record Embeddings(String object, long inputTokens, long numModelRequests, String projectId, String userId,
            String apiKeyId, String model) {}

    private void embeddings(Exchange exchange) {
        UsageWindow window = UsageWindow.of(exchange);
        send(exchange, window, perGroup(exchange, window.query(exchange, EMBEDDING, List.of("embeddings")),
                (group, sums, requests) -> new Embeddings("organization.usage.embeddings.result",
                        sums.values().stream().mapToLong(Long::longValue).sum(), requests, group.projectId(), null,
                        group.apiKeyId(), group.modelName())));
    }

    record Searches(String object, long numRequests, String projectId, String userId, String apiKeyId,
            String vectorStoreId) {}

    private void searches(Exchange exchange) {
        UsageWindow window = UsageWindow.of(exchange);
        send(exchange, window, perGroup(exchange, window.query(exchange, EnumSet.of(Component.RETRIEVE), List.of()),
                (group, sums, requests) -> new Searches("organization.usage.file_searches.result",
                        sums.getOrDefault(Component.RETRIEVE, 0L), group.projectId(), null, group.apiKeyId(), null)));
    }

    record Stores(String object, long usageBytes, String projectId) {}

    private void stores(Exchange exchange) {
        UsageWindow window = UsageWindow.of(exchange);
        boolean byTenant = window.query(exchange, Set.of(), List.of()).groupBy().contains(GroupBy.TENANT);
        List<String> wanted = exchange.queryAll("project_ids");
        Map<Long, List<Object>> results = new LinkedHashMap<>();
        List<Long> starts = window.starts();
        List<List<Stored>> all = reports.stored(whose(exchange.caller()), starts.stream().map(start ->
                Instant.ofEpochSecond(Math.min(start + window.width().toSeconds(), window.end()))).toList());
        for (int i = 0; i < starts.size(); i++) {
            List<Stored> stored = all.get(i).stream()
                    .filter(one -> wanted.isEmpty() || wanted.contains(one.tenantId())).toList();
            List<Object> lines = new ArrayList<>();
            String object = "organization.usage.vector_stores.result";
            if (byTenant) stored.forEach(one -> lines.add(new Stores(object, one.bytes(), one.tenantId())));
            else if (!stored.isEmpty()) lines.add(new Stores(object,
                    stored.stream().mapToLong(Stored::bytes).sum(), null));
            results.put(starts.get(i), lines);
        }
        send(exchange, window, results);
    }

    private void nothing(Exchange exchange) {
        UsageWindow window = UsageWindow.of(exchange);
        window.query(exchange, Set.of(), List.of()); // refuses what the others refuse
        send(exchange, window, Map.of());
    }

    record Costs(String object, Amount amount, String lineItem, String projectId, String apiKeyId, Long quantity,
            String quantityUnit, String model) {}

    /** @param value in units of the currency, exact */
    record Amount(BigDecimal value, String currency) {}

    private record CostGroup(String tenantId, String keyId, String model, String lineItem, String currency) {}

    private void costs(Exchange exchange) {
        UsageWindow window = UsageWindow.of(exchange);
        UsageQuery query = window.query(exchange, Set.of(), List.of());
        boolean byItem = query.groupBy().contains(GroupBy.COMPONENT);
        Map<Long, Map<CostGroup, long[]>> sums = new LinkedHashMap<>();
        for (Sum sum : reports.sums(whose(exchange.caller()), query)) {
            long[] total = sums.computeIfAbsent(sum.bucketStart(), _ -> new LinkedHashMap<>()).computeIfAbsent(
                    new CostGroup(sum.tenantId(), sum.keyId(), sum.model(), byItem ? sum.component().word() : "",
                            sum.currency()), _ -> new long[2]);
            total[0] += sum.costMicros();
            total[1] += sum.quantity();
        }
        Map<Long, List<Object>> results = new LinkedHashMap<>();
        sums.forEach((start, groups) -> results.put(start, groups.entrySet().stream().<Object>map(entry -> {
            CostGroup group = entry.getKey();
            return new Costs("organization.costs.result",
                    new Amount(BigDecimal.valueOf(entry.getValue()[0], 6), group.currency()),
                    orNull(group.lineItem()), orNull(group.tenantId()), orNull(group.keyId()),
                    byItem ? entry.getValue()[1] : null, unit(group.lineItem()), orNull(group.model()));
        }).toList()));
        send(exchange, window, results);
    }

    private static String unit(String lineItem) {
        return Component.of(lineItem).flatMap(component -> switch (component) {
            case PREFILL, CACHED_PREFILL, DECODE, EMBED_QUERY, EMBED_INDEX -> Optional.of("tokens");
            case RETRIEVE, STORAGE, ADAPTER_LOAD -> Optional.empty();
        }).orElse(null);
    }

    @FunctionalInterface
    private interface Shape {
        Object result(Group group, Map<Component, Long> quantities, long requests);
    }

    private Map<Long, List<Object>> perGroup(Exchange exchange, UsageQuery query, Shape shape) {
        Optional<String> whose = whose(exchange.caller());
        Map<Long, Map<Group, Map<Component, Long>>> sums = new LinkedHashMap<>();
        for (Sum sum : reports.sums(whose, query)) {
            sums.computeIfAbsent(sum.bucketStart(), _ -> new LinkedHashMap<>())
                    .computeIfAbsent(Group.of(sum), _ -> new LinkedHashMap<>())
                    .merge(sum.component(), sum.quantity(), Long::sum);
        }
        Map<Long, List<Object>> results = new LinkedHashMap<>();
        for (Requests requests : reports.requests(whose, query)) {
            Group group = Group.of(requests);
            Map<Component, Long> quantities = sums.getOrDefault(requests.bucketStart(), Map.of())
                    .getOrDefault(group, Map.of());
            results.computeIfAbsent(requests.bucketStart(), _ -> new ArrayList<>())
                    .add(shape.result(group, quantities, requests.requests()));
        }
        return results;
    }

    record Usage(String object, List<Bucket> data, boolean hasMore, String nextPage) {}

    record Bucket(String object, long startTime, long endTime, List<Object> results) {}

    private static void send(Exchange exchange, UsageWindow window, Map<Long, List<Object>> results) {
        long width = window.width().toSeconds();
        List<Bucket> buckets = window.starts().stream().map(start -> new Bucket("bucket", start, start + width,
                results.getOrDefault(start, List.of()))).toList();
        exchange.ok(new Usage("page", buckets, window.nextPage().isPresent(), window.nextPage().orElse(null)));
    }
}
