package graft.registry.tenant;

import graft.registry.Ids;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of an API key, {@code gk_<12 public>_<48 secret>} in lower-case base 32: 60 bits that find the row and may
 * be shown, and 240 random bits that prove it and are shown once. Prints only its prefix.
 *
 * @param prefix {@code gk_<12 public>}
 * @param text   the whole
 */
public record KeySecret(String prefix, String text) {
    private static final Pattern SHAPE = Pattern.compile("(gk_[a-z2-7]{12})_[a-z2-7]{48}");
    private static final int PUBLIC = 12;

    public static KeySecret random() {
        String prefix = "gk_" + Ids.next("").substring(0, PUBLIC);
        return new KeySecret(prefix, prefix + "_" + Ids.next("") + Ids.next(""));
    }

    /** Empty for what can't be a key of ours: no need to ask the database. */
    public static Optional<KeySecret> parse(String text) {
        Matcher shape = SHAPE.matcher(text);
        return shape.matches() ? Optional.of(new KeySecret(shape.group(1), text)) : Optional.empty();
    }

    @Override
    public String toString() {
        return prefix + "_...";
    }
}
