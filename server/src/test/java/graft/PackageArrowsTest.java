package graft;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MethodTypeEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The arrows of DESIGN.md, read from our class files: who may know whom, and which library belongs to which room. The
 * root package puts the rooms together and may know all of them.
 */
class PackageArrowsTest {
    private static final Path ROOT = Path.of(System.getProperty("graft.root"));
    private static final Set<String> JAVA_BASE =
            ModuleLayer.boot().findModule("java.base").orElseThrow().getPackages();

    /** A room and the rooms it may know; the room itself is understood. */
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            entry("api", Set.of("admission", "adapters", "generation", "knowledge", "registry", "metering", "engine")),
            entry("generation", Set.of("admission", "knowledge", "engine", "metering", "tokens")),
            entry("admission", Set.of("registry")),
            entry("adapters", Set.of("weights", "engine", "registry")),
            entry("knowledge", Set.of("engine", "tokens", "registry")),
            entry("metering", Set.of("engine", "registry")),
            entry("engine.torch", Set.of("engine", "scheduling", "weights")),
            entry("engine.tensorrt", Set.of("engine", "weights")),
            entry("engine.remote", Set.of("engine", "weights")),
            entry("tokens", Set.of()),
            entry("weights", Set.of()),
            entry("engine", Set.of()),
            entry("scheduling", Set.of()),
            entry("registry", Set.of()));

    /** A library, by the start of its package names, and the rooms that may use it. */
    private static final Map<String, Set<String>> LIBRARIES = Map.ofEntries(
            entry("io.helidon.", Set.of("api")),
            entry("com.fasterxml.jackson.databind", Set.of("api")),
            entry("com.fasterxml.jackson.annotation", Set.of("api")),
            entry("ai.djl.huggingface", Set.of("tokens")),
            entry("ai.djl.", Set.of("engine.torch")),
            entry("java.sql", Set.of("registry")),
            entry("javax.sql", Set.of("registry")),
            entry("org.jdbi", Set.of("registry")),
            entry("org.postgresql", Set.of("registry")),
            entry("com.pgvector", Set.of("registry")),
            entry("org.flywaydb", Set.of("registry")),
            entry("com.zaxxer", Set.of("registry")));

    /** Rooms that know nothing but java.base and what starts so. */
    private static final Map<String, Set<String>> PURE = Map.of(
            "engine", Set.of(), "scheduling", Set.of(),
            "weights", Set.of("com.fasterxml.jackson.core."));

    private static final List<Path> CLASSES = List.of(ROOT.resolve("server/target/classes"),
            ROOT.resolve("registry/target/classes"));

    private static List<ClassModel> ourClasses() {
        List<ClassModel> all = new ArrayList<>();
        for (Path folder : CLASSES) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
                    all.add(ClassFile.of().parse(file));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return all;
    }

    /** Every class that another names: by use, in a signature, or in a member's descriptor. */
    private static Set<String> knows(ClassModel model) {
        Set<String> known = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry named -> addClass(known, named.asSymbol());
                case NameAndTypeEntry typed -> addDescriptor(known, typed.type().stringValue());
                case MethodTypeEntry typed -> addDescriptor(known, typed.descriptor().stringValue());
                default -> { }
            }
        }
        model.methods().forEach(method -> addDescriptor(known, method.methodType().stringValue()));
        model.fields().forEach(field -> addDescriptor(known, field.fieldType().stringValue()));
        return known;
    }

    private static void addClass(Set<String> known, ClassDesc type) {
        ClassDesc element = type;
        while (element.isArray()) element = element.componentType();
        if (!element.isPrimitive()) known.add(element.packageName() + "." + element.displayName());
    }

    private static final Pattern TYPE_IN_DESCRIPTOR = Pattern.compile("L([^;<]+);");

    private static void addDescriptor(Set<String> known, String descriptor) {
        Matcher types = TYPE_IN_DESCRIPTOR.matcher(descriptor);
        while (types.find()) known.add(types.group(1).replace('/', '.'));
    }

    private static String packageOf(String className) {
        return className.substring(0, Math.max(0, className.lastIndexOf('.')));
    }

    /** {@code engine.torch} for graft.engine.torch.x, empty for the root package. */
    private static String room(String packageName) {
        String inside = packageName.equals("graft") ? "" : packageName.substring("graft.".length());
        while (!ARROWS.containsKey(inside) && inside.contains(".")) inside = inside.substring(0, inside.lastIndexOf('.'));
        return inside;
    }

    @FunctionalInterface
    private interface Rule {
        boolean broken(String room, String known);
    }

    private static void check(Rule rule) {
        Set<String> broken = new TreeSet<>();
        int seen = 0;
        for (ClassModel model : ourClasses()) {
            String name = model.thisClass().asInternalName().replace('/', '.');
            String room = room(packageOf(name));
            if (room.isEmpty()) continue;
            seen++;
            for (String known : knows(model)) if (rule.broken(room, known)) broken.add(name + " knows " + known);
        }
        assertTrue(seen > 50, "only " + seen + " classes were found");
        assertEquals("", String.join("\n", broken));
    }

    @Test
    void roomsKnowOnlyWhatTheArrowsAllow() {
        check((room, known) -> {
            if (!known.startsWith("graft.")) return false;
            String other = room(packageOf(known));
            return !other.equals(room) && !ARROWS.getOrDefault(room, Set.of()).contains(other);
        });
    }

    @Test
    void everyRoomIsOnTheMap() {
        check((room, known) -> known.startsWith("graft.") && !packageOf(known).equals("graft")
                && !ARROWS.containsKey(room(packageOf(known))));
    }

    @Test
    void librariesStayInTheirRooms() {
        check((room, known) -> LIBRARIES.entrySet().stream()
                .filter(library -> known.startsWith(library.getKey()))
                .max((a, b) -> a.getKey().length() - b.getKey().length())
                .filter(library -> !library.getValue().contains(room)).isPresent());
    }

    @Test
    void thePureRoomsKnowOnlyJavaBase() {
        check((room, known) -> PURE.containsKey(room) && !known.startsWith("graft.")
                && !JAVA_BASE.contains(packageOf(known)) && PURE.get(room).stream().noneMatch(known::startsWith));
    }

    @Test
    void onlyTheTensorrtRoomHasNatives() {
        for (ClassModel model : ourClasses()) {
            boolean natives = model.methods().stream().anyMatch(method -> method.flags().has(AccessFlag.NATIVE));
            String name = model.thisClass().asInternalName().replace('/', '.');
            assertTrue(!natives || room(packageOf(name)).equals("engine.tensorrt"), name + " has native methods");
        }
    }

    @Test
    void theReaderSeesUseSignatureAndDescriptor() {
        ClassModel self = ourClasses().stream().filter(model ->
                model.thisClass().asInternalName().equals("graft/Settings")).findFirst().orElseThrow();
        Set<String> known = knows(self);
        assertTrue(known.contains("io.helidon.config.Config"), known.toString());
        assertTrue(known.contains("graft.ServerConfig"), known.toString());
        assertTrue(known.contains("java.lang.reflect.RecordComponent"), known.toString());
    }
}
