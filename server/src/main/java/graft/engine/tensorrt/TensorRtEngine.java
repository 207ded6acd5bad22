package graft.engine.tensorrt;

import graft.engine.BaseModel;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.Finished;
import graft.engine.InferenceEngine;
import graft.engine.Submission;
import graft.engine.TokenSink;
import graft.weights.ModelConfig;
import graft.weights.ModelFiles;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Serves one base model with TensorRT-LLM's executor. Made by {@link #open}; thread rules are those of
 * {@link InferenceEngine}: sinks are called on the one thread that polls the executor, and a request whose adapter has
 * to be loaded first waits for it on a virtual thread. The executor can't pause a request: what it computes beyond an
 * allowance is withheld here.
 */
public final class TensorRtEngine implements InferenceEngine {
    private static final System.Logger LOG = System.getLogger(TensorRtEngine.class.getName());
    private static final Cleaner CLEANER = Cleaner.create();
    private static final int POLL_MILLIS = 100;

    private final BaseModel model;
    private final TensorRtSettings settings;
    private final EngineFolder engine;
    private final ModelFiles files;
    private final String kind;
    private final long handle;
    private final Cleaner.Cleanable native_;
    private final AdapterShelf shelf;
    private final AdapterPacking packing;
    private final Thread poller;
    private final long salt = new SecureRandom().nextLong();
    private final Map<Long, TensorRtSequence> accepted = new HashMap<>();
    private final Map<Long, TensorRtSequence> running = new HashMap<>();
    /** Those the poller is to look at again: more may leave, or nothing will. */
    private final ConcurrentLinkedQueue<TensorRtSequence> woken = new ConcurrentLinkedQueue<>();
    private final ByteBuffer message = TensorRtLibrary.message();
    private final ByteBuffer stats = Wire.direct(Wire.Stats.BYTES);
    private ByteBuffer scratch = Wire.direct(4096);
    private final BusyTime time = new BusyTime(nowMicros());
    private long ids;
    private long promptTokens;
    private long cachedPromptTokens;
    private long generatedTokens;
    private boolean closing;
    private boolean broken;

    /**
     * Loads an engine; takes seconds to minutes.
     *
     * @param id   the name callers use
     * @param base the base's Hugging Face folder: configuration, tokeniser, and the weights that adapters are proved
     *             against
     * @throws UnsupportedEngineException            if library or engine can't be used
     * @throws graft.weights.InvalidModelException if the folder is broken
     */
    public static TensorRtEngine open(String id, Path base, TensorRtSettings settings) {
        ModelFiles files = ModelFiles.open(base, ModelFiles.DEFAULT_HEADER_LIMIT);
        try {
            return new TensorRtEngine(id, files, settings);
        } catch (RuntimeException | Error e) {
            files.close();
            throw e;
        }
    }

    /** @return {@code tensorrt}, or {@code echo} for a library that computes nothing */
    public static String kind(Path library) {
        try {
            return TensorRtLibrary.load(library);
        } catch (UnsatisfiedLinkError missing) {
            throw new UnsupportedEngineException(library + " can't be loaded: " + missing.getMessage(), missing);
        }
    }

    private TensorRtEngine(String id, ModelFiles files, TensorRtSettings settings) {
        this.settings = settings;
        this.files = files;
        this.kind = kind(settings.library());
        this.engine = EngineFolder.read(settings.folder());
        ModelConfig config = files.config();
        if (engine.hiddenSize() != config.hiddenSize() || engine.layers() != config.layers())
            throw new UnsupportedEngineException(settings.folder() + " was built from another model: " + engine.layers()
                    + " layers of " + engine.hiddenSize());
        int context = Math.min(Math.min(engine.maxSequence(), config.maxPositions()), settings.contextLimit());
        model = new BaseModel(id, files.digest(), context, engine.vocabularySize(), files.stopTokens());
        handle = openNative();
        native_ = CLEANER.register(this, closer(handle));
        packing = new AdapterPacking(engine, files);
        shelf = new AdapterShelf(shelfBridge(handle), packing::pack);
        poller = Thread.ofPlatform().name("engine-" + id).start(this::poll);
        LOG.log(Level.INFO, "engine={0} base={1} type={2} context={3} adapter_rank={4}", kind, id, engine.type(),
                context, engine.maxAdapterRank());
    }

    private long openNative() {
        ByteBuffer options = Wire.settings(settings, engine, GuideVocabulary.of(files.tokenizerJson(),
                engine.vocabularySize()), files.tokenizerJson(), model.stopTokens());
        ByteBuffer message = TensorRtLibrary.message();
        long opened = TensorRtLibrary.open(options, options.position(), message);
        if (opened <= 0) throw new UnsupportedEngineException(settings.folder() + " can't be opened: "
                + TensorRtLibrary.text(message));
        return opened;
    }

    /** Static, so that it holds no reference to the engine it cleans up after. */
    private static Runnable closer(long handle) {
        return () -> TensorRtLibrary.close(handle);
    }

