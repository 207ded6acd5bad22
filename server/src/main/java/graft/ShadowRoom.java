package graft;

import graft.adapters.shadow.ShadowJob;
import graft.adapters.shadow.ShadowTraffic;
import graft.admission.ResolvedModel;
import graft.engine.EngineAdapter;
import graft.engine.Finished;
import graft.generation.Answered;
import graft.metering.UsageRecorder;
import graft.registry.Database;
import graft.registry.catalog.ShadowDao;
import java.util.Optional;
import java.util.function.Function;

/** Shadowed candidates, put together: from generation's answers to jobs, from jobs to the owner's ledger. */
final class ShadowRoom implements AutoCloseable {
    private final ShadowTraffic traffic;
    private final Function<ResolvedModel.Adapter, EngineAdapter> adapters;

    ShadowRoom(Database database, UsageRecorder usage, Function<ResolvedModel.Adapter, EngineAdapter> adapters,
            ServerConfig.Adapters settings) {
        this.adapters = adapters;
        traffic = new ShadowTraffic(new ShadowDao(database), (job, finished) -> record(usage, job, finished),
                new ShadowTraffic.Limits(settings.shadowQueue(), settings.shadowPatience(), settings.shadowKept()));
    }

    ShadowTraffic traffic() {
        return traffic;
    }

    void answered(Answered answer) {
        ResolvedModel.Adapter candidate = answer.shadow().candidate();
        traffic.offer(new ShadowJob(answer.requestId(), answer.tenantId(), candidate.ownerTenantId(), candidate.name(),
                answer.shadow().alias(), answer.adapter().version(), adapters.apply(candidate),
                answer.model().engine(), answer.prompt(), answer.maxTokens(), answer.sampling(), answer.stopTokens(),
                answer.tokens(), answer.micros(), answer.model()::decode));
    }

    /** A row of its own kind, whose tenant is the adapter's owner: whoever asked pays for his answer only. */
    private static void record(UsageRecorder usage, ShadowJob job, Finished finished) {
        try (UsageRecorder.Ticket ticket = usage.open(new UsageRecorder.Start("shadow-" + job.requestId(), job.owner(),
                "shadow", "shadow", job.engine().model().id(), Optional.of(job.adapter()), job.candidate().version(),
                job.prompt().length))) {
            ticket.settle(finished, 0);
        }
    }

    @Override
    public void close() {
        traffic.close();
    }
}
