package graft.adapters;

import graft.adapters.signing.SignaturePolicy;
import graft.adapters.signing.UntrustedSignatureException;
import graft.engine.EngineAdapter;
import graft.engine.Workers;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.AdapterVersionDao.NewFile;
import graft.registry.catalog.AdapterVersionDao.NewVersion;
import graft.registry.catalog.AdapterVersionDao.Published;
import graft.registry.catalog.Provenance;
import graft.registry.catalog.VersionFile;
import graft.registry.catalog.VersionMetadata;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;

/**
 * Takes uploads of adapters: files are spooled to disk with their digests taken on the way, unpacked, proved against
 * the base model, and only then stored, in one transaction. Whatever fails before leaves nothing. Any thread may call;
 * the disk that uploads can use is bounded by their number and their size.
 */
public final class AdapterUpload {
    /** The warning about an adapter that is sound and without effect. */
    public static final String CHANGES_NOTHING =
            "The adapter changed nothing on a probe: the base model answered as without it.";
    private static final long MOST_CONFIG_BYTES = 16L << 20;
    private static final long MOST_SIGNATURE_BYTES = 1 << 20;
    private static final int LONGEST_WARNING = 1000;
    private final Path spoolRoot;
    private final AdapterVersionDao versions;
    private final Limits limits;
    private final SignaturePolicy signatures;
    private final Semaphore places;
    private final Workers unpackers;

    /**
     * @param maxUnpackedBytes of one archive's entries together
     * @param maxFiles         of one upload, entries of its archive included
     * @param maxRatio         of unpacked to packed size, for large archives
     * @param maxParallel      uploads at once
     */
    public record Limits(long maxUnpackedBytes, int maxFiles, int maxRatio, int maxParallel) {}

    /** @param spoolRoot this process's alone; what a killed one left there is removed */
    public AdapterUpload(Path spoolRoot, AdapterVersionDao versions, Limits limits, SignaturePolicy signatures) {
        this.spoolRoot = spoolRoot;
        this.versions = versions;
        this.limits = limits;
        this.signatures = signatures;
        this.places = new Semaphore(limits.maxParallel());
        this.unpackers = new Workers("adapter-unpack", limits.maxParallel(), Workers.BEHIND);
        Spool.purge(spoolRoot);
    }

    /**
     * What is asked for beside the files.
     *
     * @param shareNew whether the adapter is shared with all if this makes it
     * @param manifest JSON object
     * @param alias    to move to the new version
     * @param by       key that uploads
     */
    public record Wanted(String adapter, ServedBase base, boolean shareNew, String manifest, VersionMetadata metadata,
            Provenance provenance, Optional<String> alias, List<String> warnings, String by) {}

    /** Begins an upload, unless as many as allowed are under way. */
    public Optional<Session> begin() throws IOException {
        return begin(signatures);
    }

    /** As {@link #begin()}, for what comes with the server itself and needs no signature. */
    public Optional<Session> beginTrusted() throws IOException {
        return begin(SignaturePolicy.NONE);
    }

    private Optional<Session> begin(SignaturePolicy policy) throws IOException {
        if (!places.tryAcquire()) return Optional.empty();
        try {
            return Optional.of(new Session(Spool.in(spoolRoot), policy));
        } catch (IOException | RuntimeException e) {
            places.release();
            throw e;
        }
    }

    /** One upload. Belongs to one thread; closing it removes everything that was not published. */
    public final class Session implements AutoCloseable {
        private final Spool spool;
        private final SignaturePolicy policy;
        private final List<UploadedFile> found = new ArrayList<>();
        private final List<String> ignored = new ArrayList<>();
        private boolean hasArchive;

        private Session(Spool spool, SignaturePolicy policy) {
            this.spool = spool;
            this.policy = policy;
        }

        /**
         * Takes one file of the upload, reading it to its end.
         *
         * @param filename as the client wrote it; only its last step means anything
         * @throws RefusedUploadException if such a file refuses the upload
         */
        public void add(String filename, InputStream content) throws IOException {
            String name = UploadedFile.lastStep(filename);
            if (UploadedFile.kind(name) == UploadedFile.Kind.ARCHIVE) {
                if (hasArchive) throw RefusedUploadException.faulty("The upload holds two archives: send one.");
                hasArchive = true;
                unpack(spool.write("", name, content));
            } else {
                take("", name, content);
            }
        }

