package graft.admission;

import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.KeyHolder;
import graft.registry.tenant.KeySecret;
import graft.registry.tenant.Pepper;
import graft.registry.tenant.Scope;
import graft.registry.tenant.Tenant;
import graft.registry.tenant.TenantDao;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The keys that a fresh server has: DATA/admin.key for the operator and DATA/demo.key for the demo tenant, readable by
 * the server's user only. At each start the file and the database are brought together: a good key is kept, a key the
 * database has lost is taken from the file, anything else is replaced by a new key.
 */
public final class BuiltInKeys {
    private static final System.Logger LOG = System.getLogger(BuiltInKeys.class.getName());
    private static final String ACTOR = "server";
    private final TenantDao tenants;
    private final ApiKeyDao keys;
    private final Pepper pepper;

    public BuiltInKeys(TenantDao tenants, ApiKeyDao keys, Pepper pepper) {
        this.tenants = tenants;
        this.keys = keys;
        this.pepper = pepper;
    }

    /** @return the key's id, to act as the operator with */
    public String operator(Path dataFolder) {
        Set<Scope> all = EnumSet.allOf(Scope.class);
        all.remove(Scope.READ_ONLY); // narrows a key instead of widening it
        return ensure(dataFolder.resolve("admin.key"), Tenant.OPERATOR, all);
    }

    /** @return the key's id */
    public String demo(Path dataFolder) {
        return ensure(dataFolder.resolve("demo.key"), Tenant.DEMO,
                EnumSet.of(Scope.INFERENCE, Scope.KNOWLEDGE, Scope.ADAPTERS));
    }

    private String ensure(Path file, String tenantId, Set<Scope> scopes) {
        tenants.ensure(ACTOR, tenantId, tenantId);
        String name = file.getFileName().toString();
        Optional<KeySecret> written = read(file);
        if (written.isPresent()) {
            Optional<KeyHolder> known = keys.find(written.get().prefix());
            if (known.isEmpty()) return keys.adopt(ACTOR, tenantId, name, scopes, written.get()).id();
            if (isGood(known.get(), written.get(), tenantId)) return known.get().keyId();
        }
        ApiKeyDao.Made made = keys.create(ACTOR, tenantId, name, scopes, Optional.empty());
        write(file, made.secret());
        LOG.log(System.Logger.Level.INFO, "file={0} tenant={1} new key {2}", name, tenantId, made.key().prefix());
        return made.key().id();
    }

    private boolean isGood(KeyHolder known, KeySecret written, String tenantId) {
        return known.valid() && known.tenantId().equals(tenantId)
                && MessageDigest.isEqual(known.secretHmac(), pepper.hmac(written.text()));
    }

    private static Optional<KeySecret> read(Path file) {
        try {
            return Files.exists(file) ? KeySecret.parse(Files.readString(file).strip()) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("key file " + file, e);
        }
    }

    private static void write(Path file, KeySecret secret) {
        try {
            Path fresh = Files.createTempFile(file.toAbsolutePath().getParent(), ".key", ".new",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(fresh, secret.text() + "\n");
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("key file " + file, e);
        }
    }
}
