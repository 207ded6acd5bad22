package graft.api;

import graft.admission.Catalog;
import java.util.Optional;
import java.util.regex.Pattern;

/** What adapters and aliases may be called (CONTRACT.md). */
final class AdapterNames {
    private static final Pattern ADAPTER = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final Pattern ALIAS = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    private AdapterNames() {}

    /** Why a new adapter can't have this name. */
    static Optional<ApiException> refusal(String name, Catalog catalog) {
        if (!ADAPTER.matcher(name).matches())
            return Optional.of(ApiException.invalid("name", "An adapter's name has 1 to 63 characters of a-z, 0-9, "
                    + "'.', '_' and '-', and begins with a letter or digit."));
        if (catalog.isLikeBase(name))
            return Optional.of(ApiException.conflict("'" + name + "' is the name of a base model."));
        return Optional.empty();
    }

    static void checkAlias(String alias) {
        if (!ALIAS.matcher(alias).matches())
            throw ApiException.invalid("alias", "An alias has 1 to 32 characters of a-z, 0-9 and '-', and begins with "
                    + "a letter.");
    }
}
