package graft.engine.tensorrt;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * What a TensorRT-LLM engine may take of the machine.
 *
 * @param library               tensorrt.library: libgraft_tensorrt.so
 * @param folder                of the engine, as trtllm-build writes it; tensorrt.folder below the base's own folder
 * @param device                CUDA ordinal, of engine.device
 * @param maxRunning            engine.max-running
 * @param maxWaiting            engine.max-waiting
 * @param contextLimit          engine.context-limit
 * @param adapterHostBytes      engine.adapter-host-bytes: packed adapters kept for being sent again
 * @param retryAfterMillis      engine.retry-after-millis
 * @param kvFreeFraction        tensorrt.kv-free-fraction: of free device memory, for the KV cache
 * @param kvHostBytes           tensorrt.kv-host-bytes: second KV tier in host memory
 * @param adapterCacheBytes     tensorrt.adapter-cache-bytes: the executor's own adapter cache in host memory
 * @param adapterDeviceFraction tensorrt.adapter-device-fraction: of device memory left after the engine
 * @param eventBytes            tensorrt.event-bytes: the buffer that news is fetched into
 * @param stopLimit             tensorrt.stop-limit: how long ending requests may take when the engine closes
 * @param extra                 tensorrt.extra: words for the echo executor
 */
public record TensorRtSettings(Path library, Path folder, int device, int maxRunning, int maxWaiting, int contextLimit,
        long adapterHostBytes, int retryAfterMillis, double kvFreeFraction, long kvHostBytes, long adapterCacheBytes,
        double adapterDeviceFraction, int eventBytes, Duration stopLimit, String extra) {
    private static final int SMALLEST_EVENTS = 64 << 10;

    public TensorRtSettings {
        Objects.requireNonNull(library);
        Objects.requireNonNull(folder);
        Objects.requireNonNull(stopLimit);
        Objects.requireNonNull(extra);
        if (device < 0) throw new IllegalArgumentException("device " + device);
        if (maxRunning < 1) throw new IllegalArgumentException("maxRunning " + maxRunning);
        if (maxWaiting < 1) throw new IllegalArgumentException("maxWaiting " + maxWaiting);
        if (!(kvFreeFraction > 0 && kvFreeFraction < 1))
            throw new IllegalArgumentException("kvFreeFraction " + kvFreeFraction);
        if (!(adapterDeviceFraction > 0 && adapterDeviceFraction < 1))
            throw new IllegalArgumentException("adapterDeviceFraction " + adapterDeviceFraction);
        if (eventBytes < SMALLEST_EVENTS) throw new IllegalArgumentException("eventBytes " + eventBytes);
    }
}
