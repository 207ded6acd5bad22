package graft.knowledge.parsing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;
import org.jsoup.parser.Parser;
import org.jsoup.select.Elements;

/** HTML by jsoup, which never fetches anything here: what a reader sees, in the order it is written in. */
final class HtmlDocument {
    /** What is not text, or not shown. */
    private static final Set<String> UNSEEN = Set.of("script", "style", "template", "noscript", "svg", "math", "iframe",
            "object", "head", "canvas", "audio", "video", "datalist");
    /** Content that shows a table to be there for the layout. */
    private static final String LAYOUT = "table, h1, h2, h3, h4, h5, h6, pre, ul, ol";
    private static final int MOST_COLUMNS = 1000;
    /** Deeper elements become siblings: the walk is recursive. */
    private static final int MOST_NESTING = 256;
    private final MarkdownWriter out;
    private final StringBuilder inline = new StringBuilder();
    private int depth = -1;
    private String marker = "";

    private HtmlDocument(MarkdownWriter out) {
        this.out = out;
    }

    static void write(byte[] bytes, MarkdownWriter out) throws IOException {
        // No charset: a byte-order mark, then the page's own declaration, then UTF-8.
        write(Jsoup.parse(new ByteArrayInputStream(bytes), null, "", parser()), out);
    }

    static void write(String html, MarkdownWriter out) {
        write(Jsoup.parse(html, "", parser()), out);
    }

    private static Parser parser() {
        return Parser.htmlParser().setMaxDepth(MOST_NESTING);
    }

    private static void write(Document document, MarkdownWriter out) {
        if (document.selectFirst("h1") == null) out.heading(1, document.title());
        HtmlDocument walk = new HtmlDocument(out);
        walk.children(document.body());
        walk.flush();
    }

    private void children(Element parent) {
        for (Node child : parent.childNodes()) {
            if (child instanceof TextNode words) inline.append(words.getWholeText().replaceAll("\\R", " "));
            else if (child instanceof Element element && isSeen(element)) element(element);
        }
    }

    private static boolean isSeen(Element element) {
        String style = element.attr("style").replace(" ", "").toLowerCase(Locale.ROOT);
        return !UNSEEN.contains(element.normalName()) && !element.hasAttr("hidden") && !style.contains("display:none")
                && !style.contains("visibility:hidden");
    }

    private void element(Element element) {
        switch (element.normalName()) {
            case "h1", "h2", "h3", "h4", "h5", "h6" -> {
                flush();
                out.heading(element.normalName().charAt(1) - '0', element.text());
            }
            case "br" -> inline.append('\n');
            case "img" -> inline.append(' ').append(element.attr("alt")).append(' ');
            case "pre" -> {
                flush();
                out.code(element.wholeText());
            }
            case "table" -> {
                flush();
                table(element);
            }
            case "ul", "ol" -> {
                flush();
                list(element);
            }
            default -> {
                if (element.isBlock()) flush();
                children(element);
                if (element.isBlock()) flush();
            }
        }
    }

    private void list(Element list) {
        String outer = marker;
        int number = 1;
        depth++;
        for (Element item : list.children()) {
            if (!isSeen(item)) continue;
            marker = list.normalName().equals("ol") ? number++ + "." : "-";
            children(item);
            flush();
        }
        depth--;
        marker = outer;
    }

    private void table(Element table) {
        Elements rows = table.select("tr");
        boolean data = table.selectFirst("td :is(" + LAYOUT + "), th :is(" + LAYOUT + ")") == null
                && rows.stream().anyMatch(row -> cells(row).size() > 1);
        if (!data) {
            children(table);
            flush();
            return;
        }
        Element caption = table.selectFirst("caption");
        if (caption != null) out.paragraph(caption.text());
        out.endTable();
        for (Element row : rows) if (isSeen(row)) out.row(cells(row));
        out.endTable();
    }

    private static List<String> cells(Element row) {
        List<String> cells = new ArrayList<>();
        for (Element cell : row.children()) {
            cells.add(isSeen(cell) ? cell.text() : "");
            for (int span = 1; span < span(cell) && cells.size() < MOST_COLUMNS; span++) cells.add("");
        }
        return cells;
    }

    private static int span(Element cell) {
        String span = cell.attr("colspan");
        return span.matches("[0-9]{1,3}") ? Integer.parseInt(span) : 1;
    }

    private void flush() {
        String words = inline.toString();
        inline.setLength(0);
        if (words.isBlank()) return;
        if (depth < 0) {
            out.paragraph(words);
            return;
        }
        out.item(depth, marker, words);
        marker = " "; // whatever else is in the item stands under it
    }
}
