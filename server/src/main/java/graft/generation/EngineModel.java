package graft.generation;

import graft.engine.InferenceEngine;
import graft.tokens.Tokenizer;
import java.util.Objects;
import java.util.Optional;

/**
 * A base model as generation meets it: its engine and what its folder holds for text.
 *
 * @param tokenizer    none: served for token ids only
 * @param chatTemplate none: served for completions only
 * @param bosToken     text of the token that begins a text; empty if there is none
 * @param eosToken     text of the token that ends one; empty if there is none
 */
public record EngineModel(InferenceEngine engine, Optional<Tokenizer> tokenizer, Optional<ChatTemplate> chatTemplate,
        String bosToken, String eosToken) {
    public EngineModel {
        Objects.requireNonNull(engine);
        Objects.requireNonNull(tokenizer);
        Objects.requireNonNull(chatTemplate);
        Objects.requireNonNull(bosToken);
        Objects.requireNonNull(eosToken);
    }

    /** The text of one token as UTF-8, perhaps half a character; empty without a tokenizer. */
    public byte[] bytes(int id) {
        return tokenizer.map(one -> one.bytes(id)).orElse(new byte[0]);
    }

    /** Empty without a tokenizer. */
    public String decode(int[] ids) {
        return tokenizer.map(one -> one.decode(ids)).orElse("");
    }
}
