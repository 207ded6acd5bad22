package graft;

import graft.engine.torch.Precision;
import graft.engine.torch.TorchDevice;
import graft.engine.torch.TorchSettings;

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
    static TorchSettings torch(ServerConfig.Engine settings, int bases) {
        if (settings.kind() != ServerConfig.Engine.Kind.TORCH) {
            throw new SetupException("engine.kind (GRAFT_ENGINE) is " + settings.kind().name().toLowerCase()
                    + ", which this build does not serve; use torch.");
        }
        Precision precision = precision(settings.precision());
        String device = TorchDevice.named(settings.device());
        LOG.log(System.Logger.Level.INFO, "engine=torch device={0} precision={1} setting={2} bases={3}", device,
                precision.setting(), settings.device(), bases);
        return new TorchSettings(precision, device, settings.threads(), settings.kvBytes() / bases,
                settings.tokensPerBlock(), settings.tokensPerStep(), settings.maxRunning(), settings.maxWaiting(),
                settings.maxAdaptersPerStep(), settings.adapterBytes() / bases, settings.adapterHostBytes() / bases,
                settings.adapterLoads(), settings.contextLimit(), settings.retryAfterMillis());
    }

    private static Precision precision(ServerConfig.Engine.Precision setting) {
        try {
            return Precision.of(setting.name().toLowerCase());
        } catch (IllegalArgumentException e) {
            throw new SetupException("engine.precision (GRAFT_PRECISION): " + e.getMessage() + ".", e);
        }
    }
}
