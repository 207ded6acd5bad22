package graft.api;

import graft.admission.Admission;
import graft.admission.CatalogView;
import graft.generation.Generation;
import graft.knowledge.TextEmbedder;
import graft.metering.UsageRecorder;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** Models, chat, completions and embeddings over HTTP. */
public final class InferenceApi {
    private final List<Resource> resources;

    /**
     * @param maxChoices of one request over all its prompts ({@code limits.max-choices}, 64)
     * @param maxTools   of one request ({@code tools.most}, 128)
     */
    public record Settings(int maxChoices, int maxTools) {
        public static final Settings DEFAULT = new Settings(64, 128);
    }

    /** @param embeddings none: /v1/embeddings knows no model */
    public InferenceApi(CatalogView catalog, Generation generation, Optional<TextEmbedder> embeddings,
            Admission admission,
            UsageRecorder usage, Settings settings, Clock clock) {
        Models models = new Models(catalog, generation);
        resources = List.of(new ModelsResource(catalog),
                new ChatResource(models, generation, settings, clock),
                new CompletionsResource(models, generation, settings.maxChoices(), clock),
                new EmbeddingsResource(embeddings, admission, usage));
    }

    List<Resource> resources() {
        return resources;
    }
}
