package graft.admission;

import java.util.Objects;
import java.util.Optional;

/**
 * The worst case of one request: what it may cost at most, before anything is computed.
 *
 * @param requestId      the same id as in the ledger, so that settling there frees what is held here
 * @param baseId         which base model or embedder
 * @param adapterName    whose prices apply; none for the base itself
 * @param promptTokens   of one prompt, passages included
 * @param maxNewTokens   of one choice; 0 where nothing is generated (embeddings)
 * @param choices        n, at least 1
 * @param retrievals     searches of knowledge stores that it may make
 */
public record AdmissionRequest(Caller caller, String requestId, String baseId, Optional<String> adapterName,
        long promptTokens, long maxNewTokens, int choices, int retrievals) {
    public AdmissionRequest {
        Objects.requireNonNull(caller);
        Objects.requireNonNull(requestId);
        Objects.requireNonNull(baseId);
        Objects.requireNonNull(adapterName);
        if (promptTokens < 0) throw new IllegalArgumentException("promptTokens " + promptTokens);
        if (maxNewTokens < 0) throw new IllegalArgumentException("maxNewTokens " + maxNewTokens);
        if (choices < 1) throw new IllegalArgumentException("choices " + choices);
        if (retrievals < 0) throw new IllegalArgumentException("retrievals " + retrievals);
    }

    /** Tokens of all choices, as tokens-per-minute counts them. */
    public long worstCaseTokens() {
        return Math.multiplyExact(Math.addExact(promptTokens, maxNewTokens), choices);
    }
}
