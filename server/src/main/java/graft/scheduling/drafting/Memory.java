package graft.scheduling.drafting;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What former answers of one kind were like: to one tenant, with the same adapters. An adapter's answers keep to a form,
 * so the latest of them foretell the words between what is quoted. Never shared between tenants: how fast an answer
 * comes would tell one what another was told.
 */
final class Memory {
    private static final int LEAST_PART = 16;

    private final NgramIndex answers;
    private final Acceptance acceptance = Acceptance.shared();
    private final int most;

    private Memory(Speculation settings) {
        most = settings.rememberedTokens();
        answers = new NgramIndex(most, settings.shortestMatch());
    }

    NgramIndex answers() {
        return answers;
    }

    Acceptance acceptance() {
        return acceptance;
    }

    /** Keeps an answer; of a long one beginning and end, so that it does not displace all others. */
    void keep(int[] answer) {
        if (most == 0 || answer.length == 0) return;
        int part = Math.max(LEAST_PART, most / 16);
        for (int i = 0; i < answer.length; i++) {
            if (i == part && answer.length > 2 * part) {
                answers.add(NgramIndex.BORDER);
                i = answer.length - part;
            }
            answers.add(answer[i]);
        }
        answers.add(NgramIndex.BORDER);
    }

    /** The kinds used latest, by whatever names them. */
    static final class Kinds {
        private final Map<Object, Memory> latest = new LinkedHashMap<>(16, 0.75f, true);
        private final Speculation settings;

        Kinds(Speculation settings) {
            this.settings = settings;
        }

        Memory of(Object kind) {
            Memory memory = latest.computeIfAbsent(kind, fresh -> new Memory(settings));
            if (latest.size() > settings.rememberedKinds()) latest.remove(latest.keySet().iterator().next());
            return memory;
        }
    }
}
