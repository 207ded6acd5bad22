package graft.admission;

import java.util.List;
import java.util.Optional;

/** What models a caller may use, by name. Any thread may call; look-ups go to the database or a cache kept current. */
public interface CatalogView {
    /**
     * Decides base, adapter, alias, version and split. Empty for absent and for foreign alike.
     *
     * @param sticky whose turn at a split it is (a user, a conversation): the same one gets the same version on every
     *               server, as long as the split stays; none draws
     */
    Optional<ResolvedModel> resolve(Caller caller, String model, Optional<String> sticky);

    /** Bases first, then adapters by plain name, then aliases (CONTRACT.md). */
    List<Listed> list(Caller caller);

    /**
     * @param kind    {@code base}, {@code adapter} or {@code alias}
     * @param version of the adapter; empty for a base
     * @param created seconds since 1970
     */
    record Listed(String id, String kind, String base, Optional<Integer> version, String digest, long created,
            String ownedBy) {}
}