        private void unpack(UploadedFile archive) throws IOException {
            try {
                unpackers.call(() -> {
                    try {
                        unpackHere(archive);
                        return archive;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }

        private void unpackHere(UploadedFile archive) throws IOException {
            Archive.unpack(archive.name(), archive.path(),
                    new Archive.Limits(limits.maxUnpackedBytes(), limits.maxFiles(), limits.maxRatio()),
                    (path, content) -> {
                        String name = UploadedFile.lastStep(path);
                        take(path.substring(0, Math.max(0, path.length() - name.length() - 1)), name, content);
                    });
            Files.delete(archive.path());
        }

        private void take(String folder, String name, InputStream content) throws IOException {
            if (found.size() + ignored.size() >= limits.maxFiles())
                throw RefusedUploadException.tooLarge("The upload has more than " + limits.maxFiles() + " files.");
            String shown = folder.isEmpty() ? name : folder + "/" + name;
            switch (UploadedFile.kind(name)) {
                case CONFIG, INDEX, WEIGHTS, SIGNATURE -> keep(folder, name, content);
                case PICKLE -> throw RefusedUploadException.faulty(shown + " is or may be a pickle, which can run code "
                        + "when it is opened; only safetensors and GGUF are accepted. Remove it from the upload.");
                case ARCHIVE, OTHER -> ignored.add(shown);
            }
        }

        private void keep(String folder, String name, InputStream content) throws IOException {
            UploadedFile file = spool.write(folder, name, content);
            long most = switch (file.kind()) {
                case WEIGHTS -> Long.MAX_VALUE;
                case SIGNATURE -> MOST_SIGNATURE_BYTES;
                case CONFIG, INDEX, ARCHIVE, PICKLE, OTHER -> MOST_CONFIG_BYTES;
            };
            if (file.sizeBytes() > most)
                throw RefusedUploadException.faulty(file.shown() + " is larger than " + most + " bytes.");
            found.add(file);
        }

        /**
         * Proves what was sent and stores it as the next version. The last call.
         *
         * @throws RefusedUploadException naming what is wrong with the adapter
         */
        public Published publish(String tenantId, Wanted wanted) throws IOException {
            UploadedFiles chosen = UploadedFiles.choose(found, ignored);
            SignaturePolicy.Checked signature = checkSignature(chosen);
            Path folder = spool.arrange(chosen.adapter());
            AdapterProof.Proved proved = wanted.base().proof().prove(folder);
            List<NewFile> files = chosen.adapter().stream().map(file -> new NewFile(
                    new VersionFile(file.name(), file.digest(), file.sizeBytes()),
                    () -> Files.newInputStream(folder.resolve(file.name())))).toList();
            String digest = ContentDigest.of(files.stream().map(NewFile::file).toList());
            List<String> warnings = new ArrayList<>(chosen.warnings());
            signature.warning().ifPresent(warnings::add);
            warnings.addAll(wanted.warnings());
            warnings.addAll(proved.warnings());
            int expected = versions.nextNumber(tenantId, wanted.adapter());
            EngineAdapter adapter = new EngineAdapter(wanted.adapter(), expected, digest, 1, () -> folder);
            boolean kept = false;
            try {
                boolean known = proved.warnings().stream().anyMatch(warning -> warning.contains("changes nothing"));
                if (changesNothing(wanted, adapter, proved) && !known) warnings.add(CHANGES_NOTHING);
                Published published = versions.publish(tenantId, new NewVersion(wanted.adapter(),
                        wanted.base().model().id(), wanted.shareNew(), digest, wanted.base().model().digest(),
                        proved.rank(), proved.targetModules(), wanted.manifest(), wanted.metadata(),
                        signed(wanted.provenance(), signature), warnings.stream().map(Session::printable).toList(),
                        wanted.by(), wanted.alias(), files));
                kept = published instanceof Published.Stored stored && stored.version().version() == expected;
                return published;
            } finally {
                // The probe loaded it, which spares the first request the wait; but not under a wrong number.
                if (!kept) wanted.base().probe().ifPresent(probe -> probe.forget(digest));
            }
        }

        private SignaturePolicy.Checked checkSignature(UploadedFiles chosen) throws IOException {
            Map<String, String> sent = chosen.adapter().stream()
                    .collect(Collectors.toMap(UploadedFile::name, UploadedFile::digest));
            Optional<byte[]> bundle = chosen.signature().isEmpty() ? Optional.empty()
                    : Optional.of(Files.readAllBytes(chosen.signature().get().path()));
            try {
                return policy.check(bundle, sent);
            } catch (UntrustedSignatureException e) {
                throw RefusedUploadException.faulty(e.getMessage());
            }
        }

        private static Provenance signed(Provenance provenance, SignaturePolicy.Checked signature) {
            return new Provenance(provenance.parent(), provenance.origin(), signature.signer());
        }

        /** Warnings repeat names of strangers' files and fields, of any length and with any character. */
        private static String printable(String warning) {
            String shown = warning.length() > LONGEST_WARNING ? warning.substring(0, LONGEST_WARNING) + "..." : warning;
            return shown.replaceAll("\\p{Cntrl}", "?");
        }

        private static boolean changesNothing(Wanted wanted, EngineAdapter adapter, AdapterProof.Proved proved) {
            return wanted.base().probe().map(probe -> !probe.changesAnything(adapter, proved.probeTokens()))
                    .orElse(false);
        }

        @Override
        public void close() {
            places.release();
            spool.close();
        }
    }
}
