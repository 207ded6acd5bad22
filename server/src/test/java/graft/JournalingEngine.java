package graft;

import graft.engine.BaseModel;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.EngineTime;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.InferenceEngine;
import graft.engine.Submission;
import graft.engine.TokenSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Writes every token that an engine emits into a memory-mapped file before it hands it on: what stands there survives
 * the process, however it ends, and is the truth that a ledger is held against. One slot a sequence: the request's id,
 * then how many tokens.
 */
final class JournalingEngine implements InferenceEngine {
    static final int SLOTS = 1 << 16;
    private static final int ID_BYTES = 60;
    private static final int SLOT_BYTES = 64;
    private final InferenceEngine engine;
    private final MappedByteBuffer journal;
    private final AtomicInteger slots = new AtomicInteger();

    JournalingEngine(InferenceEngine engine, Path file) {
        this.engine = engine;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            journal = channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) SLOTS * SLOT_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        while (journal.get(slots.get() * SLOT_BYTES) != 0) slots.incrementAndGet(); // an earlier process's stay
    }

    /** Tokens emitted, by request id; a request's sequences together. */
    static Map<String, Integer> read(Path file) {
        Map<String, Integer> emitted = new HashMap<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MappedByteBuffer journal = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            byte[] id = new byte[ID_BYTES];
            for (int slot = 0; slot < SLOTS && journal.get(slot * SLOT_BYTES) != 0; slot++) {
                journal.get(slot * SLOT_BYTES, id);
                emitted.merge(new String(id, StandardCharsets.US_ASCII).trim(),
                        journal.getInt(slot * SLOT_BYTES + ID_BYTES), Integer::sum);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return emitted;
    }

    @Override
    public Submission submit(EngineRequest request, TokenSink sink) {
        int slot = slots.getAndIncrement();
        if (slot >= SLOTS) throw new IllegalStateException("the journal is full");
        int at = slot * SLOT_BYTES;
        journal.put(at, (request.requestId() + " ".repeat(ID_BYTES)).substring(0, ID_BYTES)
                .getBytes(StandardCharsets.US_ASCII));
        return engine.submit(request, new TokenSink() {
            @Override
            public void token(GeneratedToken token) {
                journal.putInt(at + ID_BYTES, journal.getInt(at + ID_BYTES) + 1);
                sink.token(token);
            }

            @Override
            public void finished(Finished finished) {
                sink.finished(finished);
            }
        });
    }

    @Override
    public BaseModel model() {
        return engine.model();
    }

    @Override
    public void allow(long sequenceId, int tokens) {
        engine.allow(sequenceId, tokens);
    }

    @Override
    public void cancel(long sequenceId) {
        engine.cancel(sequenceId);
    }

    @Override
    public EngineStatus status() {
        return engine.status();
    }

    @Override
    public CompletableFuture<EngineTime> time() {
        return engine.time();
    }

    @Override
    public void evict(String adapterDigest) {
        engine.evict(adapterDigest);
    }

    @Override
    public void close() {
        engine.close();
    }
}
