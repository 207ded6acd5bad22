package graft.api;

import graft.admission.Catalog;
import graft.registry.catalog.Alias;
import graft.registry.catalog.AliasDao;
import graft.registry.tenant.Scope;
import java.util.List;
import java.util.Optional;

/** Moves of aliases: to one version, to several by weight, and back. Each is seen by the next request. */
final class AliasesResource implements Resource {
    private static final int LONGEST_REASON = 1000;
    private final AliasDao aliases;
    private final AdapterTenants tenants;
    private final Catalog catalog;

    AliasesResource(AliasDao aliases, AdapterTenants tenants, Catalog catalog) {
        this.aliases = aliases;
        this.tenants = tenants;
        this.catalog = catalog;
    }

    @Override
    public List<Route> routes() {
        String alias = "/admin/v1/adapters/{name}/aliases/{alias}";
        return List.of(
                Route.put(alias, Scope.ADAPTERS, this::put),
                Route.delete(alias, Scope.ADAPTERS, this::delete),
                Route.post(alias + "/rollback", Scope.ADAPTERS, this::rollback));
    }

    /**
     * One of version and split.
     *
     * @param shadow a candidate to answer besides; without one there is none from now on
     * @param reason for the audit log
     */
    record Move(Integer version, List<Share> split, Shadow shadow, String reason) {}

    /** @param fraction default 1 */
    record Shadow(Integer version, Double fraction) {}

    record Share(Integer version, Integer weight) {}

    private void put(Exchange exchange) {
        String alias = exchange.path("alias");
        AdapterNames.checkAlias(alias);
        Move move = exchange.body(Move.class);
        answer(exchange, aliases.move(tenants.owner(exchange), exchange.path("name"), alias, split(move),
                shadow(move.shadow()), exchange.caller().keyId(), reason(move.reason())));
    }

    private static Alias.Split split(Move move) {
        if ((move.version() == null) == (move.split() == null))
            throw ApiException.invalid("Say where the alias shall point: either 'version' or 'split'.");
        if (move.version() != null) return Alias.Split.to(move.version());
        for (Share share : move.split()) {
            if (share == null || share.version() == null || share.weight() == null)
                throw ApiException.invalid("split", "Each entry of 'split' has a 'version' and a 'weight'.");
        }
        try {
            return new Alias.Split(move.split().stream()
                    .map(share -> new Alias.Target(share.version(), share.weight())).toList());
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("split", "'split' can't be so: " + e.getMessage() + ".");
        }
    }

    private static Optional<Alias.Shadow> shadow(Shadow shadow) {
        if (shadow == null) return Optional.empty();
        if (shadow.version() == null) throw ApiException.invalid("shadow.version", "'shadow' needs a 'version'.");
        try {
            return Optional.of(new Alias.Shadow(shadow.version(), shadow.fraction() == null ? 1 : shadow.fraction()));
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("shadow.fraction", "'shadow' can't be so: " + e.getMessage() + ".");
        }
    }

    private static String reason(String reason) {
        if (reason == null) return "";
        if (reason.length() > LONGEST_REASON)
            throw ApiException.invalid("reason", "'reason' may have " + LONGEST_REASON + " characters.");
        return reason;
    }

    record Rollback(String reason) {}

    private void rollback(Exchange exchange) {
        byte[] body = exchange.bytes();
        String reason = body.length == 0 ? "" : reason(Json.read(body, Rollback.class).reason());
        answer(exchange, aliases.rollback(tenants.owner(exchange), exchange.path("name"), exchange.path("alias"),
                exchange.caller().keyId(), reason));
    }

    private void answer(Exchange exchange, AliasDao.Moved moved) {
        switch (moved) {
            case AliasDao.Moved.Done done -> {
                catalog.changed();
                exchange.ok(AdapterBodies.AliasBody.of(done.alias().tenantId(), done.alias()));
            }
            case AliasDao.Moved.Absent absent -> throw ApiException.notFound();
            case AliasDao.Moved.NoSuchVersion none -> throw ApiException.notFound();
            case AliasDao.Moved.NothingBefore none -> throw ApiException.conflict(
                    "There is no earlier version to go back to.");
        }
    }

    private void delete(Exchange exchange) {
        String name = exchange.path("name");
        String alias = exchange.path("alias");
        if (!aliases.delete(tenants.owner(exchange), name, alias, exchange.caller().keyId()))
            throw ApiException.notFound();
        catalog.changed();
        exchange.ok(new AdapterBodies.Deleted("adapter.alias.deleted", name + "@" + alias, true));
    }
}
