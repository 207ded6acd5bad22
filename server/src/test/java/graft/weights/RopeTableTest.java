package graft.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Against transformers' arithmetic, repeated in numpy's float32 (src/test/resources/README.md). */
class RopeTableTest {
    private static final double TWO_LAST_BITS = 3e-7;

    @Test
    void frequenciesAreThoseOfTransformers() throws IOException {
        JsonNode cases;
        try (var in = RopeTableTest.class.getResourceAsStream("/rope/frequencies.json")) {
            cases = new ObjectMapper().readTree(in);
        }
        assertEquals(11, cases.size());
        for (JsonNode one : cases) {
            RopeTable table = RopeTable.of(scaling(one), one.get("rope_theta").asDouble(), one.get("dim").asInt(),
                    one.path("length").asInt(1));
            assertEquals(one.get("attention").asDouble(), table.attentionFactor(), 1e-12, one.get("type").asText());
            assertEquals(one.get("inverse").size(), table.inverseFrequencies().length);
            for (int pair = 0; pair < table.inverseFrequencies().length; pair++) {
                double wanted = one.get("inverse").get(pair).asDouble();
                assertEquals(wanted, table.inverseFrequencies()[pair], wanted * TWO_LAST_BITS,
                        one.get("type").asText() + " " + pair);
            }
        }
    }

    /** Through the reader of configurations, so that its defaults are proved too. */
    private static RopeScaling scaling(JsonNode one) {
        StringBuilder json = new StringBuilder("{\"rope_type\":\"" + one.get("type").asText() + "\"");
        String[][] fields = {{"factor", "factor"}, {"low", "low_freq_factor"}, {"high", "high_freq_factor"},
            {"original", "original_max_position_embeddings"}, {"mscale", "mscale"},
            {"mscale_all_dim", "mscale_all_dim"},
            {"beta_fast", "beta_fast"}, {"truncate", "truncate"}, {"attention_factor", "attention_factor"}};
        for (String[] field : fields) {
            if (one.has(field[0])) json.append(",\"").append(field[1]).append("\":").append(one.get(field[0]));
        }
        JsonFields read = JsonFields.parse("rope", json.append("}").toString().getBytes(), InvalidModelException::new);
        return RopeReader.read(read, java.util.Optional.empty(), one.path("max").asInt(4096));
    }

    @Test
    void tablesHoldCosinesAndSinesOfPositionTimesFrequency() {
        RopeTable table = RopeTable.of(new RopeScaling.Yarn(4, 1.5, 32, 1, 2048, true, 0), 10_000, 8, 16);
        float[] cos = table.cos(16);
        float[] sin = table.sin(16);
        assertEquals(64, cos.length);
        assertEquals(1.5f, cos[0]);
        assertEquals(0f, sin[0]);
        assertEquals(1.5f * (float) Math.cos(7f * table.inverseFrequencies()[2]), cos[7 * 4 + 2]);
        assertEquals(1.5f * (float) Math.sin(7f * table.inverseFrequencies()[2]), sin[7 * 4 + 2]);
        assertThrows(IllegalArgumentException.class, () -> RopeTable.of(new RopeScaling.None(), 10_000, 7, 16));
    }
}
