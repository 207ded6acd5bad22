package graft.knowledge.retrieval;

import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.FoundChunk;
import graft.registry.knowledge.SearchDao.Neighbour;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Shows more of a document around a chunk that was found: the chunks before and after it, or the section it stands in
 * with its parts. What is shown stays one slice of the stored text. Any thread may call.
 */
public final class Expansion {
    private final SearchDao search;
    private final int mostTokens;

    /** What is shown around a chunk; {@link Links} are behind it. */
    public enum Kind { NONE, NEIGHBOURS, SECTION, LINKS }

    /** @param mostTokens that a chunk may grow to: {@code knowledge.expansion-tokens} */
    public Expansion(SearchDao search, int mostTokens) {
        this.search = search;
        this.mostTokens = mostTokens;
    }

    /**
     * @param chunks best first
     * @return the same chunks, each grown; one that lies in a better one is left out
     */
    public List<FoundChunk> expand(String tenantId, List<FoundChunk> chunks, Kind kind) {
        if (kind == Kind.NONE || kind == Kind.LINKS) return chunks;
        Map<Long, List<Neighbour>> around = new HashMap<>();
        int reach = kind == Kind.NEIGHBOURS ? 1 : SearchDao.MOST_REACH;
        for (Neighbour neighbour : search.around(tenantId, chunks.stream().map(FoundChunk::number).toList(), reach)) {
            around.computeIfAbsent(neighbour.of(), chunk -> new ArrayList<>()).add(neighbour);
        }
        List<FoundChunk> shown = new ArrayList<>();
        for (FoundChunk chunk : chunks) {
            if (shown.stream().anyMatch(other -> contains(other, chunk))) continue;
            List<Neighbour> run = run(around.getOrDefault(chunk.number(), List.of()), chunk, kind);
            shown.add(run.isEmpty() ? chunk : grown(tenantId, chunk, run));
        }
        return shown;
    }

    private static boolean contains(FoundChunk outer, FoundChunk inner) {
        return outer.revision().equals(inner.revision()) && outer.start() <= inner.start()
                && outer.end() >= inner.end();
    }

    private FoundChunk grown(String tenantId, FoundChunk chunk, List<Neighbour> run) {
        int start = Math.min(chunk.start(), run.getFirst().start());
        int end = Math.max(chunk.end(), run.getLast().end());
        return search.slice(tenantId, chunk, start, end).orElse(chunk);
    }

    /** The chunk's own place in its document and, by turns, what follows and precedes it while it belongs and fits. */
    private List<Neighbour> run(List<Neighbour> around, FoundChunk chunk, Kind kind) {
        int own = 0;
        while (own < around.size() && around.get(own).chunk() != chunk.number()) own++;
        if (own == around.size()) return List.of();
        List<String> section = paths(around.get(own));
        int first = own;
        int last = own;
        int tokens = around.get(own).tokens();
        boolean down = true;
        boolean up = true;
        while (down || up) {
            down = down && last + 1 < around.size() && belongs(around.get(last + 1), section, kind)
                    && tokens + around.get(last + 1).tokens() <= mostTokens;
            if (down) tokens += around.get(++last).tokens();
            up = up && first > 0 && belongs(around.get(first - 1), section, kind)
                    && tokens + around.get(first - 1).tokens() <= mostTokens;
            if (up) tokens += around.get(--first).tokens();
        }
        return around.subList(first, last + 1);
    }

    /** A section's parts have its headings and more of them. */
    private static boolean belongs(Neighbour neighbour, List<String> section, Kind kind) {
        return kind == Kind.NEIGHBOURS || paths(neighbour).stream().anyMatch(path -> section.stream()
                .anyMatch(own -> path.equals(own) || path.startsWith(own + " > ")));
    }

    /**
     * The headings a chunk stands under. One that begins with a heading stands under it too, though the heading's own
     * line is indexed under those above it: below others, below the file's name alone, or below nothing.
     */
    private static List<String> paths(Neighbour neighbour) {
        String line = neighbour.firstLine().strip();
        String title = line.replaceFirst("^#{1,6}\\s+", "").replaceFirst("\\s+#*$", "");
        String heading = neighbour.heading().replaceFirst("\\s*\\| .*$", ""); // a table's columns are no section
        if (!line.startsWith("#") || title.equals(line)) return List.of(heading);
        return List.of(heading + " > " + title, heading + " " + title, title);
    }
}