    private static AdapterShelf.Native shelfBridge(long handle) {
        return new AdapterShelf.Native() {
            @Override
            public int put(long task, PackedAdapter packed, ByteBuffer message) {
                return (int) Math.abs(TensorRtLibrary.putAdapter(handle, task, packed.type(), packed.weights(),
                        packed.rows(), packed.width(), packed.config(), message));
            }

            @Override
            public boolean drop(long task) {
                return TensorRtLibrary.dropAdapter(handle, task);
            }
        };
    }

    static long nowMicros() {
        return System.nanoTime() / 1000;
    }

    @Override
    public BaseModel model() {
        return model;
    }

    @Override
    public Submission submit(EngineRequest request, TokenSink sink) {
        check(request);
        TensorRtSequence sequence;
        synchronized (accepted) {
            if (closing || broken) throw new IllegalStateException("the engine has stopped");
            if (accepted.size() >= settings.maxRunning() + settings.maxWaiting())
                return new Submission.Busy(Duration.ofMillis(settings.retryAfterMillis()));
            sequence = new TensorRtSequence(++ids, request, sink, nowMicros());
            accepted.put(sequence.id, sequence);
        }
        if (request.adapters().isEmpty()) hand(sequence, 0);
        else shelf.tryHold(sequence.adapterKey).ifPresentOrElse(task -> handHeld(sequence, task),
                () -> Thread.ofVirtual().name("adapter-load").start(() -> loadAndHand(sequence)));
        return new Submission.Accepted(sequence.id);
    }

    private void check(EngineRequest request) {
        int length = request.prompt().length;
        if ((long) length + request.maxNewTokens() > model.contextLength() || length > engine.maxInput())
            throw new IllegalArgumentException("prompt of " + length + " and answer of " + request.maxNewTokens()
                    + " tokens exceed the engine's " + engine.maxInput() + " and " + model.contextLength());
        for (int token : request.prompt()) {
            if (token < 0 || token >= model.vocabularySize())
                throw new IllegalArgumentException("token " + token + " is not in the vocabulary");
        }
    }

    private void loadAndHand(TensorRtSequence sequence) {
        try {
            shelf.hold(sequence.request.adapters(), sequence.cancelled).ifPresentOrElse(
                    task -> handHeld(sequence, task), () -> end(sequence, Finished.Reason.CANCELLED, 0, -1));
        } catch (RuntimeException failed) {
            sequence.fail("the adapter can't be loaded: " + failed.getMessage());
            end(sequence, Finished.Reason.FAILED, 0, -1);
        }
    }

    private void handHeld(TensorRtSequence sequence, long task) {
        sequence.holdsAdapter = true;
        hand(sequence, task);
    }

    /** Gives it to the executor. The lock is held over the call, so that no token comes before it is known here. */
    private void hand(TensorRtSequence sequence, long task) {
        Optional<Finished.Reason> refused = Optional.empty();
        synchronized (accepted) {
            if (sequence.cancelled.get() || closing) {
                refused = Optional.of(Finished.Reason.CANCELLED);
            } else if (sequence.guideIsMissing()) {
                sequence.fail("this engine needs the schema of a constrained answer, and this constraint has none");
                refused = Optional.of(Finished.Reason.FAILED);
            } else {
                scratch = Wire.request(scratch, sequence.request, task, saltOf(sequence.request.tenant()));
                long id = TensorRtLibrary.submit(handle, scratch, scratch.position(), message);
                if (id > 0) {
                    sequence.nativeId = id;
                    sequence.share = Optional.of(time.start(nowMicros()));
                    running.put(id, sequence);
                } else {
                    sequence.fail(TensorRtLibrary.text(message));
                    refused = Optional.of(Finished.Reason.FAILED);
                }
            }
        }
        refused.ifPresent(reason -> end(sequence, reason, 0, -1));
    }

    /** Of the tenant and this process: nobody outside can choose it, and it is never 0, which means none. */
    private long saltOf(String tenant) {
        long hash = salt;
        for (byte one : tenant.getBytes(StandardCharsets.UTF_8)) hash = (hash ^ one) * 0x100000001b3L;
        return hash == 0 ? 1 : hash;
    }

    /** A sequence that was paused goes on within a poll, a tenth of a second at most. */
    @Override
    public void allow(long sequenceId, int tokens) {
        synchronized (accepted) {
            TensorRtSequence sequence = accepted.get(sequenceId);
            if (sequence == null) return;
            sequence.allowance.accumulateAndGet(tokens, Math::max);
            woken.add(sequence);
        }
    }

    @Override
    public void cancel(long sequenceId) {
        long nativeId;
        synchronized (accepted) {
            TensorRtSequence sequence = accepted.get(sequenceId);
            if (sequence == null || sequence.cancelled.getAndSet(true)) return;
            nativeId = sequence.nativeId;
            woken.add(sequence);
        }
        if (nativeId > 0) TensorRtLibrary.cancel(handle, nativeId);
        else shelf.wake();
    }

