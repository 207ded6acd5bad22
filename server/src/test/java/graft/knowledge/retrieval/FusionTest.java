package graft.knowledge.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import graft.registry.knowledge.SearchDao.Hit;
import java.util.List;
import org.junit.jupiter.api.Test;

class FusionTest {
    @Test
    void ranksCountScoresDoNotAndTiesGoToTheLowerNumber() {
        List<Hit> lexical = List.of(new Hit(3, 900), new Hit(1, 899));
        List<Hit> vector = List.of(new Hit(1, 0.9), new Hit(3, 0.1), new Hit(2, 0.05));
        List<Fusion.Fused> fused = Fusion.fuse(List.of(lexical, vector), 60);
        assertEquals(List.of(1L, 3L, 2L), fused.stream().map(Fusion.Fused::chunk).toList());
        assertEquals(fused.get(0).score(), fused.get(1).score());
        assertEquals(1, Fusion.fuse(List.of(lexical, lexical), 60).getFirst().score(), 1e-12);
        assertEquals((1.0 / 63) / (2.0 / 61), fused.get(2).score(), 1e-12);
    }
}
