package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.metering.Prices;
import graft.registry.tenant.Scope;
import graft.registry.usage.Component;
import graft.registry.usage.PriceBook;
import graft.registry.usage.PriceBookDao;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The price book. PUT adds a revision, which counts for requests that start after it. */
final class PricesResource implements Resource {
    private static final int MOST_ITEMS = 10_000;
    private final PriceBookDao books;
    private final Prices prices;

    PricesResource(PriceBookDao books, Prices prices) {
        this.books = books;
        this.prices = prices;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.get("/admin/v1/prices", Scope.ADMIN, this::get),
                Route.put("/admin/v1/prices", Scope.ADMIN, this::put));
    }

    record Book(long revision, String currency, List<Item> items) {
        static Book of(PriceBook book) {
            return new Book(book.revision(), book.currency(), book.items().stream().map(Item::of).toList());
        }
    }

    /** @param base null for any; @param adapter null for any */
    record Item(String component, String base, String adapter, Long microsPerMillion) {
        static Item of(PriceBook.Item item) {
            return new Item(item.component().word(), item.base().isEmpty() ? null : item.base(),
                    item.adapter().isEmpty() ? null : item.adapter(), item.microsPerMillion());
        }

        PriceBook.Item checked(int index) {
            String at = "items[" + index + "].";
            Component known = Component.of(String.valueOf(component)).orElseThrow(() -> ApiException.invalid(
                    at + "component", "Unknown component '" + component + "': expected one of "
                            + Arrays.stream(Component.values()).map(Component::word).toList() + "."));
            if (microsPerMillion == null || microsPerMillion < 0)
                throw ApiException.invalid(at + "micros_per_million", "'micros_per_million' must be 0 or more.");
            return new PriceBook.Item(known, base == null ? "" : base, adapter == null ? "" : adapter,
                    microsPerMillion);
        }
    }

    record NewBook(Long revision, String currency, List<Item> items) {}

    private void get(Exchange exchange) {
        exchange.ok(Book.of(books.current()));
    }

    private void put(Exchange exchange) {
        JsonNode tree = Json.tree(exchange.bytes());
        if (!tree.isObject()) throw ApiException.invalid("The body must be a JSON object.");
        NewBook body = Json.readStrict(tree, NewBook.class, null);
        if (body.currency() == null || !body.currency().matches("[A-Z]{3}"))
            throw ApiException.invalid("currency", "'currency' must be an ISO 4217 code such as USD.");
        PriceBook added = books.put(exchange.caller().keyId(), body.currency(), checked(body.items()));
        prices.refresh();
        exchange.ok(Book.of(added));
    }

    private static List<PriceBook.Item> checked(List<Item> items) {
        if (items == null || items.size() > MOST_ITEMS)
            throw ApiException.invalid("items", "'items' must be a list of at most " + MOST_ITEMS + " prices.");
        List<PriceBook.Item> checked = new ArrayList<>();
        for (Item item : items) {
            if (item == null) throw ApiException.invalid("items", "'items' holds a null.");
            checked.add(item.checked(checked.size()));
        }
        try {
            return new PriceBook(0, "USD", checked).items();
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("items", e.getMessage());
        }
    }
}
