package graft.metering;

import graft.registry.usage.PriceBook;
import graft.registry.usage.PriceBookDao;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * The price book in force, read again when it is older than it may be: another server may have changed it. Any thread
 * may call; now and then a call waits for the database.
 */
public final class Prices implements Supplier<PriceBook> {
    private final PriceBookDao books;
    private final Duration staleAfter;
    private volatile Read read;

    private record Read(PriceBook book, long atNanos) {}

    /** @param staleAfter {@code metering.prices-stale-after}, 5 s */
    public Prices(PriceBookDao books, Duration staleAfter) {
        this.books = books;
        this.staleAfter = staleAfter;
    }

    /** @throws graft.registry.DatabaseUnavailableException if it has to be read and can't */
    @Override
    public PriceBook get() {
        Read last = read;
        if (last != null && System.nanoTime() - last.atNanos() < staleAfter.toNanos()) return last.book();
        return refresh();
    }

    /** Reads it now: what was just put counts for the next request on this server. */
    public PriceBook refresh() {
        Read fresh = new Read(books.current(), System.nanoTime());
        read = fresh;
        return fresh.book();
    }
}
