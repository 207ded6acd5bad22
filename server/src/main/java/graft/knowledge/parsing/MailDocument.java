package graft.knowledge.parsing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.james.mime4j.codec.DecodeMonitor;
import org.apache.james.mime4j.codec.DecoderUtil;
import org.apache.james.mime4j.dom.Body;
import org.apache.james.mime4j.dom.Entity;
import org.apache.james.mime4j.dom.Message;
import org.apache.james.mime4j.dom.Multipart;
import org.apache.james.mime4j.dom.TextBody;
import org.apache.james.mime4j.message.DefaultMessageBuilder;
import org.apache.james.mime4j.stream.Field;
import org.apache.james.mime4j.stream.MimeConfig;

/**
 * An e-mail (RFC 5322, MIME) by mime4j: subject, who and when, the text; of alternatives the plain one, else the HTML
 * one. Attached messages are read too, other attachments are named.
 */
final class MailDocument {
    private static final int MOST_NESTING = 16;
    private static final int MOST_HEADER_BYTES = 1 << 16;
    private static final List<String> SHOWN = List.of("From", "To", "Cc", "Date");
    private final MarkdownWriter out;
    private final List<String> attachments = new ArrayList<>();

    private MailDocument(MarkdownWriter out) {
        this.out = out;
    }

    static void write(byte[] bytes, MarkdownWriter out) throws IOException {
        DefaultMessageBuilder builder = new DefaultMessageBuilder();
        builder.setMimeEntityConfig(new MimeConfig.Builder().setMaxLineLen(-1).setMaxHeaderLen(MOST_HEADER_BYTES)
                .build());
        builder.setDecodeMonitor(DecodeMonitor.SILENT);
        Message message = builder.parseMessage(new ByteArrayInputStream(bytes));
        if (SHOWN.stream().allMatch(name -> message.getHeader().getField(name) == null)) {
            throw DocumentRefusedException.invalid("The file has no e-mail header (From, To, Date): it is no e-mail.");
        }
        new MailDocument(out).message(message, 1);
    }

    private void message(Message message, int level) throws IOException {
        header(message, "Subject").ifPresent(subject -> out.heading(level, subject));
        List<String> lines = new ArrayList<>();
        for (String name : SHOWN) header(message, name).ifPresent(value -> lines.add(name + ": " + value));
        out.paragraph(String.join("\n", lines));
        part(message, level);
        if (attachments.isEmpty()) return;
        out.paragraph("Attachments:");
        attachments.forEach(name -> out.item(0, "-", name));
        attachments.clear();
    }

    private static Optional<String> header(Message message, String name) {
        Field field = message.getHeader().getField(name);
        if (field == null || field.getBody() == null) return Optional.empty();
        return Optional.of(MarkdownWriter.line(DecoderUtil.decodeEncodedWords(field.getBody(), DecodeMonitor.SILENT)))
                .filter(value -> !value.isEmpty());
    }

    private void part(Entity entity, int level) throws IOException {
        if (level > MOST_NESTING) throw DocumentRefusedException.invalid("The e-mail is nested too deeply.");
        Body body = entity.getBody();
        if (body instanceof Message attached) {
            message(attached, level + 1);
        } else if (body instanceof Multipart parts) {
            multipart(parts, level);
        } else if ("attachment".equalsIgnoreCase(entity.getDispositionType()) || !(body instanceof TextBody)) {
            attachments.add(entity.getFilename() == null ? entity.getMimeType()
                    : DecoderUtil.decodeEncodedWords(entity.getFilename(), DecodeMonitor.SILENT));
        } else if (entity.getMimeType().equals("text/html")) {
            HtmlDocument.write(read((TextBody) body), out);
        } else {
            out.paragraph(read((TextBody) body));
        }
    }

    private void multipart(Multipart parts, int level) throws IOException {
        if (!parts.getSubType().equalsIgnoreCase("alternative")) {
            for (Entity part : parts.getBodyParts()) part(part, level + 1);
            return;
        }
        Optional<Entity> plain = parts.getBodyParts().stream()
                .filter(part -> part.getMimeType().equals("text/plain")).findFirst();
        // The last alternative is the richest (RFC 2046, 5.1.4).
        Optional<Entity> chosen = plain.isPresent() ? plain
                : parts.getBodyParts().reversed().stream().findFirst();
        if (chosen.isPresent()) part(chosen.get(), level + 1);
    }

    private static String read(TextBody body) throws IOException {
        try (Reader reader = body.getReader()) {
            StringWriter text = new StringWriter();
            reader.transferTo(text);
            return text.toString();
        }
    }
}
