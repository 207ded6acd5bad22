package graft.api;

import graft.adapters.AdapterUpload;
import graft.adapters.AdapterUpload.Wanted;
import graft.adapters.RefusedUploadException;
import graft.admission.Caller;
import graft.admission.Catalog;
import graft.registry.catalog.AdapterVersion;
import graft.registry.catalog.AdapterVersionDao.Published;
import graft.registry.catalog.Provenance;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Scope;
import graft.registry.tenant.Tenant;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Takes new adapter versions. The whole body is read and proved, whatever is stored already. */
final class AdapterUploadResource implements Resource {
    private static final Set<String> FIELDS = Set.of("base_model", "manifest", "alias", "note", "tenant", "tags",
            "training_data", "metrics", "parent_version");
    private static final Duration BUSY = Duration.ofSeconds(5);
    /** Characters of a reason in the audit log. */
    private static final int MOST_REASON = 500;
    private final AdapterUpload upload;
    private final ServedBases bases;
    private final AdapterTenants tenants;
    private final Catalog catalog;
    private final AuditDao audit;
    private final Multipart.Limits limits;

    AdapterUploadResource(AdapterUpload upload, ServedBases bases, AdapterTenants tenants, Catalog catalog,
            AuditDao audit, Multipart.Limits limits) {
        this.upload = upload;
        this.bases = bases;
        this.tenants = tenants;
        this.catalog = catalog;
        this.audit = audit;
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
            throw noted(exchange, name, refusal(e));
        } catch (ApiException e) {
            throw noted(exchange, name, e);
        }
    }

    /** What a proof refused is in the audit log, so that whoever watches sees that somebody is stuck. */
    private ApiException noted(Exchange exchange, String name, ApiException refused) {
        if (refused.status() == 422) {
            String reason = refused.getMessage();
            audit.record(exchange.caller().keyId(), exchange.caller().tenantId(), "adapter.refuse", name,
                    Map.of("reason", reason.length() > MOST_REASON ? reason.substring(0, MOST_REASON) : reason));
        }
        return refused;
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

    static ApiException refusal(RefusedUploadException e) {
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
        Provenance provenance = new Provenance(VersionFields.parent(fields), Provenance.Origin.UPLOAD,
                Optional.empty());
        return session.publish(owner, new Wanted(name, bases.named(field(fields, "base_model")), shared,
                VersionFields.manifest(fields), VersionFields.metadata(fields), provenance, alias, warnings,
                caller.keyId()));
    }

    private static Optional<String> field(Map<String, String> fields, String name) {
        return Optional.ofNullable(fields.get(name)).filter(value -> !value.isEmpty());
    }

    private static void answer(Exchange exchange, Published published) {
        exchange.send(201, AdapterBodies.Uploaded.of(stored(published)));
    }

    /** @throws ApiException saying why nothing was stored */
    static AdapterVersion stored(Published published) {
        return switch (published) {
            case Published.Stored stored -> stored.version();
            case Published.OtherBase other -> throw ApiException.conflict("This adapter's versions are for the base "
                    + "model '" + other.base() + "'. Upload this one under another name.");
            case Published.NoSuchParent none -> throw ApiException.invalid("parent_version",
                    "This adapter has no version " + none.version() + " to come from.");
            case Published.OverLimit over -> throw ApiException.insufficientQuota("The tenant's limit '"
                    + over.limit() + "' of " + over.most() + " would be passed.");
        };
    }
}
