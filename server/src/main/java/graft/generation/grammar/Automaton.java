package graft.generation.grammar;

import graft.generation.grammar.Graph.Edge;
import graft.generation.grammar.Graph.Rule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Runs a grammar byte by byte. A state is the set of all places where the grammar may be, each with the calls it is in;
 * states and the steps between them are found when they are first met and remembered up to a bound, after which the
 * memory begins anew. Every state can reach a complete answer. Not safe for several threads at once.
 */
final class Automaton {
    /** More places at once are forgotten: the rest is as valid, and no ambiguity can exhaust memory. */
    private static final int MOST_PLACES = 8192;
    private static final int MOST_PLACES_AT_A_NODE = 64;
    private final Graph graph;
    private final Rule root;
    private final int depth;
    private final int maxStates;
    private final int maxMasks;
    private final int[] classes = new int[256];
    private final int classCount;
    private final Map<Set<Place>, State> states = new HashMap<>();
    private int generation;
    private int masks;

    /** A call that will be returned from; levels is how deep the JSON is nested inside it. */
    private record Frame(Optional<Frame> outer, int target, int levels, int hash) {
        static Frame of(Optional<Frame> outer, int target, int levels) {
            return new Frame(outer, target, levels, Objects.hash(outer, target, levels));
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(Object other) {
            return this == other || other instanceof Frame frame && hash == frame.hash && target == frame.target
                    && levels == frame.levels && outer.equals(frame.outer);
        }
    }

    private record Place(int node, Optional<Frame> frame) {
        int levels() {
            return frame.map(Frame::levels).orElse(0);
        }
    }

    private record Seen(Set<Place> places, Map<Integer, Integer> atNode) {
        boolean room(Place place) {
            return places.size() < MOST_PLACES && atNode.merge(place.node(), 1, Integer::sum) <= MOST_PLACES_AT_A_NODE;
        }
    }

    /** Where an answer may be after some bytes. */
    static final class State {
        private final Set<Place> places;
        private final boolean complete;
        private final State[] next;
        private final int generation;
        private long[] mask = {};

        private State(Set<Place> places, boolean complete, int classes, int generation) {
            this.places = places;
            this.complete = complete;
            this.next = new State[classes];
            this.generation = generation;
        }

        /** Whether the answer may end here. */
        boolean complete() {
            return complete;
        }

        /** Whether nothing may come next. */
        boolean dead() {
            return places.isEmpty();
        }

        /** Tokens that may come next, one bit each; empty until it is set. */
        long[] mask() {
            return mask;
        }
    }

    /** @param depth most levels of nesting of an answer */
    Automaton(ShapeCompiler.Compiled compiled, int depth, int maxStates, int maxMasks) {
        this.graph = compiled.graph();
        this.root = compiled.root();
        this.depth = depth;
        this.maxStates = maxStates;
        this.maxMasks = maxMasks;
        boolean[] starts = new boolean[257];
        for (int node = 0; node < graph.size(); node++) {
            for (Edge edge : graph.edges(node)) {
                if (!(edge instanceof Edge.Bytes bytes)) continue;
                starts[bytes.low()] = true;
                starts[bytes.high() + 1] = true;
            }
        }
        int count = 0;
        for (int value = 0; value < 256; value++) {
            if (value > 0 && starts[value]) count++;
            classes[value] = count;
        }
        classCount = count + 1;
    }

    State start() {
        return state(List.of(new Place(root.entry(), Optional.empty())));
    }

    /** The same place in today's memory: what was remembered before it began anew is let go. */
    State renewed(State state) {
        return state.generation == generation ? state : known(state.places, state.complete);
    }

    /** @return a state that is dead and not complete where the byte may not come */
    State step(State state, int value) {
        int kind = classes[value];
        State known = state.next[kind];
        if (known != null) return known;
        List<Place> reached = new ArrayList<>();
        for (Place place : state.places) {
            for (Edge edge : graph.edges(place.node())) {
                if (edge instanceof Edge.Bytes bytes && bytes.low() <= value && value <= bytes.high())
                    reached.add(new Place(bytes.target(), place.frame()));
            }
        }
        State next = state(reached);
        state.next[kind] = next;
        return next;
    }

    /** Follows the edges that read nothing. */
    private State state(List<Place> reached) {
        Seen seen = new Seen(new HashSet<>(), new HashMap<>());
        Deque<Place> open = new ArrayDeque<>();
        for (Place place : reached) visit(place, seen, open);
        Set<Place> reading = new LinkedHashSet<>();
        boolean complete = false;
        while (!open.isEmpty()) {
            Place place = open.poll();
            if (graph.isEnd(place.node())) {
                if (place.frame().isEmpty()) complete = true;
                else visit(new Place(place.frame().get().target(), place.frame().get().outer()), seen, open);
            }
            boolean reads = false;
            for (Edge edge : graph.edges(place.node())) {
                switch (edge) {
                    case Edge.Bytes bytes -> reads = true;
                    case Edge.Free free -> visit(new Place(free.target(), place.frame()), seen, open);
                    case Edge.Call call -> {
                        if (within(graph.need(call.target()), place.levels())) visit(called(place, call), seen, open);
                    }
                }
            }
            if (reads) reading.add(place);
        }
        return known(reading, complete);
    }

    private static Place called(Place place, Edge.Call call) {
        return new Place(call.rule().entry(), Optional.of(Frame.of(place.frame(), call.target(),
                place.levels() + call.rule().cost())));
    }

    private boolean within(int need, int levels) {
        return need != Graph.NEVER && need + levels <= depth;
    }

    private void visit(Place place, Seen seen, Deque<Place> open) {
        if (within(graph.need(place.node()), place.levels()) && seen.room(place) && seen.places.add(place))
            open.add(place);
    }

    private State known(Set<Place> places, boolean complete) {
        // Complete places read nothing, so two states may have the same places and differ in this only.
        Set<Place> key = complete ? withMark(places) : places;
        State known = states.get(key);
        if (known != null) return known;
        if (states.size() >= maxStates) forget();
        State state = new State(places, complete, classCount, generation);
        states.put(key, state);
        return state;
    }

    private void forget() {
        states.clear();
        masks = 0;
        generation++;
    }

    /** Remembers which tokens may come next; with too many of them the memory begins anew. */
    void remember(State state, long[] mask) {
        if (++masks > maxMasks) forget();
        state.mask = mask;
    }

    private static Set<Place> withMark(Set<Place> places) {
        Set<Place> marked = new LinkedHashSet<>(places);
        marked.add(new Place(-1, Optional.empty()));
        return marked;
    }
}
