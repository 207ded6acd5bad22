package graft.metering;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;

/**
 * What the process holds of the machine, under the names of Prometheus's own client libraries: whether it grows shows a
 * leak before it hurts. What Linux tells in /proc is absent elsewhere.
 */
final class ProcessMetrics {
    private static final Path SELF = Path.of("/proc/self");
    private static final int PAGE_BYTES = 4096;

    private ProcessMetrics() {}

    static void register(PrometheusRegistry registry) {
        gauge(registry, "jvm_threads_current", "Platform threads of the JVM.",
                () -> ManagementFactory.getThreadMXBean().getThreadCount());
        GaugeWithCallback.builder().name("jvm_memory_used_bytes").help("Used of the JVM's memory.").labelNames("area")
                .callback(gauge -> {
                    var memory = ManagementFactory.getMemoryMXBean();
                    gauge.call(memory.getHeapMemoryUsage().getUsed(), "heap");
                    gauge.call(memory.getNonHeapMemoryUsage().getUsed(), "nonheap");
                }).register(registry);
        GaugeWithCallback.builder().name("jvm_buffer_pool_used_bytes").help("Buffers outside the heap.")
                .labelNames("pool").callback(gauge -> {
                    for (var pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class))
                        gauge.call(pool.getMemoryUsed(), pool.getName());
                }).register(registry);
        if (!Files.isReadable(SELF.resolve("statm"))) return;
        gauge(registry, "process_resident_memory_bytes", "Resident memory.", ProcessMetrics::resident);
        gauge(registry, "process_open_fds", "Open file descriptors.", ProcessMetrics::openFiles);
    }

    private static void gauge(PrometheusRegistry registry, String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder().name(name).help(help).callback(gauge -> gauge.call(value.getAsDouble()))
                .register(registry);
    }

    /** The second number of statm counts pages (proc_pid_statm(5)). */
    private static double resident() {
        try {
            return (double) Long.parseLong(Files.readString(SELF.resolve("statm")).split(" ")[1]) * PAGE_BYTES;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double openFiles() {
        try (Stream<Path> files = Files.list(SELF.resolve("fd"))) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
