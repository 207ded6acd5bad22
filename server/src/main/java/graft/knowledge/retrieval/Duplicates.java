package graft.knowledge.retrieval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Folds near-duplicates: a candidate that says the same as a better one goes behind all the others, so that a page of
 * results holds different things and is never shorter for it. The same means the same words in the same order, whatever
 * their case, spacing and punctuation; with a similarity below 1, also texts that share so much of their runs of three
 * words (Jaccard; Broder 1997) while their words with digits are equal: sheets of two products are no duplicates.
 */
public final class Duplicates {
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+");
    private static final int RUN = 3;
    private final double similarity;

    /** @param similarity {@code knowledge.fold-similarity}: above 0 to 1; 0 folds nothing */
    public Duplicates(double similarity) {
        if (!(similarity >= 0 && similarity <= 1)) throw new IllegalArgumentException("similarity " + similarity);
        this.similarity = similarity;
    }

    /**
     * @param ordered  all candidates, first the ones that stand for themselves
     * @param standIns for a folded candidate the better one that says the same
     */
    public record Folded<T>(List<T> ordered, Map<T, T> standIns) {}

    private record Words(List<String> all, Set<List<String>> runs, Set<String> withDigits) {}

    /** @param candidates best first */
    public <T> Folded<T> fold(List<T> candidates, Function<T, String> text) {
        if (similarity == 0) return new Folded<>(candidates, Map.of());
        Map<T, T> standIns = new LinkedHashMap<>();
        Map<T, Words> kept = new LinkedHashMap<>();
        Map<List<String>, T> same = new HashMap<>();
        for (T candidate : candidates) {
            Words words = words(text.apply(candidate));
            Optional<T> better = Optional.ofNullable(same.get(words.all()));
            if (better.isEmpty() && similarity < 1) better = alike(kept, words);
            if (better.isPresent()) {
                standIns.put(candidate, better.get());
            } else {
                kept.put(candidate, words);
                same.put(words.all(), candidate);
            }
        }
        List<T> ordered = new ArrayList<>(kept.keySet());
        ordered.addAll(standIns.keySet());
        return new Folded<>(ordered, standIns);
    }

    private <T> Optional<T> alike(Map<T, Words> kept, Words words) {
        return kept.entrySet().stream().filter(one -> one.getValue().withDigits().equals(words.withDigits())
                && jaccard(one.getValue().runs(), words.runs()) >= similarity).map(Map.Entry::getKey).findFirst();
    }

    private static double jaccard(Set<List<String>> one, Set<List<String>> other) {
        long shared = one.stream().filter(other::contains).count();
        return shared / (double) (one.size() + other.size() - shared);
    }

    private Words words(String text) {
        List<String> all = WORD.matcher(text.toLowerCase(Locale.ROOT)).results().map(found -> found.group()).toList();
        if (similarity == 1) return new Words(all, Set.of(), Set.of());
        Set<List<String>> runs = new HashSet<>();
        for (int i = 0; i + RUN <= all.size(); i++) runs.add(all.subList(i, i + RUN));
        if (runs.isEmpty()) runs.add(all);
        Set<String> withDigits = new HashSet<>();
        for (String word : all) {
            if (word.chars().anyMatch(Character::isDigit)) withDigits.add(word);
        }
        return new Words(all, runs, withDigits);
    }
}
