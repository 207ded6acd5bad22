package graft.registry.catalog;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.tenant.AuditDao;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/** Moves aliases, each move in one transaction, and remembers where they were. Any thread may call. */
public final class AliasDao {
    private final Database database;

    public AliasDao(Database database) {
        this.database = database;
    }

    /** What became of a move. */
    public sealed interface Moved {
        record Done(Alias alias) implements Moved {}

        /** No adapter or alias of that name is this tenant's own. */
        record Absent() implements Moved {}

        /** The adapter has no such version; nothing moved. */
        record NoSuchVersion(int version) implements Moved {}

        /** There is no earlier place whose versions still exist; nothing moved. */
        record NothingBefore() implements Moved {}
    }

    /**
     * Points an alias at one version or several, making the alias if it is new.
     *
     * @param by     the key that asked
     * @param reason for the audit log; may be empty
     */
    public Moved move(String tenantId, String adapter, String alias, Alias.Split split, String by, String reason) {
        return move(tenantId, adapter, alias, split, Optional.empty(), by, reason);
    }

    /** As the other move; @param shadow a candidate to answer besides: without one, there is none from now on */
    public Moved move(String tenantId, String adapter, String alias, Alias.Split split, Optional<Alias.Shadow> shadow,
            String by, String reason) {
        return database.asTenant(tenantId, handle -> {
            if (!AdapterDao.lock(handle, tenantId, adapter)) return new Moved.Absent();
            Set<Integer> versions = versions(handle, tenantId, adapter);
            for (Alias.Target target : split.targets()) {
                if (!versions.contains(target.version())) return new Moved.NoSuchVersion(target.version());
            }
            if (shadow.isPresent() && !versions.contains(shadow.get().version()))
                return new Moved.NoSuchVersion(shadow.get().version());
            move(handle, tenantId, adapter, alias, split, by);
            shadow(handle, tenantId, adapter, alias, shadow);
            AuditDao.record(handle, by, tenantId, "alias.move", adapter + "@" + alias,
                    details(split.targets(), reason));
            CatalogDao.announce(handle);
            return new Moved.Done(find(handle, tenantId, adapter, alias).orElseThrow());
        });
    }

    /** Moves within a transaction that holds the adapter's lock and has checked the versions. */
    static void move(Handle handle, String tenantId, String adapter, String alias, Alias.Split split, String by) {
        int move = handle.createQuery("""
                INSERT INTO adapter_alias (tenant_id, adapter, alias, move, moved_by)
                VALUES (:tenant, :adapter, :alias, 1, :by)
                ON CONFLICT (tenant_id, adapter, alias)
                    DO UPDATE SET move = adapter_alias.move + 1, moved_by = :by, moved_at = now()
                RETURNING move
                """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias).bind("by", by)
                .mapTo(Integer.class).one();
        point(handle, tenantId, adapter, alias, split.targets());
        handle.createUpdate("""
                INSERT INTO adapter_alias_move (tenant_id, adapter, alias, move, versions, weights, moved_by)
                VALUES (:tenant, :adapter, :alias, :move, :versions, :weights, :by)
                """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias).bind("move", move)
                .bindArray("versions", Integer.class, split.targets().stream().map(Alias.Target::version).toList())
                .bindArray("weights", Integer.class, split.targets().stream().map(Alias.Target::weight).toList())
                .bind("by", by).execute();
    }

    private static void shadow(Handle handle, String tenantId, String adapter, String alias,
            Optional<Alias.Shadow> shadow) {
        handle.createUpdate("""
                DELETE FROM adapter_alias_shadow WHERE tenant_id = :tenant AND adapter = :adapter AND alias = :alias
                """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias).execute();
        shadow.ifPresent(candidate -> handle.createUpdate("""
                INSERT INTO adapter_alias_shadow VALUES (:tenant, :adapter, :alias, :version, :fraction)
                """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias)
                .bind("version", candidate.version()).bind("fraction", candidate.fraction()).execute());
    }

    private static void point(Handle handle, String tenantId, String adapter, String alias,
            List<Alias.Target> targets) {
        handle.createUpdate("""
                DELETE FROM adapter_alias_target WHERE tenant_id = :tenant AND adapter = :adapter AND alias = :alias
                """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias).execute();
        for (Alias.Target target : targets) {
            handle.createUpdate("""
                    INSERT INTO adapter_alias_target VALUES (:tenant, :adapter, :alias, :version, :weight)
                    """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias)
                    .bind("version", target.version()).bind("weight", target.weight()).execute();
        }
    }

