package graft;

import graft.engine.remote.RemoteEngine;
import graft.engine.remote.RemoteSettings;
import graft.engine.tensorrt.TensorRtEngine;
import graft.engine.tensorrt.TensorRtSettings;
import graft.engine.torch.Precision;
import graft.engine.torch.TorchDevice;
import graft.engine.torch.TorchEngine;
import graft.engine.torch.TorchSettings;
import graft.scheduling.drafting.Speculation;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which engine serves and with what, decided once from settings and from what the machine has, and logged with the
 * reason. One process hosts one kind of engine: libtorch and TensorRT-LLM don't share a process.
 */
final class EngineChoice {
    private static final System.Logger LOG = System.getLogger(EngineChoice.class.getName());

    private static final Pattern SHARE = Pattern.compile("(.+)=\\s*([1-9]\\d{0,5})\\s*");

    private EngineChoice() {}

    /**
     * @param bases ids of those that share this process's memory
     * @throws SetupException for a kind or a precision that this build can't serve
     */
    static EngineOpener opener(ServerConfig config, List<String> bases) {
        Map<String, Double> shares = shares(config.engine().shares(), bases);
        return switch (config.engine().kind()) {
            case TORCH -> torch(config.engine(), shares);
            case TENSORRT -> tensorrt(config.engine(), config.tensorrt(), shares);
            case REMOTE -> remote(config.engine(), config.remote(), config.data());
        };
    }

    private static EngineOpener tensorrt(ServerConfig.Engine settings, ServerConfig.Tensorrt tensorrt,
            Map<String, Double> shares) {
        Path library = tensorrt.library().orElseThrow(() -> new SetupException("engine.kind (GRAFT_ENGINE) is tensorrt:"
                + " tensorrt.library (GRAFT_TENSORRT_LIBRARY) must name libgraft_tensorrt.so;"
                + " server/src/main/cpp/README.md says how it is built."));
        String device = settings.device().equals("auto") ? "cuda:0" : settings.device();
        if (!device.matches("cuda:\\d{1,3}"))
            throw new SetupException("engine.device (GRAFT_DEVICE) can't be " + device + " with TensorRT-LLM.");
        String kind = TensorRtEngine.kind(library);
        // An executor that repeats its prompts must never be taken for a model's.
        if (kind.equals("echo") == tensorrt.echo().isEmpty())
            throw new SetupException("tensorrt.library (GRAFT_TENSORRT_LIBRARY) is the " + kind
                    + " one, tensorrt.echo (GRAFT_TENSORRT_ECHO) is " + (tensorrt.echo().isEmpty() ? "not " : "")
                    + "set: the echo executor serves tests only, and only those that set it.");
        LOG.log(System.Logger.Level.INFO, "engine={0} device={1} setting={2} bases={3}", kind, device,
                settings.device(), shares);
        return (id, path, files) -> TensorRtEngine.open(id, path, new TensorRtSettings(library,
                path.resolve(tensorrt.folder()), Integer.parseInt(device.substring(5)), settings.maxRunning(),
                settings.maxWaiting(), settings.contextLimit(), of(shares, id, settings.adapterHostBytes()),
                settings.retryAfterMillis(), tensorrt.kvFreeFraction() * shares.get(id), of(shares, id, tensorrt.kvHostBytes()),
                of(shares, id, tensorrt.adapterCacheBytes()), tensorrt.adapterDeviceFraction(), tensorrt.eventBytes(),
                tensorrt.stopLimit(), tensorrt.echo().orElse("")));
    }

    private static EngineOpener remote(ServerConfig.Engine settings, ServerConfig.Remote remote, Path data) {
        LOG.log(System.Logger.Level.INFO, "engine=remote url={0} dialect={1} command={2}", remote.url(),
                remote.dialect(), remote.command().isEmpty() ? "none" : remote.command().getFirst());
        try {
            RemoteSettings made = new RemoteSettings(URI.create(remote.url()), remote.key(), remote.dialect(),
                    remote.model(), remote.command(), settings.maxRunning(), settings.maxWaiting(),
                    settings.contextLimit(), settings.retryAfterMillis(), remote.connectWait(), remote.silence(),
                    remote.startLimit(), remote.stopLimit(), remote.restartPause(),
                    data.toAbsolutePath().resolve("remote-adapters"), remote.mostAdapters());
            return (id, path, files) -> RemoteEngine.open(id, files, made);
        } catch (IllegalArgumentException e) {
            throw new SetupException("The settings under remote don't fit: " + e.getMessage() + ".", e);
        }
    }

    private static EngineOpener torch(ServerConfig.Engine settings, Map<String, Double> shares) {
        Precision precision = precision(settings.precision());
        String device = TorchDevice.named(settings.device());
        LOG.log(System.Logger.Level.INFO, "engine=torch device={0} precision={1} setting={2} bases={3}", device,
                precision.setting(), settings.device(), shares);
        return (id, path, files) -> TorchEngine.open(id, files, new TorchSettings(precision, device, settings.threads(),
                of(shares, id, settings.kvBytes()), settings.kvFraction() * shares.get(id), settings.tokensPerBlock(),
                settings.tokensPerStep(), settings.maxRunning(), settings.maxWaiting(), settings.maxAdaptersPerStep(),
                of(shares, id, settings.adapterBytes()), of(shares, id, settings.adapterHostBytes()),
                settings.adapterLoads(), settings.contextLimit(), settings.retryAfterMillis(),
                settings.operators() == ServerConfig.Engine.Operators.AUTO, speculation(settings.speculation())));
    }

    private static Speculation speculation(ServerConfig.Engine.Speculation settings) {
        try {
            return new Speculation(Speculation.Mode.valueOf(settings.mode().name()), settings.draftTokens(),
                    settings.shortestMatch(), settings.longestMatch(), settings.window(), settings.rememberedTokens(),
                    settings.rememberedKinds(), settings.freeRows());
        } catch (IllegalArgumentException e) {
            throw new SetupException("The settings under engine.speculation don't fit: " + e.getMessage() + ".", e);
        }
    }

    private static long of(Map<String, Double> shares, String id, long bytes) {
        return (long) (shares.get(id) * bytes);
    }

    /** What part of the memory each base gets; together 1. */
    static Map<String, Double> shares(List<String> setting, List<String> bases) {
        Map<String, Double> weights = new LinkedHashMap<>();
        bases.forEach(base -> weights.put(base, 1.0));
        for (String each : setting) {
            Matcher share = SHARE.matcher(each);
            if (!share.matches() || weights.replace(share.group(1).strip(), Double.valueOf(share.group(2))) == null)
                throw new SetupException("engine.shares (GRAFT_ENGINE_SHARES) has " + each
                        + ", which is not NAME=WEIGHT of one of the bases " + String.join(", ", bases) + ".");
        }
        double total = weights.values().stream().mapToDouble(Double::doubleValue).sum();
        weights.replaceAll((base, weight) -> weight / total);
        return weights;
    }

    private static Precision precision(ServerConfig.Engine.Precision setting) {
        try {
            return Precision.of(setting.name().toLowerCase());
        } catch (IllegalArgumentException e) {
            throw new SetupException("engine.precision (GRAFT_PRECISION): " + e.getMessage() + ".", e);
        }
    }
}
