package graft.engine.tensorrt;

import graft.engine.EngineRequest;
import graft.engine.GeneratedToken;
import graft.engine.Guide;
import graft.engine.Sampling;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The bytes that cross JNI, little endian, as {@code bridge.cc} reads and writes them. Stateless. */
final class Wire {
    private static final int FIXED_FIELDS = 128;

    private Wire() {}

    /**
     * One event of a poll.
     *
     * @param reason  a number of executor.h; 0 while the request goes on
     * @param cached  tokens of the prompt found in the cache, with the end; -1 if not known
     * @param queueMicros until it was first scheduled, with the end; -1 if not known
     */
    record Event(long id, int reason, Failure failure, int cached, long queueMicros, List<GeneratedToken> tokens,
            String error) {
        boolean ends() {
            return reason != 0;
        }
    }

    /**
     * @param scratch written over if it is large enough, so that requests leave no direct memory to the collector
     * @param task    of the adapter; 0 for the base alone
     * @return the scratch, or a larger one, written up to its position
     */
    static ByteBuffer request(ByteBuffer scratch, EngineRequest request, long task, long salt) {
        Sampling sampling = request.sampling();
        byte[] guide = request.constraint().flatMap(constraint -> constraint.guide()).map(Guide::text).orElse("")
                .getBytes(StandardCharsets.UTF_8);
        Map<Integer, Double> bias = sampling.logitBias();
        int numbers = request.prompt().length + request.stopTokens().size() + 2 * bias.size();
        int size = FIXED_FIELDS + 4 * numbers + guide.length;
        ByteBuffer out = size <= scratch.capacity() ? scratch.clear() : direct(Integer.highestOneBit(size) * 2);
        out.putInt(request.maxNewTokens());
        out.putFloat((float) sampling.temperature()).putFloat((float) sampling.topP()).putInt(sampling.topK());
        out.putFloat((float) sampling.minP()).putFloat((float) sampling.frequencyPenalty());
        out.putFloat((float) sampling.presencePenalty()).putFloat((float) sampling.repetitionPenalty());
        out.putInt(sampling.seed().isPresent() ? 1 : 0).putLong(sampling.seed().orElse(0));
        out.putInt(request.topLogprobs() > 0 ? request.topLogprobs() : -1);
        out.putLong(task).putFloat(0.5f).putLong(salt).putLong(0);
        out.putInt(request.constraint().flatMap(constraint -> constraint.guide()).map(Wire::kind).orElse(0));
        integers(out, request.prompt());
        integers(out, request.stopTokens().stream().mapToInt(Integer::intValue).sorted().toArray());
        int[] biased = bias.keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
        integers(out, biased);
        out.putInt(biased.length);
        for (int token : biased) out.putFloat(bias.get(token).floatValue());
        text(out, guide);
        return out;
    }

    private static int kind(Guide guide) {
        return switch (guide.kind()) {
            case JSON_OBJECT -> 1;
            case JSON_SCHEMA -> 2;
        };
    }

    /** @param vocabulary tokens in order of their ids, for guided decoding; empty turns it off */
    static ByteBuffer settings(TensorRtSettings settings, EngineFolder engine, List<String> vocabulary,
            Optional<String> tokenizer, Collection<Integer> stopTokens) {
        byte[] folder = settings.folder().toString().getBytes(StandardCharsets.UTF_8);
        byte[] words = (settings.extra() + " vocabulary=" + engine.vocabularySize()).strip()
                .getBytes(StandardCharsets.UTF_8);
        byte[] tokens = (vocabulary.isEmpty() ? "" : String.join("\0", vocabulary) + "\0")
                .getBytes(StandardCharsets.UTF_8);
        byte[] tokenizerJson = vocabulary.isEmpty() ? new byte[0]
                : tokenizer.orElse("").getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = direct(FIXED_FIELDS + folder.length + words.length + tokens.length + tokenizerJson.length
                + 4 * stopTokens.size());
        text(out, folder);
        out.putInt(settings.device()).putInt(settings.maxRunning() + settings.maxWaiting());
        out.putInt(settings.maxRunning()).putFloat((float) settings.kvFreeFraction());
        out.putLong(settings.kvHostBytes()).putLong(settings.adapterCacheBytes());
        out.putFloat((float) settings.adapterDeviceFraction()).putInt(engine.maxAdapterRank());
        out.putLong(settings.adapterHostBytes());
        text(out, tokens);
        text(out, tokenizerJson);
        integers(out, stopTokens.stream().mapToInt(Integer::intValue).sorted().toArray());
        text(out, words);
        return out;
    }

    /** All events of one poll. */
    static List<Event> events(ByteBuffer in, int size) {
        List<Event> events = new ArrayList<>();
        in.position(0).limit(size);
        while (in.hasRemaining()) events.add(event(in));
        in.clear();
        return events;
    }

    private static Event event(ByteBuffer in) {
        long id = in.getLong();
        int reason = in.getInt();
        Failure failure = Failure.of(in.getInt());
        int cached = in.getInt();
        long queueMicros = in.getLong();
        int top = in.getInt();
        int count = in.getInt();
        List<GeneratedToken> tokens = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int token = in.getInt();
            float logprob = in.getFloat();
            float logsumexp = in.getFloat();
            List<GeneratedToken.Alternative> alternatives = new ArrayList<>(top);
            for (int j = 0; j < top; j++) alternatives.add(new GeneratedToken.Alternative(in.getInt(), in.getFloat()));
            tokens.add(new GeneratedToken(token, logprob, logsumexp, alternatives));
        }
        byte[] error = new byte[in.getInt()];
        in.get(error);
        return new Event(id, reason, failure, cached, queueMicros, tokens, new String(error, StandardCharsets.UTF_8));
    }

    /**
     * @param waiting accepted by the executor and not scheduled
     * @param paused  preemptions since the start
     */
    record Stats(int running, int waiting, int blocks, int freeBlocks, int tokensPerBlock, long steps, long paused) {
        static final int BYTES = 36;

        static Stats of(ByteBuffer in) {
            return new Stats(in.getInt(0), in.getInt(4), in.getInt(8), in.getInt(12), in.getInt(16), in.getLong(20),
                    in.getLong(28));
        }
    }

    static ByteBuffer direct(int capacity) {
        return ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void integers(ByteBuffer out, int[] values) {
        out.putInt(values.length);
        for (int value : values) out.putInt(value);
    }

    private static void text(ByteBuffer out, byte[] utf8) {
        out.putInt(utf8.length).put(utf8);
    }
}
