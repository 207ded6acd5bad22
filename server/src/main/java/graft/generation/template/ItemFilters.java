package graft.generation.template;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** The filters that pick, order or change the items of a list. Lazy in Jinja, lists here: a template can't tell. */
final class ItemFilters {
    private ItemFilters() {}

    static void register(BiConsumer<String, Filters.Filter> put) {
        put.accept("list", (_, value, _) -> new ArrayList<Object>(Values.iterate(value)));
        put.accept("first", (_, value, _) -> at(Values.iterate(value), true));
        put.accept("last", (_, value, _) -> at(Values.iterate(value), false));
        put.accept("join", (run, value, given) -> Methods.join(run, Strings.str(given.get(0, "d", "")),
                mapped(value, given.get(1, "attribute", null))));
        put.accept("reverse", (_, value, _) -> value instanceof String text ? Strings.reverse(text)
                : Values.iterate(value).reversed());
        put.accept("map", ItemFilters::map);
        put.accept("select", (run, value, given) -> select(run, value, given, 0, true));
        put.accept("reject", (run, value, given) -> select(run, value, given, 0, false));
        put.accept("selectattr", (run, value, given) -> select(run, value, given, 1, true));
        put.accept("rejectattr", (run, value, given) -> select(run, value, given, 1, false));
        put.accept("sort", (_, value, given) -> sort(value, given));
        put.accept("dictsort", (_, value, given) -> dictsort(value, given));
        put.accept("unique", (_, value, given) -> unique(value, given));
        put.accept("min", (_, value, given) -> extreme(value, given, -1));
        put.accept("max", (_, value, given) -> extreme(value, given, 1));
        put.accept("sum", ItemFilters::sum);
        put.accept("groupby", (_, value, given) -> groups(value, given));
        put.accept("batch", (run, value, given) -> batch(run, Values.iterate(value), given));
        put.accept("slice", (_, value, given) -> slices(Values.iterate(value), given));
    }

    private static Object at(List<?> items, boolean first) {
        if (items.isEmpty()) return new Undefined("no first or last item of an empty list");
        return first ? items.getFirst() : items.getLast();
    }

    /** How jinja2.filters.make_attrgetter reads: steps at dots, numbers as indices. */
    private static Object attribute(Object item, Object path, Object byDefault) {
        Object value = item;
        for (String step : Strings.str(path).split("\\.")) {
            value = Values.item(value, step.matches("\\d{1,9}") ? (Object) Long.valueOf(step) : step);
            if (value instanceof Undefined && byDefault != null) value = byDefault;
        }
        return value;
    }

    private static List<?> mapped(Object value, Object path) {
        if (path == null) return Values.iterate(value);
        List<Object> all = new ArrayList<>();
        Values.iterate(value).forEach(item -> all.add(attribute(item, path, null)));
        return all;
    }

    private static Object map(Run run, Object value, Arguments given) {
        List<Object> all = new ArrayList<>();
        Object path = given.named().get("attribute");
        if (!Values.truth(value)) return all;
        for (Object item : Values.iterate(value)) {
            run.step(1);
            if (path == null) {
                all.add(Filters.apply(run, Values.text(given.need(0, "filter")), item, given.from(1)));
                continue;
            }
            all.add(attribute(item, path, given.named().get("default")));
        }
        return all;
    }

    /** @param skipped arguments before the test's name: the attribute of selectattr */
    private static Object select(Run run, Object value, Arguments given, int skipped, boolean wanted) {
        List<Object> chosen = new ArrayList<>();
        if (!Values.truth(value)) return chosen;
        for (Object item : Values.iterate(value)) {
            run.step(1);
            Object tested = skipped == 0 ? item : attribute(item, given.need(0, "attribute"), null);
            boolean holds = given.positional().size() <= skipped ? Values.truth(tested)
                    : Tests.holds(run, Values.text(given.positional().get(skipped)), tested, given.from(skipped + 1));
            if (holds == wanted) chosen.add(item);
        }
        return chosen;
    }

    private static UnaryOperator<Object> key(Arguments given, int caseIndex, int attributeIndex) {
        Object path = given.get(attributeIndex, "attribute", null);
        boolean exact = given.flag(caseIndex, "case_sensitive");
        return item -> {
            Object value = path == null ? item : attribute(item, path, null);
            return exact ? value : Filters.folded(value);
        };
    }

