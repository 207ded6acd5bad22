package graft;

import graft.engine.EngineStatus;
import graft.engine.InferenceEngine;
import graft.metering.costs.CostGauges;
import graft.registry.DatabaseUnavailableException;
import graft.registry.costs.CostBook;
import graft.registry.costs.CostBookDao;
import java.time.Duration;
import java.util.List;

/** What the engines of this process cost, by the cost book as it was last read. Any thread may call. */
final class CostRates implements CostGauges.Rates {
    private final CostBookDao books;
    private final List<InferenceEngine> engines;
    private final Duration staleAfter;
    private volatile Read read = new Read(new CostBook(0, "USD", List.of()), 0);

    /** @param atNanos 0: never */
    private record Read(CostBook book, long atNanos) {}

    CostRates(CostBookDao books, List<InferenceEngine> engines, Duration staleAfter) {
        this.books = books;
        this.engines = engines;
        this.staleAfter = staleAfter;
    }

    @Override
    public List<CostGauges.Rate> now() {
        CostBook book = book();
        return engines.stream().map(engine -> rate(book, engine)).toList();
    }

    private static CostGauges.Rate rate(CostBook book, InferenceEngine engine) {
        EngineStatus status = engine.status();
        EngineStatus.Totals totals = status.totals();
        double hourly = book.hourly(CostBook.Resource.DEVICE_HOUR, status.device()).orElse(0L) / 1e6;
        double hours = (totals.busyMicros() + totals.idleMicros()) / 3.6e9;
        double millions = (totals.promptTokens() + totals.cachedPromptTokens() + totals.generatedTokens()) / 1e6;
        return new CostGauges.Rate(engine.model().id(), status.device(), book.currency(), hourly,
                millions == 0 ? Double.NaN : hourly * hours / millions);
    }

    /** A scrape goes on with the last book while the database is away. */
    private CostBook book() {
        Read last = read;
        if (last.atNanos() != 0 && System.nanoTime() - last.atNanos() < staleAfter.toNanos()) return last.book();
        try {
            read = new Read(books.current(), System.nanoTime());
        } catch (DatabaseUnavailableException e) {
            return last.book();
        }
        return read.book();
    }
}
