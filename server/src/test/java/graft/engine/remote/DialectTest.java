package graft.engine.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import graft.engine.EngineRequest;
import graft.engine.Sampling;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What each kind of server is sent, and what its events are read as. */
class DialectTest {
    private static final Dialect.Laid LAID = new Dialect.Laid("graft-ab", 7, "/data/ab");

    private static String written(Dialect dialect, Optional<Dialect.Laid> adapter) throws IOException {
        StringWriter text = new StringWriter();
        EngineRequest request = new EngineRequest("r", "t", new int[] {5, 6}, 9, Sampling.GREEDY, List.of(), Set.of(2),
                3, Optional.empty());
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            dialect.write(json, "base", request, adapter);
        }
        return text.toString();
    }

    @Test
    void trtllmServeIsAskedForIdsAndGivenTheAdaptersFolder() throws IOException {
        String json = written(Dialect.TRTLLM, Optional.of(LAID));
        for (String part : List.of("\"model\":\"base\"", "\"prompt\":[5,6]", "\"max_tokens\":9", "\"stream\":true",
                "\"detokenize\":false", "\"stop_token_ids\":[2]", "\"lora_request\":{\"lora_name\":\"graft-ab\","
                        + "\"lora_int_id\":7,\"lora_path\":\"/data/ab\"}"))
            assertTrue(json.contains(part), part + " in " + json);
    }

    @Test
    void vllmNamesTheAdapterAsItsModelAndLlamaCppHasAnotherRoute() throws IOException {
        assertTrue(written(Dialect.VLLM, Optional.of(LAID)).contains("\"model\":\"graft-ab\""));
        String llama = written(Dialect.LLAMA_CPP, Optional.empty());
        assertTrue(llama.contains("\"n_predict\":9") && llama.contains("\"return_tokens\":true"), llama);
        assertEquals("/completion", Dialect.LLAMA_CPP.path());
    }

    @Test
    void eventsOfEveryDialectAreRead() throws IOException {
        Chunk graft = Chunk.of("{\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"length\",\"graft\":{"
                + "\"token_ids\":[4,5],\"top_logprobs\":[[{\"id\":4,\"logprob\":-0.5},{\"id\":9,\"logprob\":-2}],"
                + "[{\"id\":5,\"logprob\":-1}]]}}],\"usage\":{\"prompt_tokens\":3,\"prompt_tokens_details\":{"
                + "\"cached_tokens\":2}}}");
        assertEquals(List.of(4, 5), graft.tokens());
        assertEquals(List.of(List.of(new Chunk.Alternative(4, -0.5), new Chunk.Alternative(9, -2)),
                List.of(new Chunk.Alternative(5, -1))), graft.top());
        assertEquals(Optional.of("length"), graft.finish());
        assertEquals(2, graft.cached().orElseThrow());
        Chunk llama = Chunk.of("{\"content\":\"a\",\"tokens\":[7],\"stop\":true,\"stop_type\":\"eos\","
                + "\"tokens_evaluated\":12,\"timings\":{\"cache_n\":4},\"completion_probabilities\":[{\"id\":7,"
                + "\"logprob\":-0.1,\"top_logprobs\":[{\"id\":7,\"logprob\":-0.1},{\"id\":8,\"logprob\":-3}]}]}");
        assertEquals(List.of(7), llama.tokens());
        assertEquals(Optional.of("stop"), llama.finish());
        assertEquals(2, llama.top().getFirst().size());
        assertEquals(4, llama.cached().orElseThrow());
        Chunk trtllm = Chunk.of("{\"choices\":[{\"index\":0,\"text\":\"\",\"token_ids\":[1,2],"
                + "\"finish_reason\":null}]}");
        assertEquals(List.of(1, 2), trtllm.tokens());
        assertEquals(Optional.empty(), trtllm.finish());
        assertEquals(Optional.of("no"), Chunk.of("{\"error\":{\"message\":\"no\",\"code\":500}}").error());
    }
}
