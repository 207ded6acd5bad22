package graft.knowledge.web;

import graft.knowledge.parsing.DocumentKind;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a page's content type says it is: the extension under which it is kept, because names tell how files are read,
 * and its characters. Pure; any thread.
 */
final class WebContent {
    private static final int LONGEST_NAME = 120;
    private static final String OFFICE = "application/vnd.openxmlformats-officedocument.";
    private static final Map<String, List<String>> EXTENSIONS = Map.ofEntries(
            Map.entry("text/html", List.of("html", "htm", "xhtml")),
            Map.entry("application/xhtml+xml", List.of("html", "htm", "xhtml")),
            Map.entry("application/pdf", List.of("pdf")),
            Map.entry(OFFICE + "wordprocessingml.document", List.of("docx")),
            Map.entry(OFFICE + "presentationml.presentation", List.of("pptx")),
            Map.entry(OFFICE + "spreadsheetml.sheet", List.of("xlsx")),
            Map.entry("message/rfc822", List.of("eml")), Map.entry("text/markdown", List.of("md", "markdown")),
            Map.entry("text/csv", List.of("csv")), Map.entry("application/json", List.of("json")),
            Map.entry("text/plain", List.of("txt", "text", "md", "markdown", "csv", "tsv", "json", "jsonl", "yaml",
                    "yml", "log", "rst")));
    private static final Pattern CHARSET = Pattern.compile("charset\\s*=\\s*\"?([^\";\\s]+)", Pattern.CASE_INSENSITIVE);

    private WebContent() {}

    /** The name of the file that is kept; empty for what is not read. @param type the header's value */
    static Optional<String> filename(URI uri, String type) {
        String segment = segment(uri);
        int dot = segment.lastIndexOf('.');
        String extension = dot < 0 ? "" : segment.substring(dot + 1).toLowerCase(Locale.ROOT);
        String media = media(type);
        if (media.equals("application/octet-stream"))
            return DocumentKind.named(extension).map(kind -> segment); // the parser looks at the content
        return Optional.ofNullable(EXTENSIONS.get(media))
                .map(known -> known.contains(extension) ? segment : segment + "." + known.getFirst());
    }

    private static String media(String type) {
        return type.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
    }

    /** The path's last part, or the host's name. */
    static String segment(URI uri) {
        String path = uri.getPath() == null ? "" : uri.getPath();
        String last = path.substring(path.lastIndexOf('/', path.length() - 2 < 0 ? 0 : path.length() - 2) + 1);
        StringBuilder name = new StringBuilder();
        last.replace("/", "").codePoints().filter(point -> !Character.isISOControl(point) && point != '\\'
                && Character.getType(point) != Character.FORMAT && point != 0xFFFD).limit(LONGEST_NAME)
                .forEach(name::appendCodePoint);
        return name.toString().isBlank() ? uri.getHost() : name.toString().strip();
    }

    /**
     * Text in UTF-8 where the header says that it is in another encoding; as it is in all other cases. HTML gets a
     * byte-order mark, which counts for more than what the page says of itself.
     */
    static byte[] utf8(String type, byte[] body) {
        String media = media(type);
        Matcher charset = CHARSET.matcher(type);
        if (!media.startsWith("text/") && !media.equals("application/xhtml+xml") || !charset.find()) return body;
        try {
            Charset declared = Charset.forName(charset.group(1));
            if (declared.equals(StandardCharsets.UTF_8)) return body;
            String mark = media.contains("html") ? "\uFEFF" : "";
            return (mark + new String(body, declared)).getBytes(StandardCharsets.UTF_8);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            return body;
        }
    }
}
