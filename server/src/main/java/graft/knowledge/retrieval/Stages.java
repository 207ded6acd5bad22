package graft.knowledge.retrieval;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** Microseconds of a retrieval by stage. Legs run beside each other: stages may add up to more than the whole. */
public final class Stages {
    private final Map<Stage, Long> micros = new EnumMap<>(Stage.class);

    /** In the order in which they are told. */
    public enum Stage { EMBED, VECTOR, LEXICAL, FUSE, RERANK, RENDER, RECORD }

    /** Any thread may call. @return what the work returned */
    public <T> T time(Stage stage, Supplier<T> work) {
        long began = System.nanoTime();
        try {
            return work.get();
        } finally {
            add(stage, (System.nanoTime() - began) / 1000);
        }
    }

    private synchronized void add(Stage stage, long more) {
        micros.merge(stage, more, Long::sum);
    }

    /** By their names in lower case; only stages that ran. */
    public synchronized Map<String, Long> micros() {
        Map<String, Long> named = new LinkedHashMap<>();
        micros.forEach((stage, time) -> named.put(stage.name().toLowerCase(Locale.ROOT), time));
        return named;
    }
}
