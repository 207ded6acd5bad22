package graft.knowledge.parsing;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLStreamHandler;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.LogManager;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.poi.openxml4j.exceptions.OpenXML4JException;
import org.xml.sax.SAXException;

/**
 * The parser's process: a document on standard input, its stored text on standard output. It is started by
 * {@link Parser}, which limits it; here it takes from itself what reading a document does not need, and ends itself
 * when its time is over, in case nobody is left to end it.
 *
 * <p>Exits with {@link #DONE}, with {@link #REFUSED} and two lines (code, sentence), or with {@link #LATE}.
 */
public final class ParserMain {
    static final int DONE = 0;
    static final int REFUSED = 10;
    static final int LATE = 11;
    private static final Set<String> NETWORK = Set.of("http", "https", "ftp");

    private ParserMain() {}

    /** @param arguments the kind of document, most bytes of its text, most milliseconds */
    public static void main(String[] arguments) throws IOException {
        OutputStream answer = new FileOutputStream(FileDescriptor.out);
        System.setOut(System.err); // a library that prints must not print into the text
        LogManager.getLogManager().reset();
        URL.setURLStreamHandlerFactory(ParserMain::refuseNetwork);
        endAfter(Long.parseLong(arguments[2]));
        int status = DONE;
        String text;
        try {
            text = read(DocumentKind.valueOf(arguments[0]), Integer.parseInt(arguments[1]));
        } catch (DocumentRefusedException refused) {
            text = refused.code() + "\n" + refused.getMessage();
            status = REFUSED;
        }
        answer.write(text.getBytes(StandardCharsets.UTF_8));
        answer.flush();
        Runtime.getRuntime().halt(status);
    }

    private static String read(DocumentKind kind, int mostBytes) throws IOException {
        MarkdownWriter out = new MarkdownWriter(mostBytes);
        try {
            byte[] bytes = System.in.readAllBytes();
            switch (kind) {
                case HTML -> HtmlDocument.write(bytes, out);
                case PDF -> PdfDocument.write(bytes, out);
                case DOCX -> WordDocument.write(bytes, out);
                case PPTX -> SlidesDocument.write(bytes, out);
                case XLSX -> WorkbookDocument.write(bytes, out);
                case EMAIL -> MailDocument.write(bytes, out);
            }
        } catch (StackOverflowError e) {
            throw DocumentRefusedException.invalid("The file is nested too deeply to be read.");
        } catch (DocumentRefusedException e) {
            throw e;
        } catch (IOException | RuntimeException | OpenXML4JException | SAXException | ParserConfigurationException e) {
            e.printStackTrace();
            throw isBomb(e) ? DocumentRefusedException.invalid("The file unpacks to far more than its size: it is"
                    + " taken for a ZIP bomb.")
                    : DocumentRefusedException.invalid("The file cannot be read as " + kind.title()
                            + ": it is damaged or incomplete.");
        }
        if (out.text().isBlank()) throw DocumentRefusedException.invalid("The file holds no text.");
        return out.text();
    }

    /** POI says so in words only. */
    private static boolean isBomb(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && cause.getMessage().startsWith("Zip bomb")) return true;
        }
        return false;
    }

    private static URLStreamHandler refuseNetwork(String protocol) {
        if (NETWORK.contains(protocol)) throw new IllegalStateException("a parser opens no " + protocol + " address");
        return null; // the JDK's own
    }

    private static void endAfter(long millis) {
        Thread.ofPlatform().daemon().name("time-limit").start(() -> {
            try {
                if (!new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS)) Runtime.getRuntime().halt(LATE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }
}
