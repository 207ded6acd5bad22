package graft.api;

import graft.registry.Listing;
import graft.registry.knowledge.Paging;
import java.util.Optional;

/** The query parameters that lists share: limit, order, after, before. */
final class Lists {
    private Lists() {}

    /** @param byDefault rows a page; @param most rows a page may have */
    static Paging paging(Exchange exchange, int byDefault, int most) {
        return new Paging(exchange.queryInt("limit", byDefault, 1, most), !order(exchange).equals(Optional.of("asc")),
                cursor(exchange, "after"), cursor(exchange, "before"));
    }

    private static Optional<String> order(Exchange exchange) {
        Optional<String> order = exchange.query("order");
        if (order.isPresent() && !order.get().equals("asc") && !order.get().equals("desc"))
            throw ApiException.invalid("order", "'order' must be asc or desc.");
        return order;
    }

    /** Of things with names: limit, after, order, sort, and q for a part of the name. */
    static Listing listing(Exchange exchange, Listing.Sort byDefault) {
        Listing.Sort sort = switch (exchange.query("sort").orElse("")) {
            case "" -> byDefault;
            case "name" -> Listing.Sort.NAME;
            case "created_at" -> Listing.Sort.CREATED;
            default -> throw ApiException.invalid("sort", "'sort' must be name or created_at.");
        };
        return new Listing(part(exchange), sort,
                order(exchange).equals(Optional.of("desc")), cursor(exchange, "after"),
                exchange.queryInt("limit", 20, 1, 100));
    }

    /** {@code q}: a part of the name that is looked for. */
    static Optional<String> part(Exchange exchange) {
        return exchange.query("q").map(String::strip).filter(part -> !part.isEmpty());
    }

    /** For calls whose every field is optional: no body at all is an empty object. */
    static <T> T bodyOrEmpty(Exchange exchange, Class<T> type) {
        byte[] bytes = exchange.bytes();
        return Json.read(bytes.length == 0 ? new byte[] {'{', '}'} : bytes, type);
    }

    private static Optional<String> cursor(Exchange exchange, String name) {
        return exchange.query(name).filter(id -> !id.isEmpty());
    }
}
