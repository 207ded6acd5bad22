package graft.registry;

import java.util.Optional;

/**
 * Which part of a list of named things, and in which order. Lists come back with one row more than {@code most} where
 * there are more.
 *
 * @param containing a part of the name, upper and lower case alike; none for all
 * @param after      the last of the page before
 * @param most       rows wanted
 */
public record Listing(Optional<String> containing, Sort sort, boolean descending, Optional<String> after, int most) {
    /** What a list is ordered by; the thing's own key settles ties. */
    public enum Sort { NAME, CREATED }

    public Listing {
        if (most < 1) throw new IllegalArgumentException("most " + most);
    }

    /** @return a comparison and a direction for SQL: neither comes from outside */
    public String comparison() {
        return descending ? "<" : ">";
    }

    public String direction() {
        return descending ? "DESC" : "ASC";
    }
}
