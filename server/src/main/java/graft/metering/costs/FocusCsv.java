package graft.metering.costs;

import graft.registry.costs.CostReportDao.Line;
import graft.registry.usage.Component;
import graft.registry.usage.PriceBook;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/**
 * The ledger as FOCUS (FinOps Open Cost and Usage Specification): a row an hour, tenant, component and model, with the
 * columns of FOCUS 1.0 and those of later versions that say something here. A tenant is a sub account, an adapter or
 * base model a resource. Pure.
 */
public final class FocusCsv {
    private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);
    private static final BigDecimal GIB_HOUR = BigDecimal.valueOf(1 << 20);
    private final LongFunction<PriceBook> prices;

    /** @param prices the book of a revision */
    public FocusCsv(LongFunction<PriceBook> prices) {
        this.prices = prices;
    }

    /** The first line, with its end. */
    public static String header() {
        return line(List.copyOf(new FocusCsv(revision -> new PriceBook(revision, "USD", List.of())).columns(new Line(
                Instant.EPOCH, "", "", "", "", 0, Component.DECODE, 0, "USD", 0, 0)).keySet()));
    }

    /** One row, with its end. */
    public String row(Line line) {
        return line(new ArrayList<>(columns(line).values()));
    }

    private static String line(List<String> fields) {
        return fields.stream().map(FocusCsv::quoted).collect(Collectors.joining(",", "", "\r\n"));
    }

    /** RFC 4180. A field that a spreadsheet would run gets an apostrophe: names are the tenants' own. */
    private static String quoted(String field) {
        String safe = !field.isEmpty() && "=+-@\t".indexOf(field.charAt(0)) >= 0 && !field.matches("-?[0-9.]+")
                ? "'" + field : field;
        return safe.matches("[^\",\r\n]*") ? safe : "\"" + safe.replace("\"", "\"\"") + "\"";
    }

    private Map<String, String> columns(Line line) {
        LocalDate month = LocalDate.ofInstant(line.hour(), ZoneOffset.UTC).withDayOfMonth(1);
        String model = line.adapterName().isEmpty() ? line.baseId() : line.adapterName() + "@" + line.adapterVersion();
        String cost = BigDecimal.valueOf(line.costMicros(), 6).toPlainString();
        String price = BigDecimal.valueOf(prices.apply(line.priceRevision()).microsPerMillion(line.component(),
                line.baseId(), line.adapterName()), 6).toPlainString();
        BigDecimal quantity = BigDecimal.valueOf(line.quantity());
        boolean storage = line.component() == Component.STORAGE;
        Map<String, String> all = new LinkedHashMap<>();
        all.put("AvailabilityZone", "");
        all.put("BilledCost", cost);
        all.put("BillingAccountId", "graft");
        all.put("BillingAccountName", "Graft");
        all.put("BillingAccountType", "Installation");
        all.put("BillingCurrency", line.currency());
        all.put("BillingPeriodEnd", time(month.plusMonths(1).atStartOfDay(ZoneOffset.UTC).toInstant()));
        all.put("BillingPeriodStart", time(month.atStartOfDay(ZoneOffset.UTC).toInstant()));
        all.put("ChargeCategory", "Usage");
        all.put("ChargeClass", "");
        all.put("ChargeDescription", line.component().word() + (model.isEmpty() ? "" : " of " + model));
        all.put("ChargeFrequency", "Usage-Based");
        all.put("ChargePeriodEnd", time(line.hour().plus(1, ChronoUnit.HOURS)));
        all.put("ChargePeriodStart", time(line.hour()));
        for (String nothing : new String[] {"Category", "Id", "Name", "Status", "Type"})
            all.put("CommitmentDiscount" + nothing, "");
        all.put("ConsumedQuantity", decimal(storage ? quantity.divide(GIB_HOUR) : quantity));
        all.put("ConsumedUnit", unit(line.component()));
        all.put("ContractedCost", cost);
        all.put("ContractedUnitPrice", price);
        all.put("EffectiveCost", cost);
        all.put("InvoiceIssuerName", "Graft");
        all.put("ListCost", cost);
        all.put("ListUnitPrice", price);
        all.put("PricingCategory", "Standard");
        all.put("PricingCurrency", line.currency());
        all.put("PricingQuantity", decimal(quantity.divide(MILLION)));
        all.put("PricingUnit", "1000000 " + (storage ? "KiB-Hours" : unit(line.component())));
        for (String name : new String[] {"ProviderName", "PublisherName", "HostProviderName", "ServiceProviderName"})
            all.put(name, "Graft");
        all.put("RegionId", "");
        all.put("RegionName", "");
        all.put("ResourceId", model);
        all.put("ResourceName", model);
        all.put("ResourceType", model.isEmpty() ? "" : line.adapterName().isEmpty() ? "Base model" : "Adapter");
        all.put("ServiceCategory", "AI and Machine Learning");
        all.put("ServiceName", "Graft");
        all.put("ServiceSubcategory", "Generative AI");
        all.put("SkuId", line.component().word());
        all.put("SkuMeter", line.component().word());
        all.put("SkuPriceId", "revision-" + line.priceRevision() + "/" + line.component().word());
        all.put("SubAccountId", line.tenantId());
        all.put("SubAccountName", line.tenantName());
        all.put("SubAccountType", "Tenant");
        all.put("Tags", "{}");
        all.put("x_adapter", line.adapterName());
        all.put("x_adapter_version", line.adapterVersion() == 0 ? "" : String.valueOf(line.adapterVersion()));
        all.put("x_base_model", line.baseId());
        return all;
    }

    /** FOCUS's type: readers that look at the digits take a column of whole numbers for another one. */
    private static String decimal(BigDecimal value) {
        return (value.scale() < 1 ? value.setScale(1) : value).toPlainString();
    }

    private static String time(Instant at) {
        return at.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String unit(Component component) {
        return switch (component) {
            case PREFILL, CACHED_PREFILL, DECODE, EMBED_QUERY, EMBED_INDEX -> "Tokens";
            case RETRIEVE -> "Requests";
            case STORAGE -> "GiB-Hours";
            case ADAPTER_LOAD -> "Loads";
        };
    }
}
