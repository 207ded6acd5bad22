package graft.generation.grammar;

import graft.tokens.HuggingFaceTokenizer;
import graft.weights.DemoModel;
import graft.weights.ModelFiles;
import org.junit.jupiter.api.Test;

/** The same over the demo model's vocabulary, whose tokens cross the borders between keys, values and brackets. */
class GrammarIT {
    @Test
    void everyRandomAnswerInTheDemoModelsTokensIsValid() {
        try (ModelFiles model = ModelFiles.open(DemoModel.gguf(), ModelFiles.DEFAULT_HEADER_LIMIT);
                HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.of(model.tokenizerJson().orElseThrow())) {
            SchemaCases.drawAll(tokenizer, model.stopTokens(), 3, 200);
        }
    }
}
