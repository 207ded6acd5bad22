package graft;

import io.helidon.config.Config;
import io.helidon.config.ConfigException;
import io.helidon.config.ConfigSources;
import io.helidon.config.spi.ConfigSource;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Reads settings and binds them to records: the command line comes before the environment, that before the file that
 * {@code GRAFT_CONFIG} names, that before application.yaml. A record's component {@code poolSize} is the key
 * {@code pool-size}; a nested record is a section.
 */
final class Settings {
    private static final Map<String, String> SHORT_NAMES = Map.of(
            "engine.kind", "GRAFT_ENGINE", "engine.device", "GRAFT_DEVICE",
            "engine.precision", "GRAFT_PRECISION", "engine.threads", "GRAFT_THREADS",
            "database.migration-user", "GRAFT_MIGRATION_USER",
            "database.migration-password", "GRAFT_MIGRATION_PASSWORD");

    private final Config config;

    private Settings(Config config) {
        this.config = config;
    }

    /**
     * @param commandLine keys and values
     * @throws SetupException one sentence that names the key
     */
    static ServerConfig read(Map<String, String> commandLine, Map<String, String> environment) {
        List<Supplier<? extends ConfigSource>> sources = new ArrayList<>();
        sources.add(ConfigSources.create(commandLine));
        sources.add(ConfigSources.create(fromEnvironment(environment)));
        Optional.ofNullable(environment.get("GRAFT_CONFIG")).filter(file -> !file.isBlank())
                .ifPresent(file -> sources.add(ConfigSources.file(file)));
        sources.add(ConfigSources.classpath("application.yaml"));
        try {
            Config config = Config.builder().sources(sources).disableEnvironmentVariablesSource()
                    .disableSystemPropertiesSource().build();
            refuseUnknown(config);
            return new Settings(config).bind("", ServerConfig.class);
        } catch (ConfigException e) {
            throw new SetupException("The settings can't be read: " + e.getMessage(), e);
        }
    }

    /** A misspelt key in somebody's file must not be a setting that silently does nothing. */
    private static void refuseUnknown(Config config) {
        Map<String, Type> known = keys();
        config.traverse().filter(Config::isLeaf).map(leaf -> leaf.key().toString())
                .filter(key -> !known.containsKey(key)).findFirst()
                .ifPresent(key -> {
                    throw new SetupException("There is no setting '" + key + "'.");
                });
    }

    /** Every key with its type, in order of the records. */
    static Map<String, Type> keys() {
        Map<String, Type> keys = new LinkedHashMap<>();
        collect("", ServerConfig.class, keys);
        return keys;
    }

    private static void collect(String prefix, Class<?> record, Map<String, Type> into) {
        for (RecordComponent component : record.getRecordComponents()) {
            String key = prefix + dashed(component.getName());
            if (component.getType().isRecord()) collect(key + ".", component.getType(), into);
            else into.put(key, component.getGenericType());
        }
    }

    /** The variable that overrides a key. */
    static String variable(String key) {
        return SHORT_NAMES.getOrDefault(key,
                "GRAFT_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'));
    }

    private static Map<String, String> fromEnvironment(Map<String, String> environment) {
        Map<String, String> found = new TreeMap<>();
        for (String key : keys().keySet()) {
            Optional.ofNullable(environment.get(variable(key))).ifPresent(value -> found.put(key, value));
        }
        return found;
    }

    private <T> T bind(String prefix, Class<T> record) {
        RecordComponent[] components = record.getRecordComponents();
        Object[] values = Stream.of(components).map(component -> {
            String key = prefix + dashed(component.getName());
            return component.getType().isRecord() ? bind(key + ".", component.getType())
                    : value(key, component.getGenericType());
        }).toArray();
        try {
            return record.cast(record.getDeclaredConstructors()[0].newInstance(values));
        } catch (InvocationTargetException e) {
            throw new SetupException("The settings under '" + prefix + "' don't fit: " + e.getCause().getMessage(), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(record + " must be a record with one constructor", e);
        }
    }

    private Object value(String key, Type type) {
        String text = config.get(key).asString().orElseThrow(() ->
                new IllegalStateException("application.yaml lacks '" + key + "'"));
        try {
            return convert(text.strip(), type);
        } catch (IllegalArgumentException | DateTimeParseException e) {
            throw new SetupException("The setting " + key + " (" + variable(key) + ") can't be '" + text + "'.", e);
        }
    }

    private static Object convert(String text, Type type) {
        if (type instanceof ParameterizedType generic) {
            Type inner = generic.getActualTypeArguments()[0];
            if (generic.getRawType() == Optional.class) {
                return text.isEmpty() ? Optional.empty() : Optional.of(convert(text, inner));
            }
            return Stream.of(text.split(text.contains("\n") ? "\n" : ",")).map(String::strip)
                    .filter(item -> !item.isEmpty()).map(item -> convert(item, inner)).toList();
        }
        return scalar(text, (Class<?>) type);
    }

    private static Object scalar(String text, Class<?> type) {
        if (type == String.class) return text;
        if (type == int.class) return Integer.parseInt(text);
        if (type == long.class) return Long.parseLong(text);
        if (type == double.class) return Double.parseDouble(text);
        if (type == Duration.class) return Duration.parse(text);
        if (type == Path.class) return Path.of(text);
        if (type == boolean.class) {
            if (text.equals("true") || text.equals("false")) return text.equals("true");
            throw new IllegalArgumentException(text);
        }
        for (Object constant : type.isEnum() ? type.getEnumConstants() : new Object[0]) {
            if (((Enum<?>) constant).name().equals(text.toUpperCase(Locale.ROOT).replace('-', '_'))) return constant;
        }
        throw new IllegalArgumentException(text);
    }

    private static String dashed(String camelCase) {
        return camelCase.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}
