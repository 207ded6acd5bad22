package graft.engine.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Devices as settings name them, and what is free of their memory. */
public final class TorchDevice {
    private TorchDevice() {}

    /** What {@code auto} stands for: the first GPU that this libtorch can use, else the processor. */
    public static String named(String setting) {
        if (!setting.equals("auto")) return setting;
        return Engine.getEngine("PyTorch").getGpuCount() > 0 ? "cuda:0" : "cpu";
    }

    /** Bytes that nobody uses now: of a GPU its own, else the machine's, or the container's if that has less. */
    static long freeBytes(String device) {
        if (device.startsWith("cuda")) {
            MemoryUsage gpu = CudaUtils.getGpuMemory(Device.fromName(device.replaceFirst("^cuda:?", "gpu")));
            return gpu.getMax() - gpu.getUsed();
        }
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long total = memory("MemTotal:", system.getTotalMemorySize());
        long available = memory("MemAvailable:", system.getFreeMemorySize());
        return system.getTotalMemorySize() < total ? Math.min(available, system.getFreeMemorySize()) : available;
    }

    /** Linux counts files it could forget as available, Java does not. */
    private static long memory(String name, long elsewhere) {
        Path file = Path.of("/proc/meminfo");
        if (!Files.isReadable(file)) return elsewhere;
        try {
            List<String> lines = Files.readAllLines(file);
            return lines.stream().filter(line -> line.startsWith(name)).findFirst()
                    .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).orElse(elsewhere);
        } catch (IOException unreadable) {
            return elsewhere;
        }
    }
}
