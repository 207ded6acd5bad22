package graft.engine.torch;

import graft.engine.BaseModel;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.EngineTime;
import graft.engine.EngineStatus.Totals;
import graft.engine.InferenceEngine;
import graft.engine.Submission;
import graft.engine.TokenSink;
import graft.scheduling.Limits;
import graft.weights.AdapterTarget;
import graft.weights.ModelConfig;
import graft.weights.ModelFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Serves one base model with libtorch. Made by {@link #open}; thread rules are those of {@link InferenceEngine}.
 */
public final class TorchEngine implements InferenceEngine {
    private final BaseModel model;
    private final TorchSettings settings;
    private final TorchModule module;
    private final AdapterBank bank;
    private final EngineLoop loop;
    private final Thread thread;
    private final LinkedBlockingQueue<EngineLoop.Message> inbox = new LinkedBlockingQueue<>();
    private final Map<Long, ActiveSequence> accepted = new ConcurrentHashMap<>();
    private final Set<String> evictions = ConcurrentHashMap.newKeySet();
    private final AtomicLong ids = new AtomicLong();
    private final Places places;
    private final EngineStatus.Memory memory;
    private boolean closed;

    /**
     * Loads a model and starts its thread; takes seconds to minutes.
     *
     * @param id           the name callers use
     * @param folderOrFile a Hugging Face folder or a GGUF file
     * @throws UnsupportedModelException             if this engine can't compute it
     * @throws graft.weights.InvalidModelException if it is broken
     */
    public static TorchEngine open(String id, Path folderOrFile, TorchSettings settings) {
        try (ModelFiles files = ModelFiles.open(folderOrFile, ModelFiles.DEFAULT_HEADER_LIMIT)) {
            return open(id, files, settings);
        }
    }

    /** As {@link #open(String, Path, TorchSettings)}; the files may be closed afterwards. */
    public static TorchEngine open(String id, ModelFiles files, TorchSettings settings) {
        if (settings.threads() > 0) TorchModule.useThreads(settings.threads());
        ModelConfig config = files.config();
        Architecture architecture = Operators.chosen(
                Architecture.of(config, settings.precision(), settings.tokensPerBlock()), config, settings);
        int context = Math.min(config.maxPositions(), settings.contextLimit());
        TorchModule module = ModelLoader.loadWeights(files, architecture, settings.precision(), settings.device());
        Limits limits;
        try {
            limits = limits(settings, architecture, context);
            ModelLoader.addCaches(module, config, architecture, context, (long) limits.blocks() * limits.tokensPerBlock());
        } catch (RuntimeException | Error failure) {
            module.close();
            throw failure;
        }
        var model = new BaseModel(id, files.digest(), context, config.vocabularySize(), files.stopTokens());
        return new TorchEngine(model, settings, module, architecture, config, limits);
    }

    private TorchEngine(BaseModel model, TorchSettings settings, TorchModule module, Architecture architecture,
            ModelConfig config, Limits limits) {
        this.model = model;
        this.settings = settings;
        this.module = module;
        var loader = new AdapterLoader(module, architecture, AdapterTarget.of(config), settings.precision());
        bank = new AdapterBank(module, settings, loader::load, arrival -> inbox.add(new EngineLoop.Message.Arrived(arrival)));
        var step = new DecodeStep(module, limits.tokensPerBlock());
        places = new Places(settings.maxRunning() + settings.maxWaiting());
        loop = new EngineLoop(inbox, step, bank, limits, settings.speculation(), cost(config), evictions,
                sequence -> {
            if (accepted.remove(sequence.id()) != null) places.giveBack(sequence.request.tenant());
        });
        memory = new EngineStatus.Memory(module.weightBytes(), blockBytes(settings, architecture));
        thread = Thread.ofPlatform().name("engine-" + model.id()).start(loop);
    }

    /** Called when the weights are loaded: as many blocks as the setting's memory holds, but no more than the batch could ever use. */
    private static Limits limits(TorchSettings settings, Architecture architecture, int context) {
        long blockBytes = blockBytes(settings, architecture);
        long useful = (long) Math.ceilDiv(context, settings.tokensPerBlock()) * settings.maxRunning();
        long bytes = settings.kvBytes() > 0 ? settings.kvBytes()
                : (long) (settings.kvFraction() * TorchDevice.freeBytes(settings.device()));
        long blocks = Math.min(bytes / blockBytes, useful);
        if (blocks < 1) throw new UnsupportedModelException("KV memory of " + bytes + " bytes (engine.kv-bytes="
                + settings.kvBytes() + ", engine.kv-fraction=" + settings.kvFraction() + ") holds no block of " + blockBytes);
        return new Limits(settings.tokensPerStep(), settings.maxRunning(), settings.maxWaiting() + settings.maxRunning(),
                settings.maxAdaptersPerStep(), Math.toIntExact(Math.min(blocks, Integer.MAX_VALUE)), settings.tokensPerBlock());
    }

    private static long blockBytes(TorchSettings settings, Architecture architecture) {
        return architecture.kvBytesPerToken(settings.precision()) * settings.tokensPerBlock();
    }

    private static StepCost cost(ModelConfig config) {
        long hidden = config.hiddenSize();
        long attention = (long) config.attention().heads() * config.attention().headDim();
        long keys = 2L * config.attention().keyValueHeads() * config.attention().headDim();
        long layer = hidden * (2 * attention + keys + 3L * config.intermediateSize());
        return new StepCost(config.layers() * layer + hidden * config.vocabularySize(), config.layers() * 2 * attention);
    }

    @Override
    public BaseModel model() {
        return model;
    }

    @Override
    public Submission submit(EngineRequest request, TokenSink sink) {
        check(request);
        var sequence = new ActiveSequence(ids.incrementAndGet(), request, sink, EngineLoop.nowMicros());
        synchronized (accepted) {
            if (closed || !loop.snapshot().healthy()) throw new IllegalStateException("the engine has stopped");
            if (!places.take(request.tenant()))
                return new Submission.Busy(Duration.ofMillis(settings.retryAfterMillis()));
            accepted.put(sequence.id(), sequence);
            inbox.add(new EngineLoop.Message.Submit(sequence));
        }
        return new Submission.Accepted(sequence.id());
    }

    private void check(EngineRequest request) {
        if ((long) request.prompt().length + request.maxNewTokens() > model.contextLength())
            throw new IllegalArgumentException("prompt of " + request.prompt().length + " and answer of "
                    + request.maxNewTokens() + " tokens exceed the context of " + model.contextLength());
        for (int token : request.prompt()) {
            if (token < 0 || token >= model.vocabularySize())
                throw new IllegalArgumentException("token " + token + " is not in the vocabulary");
        }
    }

    @Override
    public void allow(long sequenceId, int tokens) {
        if (accepted.containsKey(sequenceId)) inbox.add(new EngineLoop.Message.Allow(sequenceId, tokens));
    }

    @Override
    public void cancel(long sequenceId) {
        ActiveSequence sequence = accepted.get(sequenceId);
        if (sequence != null && sequence.cancelled.compareAndSet(false, true))
            inbox.add(new EngineLoop.Message.Cancel(sequenceId));
    }

    @Override
    public EngineStatus status() {
        EngineLoop.Snapshot now = loop.snapshot();
        // Time since the last step or rest, so that busy and idle add up to the wall clock.
        long since = Math.max(0, EngineLoop.nowMicros() - now.atMicros());
        Totals totals = now.totals().later(now.idle() ? 0 : since, now.idle() ? since : 0);
        return new EngineStatus("torch", settings.precision().setting(), settings.device(), now.running(), now.waiting(),
                now.blocks(), memory, now.adapters(), EngineStatus.fitting(now.adapters(), settings.adapterBytes(),
                        settings.maxAdaptersPerStep()), totals, now.healthy());
    }

    @Override
    public CompletableFuture<EngineTime> time() {
        var told = new CompletableFuture<EngineTime>();
        synchronized (accepted) {
            if (closed) throw new IllegalStateException("the engine has stopped");
            inbox.add(new EngineLoop.Message.Time(told));
        }
        return told;
    }

    @Override
    public void evict(String adapterDigest) {
        boolean resident = loop.snapshot().adapters().stream().anyMatch(each -> each.digest().equals(adapterDigest));
        if (resident && evictions.add(adapterDigest)) inbox.add(new EngineLoop.Message.Evict());
    }

    @Override
    public void close() {
        synchronized (accepted) {
            if (closed) return;
            closed = true;
        }
        inbox.add(new EngineLoop.Message.Stop());
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        bank.close();
        for (EngineLoop.Message message = inbox.poll(); message != null; message = inbox.poll()) {
            if (message instanceof EngineLoop.Message.Arrived late) late.arrival().staged().ifPresent(StagedAdapter::close);
        }
        module.close();
        if (interrupted) Thread.currentThread().interrupt();
    }
}
