package graft.api;

import graft.admission.Caller;
import graft.admission.CatalogView;
import graft.admission.ResolvedModel;
import graft.generation.EngineModel;
import graft.generation.Generation;
import graft.generation.GenerationRequest;
import graft.generation.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Names of requests to models, and refusals of generation to errors of the contract. Any thread may call. */
final class Models {
    private final CatalogView catalog;
    private final Generation generation;

    Models(CatalogView catalog, Generation generation) {
        this.catalog = catalog;
        this.generation = generation;
    }

    /** What a name stands for now, and the base that serves it. */
    record Target(ResolvedModel model, EngineModel base, List<GenerationRequest.Composed> composed) {
        /** Digests of the adapters in use, in the order they are added up; empty for the base alone. */
        Optional<String> adapterDigest() {
            List<String> digests = new ArrayList<>();
            model.adapter().ifPresent(adapter -> digests.add(adapter.digest()));
            composed.forEach(one -> digests.add(one.adapter().digest()));
            return digests.isEmpty() ? Optional.empty() : Optional.of(String.join("+", digests));
        }
    }

    /**
     * @param sticky who keeps to one side of a split, see {@link CatalogView#resolve}
     * @throws ApiException 400 without a name, 404 for what is absent or foreign
     */
    Target target(Caller caller, String name, GraftOptions options, Optional<String> sticky) {
        if (name == null || name.isBlank()) throw ApiException.invalid("model", "'model' is missing.");
        ResolvedModel model = catalog.resolve(caller, name, sticky).orElseThrow(() -> ApiException.modelNotFound(name));
        EngineModel base = generation.model(model.baseId()).orElseThrow(() -> ApiException.modelNotFound(name));
        if (!options.knowledge().storeIds().stream().allMatch(caller::mayUseStore)) throw ApiException.notFound();
        List<GenerationRequest.Composed> composed = new ArrayList<>();
        for (int i = 0; i < options.composed().size(); i++) {
            composed.add(composed(caller, options.composed().get(i), "graft.adapters[" + i + "].name", model,
                    sticky));
        }
        return new Target(model, base, composed);
    }

    private GenerationRequest.Composed composed(Caller caller, GraftOptions.Composed asked, String param,
            ResolvedModel model, Optional<String> sticky) {
        ResolvedModel found = catalog.resolve(caller, asked.name(), sticky)
                .orElseThrow(() -> ApiException.modelNotFound(asked.name()));
        ResolvedModel.Adapter adapter = found.adapter().orElseThrow(() ->
                ApiException.invalid(param, "'" + asked.name() + "' is no adapter."));
        if (!found.baseId().equals(model.baseId()))
            throw ApiException.invalid(param, "'" + asked.name() + "' belongs to another base model.");
        return new GenerationRequest.Composed(adapter, asked.scale() == null ? 1 : asked.scale());
    }

    /** Whom OpenAI's fields name: the user, where there is one, else the conversation. */
    static Optional<String> sticky(String safetyIdentifier, String user, String promptCacheKey) {
        return Stream.of(Optional.ofNullable(safetyIdentifier), Optional.ofNullable(user),
                Optional.ofNullable(promptCacheKey)).flatMap(Optional::stream)
                .filter(key -> !key.isEmpty()).findFirst();
    }

    /** As an error; a refusal by a limit says in its headers where the tenant stands. */
    static ApiException refuse(Exchange exchange, Outcome.Refusal refusal) {
        if (refusal instanceof Outcome.Limited limited) limited.refused().limits().headers().forEach(exchange::header);
        return refusal(refusal);
    }

    static ApiException refusal(Outcome.Refusal refusal) {
        return switch (refusal) {
            case Outcome.Invalid invalid -> ApiException.invalid(invalid.param(), invalid.message());
            case Outcome.ContextTooLong tooLong -> ApiException.contextLengthExceeded(tooLong.param(),
                    tooLong.message());
            case Outcome.NoTokenizer none -> ApiException.modelHasNoTokenizer(none.model());
            case Outcome.NotServed absent -> ApiException.modelNotFound(absent.model());
            case Outcome.UnknownStore _ -> ApiException.notFound();
            case Outcome.Busy busy -> ApiException.serverBusy(busy.retryAfter());
            case Outcome.Limited limited -> switch (limited.refused().kind()) {
                case RATE -> ApiException.rateLimitExceeded(limited.refused().message(), limited.refused()
                        .retryAfter());
                case QUOTA -> ApiException.insufficientQuota(limited.refused().message(), limited.refused()
                        .retryAfter());
            };
        };
    }
}
