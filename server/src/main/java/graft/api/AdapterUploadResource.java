package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.adapters.AdapterUpload;
import graft.adapters.AdapterUpload.Wanted;
import graft.adapters.RefusedUploadException;
import graft.adapters.ServedBase;
import graft.admission.Caller;
import graft.admission.Catalog;
import graft.registry.catalog.AdapterVersionDao.Published;
import graft.registry.tenant.Scope;
import graft.registry.tenant.Tenant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Takes new adapter versions. The whole body is read and proved, whatever is stored already. */
final class AdapterUploadResource implements Resource {
    private static final Set<String> FIELDS = Set.of("base_model", "manifest", "alias", "note", "tenant");
    private static final Set<String> PROMPT_FORMATS = Set.of("documents-v1", "raft-v1");
    private static final int LONGEST_NOTE = 4096;
    private static final Duration BUSY = Duration.ofSeconds(5);
    private final AdapterUpload upload;
    private final List<ServedBase> bases;
    private final AdapterTenants tenants;
    private final Catalog catalog;
    private final Multipart.Limits limits;

    AdapterUploadResource(AdapterUpload upload, List<ServedBase> bases, AdapterTenants tenants, Catalog catalog,
            Multipart.Limits limits) {
        this.upload = upload;
        this.bases = bases;
        this.tenants = tenants;
        this.catalog = catalog;
        this.limits = limits;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.post("/admin/v1/adapters/{name}/versions", Scope.ADAPTERS, this::create));
    }

    private void create(Exchange exchange) throws IOException {
        String name = exchange.path("name");
        Optional<ApiException> badName = AdapterNames.refusal(name, catalog);
        if (badName.isPresent()) throw Multipart.refuse(exchange, limits, badName.get());
        Optional<AdapterUpload.Session> place = upload.begin();
        if (place.isEmpty()) throw Multipart.refuse(exchange, limits, ApiException.serverBusy(BUSY));
        try (AdapterUpload.Session session = place.get()) {
            Map<String, String> fields = new HashMap<>();
            List<String> warnings = new ArrayList<>();
            Multipart.read(exchange, limits, part -> take(part, session, fields, warnings));
            Published published = publish(exchange.caller(), session, name, fields, warnings);
            catalog.changed();
            answer(exchange, published);
        } catch (RefusedUploadException e) {
            throw refusal(e);
        }
    }

    private static void take(Multipart.Part part, AdapterUpload.Session session, Map<String, String> fields,
            List<String> warnings) throws IOException {
        if (part.filename().isPresent()) {
            add(part, session);
        } else if (!FIELDS.contains(part.name())) {
            String shown = part.name().length() > 100 ? part.name().substring(0, 100) + "..." : part.name();
            warnings.add("The field '" + shown + "' means nothing here and was ignored.");
        } else if (fields.put(part.name(), part.text().strip()) != null) {
            throw ApiException.invalid(part.name(), "The field '" + part.name() + "' was sent twice.");
        }
    }

    /** Refusals become answers here, so that the rest of the body is read before they are sent. */
    private static void add(Multipart.Part part, AdapterUpload.Session session) throws IOException {
        if (part.filename().orElseThrow().isEmpty()) return; // a form's file input that was left empty
        try {
            session.add(part.filename().get(), part.content());
        } catch (RefusedUploadException e) {
            throw refusal(e);
        }
    }

    private static ApiException refusal(RefusedUploadException e) {
        return switch (e.reason()) {
            case FAULTY -> ApiException.invalidAdapter(e.getMessage());
            case TOO_LARGE -> ApiException.tooLarge(e.getMessage());
        };
    }

    private Published publish(Caller caller, AdapterUpload.Session session, String name, Map<String, String> fields,
            List<String> warnings) throws IOException {
        Optional<String> named = field(fields, "tenant");
        String owner = tenants.owner(caller, named);
        boolean shared = named.isEmpty() && caller.tenantId().equals(Tenant.OPERATOR);
        Optional<String> alias = field(fields, "alias");
        alias.ifPresent(AdapterNames::checkAlias);
        String note = fields.getOrDefault("note", "");
        if (note.length() > LONGEST_NOTE)
            throw ApiException.invalid("note", "'note' may have " + LONGEST_NOTE + " characters.");
        return session.publish(owner, new Wanted(name, base(field(fields, "base_model")), shared,
                manifest(field(fields, "manifest")), note, alias, warnings, caller.keyId()));
    }

    private static Optional<String> field(Map<String, String> fields, String name) {
        return Optional.ofNullable(fields.get(name)).filter(value -> !value.isEmpty());
    }

    private ServedBase base(Optional<String> named) {
        if (named.isPresent()) return bases.stream().filter(base -> base.model().id().equals(named.get())).findFirst()
                .orElseThrow(() -> ApiException.modelNotFound(named.get()));
        if (bases.size() == 1) return bases.getFirst();
        throw ApiException.invalid("base_model", "Say for which base model the adapter is: 'base_model' must be one of "
                + bases.stream().map(base -> base.model().id()).toList() + ".");
    }

    private static String manifest(Optional<String> text) {
        if (text.isEmpty()) return "{}";
        JsonNode manifest;
        try {
            manifest = Json.tree(text.get().getBytes(StandardCharsets.UTF_8));
        } catch (ApiException e) {
            throw ApiException.invalid("manifest", "'manifest' is not valid JSON.");
        }
        if (!manifest.isObject()) throw ApiException.invalid("manifest", "'manifest' must be a JSON object.");
        JsonNode format = manifest.get("prompt_format");
        if (format != null && !(format.isTextual() && PROMPT_FORMATS.contains(format.textValue())))
            throw ApiException.invalid("manifest.prompt_format", "'prompt_format' must be documents-v1 or raft-v1.");
        JsonNode instruction = manifest.get("instruction");
        if (instruction != null && !(instruction.isTextual() && instruction.textValue().equals("none")))
            throw ApiException.invalid("manifest.instruction", "'instruction' can only be \"none\".");
        return new String(Json.write(manifest), StandardCharsets.UTF_8);
    }

    private static void answer(Exchange exchange, Published published) {
        switch (published) {
            case Published.Stored stored -> exchange.send(201, AdapterBodies.Uploaded.of(stored.version()));
            case Published.OtherBase other -> throw ApiException.conflict("This adapter's versions are for the base "
                    + "model '" + other.base() + "'. Upload this one under another name.");
            case Published.OverLimit over -> throw ApiException.insufficientQuota("The tenant's limit '"
                    + over.limit() + "' of " + over.most() + " would be passed.");
        }
    }
}
