package graft;

import graft.engine.remote.RemoteEngine;
import graft.engine.remote.RemoteSettings;
import graft.engine.tensorrt.TensorRtEngine;
import graft.engine.tensorrt.TensorRtSettings;
import graft.engine.torch.Precision;
import graft.engine.torch.TorchDevice;
import graft.engine.torch.TorchEngine;
import graft.engine.torch.TorchSettings;
import java.net.URI;
import java.nio.file.Path;

/**
 * Which engine serves and with what, decided once from settings and from what the machine has, and logged with the
 * reason. One process hosts one kind of engine: libtorch and TensorRT-LLM don't share a process.
 */
final class EngineChoice {
    private static final System.Logger LOG = System.getLogger(EngineChoice.class.getName());

    private EngineChoice() {}

    /**
     * @param bases how many share this process's memory
     * @throws SetupException for a kind or a precision that this build can't serve
     */
    static EngineOpener opener(ServerConfig config, int bases) {
        return switch (config.engine().kind()) {
            case TORCH -> {
                TorchSettings settings = torch(config.engine(), bases);
                yield (id, path, files) -> TorchEngine.open(id, files, settings);
            }
            case TENSORRT -> tensorrt(config.engine(), config.tensorrt(), bases);
            case REMOTE -> remote(config.engine(), config.remote(), config.data());
        };
    }

    private static EngineOpener tensorrt(ServerConfig.Engine settings, ServerConfig.Tensorrt tensorrt, int bases) {
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
                settings.device(), bases);
        return (id, path, files) -> TensorRtEngine.open(id, path, new TensorRtSettings(library,
                path.resolve(tensorrt.folder()), Integer.parseInt(device.substring(5)), settings.maxRunning(),
                settings.maxWaiting(), settings.contextLimit(), settings.adapterHostBytes() / bases,
                settings.retryAfterMillis(), tensorrt.kvFreeFraction() / bases, tensorrt.kvHostBytes() / bases,
                tensorrt.adapterCacheBytes() / bases, tensorrt.adapterDeviceFraction(), tensorrt.eventBytes(),
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

    private static TorchSettings torch(ServerConfig.Engine settings, int bases) {
        Precision precision = precision(settings.precision());
        String device = TorchDevice.named(settings.device());
        LOG.log(System.Logger.Level.INFO, "engine=torch device={0} precision={1} setting={2} bases={3}", device,
                precision.setting(), settings.device(), bases);
        return new TorchSettings(precision, device, settings.threads(), settings.kvBytes() / bases,
                settings.tokensPerBlock(), settings.tokensPerStep(), settings.maxRunning(), settings.maxWaiting(),
                settings.maxAdaptersPerStep(), settings.adapterBytes() / bases, settings.adapterHostBytes() / bases,
                settings.adapterLoads(), settings.contextLimit(), settings.retryAfterMillis(),
                settings.operators() == ServerConfig.Engine.Operators.AUTO);
    }

    private static Precision precision(ServerConfig.Engine.Precision setting) {
        try {
            return Precision.of(setting.name().toLowerCase());
        } catch (IllegalArgumentException e) {
            throw new SetupException("engine.precision (GRAFT_PRECISION): " + e.getMessage() + ".", e);
        }
    }
}
