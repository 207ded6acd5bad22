package graft.admission;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of an adapter as a request's {@code model} says it: {@code adapter}, {@code adapter@alias},
 * {@code adapter@3}, each perhaps after {@code tenant/} (CONTRACT.md).
 *
 * @param owner   whose adapter; none means one's own or, without one, a shared one
 * @param alias   none if a version is named
 * @param version none if an alias is named
 */
record ModelName(Optional<String> owner, String adapter, Optional<String> alias, Optional<Integer> version) {
    static final String PRODUCTION = "production";
    private static final Pattern FORM = Pattern.compile("(?:([A-Za-z0-9_-]{1,64})/)?([a-z0-9][a-z0-9._-]{0,62})"
            + "(?:@(?:([a-z][a-z0-9-]{0,31})|([1-9][0-9]{0,8})))?");

    /** Empty for what can't be an adapter's name; a plain name means its production alias. */
    static Optional<ModelName> parse(String model) {
        Matcher matcher = FORM.matcher(model);
        if (!matcher.matches()) return Optional.empty();
        Optional<Integer> version = Optional.ofNullable(matcher.group(4)).map(Integer::valueOf);
        Optional<String> alias = version.isPresent() ? Optional.empty()
                : Optional.of(Optional.ofNullable(matcher.group(3)).orElse(PRODUCTION));
        return Optional.of(new ModelName(Optional.ofNullable(matcher.group(1)), matcher.group(2), alias, version));
    }
}
