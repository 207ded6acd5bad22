package graft.adapters;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.commons.compress.archivers.ArchiveEntry;
import org.apache.commons.compress.archivers.ArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * Reads an untrusted .zip, .tar.gz or .tgz from its beginning to its end, in constant memory. Entries are counted and
 * measured as they are unpacked, whatever their headers claim; names that lead out of the archive, links and devices
 * refuse it. A zip's directory at its end is not consulted: it could hold millions of entries.
 */
final class Archive {
    /** Below this much, a ratio says nothing: an adapter of zeros packs well too. */
    private static final long RATIO_MATTERS_FROM = 64L << 20;
    /** Of one tar header with its extensions, which are read into memory. */
    private static final long MOST_HEADER_BYTES = 1 << 20;

    private final String name;
    private final Limits limits;
    private final long packedBytes;
    private long unpackedBytes;
    private int entries;

    private Archive(String name, Limits limits, long packedBytes) {
        this.name = name;
        this.limits = limits;
        this.packedBytes = packedBytes;
    }

    /**
     * @param maxBytes   unpacked, of all entries together
     * @param maxEntries folders included
     * @param maxRatio   unpacked to packed
     */
    record Limits(long maxBytes, int maxEntries, int maxRatio) {}

    @FunctionalInterface
    interface Sink {
        /** @param path checked: steps divided by single slashes, none of them empty, "." or ".." */
        void file(String path, InputStream content) throws IOException;
    }

    /**
     * @param name of the archive, for its kind and for messages
     * @throws RefusedUploadException for what is no archive, is unsafe or is too large
     */
    static void unpack(String name, Path file, Limits limits, Sink sink) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            Archive archive = new Archive(name, limits, Files.size(file));
            if (name.toLowerCase(Locale.ROOT).endsWith(".zip")) {
                archive.unpack(new ZipArchiveInputStream(in, "UTF-8", true, true, true), sink);
            } else {
                archive.unpack(new BoundedTar(archive.gunzip(in)), sink);
            }
            if (archive.entries == 0) throw RefusedUploadException.faulty(name + " is no archive or an empty one.");
        }
    }

    private InputStream gunzip(InputStream in) {
        try {
            return new GzipCompressorInputStream(in, true);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void unpack(ArchiveInputStream<?> stream, Sink sink) throws IOException {
        for (ArchiveEntry entry = next(stream); entry != null; entry = next(stream)) {
            if (++entries > limits.maxEntries())
                throw RefusedUploadException.tooLarge(name + " has more than " + limits.maxEntries() + " entries.");
            String path = safePath(entry);
            Content content = new Content(stream);
            if (!entry.isDirectory()) sink.file(path, content);
            content.skipRest();
        }
    }

    private ArchiveEntry next(ArchiveInputStream<?> stream) {
        try {
            ArchiveEntry entry = stream.getNextEntry();
            if (entry != null && !stream.canReadEntryData(entry))
                throw RefusedUploadException.faulty(name + " holds '" + entry.getName()
                        + "', which is encrypted, sparse or packed in an unknown way.");
            return entry;
        } catch (IOException | IllegalArgumentException e) {
            throw unreadable(e);
        }
    }

    private RefusedUploadException unreadable(Exception e) {
        return RefusedUploadException.faulty(name + " can't be read as an archive: " + e.getMessage());
    }

    private String safePath(ArchiveEntry entry) {
        String path = entry.getName().replace('\\', '/');
        List<String> steps = Arrays.stream(path.split("/"))
                .filter(step -> !step.isEmpty() && !step.equals(".")).toList();
        if (path.startsWith("/") || path.indexOf('\0') >= 0 || path.matches("[A-Za-z]:.*") || steps.contains(".."))
            throw RefusedUploadException.faulty(name + " holds '" + entry.getName() + "', which leads out of it.");
        boolean link = switch (entry) {
            case TarArchiveEntry tar -> tar.isSymbolicLink() || tar.isLink() || tar.isFIFO() || tar.isCharacterDevice()
                    || tar.isBlockDevice();
            case ZipArchiveEntry zip -> zip.isUnixSymlink();
            default -> false;
        };
        if (link)
            throw RefusedUploadException.faulty(name + " holds '" + entry.getName() + "', which is no plain file.");
        return String.join("/", steps);
    }

    /** One entry's bytes, measured. */
    private final class Content extends FilterInputStream {
        Content(InputStream in) {
            super(in);
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            int count;
            try {
                count = in.read(bytes, offset, length);
            } catch (IOException | IllegalArgumentException e) {
                throw unreadable(e);
            }
            if (count > 0) unpackedBytes += count;
            if (unpackedBytes > limits.maxBytes())
                throw RefusedUploadException.tooLarge(name + " unpacks to more than " + limits.maxBytes() + " bytes.");
            if (unpackedBytes > RATIO_MATTERS_FROM && unpackedBytes / Math.max(1, packedBytes) > limits.maxRatio())
                throw RefusedUploadException.tooLarge(name + " unpacks to more than " + limits.maxRatio()
                        + " times its size.");
            return count;
        }

        void skipRest() {
            byte[] bytes = new byte[64 << 10];
            while (read(bytes, 0, bytes.length) >= 0) {
                // measured by reading
            }
        }

        @Override
        public void close() {
            // the archive goes on
        }
    }

    /** Reads no more than a bounded header into memory, where the library would read what the archive claims. */
    private static final class BoundedTar extends TarArchiveInputStream {
        private final HeaderGuard guard;

        BoundedTar(InputStream in) {
            this(new HeaderGuard(in));
        }

        private BoundedTar(HeaderGuard guard) {
            super(guard, "UTF-8");
            this.guard = guard;
        }

        @Override
        public TarArchiveEntry getNextEntry() throws IOException {
            guard.left = MOST_HEADER_BYTES;
            TarArchiveEntry entry = super.getNextEntry();
            guard.left = Long.MAX_VALUE;
            return entry;
        }
    }

    private static final class HeaderGuard extends FilterInputStream {
        private long left = Long.MAX_VALUE;

        HeaderGuard(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            return spend(in.read(), 1);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = in.read(bytes, offset, length);
            return spend(count, count);
        }

        private int spend(int result, int count) throws IOException {
            if (result >= 0 && (left -= count) < 0) throw new IOException("a header is too large");
            return result;
        }
    }
}
