package graft.registry.catalog;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A movable name for versions of an adapter: one, or several that share its traffic by weight.
 *
 * @param move    counts the moves of this alias, from 1
 * @param targets at least one, ordered by version
 * @param shadow  a candidate that answers besides, for comparison
 */
public record Alias(String tenantId, String adapter, String alias, int move, List<Target> targets,
        Optional<Shadow> shadow, String movedBy, Instant movedAt) {
    public Alias {
        targets = List.copyOf(targets);
    }

    /** @param fraction of the alias's requests that it answers too, above 0 and up to 1 */
    public record Shadow(int version, double fraction) {
        public Shadow {
            if (!(fraction > 0 && fraction <= 1))
                throw new IllegalArgumentException("the fraction " + fraction + " is not above 0 and up to 1");
        }
    }

    /** @param weight share of the traffic, relative to the sum over the alias's targets */
    public record Target(int version, int weight) {}

    /**
     * Where an alias shall point: valid once constructed.
     *
     * @throws IllegalArgumentException saying what is wrong with the split
     */
    public record Split(List<Target> targets) {
        public static final int MOST_TARGETS = 16;
        public static final int MOST_WEIGHT = 1_000_000;

        public Split {
            targets = List.copyOf(targets);
            if (targets.isEmpty() || targets.size() > MOST_TARGETS)
                throw new IllegalArgumentException("a split has 1 to " + MOST_TARGETS + " versions");
            Set<Integer> seen = new HashSet<>();
            long sum = 0;
            for (Target target : targets) {
                if (!seen.add(target.version()))
                    throw new IllegalArgumentException("version " + target.version() + " stands twice in the split");
                if (target.weight() < 0 || target.weight() > MOST_WEIGHT)
                    throw new IllegalArgumentException("weight " + target.weight() + " is not from 0 to " + MOST_WEIGHT);
                sum += target.weight();
            }
            if (sum == 0) throw new IllegalArgumentException("at least one weight must be above 0");
        }

        public static Split to(int version) {
            return new Split(List.of(new Target(version, 100)));
        }
    }
}