    private void poll() {
        ByteBuffer events = Wire.direct(settings.eventBytes());
        long closeBy = Long.MAX_VALUE;
        while (true) {
            long size = TensorRtLibrary.poll(handle, events, POLL_MILLIS);
            if (size == -TensorRtLibrary.CLOSED) break;
            if (size < 0) {
                stopBroken("polling failed with code " + -size);
                break;
            }
            for (Wire.Event event : Wire.events(events, (int) size)) take(event);
            for (TensorRtSequence one = woken.poll(); one != null; one = woken.poll()) handOut(one);
            synchronized (accepted) {
                if (closing && closeBy == Long.MAX_VALUE)
                    closeBy = System.nanoTime() + settings.stopLimit().toNanos();
            }
            if (closeBy != Long.MAX_VALUE && System.nanoTime() - closeBy > 0) break;
        }
        boolean unasked;
        synchronized (accepted) {
            unasked = !closing;
        }
        if (unasked) stopBroken("the executor closed by itself");
        endAll(Finished.Reason.CANCELLED);
    }

    private void take(Wire.Event event) {
        TensorRtSequence sequence;
        synchronized (accepted) {
            sequence = running.get(event.id());
            if (event.ends()) running.remove(event.id());
            generatedTokens += event.tokens().size();
        }
        if (sequence == null) return;
        if (!event.tokens().isEmpty() && sequence.holdsAdapter) shelf.seen(sequence.adapterKey);
        sequence.take(event.tokens());
        if (event.ends()) sequence.over = Optional.of(event);
        handOut(sequence);
    }

    private void handOut(TensorRtSequence sequence) {
        if (!sequence.handOut()) cancel(sequence.id);
        boolean dropped = sequence.withholds();
        if (sequence.over.isEmpty() || dropped && !sequence.cancelled.get()) return;
        Wire.Event event = sequence.over.get();
        if (event.reason() == TensorRtSequence.ERROR) sequence.fail(event.error());
        Finished.Reason reason = dropped ? Finished.Reason.CANCELLED : sequence.reason(event.reason());
        end(sequence, reason, Math.max(0, event.cached()), event.queueMicros());
    }

    private void end(TensorRtSequence sequence, Finished.Reason reason, int cached, long queueMicros) {
        int cachedTokens = Math.min(cached, sequence.request.prompt().length);
        synchronized (accepted) {
            if (accepted.remove(sequence.id) == null) return;
            sequence.share.ifPresent(share -> time.end(share, nowMicros()));
            if (sequence.nativeId > 0) {
                promptTokens += sequence.request.prompt().length - cachedTokens;
                cachedPromptTokens += cachedTokens;
            }
        }
        if (sequence.holdsAdapter) shelf.release(sequence.adapterKey);
        sequence.finish(reason, cachedTokens, queueMicros, nowMicros());
    }

    private void stopBroken(String reason) {
        LOG.log(Level.ERROR, "engine stopped: " + reason);
        List<TensorRtSequence> left;
        synchronized (accepted) {
            broken = true;
            left = List.copyOf(accepted.values());
        }
        for (TensorRtSequence sequence : left) sequence.fail("the engine stopped: " + reason);
        endAll(Finished.Reason.FAILED);
    }

    private void endAll(Finished.Reason reason) {
        List<TensorRtSequence> left;
        synchronized (accepted) {
            left = List.copyOf(accepted.values());
            running.clear();
        }
        for (TensorRtSequence sequence : left) {
            sequence.cancelled.set(true);
            end(sequence, reason, 0, -1);
        }
        shelf.wake();
    }

    @Override
    public EngineStatus status() {
        List<EngineStatus.ResidentAdapter> residents = shelf.residents();
        long loads = shelf.loads();
        synchronized (accepted) {
            boolean answers = TensorRtLibrary.stats(handle, stats) == TensorRtLibrary.OK;
            Wire.Stats now = Wire.Stats.of(stats);
            time.count(nowMicros());
            int waiting = Math.max(now.waiting(), accepted.size() - now.running());
            return new EngineStatus(kind, engine.type(), "cuda:" + settings.device(), now.running(), waiting,
                    new EngineStatus.Blocks(now.blocks(), now.freeBlocks(), 0, now.tokensPerBlock()),
                    EngineStatus.Memory.UNKNOWN, residents,
                    EngineStatus.fitting(residents, settings.adapterCacheBytes(), settings.maxRunning()),
                    new EngineStatus.Totals(now.steps(), promptTokens, cachedPromptTokens, generatedTokens,
                            now.paused(), time.busyMicros(), time.idleMicros(), loads),
                    answers && !broken);
        }
    }

    @Override
    public void evict(String adapterDigest) {
        shelf.evict(adapterDigest);
    }

    /** Adapters the engine can't take are refused where they are uploaded, and by this list of modules. */
    Set<String> adapterModules() {
        return engine.adapterModules();
    }

    @Override
    public void close() {
        synchronized (accepted) {
            if (closing) return;
            closing = true;
            accepted.values().forEach(sequence -> sequence.cancelled.set(true));
        }
        TensorRtLibrary.shutdown(handle);
        shelf.wake();
        boolean interrupted = false;
        while (poller.isAlive()) {
            try {
                poller.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        packing.close();
        native_.clean();
        files.close();
        if (interrupted) Thread.currentThread().interrupt();
    }
}
