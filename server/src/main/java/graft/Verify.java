package graft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.engine.torch.UnsupportedModelException;
import graft.generation.template.TemplateException;
import graft.weights.InvalidAdapterException;
import graft.weights.InvalidModelException;
import graft.weights.InvalidTensorFileException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code ./graft verify}: whether a model, with or without adapters, or a chat template gives the figures of a
 * golden.json. One JSON line a case on standard output; exit 0 all hold, 1 some differ, 2 usage, unreadable or
 * unsupported.
 */
public final class Verify {
    private static final String USAGE = "usage: ./graft verify --base FOLDER|FILE [--adapter FOLDER]... --golden FILE "
            + "[--precision float32|bf16|float16|int8|int4] [--slice N] [--tolerance 1e-3]\n"
            + "       ./graft verify --template FILE --golden FILE";
    private static final List<String> OPTIONS = List.of("--base", "--adapter", "--golden", "--precision", "--slice",
            "--tolerance", "--template");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The command can't be carried out as it was given. */
    static final class UsageException extends RuntimeException {
        UsageException(String message) {
            super(message);
        }
    }

    private Verify() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments, System.out, System.err));
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        try {
            Map<String, List<String>> options = parse(arguments);
            JsonNode golden = read(Path.of(one(options, "--golden")));
            boolean holds = options.containsKey("--template") ? template(options, golden, out) : model(options, golden, out);
            out.flush();
            return holds ? 0 : 1;
        } catch (UsageException | UnsupportedModelException | InvalidModelException | InvalidTensorFileException
                | InvalidAdapterException | UncheckedIOException refused) {
            err.println("verify: " + refused.getMessage());
            return 2;
        }
    }

    private static boolean template(Map<String, List<String>> options, JsonNode golden, PrintStream out) {
        Path file = Path.of(one(options, "--template"));
        try {
            return VerifyTemplate.run(Files.readString(file), golden, line -> out.println(line));
        } catch (TemplateException invalid) {
            throw new UsageException(file + ": " + invalid.getMessage());
        } catch (IOException unreadable) {
            throw new UsageException(file + " can't be read");
        }
    }

    private static boolean model(Map<String, List<String>> options, JsonNode golden, PrintStream out) {
        double tolerance = number(options, "--tolerance", 1e-3);
        int slice = (int) number(options, "--slice", 0);
        if (!(tolerance > 0) || slice < 0) throw new UsageException("--tolerance and --slice are positive numbers");
        var run = new VerifyModel(golden, options.getOrDefault("--adapter", List.of()).stream().map(Path::of).toList(), tolerance);
        String precision = options.getOrDefault("--precision", List.of("float32")).getLast();
        return run.run(Path.of(one(options, "--base")), precision, slice, line -> out.println(line));
    }

    private static Map<String, List<String>> parse(String[] arguments) {
        Map<String, List<String>> options = new HashMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            if (!OPTIONS.contains(arguments[i])) throw new UsageException("no option " + arguments[i] + "\n" + USAGE);
            if (i + 1 == arguments.length) throw new UsageException(arguments[i] + " needs a value\n" + USAGE);
            options.computeIfAbsent(arguments[i], name -> new ArrayList<>()).add(arguments[i + 1]);
        }
        if (options.containsKey("--base") == options.containsKey("--template"))
            throw new UsageException("either --base or --template\n" + USAGE);
        return options;
    }

    private static String one(Map<String, List<String>> options, String name) {
        List<String> values = options.getOrDefault(name, List.of());
        if (values.size() != 1) throw new UsageException(name + " is needed once\n" + USAGE);
        return values.getFirst();
    }

    private static double number(Map<String, List<String>> options, String name, double fallback) {
        if (!options.containsKey(name)) return fallback;
        try {
            return Double.parseDouble(one(options, name));
        } catch (NumberFormatException invalid) {
            throw new UsageException(name + " " + one(options, name) + " is not a number");
        }
    }

    private static JsonNode read(Path file) {
        try {
            JsonNode golden = JSON.readTree(file.toFile());
            if (golden == null || !golden.path("cases").isContainerNode()) throw new UsageException(file + " has no cases");
            return golden;
        } catch (IOException unreadable) {
            throw new UsageException(file + " can't be read as JSON");
        }
    }
}
