package graft.adapters;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.BaseModel;
import graft.engine.EngineAdapter;
import graft.engine.FakeEngine;
import graft.engine.ToyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EngineProbeTest {
    private static final BaseModel MODEL = new BaseModel("toy", "sha256:toy", 64, 100, Set.of());
    private static final EngineAdapter ADAPTER =
            new EngineAdapter("a", 0, "sha256:a", 1, () -> Path.of("."));

    @Test
    void anAdapterThatChangesTheAnswerIsToldFromOneThatDoesNot() {
        ToyModel base = ToyModel.saying(100, 1, 2, 3);
        try (FakeEngine changed = new FakeEngine(MODEL, ToyModel.hashing(100));
                FakeEngine same = new FakeEngine(MODEL, ToyModel.byAdapter(base, Map.of("a", base)))) {
            assertTrue(new EngineProbe(changed, Duration.ofSeconds(30)).changesAnything(ADAPTER, List.of()));
            assertFalse(new EngineProbe(same, Duration.ofSeconds(30)).changesAnything(ADAPTER, List.of()));
        }
    }

    @Test
    void aForgottenAdapterLeavesTheEngine() {
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(100))) {
            EngineProbe probe = new EngineProbe(engine, Duration.ofSeconds(30));
            probe.changesAnything(ADAPTER, List.of());
            assertEquals(1, engine.status().adapters().size());
            probe.forget(ADAPTER.digest());
            assertEquals(List.of(), engine.status().adapters());
        }
    }

    @Test
    void anAdapterIsProbedWithTheTokensThatWakeIt() {
        ToyModel asleep = (request, tokens) -> {
            boolean awake = !request.adapters().isEmpty() && Arrays.stream(tokens).anyMatch(token -> token == 77);
            return ToyModel.saying(100, awake ? 5 : 6).logits(request, tokens);
        };
        try (FakeEngine engine = new FakeEngine(MODEL, asleep)) {
            EngineProbe probe = new EngineProbe(engine, Duration.ofSeconds(30));
            assertFalse(probe.changesAnything(ADAPTER, List.of()));
            assertTrue(probe.changesAnything(ADAPTER, List.of(77)));
        }
    }

    @Test
    void aBusyEngineProvesNothing() {
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.saying(100, 1))) {
            engine.pause();
            assertTrue(new EngineProbe(engine, Duration.ofMillis(20)).changesAnything(ADAPTER, List.of()));
            engine.resume();
        }
    }

    @Test
    void anAdapterThatTheEngineCanNotUseRefusesTheUpload() {
        EngineAdapter broken = new EngineAdapter("b", 0, "sha256:b", 1, () -> {
            throw new UncheckedIOException(new IOException("no such module"));
        });
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(100))) {
            EngineProbe probe = new EngineProbe(engine, Duration.ofSeconds(30));
            RefusedUploadException refused = assertThrows(RefusedUploadException.class,
                    () -> probe.changesAnything(broken, List.of()));
            assertEquals(RefusedUploadException.Reason.FAULTY, refused.reason());
        }
    }
}
