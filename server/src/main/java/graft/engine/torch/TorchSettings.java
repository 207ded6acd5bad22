package graft.engine.torch;

import graft.scheduling.drafting.Speculation;
import java.util.Objects;

/**
 * What an engine may take of the machine.
 *
 * @param precision          engine.precision
 * @param device             engine.device: {@code cpu} or {@code cuda:N}
 * @param threads            engine.threads: of one operator, the same for all engines of the process; 0 leaves it to libtorch
 * @param kvBytes            engine.kv-bytes: memory of the KV pools; 0 leaves it to kvFraction
 * @param kvFraction         engine.kv-fraction: of the memory that is free once the weights are loaded
 * @param tokensPerBlock     engine.tokens-per-block
 * @param tokensPerStep      engine.tokens-per-step: most tokens computed in one step
 * @param maxRunning         engine.max-running: most sequences in the batch
 * @param maxWaiting         engine.max-waiting: most sequences accepted and not yet in the batch
 * @param maxAdaptersPerStep engine.max-adapters-per-step: most distinct adapter sets in one step
 * @param adapterBytes       engine.adapter-bytes: memory of resident adapters on the device
 * @param adapterHostBytes   engine.adapter-host-bytes: memory of adapters kept for their return
 * @param adapterLoads       engine.adapter-loads: most adapters loading at a time
 * @param contextLimit       engine.context-limit: most tokens of prompt and answer; the model's own limit if less
 * @param retryAfterMillis   engine.retry-after-millis: what a refused caller is told to wait
 * @param operators          engine.operators: whether our own operators compute where they can
 * @param speculation        engine.speculation: how far steps compute ahead
 */
public record TorchSettings(Precision precision, String device, int threads, long kvBytes, double kvFraction,
        int tokensPerBlock, int tokensPerStep, int maxRunning, int maxWaiting, int maxAdaptersPerStep, long adapterBytes,
        long adapterHostBytes, int adapterLoads, int contextLimit, int retryAfterMillis, boolean operators,
        Speculation speculation) {
    public static final TorchSettings DEFAULT = new TorchSettings(Precision.BF16, "cpu", 0, 512L << 20, 0, 16, 512, 64,
            256, 16, 1L << 30, 1L << 30, 2, 131_072, 1000, true, Speculation.DEFAULT);

    public TorchSettings {
        Objects.requireNonNull(precision);
        Objects.requireNonNull(device);
        Objects.requireNonNull(speculation);
        if (threads < 0) throw new IllegalArgumentException("threads " + threads);
        if (kvBytes < 0) throw new IllegalArgumentException("kvBytes " + kvBytes);
        if (kvBytes == 0 && !(kvFraction > 0 && kvFraction <= 1)) throw new IllegalArgumentException("kvFraction " + kvFraction);
        positive("tokensPerBlock", tokensPerBlock);
        positive("tokensPerStep", tokensPerStep);
        positive("maxRunning", maxRunning);
        positive("maxWaiting", maxWaiting);
        positive("maxAdaptersPerStep", maxAdaptersPerStep);
        positive("adapterBytes", adapterBytes);
        if (adapterHostBytes < 0) throw new IllegalArgumentException("adapterHostBytes " + adapterHostBytes);
        positive("adapterLoads", adapterLoads);
        positive("contextLimit", contextLimit);
        positive("retryAfterMillis", retryAfterMillis);
    }

    /** With KV pools of a size that is known. */
    public TorchSettings(Precision precision, String device, int threads, long kvBytes, int tokensPerBlock,
            int tokensPerStep, int maxRunning, int maxWaiting, int maxAdaptersPerStep, long adapterBytes,
            long adapterHostBytes, int adapterLoads, int contextLimit, int retryAfterMillis, boolean operators) {
        this(precision, device, threads, kvBytes, 0, tokensPerBlock, tokensPerStep, maxRunning, maxWaiting,
                maxAdaptersPerStep, adapterBytes, adapterHostBytes, adapterLoads, contextLimit, retryAfterMillis,
                operators, Speculation.DEFAULT);
    }

    public TorchSettings withPrecision(Precision other) {
        return new TorchSettings(other, device, threads, kvBytes, kvFraction, tokensPerBlock, tokensPerStep, maxRunning,
                maxWaiting, maxAdaptersPerStep, adapterBytes, adapterHostBytes, adapterLoads, contextLimit,
                retryAfterMillis, operators, speculation);
    }

    /** Prompts are computed in slices of at most this many tokens. */
    public TorchSettings withTokensPerStep(int other) {
        return new TorchSettings(precision, device, threads, kvBytes, kvFraction, tokensPerBlock, other, maxRunning,
                maxWaiting, maxAdaptersPerStep, adapterBytes, adapterHostBytes, adapterLoads, contextLimit,
                retryAfterMillis, operators, speculation);
    }

    public TorchSettings withOperators(boolean other) {
        return new TorchSettings(precision, device, threads, kvBytes, kvFraction, tokensPerBlock, tokensPerStep,
                maxRunning, maxWaiting, maxAdaptersPerStep, adapterBytes, adapterHostBytes, adapterLoads, contextLimit,
                retryAfterMillis, other, speculation);
    }

    public TorchSettings withSpeculation(Speculation other) {
        return new TorchSettings(precision, device, threads, kvBytes, kvFraction, tokensPerBlock, tokensPerStep,
                maxRunning, maxWaiting, maxAdaptersPerStep, adapterBytes, adapterHostBytes, adapterLoads, contextLimit,
                retryAfterMillis, operators, other);
    }

    private static void positive(String name, long value) {
        if (value < 1) throw new IllegalArgumentException(name + " " + value);
    }
}
