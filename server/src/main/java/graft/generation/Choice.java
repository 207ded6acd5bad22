package graft.generation;

import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.generation.tools.CallPiece;
import graft.generation.tools.CallReader;
import graft.tokens.Detokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** One answer in the making: tokens in, deltas out. Belongs to the request's thread. */
final class Choice {
    private final int index;
    private final Optional<Detokenizer> detokenizer;
    private final StopMatcher stops;
    private final Optional<CallReader> calls;
    private final AnswerReader reader;
    private final Set<Integer> stopTokens;
    private final List<GeneratedToken> unsent = new ArrayList<>();
    private OptionalLong sequenceId = OptionalLong.empty();
    private int generated;
    private Optional<Finished> finished = Optional.empty();

    /** @param calls none: whatever is said is text */
    Choice(int index, Optional<Detokenizer> detokenizer, Optional<CallReader> calls, List<String> stop,
            AnswerReader reader, Set<Integer> stopTokens) {
        this.index = index;
        this.detokenizer = detokenizer;
        this.calls = calls;
        this.stops = new StopMatcher(stop);
        this.reader = reader;
        this.stopTokens = stopTokens;
    }

    int index() {
        return index;
    }

    void accepted(long id) {
        sequenceId = OptionalLong.of(id);
    }

    /** Empty until the engine has taken it. */
    OptionalLong sequenceId() {
        return sequenceId;
    }

    int generated() {
        return generated;
    }

    Optional<Finished> finished() {
        return finished;
    }

    /** Met a stop string: what the engine still sends is not wanted. */
    boolean stopped() {
        return stops.stopped();
    }

    int unverifiedQuotes() {
        return reader.unverifiedQuotes();
    }

    /** @return nothing where no text became certain */
    Optional<Delta> token(GeneratedToken token) {
        generated++;
        if (stopped()) return Optional.empty();
        unsent.add(token);
        if (detokenizer.isEmpty()) return Optional.of(delta("", List.of(), List.of()));
        if (stopTokens.contains(token.id())) return Optional.empty();
        CallReader.Read told = read(detokenizer.get().push(token.id()));
        AnswerReader.Part part = reader.push(stops.push(told.text()));
        List<CallPiece> pieces = stopped() ? List.of() : told.calls();
        return part.text().isEmpty() && part.citations().isEmpty() && pieces.isEmpty() ? Optional.empty()
                : Optional.of(delta(part.text(), part.citations(), pieces));
    }

    /** Stop strings and citations are looked for in texts only: a call is never cut by one. */
    private CallReader.Read read(String text) {
        return calls.map(reader -> reader.push(text)).orElseGet(() -> new CallReader.Read(text, List.of()));
    }

    /** The last delta: what was held back, and the tokens that no text was sent for. */
    Delta finish(Finished how) {
        finished = Optional.of(how);
        boolean more = !stopped() && detokenizer.isPresent();
        CallReader.Read told = read(more ? detokenizer.get().flush() : "");
        String rest = told.text() + calls.map(reader -> reader.finish().text()).orElse("");
        String held = more ? stops.push(rest) : "";
        if (!stopped()) held += stops.flush();
        AnswerReader.Part read = reader.push(held);
        AnswerReader.Part last = reader.finish();
        List<Delta.Cited> citations = new ArrayList<>(read.citations());
        citations.addAll(last.citations());
        return delta(read.text() + last.text(), citations, more ? told.calls() : List.of());
    }

    private Delta delta(String text, List<Delta.Cited> citations, List<CallPiece> pieces) {
        Delta delta = new Delta(index, text, citations, pieces, List.copyOf(unsent));
        unsent.clear();
        return delta;
    }

    Summary.End end() {
        if (!stopped() && finished.orElseThrow().reason() == Finished.Reason.LENGTH) return Summary.End.LENGTH;
        return calls.filter(CallReader::called).isPresent() ? Summary.End.TOOL_CALLS : Summary.End.STOP;
    }
}
