package graft.knowledge;

import graft.knowledge.parsing.Parsed;
import graft.knowledge.parsing.Parser;
import graft.knowledge.web.WebPages;
import graft.registry.DatabaseUnavailableException;
import graft.registry.Ids;
import graft.registry.knowledge.Document.IngestionError;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.IngestionDao;
import graft.registry.knowledge.IngestionDao.Begun;
import graft.registry.knowledge.IngestionDao.Job;
import graft.registry.knowledge.IngestionDao.LeaseLostException;
import graft.registry.knowledge.IngestionDao.NewChunk;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Works off the queue of documents: text, chunks, vectors, then one transaction that makes them visible. Workers are
 * platform threads, because cutting a long text into chunks computes for seconds; the embedder is given small batches,
 * so that generation gets its turn between them. Everything lives in the queue's rows: a killed process loses at most
 * the batch it was on, and several servers may share one queue. Tenants take turns, document by document; a long one
 * gives way to the others' after a while and goes on when its tenant's turn comes again.
 *
 * <p>Any thread may call {@link #wake}; {@link #start} and {@link #close} once each, by the owner.
 */
public final class Ingestion implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Ingestion.class.getName());
    private final FileDao files;
    private final IngestionDao queue;
    private final TextEmbedder embedder;
    private final WebPages pages;
    private final IndexMeter meter;
    private final Parser parser;
    private final Chunker chunker;
    private final Settings settings;
    private final Semaphore news = new Semaphore(0);
    private final List<Thread> workers = new ArrayList<>();
    private volatile boolean closing;

    /**
     * @param workers       documents at a time: {@code knowledge.ingestion-workers}
     * @param batch         most windows the embedder is given at once: {@code knowledge.embedding-batch}
     * @param lease         how long a job is a silent worker's: {@code knowledge.ingestion-lease}
     * @param poll          how often to look for jobs of other processes: {@code knowledge.ingestion-poll}
     * @param attempts      how often a document is tried before it has failed: {@code knowledge.ingestion-attempts}
     * @param retryPause    between two attempts: {@code knowledge.ingestion-retry-pause}
     * @param turn          after which a long document lets those of other tenants go first:
     *                      {@code knowledge.ingestion-turn}
     * @param awaitsReembedding whether documents of a store of another model wait for its re-embedding or fail:
     *                      {@code knowledge.reembed}
     */
    public record Settings(int workers, int batch, Duration lease, Duration poll, int attempts, Duration retryPause,
            Duration turn, boolean awaitsReembedding) {
        public static final Settings DEFAULTS = new Settings(1, 16, Duration.ofSeconds(15), Duration.ofSeconds(2), 5,
                Duration.ofSeconds(5), Duration.ofSeconds(20), true);

        public Settings {
            if (workers < 1 || batch < 1 || attempts < 1) {
                throw new IllegalArgumentException("workers " + workers + " batch " + batch + " attempts " + attempts);
            }
        }
    }

    /** With a parser of the default settings, and nothing from the web. */
    public Ingestion(FileDao files, IngestionDao queue, TextEmbedder embedder, Settings settings) {
        this(files, queue, embedder, new Parser(Parser.Settings.DEFAULTS), WebPages.OFF, IndexMeter.NONE, settings);
    }

    /** @param parser closed with this; @param meter told what is embedded, for whom */
    public Ingestion(FileDao files, IngestionDao queue, TextEmbedder embedder, Parser parser, WebPages pages,
            IndexMeter meter, Settings settings) {
        this.pages = pages;
        this.meter = meter;
        this.files = files;
        this.queue = queue;
        this.embedder = embedder;
        this.parser = parser;
        this.chunker = new Chunker(embedder::count, embedder.capacity());
        this.settings = settings;
    }

    public void start() {
        for (int i = 0; i < settings.workers(); i++) {
            String name = Ids.next("worker-" + i + "-");
            workers.add(Thread.ofPlatform().daemon().name(name).start(() -> run(name)));
        }
    }

    /** Says that a document was queued: a worker looks at once instead of at its next poll. */
    public void wake() {
        if (news.availablePermits() < settings.workers()) news.release();
    }

    private void run(String name) {
        while (!closing) {
            try {
                Optional<Job> job = queue.claim(name, settings.lease());
                if (job.isPresent()) work(job.get());
                else await();
            } catch (DatabaseUnavailableException e) {
                if (!closing) LOG.log(System.Logger.Level.WARNING, "worker={0} waits for the database", name);
                await();
            } catch (RuntimeException e) {
                if (!closing) LOG.log(System.Logger.Level.ERROR, "worker=" + name + " could not claim", e);
                await();
            }
        }
    }

    private void await() {
        try {
            if (news.tryAcquire(settings.poll().toMillis(), TimeUnit.MILLISECONDS)) news.drainPermits();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // close() interrupts; the loop ends by its flag
            closing = true;
        }
    }

    /** A document gives way in the middle: what was written of it stays, and its next turn goes on from there. */
    private static final class TurnEndedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        TurnEndedException() {
            super("other tenants' documents wait", null, false, false);
        }
    }

    /** One document, to its end or to what stopped it. */
    private void work(Job job) {
        long began = System.nanoTime();
        try (Heartbeat beat = new Heartbeat(job)) {
            if (job.attempt() > settings.attempts()) {
                queue.fail(job, settings.lease(), new IngestionError("server_error",
                        "Indexing was tried " + settings.attempts() + " times and did not come to an end."));
                return;
            }
            index(job, began);
        } catch (LeaseLostException e) {
            LOG.log(System.Logger.Level.INFO, "file={0} store={1} ingestion stopped: deleted, cancelled or taken over",
                    job.fileId(), job.storeId());
        } catch (DatabaseUnavailableException e) {
            throw e; // the lease runs out, and whoever reaches the database goes on
        } catch (RuntimeException | OutOfMemoryError e) { // a text too large for the heap must not end the worker
            if (!closing) {
                LOG.log(System.Logger.Level.ERROR, "file=" + job.fileId() + " store=" + job.storeId() + " attempt="
                        + job.attempt() + " ingestion failed", e);
            }
            queue.giveBack(job, closing ? Duration.ZERO : settings.retryPause());
        }
    }

    /** Keeps a job the worker's while it computes for longer than a lease. */
    private final class Heartbeat implements AutoCloseable {
        private final CountDownLatch end = new CountDownLatch(1);

        Heartbeat(Job job) {
            Thread.ofVirtual().name("lease-" + job.worker()).start(() -> beat(job));
        }

        private void beat(Job job) {
            try {
                while (!end.await(settings.lease().toMillis() / 3, TimeUnit.MILLISECONDS)) {
                    queue.renew(job, settings.lease());
                }
            } catch (LeaseLostException e) {
                LOG.log(System.Logger.Level.DEBUG, "worker={0} lost its lease, as its next write will say",
                        job.worker());
            } catch (DatabaseUnavailableException e) {
                LOG.log(System.Logger.Level.WARNING, "worker={0} could not renew its lease", job.worker());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            end.countDown();
        }
    }

    /** What URLs may be read. */
    public WebPages pages() {
        return pages;
    }

    private void index(Job claimed, long began) {
        Job job = claimed;
        if (!job.embedder().equals(embedder.space())) {
            if (settings.awaitsReembedding()) queue.postpone(job, settings.retryPause());
            else refuse(job, new IngestionError("server_error", "The store was made with the embedding model '"
                    + job.embedder() + "', which this server does not run."));
            return;
        }
        if (job.url().isPresent()) {
            Optional<String> filename = fetched(job, job.url().get());
            if (filename.isEmpty()) return;
            job = job.read(filename.get());
        }
        Optional<Begun> left = queue.resume(job);
        String text;
        if (left.isPresent()) {
            text = left.get().text();
        } else {
            switch (StoredText.read(job.filename(), bytes(job), parser)) {
                case Parsed.Refused refused -> {
                    refuse(job, new IngestionError(refused.code(), refused.message()));
                    return;
                }
                case Parsed.Text read -> text = read.text();
            }
        }
        Chunker.Plan plan = chunker.plan(text, StoredText.structure(job.filename()), job.chunking());
        long revision;
        try (IndexMeter.Document metered = meter.open(job.tenantId(), embedder.id())) {
            revision = build(job, text, plan, left.filter(begun -> isPrefix(begun, plan)), metered);
        } catch (TurnEndedException others) {
            queue.postpone(job, Duration.ZERO);
            return;
        }
        queue.publish(job, settings.lease(), revision);
        LOG.log(System.Logger.Level.INFO, "file={0} store={1} indexed chunks={2} ms={3}", job.fileId(), job.storeId(),
                plan.size(), (System.nanoTime() - began) / 1_000_000);
    }

    /** Reads a file from the web and keeps it. @return its name; empty if that came to nothing */
    private Optional<String> fetched(Job job, String url) {
        switch (pages.fetch(url)) {
            case WebPages.Fetched.Page page -> {
                try {
                    files.fill(job.tenantId(), job.fileId(), page.filename(), new ByteArrayInputStream(page.bytes()));
                    return Optional.of(page.filename());
                } catch (FileDao.StorageLimitException e) {
                    refuse(job, new IngestionError("invalid_file", "The tenant's limit 'storage_bytes' (" + e.most()
                            + ") would be passed."));
                }
            }
            case WebPages.Fetched.Refused refused -> refuse(job, new IngestionError("invalid_file", refused.message()));
            case WebPages.Fetched.Unreachable unreachable -> {
                if (job.attempt() < settings.attempts()) queue.giveBack(job, settings.retryPause());
                else refuse(job, new IngestionError("server_error", unreachable.message()));
            }
        }
        return Optional.empty();
    }

    /** Whether what an earlier worker wrote begins what this one would: another release may cut otherwise. */
    private static boolean isPrefix(Begun begun, Chunker.Plan plan) {
        return begun.chunks() == 0
                || begun.chunks() <= plan.size() && plan.end(begun.chunks() - 1) == begun.lastEnd();
    }

    private long build(Job job, String text, Chunker.Plan plan, Optional<Begun> left,
            IndexMeter.Document metered) {
        long revision = left.isPresent() ? left.get().number() : queue.begin(job, settings.lease(), text);
        List<Chunker.Piece> batch = new ArrayList<>();
        int windows = 0;
        long began = System.nanoTime();
        for (int ordinal = left.map(Begun::chunks).orElse(0); ordinal < plan.size(); ordinal++) {
            Chunker.Piece piece = plan.piece(ordinal);
            if (closing) throw new CancellationException("the server stops");
            if (windows > 0 && windows + piece.windows().size() > settings.batch()) {
                queue.append(job, settings.lease(), revision, embed(job, batch, metered));
                batch.clear();
                windows = 0;
                if (System.nanoTime() - began > settings.turn().toNanos() && queue.othersWait(job)) {
                    throw new TurnEndedException();
                }
            }
            batch.add(piece);
            windows += piece.windows().size();
        }
        if (!batch.isEmpty()) queue.append(job, settings.lease(), revision, embed(job, batch, metered));
        return revision;
    }

    private List<NewChunk> embed(Job job, List<Chunker.Piece> batch, IndexMeter.Document metered) {
        String stem = stem(job.filename());
        List<String> texts = batch.stream().flatMap(piece -> piece.windows().stream()).toList();
        List<float[]> vectors = new ArrayList<>(texts.size());
        for (int from = 0; from < texts.size(); from += settings.batch()) {
            long began = System.nanoTime();
            TextEmbedder.Embedded embedded = embedder.embed(texts.subList(from, Math.min(texts.size(),
                    from + settings.batch())));
            metered.embedded(embedded.tokens(), (System.nanoTime() - began) / 1000);
            vectors.addAll(embedded.vectors());
        }
        List<NewChunk> chunks = new ArrayList<>(batch.size());
        boolean paged = StoredText.isPaged(job.filename());
        int next = 0;
        for (Chunker.Piece piece : batch) {
            int end = next + piece.windows().size();
            chunks.add(new NewChunk(piece.ordinal(), piece.start(), piece.end(), (stem + " " + piece.heading()).strip(),
                    piece.body(), piece.tokens(), paged ? OptionalInt.of(piece.breaks() + 1) : OptionalInt.empty(),
                    List.copyOf(vectors.subList(next, end))));
            next = end;
        }
        return chunks;
    }

    /** The words of a file's name help the lexical leg; a bare number would only meet numbers in questions. */
    static String stem(String filename) {
        int dot = filename.lastIndexOf('.');
        String stem = dot <= 0 ? filename : filename.substring(0, dot);
        return stem.chars().anyMatch(Character::isLetter) ? stem.replace('_', ' ') : "";
    }

    private byte[] bytes(Job job) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        files.read(job.tenantId(), job.fileId(), out);
        return out.toByteArray();
    }

    private void refuse(Job job, IngestionError error) {
        queue.fail(job, settings.lease(), error);
        LOG.log(System.Logger.Level.INFO, "file={0} store={1} not indexed: {2}", job.fileId(), job.storeId(),
                error.code());
    }

    /** Stops after the batches that are under way; what is unfinished is gone on with by the next start. */
    @Override
    public void close() {
        closing = true;
        parser.close(); // a document that is being read is read again by the next start
        for (Thread worker : workers) {
            news.release(settings.workers());
            try {
                worker.join(settings.lease());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