    private static Object sort(Object value, Arguments given) {
        List<Object> items = Filters.copy(value);
        Object paths = given.get(2, "attribute", null);
        Comparator<Object> order = (a, b) -> 0;
        for (String path : paths instanceof String text ? text.split(",") : new String[] {null}) {
            UnaryOperator<Object> key = key(new Arguments(Arrays.asList(given.flag(1, "case_sensitive"), path == null
                    ? paths : path), Map.of()), 0, 1);
            order = order.thenComparing((a, b) -> Values.compare(key.apply(a), key.apply(b)));
        }
        items.sort(given.flag(0, "reverse") ? order.reversed() : order);
        return items;
    }

    private static Object dictsort(Object value, Arguments given) {
        if (!(value instanceof Map<?, ?> map)) throw new TemplateException("dictsort needs a dict, not "
                + Values.type(value));
        int by = Strings.str(given.get(1, "by", "key")).equals("value") ? 1 : 0;
        List<Object> items = Methods.items(map);
        items.sort((a, b) -> {
            Object left = ((Tuple) a).get(by);
            Object right = ((Tuple) b).get(by);
            boolean exact = given.flag(0, "case_sensitive");
            return Values.compare(exact ? left : Filters.folded(left), exact ? right : Filters.folded(right));
        });
        return given.flag(2, "reverse") ? items.reversed() : items;
    }

    private static Object unique(Object value, Arguments given) {
        Map<Object, Object> first = new LinkedHashMap<>();
        UnaryOperator<Object> key = key(given, 0, 1);
        Values.iterate(value).forEach(item -> first.putIfAbsent(key.apply(item), item));
        return new ArrayList<>(first.values());
    }

    private static Object extreme(Object value, Arguments given, int sign) {
        UnaryOperator<Object> key = key(given, 0, 1);
        List<?> items = Values.iterate(value);
        if (items.isEmpty()) return new Undefined("no smallest or largest item of an empty list");
        Object best = items.getFirst();
        for (Object item : items) if (sign * Values.compare(key.apply(item), key.apply(best)) > 0) best = item;
        return best;
    }

    private static Object sum(Run run, Object value, Arguments given) {
        Object total = given.get(1, "start", 0L);
        for (Object item : mapped(value, given.get(0, "attribute", null))) total = Arithmetic.apply(run, "+", total,
                item);
        return total;
    }

    private static Object groups(Object value, Arguments given) {
        UnaryOperator<Object> key = key(new Arguments(Arrays.asList(given.flag(2, "case_sensitive"),
                given.need(0, "attribute")), Map.of()), 0, 1);
        List<Object> items = Filters.copy(value);
        items.sort((a, b) -> Values.compare(key.apply(a), key.apply(b)));
        Map<Object, List<Object>> groups = new LinkedHashMap<>();
        items.forEach(item -> groups.computeIfAbsent(key.apply(item), _ -> new ArrayList<>()).add(item));
        List<Object> result = new ArrayList<>();
        groups.forEach((_, members) ->
                result.add(new Group(attribute(members.getFirst(), given.need(0, "attribute"), null), members)));
        return result;
    }

    /** A group unpacks like a pair and has names for its two parts. */
    private static final class Group extends AbstractList<Object> implements Attributes {
        private final Object grouper;
        private final List<Object> members;

        Group(Object grouper, List<Object> members) {
            this.grouper = grouper;
            this.members = members;
        }

        @Override
        public Object get(int index) {
            return index == 0 ? grouper : members;
        }

        @Override
        public int size() {
            return 2;
        }

        @Override
        public Object attribute(String name) {
            return switch (name) {
                case "grouper" -> grouper;
                case "list" -> members;
                default -> new Undefined("a group has no attribute '" + name + "'");
            };
        }
    }

    private static Object batch(Run run, List<?> items, Arguments given) {
        int size = Values.integer(given.need(0, "linecount"));
        if (size < 1) throw new TemplateException("linecount must be at least 1");
        List<Object> batches = new ArrayList<>();
        for (int from = 0; from < items.size(); from += size) {
            List<Object> batch = new ArrayList<>(items.subList(from, Math.min(items.size(), from + size)));
            run.room(given.has(1, "fill_with") ? size : batch.size());
            while (given.get(1, "fill_with", null) != null && batch.size() < size) batch.add(given.get(1, "fill_with",
                    null));
            batches.add(batch);
        }
        return batches;
    }

    private static Object slices(List<?> items, Arguments given) {
        int count = Math.clamp(Values.whole(given.need(0, "slices")), 1, 10_000);
        List<Object> slices = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < count; i++) {
            int size = items.size() / count + (i < items.size() % count ? 1 : 0);
            List<Object> slice = new ArrayList<>(items.subList(from, from + size));
            if (given.get(1, "fill_with", null) != null && i >= items.size() % count) slice.add(given.get(1,
                    "fill_with", null));
            slices.add(slice);
            from += size;
        }
        return slices;
    }
}