    /**
     * Undoes the newest move that still stands, so that a second rollback goes one further back. Places that name a
     * version deleted since are passed over.
     */
    public Moved rollback(String tenantId, String adapter, String alias, String by, String reason) {
        return database.asTenant(tenantId, handle -> {
            if (!AdapterDao.lock(handle, tenantId, adapter)) return new Moved.Absent();
            if (find(handle, tenantId, adapter, alias).isEmpty()) return new Moved.Absent();
            Set<Integer> versions = versions(handle, tenantId, adapter);
            List<Place> places = places(handle, tenantId, adapter, alias);
            for (Place place : places.subList(Math.min(1, places.size()), places.size())) {
                if (!place.targets().stream().allMatch(target -> versions.contains(target.version()))) continue;
                handle.createUpdate("""
                        UPDATE adapter_alias_move SET undone = true
                        WHERE tenant_id = :tenant AND adapter = :adapter AND alias = :alias AND move > :move
                        """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias)
                        .bind("move", place.move()).execute();
                handle.createUpdate("""
                        UPDATE adapter_alias SET moved_by = :by, moved_at = now()
                        WHERE tenant_id = :tenant AND adapter = :adapter AND alias = :alias
                        """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias)
                        .bind("by", by).execute();
                point(handle, tenantId, adapter, alias, place.targets());
                shadow(handle, tenantId, adapter, alias, Optional.empty()); // it was compared with what is undone
                AuditDao.record(handle, by, tenantId, "alias.rollback", adapter + "@" + alias,
                        details(place.targets(), reason));
                CatalogDao.announce(handle);
                return new Moved.Done(find(handle, tenantId, adapter, alias).orElseThrow());
            }
            return new Moved.NothingBefore();
        });
    }

    /** @return which version gets which share, as version to weight */
    private static Map<String, Object> details(List<Alias.Target> targets, String reason) {
        Map<String, Object> weights = new TreeMap<>();
        targets.forEach(target -> weights.put(String.valueOf(target.version()), target.weight()));
        return Map.of("targets", weights, "reason", reason);
    }

    private record Place(int move, List<Alias.Target> targets) {}

    /** Where the alias points and pointed, newest first, without what was undone. */
    private static List<Place> places(Handle handle, String tenantId, String adapter, String alias) {
        return handle.createQuery("""
                SELECT move, versions, weights FROM adapter_alias_move
                WHERE tenant_id = :tenant AND adapter = :adapter AND alias = :alias AND NOT undone ORDER BY move DESC
                """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias).map((row, context) -> {
                    Integer[] versions = (Integer[]) row.getArray("versions").getArray();
                    Integer[] weights = (Integer[]) row.getArray("weights").getArray();
                    List<Alias.Target> targets = new ArrayList<>();
                    for (int i = 0; i < versions.length; i++) targets.add(new Alias.Target(versions[i], weights[i]));
                    return new Place(row.getInt("move"), List.copyOf(targets));
                }).list();
    }

    private static Set<Integer> versions(Handle handle, String tenantId, String adapter) {
        return handle.createQuery("""
                SELECT version FROM adapter_version WHERE tenant_id = :tenant AND adapter = :adapter
                """).bind("tenant", tenantId).bind("adapter", adapter).mapTo(Integer.class).set();
    }

    /** False if there was none. */
    public boolean delete(String tenantId, String adapter, String alias, String by) {
        return database.asTenant(tenantId, handle -> {
            int gone = handle.createUpdate("""
                    DELETE FROM adapter_alias WHERE tenant_id = :tenant AND adapter = :adapter AND alias = :alias
                    """).bind("tenant", tenantId).bind("adapter", adapter).bind("alias", alias).execute();
            if (gone == 0) return false;
            AuditDao.record(handle, by, tenantId, "alias.delete", adapter + "@" + alias, Map.of());
            CatalogDao.announce(handle);
            return true;
        });
    }

    /** The aliases of an owner's adapter that this tenant may see, by name. */
    public List<Alias> list(String tenantId, String owner, String adapter) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT alias FROM adapter_alias WHERE tenant_id = :owner AND adapter = :adapter ORDER BY alias
                """).bind("owner", owner).bind("adapter", adapter).mapTo(String.class).list().stream()
                .map(alias -> find(handle, owner, adapter, alias).orElseThrow()).toList());
    }

    private static Optional<Alias> find(Handle handle, String owner, String adapter, String alias) {
        List<Alias.Target> targets = handle.createQuery("""
                SELECT version, weight FROM adapter_alias_target
                WHERE tenant_id = :owner AND adapter = :adapter AND alias = :alias ORDER BY version
                """).bind("owner", owner).bind("adapter", adapter).bind("alias", alias)
                .map((row, context) -> new Alias.Target(row.getInt("version"), row.getInt("weight"))).list();
        Optional<Alias.Shadow> shadow = handle.createQuery("""
                SELECT version, fraction FROM adapter_alias_shadow
                WHERE tenant_id = :owner AND adapter = :adapter AND alias = :alias
                """).bind("owner", owner).bind("adapter", adapter).bind("alias", alias)
                .map((row, context) -> new Alias.Shadow(row.getInt("version"), row.getDouble("fraction"))).findOne();
        return handle.createQuery("""
                SELECT move, moved_by, moved_at FROM adapter_alias
                WHERE tenant_id = :owner AND adapter = :adapter AND alias = :alias
                """).bind("owner", owner).bind("adapter", adapter).bind("alias", alias)
                .map((row, context) -> new Alias(owner, adapter, alias, row.getInt("move"), targets,
                        shadow, row.getString("moved_by"), Columns.instant(row, "moved_at"))).findOne();
    }
}
