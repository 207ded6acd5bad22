package graft.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The identity of a model on disk.
 *
 * <p>One file: the plain sha-256 of its bytes, as sha256sum prints it. Several: the sha-256 over name, length and bytes
 * of each. From {@value #SAMPLED_FROM} bytes on hashing everything would hold up the start for minutes, so only the
 * first {@value #HEAD} bytes of each file (headers and all of config.json) and then {@value #SAMPLE} bytes out of every
 * {@value #STRIDE} are read; such a digest begins with another preamble, so that it never equals a whole one.
 */
final class WeightsDigest {
    static final long SAMPLED_FROM = 16L << 30;
    static final int HEAD = 16 << 20;
    static final int SAMPLE = 1 << 20;
    static final long STRIDE = 64L << 20;
    private static final int BUFFER = 1 << 20;

    private WeightsDigest() {}

    static String of(List<Path> files) {
        MessageDigest sha = sha256();
        try {
            long total = 0;
            for (Path file : files) total += Files.size(file);
            boolean sampled = total >= SAMPLED_FROM;
            if (sampled) sha.update("graft sampled digest 1\n".getBytes(StandardCharsets.UTF_8));
            for (Path file : files) {
                if (files.size() > 1 || sampled) {
                    sha.update((file.getFileName() + "\n" + Files.size(file) + "\n").getBytes(StandardCharsets.UTF_8));
                }
                if (sampled) addSamples(sha, file);
                else addAll(sha, file);
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException("a model's files can't be read", unreadable);
        }
        return "sha256:" + HexFormat.of().formatHex(sha.digest());
    }

    private static void addAll(MessageDigest sha, Path file) throws IOException {
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) sha.update(buffer, 0, read);
        }
    }

    private static void addSamples(MessageDigest sha, Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            addRange(sha, channel, 0, HEAD);
            for (long at = STRIDE; at < channel.size(); at += STRIDE) addRange(sha, channel, at, SAMPLE);
            addRange(sha, channel, Math.max(0, channel.size() - SAMPLE), SAMPLE);
        }
    }

    private static void addRange(MessageDigest sha, FileChannel channel, long at, int length) throws IOException {
        ByteBuffer range = ByteBuffer.allocate((int) Math.min(length, channel.size() - at));
        while (range.hasRemaining()) {
            if (channel.read(range, at + range.position()) < 0) break;
        }
        sha.update(range.flip());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
