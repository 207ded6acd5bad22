package graft.api;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes a multipart/form-data body, byte by byte as browsers do. */
public final class MultipartBody {
    public static final String TYPE = "multipart/form-data; boundary=graftBoundary7MA4YWxk";
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public MultipartBody field(String name, String value) {
        return part("form-data; name=\"" + name + "\"", value.getBytes(StandardCharsets.UTF_8));
    }

    public MultipartBody file(String name, String filename, byte[] bytes) {
        return part("form-data; name=\"" + name + "\"; filename=\"" + filename + "\"\r\n"
                + "Content-Type: application/octet-stream", bytes);
    }

    MultipartBody part(String disposition, byte[] bytes) {
        text("--graftBoundary7MA4YWxk\r\nContent-Disposition: " + disposition + "\r\n\r\n");
        out.writeBytes(bytes);
        text("\r\n");
        return this;
    }

    byte[] unfinished() {
        return out.toByteArray();
    }

    public byte[] bytes() {
        byte[] so = out.toByteArray();
        byte[] end = "--graftBoundary7MA4YWxk--\r\n".getBytes(StandardCharsets.UTF_8);
        byte[] all = Arrays.copyOf(so, so.length + end.length);
        System.arraycopy(end, 0, all, so.length, end.length);
        return all;
    }

    private void text(String text) {
        out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }
}
