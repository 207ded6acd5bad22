package graft.knowledge.retrieval;

import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.FoundChunk;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Follows the links of passages to other documents of their stores: Markdown's links, wiki links and file names that a
 * text mentions, by the file's name or the URL that it was read from. The graph is what authors wrote; no model makes
 * it. Any thread may call.
 */
public final class Links {
    private static final Pattern TARGET = Pattern.compile("\\[[^\\]\\n]{0,200}\\]\\(<?([^)>\\s]{1,500})"
            + "|\\[\\[([^\\]|#\\n]{1,200})"
            + "|(?<![\\w/.-])([\\p{L}\\p{N}_.-]{1,100}\\.(?:md|txt|pdf|docx|pptx|xlsx|html?|csv|json|eml))\\b");
    private static final List<String> WIKI = List.of("", ".md", ".txt", ".html");
    /** Of one passage. */
    private static final int MOST_TARGETS = 32;
    private final SearchDao search;

    /** The beginning of a document that a passage links to. */
    public record Link(FoundChunk from, FoundChunk to) {}

    public Links(SearchDao search) {
        this.search = search;
    }

    /**
     * @param found  best first
     * @param filter that linked documents have to meet as well
     * @param most   links that are followed
     */
    public List<Link> follow(String tenantId, List<FoundChunk> found, Optional<AttributeFilter> filter, int most) {
        List<Link> links = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        found.forEach(chunk -> seen.add(chunk.revision()));
        for (FoundChunk chunk : found) {
            Set<String> targets = targets(chunk.text());
            if (targets.isEmpty() || links.size() >= most) continue;
            for (FoundChunk linked : search.linked(tenantId, chunk.storeId(), targets, seen, filter, most)) {
                if (links.size() < most && seen.add(linked.revision())) links.add(new Link(chunk, linked));
            }
        }
        return links;
    }

    /** File names in lower case, and URLs as they are written. */
    static Set<String> targets(String text) {
        Set<String> targets = new LinkedHashSet<>();
        Matcher matcher = TARGET.matcher(text);
        while (matcher.find() && targets.size() < MOST_TARGETS) {
            if (matcher.group(2) != null) {
                for (String ending : WIKI) targets.add(name(matcher.group(2)) + ending);
            } else {
                String target = matcher.group(1) != null ? matcher.group(1) : matcher.group(3);
                if (target.startsWith("http://") || target.startsWith("https://")) targets.add(target);
                targets.add(name(target));
            }
        }
        targets.remove("");
        return targets;
    }

    private static String name(String target) {
        String path = target.replaceFirst("[?#].*", "").replaceFirst("/+$", "");
        String last = path.substring(path.lastIndexOf('/') + 1);
        try {
            return URLDecoder.decode(last.replace("+", "%2B"), StandardCharsets.UTF_8).strip().toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return last.strip().toLowerCase(Locale.ROOT); // a percent sign that means itself
        }
    }
}
