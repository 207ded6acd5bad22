package graft.generation.grammar;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** JSON strings of a length, a pattern or a format. One a compilation. */
final class Texts {
    private static final String DAY_OF_MONTH = "(((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01]))"
            + "|((0[469]|11)-(0[1-9]|[12][0-9]|30))|(02-(0[1-9]|1[0-9]|2[0-8])))";
    private static final String DATE = "(19|20)[0-9]{2}-" + DAY_OF_MONTH;
    private static final String TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"
            + "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])";
    private static final String LABEL = "[A-Za-z0-9]{1,20}(-[A-Za-z0-9]{1,20})?";
    private static final String NAME = "[A-Za-z][A-Za-z0-9]{0,19}(-[A-Za-z0-9]{1,20})?";
    /** Validators have lists of their own; these are on all. */
    private static final String TOP = "com|org|net|edu|gov|info|eu|de|fr|uk|us|ch|at|it|es|nl|be|pl|se|no|dk|fi|ie"
            + "|pt|cz|jp|cn|in|br|au|ca|mx|kr|za|nz|io|co";
    private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    /** Some texts of each format, never one that is not of it: leap days, for one, are left out. */
    private static final Map<String, String> FORMATS = Map.of(
            "date", "^" + DATE + "$",
            "time", "^" + TIME + "$",
            "date-time", "^" + DATE + "T" + TIME + "$",
            "uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            "email", "^[A-Za-z0-9]{1,16}([._+-][A-Za-z0-9]{1,16}){0,2}@" + LABEL + "(\\." + LABEL
                    + "){0,1}\\.(" + TOP + ")$",
            "ipv4", "^" + BYTE + "(\\." + BYTE + "){3}$",
            "ipv6", "^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$",
            "hostname", "^" + NAME + "(\\." + NAME + "){0,2}$",
            "duration", "^P([1-9][0-9]{0,2}D(T[1-9][0-9]?H)?|T[1-9][0-9]{0,3}[HMS]|[1-9][0-9]{0,2}W"
                    + "|[1-9][0-9]?Y([1-9]M)?)$");
    private final Graph graph;
    private final Characters characters;

    Texts(Graph graph, Characters characters) {
        this.graph = graph;
        this.characters = characters;
    }

    /** The expression behind a format. */
    static Optional<String> format(String name) {
        return Optional.ofNullable(FORMATS.get(name));
    }

    void plain(int from, int to, int least, OptionalInt most) {
        int at = graph.after(from, "\"");
        for (int i = 0; i < least; i++) at = graph.after(at, characters.any());
        if (most.isEmpty()) {
            int loop = graph.node();
            graph.free(at, loop);
            graph.call(loop, characters.any(), loop);
            at = loop;
        }
        graph.literal(at, "\"", to);
        for (int i = least; i < most.orElse(0); i++) {
            at = graph.after(at, characters.any());
            graph.literal(at, "\"", to);
        }
    }

    /** A node for each state of the expression and each length so far, as far as lengths matter. */
    void matching(int from, int to, Pattern pattern, int least, OptionalInt most) {
        int lengths = most.orElse(least) + 1;
        int[][] nodes = new int[lengths][pattern.size()];
        for (int[] row : nodes) for (int state = 0; state < row.length; state++) row[state] = graph.node();
        graph.literal(from, "\"", nodes[0][pattern.start()]);
        for (int length = 0; length < lengths; length++) {
            int longer = most.isEmpty() ? Math.min(length + 1, lengths - 1) : length + 1;
            for (int state = 0; state < pattern.size(); state++) {
                int node = nodes[length][state];
                for (Pattern.Move move : pattern.moves(state)) {
                    if (move.set() == null) graph.free(node, nodes[length][move.target()]);
                    else if (longer < lengths && !move.set().isEmpty())
                        graph.call(node, characters.of(move.set()), nodes[longer][move.target()]);
                }
            }
            if (length >= least) graph.literal(nodes[length][pattern.end()], "\"", to);
        }
    }
}
