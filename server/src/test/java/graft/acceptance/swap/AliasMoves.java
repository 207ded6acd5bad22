package graft.acceptance.swap;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Moves aliases among versions and remembers when, so that an answer can be held to what its alias pointed at while it
 * was asked. Each alias is moved by one thread; any thread may read.
 */
final class AliasMoves {
    private final SwapClient client;
    private final List<Integer> versions;
    private final Map<String, List<Move>> moves = new TreeMap<>();

    /** @param sent before the request, @param done after its reply; by System.nanoTime */
    private record Move(int version, long sent, long done) {}

    AliasMoves(SwapClient client, List<String> aliases, List<Integer> versions) {
        this.client = client;
        this.versions = versions;
        for (String alias : aliases) {
            moves.put(alias, new ArrayList<>());
            move(alias, versions.getFirst());
        }
    }

    void move(String alias, Random random) {
        move(alias, versions.get(random.nextInt(versions.size())));
    }

    private void move(String alias, int version) {
        long sent = System.nanoTime();
        client.move(SwapClient.ADAPTER, alias, version);
        long done = System.nanoTime();
        synchronized (moves) {
            moves.get(alias).add(new Move(version, sent, done));
        }
    }

    int count() {
        synchronized (moves) {
            return moves.values().stream().mapToInt(List::size).sum();
        }
    }

    /** Whether its alias may have pointed at the answer's version while it was asked; to be asked when all is over. */
    boolean allows(SwapClient.Answer answer) {
        String[] named = answer.asked().split("@");
        String alias = named.length == 1 ? "production" : named[1];
        if (Character.isDigit(alias.charAt(0))) return answer.model().equals(answer.asked());
        List<Move> made;
        synchronized (moves) {
            made = List.copyOf(moves.get(alias));
        }
        for (int i = 0; i < made.size(); i++) {
            boolean begun = made.get(i).sent() <= answer.end();
            boolean over = i + 1 < made.size() && made.get(i + 1).done() < answer.start();
            if (made.get(i).version() == answer.version() && begun && !over) return true;
        }
        return false;
    }
}
