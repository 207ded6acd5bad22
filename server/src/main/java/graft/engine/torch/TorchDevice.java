package graft.engine.torch;

import ai.djl.engine.Engine;

/** Names of devices as settings write them. */
public final class TorchDevice {
    private TorchDevice() {}

    /** What {@code auto} stands for: the first GPU that this libtorch can use, else the processor. */
    public static String named(String setting) {
        if (!setting.equals("auto")) return setting;
        return Engine.getEngine("PyTorch").getGpuCount() > 0 ? "cuda:0" : "cpu";
    }
}
