package graft.generation;

import graft.admission.Admitted;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.InferenceEngine;
import graft.engine.TokenSink;
import graft.metering.UsageRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * An answer that has begun. Its usage row is open; {@link #finish} hands out the text as it comes and settles the row
 * before it returns. {@link #close} belongs on every path: it cancels what still runs and settles what was generated.
 * Belongs to the request's thread.
 */
public final class Answer implements Outcome, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Answer.class.getName());
    private static final Duration LOOK_AFTER = Duration.ofSeconds(1);
    private final InferenceEngine engine;
    private final Prompts.Prepared prepared;
    private final List<Choice> choices;
    private final Optional<String> fixed;
    private final UsageRecorder.Ticket ticket;
    private final Admitted admitted;
    private final Duration stall;
    /** Bounded by the tokens these sequences may have, so the engine's thread always finds room and never waits. */
    private final BlockingQueue<Event> events;
    private Optional<UsageRecorder.Settled> settled = Optional.empty();
    private final Allowances allowances;
    private int delivered;
    private int withheld;
    private boolean free;
    private Optional<Consumer<List<Integer>>> watcher = Optional.empty();
    private final List<Integer> watched = new ArrayList<>();

    /** What the engine tells of one choice. */
    private sealed interface Event {
        record Token(Choice choice, GeneratedToken token) implements Event {}

        record End(Choice choice, Finished finished) implements Event {}
    }

    /** @param fixed the text of an answer that needs no engine; then the choices are never submitted */
    Answer(InferenceEngine engine, Prompts.Prepared prepared, List<Choice> choices, Optional<String> fixed,
            UsageRecorder.Ticket ticket, Admitted admitted, Duration stall) {
        this.engine = engine;
        this.prepared = prepared;
        this.choices = choices;
        this.fixed = fixed;
        this.ticket = ticket;
        this.admitted = admitted;
        this.stall = stall;
        this.allowances = new Allowances(engine, choices.size(), ticket.lead(), prepared.maxTokens());
        ticket.whenCommitted(allowances::committed);
        this.events = new LinkedBlockingQueue<>(Math.multiplyExact(choices.size(), prepared.maxTokens() + 1));
    }

    /** Is told all tokens once the answer is whole and settled; for answers of one choice. */
    void watch(Consumer<List<Integer>> whole) {
        watcher = Optional.of(whole);
    }

    TokenSink sink(Choice choice) {
        return new TokenSink() {
            @Override
            public void token(GeneratedToken token) {
                // Counted before it is handed on: what a crash must not leave unbilled.
                ticket.generated(allowances.sent(choice.index()));
                hand(new Event.Token(choice, token));
            }

            @Override
            public void finished(Finished finished) {
                allowances.ended(choice.index());
                hand(new Event.End(choice, finished));
            }
        };
    }

    private void hand(Event event) {
        if (!events.offer(event)) LOG.log(System.Logger.Level.ERROR,
                "an engine sent more tokens than were asked of it");
    }

    /** What a choice's sequence is submitted with. */
    int allowance(Choice choice) {
        return allowances.of(choice.index());
    }

    /** The engine has taken it. */
    void accepted(Choice choice, long sequenceId) {
        choice.accepted(sequenceId);
        allowances.accepted(choice.index(), sequenceId);
    }

    /** Where the tenant stands, for the x-ratelimit headers. */
    public Admitted admitted() {
        return admitted;
    }

    /**
     * Waits for the whole answer and hands out its text as it comes. Settled when it returns.
     *
     * @param deltas may throw: the answer is then to be closed
     * @throws GenerationFailedException if the engine gave up
     */
    public Summary finish(Consumer<Delta> deltas) {
        if (fixed.isPresent()) {
            for (Choice choice : choices) {
                deltas.accept(new Delta(choice.index(), fixed.get(), List.of(), List.of(), List.of()));
                choice.finish(nothing(Finished.Reason.STOP_TOKEN));
            }
        }
        while (running()) {
            Event event = nextWritten().orElseThrow(() -> new GenerationFailedException("the engine sent nothing for "
                    + stall));
            apply(event).map(this::standing).ifPresent(delta -> {
                deltas.accept(delta);
                delivered += delta.tokens().size();
            });
            if (event instanceof Event.End end) check(end.finished(), end.choice());
        }
        UsageRecorder.Settled cost = settle();
        watcher.ifPresent(whole -> whole.accept(List.copyOf(watched)));
        return summary(cost);
    }

    /** What was deleted or replaced since it was shown is not cited any more. */
    private Delta standing(Delta delta) {
        if (delta.citations().isEmpty()) return delta;
        Set<String> revisions = delta.citations().stream().map(cited -> cited.citation().revision())
                .collect(Collectors.toSet());
        Set<String> standing = prepared.standing().apply(revisions);
        List<Delta.Cited> left = delta.citations().stream()
                .filter(cited -> standing.contains(cited.citation().revision())).toList();
        withheld += delta.citations().size() - left.size();
        return new Delta(delta.choice(), delta.text(), left, delta.calls(), delta.tokens());
    }

    private static Finished nothing(Finished.Reason reason) {
        return new Finished(reason, 0, 0, 0, 0, 0, Optional.empty());
    }

    private static void check(Finished finished, Choice choice) {
        if (finished.reason() == Finished.Reason.FAILED || finished.reason() == Finished.Reason.CANCELLED
                && !choice.stopped())
            throw new GenerationFailedException(finished.failure().orElse("the engine is stopping"));
    }

    private Optional<Delta> apply(Event event) {
        return switch (event) {
            case Event.Token one -> {
                boolean wasStopped = one.choice().stopped();
                Optional<Delta> delta = one.choice().token(one.token());
                if (watcher.isPresent()) watched.add(one.token().id());
                if (!wasStopped && one.choice().stopped()) one.choice().sequenceId().ifPresent(engine::cancel);
                yield delta;
            }
            case Event.End end -> Optional.of(end.choice().finish(end.finished()));
        };
    }

    /** Looks now and then whether it is the row that holds the engine. */
    private Optional<Event> nextWritten() {
        long deadline = System.nanoTime() + stall.toNanos();
        while (true) {
            long left = deadline - System.nanoTime();
            Optional<Event> event = next(Duration.ofNanos(Math.clamp(left, 0, LOOK_AFTER.toNanos())));
            if (event.isPresent() || left <= 0) return event;
            ticket.checkWritten();
        }
    }

    private Optional<Event> next(Duration wait) {
        try {
            return Optional.ofNullable(events.poll(wait.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new GenerationFailedException("the server is stopping");
        }
    }

    private boolean running() {
        return choices.stream().anyMatch(choice -> choice.finished().isEmpty());
    }

    private UsageRecorder.Settled settle() {
        if (settled.isEmpty()) settled = Optional.of(ticket.settle(free ? nothing(Finished.Reason.CANCELLED)
                : together(), delivered));
        return settled.get();
    }

    /** The engine's counters over all sequences: a prompt is paid once, however many answers it gets. */
    private Finished together() {
        int perPrompt = choices.size() / prepared.ids().size();
        int cached = 0;
        int generated = 0;
        long queue = 0;
        long engineMicros = 0;
        Finished.Reason reason = Finished.Reason.STOP_TOKEN;
        for (Choice choice : choices) {
            Finished finished = choice.finished().orElseGet(() -> new Finished(Finished.Reason.CANCELLED, 0, 0,
                    choice.generated(), 0, 0, Optional.empty()));
            if (choice.index() % perPrompt == 0) cached += finished.cachedPromptTokens();
            generated += finished.generatedTokens();
            queue = Math.max(queue, finished.queueMicros());
            engineMicros += finished.engineMicros();
            if (!choice.stopped() && finished.reason().compareTo(reason) > 0) reason = finished.reason();
        }
        Optional<String> failure = reason == Finished.Reason.FAILED ? Optional.of("a sequence failed")
                : Optional.empty();
        return new Finished(reason, fixed.isPresent() ? 0 : prepared.tokens(), cached, generated, queue, engineMicros,
                failure);
    }

    private Summary summary(UsageRecorder.Settled cost) {
        Finished all = together();
        return new Summary(choices.stream().map(Choice::end).toList(), all.promptTokens(),
                all.cachedPromptTokens(), all.generatedTokens(), prepared.retrieved(), prepared.shown(),
                choices.stream().mapToInt(Choice::unverifiedQuotes).sum() + withheld, cost.costMicros(),
                cost.currency(),
                all.queueMicros(), all.engineMicros());
    }

    /** Not every sequence found a place: ends those that did, and bills nothing. */
    void abandon() {
        free = true;
        close();
    }

    /** The client left or something broke: ends the sequences, waits for their counters and settles by them. */
    @Override
    public void close() {
        try (admitted; ticket) {
            if (settled.isPresent()) return;
            for (Choice choice : choices) {
                if (choice.sequenceId().isEmpty()) choice.finish(nothing(Finished.Reason.CANCELLED));
                else if (choice.finished().isEmpty()) engine.cancel(choice.sequenceId().getAsLong());
            }
            Optional<Event> event = Optional.empty();
            while (running() && (event = next(stall)).isPresent()) apply(event.get());
            if (running()) LOG.log(System.Logger.Level.WARNING, "a cancelled sequence did not end within {0}", stall);
            settle();
        }
    }
}
