package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/**
 * Every route is in openapi.yaml and back. Resources are made without what they work on: their tables don't need it,
 * because a resource only keeps what it is given.
 */
class OpenApiTest {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "head", "patch", "options");

    private static List<Route> routes() {
        List<Route> routes = new ArrayList<>();
        for (Class<?> resource : resources()) routes.addAll(make(resource).routes());
        return routes;
    }

    private static List<Class<?>> resources() {
        Path folder = Path.of(System.getProperty("graft.root"), "server/target/classes/graft/api");
        try (Stream<Path> files = Files.list(folder)) {
            List<Class<?>> found = new ArrayList<>();
            for (Path file : files.filter(path -> path.toString().endsWith("Resource.class")).sorted().toList()) {
                Class<?> type = Class.forName("graft.api." + file.getFileName().toString().replace(".class", ""));
                if (Resource.class.isAssignableFrom(type) && !type.isInterface()) found.add(type);
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Resource make(Class<?> type) {
        Constructor<?> constructor = type.getDeclaredConstructors()[0];
        Object[] nothing = Stream.of(constructor.getParameterTypes())
                .map(parameter -> Array.get(Array.newInstance(parameter, 1), 0)).toArray();
        try {
            constructor.setAccessible(true);
            return (Resource) constructor.newInstance(nothing);
        } catch (InvocationTargetException e) {
            throw new AssertionError(type + " does more than keep what it is given, so its routes can't be listed",
                    e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type.toString(), e);
        }
    }

    private static Map<?, ?> document() {
        try (InputStream in = OpenApiTest.class.getResourceAsStream("/META-INF/openapi.yaml")) {
            return new Yaml().load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code GET /v1/models} to its operation. */
    private static Map<String, Map<?, ?>> operations() {
        Map<String, Map<?, ?>> operations = new TreeMap<>();
        ((Map<?, ?>) document().get("paths")).forEach((path, item) -> ((Map<?, ?>) item).forEach((method, operation) -> {
            if (METHODS.contains(method)) {
                operations.put(method.toString().toUpperCase(Locale.ROOT) + " " + path, (Map<?, ?>) operation);
            }
        }));
        return operations;
    }

    private static String name(Route route) {
        return route.method().text() + " " + route.path().replace("{+", "{");
    }

    @Test
    void everyRouteIsDescribedAndEveryDescriptionIsARoute() {
        Set<String> served = new TreeSet<>();
        routes().forEach(route -> assertTrue(served.add(name(route)), "twice: " + name(route)));
        Set<String> described = new TreeSet<>(operations().keySet());
        Set<String> undescribed = new TreeSet<>(served);
        undescribed.removeAll(described);
        Set<String> unserved = new TreeSet<>(described);
        unserved.removeAll(served);
        assertEquals("", String.join("\n", undescribed), "routes that openapi.yaml lacks");
        assertEquals("", String.join("\n", unserved), "paths of openapi.yaml that nothing serves");
    }

    @Test
    void theDescriptionSaysWhichRoutesNeedNoKey() {
        Map<String, Map<?, ?>> operations = operations();
        for (Route route : routes()) {
            Map<?, ?> operation = operations.getOrDefault(name(route), Map.of());
            assertEquals(route.access() instanceof Route.Access.Open, List.of().equals(operation.get("security")),
                    name(route) + " and its security in openapi.yaml");
        }
    }

    @Test
    void everyOperationHasItsOwnIdAndResponses() {
        Set<Object> ids = new TreeSet<>();
        operations().forEach((name, operation) -> {
            assertTrue(operation.get("operationId") != null && ids.add(operation.get("operationId").toString()),
                    name + ": operationId " + operation.get("operationId"));
            assertTrue(operation.containsKey("responses"), name + " lacks responses");
        });
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        Map<?, ?> document = document();
        references(document, reference -> {
            Object at = document;
            for (String step : reference.substring(2).split("/")) {
                at = at instanceof Map<?, ?> map ? map.get(step.replace("~1", "/").replace("~0", "~")) : null;
            }
            assertTrue(at != null, reference + " leads nowhere");
        });
    }

    private static void references(Object node, java.util.function.Consumer<String> check) {
        if (node instanceof Map<?, ?> map) {
            if (map.get("$ref") instanceof String reference) check.accept(reference);
            map.values().forEach(child -> references(child, check));
        } else if (node instanceof List<?> list) {
            list.forEach(child -> references(child, check));
        }
    }
}
