package graft.generation;

import graft.admission.Admission;
import java.time.Duration;

/** What became of a request: an answer that has begun, or why there is none. */
public sealed interface Outcome permits Answer, Outcome.Refusal {

    /** Nothing was computed and nothing is billed. */
    sealed interface Refusal extends Outcome {}

    /** @param param the field that is wrong */
    record Invalid(String param, String message) implements Refusal {}

    /** @param param the field that holds the prompt */
    record ContextTooLong(String param, String message) implements Refusal {}

    record NoTokenizer(String model) implements Refusal {}

    /** No engine serves the model's base. */
    record NotServed(String model) implements Refusal {}

    /** A knowledge store is absent or foreign. */
    record UnknownStore(String storeId) implements Refusal {}

    /** Over a rate limit or out of budget. */
    record Limited(Admission.Refused refused) implements Refusal {}

    /** The engine has as much waiting as it accepts. */
    record Busy(Duration retryAfter) implements Refusal {}
}
