package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Caller;
import graft.metering.costs.FocusCsv;
import graft.registry.costs.CostBook;
import graft.registry.costs.CostBookDao;
import graft.registry.costs.CostReportDao;
import graft.registry.costs.CostReportDao.Billed;
import graft.registry.costs.EngineTimeDao;
import graft.registry.tenant.Scope;
import graft.registry.usage.PriceBook;
import graft.registry.usage.PriceBookDao;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What serving costs beside what it earns: the cost book, margins, and the ledger as a FOCUS table. */
final class CostsResource implements Resource {
    private static final int MOST_ITEMS = 1000;
    private static final int MOST_DAYS = 366;
    private static final long HOUR = 3600;
    private final CostBookDao books;
    private final CostReportDao reports;
    private final EngineTimeDao times;
    private final PriceBookDao prices;

    CostsResource(CostBookDao books, CostReportDao reports, EngineTimeDao times, PriceBookDao prices) {
        this.books = books;
        this.reports = reports;
        this.times = times;
        this.prices = prices;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.get("/admin/v1/costs/book", Scope.ADMIN, this::get),
                Route.put("/admin/v1/costs/book", Scope.ADMIN, this::put),
                Route.get("/admin/v1/costs/margin", Scope.ADMIN, this::margin),
                Route.get("/v1/organization/costs/focus", Scope.INFERENCE, this::focus));
    }

    record Book(String object, Long revision, String currency, List<Item> items) {
        static Book of(CostBook book) {
            return new Book("cost_book", book.revision(), book.currency(), book.items().stream().map(item ->
                    new Item(item.resource().word(), item.device(), item.micros())).toList());
        }
    }

    /** @param device empty or absent for any */
    record Item(String resource, String device, Long micros) {
        CostBook.Item checked(int index) {
            String at = "items[" + index + "].";
            CostBook.Resource known = CostBook.Resource.of(String.valueOf(resource)).orElseThrow(() ->
                    ApiException.invalid(at + "resource", "'resource' must be 'device_hour' or 'storage_gib_hour'."));
            if (micros == null || micros < 0)
                throw ApiException.invalid(at + "micros", "'micros' must be 0 or more.");
            return new CostBook.Item(known, device == null ? "" : device, micros);
        }
    }

    record NewBook(String object, Long revision, String currency, List<Item> items) {}

    private void get(Exchange exchange) {
        exchange.ok(Book.of(books.current()));
    }

    private void put(Exchange exchange) {
        JsonNode tree = Json.tree(exchange.bytes());
        if (!tree.isObject()) throw ApiException.invalid("The body must be a JSON object.");
        NewBook body = Json.readStrict(tree, NewBook.class, null);
        if (body.currency() == null || !body.currency().matches("[A-Z]{3}"))
            throw ApiException.invalid("currency", "'currency' must be an ISO 4217 code such as USD.");
        if (body.items() == null || body.items().size() > MOST_ITEMS || body.items().contains(null))
            throw ApiException.invalid("items", "'items' must be a list of at most " + MOST_ITEMS + " costs.");
        List<CostBook.Item> items = new ArrayList<>();
        for (Item item : body.items()) items.add(item.checked(items.size()));
        try {
            items = new CostBook(0, "USD", items).items();
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("items", e.getMessage());
        }
        exchange.ok(Book.of(books.put(exchange.caller().keyId(), body.currency(), items)));
    }

    /** Whole hours. */
    record Window(Instant from, Instant to) {
        static Window of(Exchange exchange) {
            long now = Instant.now().getEpochSecond();
            long to = hourAfter(UsageWindow.seconds(exchange, "end_time").orElse(now));
            long from = Math.floorDiv(UsageWindow.seconds(exchange, "start_time").orElse(to - 30 * 24 * HOUR), HOUR)
                    * HOUR;
            if (to <= from) throw ApiException.invalid("end_time", "'end_time' must be after 'start_time'.");
            if (to - from > MOST_DAYS * 24L * HOUR)
                throw ApiException.invalid("start_time", "At most " + MOST_DAYS + " days at once.");
            return new Window(Instant.ofEpochSecond(from), Instant.ofEpochSecond(to));
        }

        private static long hourAfter(long seconds) {
            return Math.ceilDiv(seconds, HOUR) * HOUR;
        }
    }

    record Margin(String object, long startTime, long endTime, String currency, long revision, List<Account> data,
            Account total) {}

    /** @param account tenant, idle or other; @param marginMicros billed less cost; null where currencies differ */
    record Account(String account, String projectId, long billedMicros, long engineMicros, long engineCostMicros,
            long storageCostMicros, Long marginMicros) {}

    /** Of one account, while it is summed up. */
    private static final class Sums {
        private long billed;
        private long engine;
        private long engineCost;
        private long storageCost;
        private boolean foreign;

        Account as(String account, String tenant) {
            return new Account(account, tenant, billed, engine, engineCost, storageCost,
                    foreign ? null : Long.valueOf(billed - engineCost - storageCost));
        }

        void add(Sums other) {
            billed += other.billed;
            engine += other.engine;
            engineCost += other.engineCost;
            storageCost += other.storageCost;
            foreign |= other.foreign;
        }
    }

    /** Costs by the book in force now; idle time is nobody's revenue and stands by itself. */
    private void margin(Exchange exchange) {
        Window window = Window.of(exchange);
        CostBook book = books.current();
        Map<String, Sums> tenants = new TreeMap<>();
        Map<String, Sums> rest = new TreeMap<>(Map.of("idle", new Sums(), "other", new Sums()));
        for (EngineTimeDao.Sum sum : times.sums(window.from(), window.to())) {
            Sums sums = sum.account().equals("tenant") ? tenants.computeIfAbsent(sum.tenantId(), _ -> new Sums())
                    : rest.get(sum.account());
            sums.engine += sum.micros();
            sums.engineCost += book.ofTime(sum.device(), sum.micros());
        }
        for (Billed billed : reports.billed(window.from(), window.to())) {
            Sums sums = tenants.computeIfAbsent(billed.tenantId(), _ -> new Sums());
            if (billed.currency().equals(book.currency())) sums.billed += billed.costMicros();
            else sums.foreign |= billed.costMicros() > 0;
            sums.storageCost += book.ofStorage(billed.storage());
        }
        Sums total = new Sums();
        List<Account> data = new ArrayList<>();
        tenants.forEach((tenant, sums) -> data.add(sums.as("tenant", tenant)));
        rest.forEach((account, sums) -> data.add(sums.as(account, null)));
        tenants.values().forEach(total::add);
        rest.values().forEach(total::add);
        exchange.ok(new Margin("costs.margin", window.from().getEpochSecond(), window.to().getEpochSecond(),
                book.currency(), book.revision(), data, total.as("total", null)));
    }

    static Optional<String> whose(Caller caller) {
        return caller.isAdmin() ? Optional.empty() : Optional.of(caller.tenantId());
    }

    /** A day at a time, so that neither side holds more. */
    private void focus(Exchange exchange) throws IOException {
        Window window = Window.of(exchange);
        Map<Long, PriceBook> known = new HashMap<>();
        FocusCsv csv = new FocusCsv(revision -> known.computeIfAbsent(revision,
                wanted -> prices.find(wanted).orElseThrow()));
        try (OutputStream out = exchange.download("focus-" + window.from().getEpochSecond() + "-"
                + window.to().getEpochSecond() + ".csv")) {
            out.write(FocusCsv.header().getBytes(StandardCharsets.UTF_8));
            for (Instant at = window.from(); at.isBefore(window.to()); at = at.plus(Duration.ofDays(1))) {
                Instant end = at.plus(Duration.ofDays(1)).isBefore(window.to()) ? at.plus(Duration.ofDays(1))
                        : window.to();
                for (CostReportDao.Line line : reports.lines(whose(exchange.caller()), at, end))
                    out.write(csv.row(line).getBytes(StandardCharsets.UTF_8));
            }
        }
    }
}
