package graft.api;

import graft.registry.knowledge.Paging;
import java.util.Optional;

/** The query parameters that OpenAI's lists share: limit, order, after, before. */
final class Lists {
    private Lists() {}

    /** @param byDefault rows a page; @param most rows a page may have */
    static Paging paging(Exchange exchange, int byDefault, int most) {
        Optional<String> order = exchange.query("order");
        if (order.isPresent() && !order.get().equals("asc") && !order.get().equals("desc"))
            throw ApiException.invalid("order", "'order' must be asc or desc.");
        return new Paging(exchange.queryInt("limit", byDefault, 1, most), !order.equals(Optional.of("asc")),
                cursor(exchange, "after"), cursor(exchange, "before"));
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
